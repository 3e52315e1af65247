//! Sending the files of one session, several at once.

use super::reconcile::{Trouble, key};
use crate::{
    objects::{ObjectError, ObjectStore},
    sandbox::{Volume, VolumePath},
    store::{
        self, Store,
        synced::{Sent, Wanted},
    },
};
use bytes::Bytes;
use chrono::Utc;
use entity::{ids::SessionId, synced_objects::Model as Synced};
use futures::stream::{self, BoxStream};
use std::{
    collections::{BTreeMap, HashMap, HashSet},
    io,
    sync::Arc,
    time::Duration,
};
use tokio::{
    sync::Semaphore,
    task::JoinSet,
    time::{Instant, timeout},
};

/// Files that are on their way at once.
const AT_ONCE: u32 = 8;
/// What counts as so many of them: a large file has several parts in memory.
const LARGE: u64 = 8 << 20;
const LARGE_COUNTS: u32 = 4;
/// Files that have a task: those that wait for a place go on while the database is told of others.
const READY: usize = 64;
/// Bytes of a file that are read at once: a part of an upload.
const PIECE: u64 = 8 << 20;
/// Rows that are written together, and how long they wait for more.
const ROWS: usize = 64;
const PAUSE: Duration = Duration::from_millis(250);
/// Why a file does not count as sent.
const CHANGED: &str = "is not what its stage left any more";

/// What came of sending files.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Sending {
    /// Paths.
    pub sent: HashSet<String>,
    /// Paths, each with the rest of a sentence: `is gone`.
    pub unsent: BTreeMap<String, String>,
}

/// Who sends the files of one session.
pub(super) struct Sender<'a> {
    pub store: &'a Store,
    pub id: SessionId,
    pub volume: Arc<dyn Volume>,
    pub objects: Arc<dyn ObjectStore>,
}

/// One file.
enum One {
    Sent(Sent),
    /// What arrived is not what its stage reported.
    Changed(Sent),
    /// The rest of a sentence.
    Unsent(String),
}

impl Sender<'_> {
    /// Sends files, and notes what was sent as it goes: what breaks off goes on there.
    pub(super) async fn send(
        &self,
        files: Vec<Wanted>,
        stands: &[Synced],
    ) -> Result<Sending, Trouble> {
        let mut sending = Sending::default();
        let files = self.as_reported(files, stands, &mut sending).await?;
        let doubted = files.iter().map(|file| (file.path.clone(), file.size));
        let doubted: Vec<_> = doubted.collect();
        store::synced::doubt(self.store.write(), self.id, doubted, Utc::now()).await?;
        let places = Arc::new(Semaphore::new(AT_ONCE as usize));
        let mut files = files.into_iter();
        // Tasks of their own, so that all cores read and hash. They end with this set.
        let mut tasks = JoinSet::new();
        let mut unwritten = Vec::new();
        let mut written = Instant::now();
        let mut trouble = None;
        while trouble.is_none() {
            while tasks.len() < READY
                && let Some(file) = files.next()
            {
                let (places, id) = (Arc::clone(&places), self.id);
                let (volume, objects) = (Arc::clone(&self.volume), Arc::clone(&self.objects));
                tasks.spawn(async move {
                    let path = file.path.clone();
                    (path, one(&places, volume, objects.as_ref(), id, file).await)
                });
            }
            match timeout(PAUSE, tasks.join_next()).await {
                Ok(None) => break,
                Ok(Some(Ok((path, Ok(One::Sent(row)))))) => {
                    sending.sent.insert(path);
                    unwritten.push(row);
                }
                Ok(Some(Ok((path, Ok(One::Changed(row)))))) => {
                    sending.unsent.insert(path, CHANGED.into());
                    unwritten.push(row);
                }
                Ok(Some(Ok((path, Ok(One::Unsent(why)))))) => {
                    sending.unsent.insert(path, why);
                }
                Ok(Some(Ok((path, Err(Trouble::Session(why)))))) => {
                    sending.unsent.insert(path, format!("is not sent: {why}"));
                }
                Ok(Some(Ok((_, Err(other))))) => trouble = Some(other),
                Ok(Some(Err(error))) => {
                    tracing::error!(session.id = %self.id, %error, "sending a file panicked");
                    trouble = Some(Trouble::Session("a file could not be sent".into()));
                }
                Err(_) => {}
            }
            if unwritten.len() >= ROWS || written.elapsed() >= PAUSE {
                self.note(std::mem::take(&mut unwritten)).await?;
                written = Instant::now();
            }
        }
        self.note(unwritten).await?;
        trouble.map_or(Ok(sending), Err)
    }

    /// The files without those that were sent and are not what their stage reported: they would be sent for ever.
    async fn as_reported(
        &self,
        files: Vec<Wanted>,
        stands: &[Synced],
        sending: &mut Sending,
    ) -> Result<Vec<Wanted>, Trouble> {
        let stands: HashMap<&str, &Synced> =
            stands.iter().map(|row| (row.path.as_str(), row)).collect();
        let mut kept = Vec::with_capacity(files.len());
        for file in files {
            let row = stands.get(file.path.as_str()).filter(|row| {
                !store::synced::is_doubted(row)
                    && row.sha256 != file.sha256
                    && row.synced_at > file.reported
            });
            let path = row.and_then(|_| VolumePath::parse(&file.path).ok());
            let other = match path {
                Some(path) => match self.volume.digest(&path).await {
                    Ok(digest) => digest != file.sha256,
                    Err(_) => false,
                },
                None => false,
            };
            if other {
                sending.unsent.insert(file.path, CHANGED.into());
            } else {
                kept.push(file);
            }
        }
        Ok(kept)
    }

    /// Writes down what was sent.
    async fn note(&self, rows: Vec<Sent>) -> Result<(), Trouble> {
        match store::synced::record(self.store.write(), self.id, rows, Utc::now()).await {
            Err(error) if store::synced::lives(self.store.read(), self.id).await? => {
                Err(error.into())
            }
            // The rows of a session that is gone have nothing to belong to.
            Ok(()) | Err(_) => Ok(()),
        }
    }
}

