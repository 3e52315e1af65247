//! Random commands keep the invariants.

use super::*;
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
