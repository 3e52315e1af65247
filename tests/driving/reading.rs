//! What a log says, as the tests ask it.

use trainable::event::{Entry, Event, Fact, Outcome, SessionEvent};

pub fn facts(entries: &[Entry]) -> impl Iterator<Item = &Fact> {
    entries.iter().filter_map(|entry| match &entry.event {
        Event::Fact(fact) => Some(fact),
        Event::Session(_) => None,
    })
}

pub fn decisions(entries: &[Entry]) -> impl Iterator<Item = &SessionEvent> {
    entries.iter().filter_map(|entry| match &entry.event {
        Event::Session(event) => Some(event),
        Event::Fact(_) => None,
    })
}

/// Everything that programs printed.
pub fn printed(entries: &[Entry]) -> String {
    facts(entries)
        .filter_map(|fact| match fact {
            Fact::CodeOutput { text, .. } => Some(text.as_str()),
            _ => None,
        })
        .collect()
}

/// Scripts that were run, in order, by their paths.
pub fn executions(entries: &[Entry]) -> Vec<&str> {
    facts(entries)
        .filter_map(|fact| match fact {
            Fact::ExecutionStarted { script, .. } => Some(script.as_str()),
            _ => None,
        })
        .collect()
}

/// Tools, outputs and whether they are errors.
pub fn results(entries: &[Entry]) -> Vec<(&str, &str, bool)> {
    facts(entries)
        .filter_map(|fact| match fact {
            Fact::ToolEnd { tool, output, is_error, .. } => {
                Some((tool.as_str(), output.as_str(), *is_error))
            }
            _ => None,
        })
        .collect()
}

/// Texts of the agent.
pub fn said(entries: &[Entry]) -> Vec<&str> {
    facts(entries)
        .filter_map(|fact| match fact {
            Fact::AgentMessage { text, .. } => Some(text.as_str()),
            _ => None,
        })
        .collect()
}

/// Turns that ended.
pub fn turns(entries: &[Entry]) -> Vec<u32> {
    facts(entries)
        .filter_map(|fact| match fact {
            Fact::TurnEnded { turn, .. } => Some(*turn),
            _ => None,
        })
        .collect()
}

/// Attempts that began: turns and their numbers.
pub fn attempts(entries: &[Entry]) -> Vec<(u32, u32)> {
    facts(entries)
        .filter_map(|fact| match fact {
            Fact::TurnStarted { turn, attempt, .. } => Some((*turn, *attempt)),
            _ => None,
        })
        .collect()
}

/// Why the last stage run failed.
pub fn failure(entries: &[Entry]) -> Option<&str> {
    let ended = decisions(entries).filter_map(|event| match event {
        SessionEvent::StageRunEnded { outcome, .. } => Some(outcome),
        _ => None,
    });
    match ended.last() {
        Some(Outcome::Failed { message }) => Some(message),
        Some(Outcome::Done { .. } | Outcome::Cancelled) | None => None,
    }
}

/// The sequences are 1, 2, 3 … without gaps.
#[track_caller]
pub fn dense(entries: &[Entry]) {
    let found: Vec<i64> = entries.iter().map(|entry| entry.seq).collect();
    assert_eq!(found, (1..=entries.len() as i64).collect::<Vec<_>>());
}
