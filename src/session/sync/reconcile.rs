//! One session: what its rows say should stand in the bucket, and what stands there.

use crate::{
    dataset::session_folder,
    objects::{ObjectError, ObjectKey, ObjectStore},
    sandbox::{SandboxError, Volume, VolumeName, VolumePath},
    session::{CommandError, Directory, state::Command},
    store::{
        self, StoreError,
        synced::{Sent, Wanted},
    },
};
use bytes::Bytes;
use chrono::Utc;
use entity::{
    ids::{SessionId, StageRunId},
    synced_objects::Model as Synced,
    vocab::Stage,
};
use futures::{
    StreamExt,
    stream::{self, BoxStream},
};
use std::{
    collections::{BTreeMap, HashMap, HashSet},
    io,
    sync::Arc,
    time::Duration,
};
use tokio::{
    sync::Semaphore,
    time::{Instant, timeout},
};

/// Files that are on their way at once.
const AT_ONCE: u32 = 8;
/// What counts as so many of them: a large file has several parts in memory.
const LARGE: u64 = 8 << 20;
const LARGE_COUNTS: u32 = 4;
/// Bytes of a file that are read at once: a part of an upload.
const PIECE: u64 = 8 << 20;
/// Rows that are written together, and how long they wait for more.
const ROWS: usize = 64;
const PAUSE: Duration = Duration::from_millis(250);

/// Why a session's files are not all in the bucket.
#[derive(Debug)]
pub(super) enum Trouble {
    /// Something of all sessions' is away; one sentence for people.
    Everywhere(String),
    /// Something about this session's own files.
    Session(String),
}

impl From<ObjectError> for Trouble {
    fn from(error: ObjectError) -> Self {
        match error {
            ObjectError::Away(_)
            | ObjectError::Refused(_)
            | ObjectError::NoBucket(_)
            | ObjectError::Misplaced(_)
            | ObjectError::Damaged => Trouble::Everywhere(error.to_string()),
            ObjectError::Full => Trouble::Everywhere("the object store is full".into()),
            ObjectError::NoObject(_)
            | ObjectError::TooLarge { .. }
            | ObjectError::Broken(_)
            | ObjectError::Io { .. } => Trouble::Session(error.to_string()),
        }
    }
}

impl From<StoreError> for Trouble {
    fn from(error: StoreError) -> Self {
        tracing::warn!(%error, "the database did not answer a sync");
        Trouble::Everywhere("the database does not answer".into())
    }
}

impl From<SandboxError> for Trouble {
    fn from(error: SandboxError) -> Self {
        Trouble::Session(error.to_string())
    }
}

/// What is to be done.
#[derive(Debug, Default, PartialEq, Eq)]
struct Plan {
    upload: Vec<Wanted>,
    /// Paths.
    delete: Vec<String>,
    /// Runs of which nothing was told yet, with their files.
    tell: BTreeMap<(Stage, StageRunId), Vec<String>>,
}

fn plan(wanted: Vec<Wanted>, stands: &[Synced]) -> Plan {
    let there: HashMap<&str, (i64, &str)> =
        stands.iter().map(|row| (row.path.as_str(), (row.size, row.sha256.as_str()))).collect();
    let paths: HashSet<&str> = wanted.iter().map(|file| file.path.as_str()).collect();
    let delete = stands.iter().filter(|row| !paths.contains(row.path.as_str()));
    let mut plan = Plan { delete: delete.map(|row| row.path.clone()).collect(), ..Plan::default() };
    let untold: HashSet<StageRunId> =
        wanted.iter().filter(|file| !file.told).map(|file| file.stage_run).collect();
    for file in wanted {
        if untold.contains(&file.stage_run) {
            let files = plan.tell.entry((file.stage, file.stage_run)).or_default();
            files.push(file.path.clone());
        }
        if there.get(file.path.as_str()) != Some(&(file.size, file.sha256.as_str())) {
            plan.upload.push(file);
        }
    }
    plan
}

/// Makes the bucket what the session's rows say, and then tells the session. Safe to repeat.
pub(super) async fn session(directory: &Directory, id: SessionId) -> Result<(), Trouble> {
    let parts = directory.parts();
    let objects = Arc::clone(parts.datasets.objects());
    let Some(remote) = objects.remote() else { return Ok(()) };
    let db = parts.store.read();
    let stands = store::synced::of_session(db, id).await?;
    let plan = plan(store::synced::wanted(db, id).await?, &stands);
    let to_send: HashSet<String> = plan.upload.iter().map(|file| file.path.clone()).collect();
    let sent = upload(directory, id, Arc::clone(&objects), plan.upload).await;
    if !store::synced::lives(db, id).await? {
        // It was deleted meanwhile, and what was sent after that is nobody's.
        return Ok(parts.datasets.unsync(id).await?);
    }
    let sent = sent?;
    for path in &plan.delete {
        if let Some(key) = key(id, path) {
            objects.delete(&key).await?;
        }
    }
    store::synced::forget(parts.store.write(), id, &plan.delete).await?;
    for ((stage, stage_run), files) in plan.tell {
        let uploaded = files.iter().filter(|path| sent.contains(*path)).count();
        let stood = files.iter().filter(|path| !to_send.contains(*path)).count();
        let command = Command::Synced {
            stage_run,
            stage,
            files_synced: (stood + uploaded) as u64,
            uploaded: uploaded as u64,
            s3_prefix: remote.place().uri(&format!("{}/{stage}", session_folder(id))),
        };
        match directory.command(id, command).await {
            Ok(_) => {}
            // Superseded meanwhile, told by somebody else, or deleted.
            Err(CommandError::Refused(_) | CommandError::NotFound) => {}
            Err(error) => return Err(Trouble::Session(error.to_string())),
        }
    }
    Ok(())
}

