//! Every fault of the scripted server, in both wire formats, once and for as long as it lasts: the
//! run recovers, or it fails with a sentence and can be resumed. Nothing hangs, no execution runs
//! twice, no message is lost, and watchers see each attempt for what it is.

use super::{
    models::{
        fault::Fault,
        script::{Script, Turn, Wire},
    },
    reading::{attempts, dense, executions, facts, failure, said, turns},
    scene::{Scene, WIRES, WRITE, driver, part},
    support::{binary::sentence, house::in_system, state},
};
use chrono::{DateTime, Utc};
use entity::{
    ids::MessageId,
    vocab::{SessionStateName, Stage},
};
use futures::StreamExt;
use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering::SeqCst},
    },
    time::Duration,
};
use trainable::event::{Entry, Event, Fact, SessionEvent, TextDelta};

/// Cases at once.
const AT_ONCE: usize = 6;
const LAST_WORDS: &str = "All that the stage needs is there: the report – with its figure – and the marker; \
    I looked at each of them before saying so.";
/// An append that waits for the one before it.
const LATE: Duration = Duration::from_millis(200);
const ASIDE: &str = "please keep the ids";

/// One fault that comes after a finished execution.
#[derive(Clone)]
struct Case {
    wire: Wire,
    fault: Fault,
    lasting: bool,
    /// The fault is over.
    over: Arc<AtomicBool>,
}

impl Case {
    fn name(&self, n: usize) -> String {
        format!("part-{n}")
    }

    fn script(&self) -> Script {
        let (fault, lasting, over) = (self.fault.clone(), self.lasting, Arc::clone(&self.over));
        Script::rule(|asked| match asked.turn {
            0 => Turn::text("First the files.").code("write", WRITE),
            _ => Turn::text(LAST_WORDS).finish(),
        })
        .faults(move |asked| {
            let now = match lasting {
                true => !over.load(SeqCst),
                false => asked.turn == 1 && !over.swap(true, SeqCst),
            };
            (asked.turn >= 1 && now).then(|| fault.clone())
        })
    }

    /// Whether trying again helps.
    fn passes(&self) -> bool {
        self.fault.kinds(self.wire).iter().any(|kind| kind.is_passing())
    }
}

fn cases() -> Vec<Case> {
    let each = |wire: Wire| {
        Fault::all().into_iter().flat_map(move |fault| {
            [false, true].map(|lasting| Case {
                wire,
                fault: fault.clone(),
                lasting,
                over: Arc::default(),
            })
        })
    };
    WIRES.into_iter().flat_map(each).collect()
}

async fn check(scene: &Scene, n: usize, case: Case) {
    let (what, model) =
        (format!("{:?} {:?} lasting {}", case.wire, case.fault, case.lasting), case.name(n));
    let directory = &scene.house.directory;
    let session = scene.session(case.wire, &model).await;
    let mut live = scene.house.log().live(session);
    directory.start_stage(session, scene.house.eda()).await.expect("EDA starts");
    directory
        .post_message(session, MessageId::new(), ASIDE.into(), false)
        .await
        .expect("it is heard");
    let mut entries = scene.rest(session).await;

    if case.lasting || state(&entries) == Some(SessionStateName::Failed) {
        let may_fail = case.lasting || !case.passes();
        assert!(may_fail, "{what}: it passes, and yet {:?}", failure(&entries));
        let why = failure(&entries).unwrap_or_else(|| panic!("{what}: it did not fail"));
        println!("{what}: {why}");
        sentence(why, &[scene.data.path()]);
        let snapshot = directory.snapshot(session).await.expect("a snapshot");
        assert_eq!(snapshot.allows.resume, Some(Stage::Eda), "{what}");
        case.over.store(true, SeqCst);
        let resumed = directory.resume_stage(session, driver(case.wire, &model), None).await;
        resumed.unwrap_or_else(|error| panic!("{what}: {error}"));
        entries = scene.rest(session).await;
    }
    assert_eq!(state(&entries), Some(SessionStateName::EdaDone), "{what}: {:?}", failure(&entries));

    dense(&entries);
    assert_eq!(executions(&entries), ["eda/scripts/step_01_write.py"], "{what}");
    assert_eq!(scene.file(session, "eda/ran.txt").await, "ran\n", "{what}");
    let words = said(&entries);
    assert_eq!(words[0], "First the files.", "{what}");
    // A bad call is a whole turn; every other fault leaves nothing behind.
    let whole = turns(&entries).len() - 1;
    assert!(whole == 1 || case.fault == Fault::BadArguments, "{what}: {words:?}");
    assert_eq!(words[1..], vec![LAST_WORDS; whole], "{what}");
    let last = scene.asked(&model).pop().expect("a request");
    assert!(last.body["messages"].to_string().contains(ASIDE), "{what}: the message is lost");
    risen(&entries, &what);
    waited(&entries, &case, &what);
    let mut deltas = Vec::new();
    while let Ok((_, delta)) = live.try_recv() {
        deltas.push(delta);
    }
    watched(&deltas, &what);
    billed(&entries, &case, &what);
}

