//! One session: what its rows say should stand in the bucket, and what stands there.
//!
//! One server at a time does this for a session. What it is about to do is noted first, so that whatever breaks off
//! is done again. What is to go goes before anything is sent: a store may refuse `a/b` while it has `a`.

use super::send::{Sender, Sending};
use crate::{
    dataset::session_folder,
    objects::{Checkpoint, ObjectError, ObjectKey, ObjectStore},
    sandbox::{SandboxError, VolumeName},
    session::{CommandError, Directory, Parts, state::Command},
    store::{self, StoreError, Turn, synced::Wanted},
};
use chrono::Utc;
use entity::{
    ids::{SessionId, StageRunId},
    synced_objects::Model as Synced,
    vocab::Stage,
};
use futures::{StreamExt, stream};
use std::{
    collections::{BTreeMap, HashMap, HashSet},
    sync::Arc,
};

/// Objects that are deleted at once, and after how many is looked again at what is wanted.
const DELETED_AT_ONCE: usize = 8;
const DELETED: usize = 500;

/// Why a session's files are not all in the bucket.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Trouble {
    /// The store is away, or refuses who we are; one sentence for people.
    Store(String),
    /// The store did not do what it was asked with one object; perhaps it does nothing at all.
    Object(String),
    /// The database is away.
    Database(String),
    /// Something about this session's own files.
    Session(String),
    /// Another server is at this session.
    Taken,
}

impl From<ObjectError> for Trouble {
    fn from(error: ObjectError) -> Self {
        match error {
            ObjectError::Refused(_) | ObjectError::NoBucket(_) | ObjectError::Misplaced(_) => {
                Trouble::Store(error.to_string())
            }
            ObjectError::Full => Trouble::Store("the object store is full".into()),
            ObjectError::Away(_) | ObjectError::Busy | ObjectError::Held | ObjectError::Damaged => {
                Trouble::Object(error.to_string())
            }
            ObjectError::Rejected(_)
            | ObjectError::NoObject(_)
            | ObjectError::TooLarge { .. }
            | ObjectError::Broken(_)
            | ObjectError::Forgotten
            | ObjectError::Io { .. } => Trouble::Session(error.to_string()),
        }
    }
}

impl From<StoreError> for Trouble {
    fn from(error: StoreError) -> Self {
        tracing::warn!(%error, "the database did not answer a sync");
        Trouble::Database("the database does not answer".into())
    }
}

impl From<SandboxError> for Trouble {
    fn from(error: SandboxError) -> Self {
        Trouble::Session(error.to_string())
    }
}

/// What is to be sent and told.
#[derive(Debug, Default, PartialEq, Eq)]
struct Plan {
    upload: Vec<Wanted>,
    /// Runs of which nothing, or not all, was told yet, with their files.
    tell: BTreeMap<(Stage, StageRunId), Vec<Wanted>>,
}

fn plan(wanted: Vec<Wanted>, stands: &[Synced]) -> Plan {
    let there: HashMap<&str, (i64, &str)> =
        stands.iter().map(|row| (row.path.as_str(), (row.size, row.sha256.as_str()))).collect();
    let untold: HashSet<StageRunId> =
        wanted.iter().filter(|file| !file.told).map(|file| file.stage_run).collect();
    let mut plan = Plan::default();
    for file in wanted {
        if untold.contains(&file.stage_run) {
            let files = plan.tell.entry((file.stage, file.stage_run)).or_default();
            files.push(file.clone());
        }
        let stands = there.get(file.path.as_str()) == Some(&(file.size, file.sha256.as_str()));
        if !stands || file.elsewhere {
            plan.upload.push(file);
        }
    }
    plan
}

/// What is told of a run after its files were sent; `None` when that is nothing new.
fn told(place: &str, id: SessionId, files: &[Wanted], sending: &Sending) -> Option<Command> {
    let first = files.first()?;
    let missing = |file: &&Wanted| sending.unsent.contains_key(&file.path);
    if !files.iter().any(|file| !file.told && !missing(&file)) {
        return None;
    }
    let missing: Vec<String> = files.iter().filter(missing).map(|file| file.path.clone()).collect();
    let uploaded = files.iter().filter(|file| sending.sent.contains(&file.path)).count();
    Some(Command::Synced {
        stage_run: first.stage_run,
        stage: first.stage,
        files_synced: (files.len() - missing.len()) as u64,
        uploaded: uploaded as u64,
        s3_prefix: format!("{place}{}/{}", session_folder(id), first.stage),
        missing,
    })
}

/// Makes the bucket what the session's rows say, and then tells the session. Safe to repeat. Answers whether the
/// store was asked for anything.
pub(super) async fn session(directory: &Directory, id: SessionId) -> Result<bool, Trouble> {
    let parts = directory.parts();
    let turn = parts.store.try_turn(id.0).await?.ok_or(Trouble::Taken)?;
    let work = Work { directory, parts, id, turn: &turn };
    let done = tokio::select! {
        done = work.all() => done,
        error = turn.lost() => Err(error.into()),
    };
    turn.end().await;
    done
}

