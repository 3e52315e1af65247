//! A session as it stands: what was folded before, and the events after it.
//!
//! A kept fold is a cache of a prefix of the log. It is read by the very code that wrote it and by no
//! other: code that folds otherwise folds from the start.

use super::state::Session;
use crate::{
    log::EventLog,
    store::{self, Store, StoreError},
};
use entity::ids::SessionId;
use sha2::{Digest, Sha256};
use std::sync::LazyLock;

/// Entries of a log that are read at once.
const PAGE: u64 = 512;
/// So many events after the kept fold are worth keeping a new one.
const WORTH: i64 = 256;

/// Whatever decides what a fold holds.
static CODE: LazyLock<String> = LazyLock::new(|| {
    let mut hash = Sha256::new();
    for source in [
        include_str!("state/mod.rs"),
        include_str!("state/apply.rs"),
        include_str!("state/work.rs"),
        include_str!("../event/mod.rs"),
        include_str!("../event/budget.rs"),
        include_str!("../event/parts.rs"),
    ] {
        hash.update(source);
    }
    hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
});

/// A session, and the last event that is in it.
pub(super) struct Fold {
    pub session: Session,
    pub seq: i64,
    /// The last event that is in the kept fold; 0 where none is kept.
    pub kept: i64,
}

/// Reads a session; `None` where there is none. Changes nothing.
pub(super) async fn read(
    store: &Store,
    log: &EventLog,
    id: SessionId,
) -> Result<Option<Fold>, StoreError> {
    // The kept one first: the log only grows, so the row is never behind it.
    let kept = store.timely(store::folds::find(store.read(), id, &CODE)).await?;
    let row = store.timely(store::sessions::find(store.read(), id)).await?;
    let Some(row) = row else { return Ok(None) };
    let mut fold = match kept {
        // One that is ahead of its log is none of it.
        Some((seq, state)) if seq <= row.last_seq => parse(id, seq, &state),
        Some(_) | None => Fold { session: Session::default(), seq: 0, kept: 0 },
    };
    loop {
        let page = log.since(id, fold.seq, PAGE).await?;
        let Some(last) = page.last() else { break };
        fold.seq = last.seq;
        page.iter().for_each(|entry| fold.session.apply(entry));
    }
    // It may have grown since the row was read; it never shrinks.
    if fold.seq < row.last_seq {
        let reason = format!("the log ends at {}, the session at {}", fold.seq, row.last_seq);
        return Err(StoreError::DamagedLog { session: id, seq: fold.seq + 1, reason });
    }
    Ok(Some(fold))
}

fn parse(id: SessionId, seq: i64, state: &str) -> Fold {
    match serde_json::from_str(state) {
        Ok(session) => Fold { session, seq, kept: seq },
        Err(error) => {
            tracing::warn!(session.id = %id, %error, "a kept state is corrupted; it is folded anew");
            Fold { session: Session::default(), seq: 0, kept: 0 }
        }
    }
}

impl Fold {
    /// Enough is new that the next reader should not fold it again.
    pub(super) fn is_worth_keeping(&self) -> bool {
        self.seq - self.kept >= WORTH
    }
}

/// Keeps what was folded. Nothing depends on its success.
pub(super) async fn keep(store: &Store, id: SessionId, session: &Session, seq: i64) {
    let kept = match serde_json::to_string(session) {
        Ok(state) => store::folds::keep(store.write(), id, seq, &CODE, state).await,
        Err(error) => {
            tracing::error!(session.id = %id, %error, "a session's state is no JSON");
            return;
        }
    };
    if let Err(error) = kept {
        // The session may have been deleted just now.
        tracing::warn!(session.id = %id, %error, "a session's state was not kept");
    }
}
