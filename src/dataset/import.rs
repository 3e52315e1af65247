//! Importing: an object of somebody's bucket becomes an upload, like a file that was sent.
//!
//! It goes on by itself after a store that is away, a connection that breaks, and a restart: the row says what is read,
//! how far it is, and which server is at it. When that one is gone, another goes on.

use super::{
    CreateError, Datasets, ReceiveError,
    goes::{hex, received},
    object_key, session_folder,
};
use crate::{
    objects::{Download, ObjectError, ObjectKey, Uri},
    store::{StoreError, uploads},
};
use bytes::Bytes;
use entity::{
    ids::{SessionId, UploadId},
    principal::Principal,
    uploads::Model as Upload,
    vocab::UploadState,
};
use futures::{StreamExt, TryStreamExt, stream::BoxStream};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::{
    io,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
    time::Duration,
};
use tokio::time::{Instant, sleep};

/// How long an address is good for that gives a file to whoever has it.
const LENT: Duration = Duration::from_secs(300);
/// The waits between two attempts to go on.
const FIRST_WAIT: Duration = Duration::from_millis(500);
const LAST_WAIT: Duration = Duration::from_secs(30);
/// An import of which nothing comes for so long is given up.
const PATIENCE: Duration = Duration::from_secs(3600);

/// How far an import is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Progress {
    /// Bytes.
    pub received: u64,
    /// Bytes.
    pub total: u64,
    /// Why nothing comes at the moment, in one sentence. It goes on by itself.
    pub warning: Option<String>,
    /// Why it ended before all of them, in one sentence.
    pub error: Option<String>,
}

/// What is imported, as it is kept with the upload.
#[derive(Serialize, Deserialize)]
struct Source {
    uri: String,
}

/// Why an import does not go on.
enum Fault {
    /// It may, later.
    Passes(String),
    /// It never will.
    Ends(String),
    /// It is another's by now, or nobody's.
    Lost,
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
            ObjectError::Refused(_) => invalid(unreadable(&uri)),
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
        let source = serde_json::to_string(&Source { uri: uri.to_string() }).unwrap_or_default();
        let upload = Upload {
            source: Some(source),
            server_id: self.store.server(),
            ..self.new_upload(principal, uri.file_name(), Some(download.size))?
        };
        // Before there is a row, which the look at what is left would take up.
        self.imports.begin(upload.id);
        if let Err(error) = uploads::insert(self.store.write(), &upload).await {
            self.imports.end(upload.id);
            return Err(error.into());
        }
        self.fetch_behind(upload.id, uri, Some(download));
        Ok(upload)
    }

    /// Goes on with the imports that an earlier process left, or a server that is gone. Answers how many.
    pub async fn resume_imports(&self) -> Result<usize, StoreError> {
        let mut resumed = 0;
        for row in uploads::left_imports(&self.store).await? {
            if !self.imports.begin(row.id) {
                continue;
            }
            let taken = uploads::take_import(&self.store, row.id).await;
            let source = row.source.as_deref().and_then(|text| serde_json::from_str(text).ok());
            let uri = source.and_then(|source: Source| Uri::parse(&source.uri).ok());
            match (taken, uri) {
                (Ok(true), Some(uri)) => {
                    self.fetch_behind(row.id, uri, None);
                    resumed += 1;
                }
                (Ok(_), _) => self.imports.end(row.id),
                (Err(error), _) => {
                    self.imports.end(row.id);
                    return Err(error);
                }
            }
        }
        Ok(resumed)
    }

    fn fetch_behind(&self, id: UploadId, uri: Uri, first: Option<Download>) {
        let datasets = self.clone();
        let task = tokio::spawn(async move {
            if let Some(problem) = datasets.fetch(id, &uri, first).await {
                tracing::warn!(upload.id = %id, problem, "an import ended early");
                let said = uploads::set_problem(&datasets.store, id, &problem).await;
                if let Err(error) = said {
                    // It is taken up again, and comes to the same.
                    tracing::warn!(upload.id = %id, %error, "how an import ended was not noted");
                }
            }
            datasets.imports.end(id);
        });
        self.imports.fetched_by(id, task);
    }

    /// Fetches an object to its end. Answers why it never will be.
    async fn fetch(&self, id: UploadId, uri: &Uri, mut first: Option<Download>) -> Option<String> {
        // The time since something came, without that in which it waited for its turn.
        let (mut wait, mut since) = (FIRST_WAIT, None);
        let count = self.imports.received(id);
        let mut best = 0;
        loop {
            let fault = match self.fetch_some(id, uri, first.take(), &count).await {
                Ok(()) | Err(Fault::Lost) => return None,
                Err(Fault::Ends(sentence)) => return Some(sentence),
                Err(Fault::Passes(sentence)) => sentence,
            };
            let now = count.load(Relaxed);
            if now > best {
                (wait, since, best) = (FIRST_WAIT, None, now);
            }
            if since.get_or_insert_with(Instant::now).elapsed() > PATIENCE {
                return Some(format!("{fault}; import it again"));
            }
            tracing::warn!(upload.id = %id, fault, received = now, "an import goes on later");
            self.imports.waits(id, Some(fault));
            sleep(wait).await;
            wait = (wait * 2).min(LAST_WAIT);
        }
    }

    /// Fetches as much of an object as comes.
    async fn fetch_some(
        &self,
        id: UploadId,
        uri: &Uri,
        first: Option<Download>,
        count: &Arc<AtomicU64>,
    ) -> Result<(), Fault> {
        let turn = self.imports.turn_now();
        // A connection that nobody reads for long is closed by the other side.
        let first = first.filter(|_| turn.is_some());
        let (download, _turn) = match (first, turn) {
            (Some(first), Some(turn)) => (first, turn),
            (_, turn) => {
                let turn = match turn {
                    Some(turn) => turn,
                    None => self.imports.turn().await.ok_or(Fault::Lost)?,
                };
                let remote = self.objects.remote();
                let remote = remote
                    .ok_or_else(|| Fault::Ends("there is no object store any more".into()))?;
                (remote.download(uri).await.map_err(|error| unread(uri, error))?, turn)
            }
        };
        self.imports.waits(id, None);
        let mut held = self.hold(id, None).await.map_err(unkept)?;
        if held.row.length != Some(download.size as i64) {
            return Err(Fault::Ends(changed(uri)));
        }
        let from = received(&held.row);
        count.store(from, Relaxed);
        let whole = Arc::new(Mutex::new((Sha256::new(), 0)));
        let body = rest(download.body, from, Arc::clone(&whole), Arc::clone(count));
        let Some(stored) = self.write(&mut held, body).await.map_err(unkept)? else {
            // It ended without an error before its end.
            return Err(Fault::Passes("the object could not be read to its end".into()));
        };
        let (read, bytes) = std::mem::take(&mut *lock(&whole));
        // What is kept of an earlier go may be of another object than what came now.
        if from > 0 && hex(&read.finalize()) != stored.sha256 {
            let deleted = self.objects.delete(&object_key(id)).await;
            deleted.map_err(|error| Fault::Passes(error.to_string()))?;
            return Err(match bytes == download.size {
                true => Fault::Ends(changed(uri)),
                // It was whole before, and nobody had compared it: it begins anew.
                false => Fault::Passes("the object is read once more".into()),
            });
        }
        self.stored(held, stored).await.map(drop).map_err(unkept)
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

    /// How far the import into an upload is; `None` for one that is stored or that a client sends.
    pub fn import_progress(&self, upload: &Upload) -> Option<Progress> {
        if upload.source.is_none() || upload.state == UploadState::Stored {
            return None;
        }
        // Where another server is at it, the row knows what that one noted.
        let (counted, warning) = self.imports.standing(upload.id).unwrap_or_default();
        Some(Progress {
            received: counted.max(received(upload)),
            total: upload.length.map_or(0, i64::unsigned_abs),
            warning,
            error: upload.problem.clone(),
        })
    }
}