/// What is done while this server has the turn of a session.
struct Work<'a> {
    directory: &'a Directory,
    parts: &'a Parts,
    id: SessionId,
    turn: &'a Turn,
}

impl Work<'_> {
    async fn all(&self) -> Result<bool, Trouble> {
        let (id, db) = (self.id, self.parts.store.read());
        let objects = self.parts.datasets.objects();
        let Some(remote) = objects.remote() else { return Ok(false) };
        let place = remote.place().uri("");
        let (deleted, left) = self.delete(objects.as_ref(), &place).await?;
        let stands = store::synced::of_session(db, id).await?;
        let plan = plan(store::synced::wanted(db, id, &place).await?, &stands);
        let asked = deleted || !plan.upload.is_empty();
        let sending = self.upload(objects, plan.upload, &stands).await;
        if !store::synced::lives(db, id).await? {
            // It was deleted meanwhile, and what was sent after that is nobody's.
            self.parts.datasets.unsync(id).await?;
            return Ok(true);
        }
        let sending = sending?;
        for files in plan.tell.values() {
            let Some(command) = told(&place, id, files, &sending) else { continue };
            match self.directory.command(id, command).await {
                Ok(_) => {}
                // Superseded meanwhile, or deleted.
                Err(CommandError::Refused(_) | CommandError::NotFound) => {}
                Err(error) => return Err(Trouble::Session(error.to_string())),
            }
        }
        match (sending.unsent.first_key_value(), left) {
            (Some((path, why)), _) => {
                let others = sending.unsent.len() - 1;
                let others =
                    if others > 0 { format!(", and {others} more") } else { String::new() };
                Err(Trouble::Session(format!("`{path}` {why}{others}")))
            }
            (None, Some(why)) => Err(Trouble::Session(why)),
            (None, None) => Ok(asked),
        }
    }

    /// Deletes what nothing wants. It looks again each time at what is wanted: a stage may have ended since.
    ///
    /// Answers whether the store was asked, and why something could not be deleted.
    async fn delete(
        &self,
        objects: &dyn ObjectStore,
        place: &str,
    ) -> Result<(bool, Option<String>), Trouble> {
        let (id, read, write) = (self.id, self.parts.store.read(), self.parts.store.write());
        let mut failed: HashMap<String, String> = HashMap::new();
        let mut asked = false;
        loop {
            let stands = store::synced::of_session(read, id).await?;
            let wanted = store::synced::wanted(read, id, place).await?;
            let wanted: HashSet<String> = wanted.into_iter().map(|file| file.path).collect();
            let unwanted: Vec<Synced> = stands
                .into_iter()
                .filter(|row| !wanted.contains(&row.path) && !failed.contains_key(&row.path))
                .take(DELETED)
                .collect();
            if unwanted.is_empty() {
                return Ok((asked, failed.into_values().next()));
            }
            asked = true;
            self.turn.held().await?;
            let doubted: Vec<_> = unwanted.iter().map(|row| (row.path.clone(), row.size)).collect();
            store::synced::doubt(write, id, doubted, Utc::now()).await?;
            let deleting = unwanted.into_iter().map(|row| async move {
                let deleted = delete(objects, id, &row).await;
                (row.path, deleted)
            });
            let mut deleting = stream::iter(deleting).buffer_unordered(DELETED_AT_ONCE);
            let mut gone = Vec::new();
            let mut trouble = None;
            while let Some((path, deleted)) = deleting.next().await {
                match deleted.map_err(Trouble::from) {
                    Ok(()) => gone.push(path),
                    Err(Trouble::Session(why)) => drop(failed.insert(path, why)),
                    Err(other) => trouble = Some(other),
                }
            }
            store::synced::forget(write, id, &gone).await?;
            if let Some(trouble) = trouble {
                return Err(trouble);
            }
        }
    }

    async fn upload(
        &self,
        objects: &Arc<dyn ObjectStore>,
        files: Vec<Wanted>,
        stands: &[Synced],
    ) -> Result<Sending, Trouble> {
        if files.is_empty() {
            return Ok(Sending::default());
        }
        let name = VolumeName::parse(&format!("sessions/{}", self.id))
            .map_err(|error| Trouble::Session(error.to_string()))?;
        let volume = self.parts.sandboxes.volume(&name).await?;
        let count = files.len();
        let sender = Sender {
            store: &self.parts.store,
            id: self.id,
            volume: Arc::clone(&volume),
            objects: Arc::clone(objects),
        };
        self.turn.held().await?;
        let sending = sender.send(files, stands).await?;
        if sending.unsent.len() == count && volume.list(None).await?.files.is_empty() {
            return Err(Trouble::Session(
                "the session's folder is empty on this server; put its files back where they were"
                    .into(),
            ));
        }
        Ok(sending)
    }
}

