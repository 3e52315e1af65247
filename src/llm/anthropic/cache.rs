//! Where the prompt cache is told to remember.
//!
//! A breakpoint writes everything before it, in the order tools, system, messages. A later request
//! finds what was written at its own breakpoints, or at most 20 blocks before one. Four are allowed:
//!
//! 1. the end of the system text: every run of the stage shares it;
//! 2. the end of the first message, the brief: what stays when later messages are condensed;
//! 3. the end of the user's message before the last: exactly where the request before this one
//!    wrote, however many blocks the turn between had;
//! 4. the end of the last message, for the request after this one.
//!
//! *Source*: platform.claude.com/docs/en/build-with-claude/prompt-caching, read 2026-11-25.

use super::request::is_thought;
use serde_json::{Value, json};

/// Sets the breakpoints.
pub(super) fn mark(tools: &mut [Value], system: &mut [Value], messages: &mut [Value]) {
    match system.last_mut() {
        Some(block) => set(block),
        None => {
            if let Some(tool) = tools.last_mut() {
                set(tool);
            }
        }
    }
    let last = messages.len().checked_sub(1);
    let users = messages.iter().enumerate().filter(|(_, m)| m["role"] == "user").map(|(at, _)| at);
    let before = users.rev().find(|at| Some(*at) != last);
    let mut places = vec![(!messages.is_empty()).then_some(0), before, last];
    places.dedup();
    for at in places.into_iter().flatten() {
        let blocks = messages[at]["content"].as_array_mut().into_iter().flatten();
        // A thought takes no mark.
        if let Some(block) = blocks.rev().find(|b| !is_thought(b)) {
            set(block);
        }
    }
}

fn set(block: &mut Value) {
    block["cache_control"] = json!({ "type": "ephemeral" });
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::llm::{
        Block, Message, ToolResult,
        anthropic::request::{Thoughts, body},
        testing,
    };
    use std::{
        collections::HashSet,
        hash::{DefaultHasher, Hash, Hasher},
    };

    /// The cache as it is documented: prefixes that were written, and a look back of 20 blocks.
    #[derive(Default)]
    struct Cache(HashSet<u64>);

    impl Cache {
        /// Bytes that were read from it and bytes of the whole prompt.
        fn serve(&mut self, body: &Value) -> (usize, usize) {
            let mut blocks: Vec<Value> = Vec::new();
            blocks.extend(body["tools"].as_array().into_iter().flatten().cloned());
            blocks.extend(body["system"].as_array().into_iter().flatten().cloned());
            for message in body["messages"].as_array().unwrap() {
                blocks.extend(message["content"].as_array().unwrap().iter().cloned());
            }
            let (mut prefixes, mut marks) = (Vec::new(), Vec::new());
            let (mut hasher, mut bytes) = (DefaultHasher::new(), 0);
            for (at, block) in blocks.iter_mut().enumerate() {
                if block.as_object_mut().unwrap().remove("cache_control").is_some() {
                    marks.push(at);
                }
                let text = block.to_string();
                text.hash(&mut hasher);
                bytes += text.len();
                prefixes.push((hasher.clone().finish(), bytes));
            }
            assert!(marks.len() <= 4, "{} breakpoints", marks.len());
            let hit = marks
                .iter()
                .flat_map(|mark| mark.saturating_sub(20)..=*mark)
                .filter(|at| self.0.contains(&prefixes[*at].0))
                .max();
            self.0.extend(marks.iter().map(|at| prefixes[*at].0));
            (hit.map_or(0, |at| prefixes[at].1), bytes)
        }
    }

    fn turn(n: usize, calls: usize) -> [Message; 2] {
        let id = |i: usize| format!("call_{n}_{i}");
        let thought = json!({ "type": "thinking", "thinking": "hm", "signature": n.to_string() });
        let mut blocks = vec![Block::Opaque { value: thought }];
        blocks.extend((0..calls).map(|i| Block::ToolUse {
            id: id(i),
            name: "execute_code".into(),
            input: json!({ "code": "print(1)\n".repeat(40) }),
        }));
        let result = |i| ToolResult { call_id: id(i), output: "1\n".repeat(400), is_error: false };
        let results = (0..calls).map(result).collect();
        [Message::Assistant { blocks }, Message::ToolResults { results }]
    }

    /// Plays a stage; from the second request on, all that the request before sent is read.
    #[track_caller]
    fn check(calls: impl Fn(usize) -> usize, least_share: f64) {
        let mut cache = Cache::default();
        let brief = Message::User { text: "brief ".repeat(2_000) };
        let mut request = testing::request("claude-opus-5-5", vec![brief]);
        request.system = "system ".repeat(1_000);
        let (mut read, mut total, mut before) = (0, 0, 0);
        for n in 1..=30 {
            let (hit, whole) = cache.serve(&body(&request, Thoughts::Kept));
            assert_eq!(hit, before, "turn {n} pays again for what was sent before");
            before = whole;
            read += hit;
            total += whole;
            request.messages.extend(turn(n, calls(n)));
            if n % 7 == 0 {
                request.messages.push(Message::User { text: format!("steer {n}") });
            }
        }
        let share = read as f64 / total as f64;
        assert!(share >= least_share, "only {share:.3} was read from the cache");
    }

    #[test]
    fn a_stage_of_thirty_turns_rereads() {
        check(|_| 1, 0.93);
        check(|n| if n % 3 == 0 { 12 } else { 2 }, 0.9);
        check(|_| 30, 0.9);
    }

    #[test]
    fn what_is_condensed_keeps_the_brief() {
        let mut cache = Cache::default();
        let brief = Message::User { text: "brief ".repeat(2_000) };
        let mut request = testing::request("claude-opus-5-5", vec![brief]);
        let (_, prefix) = cache.serve(&body(&request, Thoughts::Kept));
        request.messages.extend(turn(1, 30));
        cache.serve(&body(&request, Thoughts::Kept));
        request.messages[2] = Message::User { text: "condensed".into() };
        request.messages.extend(turn(2, 30));
        assert_eq!(cache.serve(&body(&request, Thoughts::Kept)).0, prefix);
    }
}