/// What a broken attempt had read is paid, and is in the books.
fn billed(entries: &[Entry], case: &Case, what: &str) {
    if case.wire != Wire::Anthropic || case.fault != Fault::BrokenFin {
        return;
    }
    let broken = |fact: &Fact| matches!(fact, Fact::UsageRecorded { broken: true, usage, .. } if usage.read() > 0);
    let attempts = attempts(entries).len() - turns(entries).len();
    assert_eq!(facts(entries).filter(|fact| broken(fact)).count(), attempts, "{what}");
}

/// Each attempt of a turn has the next number, until the run is resumed.
fn risen(entries: &[Entry], what: &str) {
    let resumed = |entry: &Entry| {
        matches!(&entry.event, Event::Session(SessionEvent::StageRunResumed { .. }))
    };
    for stretch in entries.split(resumed) {
        let mut before = (0, 0);
        for (turn, attempt) in attempts(stretch) {
            let next = if turn == before.0 { before.1 + 1 } else { 1 };
            assert_eq!(attempt, next, "{what}: {:?}", attempts(entries));
            before = (turn, attempt);
        }
    }
}

/// What comes of an attempt comes no sooner than the provider asks.
fn waited(entries: &[Entry], case: &Case, what: &str) {
    let Some((least, _)) = case.fault.retry_after() else { return };
    let mut refused: Option<DateTime<Utc>> = None;
    for entry in entries {
        let again = match &entry.event {
            Event::Fact(Fact::AgentError { message, .. }) => message.contains("trying again"),
            Event::Fact(Fact::TurnEnded { .. }) => false,
            Event::Fact(_) | Event::Session(_) => continue,
        };
        if let Some(refused) = refused.take() {
            let waited = (entry.at - refused).to_std().unwrap_or_default();
            // An entry's time is that of its append, which may be a little late.
            assert!(waited + LATE >= least, "{what}: {waited:?}");
        }
        refused = again.then_some(entry.at);
    }
}

/// Text as it arrives: from the beginning in each attempt, and whole in the last.
fn watched(deltas: &[TextDelta], what: &str) {
    let of_last_turn: Vec<_> = deltas.iter().filter(|delta| delta.turn >= 2).collect();
    let mut text = String::new();
    let mut at = (0, 0);
    for delta in of_last_turn {
        if (delta.turn, delta.attempt) != at {
            at = (delta.turn, delta.attempt);
            text.clear();
        }
        assert_eq!(delta.offset, text.chars().count() as u64, "{what}: {at:?}");
        text.push_str(&delta.text);
    }
    assert_eq!(text, LAST_WORDS, "{what}");
}

#[test]
fn every_fault_ends_in_recovery_or_in_a_failure_that_can_be_resumed() {
    in_system(async {
        let cases = cases();
        let parts = cases.iter().enumerate();
        let parts = parts.map(|(n, case)| part(&case.name(n), case.script())).collect();
        let scene = &Scene::open(parts).await;
        let all = cases.into_iter().enumerate().map(|(n, case)| check(scene, n, case));
        futures::stream::iter(all).buffer_unordered(AT_ONCE).collect::<()>().await;
    });
}
