//! Taking a backup.

use super::{
    BackupError, DATABASE, Manifest, Progress, Step, archive, failed,
    manifest::{File, MANIFEST},
    tree::{Copier, clear, copy, create},
};
use crate::store::snapshot::{Beside, Named};
use entity::vocab::SessionStateName;
use rustix::{
    fd::OwnedFd,
    fs::{FlockOperation, Mode, OFlags, fcntl_lock},
};
use std::{
    ffi::OsStr,
    fs,
    os::unix::fs::DirBuilderExt,
    path::{Path, PathBuf},
};
use tokio_util::sync::CancellationToken;

/// Rounds that are made so that sessions at work are as little ahead of their logs as can be.
const ROUNDS: usize = 4;
/// Rounds that are made because files were deleted.
const MOST_ROUNDS: usize = 20;

/// Copies a data directory to `to`: a new folder, or one file when its name ends in `.tar`. A
/// server may be using the data directory.
///
/// What is not finished has another name: `{to}.partial`.
///
/// *Errors*: nothing is left of a backup that failed or was interrupted.
pub async fn take(
    data: &Path,
    to: &Path,
    stop: CancellationToken,
    progress: Progress,
) -> Result<Manifest, BackupError> {
    let database = data.join(DATABASE);
    if !database.is_file() {
        return Err(BackupError::Nothing(data.to_owned()));
    }
    let staging = Staging::open(to)?;
    let live = Beside::open(&database).await?;
    let place = staging.place.clone();
    let copier = Copier::new(place, stop.clone(), progress.clone());
    let copied = rounds(data, &live, copier, &progress).await;
    // Its file goes back to what it was, whatever came of the copy.
    let closed = live.close().await;
    let manifest = copied?;
    closed?;
    let finish = move || staging.finish(&manifest, &stop, &progress).map(|()| manifest);
    blocking(finish).await
}

/// Copies until the files belong to the rows.
async fn rounds(
    data: &Path,
    live: &Beside,
    mut copier: Copier,
    progress: &Progress,
) -> Result<Manifest, BackupError> {
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
    let open = rustix::fs::open(data, flags, Mode::empty());
    let folder = open.map_err(|error| failed("open the data directory")(error.into()))?;
    for round in 1..=MOST_ROUNDS {
        let stop = copier.stop.clone();
        progress(Step::Database);
        let (database, named) = tokio::select! {
            taken = rows(live, &copier.to) => taken?,
            () = stop.cancelled() => return Err(BackupError::Interrupted),
        };
        let data = folder.try_clone().map_err(failed("open the data directory"))?;
        let wanted = named.clone();
        (copier, ()) =
            blocking(move || files(&mut copier, &data, &wanted).map(|()| (copier, ()))).await?;
        let now = live.named().await?;
        let (stale, moved) = since(&named, &now);
        if !stale && (moved == 0 || round >= ROUNDS) {
            return Ok(manifest(named, database, &copier));
        }
        progress(Step::Again { moved });
    }
    Err(BackupError::Moving)
}

/// Copies the database, and reads of the copy what it names.
async fn rows(live: &Beside, to: &Path) -> Result<(File, Named), BackupError> {
    let path = to.join(DATABASE);
    clear(&path).map_err(failed("write the database's copy"))?;
    live.copy(&path).await?;
    let copied = Beside::open(&path).await?;
    let named = copied.named().await?;
    copied.close().await?;
    let digested = blocking(move || {
        let file = fs::File::open(&path).map_err(failed("read the database's copy"))?;
        // A copy of one's own is read to its end.
        copy(file, std::io::sink(), &CancellationToken::new())
            .map_err(|_| failed("read the database's copy")(std::io::ErrorKind::Other.into()))
    });
    let (size, sha256) = digested.await?;
    Ok((File { path: DATABASE.into(), mode: 0o600, size, sha256 }, named))
}

/// Brings the copies of all files that the rows name up to date.
fn files(copier: &mut Copier, data: &OwnedFd, named: &Named) -> Result<(), BackupError> {
    copier.begin();
    for upload in &named.uploads {
        copier.file(data, &format!("objects/objects/uploads/{upload}.object"))?;
    }
    // Everything but uploads is kept under its digest and never deleted.
    let kinds = copier.names(data, "objects/objects")?;
    for kind in kinds.iter().filter(|kind| *kind != "uploads") {
        copier.tree(data, &format!("objects/objects/{kind}"))?;
    }
    for experiment in &named.experiments {
        let volume = format!("volumes/datasets/{experiment}");
        // Its mark is written last. One without it is not whole, and is made anew when it is needed.
        if copier.file(data, &format!("{volume}/.ready"))? {
            copier.tree(data, &volume)?;
        }
    }
    for session in named.sessions.keys() {
        copier.tree(data, &format!("volumes/sessions/{session}"))?;
    }
    copier.end()
}

/// Whether files of rows may be gone since, and how many sessions went on.
///
/// A session's folder changes after an event of its own, so one without new events has not changed. One that rested
/// and began a stage may have moved the folders that its rows name.
fn since(before: &Named, now: &Named) -> (bool, usize) {
    let mut moved = 0;
    let mut stale =
        !before.uploads.is_subset(&now.uploads) || !before.experiments.is_subset(&now.experiments);
    for (id, then) in &before.sessions {
        match now.sessions.get(id) {
            None => stale = true,
            Some(now) => {
                stale |= !at_work(then.state) && at_work(now.state);
                moved += usize::from(now.last_seq != then.last_seq);
            }
        }
    }
    (stale, moved)
}

