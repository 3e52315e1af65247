//! How often the loop has put up with what does not lead on, folded from the log so that a restart
//! does not begin to count anew.

use crate::event::{Entry, Event, Fact, SERVER_WENT_AWAY, SessionEvent};
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
                    let key = begun.remove(call_id).unwrap_or_default();
                    // That the server went away is no failure of the call's.
                    if !output.starts_with(SERVER_WENT_AWAY) {
                        patience.ended(key, *is_error);
                    }
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

#[cfg(test)]
mod tests {
    use super::*;
    use chrono::DateTime;
    use serde_json::json;

    /// How often the same call has failed in a row after these ends of it.
    #[track_caller]
    fn check(outputs: &[&str], expect: u32) {
        let (tool, input) = ("execute_code".to_owned(), json!({"code": "x"}));
        let ends = outputs.iter().enumerate().flat_map(|(n, output)| {
            let (tool, input, call_id) = (tool.clone(), input.clone(), format!("call-{n}"));
            let start = Fact::ToolStart { call_id: call_id.clone(), tool: tool.clone(), input };
            let output = (*output).to_owned();
            [start, Fact::ToolEnd { call_id, tool, output, is_error: true, duration_ms: 1 }]
        });
        let history = ends.zip(1..).map(|(fact, seq)| Entry {
            seq,
            at: DateTime::UNIX_EPOCH,
            stage_run: None,
            event: Event::Fact(fact),
        });
        let patience = Patience::of(&history.collect::<Vec<_>>());
        assert_eq!(patience.failing.map_or(0, |(_, times)| times), expect, "{outputs:?}");
    }

    #[test]
    fn a_server_that_goes_away_tries_nobodys_patience() {
        check(&["exit code 1", "exit code 1"], 2);
        check(&[SERVER_WENT_AWAY, SERVER_WENT_AWAY, SERVER_WENT_AWAY], 0);
        check(&["exit code 1", SERVER_WENT_AWAY, "exit code 1"], 2);
    }
}
