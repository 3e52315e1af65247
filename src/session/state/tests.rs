//! The state machine as data: every (state, command) pair is one row, and random commands keep the
//! invariants.

use super::*;
use crate::event::{Budgets, Draft, Entry, Event, Fact, Outcome, SessionEvent};
use chrono::{DateTime, Utc};
use entity::{
    ids::{ExperimentId, MessageId, StageRunId},
    vocab::{SessionStateName, Stage},
};
use proptest::prelude::*;
use uuid::Uuid;

fn at() -> DateTime<Utc> {
    DateTime::UNIX_EPOCH
}

fn run_id(n: u128) -> StageRunId {
    StageRunId(Uuid::from_u128(n))
}

fn experiment() -> ExperimentId {
    ExperimentId(Uuid::from_u128(1))
}

fn start(n: u128, stage: Stage, through: Stage) -> Command {
    Command::StartStage(StartStage {
        stage_run: run_id(n),
        stage,
        through,
        provider: "autopilot".into(),
        model: "autopilot-1".into(),
        seed: 42,
        budgets: Budgets::default(),
    })
}

fn conclude(n: u128, outcome: Outcome) -> Command {
    Command::Conclude { stage_run: run_id(n), outcome, next: run_id(n + 100), at: at() }
}

fn done() -> Outcome {
    Outcome::Done { summary: "done".into() }
}

fn failed() -> Outcome {
    Outcome::Failed { message: "broken".into() }
}

fn post(text: &str) -> Command {
    Command::PostMessage { id: MessageId(Uuid::from_u128(7)), text: text.into() }
}

fn cancel() -> Command {
    Command::Cancel { at: at() }
}

fn observe(n: u128) -> Command {
    let facts = vec![Fact::Notice { text: "n".into() }];
    Command::Observe { stage_run: run_id(n), facts }
}

fn answer() -> Command {
    Command::AnswerQuestion { call_id: "q".into(), answer: "yes".into() }
}

/// A session with its log.
#[derive(Default)]
struct Played {
    session: Session,
    log: Vec<Entry>,
}

impl Played {
    fn play(&mut self, command: Command) -> Result<Vec<Draft>, Refusal> {
        let drafts = self.session.decide(command)?;
        for draft in &drafts {
            let seq = self.log.len() as i64 + 1;
            let entry =
                Entry { seq, at: at(), stage_run: draft.stage_run, event: draft.event.clone() };
            self.session.apply(&entry);
            self.log.push(entry);
        }
        Ok(drafts)
    }

    fn of(script: Vec<Command>) -> Self {
        let mut played = Self::default();
        for command in script {
            played.play(command.clone()).unwrap_or_else(|refusal| panic!("{command:?}: {refusal}"));
        }
        played
    }
}

const CREATE: fn() -> Command = || Command::Create { experiment: experiment() };

/// Scripts that lead to every state, by the name used in the table.
fn scripts(name: &str) -> Vec<Command> {
    use Stage::{Eda, Prep, Train};
    let mut script = vec![CREATE()];
    match name {
        "none" => script.clear(),
        "created" => {}
        "eda_running" => script.push(start(1, Eda, Eda)),
        "eda_done" => script.extend([start(1, Eda, Eda), conclude(1, done())]),
        "eda_failed" => script.extend([start(1, Eda, Train), conclude(1, failed())]),
        "eda_cancelled" => script.extend([start(1, Eda, Eda), cancel()]),
        "prep_running" => {
            script.extend([start(1, Eda, Eda), conclude(1, done()), start(2, Prep, Train)])
        }
        "prep_done" => script.extend([
            start(1, Eda, Eda),
            conclude(1, done()),
            start(2, Prep, Prep),
            conclude(2, done()),
        ]),
        "prep_failed" => {
            script.extend([start(1, Eda, Prep), conclude(1, done()), conclude(101, failed())]);
        }
        "train_running" => {
            script.extend([start(1, Eda, Train), conclude(1, done()), conclude(101, done())]);
        }
        "train_done" => script.extend([
            start(1, Eda, Train),
            conclude(1, done()),
            conclude(101, done()),
            conclude(201, done()),
        ]),
        other => panic!("no script for `{other}`"),
    }
    script
}

/// One row: in this state, this command leads there or is refused so.
#[track_caller]
fn check(state: &str, command: Command, expect: Result<SessionStateName, Refusal>) {
    let mut played = Played::of(scripts(state));
    let before = played.session.clone();
    let found = played.play(command.clone()).map(|_| played.session.name());
    assert_eq!(found, expect, "{state}: {command:?}");
    if found.is_err() {
        assert_eq!(played.session, before, "a refusal changes nothing");
    }
}

