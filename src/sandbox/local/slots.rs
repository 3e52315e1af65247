//! Zygotes that belong to nobody yet: imported ahead of time, each claimed by one sandbox, once.

use super::{
    Shared,
    cgroup::Weight,
    environment::Ready,
    zygote::{Kind, Zygote},
};
use std::sync::{
    Arc, Mutex, MutexGuard, PoisonError, Weak,
    atomic::{AtomicBool, Ordering},
};

/// The ready ones, and how many there should be.
pub(super) struct Slots {
    wanted: usize,
    kind: Kind,
    ready: Mutex<Vec<Arc<Zygote>>>,
    filling: AtomicBool,
}

impl Slots {
    pub(super) fn new(wanted: usize, kind: Kind) -> Self {
        Self { wanted, kind, ready: Mutex::default(), filling: AtomicBool::new(false) }
    }

    /// How many could be claimed now and have imported everything.
    pub(super) fn warm(&self) -> usize {
        self.ready().iter().filter(|zygote| zygote.is_warm()).count()
    }

    /// Takes one that fits, the warmest first.
    pub(super) fn claim(&self, environment: &Arc<Ready>, kind: &Kind) -> Option<Arc<Zygote>> {
        let mut ready = self.ready();
        ready.retain(|zygote| !zygote.is_gone() && Arc::ptr_eq(&zygote.environment, environment));
        let fits = |zygote: &Arc<Zygote>| zygote.kind == *kind;
        let best = ready.iter().position(|zygote| fits(zygote) && zygote.is_warm());
        let found = best.or_else(|| ready.iter().position(fits))?;
        let claimed = ready.swap_remove(found);
        claimed.hurry();
        Some(claimed)
    }

    fn ready(&self) -> MutexGuard<'_, Vec<Arc<Zygote>>> {
        self.ready.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Starts what is missing, one after another, without being waited for.
pub(super) fn fill(shared: &Arc<Shared>, environment: &Arc<Ready>) {
    let slots = &shared.slots;
    if slots.wanted == 0 || slots.filling.swap(true, Ordering::AcqRel) {
        return;
    }
    // Whoever drops the provider must not wait for this, nor keep it alive.
    tokio::spawn(refill(Arc::downgrade(shared), Arc::clone(environment)));
}

async fn refill(shared: Weak<Shared>, environment: Arc<Ready>) {
    loop {
        let Some(shared) = shared.upgrade() else { return };
        let slots = &shared.slots;
        slots.ready().retain(|zygote| !zygote.is_gone());
        if slots.ready().len() >= slots.wanted {
            slots.filling.store(false, Ordering::Release);
            return;
        }
        let started =
            Zygote::start(&shared, Arc::clone(&environment), slots.kind.clone(), Weight::Small)
                .await;
        let zygote = match started {
            Ok(zygote) => Arc::new(zygote),
            Err(error) => {
                tracing::warn!(%error, "no sandbox could be warmed up; the next session starts cold");
                slots.filling.store(false, Ordering::Release);
                return;
            }
        };
        slots.ready().push(Arc::clone(&zygote));
        drop(shared);
        // One at a time: importing takes a core for a second or two.
        zygote.settled().await;
    }
}
