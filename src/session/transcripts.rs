//! Transcripts: a session's log -> a recording, and the recordings that provider `replay` plays.

use crate::{
    dataset::{Datasets, UploadError},
    event::{Entry, Event, Fact, SessionEvent},
    llm::{
        Usage,
        recording::{
            FORMAT, MAX_BYTES, RecordedDataset, RecordedRun, RecordedTurn, Recording, VERSION,
        },
        replay::Recordings,
    },
    log::EventLog,
    objects::{ObjectError, ObjectKey, ObjectStore},
    store::{self, Store, StoreError},
};
use async_trait::async_trait;
use bytes::Bytes;
use chrono::Utc;
use entity::{
    ids::{SessionId, StageRunId, UploadId},
    principal::Principal,
    vocab::Stage,
};
use futures::{StreamExt, TryStreamExt};
use serde_json::Value;
use sha2::{Digest, Sha256};
use std::{collections::BTreeMap, sync::Arc};

/// Where recordings rest in the object store.
const FOLDER: &str = "transcripts";
/// Characters of a digest that name a recording.
const NAME: usize = 32;
/// Entries of a log that are read at once.
const PAGE: u64 = 512;

/// Records sessions and keeps recordings. Cheap to clone.
#[derive(Clone)]
pub struct Transcripts {
    store: Store,
    log: EventLog,
    datasets: Datasets,
    recordings: StoredRecordings,
}

/// The recordings in the object store, by name. Cheap to clone.
#[derive(Clone)]
pub struct StoredRecordings(Arc<dyn ObjectStore>);

/// What people see of a recording.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TranscriptInfo {
    pub name: String,
    pub stages: Vec<Stage>,
    pub turns: usize,
    pub provider: Option<String>,
    pub model: Option<String>,
}

/// Why a recording was not taken in. One sentence for people.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ImportError {
    #[error("there is no such upload, or it is not whole")]
    NoUpload,
    #[error("{0}")]
    Bad(String),
    #[error("{0}")]
    Unavailable(String),
}

impl StoredRecordings {
    pub fn new(objects: Arc<dyn ObjectStore>) -> Self {
        Self(objects)
    }

    async fn bytes(&self, name: &str) -> Result<Option<Vec<u8>>, String> {
        let Some(key) = ObjectKey::parse(&format!("{FOLDER}/{name}")) else { return Ok(None) };
        let away = |error: String| {
            tracing::error!(%error, "a transcript could not be read");
            "the transcript could not be read; try again".to_owned()
        };
        match self.0.get(&key, None).await {
            Ok(stream) => {
                let collected = stream.try_fold(Vec::new(), |mut all, piece| async move {
                    all.extend_from_slice(&piece);
                    Ok(all)
                });
                collected.await.map(Some).map_err(|error| away(error.to_string()))
            }
            Err(ObjectError::NoObject(_)) => Ok(None),
            Err(error) => Err(away(error.to_string())),
        }
    }
}

#[async_trait]
impl Recordings for StoredRecordings {
    async fn read(&self, name: &str) -> Result<Option<Vec<u8>>, String> {
        self.bytes(name).await
    }

    /// Recordings are named by whoever imports them; they are not offered to everybody.
    async fn list(&self) -> Result<Vec<String>, String> {
        Ok(Vec::new())
    }
}

impl Transcripts {
    pub fn new(store: Store, log: EventLog, datasets: Datasets, kept: StoredRecordings) -> Self {
        Self { store, log, datasets, recordings: kept }
    }

    /// Takes in the recording that an upload holds. Answers its name.
    pub async fn import(
        &self,
        principal: &Principal,
        upload: UploadId,
    ) -> Result<String, ImportError> {
        let bytes = self.datasets.read_upload(principal, upload, MAX_BYTES as u64).await;
        match bytes {
            Ok(bytes) => self.keep(bytes).await,
            Err(UploadError::NoUpload) => Err(ImportError::NoUpload),
            Err(UploadError::TooLarge) => {
                Err(ImportError::Bad("the transcript is larger than 64 MiB".into()))
            }
            Err(UploadError::Unavailable) => {
                Err(ImportError::Unavailable("the upload could not be read; try again".into()))
            }
        }
    }

    /// Keeps a recording under the digest of its bytes: the same one twice is one.
    pub async fn keep(&self, bytes: Vec<u8>) -> Result<String, ImportError> {
        Recording::parse(&bytes).map_err(|error| ImportError::Bad(error.to_string()))?;
        let digest = Sha256::digest(&bytes);
        let name: String = digest.iter().map(|byte| format!("{byte:02x}")).collect();
        let name = name[..NAME].to_owned();
        let key =
            ObjectKey::parse(&format!("{FOLDER}/{name}")).expect("a digest is a plain segment");
        let body = futures::stream::iter([Ok(Bytes::from(bytes))]).boxed();
        self.recordings.0.put(&key, body, MAX_BYTES as u64).await.map_err(|error| {
            tracing::error!(%error, "a transcript could not be kept");
            ImportError::Unavailable("the transcript could not be kept; try again".into())
        })?;
        Ok(name)
    }