#[test]
fn every_state_meets_every_command() {
    use Refusal::*;
    use SessionStateName as S;
    use Stage::{Eda, Prep, Train};
    let no_prep = || Err(NotReady { stage: Prep, needs: Eda });
    let no_train = || Err(NotReady { stage: Train, needs: Prep });

    for command in
        [start(9, Eda, Eda), post("hi"), answer(), cancel(), observe(1), conclude(1, done())]
    {
        check("none", command, Err(Missing));
    }
    check("none", Command::Recover { at: at() }, Err(Missing));
    check("none", CREATE(), Ok(S::Created));

    let resting = [
        ("created", S::Created, Ok(S::EdaRunning), no_prep(), no_train(), Err(NothingToCancel)),
        (
            "eda_done",
            S::EdaDone,
            Ok(S::EdaRunning),
            Ok(S::PrepRunning),
            no_train(),
            Err(NothingToCancel),
        ),
        ("eda_failed", S::Failed, Ok(S::EdaRunning), no_prep(), no_train(), Ok(S::Cancelled)),
        (
            "eda_cancelled",
            S::Cancelled,
            Ok(S::EdaRunning),
            no_prep(),
            no_train(),
            Err(NothingToCancel),
        ),
        (
            "prep_done",
            S::PrepDone,
            Ok(S::EdaRunning),
            Ok(S::PrepRunning),
            Ok(S::TrainRunning),
            Err(NothingToCancel),
        ),
        (
            "prep_failed",
            S::Failed,
            Ok(S::EdaRunning),
            Ok(S::PrepRunning),
            no_train(),
            Ok(S::Cancelled),
        ),
        (
            "train_done",
            S::TrainDone,
            Ok(S::EdaRunning),
            Ok(S::PrepRunning),
            Ok(S::TrainRunning),
            Err(NothingToCancel),
        ),
    ];
    for (state, name, eda, prep, train, cancelled) in resting {
        check(state, CREATE(), Err(Exists));
        check(state, start(9, Eda, Eda), eda);
        check(state, start(9, Prep, Prep), prep);
        check(state, start(9, Train, Train), train);
        check(state, start(9, Train, Eda), Err(Backwards { from: Train, through: Eda }));
        check(state, post("hi"), Ok(name));
        check(state, post("  "), Err(EmptyMessage));
        check(state, post(&"x".repeat(MAX_MESSAGE + 1)), Err(LongMessage));
        check(state, answer(), Err(NoQuestion));
        check(state, cancel(), cancelled);
        check(state, observe(1), Err(Stale));
        check(state, conclude(1, done()), Err(Stale));
        check(state, Command::Recover { at: at() }, Ok(name));
    }

    let working = [
        ("eda_running", 1, Eda, S::EdaRunning, S::EdaDone),
        ("prep_running", 2, Prep, S::PrepRunning, S::TrainRunning),
        ("train_running", 201, Train, S::TrainRunning, S::TrainDone),
    ];
    for (state, run, stage, name, next) in working {
        check(state, CREATE(), Err(Exists));
        check(state, start(9, stage, stage), Err(Busy(stage)));
        check(state, post("hi"), Ok(name));
        check(state, post(""), Err(EmptyMessage));
        check(state, answer(), Err(NoQuestion));
        check(state, cancel(), Ok(S::Cancelled));
        check(state, observe(run), Ok(name));
        check(state, observe(999), Err(Stale));
        check(state, conclude(run, done()), Ok(next));
        check(state, conclude(run, failed()), Ok(S::Failed));
        check(state, conclude(run, Outcome::Cancelled), Ok(S::Cancelled));
        check(state, conclude(999, done()), Err(Stale));
        check(state, Command::Recover { at: at() }, Ok(name));
    }
}

#[test]
fn a_question_is_answered_once() {
    let mut played = Played::of(scripts("eda_running"));
    let asked = Fact::QuestionAsked { call_id: "q".into(), question: "?".into(), options: vec![] };
    played.play(Command::Observe { stage_run: run_id(1), facts: vec![asked] }).unwrap();
    assert!(played.session.allows().answer);
    played.play(answer()).unwrap();
    assert!(!played.session.allows().answer);
    assert_eq!(played.play(answer()), Err(Refusal::NoQuestion));
}

