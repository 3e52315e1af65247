//! A message from the events of its stream.

use crate::llm::{
    Block, Completion, Delta, ErrorKind, LlmError, StopReason, Usage, http::Endpoint, refusal,
    refusal::Said, sse::Assemble,
};
use eventsource_stream::Event;
use serde_json::{Value, json};

/// Builds one message. Events and deltas of unknown types say nothing; blocks of unknown types are
/// kept whole, for the API wants them back.
pub(super) struct Assembler {
    endpoint: Endpoint,
    blocks: Vec<(u64, Building)>,
    stop: Option<String>,
    usage: Usage,
}

enum Building {
    Text(String),
    Tool {
        id: String,
        name: String,
        /// What the block began with; the pieces, when there are any, replace it.
        input: Value,
        json: String,
    },
    Opaque {
        value: Value,
        json: String,
    },
}

impl Assembler {
    pub(super) fn new(endpoint: Endpoint) -> Self {
        let usage = Usage { estimated: true, ..Usage::default() };
        Self { endpoint, blocks: Vec::new(), stop: None, usage }
    }

    fn start(&mut self, event: &Value) -> Vec<Delta> {
        let index = event["index"].as_u64().unwrap_or(self.blocks.len() as u64);
        let block = &event["content_block"];
        let words = |name: &str| block[name].as_str().unwrap_or_default().to_owned();
        let mut deltas = vec![Delta::Working];
        let building = match block["type"].as_str() {
            Some("text") => {
                let text = words("text");
                if !text.is_empty() {
                    deltas = vec![Delta::Text(text.clone())];
                }
                Building::Text(text)
            }
            Some("tool_use") => Building::Tool {
                id: words("id"),
                name: words("name"),
                input: block["input"].clone(),
                json: String::new(),
            },
            Some(_) | None => Building::Opaque { value: block.clone(), json: String::new() },
        };
        self.blocks.push((index, building));
        deltas
    }

    fn delta(&mut self, event: &Value) -> Result<Vec<Delta>, LlmError> {
        let index = &event["index"];
        let found = self.blocks.iter_mut().rev().find(|(at, _)| index.as_u64() == Some(*at));
        let Some((_, building)) = found else {
            return Err(broken("the answer holds a piece of a block that never began"));
        };
        let delta = &event["delta"];
        let words = |name: &str| delta[name].as_str().unwrap_or_default();
        match (delta["type"].as_str().unwrap_or_default(), building) {
            ("text_delta", Building::Text(text)) => {
                let piece = words("text");
                text.push_str(piece);
                if !piece.is_empty() {
                    return Ok(vec![Delta::Text(piece.to_owned())]);
                }
            }
            ("input_json_delta", Building::Tool { json, .. } | Building::Opaque { json, .. }) => {
                json.push_str(words("partial_json"));
            }
            ("thinking_delta", Building::Opaque { value, .. }) => {
                append(&mut value["thinking"], words("thinking"));
            }
            ("text_delta", Building::Opaque { value, .. }) => {
                append(&mut value["text"], words("text"));
            }
            ("signature_delta", Building::Opaque { value, .. }) => {
                value["signature"] = json!(words("signature"));
            }
            _ => {}
        }
        Ok(vec![Delta::Working])
    }

    /// Later counts replace earlier ones: they are cumulative.
    fn count(&mut self, usage: &Value) {
        let ours = &mut self.usage;
        for (name, to) in [
            ("input_tokens", &mut ours.input_tokens),
            ("output_tokens", &mut ours.output_tokens),
            ("cache_read_input_tokens", &mut ours.cache_read_tokens),
            ("cache_creation_input_tokens", &mut ours.cache_write_tokens),
        ] {
            if let Some(n) = usage[name].as_u64() {
                *to = n;
                ours.estimated = false;
            }
        }
    }

