//! How often the loop has put up with what does not lead on, folded from the log so that a restart
//! does not begin to count anew.

use crate::event::{Entry, Event, Fact, SessionEvent};
use std::collections::HashMap;

/// How a reminder begins.
pub(super) const NOT_FINISHED: &str = "The stage is not finished.";
/// How the answer to a finish that came too early begins.
pub(super) const TOO_EARLY: &str = "the stage is not finished:";

/// What was put up with.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Patience {
    /// How often the model was told what is missing.
    pub reminders: u32,
    /// The last failing call, and how often it came in a row.
    failing: Option<(String, u32)>,
}

impl Patience {
    /// What the log of a run tells; a resumption begins anew.
    pub(super) fn of(history: &[Entry]) -> Self {
        let mut patience = Self::default();
        let mut begun = HashMap::new();
        for entry in history {
            match &entry.event {
                Event::Session(SessionEvent::StageRunResumed { .. }) => patience = Self::default(),
                Event::Fact(Fact::Notice { text, for_people: false })
                    if text.starts_with(NOT_FINISHED) =>
                {
                    patience.reminders += 1;
                }
                Event::Fact(Fact::ToolStart { call_id, tool, input }) => {
                    begun.insert(call_id, of_call(tool, input));
                }
                Event::Fact(Fact::ToolEnd { call_id, output, is_error, .. }) => {
                    if *is_error && output.starts_with(TOO_EARLY) {
                        patience.reminders += 1;
                    }
                    patience.ended(begun.remove(call_id).unwrap_or_default(), *is_error);
                }
                Event::Fact(_) | Event::Session(_) => {}
            }
        }
        patience
    }

    /// Takes in how a call ended. Answers how often it has failed in a row; 0 when it did not.
    pub(super) fn ended(&mut self, key: String, is_error: bool) -> u32 {
        if !is_error {
            self.failing = None;
            return 0;
        }
        let times = match self.failing.take() {
            Some((before, times)) if before == key => times + 1,
            Some(_) | None => 1,
        };
        self.failing = Some((key, times));
        times
    }
}

/// What makes two calls the same.
pub(super) fn of_call(tool: &str, input: &serde_json::Value) -> String {
    format!("{tool} {input}")
}
