//! What comes next, whatever the stage: the first step that is not done, taken again with less data when memory or
//! time ran out, given up when that cannot help; then the end of the stage, and a repair when the loop refuses it.

use super::{
    eda, prep,
    script::{Constant, Script, render},
    train,
    transcript::{Ending, Transcript},
};
use crate::llm::{Block, Request, StopReason};
use entity::vocab::Stage;
use serde_json::{Value, json};
use std::fmt::Write;

/// How often a step is taken again with a quarter of the rows.
const SHRINKS: u32 = 2;
/// How often a step is taken again whose outcome nobody knows.
const INTERRUPTIONS: usize = 3;
/// Bytes asked for when a file is read: the tool's own limit.
const READ_BYTES: u64 = 262_144;
/// Lines of what a script found that are said again.
const QUOTED: usize = 9;

/// The next thing to do.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Move {
    Run {
        script: Script,
        slug: &'static str,
        constants: Vec<(&'static str, Constant)>,
        /// Why it comes now, for the user.
        why: String,
        /// A file to read after it.
        then_read: Option<&'static str>,
    },
    Read {
        path: &'static str,
        why: String,
    },
    Finish {
        summary: String,
    },
    /// Cannot go on: one sentence for the user.
    Stop {
        sentence: String,
    },
}

/// A turn of the conversation.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Turn {
    pub text: String,
    /// Id, tool and input.
    pub calls: Vec<(String, &'static str, Value)>,
}

impl Turn {
    pub(super) fn stop(&self) -> StopReason {
        if self.calls.is_empty() { StopReason::EndTurn } else { StopReason::ToolUse }
    }

    pub(super) fn blocks(self) -> Vec<Block> {
        let calls = self.calls.into_iter();
        let calls =
            calls.map(|(id, name, input)| Block::ToolUse { id, name: name.to_owned(), input });
        std::iter::once(Block::Text { text: self.text }).chain(calls).collect()
    }
}

/// A step of a stage, in the order of the stage.
pub(super) trait Step: Copy + PartialEq + 'static {
    const ALL: &'static [Self];
    fn slug(self) -> &'static str;
    /// A few words for the plan.
    fn title(self) -> &'static str;
    /// Whether the stage is worth finishing without it.
    fn optional(self) -> bool {
        false
    }
}

/// How a step stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Standing {
    /// To be taken, with a quarter of the rows for each shrink.
    Todo {
        shrink: u32,
    },
    Done,
    /// It will not succeed, for this reason.
    GivenUp(String),
}

pub(super) fn standing(transcript: &Transcript, slug: &str) -> Standing {
    let (mut shrink, mut interruptions) = (0, 0);
    let mut last = Standing::Todo { shrink: 0 };
    for run in transcript.of(slug) {
        last = match &run.ending {
            Ending::Succeeded => Standing::Done,
            Ending::OutOfMemory | Ending::TimedOut => {
                shrink += 1;
                let what = if run.ending == Ending::TimedOut {
                    "took too long"
                } else {
                    "ran out of memory"
                };
                if shrink > SHRINKS {
                    Standing::GivenUp(format!("it {what}, also with a sixteenth of the rows"))
                } else {
                    Standing::Todo { shrink }
                }
            }
            Ending::Interrupted => {
                interruptions += 1;
                if interruptions > INTERRUPTIONS {
                    Standing::GivenUp(format!("it was interrupted {interruptions} times"))
                } else {
                    Standing::Todo { shrink }
                }
            }
            Ending::NoModule(name) => {
                Standing::GivenUp(format!("the package `{name}` is not installed"))
            }
            Ending::Raised(line) => Standing::GivenUp(line.clone()),
        };
    }
    last
}

/// The first step that is not done, with how often it must shrink; the move that ends the stage when one that is
/// needed was given up; `None` when all is done.
pub(super) fn next_step<S: Step>(transcript: &Transcript) -> Result<Option<(S, u32)>, Move> {
    for step in S::ALL {
        match standing(transcript, step.slug()) {
            Standing::Done => {}
            Standing::Todo { shrink } => return Ok(Some((*step, shrink))),
            Standing::GivenUp(_) if step.optional() => {}
            Standing::GivenUp(why) => {
                let sentence = format!("The step “{}” failed: {}", step.title(), ended(&why));
                return Err(Move::Stop { sentence });
            }
        }
    }
    Ok(None)
}

