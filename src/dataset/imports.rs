//! The imports that are under way on this server: how far each is, what it waits for, and who fetches it.

use entity::ids::UploadId;
use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError, atomic::AtomicU64, atomic::Ordering::Relaxed},
};
use tokio::{
    sync::{Semaphore, SemaphorePermit},
    task::JoinHandle,
};

/// Imports that run at once; more wait.
const AT_ONCE: usize = 2;

/// The imports of this server that are under way.
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

#[derive(Default)]
struct Import {
    received: Arc<AtomicU64>,
    /// What it waits for.
    waits: Option<String>,
    /// Who fetches it.
    task: Option<JoinHandle<()>>,
}

impl Imports {
    fn known(&self) -> MutexGuard<'_, HashMap<UploadId, Import>> {
        // A map of counters is whole after any panic.
        self.0.known.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// False when this server is at it already.
    pub(super) fn begin(&self, id: UploadId) -> bool {
        let mut known = self.known();
        let new = !known.contains_key(&id);
        if new {
            known.insert(id, Import::default());
        }
        new
    }

    pub(super) fn fetched_by(&self, id: UploadId, task: JoinHandle<()>) {
        // It may have ended already, and then nobody has to be ended.
        if let Some(import) = self.known().get_mut(&id) {
            import.task = Some(task);
        }
    }

    pub(super) fn waits(&self, id: UploadId, what: Option<String>) {
        if let Some(import) = self.known().get_mut(&id) {
            import.waits = what;
        }
    }

    pub(super) fn received(&self, id: UploadId) -> Arc<AtomicU64> {
        let known = self.known();
        known.get(&id).map(|import| Arc::clone(&import.received)).unwrap_or_default()
    }

    /// How far one is, and what it waits for; `None` when it is not under way here.
    pub(super) fn standing(&self, id: UploadId) -> Option<(u64, Option<String>)> {
        let known = self.known();
        known.get(&id).map(|import| (import.received.load(Relaxed), import.waits.clone()))
    }

    /// A turn, when one is free.
    pub(super) fn turn_now(&self) -> Option<SemaphorePermit<'_>> {
        self.0.turns.try_acquire().ok()
    }

    /// Waits for a turn; `None` when the server stops.
    pub(super) async fn turn(&self) -> Option<SemaphorePermit<'_>> {
        self.0.turns.acquire().await.ok()
    }

    pub(super) fn end(&self, id: UploadId) {
        // The upload's own row says it from here on.
        self.known().remove(&id);
    }

    /// Ends an import, and waits until nothing more comes of it.
    pub(super) async fn stop(&self, id: UploadId) {
        let task = self.known().remove(&id).and_then(|import| import.task);
        if let Some(task) = task {
            task.abort();
            // It ended, one way or the other.
            let _ = task.await;
        }
    }
}
