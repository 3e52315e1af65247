//! When it goes wrong on the model's side: failing again and again, stopping too soon, calls that
//! make no sense, refusals, a window that is too small.

use super::{
    models::{
        fault::Fault,
        script::{Script, Turn, Wire},
    },
    reading::{dense, executions, facts, failure, results, turns},
    scene::{Scene, WIRES, WRITE, catalog, part, plain_eda},
    support::{house::in_system, state},
};
use entity::vocab::{SessionStateName, Stage};
use serde_json::{Value, json};
use trainable::{
    event::{Entry, Fact},
    llm::StopReason,
};

/// A run that ends as failed: what the sentence holds, and how many turns it took.
async fn check_failure(scene: &Scene, model: &str, said: &str, expect: usize) {
    for wire in WIRES {
        let what = format!("{wire:?} {model}");
        let session = scene.begin(wire, model, |_| {}).await;
        let entries = scene.rest(session).await;
        let why = failure(&entries).unwrap_or_else(|| panic!("{what}: it did not fail"));
        assert!(why.contains(said), "{what}: {why}");
        assert_eq!(turns(&entries).len(), expect, "{what}: {why}");
        let allows = scene.house.directory.snapshot(session).await.expect("a snapshot").allows;
        assert_eq!((allows.resume, allows.retry), (Some(Stage::Eda), Some(Stage::Eda)), "{what}");
    }
}

fn told(entries: &[Entry], part: &str) -> usize {
    let said = |fact: &&Fact| matches!(fact, Fact::Notice { text, for_people: false } if text.contains(part));
    facts(entries).filter(said).count()
}

#[test]
fn what_leads_nowhere_is_pointed_out_and_then_ends() {
    in_system(async {
        let fails = |_: &super::models::script::Asked| {
            Turn::text("Again.").code("fail", "raise SystemExit(3)")
        };
        let scene = Scene::open(vec![
            part("repeats", Script::rule(fails)),
            part("stops", Script::rule(|_| Turn::text("I think that is all."))),
            part("refuses", Script::rule(|_| Turn::text("Not this.").stop(StopReason::Refusal))),
        ])
        .await;
        check_failure(&scene, "repeats", "same failing call 4 times", 4).await;
        check_failure(&scene, "stops", "its last words: I think that is all.", 3).await;
        check_failure(&scene, "refuses", "refused", 1).await;

        let notices = |n: usize, model: &str, part: &str| {
            scene.asked(model)[n].body["messages"].to_string().matches(part).count()
        };
        let again = "The same call will fail again";
        assert_eq!((notices(2, "repeats", again), notices(3, "repeats", again)), (0, 1));
        let missing = "The stage is not finished. Missing:";
        let seen: Vec<_> = (0..3).map(|n| notices(n, "stops", missing)).collect();
        assert_eq!(seen, [0, 1, 2]);
    });
}

/// A call that makes no sense, and what the model is told in the place of a result.
async fn check_call(scene: &Scene, wire: Wire, model: &str, said: &[&str]) {
    let what = format!("{wire:?} {model}");
    let session = scene.begin(wire, model, |_| {}).await;
    let entries = scene.rest(session).await;
    assert_eq!(state(&entries), Some(SessionStateName::EdaDone), "{what}: {:?}", failure(&entries));
    let (_, output, is_error) = results(&entries)[0];
    assert!(is_error, "{what}: {output}");
    for part in said {
        assert!(output.contains(part), "{what}: {part:?} is not in {output}");
    }
    assert!(!output.contains("panicked") && output.len() < 1000, "{what}: {output}");
    assert_eq!(executions(&entries).len(), 1, "{what}: a bad call runs nothing");
}

