//! The state machine as data: every (state, command) pair is one row.

mod properties;
mod stories;

use super::*;
use crate::event::{
    Budget, Budgets, Draft, Driver, Entry, Event, Fact, Outcome, SessionEvent, StageDriver,
    TokenUsage,
};
use chrono::{DateTime, Utc};
use entity::{
    ids::{ExperimentId, MessageId, StageRunId},
    vocab::{SessionStateName, Stage},
};
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

fn driver(model: &str) -> Driver {
    Driver { provider: "autopilot".into(), model: model.into(), effort: None }
}

fn order(n: u128, stage: Stage, through: Stage) -> StartStage {
    StartStage {
        stage_run: run_id(n),
        stage,
        through,
        driver: driver("autopilot-1"),
        seed: 42,
        budgets: Budgets::default(),
        approval: false,
        later: Vec::new(),
    }
}

fn start(n: u128, stage: Stage, through: Stage) -> Command {
    Command::StartStage(order(n, stage, through))
}

fn resume() -> Command {
    Command::ResumeStage { driver: None, budgets: None }
}

fn limit(turns: u32) -> Command {
    Command::SetBudgets { budgets: Budgets { turns, ..Budgets::default() } }
}

fn approve(n: u128, approved: bool) -> Command {
    Command::AnswerApproval { approved, stage_run: run_id(n) }
}

/// A message that is answered by a follow-up when the session rests.
fn ask(n: u128, text: &str) -> Command {
    let follow_up = StartFollowUp {
        run: run_id(n),
        driver: driver("talker"),
        seed: 42,
        budgets: Budgets::default(),
    };
    let id = MessageId(Uuid::from_u128(7));
    Command::PostMessage { id, text: text.into(), interrupt: false, follow_up: Some(follow_up) }
}

fn conclude(n: u128, outcome: Outcome) -> Command {
    Command::Conclude {
        stage_run: run_id(n),
        outcome,
        next: run_id(n + 100),
        answers: true,
        at: at(),
    }
}

fn done() -> Outcome {
    Outcome::Done { summary: "done".into() }
}

fn failed() -> Outcome {
    Outcome::Failed { message: "broken".into() }
}

fn post(text: &str) -> Command {
    let id = MessageId(Uuid::from_u128(7));
    Command::PostMessage { id, text: text.into(), interrupt: false, follow_up: None }
}

fn cancel() -> Command {
    Command::Cancel { at: at() }
}

fn observe(n: u128) -> Command {
    let facts = vec![Fact::Notice { text: "n".into(), for_people: false }];
    Command::Observe { stage_run: run_id(n), facts }
}

/// All files of a run stand in the bucket.
fn synced(n: u128, stage: Stage) -> Command {
    Command::Synced {
        stage_run: run_id(n),
        stage,
        files_synced: 2,
        uploaded: 1,
        s3_prefix: "s3://b/p".into(),
        missing: Vec::new(),
    }
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

    fn log_drafts(&self) -> Vec<Draft> {
        let draft = |e: &Entry| Draft { stage_run: e.stage_run, event: e.event.clone() };
        self.log.iter().map(draft).collect()
    }

    fn of(script: Vec<Command>) -> Self {
        let mut played = Self::default();
        for command in script {
            played.play(command.clone()).unwrap_or_else(|refusal| panic!("{command:?}: {refusal}"));
        }
        played
    }
}

const CREATE: fn() -> Command = || Command::Create { experiment: experiment(), driver: None };

