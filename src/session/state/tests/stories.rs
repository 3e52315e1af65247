//! What a session goes through, step by step.

use super::*;

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

#[test]
fn a_sync_is_told_once_for_each_run() {
    let mut played = Played::of(vec![CREATE(), start(1, Stage::Eda, Stage::Eda)]);
    played.play(conclude(1, done())).unwrap();
    played.play(synced(1, Stage::Eda)).unwrap();
    assert_eq!(played.play(synced(1, Stage::Eda)), Err(Refusal::Stale));
    played.play(start(2, Stage::Eda, Stage::Eda)).unwrap();
    assert_eq!(played.play(synced(1, Stage::Eda)), Err(Refusal::Stale));
    played.play(conclude(2, done())).unwrap();
    assert_eq!(played.play(synced(1, Stage::Eda)), Err(Refusal::Stale), "it is superseded");
    // What was missing may be sent later, and then all of it is told.
    let Command::Synced { stage_run, stage, files_synced, uploaded, s3_prefix, .. } =
        synced(2, Stage::Eda)
    else {
        unreachable!("it is one")
    };
    let missing = vec!["eda/gone".to_owned()];
    let part = Command::Synced { stage_run, stage, files_synced, uploaded, s3_prefix, missing };
    played.play(part.clone()).unwrap();
    played.play(part).unwrap();
    played.play(synced(2, Stage::Eda)).unwrap();
    assert_eq!(played.play(synced(2, Stage::Eda)), Err(Refusal::Stale));
}
