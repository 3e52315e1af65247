//! What the tests share: a data directory, the real sandboxes, a model that plays a script, and an experiment
//! without anything in it.
#![allow(dead_code)]

pub mod binary;
pub mod database;
pub mod house;
pub mod objects;
pub mod postgres;
pub mod s3;

use async_trait::async_trait;
use chrono::Utc;
use entity::{
    ids::{ExperimentId, SessionId},
    principal::Principal,
    vocab::SessionStateName,
};
use futures::stream::{self, BoxStream, StreamExt};
use serde_json::{Value, json};
use std::{path::PathBuf, sync::Arc, time::Duration};
use tempfile::TempDir;
use trainable::{
    event::Entry,
    llm::{Block, Completion, Delta, LlmError, LlmProvider, Message, Request, StopReason, Usage},
    log::EventLog,
    sandbox::{
        SandboxProvider,
        local::{LocalConfig, LocalSandboxes},
    },
};

/// Where Python environments are: the operator's choice, or where root keeps them.
pub fn python_root() -> PathBuf {
    std::env::var_os("TRAINABLE_PYTHON_ROOT").map_or_else(
        || {
            PathBuf::from(if rustix_is_root() {
                "/var/lib/trainable/python".to_owned()
            } else {
                format!(
                    "{}/.local/share/trainable/python",
                    std::env::var("HOME").unwrap_or_default()
                )
            })
        },
        PathBuf::from,
    )
}

fn rustix_is_root() -> bool {
    rustix::process::geteuid().is_root()
}

/// A temporary folder that the sandboxes' user can reach.
pub fn temporary() -> TempDir {
    temporary_in(&std::env::temp_dir())
}

/// The same in another folder.
pub fn temporary_in(folder: &std::path::Path) -> TempDir {
    let dir = tempfile::Builder::new()
        .prefix("trainable-test-")
        .tempdir_in(folder)
        .expect("a temporary folder");
    use std::os::unix::fs::PermissionsExt;
    std::fs::set_permissions(dir.path(), std::fs::Permissions::from_mode(0o755)).expect("its mode");
    dir
}

/// A client of HTTP: it wants a provider of cryptography though it never needs one here.
pub fn client() -> reqwest::Client {
    // Whoever comes first installs it; a second time changes nothing.
    let _ = rustls::crypto::ring::default_provider().install_default();
    reqwest::Client::new()
}

/// The real sandboxes, with the real environment.
pub async fn sandboxes(data: &std::path::Path) -> Arc<LocalSandboxes> {
    let config = LocalConfig { environments_dir: Some(python_root()), ..LocalConfig::new(data) };
    let sandboxes = LocalSandboxes::new(config).expect("the sandboxes open");
    sandboxes
        .prepare(Arc::new(|text| eprintln!("{text}")))
        .await
        .expect("the environment is ready");
    Arc::new(sandboxes)
}

/// The row of an experiment of the operator's own, which nobody has stored yet. Nothing is in it.
pub fn experiment() -> entity::experiments::Model {
    entity::experiments::Model {
        id: ExperimentId::new(),
        owner: Principal::Local.owner().to_owned(),
        name: "n".into(),
        description: String::new(),
        dataset_ref: String::new(),
        instructions: String::new(),
        target_column: None,
        main_table: None,
        dataset: json!({}),
        created_at: Utc::now(),
    }
}

/// A model that plays a script: one list of calls per turn.
pub struct Scripted {
    turns: Vec<Vec<(&'static str, Value)>>,
}

impl Scripted {
    pub fn new(turns: Vec<Vec<(&'static str, Value)>>) -> Arc<Self> {
        Arc::new(Self { turns })
    }
}

/// A call that runs code.
pub fn code(slug: &str, code: &str) -> (&'static str, Value) {
    ("execute_code", json!({"code": code, "slug": slug}))
}

pub fn finish() -> (&'static str, Value) {
    ("finish_stage", json!({"summary": "done"}))
}

#[async_trait]
impl LlmProvider for Scripted {
    fn name(&self) -> &str {
        "scripted"
    }

    fn default_model(&self) -> &str {
        "script"
    }

    async fn stream(
        &self,
        request: Request,
    ) -> Result<BoxStream<'static, Result<Delta, LlmError>>, LlmError> {
        let turn =
            request.messages.iter().filter(|m| matches!(m, Message::Assistant { .. })).count();
        let calls = self.turns.get(turn).cloned().unwrap_or_default();
        let mut blocks = vec![Block::Text { text: format!("turn {turn}") }];
        for (n, (name, input)) in calls.into_iter().enumerate() {
            blocks.push(Block::ToolUse {
                id: format!("call-{turn}-{n}"),
                name: name.into(),
                input,
            });
        }
        let stop = if blocks.len() > 1 { StopReason::ToolUse } else { StopReason::EndTurn };
        let done = Completion { blocks, stop, usage: Usage::default() };
        Ok(stream::iter([Ok(Delta::Text(format!("turn {turn}"))), Ok(Delta::Done(done))]).boxed())
    }
}

/// Reads a whole log.
pub async fn whole_log(log: &EventLog, session: SessionId) -> Vec<Entry> {
    let mut entries: Vec<Entry> = Vec::new();
    loop {
        let after = entries.last().map_or(0, |entry| entry.seq);
        let page = log.since(session, after, 500).await.expect("the log can be read");
        if page.is_empty() {
            return entries;
        }
        entries.extend(page);
    }
}

/// Waits until an event of the log satisfies a condition, or fails after a minute.
pub async fn until(
    log: &EventLog,
    session: SessionId,
    what: &str,
    good: impl Fn(&[Entry]) -> bool,
) -> Vec<Entry> {
    let mut wakes = log.follow(session);
    let work = async {
        loop {
            let entries = whole_log(log, session).await;
            if good(&entries) {
                return entries;
            }
            wakes.changed().await.expect("the log is open");
        }
    };
    match tokio::time::timeout(Duration::from_secs(60), work).await {
        Ok(entries) => entries,
        Err(_) => {
            let seen: Vec<_> = whole_log(log, session).await.into_iter().map(|e| e.event).collect();
            panic!("never came: {what}\n{seen:#?}");
        }
    }
}

/// The last state that a log says.
pub fn state(entries: &[Entry]) -> Option<SessionStateName> {
    use trainable::event::{Event, SessionEvent};
    entries.iter().rev().find_map(|entry| match &entry.event {
        Event::Session(SessionEvent::StateChange { state }) => Some(*state),
        _ => None,
    })
}
