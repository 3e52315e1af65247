//! A database with sessions whose logs a test writes itself.

use chrono::Utc;
use entity::ids::{ExperimentId, SessionId, StageRunId};
use serde_json::json;
use std::path::Path;
use trainable::{
    event::{Draft, Event, Fact, OutputStream, SessionEvent},
    log::EventLog,
    store::{Store, experiments},
};

pub struct Ground {
    pub store: Store,
    pub log: EventLog,
}

impl Ground {
    /// The database of a data directory.
    pub async fn open(data: &Path) -> Self {
        let store = super::support::database::open(&data.join("trainable.db")).await;
        let log = EventLog::start(store.clone());
        Self { store, log }
    }

    pub async fn experiment(&self) -> ExperimentId {
        let row = entity::experiments::Model {
            dataset: json!({"tables": []}),
            ..super::support::experiment()
        };
        assert!(experiments::insert(&self.store, &row, &[]).await.expect("it is written"));
        row.id
    }

    /// A session of an experiment of its own; its log has one event.
    pub async fn session(&self) -> SessionId {
        let experiment_id = self.experiment().await;
        let id = SessionId::new();
        let created = SessionEvent::SessionCreated { experiment_id, driver: None };
        let created = Draft { stage_run: None, event: Event::Session(created) };
        self.append(id, 0, vec![created]).await;
        id
    }

    /// Appends after a sequence; the last one.
    pub async fn append(&self, id: SessionId, after: i64, drafts: Vec<Draft>) -> i64 {
        let entries = self.log.append(id, 0, after, Utc::now(), drafts).await.expect("appended");
        entries.last().map_or(after, |entry| entry.seq)
    }
}

pub fn fact(stage_run: StageRunId, fact: Fact) -> Draft {
    Draft { stage_run: Some(stage_run), event: Event::Fact(fact) }
}

/// Output of a program, so many bytes.
pub fn output(run: StageRunId, bytes: usize) -> Draft {
    let text = "x".repeat(bytes);
    fact(run, Fact::CodeOutput { call_id: "c".into(), stream: OutputStream::Stdout, text })
}

/// The id that the API gives a session.
pub fn global(session: SessionId) -> String {
    use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
    URL_SAFE_NO_PAD.encode(format!("Session:{session}"))
}
