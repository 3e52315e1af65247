//! The state machine as data: every (state, command) pair is one row, and random commands keep the
//! invariants.

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

#[test]
fn a_question_is_answered_once() {
    let mut played = Played::of(scripts("eda_running"));
    played.play(Command::Observe { stage_run: run_id(1), facts: vec![asked()] }).unwrap();
    assert!(played.session.allows().answer);
    played.play(answer()).unwrap();
    assert!(!played.session.allows().answer);
    assert_eq!(played.play(answer()), Err(Refusal::NoQuestion));
}

#[test]
fn what_is_in_flight_is_closed_behind_a_cancel() {
    let mut played = Played::of(scripts("eda_running"));
    let facts = vec![
        called("c", "execute_code"),
        Fact::ExecutionStarted {
            call_id: "c".into(),
            script: "s".into(),
            timeout_s: 1,
            memory_mib: 1,
        },
    ];
    played.play(Command::Observe { stage_run: run_id(1), facts }).unwrap();
    let drafts = played.play(cancel()).unwrap();
    let expect = ["execution_ended", "tool_end", "stage_run_ended", "state_change"];
    assert_eq!(kinds(&drafts), expect);
}

#[test]
fn a_question_outlives_the_server() {
    let mut played = Played::of(scripts("eda_running"));
    let facts = vec![called("c", "execute_code"), called("q", "ask_user"), asked()];
    played.play(Command::Observe { stage_run: run_id(1), facts }).unwrap();
    let drafts = played.play(Command::Recover { at: at() }).unwrap();
    assert_eq!(kinds(&drafts), ["tool_end"], "the other call is closed, the question is not");
    assert!(played.session.allows().answer);
    played.play(answer()).unwrap();
    let drafts = played.play(Command::Recover { at: at() }).unwrap();
    assert!(drafts.is_empty(), "an answer that the agent has not read yet is not lost");
}

#[test]
fn a_stage_waits_for_the_users_word() {
    let mut played = Played::of(scripts("eda_awaits"));
    assert_eq!(kinds(&played.log_drafts())[4..], ["state_change", "approval_asked"]);
    assert_eq!(played.session.allows().approve, Some(Stage::Prep));
    let drafts = played.play(approve(9, true)).unwrap();
    assert_eq!(kinds(&drafts), ["approval_answered", "stage_run_started", "state_change"]);
    let running = played.session.running().unwrap();
    assert_eq!((running.stage, running.through), (Stage::Prep, Stage::Train));
    assert_eq!(running.work.driver, driver("other"), "a stage may have a driver of its own");
}

#[test]
fn what_failed_goes_on_as_the_same_run() {
    let mut played = Played::of(scripts("prep_failed"));
    let budgets = Budgets { turns: 99, ..Budgets::default() };
    let resume = Command::ResumeStage { driver: Some(driver("better")), budgets: Some(budgets) };
    played.play(resume).unwrap();
    let running = played.session.running().unwrap();
    assert_eq!(running.work.run, run_id(101));
    assert_eq!((running.stage, running.work.budgets.turns), (Stage::Prep, 99));
    assert_eq!(running.work.driver, driver("better"));
}

#[test]
fn what_is_used_up_is_raised_before_it_goes_on() {
    let mut played = Played::of(scripts("eda_running"));
    let used = Fact::UsageRecorded {
        turn: 1,
        usage: TokenUsage::default(),
        cost_usd: Some(5.0),
        broken: false,
    };
    played.play(Command::Observe { stage_run: run_id(1), facts: vec![used] }).unwrap();
    played.play(conclude(1, failed())).unwrap();
    assert_eq!(played.play(resume()), Err(Refusal::UsedUp("USD 5.00".into())));
    let budgets = Some(Budgets { session_usd: Some(6.0), ..Budgets::default() });
    played.play(Command::ResumeStage { driver: None, budgets }).unwrap();
}

#[test]
fn what_was_said_in_the_last_moment_is_answered() {
    let mut played = Played::of(scripts("eda_running"));
    played.play(post("and the outliers?")).unwrap();
    let drafts = played.play(conclude(1, done())).unwrap();
    assert_eq!(kinds(&drafts), ["stage_run_ended", "state_change", "follow_up_started"]);
    assert_eq!(played.session.follow_up().unwrap().work.run, run_id(101));
    played.play(turn(101)).unwrap();
    played.play(post("and the gaps?")).unwrap();
    let drafts = played.play(conclude(101, done())).unwrap();
    assert_eq!(kinds(&drafts), ["follow_up_ended", "follow_up_started"]);
    assert_eq!(kinds(&played.play(conclude(201, done())).unwrap()), ["follow_up_ended"]);

    let mut through = Played::of(vec![CREATE(), start(1, Stage::Eda, Stage::Prep)]);
    through.play(post("drop the ids")).unwrap();
    let drafts = through.play(conclude(1, done())).unwrap();
    assert!(!kinds(&drafts).contains(&"follow_up_started"), "the next stage reads it");

    let mut silent = Played::of(scripts("eda_running"));
    silent.play(post("hello?")).unwrap();
    let conclusion = Command::Conclude {
        stage_run: run_id(1),
        outcome: done(),
        next: run_id(101),
        answers: false,
        at: at(),
    };
    assert!(!kinds(&silent.play(conclusion).unwrap()).contains(&"follow_up_started"));
}