/// Sends files, several at once, and notes what was sent as it goes: what breaks off goes on there.
async fn upload(
    directory: &Directory,
    id: SessionId,
    objects: Arc<dyn ObjectStore>,
    files: Vec<Wanted>,
) -> Result<HashSet<String>, Trouble> {
    let mut sent = HashSet::new();
    if files.is_empty() {
        return Ok(sent);
    }
    let parts = directory.parts();
    let name = VolumeName::parse(&format!("sessions/{id}"))
        .map_err(|error| Trouble::Session(error.to_string()))?;
    let volume = parts.sandboxes.volume(&name).await?;
    let mut written = Instant::now();
    let places = Arc::new(Semaphore::new(AT_ONCE as usize));
    let sending = stream::iter(files).map(move |file| {
        one(Arc::clone(&places), Arc::clone(&volume), Arc::clone(&objects), id, file)
    });
    let mut sending = sending.buffer_unordered(AT_ONCE as usize);
    let mut unwritten: Vec<Sent> = Vec::new();
    let mut trouble = None;
    while trouble.is_none() {
        match timeout(PAUSE, sending.next()).await {
            Ok(None) => break,
            Ok(Some(Ok(row))) => unwritten.extend(row),
            Ok(Some(Err(error))) => trouble = Some(error),
            Err(_) => {}
        }
        if unwritten.len() >= ROWS || written.elapsed() >= PAUSE {
            note(directory, id, &mut sent, &mut unwritten).await?;
            written = Instant::now();
        }
    }
    note(directory, id, &mut sent, &mut unwritten).await?;
    trouble.map_or(Ok(sent), Err)
}

/// Writes down what was sent.
async fn note(
    directory: &Directory,
    id: SessionId,
    sent: &mut HashSet<String>,
    unwritten: &mut Vec<Sent>,
) -> Result<(), Trouble> {
    let rows = std::mem::take(unwritten);
    sent.extend(rows.iter().map(|row| row.path.clone()));
    let store = &directory.parts().store;
    match store::synced::record(store.write(), id, rows, Utc::now()).await {
        Err(error) if store::synced::lives(store.read(), id).await? => Err(error.into()),
        // The rows of a session that is gone have nothing to belong to.
        Ok(()) | Err(_) => Ok(()),
    }
}

/// Sends one file; `None` when it is not there any more.
async fn one(
    places: Arc<Semaphore>,
    volume: Arc<dyn Volume>,
    objects: Arc<dyn ObjectStore>,
    id: SessionId,
    file: Wanted,
) -> Result<Option<Sent>, Trouble> {
    let counts = if file.size.unsigned_abs() > LARGE { LARGE_COUNTS } else { 1 };
    let place = places.acquire_many(counts).await;
    let _place = place.map_err(|error| Trouble::Session(error.to_string()))?;
    let unsent = |why: &str| {
        tracing::warn!(session.id = %id, why, "a file of a stage is not sent");
        Ok(None)
    };
    let Some(key) = key(id, &file.path) else { return unsent("no key can name it") };
    let Ok(path) = VolumePath::parse(&file.path) else { return unsent("its path is none") };
    let Some(stat) = volume.stat(&path).await? else { return unsent("it is gone") };
    let body = read(volume, path, stat.size);
    let stored = objects.put(&key, body, stat.size).await?;
    if stored.sha256 != file.sha256 {
        tracing::warn!(session.id = %id, "a file of a stage is not what was reported");
    }
    Ok(Some(Sent {
        path: file.path,
        size: i64::try_from(stored.size).unwrap_or(i64::MAX),
        sha256: stored.sha256,
    }))
}

fn key(id: SessionId, path: &str) -> Option<ObjectKey> {
    ObjectKey::file(&session_folder(id), path)
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
    pieces.boxed()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(run: StageRunId, path: &str, sha256: &str, told: bool) -> Wanted {
        let (path, sha256) = (path.to_owned(), sha256.to_owned());
        Wanted { stage_run: run, stage: Stage::Eda, path, size: 1, sha256, told }
    }

    fn stands(path: &str, sha256: &str) -> Synced {
        Synced {
            session_id: SessionId::new(),
            path: path.into(),
            size: 1,
            sha256: sha256.into(),
            synced_at: Utc::now(),
        }
    }

    #[test]
    fn only_what_changed_is_sent() {
        let run = StageRunId::new();
        let tell = |paths: &[&str]| {
            BTreeMap::from([((Stage::Eda, run), paths.iter().map(|p| (*p).to_owned()).collect())])
        };
        let new = file(run, "eda/new", "1", false);
        let same = file(run, "eda/same", "2", false);
        let other = file(run, "eda/other", "3", false);
        let there = [stands("eda/same", "2"), stands("eda/other", "0"), stands("eda/gone", "4")];
        let expect = Plan {
            upload: vec![new.clone(), other.clone()],
            delete: vec!["eda/gone".into()],
            tell: tell(&["eda/new", "eda/same", "eda/other"]),
        };
        assert_eq!(plan(vec![new, same, other], &there), expect);
        // All was sent before the server died, and nothing told.
        let expect = Plan { tell: tell(&["eda/same"]), ..Plan::default() };
        assert_eq!(plan(vec![file(run, "eda/same", "2", false)], &there[..1]), expect);
        // All was told.
        assert_eq!(plan(vec![file(run, "eda/same", "2", true)], &there[..1]), Plan::default());
        // The stage runs again.
        let expect = Plan { delete: vec!["eda/same".into()], ..Plan::default() };
        assert_eq!(plan(Vec::new(), &there[..1]), expect);
    }
}