fn at_work(state: SessionStateName) -> bool {
    use SessionStateName::{
        Cancelled, Created, EdaDone, EdaRunning, Failed, PrepDone, PrepRunning, TrainDone,
        TrainRunning,
    };
    match state {
        EdaRunning | PrepRunning | TrainRunning => true,
        Created | EdaDone | PrepDone | TrainDone | Failed | Cancelled => false,
    }
}

fn manifest(named: Named, database: File, copier: &Copier) -> Manifest {
    let running = named.sessions.iter().filter(|(_, session)| at_work(session.state));
    let running = running.map(|(id, _)| id.to_string()).collect();
    let mut manifest = Manifest::new(named.schema, running);
    let (folders, mut files, left_out) = copier.copied();
    files.push(database);
    manifest.folders = folders;
    manifest.files = files;
    manifest.left_out = left_out;
    manifest
}

/// The folder of a backup that is not finished; gone when dropped before it is.
struct Staging {
    to: PathBuf,
    place: PathBuf,
    _lock: fs::File,
}

impl Staging {
    fn open(to: &Path) -> Result<Self, BackupError> {
        let to = std::path::absolute(to).map_err(failed("find where the backup goes"))?;
        if to.symlink_metadata().is_ok() {
            return Err(BackupError::Taken(to));
        }
        let name = to.file_name().unwrap_or(OsStr::new("backup")).to_owned();
        let beside = |ending: &str| {
            let mut name = name.clone();
            name.push(ending);
            to.with_file_name(name)
        };
        // The lock outlives nobody, so that what a killed backup left is told from one at work.
        let lock =
            fs::File::options().create(true).truncate(false).write(true).open(beside(".lock"));
        let lock = lock.map_err(failed(format!("write `{}`", to.display())))?;
        if fcntl_lock(&lock, FlockOperation::NonBlockingLockExclusive).is_err() {
            return Err(BackupError::Busy(to));
        }
        let place = beside(".partial");
        let made = clear(&place).and_then(|()| fs::DirBuilder::new().mode(0o700).create(&place));
        made.map_err(failed(format!("write `{}`", place.display())))?;
        Ok(Self { to, place, _lock: lock })
    }

    /// Gives the backup its name, once all of it is on disk.
    fn finish(
        self,
        manifest: &Manifest,
        stop: &CancellationToken,
        progress: &Progress,
    ) -> Result<(), BackupError> {
        let write = || failed("write the backup's manifest");
        let text = serde_json::to_vec_pretty(manifest).map_err(|e| write()(e.into()))?;
        // Folders that were emptied since an earlier round are in no manifest and stay behind.
        let path = self.place.join(MANIFEST);
        let mut file = create(&path).map_err(write())?;
        std::io::Write::write_all(&mut file, &text).map_err(write())?;
        let whole = if self.to.extension().is_some_and(|ending| ending == "tar") {
            progress(Step::Packing);
            archive::pack(&self.place, manifest, stop)?
        } else {
            self.place.clone()
        };
        let place = fs::File::open(&self.place).map_err(write())?;
        rustix::fs::syncfs(&place).map_err(|error| write()(error.into()))?;
        if stop.is_cancelled() {
            return Err(BackupError::Interrupted);
        }
        if self.to.symlink_metadata().is_ok() {
            return Err(BackupError::Taken(self.to.clone()));
        }
        fs::rename(&whole, &self.to).map_err(write())?;
        let above = self.to.parent().map(fs::File::open);
        above.transpose().and_then(|above| above.map_or(Ok(()), |f| f.sync_all())).map_err(write())
    }
}

impl Drop for Staging {
    fn drop(&mut self) {
        let mut lock = self.to.clone().into_os_string();
        lock.push(".lock");
        // After a rename there is nothing by this name; before it nothing of it is of use.
        for path in [self.place.clone(), PathBuf::from(lock)] {
            if let Err(error) = clear(&path) {
                tracing::warn!(path = %path.display(), %error, "what is of no use was not deleted");
            }
        }
    }
}

async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, BackupError> + Send + 'static,
) -> Result<T, BackupError> {
    let joined = tokio::task::spawn_blocking(work).await;
    joined.map_err(|error| failed("copy files")(std::io::Error::other(error)))?
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::snapshot::Standing;
    use SessionStateName::{EdaDone, EdaRunning, PrepRunning};
    use entity::ids::SessionId;

    #[track_caller]
    fn check(
        then: (SessionStateName, i64),
        now: Option<(SessionStateName, i64)>,
        expect: (bool, usize),
    ) {
        let id = SessionId::new();
        let named = |session: Option<(SessionStateName, i64)>| Named {
            sessions: session
                .into_iter()
                .map(|(state, last_seq)| (id, Standing { state, last_seq }))
                .collect(),
            ..Named::default()
        };
        assert_eq!(since(&named(Some(then)), &named(now)), expect);
    }

    #[test]
    fn what_happened_meanwhile() {
        check((EdaDone, 9), Some((EdaDone, 9)), (false, 0));
        check((EdaRunning, 9), Some((EdaRunning, 12)), (false, 1));
        check((EdaRunning, 9), Some((EdaDone, 12)), (false, 1));
        // A message, or a follow-up: its folder is `notes/`.
        check((EdaDone, 9), Some((EdaDone, 10)), (false, 1));
        check((EdaDone, 9), Some((PrepRunning, 12)), (true, 1));
        check((EdaDone, 9), None, (true, 0));
    }
}
