//! The one writer of the log: takes what waits, commits it together, answers, wakes.
//!
//! A trouble that passes (a full disk, a locked database) makes appends wait, and so slows what
//! makes them; one that does not pass in time makes them fail. A lone append never waits for
//! company; what arrives during a commit shares the next one.

use super::{Append, AppendError, Watchers, protocol};
use crate::{
    event::Entry,
    store::{Store, Trouble, projection, sessions},
};
use sea_orm::{DatabaseTransaction, DbErr, TransactionTrait};
use std::{sync::Arc, time::Duration};
use tokio::{
    sync::mpsc,
    time::{Instant, sleep},
};

/// Appends of one commit at most, so that one commit stays short.
const BATCH: usize = 256;
/// How long appends wait for a trouble to pass. What they hold up is a program at work, which a
/// failed append would cost; and commands, whose senders want to be told.
const PATIENCE: Duration = Duration::from_secs(30);
/// The wait between two attempts.
const PAUSE: Duration = Duration::from_millis(500);

type Written = Vec<Result<Vec<Entry>, AppendError>>;

pub(super) async fn write(
    store: Store,
    mut appends: mpsc::Receiver<Append>,
    watchers: Arc<Watchers>,
) {
    let mut batch = Vec::with_capacity(BATCH);
    // Nobody is made to wait again for the end of a trouble that outlasted the patience once.
    let mut patience = PATIENCE;
    while appends.recv_many(&mut batch, BATCH).await > 0 {
        let wake = |written: &Written| wake(&batch, written, &watchers);
        let written = protocol::append(persist(&store, &batch, patience), wake).await;
        patience = match &written {
            Err(AppendError::Troubled(_)) => Duration::ZERO,
            Ok(_) | Err(_) => PATIENCE,
        };
        answer(&mut batch, written);
        store.tidy().await;
    }
}

fn wake(batch: &[Append], written: &Written, watchers: &Watchers) {
    for (append, result) in batch.iter().zip(written) {
        if let Some(last) = result.as_ref().ok().and_then(|entries| entries.last()) {
            watchers.wake(append.session, last.seq);
        }
    }
}

fn answer(batch: &mut Vec<Append>, written: Result<Written, AppendError>) {
    match written {
        Ok(written) => {
            for (append, result) in batch.drain(..).zip(written) {
                // A caller that went away has no use for the answer; the events stand.
                let _ = append.reply.send(result);
            }
        }
        Err(error) => {
            for append in batch.drain(..) {
                let _ = append.reply.send(Err(error.clone()));
            }
        }
    }
}

/// Commits a batch, again and again while a trouble may pass. Trying again is safe whatever came of
/// the time before: what was written is not next any more, and is refused as a conflict.
async fn persist(
    store: &Store,
    batch: &[Append],
    patience: Duration,
) -> Result<Written, AppendError> {
    let begun = Instant::now();
    let mut told = false;
    loop {
        let error = match commit(store, batch).await {
            Ok(written) => {
                if told {
                    let waited_ms = begun.elapsed().as_millis() as u64;
                    tracing::warn!(waited_ms, "the database takes appends again");
                }
                return Ok(written);
            }
            Err(error) => error,
        };
        let appends = batch.len();
        let Some(trouble) = Trouble::of(&error) else {
            tracing::error!(appends, %error, "commit of the log failed");
            return Err(AppendError::Unknown(error.to_string()));
        };
        if begun.elapsed() >= patience {
            tracing::error!(appends, %error, "appends are refused: {trouble}");
            return Err(AppendError::Troubled(trouble));
        }
        if !told {
            tracing::warn!(appends, %error, "appends wait: {trouble}");
            told = true;
        }
        sleep(PAUSE).await;
    }
}

async fn commit(store: &Store, batch: &[Append]) -> Result<Written, DbErr> {
    let transaction = store.begin().await?;
    let mut written = Vec::with_capacity(batch.len());
    for append in batch {
        written.push(one(&transaction, append).await?);
    }
    transaction.commit().await?;
    Ok(written)
}

/// One append under a savepoint of its own, so that a bad one never fails another's.
///
/// *Errors*: the transaction is no more, or stands in the way of the next append.
async fn one(
    transaction: &DatabaseTransaction,
    append: &Append,
) -> Result<Result<Vec<Entry>, AppendError>, DbErr> {
    let entries: Vec<Entry> = append
        .drafts
        .iter()
        .zip(append.after + 1..)
        .map(|(draft, seq)| Entry {
            seq,
            at: append.at,
            stage_run: draft.stage_run,
            event: draft.event.clone(),
        })
        .collect();
    let savepoint = transaction.begin().await?;
    let result = async {
        projection::append(&savepoint, append.session, &entries).await?;
        let last = append.after + entries.len() as i64;
        sessions::advance(&savepoint, append.session, append.epoch, append.after, last).await
    }
    .await;
    match result {
        Ok(true) => {
            savepoint.commit().await?;
            Ok(Ok(entries))
        }
        Ok(false) => {
            savepoint.rollback().await?;
            Ok(Err(AppendError::Conflict))
        }
        // It concerns the whole transaction, which the database may have rolled back by itself.
        Err(error) if Trouble::of(&error).is_some() => Err(error),
        Err(error) => {
            savepoint.rollback().await?;
            Ok(Err(AppendError::Refused(error.to_string())))
        }
    }
}
