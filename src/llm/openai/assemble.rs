//! A turn from the chunks of a chat completion, with the quirks that servers have.

use super::{
    calls::Calls,
    fenced::{self, Call},
};
use crate::llm::{
    Block, Completion, Delta, ErrorKind, LlmError, StopReason, Usage, http::Endpoint,
    refusal::Said, sse::Assemble,
};
use eventsource_stream::Event;
use serde_json::{Value, json};

/// Marks opaque blocks of this wire.
pub(super) const WIRE: &str = "openai";

/// What is known before the first chunk.
pub(super) struct Asked {
    /// The tools that were offered.
    pub(super) tools: Vec<String>,
    /// They were offered in words, and calls are looked for in the text.
    pub(super) in_prose: bool,
    /// Goes into the ids of calls that come without one.
    pub(super) seed: String,
    /// The length of the request, from which missing counts are estimated.
    pub(super) bytes: usize,
}

/// Builds one turn.
pub(super) struct Assembler {
    endpoint: Endpoint,
    asked: Asked,
    text: String,
    reasoning: String,
    refused: bool,
    calls: Calls,
    finish: Option<String>,
    usage: Value,
}

impl Assembler {
    pub(super) fn new(endpoint: Endpoint, asked: Asked) -> Self {
        Self {
            endpoint,
            asked,
            text: String::new(),
            reasoning: String::new(),
            refused: false,
            calls: Calls::default(),
            finish: None,
            usage: Value::Null,
        }
    }

    fn chunk(&mut self, chunk: &Value) -> Result<Vec<Delta>, LlmError> {
        for usage in [&chunk["usage"], &chunk["x_groq"]["usage"]] {
            if usage.is_object() {
                self.usage = usage.clone();
            }
        }
        let choice = &chunk["choices"][0];
        if let Some(reason) = choice["finish_reason"].as_str().filter(|r| !r.is_empty()) {
            self.finish = Some(reason.to_lowercase());
        }
        // A server that does not stream sends the whole message at once.
        let delta = match &choice["delta"] {
            Value::Null => &choice["message"],
            delta => delta,
        };
        let mut piece = words(&delta["content"]);
        if let Some(refusal) = delta["refusal"].as_str().filter(|r| !r.is_empty()) {
            self.refused = true;
            piece.push_str(refusal);
        }
        if let Some(reasoning) = delta["reasoning_content"].as_str() {
            self.reasoning.push_str(reasoning);
        }
        match &delta["tool_calls"] {
            Value::Array(pieces) => pieces.iter().for_each(|p| self.calls.add(p)),
            piece @ Value::Object(_) => self.calls.add(piece),
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
        }
        if delta["function_call"].is_object() {
            self.calls.add(&json!({ "index": 0, "function": delta["function_call"] }));
        }
        if piece.is_empty() {
            return Ok(vec![Delta::Working]);
        }
        self.text.push_str(&piece);
        Ok(vec![Delta::Text(piece)])
    }

    fn finish(&mut self) -> Result<Vec<Delta>, LlmError> {
        let limit = match self.finish.as_deref() {
            Some("length" | "max_tokens" | "model_length") => Some(StopReason::MaxTokens),
            Some("content_filter") => Some(StopReason::Refusal),
            Some("error") => {
                return Err(broken(ErrorKind::Unreachable, "the model's server failed"));
            }
            // `stop`, `tool_calls` and the rest: servers mix them up, the blocks tell.
            Some(_) | None if self.refused => Some(StopReason::Refusal),
            Some(_) | None => None,
        };
        let usage = self.count();
        let blocks = self.blocks(limit.is_some());
        let called = blocks.iter().any(|b| matches!(b, Block::ToolUse { .. }));
        let stop = limit.unwrap_or(if called { StopReason::ToolUse } else { StopReason::EndTurn });
        Ok(vec![Delta::Done(Completion { blocks, stop, usage })])
    }

