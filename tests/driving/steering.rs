//! A person steers: words while a tool runs, interruptions, follow-ups at rest, running through,
//! approval, another driver for a later stage.

use super::{
    models::{
        Ended,
        fault::Fault,
        script::{Asked, Script, Turn, Wire},
    },
    reading::{attempts, decisions, executions, facts, failure, printed, results},
    scene::{Scene, WRITE, driver, part, plain_eda, rests},
    support::{house::in_system, state},
};
use bytes::Bytes;
use entity::{
    ids::{MessageId, SessionId},
    vocab::{SessionStateName, Stage},
};
use futures::StreamExt;
use sea_orm::EntityTrait;
use std::{collections::BTreeMap, time::Duration};
use trainable::{
    event::{Entry, Event, Fact, Outcome, SessionEvent},
    llm::StopReason,
    sandbox::VolumePath,
    session::{CommandError, Refusal},
};

const WORDS: &str = "only the first ten rows, please";
/// Prints, and ends when the test says so.
const WAITS: &str = "import os, time\nprint('up', flush=True)\nwhile not os.path.exists('go'):\n    time.sleep(0.02)\nprint('went on')";
const SLEEPS: &str = "import time\nprint('half of it', flush=True)\ntime.sleep(600)";
/// Looks at results, tries to change one, and makes something of its own.
const FOLLOWS: &str = r##"
import trainable
print("it says:", open("../eda/report.md").read().splitlines()[1])
for path in ["../eda/report.md", "../eda/new.txt", "../new.txt"]:
    try:
        open(path, "a").write("changed")
        print("wrote", path)
    except OSError as error:
        print("refused", path, error.strerror)
open("answer.txt", "w").write("mine")
trainable.log(step=7, metrics={"mine": 1.0})
"##;
/// What the exit check of Prep looks for, and no more: what it holds is not looked at here.
const PREP: &str = r##"
import json, os
os.makedirs("data", exist_ok=True)
for name in ["train", "val", "test", "row_ids"]:
    open(f"data/{name}.parquet", "wb").write(b"PAR1" + b"0" * 8 + b"PAR1")
open("data/prep_pipeline.pkl", "w").write("p")
open("report.md", "w").write("# Prep\n")
fields = ["target_column", "categorical_features", "numeric_features", "n_classes", "class_distribution",
    "transforms", "random_seed", "original_shape", "duplicates_removed", "outliers_removed"]
meta = dict.fromkeys(fields) | {"problem_type": "regression", "features": ["a"],
    "splits": {name: {"rows": 1} for name in ["train", "val", "test"]}}
open("data/metadata.json", "w").write(json.dumps(meta))
"##;

/// First what the case does, then what EDA must leave.
fn first(turn: Turn) -> Script {
    Script::rule(move |asked| match asked.turn {
        0 => turn.clone(),
        1 => Turn::text("Now the files.").code("write", WRITE),
        _ => Turn::text("All is there.").finish(),
    })
}

fn prints(word: &'static str) -> impl Fn(&[Entry]) -> bool {
    move |entries| printed(entries).contains(word)
}

/// The messages of a model's request, as text.
fn request(scene: &Scene, model: &str, n: usize) -> String {
    scene.asked(model)[n].body["messages"].to_string()
}

#[test]
fn words_while_a_tool_runs_are_seen_at_the_next_turn() {
    in_system(async {
        let parts = vec![part("steered", first(Turn::text("I wait.").code("wait", WAITS)))];
        let scene = Scene::open(parts).await;
        let session = scene.begin(Wire::Anthropic, "steered", |_| {}).await;
        scene.until(session, "the output", prints("up")).await;
        let directory = &scene.house.directory;
        directory
            .post_message(session, MessageId::new(), WORDS.into(), false)
            .await
            .expect("it is heard");
        let body = futures::stream::iter([Ok(Bytes::from_static(b"1"))]).boxed();
        let go = VolumePath::parse("eda/go").expect("a path");
        scene.volume(session).await.put(&go, body).await.expect("written");
        let entries = scene.rest(session).await;
        assert_eq!(state(&entries), Some(SessionStateName::EdaDone), "{:?}", failure(&entries));
        assert_eq!(executions(&entries).len(), 2);
        assert!(printed(&entries).contains("went on"), "what ran was let run");
        assert!(!results(&entries)[0].2, "{:?}", results(&entries));
        assert!(!request(&scene, "steered", 0).contains(WORDS));
        let next = request(&scene, "steered", 1);
        assert!(next.find("went on") < next.find(WORDS), "the result, then the words: {next}");
        assert_eq!(next.matches(WORDS).count(), 1);
    });
}

