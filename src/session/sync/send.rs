//! Sending the files of one session, several at once.

use super::{
    file::{self, AT_ONCE, Begun, Came},
    reconcile::Trouble,
};
use crate::{
    objects::ObjectStore,
    sandbox::{Volume, VolumePath},
    store::{
        self, Store,
        synced::{Sent, Wanted},
    },
};
use chrono::Utc;
use entity::{ids::SessionId, synced_objects::Model as Synced};
use std::{
    collections::{BTreeMap, HashMap, HashSet},
    sync::Arc,
    time::Duration,
};
use tokio::{
    sync::Semaphore,
    task::JoinSet,
    time::{Instant, timeout},
};

/// Files that have a task: those that wait for a place go on while the database is told of others.
const READY: usize = 64;
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

impl Sender<'_> {
    /// Sends files, and notes what was sent as it goes: what breaks off goes on there.
    pub(super) async fn send(
        &self,
        files: Vec<Wanted>,
        stands: &[Synced],
    ) -> Result<Sending, Trouble> {
        let mut sending = Sending::default();
        let files = self.as_reported(files, stands, &mut sending).await?;
        let begun = stands.iter().filter_map(|row| Some((row.path.clone(), Begun::of(row)?)));
        let mut begun: HashMap<String, Begun> = begun.collect();
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
                let begun = begun.remove(&file.path);
                let (places, path, one) =
                    (Arc::clone(&places), file.path.clone(), self.one(file, begun));
                tasks.spawn(async move { (path, one.send(&places).await) });
            }
            match timeout(PAUSE, tasks.join_next()).await {
                Ok(None) => break,
                Ok(Some(Ok((path, Ok(Came::Sent(row)))))) => {
                    sending.sent.insert(path);
                    unwritten.push(row);
                }
                Ok(Some(Ok((path, Ok(Came::Changed(row)))))) => {
                    sending.unsent.insert(path, CHANGED.into());
                    unwritten.push(row);
                }
                Ok(Some(Ok((path, Ok(Came::Unsent(why)))))) => {
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

    fn one(&self, file: Wanted, begun: Option<Begun>) -> file::One {
        file::One {
            store: self.store.clone(),
            id: self.id,
            volume: Arc::clone(&self.volume),
            objects: Arc::clone(&self.objects),
            file,
            begun,
        }
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