/// Deletes what stands, or may stand, of a file, and what was on its way.
async fn delete(objects: &dyn ObjectStore, id: SessionId, row: &Synced) -> Result<(), ObjectError> {
    // Nothing can stand under a name that is too long.
    let Some(key) = key(id, &row.path) else { return Ok(()) };
    if let Some(checkpoint) = row.checkpoint.as_deref().and_then(Checkpoint::parse) {
        objects.discard(&key, &checkpoint).await?;
    }
    objects.delete(&key).await
}

pub(super) fn key(id: SessionId, path: &str) -> Option<ObjectKey> {
    ObjectKey::file(&session_folder(id), path)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(run: StageRunId, path: &str, sha256: &str, told: bool) -> Wanted {
        Wanted {
            stage_run: run,
            stage: Stage::Eda,
            path: path.to_owned(),
            size: 1,
            sha256: sha256.to_owned(),
            reported: Utc::now(),
            told,
            elsewhere: false,
        }
    }

    fn stands(path: &str, sha256: &str) -> Synced {
        Synced {
            session_id: SessionId::new(),
            path: path.into(),
            size: 1,
            sha256: sha256.into(),
            synced_at: Utc::now(),
            checkpoint: None,
            checkpoint_of: None,
        }
    }

    #[test]
    fn only_what_changed_is_sent() {
        let run = StageRunId::new();
        let tell = |files: &[&Wanted]| {
            BTreeMap::from([((Stage::Eda, run), files.iter().map(|f| (*f).clone()).collect())])
        };
        let new = file(run, "eda/new", "1", false);
        let same = file(run, "eda/same", "2", false);
        let other = file(run, "eda/other", "3", false);
        let doubted = file(run, "eda/doubted", "5", false);
        let there = [
            stands("eda/same", "2"),
            stands("eda/other", "0"),
            stands("eda/doubted", ""),
            stands("eda/gone", "4"),
        ];
        let expect = Plan {
            upload: vec![new.clone(), other.clone(), doubted.clone()],
            tell: tell(&[&new, &same, &other, &doubted]),
        };
        assert_eq!(plan(vec![new, same.clone(), other, doubted], &there), expect);
        // All was sent before the server died, and nothing told.
        let expect = Plan { tell: tell(&[&same]), ..Plan::default() };
        assert_eq!(plan(vec![same.clone()], &there[..1]), expect);
        // All was told.
        let same = Wanted { told: true, ..same };
        assert_eq!(plan(vec![same.clone()], &there[..1]), Plan::default());
        // All was told, and is not there any more.
        let expect = Plan { upload: vec![same.clone()], ..Plan::default() };
        assert_eq!(plan(vec![same.clone()], &there[1..]), expect);
        // It stands in another bucket.
        let moved = Wanted { told: false, elsewhere: true, ..same };
        let expect = Plan { upload: vec![moved.clone()], tell: tell(&[&moved]) };
        assert_eq!(plan(vec![moved], &there[..1]), expect);
    }

    #[track_caller]
    fn check(
        files: &[Wanted],
        unsent: &[&str],
        sent: &[&str],
        expect: Option<(u64, u64, &[&str])>,
    ) {
        let sending = Sending {
            sent: sent.iter().map(|path| (*path).to_owned()).collect(),
            unsent: unsent.iter().map(|path| ((*path).to_owned(), "is gone".to_owned())).collect(),
        };
        let found =
            told("s3://b/p/", SessionId::new(), files, &sending).map(|command| match command {
                Command::Synced { files_synced, uploaded, missing, .. } => {
                    (files_synced, uploaded, missing)
                }
                other => panic!("{other:?}"),
            });
        let expect = expect.map(|(files, uploaded, missing)| {
            (files, uploaded, missing.iter().map(|path| (*path).to_owned()).collect())
        });
        assert_eq!(found, expect);
    }

    #[test]
    fn what_was_not_sent_is_not_told() {
        let run = StageRunId::new();
        let (a, b) = (file(run, "eda/a", "1", false), file(run, "eda/b", "2", false));
        let both = [a.clone(), b.clone()];
        check(&both, &[], &["eda/a"], Some((2, 1, &[])));
        check(&both, &["eda/b"], &["eda/a"], Some((1, 1, &["eda/b"])));
        check(&both, &["eda/a", "eda/b"], &[], None);
        // Nothing new, and then the rest.
        let both = [Wanted { told: true, ..a }, b];
        check(&both, &["eda/b"], &[], None);
        check(&both, &[], &["eda/b"], Some((2, 1, &[])));
        check(&[], &[], &[], None);
    }
}