#[test]
fn an_interruption_stops_what_runs_within_a_second() {
    in_system(async {
        let turn = Turn::text("Two at once.")
            .code("sleep", SLEEPS)
            .call("list_files", serde_json::json!({}));
        let scene = Scene::open(vec![part("stopped", first(turn))]).await;
        for wire in super::scene::WIRES {
            let session = scene.begin(wire, "stopped", |_| {}).await;
            let before = scene.asked("stopped").len();
            scene.until(session, "the output", prints("half of it")).await;
            let directory = &scene.house.directory;
            directory
                .post_message(session, MessageId::new(), WORDS.into(), true)
                .await
                .expect("it is heard");
            let entries = scene.rest(session).await;
            assert_eq!(state(&entries), Some(SessionStateName::EdaDone), "{:?}", failure(&entries));
            let at = |good: &dyn Fn(&Event) -> bool| {
                entries.iter().find(|entry| good(&entry.event)).expect("it happened").at
            };
            let said = at(&|e| matches!(e, Event::Session(SessionEvent::UserMessage { .. })));
            let ended = at(&|e| matches!(e, Event::Fact(Fact::ExecutionEnded { .. })));
            assert!((ended - said).to_std().expect("later") < Duration::from_secs(1));
            let results = results(&entries);
            assert!(
                results[0].1.contains("the user interrupted")
                    && results[0].1.contains("half of it")
            );
            assert!(results[1].1.contains("not run"), "{results:?}");
            assert_eq!(
                executions(&entries),
                ["eda/scripts/step_01_sleep.py", "eda/scripts/step_02_write.py"]
            );
            let all = scene.asked("stopped");
            let next = all[all.len() - 2].body["messages"].to_string();
            assert!(all.len() - before >= 2 && next.contains(WORDS) && next.contains("not run"));
        }
    });
}

#[test]
fn an_interruption_stops_the_answer_itself() {
    in_system(async {
        let script = Script::rule(plain_eda).faults(|asked| {
            (asked.users.iter().all(|words| !words.contains(WORDS))).then_some(Fault::SilentMiddle)
        });
        let scene = Scene::open(vec![part("talks", script)]).await;
        let session = scene.session(Wire::Anthropic, "talks").await;
        let mut live = scene.house.log().live(session);
        scene.house.start(session).await;
        tokio::time::timeout(Duration::from_secs(20), live.recv())
            .await
            .expect("text")
            .expect("text");
        let directory = &scene.house.directory;
        directory
            .post_message(session, MessageId::new(), WORDS.into(), true)
            .await
            .expect("it is heard");
        let entries = scene.rest(session).await;
        assert_eq!(state(&entries), Some(SessionStateName::EdaDone), "{:?}", failure(&entries));
        let notice = facts(&entries).any(|fact| {
            matches!(fact, Fact::Notice { text, for_people: true } if text.contains("to hear you first"))
        });
        assert!(notice, "people are told");
        assert_eq!(attempts(&entries)[..2], [(1, 1), (1, 2)]);
        let asked = scene.asked("talks");
        assert_eq!(asked[0].ended, Ended::Left, "the provider is not kept talking");
        assert!(asked[1].body["messages"].to_string().contains(WORDS));
    });
}