/// What the report must say about steps that were given up or taken with fewer rows.
pub(super) fn remarks<S: Step>(transcript: &Transcript) -> Vec<String> {
    let mut remarks = Vec::new();
    for step in S::ALL {
        let ended = |ending: Ending| transcript.of(step.slug()).any(|run| run.ending == ending);
        match standing(transcript, step.slug()) {
            Standing::GivenUp(why) => {
                remarks.push(format!("Not done: {} ({why})", step.title()));
            }
            Standing::Done if ended(Ending::TimedOut) => remarks.push(format!(
                "{}: with fewer rows, because it took too long; on another machine the figures may differ",
                step.title()
            )),
            Standing::Done if ended(Ending::OutOfMemory) => remarks
                .push(format!("{}: with fewer rows, because memory ran out", step.title())),
            Standing::Done | Standing::Todo { .. } => {}
        }
    }
    remarks
}

/// Whether no clock had a say: a step that took too long would have been cut elsewhere on
/// another machine.
pub(super) fn reproducible(transcript: &Transcript) -> bool {
    transcript.runs.iter().all(|run| run.ending != Ending::TimedOut)
}

/// The end of a stage. What the loop misses is made once more by `repair`; missing it again ends the stage.
pub(super) fn finish(
    transcript: &Transcript,
    summary: String,
    repair: impl FnOnce(&'static str) -> Move,
) -> Move {
    const AGAIN: &str = "again";
    match (transcript.refusals.last(), standing(transcript, AGAIN)) {
        (None, _) => Move::Finish { summary },
        (Some(_), Standing::Todo { .. }) if transcript.refusals.len() == 1 => repair(AGAIN),
        (Some(_), Standing::Done) if transcript.refusals.len() == 1 => {
            Move::Finish { summary: format!("{summary} (Made again after a first check.)") }
        }
        (Some(why), _) => {
            let why = why.split_whitespace().collect::<Vec<_>>().join(" ");
            Move::Stop { sentence: format!("The stage could not be completed: {}", ended(&why)) }
        }
    }
}

/// A file that was read, or the move that reads it.
pub(super) fn json_file(
    transcript: &Transcript,
    path: &'static str,
    why: &str,
    absent: &str,
) -> Result<Value, Move> {
    match transcript.reads.get(path) {
        None => Err(Move::Read { path, why: why.to_owned() }),
        Some(Ok(text)) => serde_json::from_str(text).map_err(|error| Move::Stop {
            sentence: format!("`{path}` cannot be understood: {error}."),
        }),
        Some(Err(_)) => Err(Move::Stop { sentence: absent.to_owned() }),
    }
}

/// The next turn.
pub(super) fn turn(request: &Request) -> Turn {
    let has = |name: &str| request.tools.iter().any(|tool| tool.name == name);
    if !has("finish_stage") {
        // A follow-up: a question about a stage that is over.
        let text = "I am the autopilot: I follow fixed rules and have no language model, so I cannot answer questions. \
                    What was found is in the reports of the stages; with a model's key in the settings, a model can discuss them.";
        return Turn { text: text.into(), calls: Vec::new() };
    }
    let transcript = Transcript::read(&request.messages);
    let brief = &request.brief;
    let (next, plan) = match brief.stage {
        Stage::Eda => (eda::next(brief, &transcript), plan::<eda::Eda>(&transcript)),
        Stage::Prep => (prep::next(brief, &transcript), plan::<prep::Prep>(&transcript)),
        Stage::Train => (train::next(brief, &transcript), plan::<train::Train>(&transcript)),
    };
    let mut calls = Vec::new();
    let mut call = |name: &'static str, input: Value| {
        let number = transcript.calls + calls.len() + 1;
        calls.push((format!("{}-{number:03}", brief.stage), name, input));
    };
    if has("update_plan") && !matches!(next, Move::Read { .. } | Move::Stop { .. }) {
        call("update_plan", plan);
    }
    let mut text = remark(&transcript);
    match next {
        Move::Run { script, slug, constants, why, then_read } => {
            let _ = write!(text, "{}{why}", acknowledgement(&transcript));
            // Its scripts size themselves by the data; the stage's limit is theirs.
            let code = render(script, &constants);
            call("execute_code", json!({"code": code, "slug": slug, "heavy": true}));
            if let Some(path) = then_read {
                call("read_file", json!({"path": path, "limit": READ_BYTES}));
            }
        }
        Move::Read { path, why } => {
            let _ = write!(text, "{}{why}", acknowledgement(&transcript));
            call("read_file", json!({"path": path, "limit": READ_BYTES}));
        }
        Move::Finish { summary } => {
            text.push_str("Everything this stage owes is there, so I finish it.");
            call("finish_stage", json!({"summary": summary}));
        }
        // The loop shows these words as the reason of the failure: they stand alone.
        Move::Stop { sentence } => text = sentence,
    }
    Turn { text, calls }
}