/// Scripts that lead to every state, by the name used in the table.
fn scripts(name: &str) -> Vec<Command> {
    use Stage::{Eda, Prep, Train};
    let mut script = vec![CREATE()];
    match name {
        "none" => script.clear(),
        "created" => {}
        "eda_running" => script.push(start(1, Eda, Eda)),
        "eda_done" => script.extend([start(1, Eda, Eda), conclude(1, done())]),
        // The first run's outputs are superseded, and so are those of Prep.
        "eda_again" => script.extend([
            start(1, Eda, Prep),
            conclude(1, done()),
            conclude(101, done()),
            start(9, Eda, Eda),
            conclude(9, done()),
        ]),
        "eda_failed" => script.extend([start(1, Eda, Train), conclude(1, failed())]),
        "eda_cancelled" => script.extend([start(1, Eda, Eda), cancel()]),
        "eda_awaits" => script.extend([
            Command::StartStage(StartStage {
                approval: true,
                later: vec![StageDriver { stage: Stage::Prep, driver: driver("other") }],
                ..order(1, Eda, Train)
            }),
            conclude(1, done()),
        ]),
        "answering" => script.extend([start(1, Eda, Eda), conclude(1, done()), ask(50, "why?")]),
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

    for command in [
        start(9, Eda, Eda),
        resume(),
        limit(9),
        approve(9, true),
        post("hi"),
        ask(9, "hi"),
        answer(),
        cancel(),
        observe(1),
        conclude(1, done()),
        synced(1, Eda),
    ] {
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
        check(state, approve(9, true), Err(NothingToApprove));
        // A follow-up leaves the state as it is.
        check(state, ask(9, "hi"), Ok(name));
    }
    for (state, name) in
        [("eda_done", S::EdaDone), ("prep_done", S::PrepDone), ("train_done", S::TrainDone)]
    {
        check(state, resume(), Err(NothingToResume));
        check(state, limit(9), Ok(name));
    }
    check("created", resume(), Err(NothingToResume));
    check("created", limit(9), Err(NothingToLimit));
    for (state, name, resumed) in [
        ("eda_failed", S::Failed, S::EdaRunning),
        ("eda_cancelled", S::Cancelled, S::EdaRunning),
        ("prep_failed", S::Failed, S::PrepRunning),
    ] {
        check(state, resume(), Ok(resumed));
        check(state, limit(9), Ok(name));
    }

    // A sync is told of runs whose outputs stand, whatever else is at work.
    for (state, name, eda, prep) in [
        ("created", S::Created, None, None),
        ("eda_running", S::EdaRunning, None, None),
        ("eda_failed", S::Failed, None, None),
        ("eda_done", S::EdaDone, Some(1), None),
        ("eda_awaits", S::EdaDone, Some(1), None),
        ("answering", S::EdaDone, Some(1), None),
        ("eda_again", S::EdaDone, Some(9), None),
        ("prep_running", S::PrepRunning, Some(1), None),
        ("prep_failed", S::Failed, Some(1), None),
        ("prep_done", S::PrepDone, Some(1), Some(2)),
        ("train_running", S::TrainRunning, Some(1), Some(101)),
        ("train_done", S::TrainDone, Some(1), Some(101)),
    ] {
        for run in [1, 2, 9, 101, 201] {
            let told = |stands| if stands == Some(run) { Ok(name) } else { Err(Stale) };
            check(state, synced(run, Eda), told(eda));
            check(state, synced(run, Prep), told(prep));
        }
    }

    check("eda_awaits", approve(9, true), Ok(S::PrepRunning));
    check("eda_awaits", approve(9, false), Ok(S::EdaDone));
    check("eda_awaits", start(9, Prep, Prep), Ok(S::PrepRunning));
    check("eda_awaits", resume(), Err(NothingToResume));
    check("eda_awaits", limit(9), Ok(S::EdaDone));
    check("eda_awaits", ask(9, "hi"), Ok(S::EdaDone));
    check("eda_awaits", cancel(), Err(NothingToCancel));

    check("answering", CREATE(), Err(Exists));
    check("answering", start(9, Prep, Prep), Err(Answering));
    check("answering", resume(), Err(Answering));
    check("answering", approve(9, true), Err(NothingToApprove));
    check("answering", limit(9), Ok(S::EdaDone));
    check("answering", post("hi"), Ok(S::EdaDone));
    check("answering", ask(9, "hi"), Ok(S::EdaDone));
    check("answering", answer(), Err(NoQuestion));
    check("answering", cancel(), Ok(S::EdaDone));
    check("answering", observe(50), Ok(S::EdaDone));
    check("answering", observe(1), Err(Stale));
    check("answering", conclude(50, done()), Ok(S::EdaDone));
    check("answering", conclude(50, failed()), Ok(S::EdaDone));
    check("answering", conclude(1, done()), Err(Stale));
    check("answering", Command::Recover { at: at() }, Ok(S::EdaDone));

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
        check(state, resume(), Err(Busy(stage)));
        check(state, limit(9), Ok(name));
        check(state, approve(9, true), Err(NothingToApprove));
        check(state, ask(9, "hi"), Ok(name));
    }
}

fn asked() -> Fact {
    Fact::QuestionAsked {
        call_id: "q".into(),
        question: "?".into(),
        options: vec![],
        default: Some("no".into()),
        timeout_s: Some(60),
    }
}

fn called(call_id: &str, tool: &str) -> Fact {
    let input = serde_json::json!({});
    Fact::ToolStart { call_id: call_id.into(), tool: tool.into(), input }
}

/// The run's model is asked: it has seen what was said.
fn turn(n: u128) -> Command {
    let facts = vec![Fact::TurnStarted { turn: 1, attempt: 1, elapsed_s: 0.0, again: false }];
    Command::Observe { stage_run: run_id(n), facts }
}

/// The kinds of what a command leads to.
fn kinds(drafts: &[Draft]) -> Vec<&'static str> {
    drafts.iter().map(|draft| crate::store::events::kind(&draft.event)).collect()
}