/// The files of a session but for notes, with what they hold.
async fn contents(scene: &Scene, session: SessionId) -> BTreeMap<String, Bytes> {
    let volume = scene.volume(session).await;
    let mut contents = BTreeMap::new();
    for file in volume.list(None).await.expect("a list").files {
        if !file.path.as_str().starts_with("notes/") {
            let bytes = volume.read(&file.path, 0..1 << 20).await.expect("bytes");
            contents.insert(file.path.to_string(), bytes);
        }
    }
    contents
}

#[test]
fn a_message_at_rest_is_answered_and_changes_nothing() {
    in_system(async {
        let script = Script::rule(|asked: &Asked| {
            let follows = !asked.tools.iter().any(|tool| tool == "finish_stage");
            match (follows, asked.turn) {
                (true, 0) => Turn::text("I look.").code("look", FOLLOWS),
                (true, _) => Turn::text("It is small."),
                (false, _) => plain_eda(asked),
            }
        });
        let scene = Scene::open(vec![part("answers", script)]).await;
        let session = scene.begin(Wire::OpenAi, "answers", |_| {}).await;
        scene.rest(session).await;
        let before = contents(&scene, session).await;
        let db = scene.house.store.read();
        let metrics = entity::metrics::Entity::find().all(db).await.expect("rows");
        let directory = &scene.house.directory;
        directory
            .post_message(session, MessageId::new(), "is it large?".into(), false)
            .await
            .expect("it is heard");
        let busy = directory.start_stage(session, scene.house.eda()).await;
        assert!(matches!(busy, Err(CommandError::Refused(Refusal::Answering))), "{busy:?}");
        let answered = |event: &SessionEvent| matches!(event, SessionEvent::FollowUpEnded { .. });
        let entries =
            scene.until(session, "the answer", |entries| decisions(entries).any(answered)).await;
        let Some(SessionEvent::FollowUpEnded { outcome }) = decisions(&entries).last() else {
            panic!("it is over")
        };
        assert_eq!(*outcome, Outcome::Done { summary: "It is small.".into() });
        assert_eq!(state(&entries), Some(SessionStateName::EdaDone));
        let printed = printed(&entries);
        assert!(printed.contains("it says: the table is small"), "{printed}");
        assert_eq!(printed.matches("refused ../").count(), 3, "{printed}");
        assert!(!printed.contains("wrote"), "{printed}");
        assert_eq!(contents(&scene, session).await, before, "no result changed");
        assert_eq!(scene.file(session, "notes/answer.txt").await, "mine");
        let run = entries.iter().find_map(|entry| match &entry.event {
            Event::Session(SessionEvent::FollowUpStarted { .. }) => entry.stage_run,
            _ => None,
        });
        let after = entity::metrics::Entity::find().all(db).await.expect("rows");
        let results: Vec<_> =
            after.into_iter().filter(|row| Some(row.stage_run_id) != run).collect();
        assert_eq!(results, metrics, "the stage's metrics are as they were");
        let opening = request(&scene, "answers", 2);
        assert!(opening.contains("is it large?") && opening.contains("the table is small"));
    });
}

fn two_stages(asked: &Asked) -> Turn {
    match (asked.stage, asked.turn) {
        (Some(Stage::Prep), 0) => Turn::text("I prepare.").code("prepare", PREP),
        (Some(Stage::Prep), _) => Turn::text("Prepared.").finish(),
        _ => plain_eda(asked),
    }
}

