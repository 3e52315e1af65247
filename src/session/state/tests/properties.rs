//! Random commands keep the invariants.

use super::*;
use crate::event::{Ending, EndingKind};
use proptest::prelude::*;

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
        2 => (n.clone(), any_stage()).prop_map(|(n, stage)| synced(n, stage)),
        6 => ((1u128..6).prop_union(51u128..56), prop::collection::vec(any_fact(), 1..4))
            .prop_map(|(n, facts)| Command::Observe { stage_run: run_id(n), facts }),
    ]
}

fn any_fact() -> impl Strategy<Value = Fact> {
    let call = || prop::sample::select(vec!["a", "b", "q"]).prop_map(str::to_owned);
    let usage = |input| TokenUsage { input, ..TokenUsage::default() };
    prop_oneof![
        (1u32..4, 0.0..9e3, any::<bool>()).prop_map(|(turn, elapsed_s, again)| {
            Fact::TurnStarted { turn, attempt: 1, elapsed_s, again }
        }),
        call().prop_map(|id| called(&id, "execute_code")),
        call().prop_map(|call_id| Fact::ToolEnd {
            call_id,
            tool: "execute_code".into(),
            output: String::new(),
            is_error: false,
            duration_ms: 1,
        }),
        call().prop_map(|call_id| Fact::ExecutionWaiting { call_id, ahead: 1 }),
        call().prop_map(|call_id| Fact::ExecutionPlaced { call_id, waited_ms: 5 }),
        (call(), any::<u32>()).prop_map(|(call_id, ms)| Fact::ExecutionEnded {
            call_id,
            ending: Ending {
                cpu_seconds: f64::from(ms) / 7000.0,
                ..Ending::unmeasured(EndingKind::Exited, u64::from(ms))
            },
        }),
        Just(asked()),
        (any::<u64>(), prop::option::of(0.0..3.0)).prop_map(move |(input, cost_usd)| {
            Fact::UsageRecorded { turn: 1, usage: usage(input), cost_usd, broken: false }
        }),
    ]
}

/// What is at work has no more in flight than its log says, and a session at rest has nothing.
fn in_flight(log: &[Entry]) -> usize {
    let mut open: Vec<&str> = Vec::new();
    for entry in log {
        match &entry.event {
            Event::Fact(Fact::ToolStart { call_id, .. }) => open.push(call_id),
            Event::Fact(Fact::ToolEnd { call_id, .. }) => open.retain(|id| id != call_id),
            Event::Session(_) | Event::Fact(_) => {}
        }
    }
    open.len()
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
            let promised = match &command {
                Command::Cancel { .. } => Some(allowed.cancel),
                Command::AnswerQuestion { .. } => Some(allowed.answer),
                Command::SetBudgets { .. } => Some(allowed.set_budgets),
                Command::PostMessage { .. } => Some(allowed.message),
                Command::AnswerApproval { approved: true, .. } => Some(allowed.approve.is_some()),
                _ => None,
            };
            let (before, spent) = (played.log.len(), played.session.spent());
            let session = played.session.clone();
            let accepted = played.play(command).is_ok();
            if let Some(promised) = promised {
                prop_assert_eq!(accepted, promised && session.experiment().is_some());
            }
            if !accepted {
                prop_assert_eq!(&played.session, &session, "a refusal changes nothing");
            }
            let after = played.session.spent();
            // A resumption takes its part out of the sum and puts it back: the last digit may differ.
            let grew = |before: f64, after: f64| after >= before - 1e-6;
            prop_assert!(after.turns >= spent.turns && grew(spent.usd, after.usd));
            prop_assert!(grew(spent.cpu_seconds, after.cpu_seconds), "what is spent is spent");
            match played.session.work() {
                Some(work) => prop_assert_eq!(work.open.len(), in_flight(&played.log)),
                None => prop_assert_eq!(in_flight(&played.log), 0, "nothing is open at rest"),
            }
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

    /// What is kept of a session is all of it: folding on from there is folding from the start.
    #[test]
    fn a_kept_state_goes_on_as_if_it_had_never_been_kept(
        commands in prop::collection::vec(any_command(), 0..60),
        cut in any::<prop::sample::Index>(),
    ) {
        let mut played = Played::default();
        for command in commands {
            let _ = played.play(command);
        }
        let cut = cut.index(played.log.len() + 1);
        let mut session = Session::default();
        played.log[..cut].iter().for_each(|entry| session.apply(entry));
        let kept = serde_json::to_string(&session).expect("a state is JSON");
        let mut read: Session = serde_json::from_str(&kept).expect("it is read back");
        prop_assert_eq!(&read, &session);
        played.log[cut..].iter().for_each(|entry| read.apply(entry));
        prop_assert_eq!(read, played.session);
    }
}
