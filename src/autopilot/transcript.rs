//! What has been done so far, read from the conversation: each tool call and how it ended.
//!
//! Knows the words in which the loop answers, and nothing of what they mean for a stage.

use crate::llm::{Block, Message};
use serde_json::Value;
use std::collections::HashMap;

/// How a script ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Ending {
    Succeeded,
    OutOfMemory,
    TimedOut,
    /// It stopped itself or raised: the last line it wrote to stderr.
    Raised(String),
    /// A package that is not installed.
    NoModule(String),
    /// Nobody knows whether it ran to its end: the server or the sandbox went away.
    Interrupted,
}

/// One run of a script, in the order in which they were asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Run {
    pub slug: String,
    pub ending: Ending,
    /// What it found, in its own words: the lines of stdout that begin with a bullet.
    pub found: Vec<String>,
}

/// The conversation of a stage run, as far as it matters for the next step.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Transcript {
    pub runs: Vec<Run>,
    /// The last answer to reading each file: its text, or why it could not be read.
    pub reads: HashMap<String, Result<String, String>>,
    /// Why the loop did not accept each `finish_stage`.
    pub refusals: Vec<String>,
    /// Runs that came before the last refusal.
    pub runs_before_refusal: usize,
    /// Whether the last answer was to a script that nobody has commented on yet.
    pub fresh_run: bool,
    /// Words that the user or the loop said after the last answer.
    pub new_words: Vec<String>,
    /// Calls made so far: the next call's number.
    pub calls: usize,
}

impl Transcript {
    pub(super) fn read(messages: &[Message]) -> Self {
        let mut transcript = Self::default();
        let mut open: HashMap<&str, (&str, &Value)> = HashMap::new();
        for (position, message) in messages.iter().enumerate() {
            match message {
                Message::User { text } if position > 0 && !of_the_loop(text) => {
                    transcript.new_words.push(text.clone());
                }
                Message::User { .. } => {}
                Message::Assistant { blocks } => {
                    transcript.new_words.clear();
                    transcript.fresh_run = false;
                    for block in blocks {
                        match block {
                            Block::ToolUse { id, name, input } => {
                                open.insert(id, (name, input));
                                transcript.calls += 1;
                            }
                            Block::Text { .. } | Block::Opaque { .. } => {}
                        }
                    }
                }
                Message::ToolResults { results } => {
                    for result in results {
                        if let Some((tool, input)) = open.remove(result.call_id.as_str()) {
                            transcript.answered(tool, input, &result.output, result.is_error);
                        }
                    }
                }
            }
        }
        transcript
    }

    fn answered(&mut self, tool: &str, input: &Value, output: &str, is_error: bool) {
        let field = |name: &str| input[name].as_str().unwrap_or_default().to_owned();
        match tool {
            "execute_code" => {
                self.fresh_run = true;
                let ending = ending(output, is_error);
                self.runs.push(Run { slug: field("slug"), ending, found: found(output) });
            }
            "read_file" => {
                let text = output.to_owned();
                let answer = if is_error { Err(text) } else { Ok(text) };
                self.reads.insert(field("path"), answer);
            }
            "finish_stage" if is_error => {
                self.refusals.push(output.to_owned());
                self.runs_before_refusal = self.runs.len();
            }
            // A plan, a listing, and whatever a tool of tomorrow answers decide nothing.
            _ => {}
        }
    }

    /// The runs of one script.
    pub(super) fn of<'a>(&'a self, slug: &'a str) -> impl Iterator<Item = &'a Run> {
        self.runs.iter().filter(move |run| run.slug == slug)
    }
}

/// What the loop says of resuming and of budgets: nobody's wish, and nothing to answer.
fn of_the_loop(text: &str) -> bool {
    text.starts_with("The stage was stopped and now goes on")
        || text.contains("are used. Bring the work to a good end")
}

fn ending(output: &str, is_error: bool) -> Ending {
    let head = output.lines().next().unwrap_or_default().to_lowercase();
    if !is_error {
        return Ending::Succeeded;
    }
    // Without a memory cgroup the kernel's own killer is all that is seen.
    if head.contains("out of memory") || head.starts_with("killed by signal 9") {
        return Ending::OutOfMemory;
    }
    if head.starts_with("timed out") {
        return Ending::TimedOut;
    }
    let stderr = section(output, "stderr");
    let last = stderr.lines().rev().map(str::trim).find(|line| !line.is_empty());
    // Python's own words when memory ends before the limit does.
    if last.is_some_and(|line| line.contains("MemoryError") || line.contains("bad_alloc")) {
        return Ending::OutOfMemory;
    }
    if !head.starts_with("exit code") && !head.starts_with("killed") {
        return Ending::Interrupted;
    }
    if let Some(name) =
        last.and_then(|line| line.strip_prefix("ModuleNotFoundError: No module named "))
    {
        return Ending::NoModule(name.trim_matches(['\'', '"']).to_owned());
    }
    Ending::Raised(last.map_or_else(|| head.clone(), |line| shortened(line, 400)))
}

fn found(output: &str) -> Vec<String> {
    let bullet = |line: &str| line.strip_prefix("• ").map(|rest| shortened(rest, 300));
    section(output, "stdout").lines().filter_map(bullet).collect()
}

/// The text between one `--- title ---` line and the next.
fn section<'a>(output: &'a str, title: &str) -> &'a str {
    let mark = format!("--- {title} ---\n");
    let Some(start) = output.find(&mark).map(|at| at + mark.len()) else { return "" };
    let rest = &output[start..];
    let ends = ["\n--- stderr ---\n", "\n--- files ---\n", "\n--- problems ---\n"];
    let end = ends.iter().filter_map(|mark| rest.find(mark)).min();
    &rest[..end.unwrap_or(rest.len())]
}

/// At most `limit` characters of a line.
fn shortened(line: &str, limit: usize) -> String {
    match line.char_indices().nth(limit) {
        Some((at, _)) => format!("{}…", &line[..at]),
        None => line.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(output: &str, is_error: bool, expect: Ending) {
        assert_eq!(ending(output, is_error), expect);
    }

    #[test]
    fn tells_how_a_script_ended() {
        check("exit code 0 in 3.2 s\n--- stdout ---\n• x", false, Ending::Succeeded);
        check("killed: out of memory at 4096 MiB; sample", true, Ending::OutOfMemory);
        check("timed out after 600 s; take less data", true, Ending::TimedOut);
        check("interrupted: the sandbox went away", true, Ending::Interrupted);
        check("the sandbox did not start: busy", true, Ending::Interrupted);
        check(
            "exit code 1 in 1.0 s\n--- stderr ---\nTraceback\nModuleNotFoundError: No module named 'xgboost'\n",
            true,
            Ending::NoModule("xgboost".into()),
        );
        check(
            "exit code 1 in 1.0 s\n--- stderr ---\nonly 12 rows are usable\n--- files ---\na",
            true,
            Ending::Raised("only 12 rows are usable".into()),
        );
        check(
            "exit code 1 in 1.0 s\n--- stderr ---\nnumpy._core._exceptions._ArrayMemoryError: Unable to allocate",
            true,
            Ending::OutOfMemory,
        );
        check(
            "killed by signal 11 after 2.0 s",
            true,
            Ending::Raised("killed by signal 11 after 2.0 s".into()),
        );
    }

    #[test]
    fn reads_what_a_script_found() {
        let output = "exit code 0 in 1 s\n--- stdout ---\n• 10 rows\n[image] x\n• 2 gaps\n--- files ---\n• no";
        assert_eq!(found(output), ["10 rows", "2 gaps"]);
    }
}
