//! Importing: an object of somebody's bucket becomes an upload, like a file that was sent.

use super::{CreateError, Datasets, ReceiveError, collect::Dropped, session_folder};
use crate::objects::{Download, ObjectError, ObjectKey, Uri};
use entity::{
    ids::{SessionId, UploadId},
    principal::Principal,
    uploads::Model as Upload,
};
use futures::StreamExt;
use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
    time::Duration,
};
use tokio::{sync::Semaphore, task::JoinHandle};

/// Imports that run at once; more wait.
const AT_ONCE: usize = 2;
/// How long an address is good for that gives a file to whoever has it.
const LENT: Duration = Duration::from_secs(300);
/// Imports that failed are remembered so many at a time, for who asks later.
const REMEMBERED: usize = 200;

/// The imports of this server.
#[derive(Clone)]
pub(super) struct Imports(Arc<Inner>);

struct Inner {
    known: Mutex<HashMap<UploadId, Import>>,
    turns: Semaphore,
}

impl Default for Imports {
    fn default() -> Self {
        Self(Arc::new(Inner { known: Mutex::default(), turns: Semaphore::new(AT_ONCE) }))
    }
}

struct Import {
    received: Arc<AtomicU64>,
    total: u64,
    error: Option<String>,
    /// Who fetches it.
    task: Option<JoinHandle<()>>,
}

/// How far an import is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Progress {
    /// Bytes.
    pub received: u64,
    /// Bytes.
    pub total: u64,
    /// Why it ended before all of them, in one sentence.
    pub error: Option<String>,
}

impl Imports {
    fn known(&self) -> MutexGuard<'_, HashMap<UploadId, Import>> {
        // A map of counters is whole after any panic.
        self.0.known.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn begin(&self, id: UploadId, total: u64) -> Arc<AtomicU64> {
        let mut known = self.known();
        if known.len() >= REMEMBERED {
            known.retain(|_, import| import.error.is_none());
        }
        let received = Arc::new(AtomicU64::new(0));
        let import = Import { received: Arc::clone(&received), total, error: None, task: None };
        known.insert(id, import);
        received
    }

    fn fetched_by(&self, id: UploadId, task: JoinHandle<()>) {
        // It may have ended already, and then nobody has to be ended.
        if let Some(import) = self.known().get_mut(&id) {
            import.task = Some(task);
        }
    }

    /// Ends an import, and waits until nothing more comes of it.
    async fn stop(&self, id: UploadId) {
        let task = self.known().remove(&id).and_then(|import| import.task);
        if let Some(task) = task {
            task.abort();
            // It ended, one way or the other.
            let _ = task.await;
        }
    }

    fn end(&self, id: UploadId, outcome: Result<(), String>) {
        let mut known = self.known();
        match outcome {
            // The upload's own row says it from here on.
            Ok(()) => drop(known.remove(&id)),
            Err(error) => {
                if let Some(import) = known.get_mut(&id) {
                    import.error = Some(error);
                }
            }
        }
    }
}

impl Datasets {
    /// Begins to fetch an object into an upload, and goes on behind the caller's back.
    pub async fn import(&self, principal: &Principal, uri: &str) -> Result<Upload, CreateError> {
        let invalid = |message: String| CreateError::Invalid { field: "uri", message };
        let uri = Uri::parse(uri).map_err(|error| invalid(error.to_string()))?;
        let remote = self.objects.remote().ok_or_else(|| {
            invalid("this server has no object store; its operator sets one with S3_BUCKET".into())
        })?;
        let download = remote.download(&uri).await.map_err(|error| match error {
            ObjectError::Refused(_) => invalid(format!(
                "the server's credentials may not read `{uri}`; ask its operator to allow it"
            )),
            ObjectError::NoBucket(bucket) => {
                invalid(format!("there is no bucket `{bucket}`; choose one from the list"))
            }
            ObjectError::Misplaced(sentence) => invalid(sentence),
            ObjectError::Rejected(_) => invalid(error.to_string()),
            other => other.into(),
        })?;
        let limit = self.limits.upload_bytes;
        if download.size > limit {
            return Err(invalid(format!(
                "the object has {} MiB and the limit is {} MiB; import less of it, or store it as Parquet",
                download.size >> 20,
                limit >> 20
            )));
        }
        let upload = self.open_upload(principal, uri.file_name(), Some(download.size)).await?;
        let received = self.imports.begin(upload.id, download.size);
        let (datasets, principal, id) = (self.clone(), principal.clone(), upload.id);
        let task = tokio::spawn(async move {
            let outcome = datasets.fetch(&principal, id, &uri, download, received).await;
            if let Err(error) = &outcome {
                tracing::warn!(upload.id = %id, error, "an import ended early");
            }
            datasets.imports.end(id, outcome);
        });
        self.imports.fetched_by(id, task);
        Ok(upload)
    }