#[test]
fn a_run_goes_through_and_asks_first_where_it_must() {
    in_system(async {
        let parts = ["first", "second"].map(|name| part(name, Script::rule(two_stages)));
        let scene = Scene::open(parts.into()).await;
        let directory = &scene.house.directory;
        let later = || vec![(Stage::Prep, driver(Wire::OpenAi, "second"))];
        for (approval, word) in [(false, None), (true, Some(true)), (true, Some(false))] {
            let what = format!("approval {approval}, {word:?}");
            let begun = scene.begin(Wire::Anthropic, "first", |request| {
                request.through = Some(Stage::Prep);
                request.approval = approval;
                request.later = later();
            });
            let session = begun.await;
            if let Some(word) = word {
                let asks = |event: &SessionEvent| {
                    matches!(event, SessionEvent::ApprovalAsked { stage: Stage::Prep, .. })
                };
                let asked = scene.until(session, "the question", |e| decisions(e).any(asks)).await;
                assert_eq!(state(&asked), Some(SessionStateName::EdaDone), "{what}");
                let allows = directory.snapshot(session).await.expect("a snapshot").allows;
                assert_eq!(allows.approve, Some(Stage::Prep), "{what}");
                directory.approve(session, word).await.expect("it is heard");
                let again = directory.approve(session, word).await;
                let refused =
                    matches!(again, Err(CommandError::Refused(Refusal::NothingToApprove)));
                assert!(refused, "{what}: {again:?}");
            }
            let expect = match word {
                Some(false) => SessionStateName::EdaDone,
                Some(true) | None => SessionStateName::PrepDone,
            };
            let ended = scene.until(session, "the end", |entries| {
                state(entries).is_some_and(|state| {
                    state == expect || (rests(state) && state == SessionStateName::Failed)
                })
            });
            let entries = ended.await;
            assert_eq!(state(&entries), Some(expect), "{what}: {:?}", failure(&entries));
            let drivers = decisions(&entries).filter_map(|event| match event {
                SessionEvent::StageRunStarted { stage, driver, .. } => {
                    Some((*stage, driver.provider.as_str(), driver.model.as_str()))
                }
                _ => None,
            });
            let mut expect =
                vec![(Stage::Eda, "anthropic", "first"), (Stage::Prep, "openai", "second")];
            expect.truncate(if word == Some(false) { 1 } else { 2 });
            assert_eq!(drivers.collect::<Vec<_>>(), expect, "{what}");
        }
    });
}

#[test]
fn words_before_the_finish_are_read_before_it() {
    in_system(async {
        let both = format!("{WRITE}\n{WAITS}");
        let turn = Turn::text("All of it.").code("all", &both).finish();
        let script = Script::rule(move |asked| match asked.turn {
            0 => turn.clone(),
            _ => Turn::text("Heard.").finish(),
        });
        let scene = Scene::open(vec![part("hasty", script)]).await;
        let session = scene.begin(Wire::Anthropic, "hasty", |_| {}).await;
        scene.until(session, "the output", prints("up")).await;
        let directory = &scene.house.directory;
        directory
            .post_message(session, MessageId::new(), WORDS.into(), false)
            .await
            .expect("it is heard");
        let body = futures::stream::iter([Ok(Bytes::from_static(b"1"))]).boxed();
        let go = VolumePath::parse("eda/go").expect("a path");
        scene.volume(session).await.put(&go, body).await.expect("written");
        let entries = scene.rest(session).await;
        assert_eq!(state(&entries), Some(SessionStateName::EdaDone), "{:?}", failure(&entries));
        let next = request(&scene, "hasty", 1);
        assert!(next.contains("not yet: the user has said something"), "{next}");
        assert_eq!(next.matches(WORDS).count(), 1);
    });
}

#[test]
fn words_beside_a_resumption_are_heard_once() {
    in_system(async {
        let script = Script::rule(|asked| match asked.turn {
            0 => Turn::text("I would rather not.").stop(StopReason::Refusal),
            1 => Turn::text("I write.").code("write", WRITE),
            _ => Turn::text("All is there.").finish(),
        });
        let scene = Scene::open(vec![part("moody", script)]).await;
        let session = scene.begin(Wire::Anthropic, "moody", |_| {}).await;
        let entries = scene.rest(session).await;
        assert_eq!(state(&entries), Some(SessionStateName::Failed));
        let directory = &scene.house.directory;
        let resumed = directory.resume_stage(session, Default::default(), None).await;
        resumed.expect("it goes on");
        directory
            .post_message(session, MessageId::new(), WORDS.into(), false)
            .await
            .expect("it is heard");
        let done = |e: &[Entry]| state(e) == Some(SessionStateName::EdaDone);
        scene.until(session, "the end", done).await;
        let heard = scene.asked("moody").last().expect("a request").body["messages"].to_string();
        assert_eq!(heard.matches(WORDS).count(), 1, "{heard}");
    });
}