#[test]
fn what_is_in_flight_is_closed_behind_a_cancel() {
    let mut played = Played::of(scripts("eda_running"));
    let facts = vec![
        Fact::ToolStart {
            call_id: "c".into(),
            tool: "execute_code".into(),
            input: serde_json::json!({}),
        },
        Fact::ExecutionStarted {
            call_id: "c".into(),
            script: "s".into(),
            timeout_s: 1,
            memory_mib: 1,
        },
    ];
    played.play(Command::Observe { stage_run: run_id(1), facts }).unwrap();
    let kinds: Vec<_> = played
        .play(cancel())
        .unwrap()
        .iter()
        .map(|d| crate::store::events::kind(&d.event))
        .collect();
    assert_eq!(kinds, ["execution_ended", "tool_end", "stage_run_ended", "state_change"]);
}

#[test]
fn running_a_stage_again_takes_back_what_follows() {
    let mut played = Played::of(scripts("train_done"));
    played.play(start(9, Stage::Eda, Stage::Eda)).unwrap();
    played.play(conclude(9, done())).unwrap();
    assert_eq!(played.session.allows().start, [Stage::Eda, Stage::Prep]);
}

#[test]
fn messages_wait_up_to_a_bound() {
    let mut played = Played::of(scripts("eda_running"));
    for _ in 0..MAX_UNSEEN {
        played.play(post("hi")).unwrap();
    }
    assert_eq!(played.play(post("hi")), Err(Refusal::TooManyMessages));
    let seen = vec![Fact::TurnStarted { turn: 1, attempt: 1 }];
    played.play(Command::Observe { stage_run: run_id(1), facts: seen }).unwrap();
    played.play(post("hi")).unwrap();
}

fn any_stage() -> impl Strategy<Value = Stage> {
    prop::sample::select(Stage::ALL)
}

fn any_command() -> impl Strategy<Value = Command> {
    let n = 1u128..6;
    prop_oneof![
        1 => Just(CREATE()),
        4 => (n.clone(), any_stage(), any_stage()).prop_map(|(n, a, b)| start(n, a, b)),
        4 => (n.clone(), 0..3).prop_map(|(n, how)| conclude(n, match how {
            0 => done(),
            1 => failed(),
            _ => Outcome::Cancelled,
        })),
        2 => (101u128..106).prop_map(|n| conclude(n, done())),
        1 => n.clone().prop_map(observe),
        1 => Just(post("hi")),
        1 => Just(answer()),
        1 => Just(cancel()),
        1 => Just(Command::Recover { at: at() }),
    ]
}

/// The arrows of the diagram.
fn legal(from: SessionStateName, to: SessionStateName) -> bool {
    use SessionStateName::*;
    match to {
        Created => false,
        EdaRunning | PrepRunning | TrainRunning => {
            matches!(from, Created | EdaDone | PrepDone | TrainDone | Failed | Cancelled)
        }
        EdaDone => from == EdaRunning,
        PrepDone => from == PrepRunning,
        TrainDone => from == TrainRunning,
        Failed => matches!(from, EdaRunning | PrepRunning | TrainRunning),
        Cancelled => matches!(from, EdaRunning | PrepRunning | TrainRunning | Failed),
    }
}

proptest! {
    #[test]
    fn any_commands_keep_the_invariants(commands in prop::collection::vec(any_command(), 0..60)) {
        let mut played = Played::default();
        let mut state = SessionStateName::Created;
        for command in commands {
            let allowed = played.session.allows();
            let starts = match &command {
                Command::StartStage(s) if s.through >= s.stage => Some(s.stage),
                _ => None,
            };
            let before = played.log.len();
            let accepted = played.play(command).is_ok();
            if let Some(stage) = starts {
                prop_assert_eq!(accepted, allowed.start.contains(&stage), "allows tells the truth");
            }
            for entry in &played.log[before..] {
                if let Event::Session(SessionEvent::StateChange { state: to }) = &entry.event {
                    prop_assert!(legal(state, *to), "{} -> {}", state, to);
                    state = *to;
                }
                if let Event::Fact(_) = &entry.event {
                    prop_assert!(entry.stage_run.is_some(), "a fact belongs to a run");
                }
            }
            prop_assert_eq!(played.session.name(), state, "the flat name follows the log");
        }
        let mut replayed = Session::default();
        for entry in &played.log {
            replayed.apply(entry);
        }
        prop_assert_eq!(replayed, played.session, "replaying the log gives the same state");
    }
}