    async fn fetch(
        &self,
        principal: &Principal,
        id: UploadId,
        uri: &Uri,
        first: Download,
        received: Arc<AtomicU64>,
    ) -> Result<(), String> {
        let download = match self.imports.0.turns.try_acquire() {
            Ok(turn) => (first, turn),
            Err(_) => {
                // A connection that nobody reads for long is closed by the other side.
                drop(first);
                let turn = self.imports.0.turns.acquire().await;
                let turn = turn.map_err(|_| "the server stops; import it again".to_owned())?;
                let remote = self.objects.remote().ok_or("there is no object store any more")?;
                (remote.download(uri).await.map_err(|error| error.to_string())?, turn)
            }
        };
        let (download, _turn) = download;
        let body = download.body.inspect(move |piece| {
            if let Ok(piece) = piece {
                received.fetch_add(piece.len() as u64, Relaxed);
            }
        });
        match self.receive(principal, id, body.boxed()).await {
            Ok(_) | Err(ReceiveError::Stored) => Ok(()),
            Err(ReceiveError::Broken) => {
                Err("the object could not be read to its end; import it again".into())
            }
            Err(error) => Err(error.to_string()),
        }
    }

    /// An address in the object store that gives one file of a session to whoever has it, for [`LENT`].
    pub async fn presign(
        &self,
        session: SessionId,
        path: &str,
        name: &str,
    ) -> Result<Option<String>, ObjectError> {
        let key = ObjectKey::file(&session_folder(session), path);
        match (self.objects.remote(), key) {
            (Some(remote), Some(key)) => remote.presign(&key, name, LENT).await.map(Some),
            (Some(_) | None, _) => Ok(None),
        }
    }

    /// How far the import into an upload is; `None` when none of this server's is under way or failed.
    pub fn import_progress(&self, upload: UploadId) -> Option<Progress> {
        let known = self.imports.known();
        let import = known.get(&upload)?;
        Some(Progress {
            received: import.received.load(Relaxed),
            total: import.total,
            error: import.error.clone(),
        })
    }

    /// Deletes an upload that no experiment has; an import into it ends. False when there is no such upload.
    pub async fn delete_upload(
        &self,
        principal: &Principal,
        id: UploadId,
    ) -> Result<bool, crate::store::StoreError> {
        let Some(row) = self.upload(principal, id).await? else { return Ok(false) };
        if row.experiment_id.is_some() {
            return Ok(false);
        }
        self.imports.stop(id).await;
        // It may have been stored a moment ago.
        let Some(row) = self.upload(principal, id).await? else { return Ok(false) };
        Ok(self.drop_unused(row).await? != Dropped::Used)
    }

    /// One of a principal's uploads.
    pub async fn upload(
        &self,
        principal: &Principal,
        id: UploadId,
    ) -> Result<Option<Upload>, crate::store::StoreError> {
        let row = crate::store::uploads::find(self.store.read(), id).await?;
        Ok(row.filter(|row| row.owner == principal.owner()))
    }
}