#[test]
fn limits_raised_later_hold_for_what_follows() {
    let mut played = Played::of(scripts("train_done"));
    assert_eq!(played.session.budgets(), Some(Budgets::default()));
    played.play(limit(77)).unwrap();
    assert_eq!(played.session.last().unwrap().1.turns, 77);
}

#[test]
fn time_away_and_time_waited_is_no_work() {
    let late = at() + chrono::Duration::hours(2);
    let mut played = Played::of(scripts("eda_running"));
    let turn = Fact::TurnStarted { turn: 1, attempt: 1, elapsed_s: 1.0, again: false };
    let execution = Fact::ExecutionStarted {
        call_id: "c".into(),
        script: "s".into(),
        timeout_s: 1,
        memory_mib: 1,
    };
    let facts =
        vec![turn, called("c", "execute_code"), execution, called("q", "ask_user"), asked()];
    played.play(Command::Observe { stage_run: run_id(1), facts }).unwrap();
    played.play(Command::Recover { at: late }).unwrap();
    assert_eq!(played.session.spent().sandbox_seconds, 0.0);
    let answered = SessionEvent::QuestionAnswered { call_id: "q".into(), answer: "y".into() };
    let mut session = played.session.clone();
    let entry = |event| Entry { seq: 99, at: late, stage_run: Some(run_id(1)), event };
    session.apply(&entry(Event::Session(answered)));
    let ended = SessionEvent::StageRunEnded { stage: Stage::Eda, outcome: Outcome::Cancelled };
    session.apply(&entry(Event::Session(ended)));
    assert_eq!(session.spent().seconds, 1.0);
}

#[test]
fn a_follow_up_changes_no_result() {
    let mut played = Played::of(scripts("eda_done"));
    let drafts = played.play(ask(50, "why?")).unwrap();
    assert_eq!(kinds(&drafts), ["follow_up_started", "user_message"]);
    assert!(played.session.follow_up().is_some() && played.session.running().is_none());
    assert!(played.session.allows().start.is_empty(), "one thing at a time");
    played.play(turn(50)).unwrap();
    let drafts = played.play(conclude(50, done())).unwrap();
    assert_eq!(kinds(&drafts), ["follow_up_ended"]);
    assert_eq!(played.session.allows().start, [Stage::Eda, Stage::Prep]);
}

#[test]
fn what_was_taken_adds_up_over_runs() {
    fn spent(n: u128, turn: u32) -> Command {
        let usage = TokenUsage { input: 100, output: 10, ..TokenUsage::default() };
        let used = Fact::UsageRecorded { turn, usage, cost_usd: Some(0.5), broken: false };
        Command::Observe { stage_run: run_id(n), facts: vec![used] }
    }
    let mut played = Played::of(scripts("eda_running"));
    for command in [spent(1, 1), conclude(1, failed()), ask(50, "why?"), turn(50), spent(50, 1)] {
        played.play(command).unwrap();
    }
    played.play(conclude(50, done())).unwrap();
    for command in [resume(), spent(1, 2)] {
        played.play(command).unwrap();
    }
    let work = &played.session.running().unwrap().work;
    let taken = |budget: Budget| budget.taken(&work.spent, &work.before);
    assert_eq!(taken(Budget::Turns), 2.0, "a resumed run counts on");
    assert_eq!(taken(Budget::SessionUsd), 1.5, "follow-ups count for the session");
    assert_eq!(played.session.spent().tokens(), 330);
    played.play(conclude(1, done())).unwrap();
    assert_eq!(played.session.spent().usd, 1.5);
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
    let seen = vec![Fact::TurnStarted { turn: 1, attempt: 1, elapsed_s: 0.0, again: false }];
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
        2 => n.clone().prop_map(|n| ask(n + 50, "why?")),
        2 => n.clone().prop_map(|n| conclude(n + 50, done())),
        2 => Just(resume()),
        1 => (1u32..9).prop_map(limit),
        2 => (n.clone(), any::<bool>()).prop_map(|(n, yes)| approve(n, yes)),
        2 => n.clone().prop_map(|n| Command::StartStage(StartStage {
            approval: true,
            ..order(n, Stage::Eda, Stage::Train)
        })),
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