    fn message_delta(&mut self, event: &Value) -> Vec<Delta> {
        self.count(&event["usage"]);
        if let Some(stop) = event["delta"]["stop_reason"].as_str() {
            self.stop = Some(stop.to_owned());
        }
        match event["delta"]["stop_details"]["explanation"].as_str() {
            Some(why) => vec![Delta::Note(format!(
                "the model refused: {}",
                self.endpoint.scrubbed(&refusal::shorten(why))
            ))],
            None => vec![Delta::Working],
        }
    }

    fn finish(&mut self) -> Completion {
        let limit = match self.stop.as_deref() {
            Some("max_tokens") => Some(StopReason::MaxTokens),
            Some("model_context_window_exceeded") => Some(StopReason::ContextOverflow),
            Some("refusal") => Some(StopReason::Refusal),
            Some("pause_turn") => Some(StopReason::PauseTurn),
            // `end_turn`, `stop_sequence`, `tool_use` and what is to come: the blocks tell.
            Some(_) | None => None,
        };
        let count = self.blocks.len();
        let blocks: Vec<Block> = std::mem::take(&mut self.blocks)
            .into_iter()
            .enumerate()
            .filter_map(|(at, (_, b))| b.finish(limit.is_some() && at + 1 == count))
            .collect();
        let calls = blocks.iter().any(|b| matches!(b, Block::ToolUse { .. }));
        let stop = limit.unwrap_or(if calls { StopReason::ToolUse } else { StopReason::EndTurn });
        Completion { blocks, stop, usage: self.usage }
    }
}

impl Assemble for Assembler {
    fn take(&mut self, event: &Event) -> Result<Vec<Delta>, LlmError> {
        let Ok(value) = serde_json::from_str::<Value>(&event.data) else {
            return Err(broken("the answer holds an event that is no JSON"));
        };
        match value["type"].as_str().unwrap_or(&event.event) {
            "message_start" => {
                self.count(&value["message"]["usage"]);
                return Ok(vec![Delta::Spent(self.usage)]);
            }
            "content_block_start" => return Ok(self.start(&value)),
            "content_block_delta" => return self.delta(&value),
            "message_delta" => return Ok(self.message_delta(&value)),
            "message_stop" => return Ok(vec![Delta::Done(self.finish())]),
            "error" => return Err(self.endpoint.refusal(None, &Said::of(&value), None)),
            // `ping`, `content_block_stop`, and whatever comes later.
            _ => {}
        }
        Ok(vec![Delta::Working])
    }

    fn end(&mut self) -> Result<Vec<Delta>, LlmError> {
        Err(broken("the answer ended in the middle"))
    }
}

impl Building {
    /// The block; `None` when it was cut off before it was whole.
    fn finish(self, cut: bool) -> Option<Block> {
        match self {
            Building::Text(text) => Some(Block::Text { text }),
            Building::Tool { id, name, input, json } => {
                let input = match serde_json::from_str(&json) {
                    Ok(input) => input,
                    Err(_) if cut => return None,
                    Err(_) if json.trim().is_empty() && input.is_null() => json!({}),
                    Err(_) if json.trim().is_empty() => input,
                    // The tool's own parser says what is wrong with it.
                    Err(_) => Value::String(json),
                };
                Some(Block::ToolUse { id, name, input })
            }
            Building::Opaque { mut value, json } => {
                let unsigned = value["signature"].as_str().is_none_or(str::is_empty);
                if cut && value["type"] == "thinking" && unsigned {
                    return None;
                }
                if let Ok(input) = serde_json::from_str::<Value>(&json) {
                    value["input"] = input;
                }
                Some(Block::Opaque { value })
            }
        }
    }
}

fn append(to: &mut Value, piece: &str) {
    match to {
        Value::String(text) => text.push_str(piece),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::Array(_) | Value::Object(_) => {
            *to = json!(piece);
        }
    }
}

fn broken(words: &str) -> LlmError {
    LlmError::new(ErrorKind::Broken, words)
}

#[cfg(test)]
#[path = "assemble_tests.rs"]
mod tests;
