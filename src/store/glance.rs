//! What lists show of sessions, kept for as long as their logs do not grow.
//!
//! It changes by events alone, in the transaction that moves the session's sequence. So what was read once a session
//! stood at a sequence is true while it stands there. A list shows the same sessions over and over, nearly all of
//! which are done.

use super::{
    Store, StoreError,
    artifacts::{self, Wanted},
    series::{self, Series},
};
use entity::{ids::SessionId, vocab::Stage};
use lru::LruCache;
use std::{
    collections::HashMap,
    fmt,
    hash::Hash,
    num::NonZeroUsize,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

/// Sessions of which something is kept. Those that were not asked for longest make room.
const SESSIONS: NonZeroUsize = NonZeroUsize::new(4096).expect("more than none");
/// Series of one session that are kept: some have thousands, and no list shows them.
const SERIES: usize = 64;

/// A session at one place in its log.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Moment {
    pub session: SessionId,
    pub last_seq: i64,
}

/// What was read, of this process.
pub(super) struct Glances {
    series: Kept<(Option<Stage>, bool), Arc<[Series]>>,
    artifacts: Kept<Wanted, i64>,
}

impl Default for Glances {
    fn default() -> Self {
        Self { series: Kept::new(), artifacts: Kept::new() }
    }
}

impl fmt::Debug for Glances {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Glances").finish_non_exhaustive()
    }
}

/// The live series of some sessions, by stage run, name and tag; with their extents or without.
pub async fn series(
    store: &Store,
    of: &[Moment],
    stage: Option<Stage>,
    extent: bool,
) -> Result<HashMap<SessionId, Arc<[Series]>>, StoreError> {
    let (kept, what) = (&store.glances.series, (stage, extent));
    let (mut found, missing) = kept.find(of, what);
    if missing.is_empty() {
        return Ok(found);
    }
    let ids: Vec<_> = missing.iter().map(|moment| moment.session).collect();
    let mut read: HashMap<SessionId, Vec<Series>> = HashMap::new();
    for series in series::of_sessions(store.read(), &ids, stage, extent).await? {
        read.entry(series.latest.session_id).or_default().push(series);
    }
    for moment in missing {
        let series: Arc<[Series]> = read.remove(&moment.session).unwrap_or_default().into();
        if series.len() <= SERIES {
            kept.keep(moment, what, Arc::clone(&series));
        }
        found.insert(moment.session, series);
    }
    Ok(found)
}

/// How many artifacts each of these sessions has.
pub async fn artifacts(
    store: &Store,
    of: &[Moment],
    wanted: Wanted,
) -> Result<HashMap<SessionId, i64>, StoreError> {
    let kept = &store.glances.artifacts;
    let (mut found, missing) = kept.find(of, wanted);
    if missing.is_empty() {
        return Ok(found);
    }
    let ids: Vec<_> = missing.iter().map(|moment| moment.session).collect();
    let counts = artifacts::counts(store.read(), &ids, wanted).await?;
    let counts: HashMap<SessionId, i64> = counts.into_iter().collect();
    for moment in missing {
        let count = counts.get(&moment.session).copied().unwrap_or(0);
        kept.keep(moment, wanted, count);
        found.insert(moment.session, count);
    }
    Ok(found)
}

/// One thing that is known of sessions, each with the sequence at which it was so.
struct Kept<W, V>(Mutex<LruCache<(SessionId, W), (i64, V)>>);

impl<W: Copy + Eq + Hash, V: Clone> Kept<W, V> {
    fn new() -> Self {
        Self(Mutex::new(LruCache::new(SESSIONS)))
    }

    fn all(&self) -> MutexGuard<'_, LruCache<(SessionId, W), (i64, V)>> {
        // Each entry is whole after any panic.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What is known, and those of which it is not.
    fn find(&self, of: &[Moment], what: W) -> (HashMap<SessionId, V>, Vec<Moment>) {
        let mut all = self.all();
        let (mut found, mut missing) = (HashMap::with_capacity(of.len()), Vec::new());
        for moment in of {
            match all.get(&(moment.session, what)) {
                Some((at, value)) if *at == moment.last_seq => {
                    found.insert(moment.session, value.clone());
                }
                Some(_) | None => missing.push(*moment),
            }
        }
        (found, missing)
    }

    /// Keeps what was read after the session stood there.
    fn keep(&self, moment: Moment, what: W, value: V) {
        let mut all = self.all();
        // Whoever read later may have been faster.
        if all.peek(&(moment.session, what)).is_none_or(|(at, _)| *at <= moment.last_seq) {
            all.put((moment.session, what), (moment.last_seq, value));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_known_is_of_one_moment() {
        let kept: Kept<(), i32> = Kept::new();
        let at = |session, last_seq| Moment { session, last_seq };
        let (one, other) = (SessionId::new(), SessionId::new());
        kept.keep(at(one, 5), (), 50);
        let (found, missing) = kept.find(&[at(one, 5), at(other, 5)], ());
        assert_eq!((found, missing), (HashMap::from([(one, 50)]), vec![at(other, 5)]));
        // The log grew: what was known is known no more.
        assert_eq!(kept.find(&[at(one, 6)], ()).1, [at(one, 6)]);
        kept.keep(at(one, 6), (), 60);
        // A slow reader of an older moment takes nothing back.
        kept.keep(at(one, 5), (), 50);
        assert_eq!(kept.find(&[at(one, 6)], ()).0, HashMap::from([(one, 60)]));
        assert_eq!(kept.find(&[at(one, 5)], ()).1, [at(one, 5)]);
    }

    #[test]
    fn room_is_bounded() {
        let kept: Kept<(), usize> = Kept::new();
        for n in 0..2 * SESSIONS.get() {
            kept.keep(Moment { session: SessionId::new(), last_seq: 1 }, (), n);
        }
        assert_eq!(kept.all().len(), SESSIONS.get());
    }
}
