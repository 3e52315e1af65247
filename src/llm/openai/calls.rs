//! Tool calls from their pieces, whatever a server leaves out.

use super::assemble::WIRE;
use crate::llm::Block;
use serde_json::{Value, json};
use std::collections::BTreeSet;

/// The calls of one turn, in the order in which they began.
#[derive(Default)]
pub(super) struct Calls(Vec<Building>);

#[derive(Default)]
struct Building {
    index: Option<u64>,
    id: String,
    name: String,
    arguments: String,
    /// What the server wants back with the call.
    extra: Value,
}

impl Calls {
    /// Adds one piece: the beginning of a call, its continuation, or a whole call.
    pub(super) fn add(&mut self, piece: &Value) {
        let index = piece["index"].as_u64();
        let id = piece["id"].as_str().unwrap_or_default();
        let function = &piece["function"];
        let name = function["name"].as_str().unwrap_or_default();
        let at = self.place(index, id, name).unwrap_or_else(|| {
            self.0.push(Building { index, ..Building::default() });
            self.0.len() - 1
        });
        let call = &mut self.0[at];
        if call.id.is_empty() {
            call.id = id.to_owned();
        }
        if call.name.is_empty() {
            call.name = name.to_owned();
        }
        match &function["arguments"] {
            Value::String(part) => call.arguments.push_str(part),
            whole @ (Value::Object(_) | Value::Array(_)) => call.arguments = whole.to_string(),
            Value::Null | Value::Bool(_) | Value::Number(_) => {}
        }
        if piece["extra_content"].is_object() {
            call.extra = piece["extra_content"].clone();
        }
    }

    /// The call that a piece continues; `None` when it begins one.
    fn place(&self, index: Option<u64>, id: &str, name: &str) -> Option<usize> {
        let known = |id: &str| self.0.iter().rposition(|c| c.id == id);
        let begins = !id.is_empty() || !name.is_empty();
        let at = match index {
            // Some servers give every call the index 0; the last of them is meant.
            Some(_) => self.0.iter().rposition(|c| c.index == index)?,
            None if !id.is_empty() => return known(id),
            None if begins => return None,
            None => self.0.len().checked_sub(1)?,
        };
        let call = &self.0[at];
        let other_id = !id.is_empty() && !call.id.is_empty() && id != call.id;
        let again = id.is_empty()
            && !name.is_empty()
            && serde_json::from_str::<Value>(&call.arguments).is_ok();
        (!other_id && !again).then_some(at)
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The length of all that was written.
    pub(super) fn bytes(&self) -> usize {
        self.0.iter().map(|c| c.name.len() + c.arguments.len()).sum()
    }

    /// The blocks. Missing and repeated ids are replaced; when the answer was `cut` off, a last
    /// call that is not whole is left out.
    pub(super) fn finish(self, seed: &str, cut: bool) -> Vec<Block> {
        let count = self.0.len();
        let mut seen = BTreeSet::new();
        let mut blocks = Vec::new();
        for (at, call) in self.0.into_iter().enumerate() {
            let parsed = serde_json::from_str(&call.arguments);
            if cut && at + 1 == count && parsed.is_err() {
                continue;
            }
            let id = match call.id.is_empty() || !seen.insert(call.id.clone()) {
                true => format!("call_{seed}_{at}"),
                false => call.id,
            };
            if call.extra.is_object() {
                let value = json!({ "wire": WIRE, "call": id, "extra_content": call.extra });
                blocks.push(Block::Opaque { value });
            }
            let input = match parsed {
                Ok(Value::Null) => json!({}),
                // Encoded twice.
                Ok(Value::String(text)) => {
                    serde_json::from_str(&text).unwrap_or(Value::String(text))
                }
                Ok(input) => input,
                Err(_) if call.arguments.trim().is_empty() => json!({}),
                // The tool's own parser says what is wrong with it.
                Err(_) => Value::String(call.arguments),
            };
            blocks.push(Block::ToolUse { id, name: call.name, input });
        }
        blocks
    }
}