    /// What people see of a recording; `None` when there is none.
    pub async fn info(&self, name: &str) -> Result<Option<TranscriptInfo>, ImportError> {
        let bytes = self.recordings.bytes(name).await.map_err(ImportError::Unavailable)?;
        let Some(bytes) = bytes else { return Ok(None) };
        let recording =
            Recording::parse(&bytes).map_err(|error| ImportError::Bad(error.to_string()))?;
        let first = recording.runs.first();
        Ok(Some(TranscriptInfo {
            name: name.to_owned(),
            stages: recording.runs.iter().map(|run| run.stage).collect(),
            turns: recording.runs.iter().map(|run| run.turns.len()).sum(),
            provider: first.map(|run| run.provider.clone()),
            model: first.map(|run| run.model.clone()),
        }))
    }

    /// Records what a session's stages said, without those that were superseded; `None` when the
    /// session is not there or no model has said anything yet.
    pub async fn record(&self, session: SessionId) -> Result<Option<Recording>, StoreError> {
        let db = self.store.read();
        let Some(row) = store::sessions::find(db, session).await? else { return Ok(None) };
        let Some(experiment) = store::experiments::find(db, row.experiment_id).await? else {
            return Ok(None);
        };
        let mut tape = Tape::new(
            format!("/data/datasets/{}", experiment.id),
            format!("/data/sessions/{session}"),
        );
        let mut seq = 0;
        loop {
            let page = self.log.since(session, seq, PAGE).await?;
            let Some(last) = page.last() else { break };
            seq = last.seq;
            page.into_iter().for_each(|entry| tape.take(entry));
        }
        let (runs, seed) = tape.runs();
        if runs.is_empty() {
            return Ok(None);
        }
        let rows = experiment.dataset["tables"][0]["rows"].as_u64();
        Ok(Some(Recording {
            format: FORMAT.to_owned(),
            version: VERSION,
            recorded_at: Utc::now(),
            app_version: env!("CARGO_PKG_VERSION").to_owned(),
            dataset: RecordedDataset { name: experiment.name, rows, sha256: None },
            target: experiment.target_column,
            instructions: experiment.instructions,
            seed,
            runs,
        }))
    }
}

/// What a log says of each run that stands.
struct Tape {
    dataset_dir: String,
    session_dir: String,
    runs: BTreeMap<Stage, (StageRunId, RecordedRun)>,
    seed: u64,
}

impl Tape {
    fn new(dataset_dir: String, session_dir: String) -> Self {
        Self { dataset_dir, session_dir, runs: BTreeMap::new(), seed: 0 }
    }

    fn take(&mut self, entry: Entry) {
        let Some(run) = entry.stage_run else { return };
        match entry.event {
            Event::Session(SessionEvent::StageRunStarted { stage, driver, seed, .. }) => {
                // Later stages are superseded with this one.
                self.runs.retain(|other, _| *other < stage);
                self.seed = seed;
                let recorded = RecordedRun {
                    stage,
                    provider: driver.provider,
                    model: driver.model,
                    dataset_dir: self.dataset_dir.clone(),
                    session_dir: self.session_dir.clone(),
                    turns: Vec::new(),
                    answers: BTreeMap::new(),
                };
                self.runs.insert(stage, (run, recorded));
            }
            Event::Session(SessionEvent::QuestionAnswered { call_id, answer }) => {
                if let Some(recorded) = self.of(run) {
                    recorded.answers.insert(call_id, answer);
                }
            }
            Event::Fact(Fact::QuestionAsked { call_id, default: Some(default), .. }) => {
                if let Some(recorded) = self.of(run) {
                    recorded.answers.insert(call_id, default);
                }
            }
            Event::Fact(Fact::TurnEnded { turn, blocks, stop_reason, usage, .. }) => {
                let Some(recorded) = self.of(run) else { return };
                let parsed = |value: Value| serde_json::from_value(value).ok();
                let Some(stop) = parsed(Value::String(stop_reason)) else { return };
                recorded.turns.push(RecordedTurn {
                    turn,
                    blocks: blocks
                        .into_iter()
                        .filter_map(|b| serde_json::from_value(b).ok())
                        .collect(),
                    stop,
                    usage: Usage {
                        input_tokens: usage.input,
                        output_tokens: usage.output,
                        cache_read_tokens: usage.cache_read,
                        cache_write_tokens: usage.cache_write,
                        estimated: usage.estimated,
                    },
                });
            }
            Event::Session(_) | Event::Fact(_) => {}
        }
    }

    fn of(&mut self, run: StageRunId) -> Option<&mut RecordedRun> {
        self.runs.values_mut().find(|(id, _)| *id == run).map(|(_, recorded)| recorded)
    }

    fn runs(self) -> (Vec<RecordedRun>, u64) {
        let runs = self.runs.into_values().map(|(_, recorded)| recorded);
        (runs.filter(|recorded| !recorded.turns.is_empty()).collect(), self.seed)
    }
}
