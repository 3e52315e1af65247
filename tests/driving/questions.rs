//! A question to the user: it waits, survives the server, and takes its default when it must.

use super::{
    models::script::{Script, Turn, Wire},
    reading::{executions, facts, failure, results},
    scene::{Scene, WIRES, WRITE, part},
    support::{house::in_system, state},
};
use entity::{ids::SessionId, vocab::SessionStateName};
use serde_json::json;
use trainable::{
    event::{Entry, Fact},
    session::{CommandError, Refusal},
};

const ANSWER: &str = "the younger ones";
const DEFAULT: &str = "all of them";

/// Asks, with a call beside it, then writes and finishes.
fn asks(timeout_s: Option<u64>) -> Script {
    let question = json!({"question": "Which rows?", "default": DEFAULT, "timeout_s": timeout_s});
    Script::rule(move |asked| match asked.turn {
        0 => Turn::text("I ask.")
            .code("before", "print('before')")
            .call("ask_user", question.clone()),
        1 => Turn::text("Now the files.").code("write", WRITE),
        _ => Turn::text("All is there.").finish(),
    })
}

fn open(entries: &[Entry]) -> bool {
    facts(entries).any(|fact| matches!(fact, Fact::QuestionAsked { .. }))
}

async fn answer(scene: &Scene, session: SessionId) {
    let directory = &scene.house.directory;
    let question = directory.snapshot(session).await.expect("a snapshot").question;
    let call = question.expect("it is open").call_id;
    directory.answer(session, call.clone(), ANSWER.into()).await.expect("it is taken");
    let again = directory.answer(session, call, "no".into()).await;
    assert!(matches!(again, Err(CommandError::Refused(Refusal::NoQuestion))), "{again:?}");
}

/// The end of a run in which the model was told `words` once.
async fn check(scene: &Scene, session: SessionId, words: &str, what: &str) {
    let entries = scene.rest(session).await;
    assert_eq!(state(&entries), Some(SessionStateName::EdaDone), "{what}: {:?}", failure(&entries));
    let told: Vec<_> = results(&entries).into_iter().filter(|r| r.0 == "ask_user").collect();
    assert_eq!(told.len(), 1, "{what}: {told:?}");
    assert!(told[0].1.contains(words) && !told[0].2, "{what}: {told:?}");
    let asked = facts(&entries).filter(|fact| matches!(fact, Fact::QuestionAsked { .. }));
    assert_eq!(asked.count(), 1, "{what}: it is asked once");
    assert_eq!(executions(&entries).len(), 2, "{what}: nothing runs twice");
    let last = scene.models.turns().pop().expect("a request").body["messages"].to_string();
    assert_eq!(last.matches(words).count(), if words == DEFAULT { 2 } else { 1 }, "{what}: {last}");
}

#[test]
fn a_question_survives_the_server() {
    in_system(async {
        let mut scene = Scene::open(vec![part("asks", asks(None))]).await;
        for wire in WIRES {
            // The server goes before the answer comes.
            let session = scene.begin(wire, "asks", |_| {}).await;
            scene.until(session, "the question", open).await;
            scene = scene.reopened().await;
            answer(&scene, session).await;
            check(&scene, session, ANSWER, &format!("{wire:?} before")).await;
            // The server goes just after it came.
            let session = scene.begin(wire, "asks", |_| {}).await;
            scene.until(session, "the question", open).await;
            answer(&scene, session).await;
            scene = scene.reopened().await;
            check(&scene, session, ANSWER, &format!("{wire:?} after")).await;
        }
    });
}

#[test]
fn a_question_that_nobody_answers_takes_its_default() {
    in_system(async {
        let parts = vec![part("hurries", asks(Some(1))), part("waits", asks(None))];
        let scene = Scene::open(parts).await;
        let session = scene.begin(Wire::Anthropic, "hurries", |_| {}).await;
        check(&scene, session, DEFAULT, "after a second").await;
        // As the command line sets it.
        let at_once =
            scene.begin(Wire::OpenAi, "waits", |start| start.budgets.question_seconds = 0);
        check(&scene, at_once.await, DEFAULT, "at once").await;
    });
}