/// What follows the first bytes of an object, which are kept already. All of it is counted into a digest.
fn rest(
    body: BoxStream<'static, io::Result<Bytes>>,
    from: u64,
    whole: Arc<Mutex<(Sha256, u64)>>,
    count: Arc<AtomicU64>,
) -> BoxStream<'static, io::Result<Bytes>> {
    let mut before = from;
    let pieces = body.map_ok(move |mut piece| {
        if from > 0 {
            let mut whole = lock(&whole);
            whole.0.update(&piece);
            whole.1 += piece.len() as u64;
        }
        let skipped = before.min(piece.len() as u64);
        before -= skipped;
        let _ = piece.split_to(skipped as usize);
        count.fetch_add(piece.len() as u64, Relaxed);
        piece
    });
    pieces.try_filter(|piece| std::future::ready(!piece.is_empty())).boxed()
}

fn lock<T>(of: &Mutex<T>) -> MutexGuard<'_, T> {
    of.lock().unwrap_or_else(PoisonError::into_inner)
}

fn changed(uri: &Uri) -> String {
    format!("`{uri}` was changed while it was imported; import it again")
}

fn unreadable(uri: &Uri) -> String {
    format!("the server's credentials may not read `{uri}`; ask its operator to allow it")
}

/// What a bucket says against being read.
fn unread(uri: &Uri, error: ObjectError) -> Fault {
    match error {
        ObjectError::Refused(_) => Fault::Ends(unreadable(uri)),
        ObjectError::NoBucket(_)
        | ObjectError::Misplaced(_)
        | ObjectError::Rejected(_)
        | ObjectError::NoObject(_) => Fault::Ends(error.to_string()),
        ObjectError::Away(_)
        | ObjectError::Busy
        | ObjectError::Held
        | ObjectError::Forgotten
        | ObjectError::Broken(_)
        | ObjectError::Damaged
        | ObjectError::TooLarge { .. }
        | ObjectError::Full
        | ObjectError::Io { .. } => Fault::Passes(error.to_string()),
    }
}

/// What happened to the upload that an object is fetched into.
fn unkept(error: ReceiveError) -> Fault {
    match error {
        ReceiveError::TakenOver | ReceiveError::NoUpload | ReceiveError::Stored => Fault::Lost,
        ReceiveError::Broken | ReceiveError::BrokenOff { .. } => {
            Fault::Passes("the object could not be read to its end".into())
        }
        ReceiveError::TooLarge { .. }
        | ReceiveError::OtherLength { .. }
        | ReceiveError::Imported => Fault::Ends(error.to_string()),
        ReceiveError::WrongOffset { .. } => {
            Fault::Passes("a part of what had come is gone, and is read again".into())
        }
        ReceiveError::DiskFull | ReceiveError::StoreAway(_) | ReceiveError::Unavailable => {
            Fault::Passes(error.to_string())
        }
    }
}
