//! Each budget, of the stage and of the session: four fifths are announced once to the model and to
//! people, the end ends the run and keeps everything, and a raise lets it go on.

use super::{
    models::script::{Asked, Script, Turn, Wire},
    reading::{decisions, executions, facts, failure, printed, results, turns},
    scene::{Scene, WIRES, WRITE, catalog, part},
    support::{house::in_system, state},
};
use bytes::Bytes;
use entity::vocab::SessionStateName;
use futures::StreamExt;
use std::time::Duration;
use trainable::{
    event::{Budget, Budgets, EndingKind, Entry, Event, Fact, SessionEvent},
    sandbox::VolumePath,
};

const STEP: &str = "import time\nopen('steps.txt', 'a').write('step\\n')\ntime.sleep(0.3)";

/// Takes step after step; once it was resumed or told to, it writes and finishes.
fn steps(enough: usize) -> Script {
    Script::rule(move |asked: &Asked| {
        let on = asked.users.iter().any(|words| words.contains("now goes on from here"));
        let written = asked.body["messages"].to_string().contains("executed 1");
        match (on || asked.turn >= enough, written) {
            (_, true) => Turn::text("All is there.").finish(),
            (true, false) => Turn::text("Now the files.").code("write", WRITE),
            (false, false) => Turn::text("A step.").code("step", STEP),
        }
    })
}

/// Sets one budget alone; what is no limit here is far away.
fn only(budget: Budget, limit: f64) -> Budgets {
    let mut budgets =
        Budgets { session_usd: None, memory_mib: 1024, turns: 200, ..Budgets::default() };
    let whole = Some(limit as u64);
    match budget {
        Budget::Turns => budgets.turns = limit as u32,
        Budget::StageSeconds => budgets.stage_seconds = limit as u64,
        Budget::StageTokens => budgets.stage_tokens = whole,
        Budget::StageUsd => budgets.stage_usd = Some(limit),
        Budget::StageSandboxSeconds => budgets.stage_sandbox_seconds = whole,
        Budget::SessionTurns => budgets.session_turns = Some(limit as u32),
        Budget::SessionSeconds => budgets.session_seconds = whole,
        Budget::SessionTokens => budgets.session_tokens = whole,
        Budget::SessionUsd => budgets.session_usd = Some(limit),
        Budget::SessionSandboxSeconds => budgets.session_sandbox_seconds = whole,
    }
    budgets
}

/// A limit that a few steps reach, with `turn` tokens in the first turn.
fn limit(budget: Budget, turn: f64) -> f64 {
    match budget {
        Budget::Turns | Budget::SessionTurns => 5.0,
        Budget::StageSeconds | Budget::SessionSeconds => 8.0,
        Budget::StageTokens | Budget::SessionTokens => turn * 6.0,
        // USD 1 for a thousand tokens.
        Budget::StageUsd | Budget::SessionUsd => turn * 6.0 / 1000.0,
        Budget::StageSandboxSeconds | Budget::SessionSandboxSeconds => 8.0,
    }
}

/// Tokens of the first turn.
fn tokens(entries: &[Entry]) -> f64 {
    let mut turns = facts(entries).filter_map(|fact| match fact {
        Fact::UsageRecorded { usage, .. } => Some(usage.read() + usage.output),
        _ => None,
    });
    turns.next().expect("a turn ended") as f64
}

fn warnings(entries: &[Entry]) -> Vec<(Budget, f64)> {
    facts(entries)
        .filter_map(|fact| match fact {
            Fact::BudgetWarning { budget, limit, .. } => Some((*budget, *limit)),
            _ => None,
        })
        .collect()
}

fn exceeded(entries: &[Entry]) -> Vec<(Budget, f64)> {
    facts(entries)
        .filter_map(|fact| match fact {
            Fact::BudgetExceeded { budget, limit } => Some((*budget, *limit)),
            _ => None,
        })
        .collect()
}

async fn check(scene: &Scene, n: usize, wire: Wire, budget: Budget, turn: f64) {
    let (what, model) = (format!("{wire:?} {budget}"), format!("steps-{n}"));
    let limit = limit(budget, turn);
    let begun = scene.begin(wire, &model, |request| request.budgets = only(budget, limit));
    let session = begun.await;
    let entries = scene.rest(session).await;
    let why = failure(&entries)
        .unwrap_or_else(|| panic!("{what}: it did not fail: {:?}", state(&entries)));
    assert!(why.contains(budget.scope()) && why.contains("raise it and resume"), "{what}: {why}");
    println!("{what}: {why}");
    // People see it once; the model, in the next request and once in its history.
    let limited =
        match limit.fract() == 0.0 || matches!(budget, Budget::StageUsd | Budget::SessionUsd) {
            true => limit,
            false => limit.floor(),
        };
    assert_eq!(warnings(&entries), [(budget, limited)], "{what}");
    assert_eq!(exceeded(&entries), [(budget, limited)], "{what}");
    let told =
        |body: &serde_json::Value| body["messages"].to_string().matches("are used. Bring").count();
    let asked = scene.asked(&model);
    let warned = entries
        .iter()
        .position(|entry| matches!(entry.event, Event::Fact(Fact::BudgetWarning { .. })));
    let before = turns(&entries[..warned.expect("it was warned")]).len();
    for (at, seen) in asked.iter().enumerate() {
        assert_eq!(told(&seen.body), usize::from(at >= before), "{what}: request {at}");
    }
    assert!(asked.len() > before, "{what}: the model had a turn to act on it");
    let steps = scene.file(session, "eda/steps.txt").await.lines().count();
    // The clock may cut the last step off before it has written.
    let cut = matches!(budget, Budget::StageSeconds | Budget::SessionSeconds);
    let whole = executions(&entries).len();
    assert!(steps == whole || (cut && steps + 1 == whole), "{what}: {steps} of {whole} are kept");

    // The same stage run goes on with more, and what it has done is not done again.
    let directory = &scene.house.directory;
    directory.set_budgets(session, only(budget, limit * 40.0)).await.expect("it is raised");
    let resumed = directory.resume_stage(session, Default::default(), None).await;
    let resumed = resumed.expect("it goes on");
    let entries = scene.rest(session).await;
    assert_eq!(state(&entries), Some(SessionStateName::EdaDone), "{what}: {:?}", failure(&entries));
    assert!(entries.iter().filter_map(|e| e.stage_run).all(|run| run == resumed), "{what}");
    assert_eq!(scene.file(session, "eda/steps.txt").await.lines().count(), steps, "{what}");
    assert_eq!(exceeded(&entries).len(), 1, "{what}");
}

