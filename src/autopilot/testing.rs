//! Conversations for the tests, as the loop would have them.

use crate::llm::{Block, Brief, Message, Request, ToolResult, ToolSpec};
use entity::vocab::Stage;
use serde_json::{Value, json};

pub(super) fn brief(stage: Stage) -> Brief {
    let columns = json!([
        {"name": "x", "kind": "numeric", "unique": 300, "missing": 0},
        {"name": "class", "kind": "categorical", "unique": 3, "missing": 0},
    ]);
    Brief {
        stage,
        dataset_dir: "/data/datasets/e".into(),
        session_dir: "/data/sessions/s".into(),
        stage_dir: format!("/data/sessions/s/{stage}"),
        dataset: json!({"tables": [{"name": "t", "path": "t.parquet", "rows": 300, "columns": columns}], "main_table": "t"}),
        target: None,
        instructions: String::new(),
        seed: 42,
        turns_left: 30,
        execution_timeout_s: 600,
        memory_mib: 4096,
        cpus: 2,
        earlier: Vec::new(),
    }
}

/// The summary that Prep leaves.
pub(super) fn prep_summary(task: &str, rows: u64, features: u64, minority: f64) -> Value {
    let classes = if task == "regression" { 0 } else { 2 };
    json!({"target": "y", "task": task, "rows": {"train": rows, "val": rows / 5, "test": rows / 5}, "features": features,
           "classes": classes, "minority_share": if classes > 0 { Some(minority) } else { None },
           "split_strategy": "random", "copies_kept": false})
}

/// A conversation so far.
#[derive(Clone)]
pub(super) struct Conversation {
    brief: Brief,
    messages: Vec<Message>,
}

impl Conversation {
    pub(super) fn new(stage: Stage) -> Self {
        Self { brief: brief(stage), messages: vec![Message::User { text: "the facts".into() }] }
    }

    pub(super) fn briefed(mut self, change: impl FnOnce(&mut Brief)) -> Self {
        change(&mut self.brief);
        self
    }

    fn called(&self, tool: &str, input: Value, output: &str, is_error: bool) -> Self {
        let mut next = self.clone();
        let id = format!("c{}", next.messages.len());
        next.messages.push(Message::Assistant {
            blocks: vec![Block::ToolUse { id: id.clone(), name: tool.to_owned(), input }],
        });
        next.messages.push(Message::ToolResults {
            results: vec![ToolResult { call_id: id, output: output.to_owned(), is_error }],
        });
        next
    }

    pub(super) fn ran(&self, slug: &str, output: &str, is_error: bool) -> Self {
        self.called("execute_code", json!({"slug": slug, "code": "…"}), output, is_error)
    }

    pub(super) fn read(&self, path: &str, content: &Value) -> Self {
        self.called("read_file", json!({"path": path}), &content.to_string(), false)
    }

    pub(super) fn unread(&self, path: &str) -> Self {
        self.called("read_file", json!({"path": path}), "no such file", true)
    }

    pub(super) fn refused(&self, why: &str) -> Self {
        self.called("finish_stage", json!({"summary": "…"}), why, true)
    }

    pub(super) fn said(&self, text: &str) -> Self {
        let mut next = self.clone();
        next.messages.push(Message::User { text: text.to_owned() });
        next
    }

    pub(super) fn request(&self) -> Request {
        let tools = ["execute_code", "read_file", "list_files", "update_plan", "finish_stage"];
        let spec = |name: &&str| ToolSpec {
            name: (*name).to_owned(),
            description: String::new(),
            input_schema: json!({}),
        };
        Request {
            model: "autopilot-1".into(),
            system: String::new(),
            messages: self.messages.clone(),
            tools: tools.iter().map(spec).collect(),
            brief: self.brief.clone(),
            turn: 1,
            max_tokens: 1000,
            effort: None,
        }
    }
}