#[test]
fn calls_that_make_no_sense_come_back_as_words() {
    in_system(async {
        let cases: Vec<(&str, &str, Value, &[&str])> = vec![
            (
                "unknown-tool",
                "run_shell",
                json!({"cmd": "ls"}),
                &["no tool `run_shell`", "`execute_code`"],
            ),
            ("missing-field", "read_file", json!({}), &["`path`"]),
            ("wrong-type", "execute_code", json!({"code": 7}), &["code"]),
            ("odd-field", "list_files", json!({"folder": "eda"}), &["folder", "path"]),
            ("no-object", "execute_code", json!(["print(1)"]), &["code"]),
            ("climbs-out", "read_file", json!({"path": "../../etc/passwd"}), &["path"]),
            (
                "odd-plan",
                "update_plan",
                json!({"steps": [{"title": "x", "status": "soon"}]}),
                &["soon"],
            ),
            ("empty-question", "ask_user", json!({"question": " ", "default": "x"}), &["question"]),
        ];
        let mut parts: Vec<_> = cases
            .iter()
            .map(|(model, tool, input, _)| {
                let first = Turn::text("I try.").call(tool, input.clone());
                part(
                    model,
                    Script::rule(move |asked| match asked.turn {
                        0 => first.clone(),
                        1 => Turn::text("Now the files.").code("write", WRITE),
                        _ => Turn::text("All is there.").finish(),
                    }),
                )
            })
            .collect();
        let broken = Script::rule(|asked| match asked.turn {
            0 => Turn::text("I try.").call("list_files", json!({})),
            1 => Turn::text("Now the files.").code("write", WRITE),
            _ => Turn::text("All is there.").finish(),
        });
        parts.push(part("no-json", broken.fault(0, 1, Fault::BadArguments)));
        // Some models write the whole input as one string: what it means is clear.
        let text = json!({"code": WRITE, "slug": "write"}).to_string();
        let as_text = Script::rule(move |asked| match asked.turn {
            0 => Turn::text("As a text.").call("execute_code", Value::String(text.clone())),
            _ => Turn::text("All is there.").finish(),
        });
        parts.push(part("as-text", as_text));
        let scene = &Scene::open(parts).await;
        for wire in WIRES {
            for (model, _, _, said) in &cases {
                check_call(scene, wire, model, said).await;
            }
            check_call(scene, wire, "no-json", &["JSON"]).await;
            let session = scene.begin(wire, "as-text", |_| {}).await;
            let entries = scene.rest(session).await;
            let done = Some(SessionStateName::EdaDone);
            assert_eq!(state(&entries), done, "{wire:?}: {:?}", results(&entries));
        }
    });
}

#[test]
fn a_conversation_beyond_the_window_is_condensed_seldom() {
    in_system(async {
        const TURNS: usize = 40;
        const WINDOW: u64 = 60_000;
        let talks = Script::rule(|asked| match asked.turn {
            TURNS => Turn::text("Now the files.").code("write", WRITE),
            n if n > TURNS => Turn::text("All is there.").finish(),
            n => Turn::text(format!("Look {n}: {}", "a thought that fills the page. ".repeat(20)))
                .code("look", &format!("print('line {n} of the table ' * 400)")),
        });
        let squeezed = Script::rule(plain_eda).fault(1, 1, Fault::TooLong);
        let parts = vec![part("talks", talks), part("squeezed", squeezed)];
        let scene = Scene::knowing(parts, vec![catalog("talks", WINDOW)]).await;
        for wire in WIRES {
            let begun = scene.begin(wire, "talks", |request| {
                request.budgets.turns = 100;
                request.budgets.session_usd = None;
            });
            let session = begun.await;
            let entries = scene.rest(session).await;
            assert_eq!(state(&entries), Some(SessionStateName::EdaDone), "{:?}", failure(&entries));
            dense(&entries);
            let condensed: Vec<_> = facts(&entries)
                .filter_map(|fact| match fact {
                    Fact::ContextCondensed { results_through, summary_through } => {
                        Some((*results_through, *summary_through))
                    }
                    _ => None,
                })
                .collect();
            println!("{wire:?}: condensed {condensed:?} in {} turns", turns(&entries).len());
            assert!((1..=6).contains(&condensed.len()), "{wire:?}: {condensed:?}");
            assert_eq!(turns(&entries).len(), TURNS + 2, "{wire:?}");

            let session = scene.begin(wire, "squeezed", |_| {}).await;
            let entries = scene.rest(session).await;
            assert_eq!(state(&entries), Some(SessionStateName::EdaDone), "{:?}", failure(&entries));
            let again = facts(&entries).any(|fact| {
                matches!(fact, Fact::AgentError { message, retryable: true } if message.contains("less of the past"))
            });
            assert!(again, "{wire:?}");
            assert_eq!(told(&entries, "not finished"), 0);
        }
        // The vendors' rules hold for what was condensed, too, and no request is beyond the window.
        for seen in scene.asked("talks") {
            assert_eq!(seen.status, Some(200), "{:?}", seen.body["messages"]);
            assert!(seen.heard.raw.len() as u64 / 4 <= WINDOW, "{} bytes", seen.heard.raw.len());
        }
    });
}