/// What the last script found, or how it failed.
fn remark(transcript: &Transcript) -> String {
    let Some(run) = transcript.runs.last().filter(|_| transcript.fresh_run) else {
        return String::new();
    };
    match &run.ending {
        Ending::Succeeded if run.found.is_empty() => String::new(),
        Ending::Succeeded => {
            let lines: Vec<_> = run.found.iter().take(QUOTED).map(|line| format!("- {line}")).collect();
            format!("{}\n\n", lines.join("\n"))
        }
        Ending::OutOfMemory => "That ran out of memory, so I take the step again with a quarter of the rows and say so in the report.\n\n".into(),
        Ending::TimedOut => "That took too long, so I take the step again with a quarter of the rows and say so in the report.\n\n".into(),
        Ending::Interrupted => "That was interrupted before its outcome was known; the step can safely be taken again.\n\n".into(),
        Ending::NoModule(name) => format!("The package `{name}` is not installed; I go on without that step.\n\n"),
        Ending::Raised(line) => format!("That step failed ({}), and I go on without it.\n\n", line.trim_end_matches('.')),
    }
}

fn acknowledgement(transcript: &Transcript) -> &'static str {
    if transcript.new_words.is_empty() {
        return "";
    }
    "I have your message, but I follow fixed rules and cannot act on free text: the target and the instructions given at the start are what I \
     go by. A model can be steered; I go on as planned.\n\n"
}

/// The task list.
fn plan<S: Step>(transcript: &Transcript) -> Value {
    let mut current = false;
    let steps = S::ALL.iter().map(|step| {
        let status = match standing(transcript, step.slug()) {
            Standing::Done | Standing::GivenUp(_) => "done",
            Standing::Todo { .. } if !std::mem::replace(&mut current, true) => "in_progress",
            Standing::Todo { .. } => "pending",
        };
        json!({"title": step.title(), "status": status})
    });
    json!({"steps": steps.collect::<Vec<_>>()})
}

/// With a full stop.
fn ended(text: &str) -> String {
    format!("{}.", text.trim_end_matches('.'))
}

/// `rows` divided by four for each shrink, and never below `least`.
pub(super) fn shrunk(rows: u64, shrink: u32, least: u64) -> u64 {
    (rows >> (2 * shrink)).max(least)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::autopilot::testing::Conversation;

    #[track_caller]
    fn check(conversation: &Conversation, slug: Option<&str>, words: &str) {
        let turn = turn(&conversation.request());
        let ran = turn.calls.iter().find(|(_, name, _)| *name == "execute_code");
        assert_eq!(ran.map(|(_, _, input)| input["slug"].as_str().unwrap()), slug, "{}", turn.text);
        assert!(turn.text.contains(words), "{}", turn.text);
    }

    #[test]
    fn starts_with_the_first_step() {
        check(&Conversation::new(Stage::Eda), Some("profile"), "every column");
    }

    #[test]
    fn says_what_was_found_and_goes_on() {
        let done = Conversation::new(Stage::Eda).ran(
            "profile",
            "exit code 0 in 1 s\n--- stdout ---\n• 7 gaps",
            false,
        );
        check(&done, Some("relations"), "- 7 gaps");
    }

    #[test]
    fn shrinks_when_memory_ends_and_gives_up_in_the_end() {
        let oom = "killed: out of memory at 4096 MiB";
        let start = Conversation::new(Stage::Eda).ran("profile", "exit code 0 in 1 s", false);
        let once = start.ran("relations", oom, true);
        check(&once, Some("relations"), "a quarter of the rows");
        let turn = turn(&once.request());
        let code = turn.calls.iter().find_map(|(.., input)| input["code"].as_str()).unwrap();
        assert!(code.contains("SAMPLE_ROWS = 5000\n"));
        let thrice = once.ran("relations", oom, true).ran("relations", oom, true);
        check(&thrice, None, "also with a sixteenth of the rows");
    }

    #[test]
    fn takes_an_interrupted_step_again() {
        let cut = Conversation::new(Stage::Eda).ran(
            "profile",
            "interrupted: the sandbox went away",
            true,
        );
        check(&cut, Some("profile"), "interrupted");
    }

    #[test]
    fn stops_when_a_needed_step_fails() {
        let failed = Conversation::new(Stage::Eda).ran(
            "profile",
            "exit code 1 in 1 s\n--- stderr ---\nValueError: odd",
            true,
        );
        check(&failed, None, "ValueError: odd.");
        assert_eq!(turn(&failed.request()).stop(), StopReason::EndTurn);
    }

    #[test]
    fn says_that_it_cannot_be_steered() {
        let said = Conversation::new(Stage::Eda)
            .ran("profile", "exit code 0 in 1 s", false)
            .said("use a forest");
        check(&said, Some("relations"), "cannot act on free text");
    }

    #[test]
    fn answers_a_follow_up_honestly() {
        let mut request = Conversation::new(Stage::Train).request();
        request.tools.retain(|tool| tool.name != "finish_stage");
        assert!(turn(&request).text.contains("no language model"));
    }
}