#[test]
fn each_budget_is_announced_ends_the_run_and_can_be_raised() {
    in_system(async {
        let cases: Vec<_> = WIRES
            .into_iter()
            .flat_map(|wire| Budget::ALL.into_iter().map(move |budget| (wire, budget)))
            .enumerate()
            .collect();
        let name = |n: usize| format!("steps-{n}");
        let mut parts: Vec<_> = cases.iter().map(|(n, _)| part(&name(*n), steps(100))).collect();
        parts.push(part("probe-00", steps(0)));
        let priced = |(n, _): &(usize, _)| catalog(&name(*n), 200_000);
        let scene = Scene::knowing(parts, cases.iter().map(priced).collect()).await;
        let mut turn = Vec::new();
        for wire in WIRES {
            let session = scene.begin(wire, "probe-00", |_| {}).await;
            turn.push(tokens(&scene.rest(session).await));
        }
        let all = cases.into_iter().map(|(n, (wire, budget))| {
            let turn = if wire == WIRES[0] { turn[0] } else { turn[1] };
            check(&scene, n, wire, budget, turn)
        });
        futures::stream::iter(all).buffer_unordered(3).collect::<()>().await;
    });
}

#[test]
fn a_budget_is_raised_while_the_run_works() {
    in_system(async {
        let waits = "import os, time\nprint('up', flush=True)\nwhile not os.path.exists('go'):\n    time.sleep(0.02)";
        let script = Script::rule(move |asked| match asked.turn {
            0 => Turn::text("I wait.").code("wait", waits),
            _ => (steps(6).speaks)(asked),
        });
        let scene = Scene::open(vec![part("raised", script)]).await;
        let session = scene
            .begin(Wire::Anthropic, "raised", |request| request.budgets = only(Budget::Turns, 2.0))
            .await;
        scene.until(session, "the output", |entries| printed(entries).contains("up")).await;
        let directory = &scene.house.directory;
        directory.set_budgets(session, only(Budget::Turns, 30.0)).await.expect("it is raised");
        let body = futures::stream::iter([Ok(Bytes::from_static(b"1"))]).boxed();
        let go = VolumePath::parse("eda/go").expect("a path");
        scene.volume(session).await.put(&go, body).await.expect("written");
        let entries = scene.rest(session).await;
        assert_eq!(state(&entries), Some(SessionStateName::EdaDone), "{:?}", failure(&entries));
        assert_eq!((warnings(&entries), exceeded(&entries)), (Vec::new(), Vec::new()));
        let set = decisions(&entries).filter(|e| matches!(e, SessionEvent::BudgetsSet { .. }));
        assert_eq!(set.count(), 1);
        // Without a price the tokens are counted, and the cost is not known.
        let spent = directory.snapshot(session).await.expect("a snapshot").spent;
        assert!(spent.tokens() > 0 && spent.cost_usd().is_none(), "{spent:?}");
        let costs = facts(&entries).filter_map(|fact| match fact {
            Fact::UsageRecorded { cost_usd, .. } => Some(*cost_usd),
            _ => None,
        });
        assert!(costs.collect::<Vec<_>>().iter().all(Option::is_none));
    });
}

#[test]
fn an_execution_ends_with_the_time_of_its_run() {
    in_system(async {
        let sleeps = "import time\nprint('so far', flush=True)\ntime.sleep(600)";
        let script = Script::turns(vec![Turn::text("Long.").code("long", sleeps)]);
        let scene = Scene::open(vec![part("long", script)]).await;
        let begun = scene.begin(Wire::OpenAi, "long", |request| {
            request.budgets = only(Budget::StageSeconds, 2.0);
        });
        let session = begun.await;
        let entries = scene.rest(session).await;
        assert_eq!(exceeded(&entries), [(Budget::StageSeconds, 2.0)]);
        let results = results(&entries);
        assert!(results[0].1.contains("the time was used up") && results[0].1.contains("so far"));
        let ended = facts(&entries).find_map(|fact| match fact {
            Fact::ExecutionEnded { ending, .. } => Some(ending),
            _ => None,
        });
        let ended = ended.expect("it ended");
        assert_eq!(ended.how, EndingKind::Terminated);
        assert!(Duration::from_millis(ended.duration_ms) < Duration::from_secs(4), "{ended:?}");
    });
}