    fn blocks(&mut self, cut: bool) -> Vec<Block> {
        let mut text = std::mem::take(&mut self.text);
        let mut blocks = Vec::new();
        let mut calls = std::mem::take(&mut self.calls).finish(&self.asked.seed, cut);
        if calls.is_empty() {
            let tools = &self.asked.tools;
            let found = match self.asked.in_prose {
                true => fenced::parse(&text, tools, cut).map(|(before, call)| (before, vec![call])),
                false => fenced::tagged(&text, tools, cut),
            };
            if let Some((before, found)) = found {
                text = before;
                let id = |at: usize| format!("call_{}_{at}", self.asked.seed);
                calls.extend(
                    found.into_iter().enumerate().map(|(at, Call { name, input })| {
                        Block::ToolUse { id: id(at), name, input }
                    }),
                );
            }
        }
        if !self.reasoning.is_empty() && !calls.is_empty() {
            let reasoning = std::mem::take(&mut self.reasoning);
            let value = json!({ "wire": WIRE, "reasoning_content": reasoning });
            blocks.push(Block::Opaque { value });
        }
        if !text.trim().is_empty() {
            blocks.push(Block::Text { text });
        }
        blocks.extend(calls);
        blocks
    }

    /// The server's counts; what it does not say is estimated at four bytes a token.
    fn count(&self) -> Usage {
        let usage = &self.usage;
        let details = &usage["prompt_tokens_details"];
        let hit = details["cached_tokens"].as_u64().or(usage["prompt_cache_hit_tokens"].as_u64());
        let read = hit.unwrap_or(0);
        let write = details["cache_write_tokens"].as_u64().unwrap_or(0);
        let prompt = usage["prompt_tokens"].as_u64();
        let completion = usage["completion_tokens"].as_u64();
        let said = self.text.len() + self.reasoning.len() + self.calls.bytes();
        let estimate = |bytes: usize| bytes.div_ceil(4) as u64;
        Usage {
            input_tokens: prompt
                .unwrap_or_else(|| estimate(self.asked.bytes))
                .saturating_sub(read + write),
            output_tokens: completion.unwrap_or_else(|| estimate(said)),
            cache_read_tokens: read,
            cache_write_tokens: write,
            estimated: prompt.is_none() || completion.is_none(),
        }
    }

    fn is_empty(&self) -> bool {
        self.text.is_empty() && self.reasoning.is_empty() && self.calls.is_empty()
    }
}

impl Assemble for Assembler {
    fn take(&mut self, event: &Event) -> Result<Vec<Delta>, LlmError> {
        if event.data.trim() == "[DONE]" {
            return match self.finish.is_none() && self.is_empty() {
                true => Err(broken(ErrorKind::Broken, "the answer is empty")),
                false => self.finish(),
            };
        }
        let Ok(value) = serde_json::from_str::<Value>(&event.data) else {
            return Err(broken(ErrorKind::Broken, "the answer holds a chunk that is no JSON"));
        };
        if event.event == "error" || value["object"] == "error" || !value["error"].is_null() {
            return Err(self.endpoint.refusal(None, &Said::of(&value), None));
        }
        self.chunk(&value)
    }

    fn end(&mut self) -> Result<Vec<Delta>, LlmError> {
        match self.finish {
            Some(_) => self.finish(),
            None => Err(broken(ErrorKind::Broken, "the answer ended in the middle")),
        }
    }
}

/// The words of a content: a text, or parts of which some are texts.
fn words(content: &Value) -> String {
    match content {
        Value::String(text) => text.clone(),
        Value::Array(parts) => parts.iter().filter_map(|p| p["text"].as_str()).collect(),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::Object(_) => String::new(),
    }
}

fn broken(kind: ErrorKind, words: &str) -> LlmError {
    LlmError::new(kind, words)
}

#[cfg(test)]
#[path = "assemble_tests.rs"]
mod tests;