/// Sends one file.
async fn one(
    places: &Semaphore,
    volume: Arc<dyn Volume>,
    objects: &dyn ObjectStore,
    id: SessionId,
    file: Wanted,
) -> Result<One, Trouble> {
    let counts = if file.size.unsigned_abs() > LARGE { LARGE_COUNTS } else { 1 };
    let place = places.acquire_many(counts).await;
    let _place = place.map_err(|error| Trouble::Session(error.to_string()))?;
    let unsent = |why: &str| Ok(One::Unsent(why.to_owned()));
    let Some(key) = key(id, &file.path) else { return unsent("has too long a name for a key") };
    let Ok(path) = VolumePath::parse(&file.path) else { return unsent("has no name of a file") };
    let Some(stat) = volume.stat(&path).await? else { return unsent("is gone") };
    let body = read(volume, path, stat.size);
    let stored = match objects.put(&key, body, stat.size).await {
        Err(ObjectError::Rejected(why)) => return Ok(One::Unsent(format!("is refused: {why}"))),
        other => other?,
    };
    let as_reported = stored.sha256 == file.sha256;
    let size = i64::try_from(stored.size).unwrap_or(i64::MAX);
    let row = Sent { path: file.path, size, sha256: stored.sha256 };
    Ok(if as_reported { One::Sent(row) } else { One::Changed(row) })
}

fn read(
    volume: Arc<dyn Volume>,
    path: VolumePath,
    size: u64,
) -> BoxStream<'static, io::Result<Bytes>> {
    let pieces = stream::try_unfold((volume, path, 0), move |(volume, path, at)| async move {
        if at == size {
            return Ok(None);
        }
        let until = size.min(at + PIECE);
        let bytes = volume.read(&path, at..until).await.map_err(io::Error::other)?;
        if bytes.len() as u64 != until - at {
            return Err(io::Error::new(io::ErrorKind::UnexpectedEof, "the file changed"));
        }
        Ok(Some((bytes, (volume, path, until))))
    });
    Box::pin(pieces)
}
