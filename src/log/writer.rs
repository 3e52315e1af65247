//! The one writer of the log: takes what waits, commits it together, answers, wakes.
//!
//! A trouble that passes (a full disk, a locked database) makes appends wait, and so slows what
//! makes them; one that does not pass in time makes them fail. A lone append never waits for
//! company; what arrives during a commit shares the next one.

use super::{Append, AppendError, Watchers, protocol};
use crate::{
    event::Entry,
    store::{ABSENCE, Store, Trouble, events, hints::Hint, projection, sessions},
};
use sea_orm::{DatabaseTransaction, DbErr, TransactionTrait};
use std::{collections::HashSet, sync::Arc, time::Duration};
use tokio::{
    sync::mpsc,
    time::{Instant, sleep},
};

/// Appends of one commit at most, so that one commit stays short.
const BATCH: usize = 256;
/// How long appends wait for a trouble to pass. What they hold up is a program at work, which a
/// failed append would cost; and commands, whose senders are told the reason if it comes before their
/// own patience with the session ends.
const PATIENCE: Duration = Duration::from_secs(20);
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
    let mut patient = true;
    while appends.recv_many(&mut batch, BATCH).await > 0 {
        let wake = |written: &Written| wake(&batch, written, &watchers);
        let written = protocol::append(persist(&store, &batch, patient), wake).await;
        patient = !matches!(written, Err(AppendError::Troubled(_)));
        answer(&mut batch, written);
        store.tidy().await;
    }
}

fn wake(batch: &[Append], written: &Written, watchers: &Watchers) {
    for (append, result) in batch.iter().zip(written) {
        if let Some(last) = result.as_ref().ok().and_then(|entries| entries.last()) {
            watchers.wake(append.session, last.seq);
            watchers.say(Hint::Appended(append.session, last.seq));
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
/// the time before: what was written then is found and not written again.
async fn persist(store: &Store, batch: &[Append], patient: bool) -> Result<Written, AppendError> {
    let begun = Instant::now();
    let mut told = false;
    loop {
        let error = match store.timely(commit(store, batch, told)).await {
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
        let patience = match trouble {
            Trouble::DiskFull | Trouble::Locked => PATIENCE,
            Trouble::Away => ABSENCE,
        };
        if !patient || begun.elapsed() >= patience {
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

/// `again`: an attempt before may have come through, though nobody heard of it.
async fn commit(store: &Store, batch: &[Append], again: bool) -> Result<Written, DbErr> {
    if !again && let Some(written) = together(store, batch).await? {
        return Ok(written);
    }
    let transaction = store.begin().await?;
    let mut written = Vec::with_capacity(batch.len());
    for append in batch {
        written.push(one(&transaction, append, again).await?);
    }
    transaction.commit().await?;
    Ok(written)
}

/// Writes a batch in which nothing is wrong with few statements. `None` when something is: nothing was written,
/// and one by one it is found which append it concerns.
///
/// *Errors*: a trouble; nothing was written, unless it came with the commit.
async fn together(store: &Store, batch: &[Append]) -> Result<Option<Written>, DbErr> {
    let mut sessions = HashSet::new();
    // A session's row must be there before it is moved on, and is moved on once.
    if batch.iter().any(|append| append.after == 0 || !sessions.insert(append.session)) {
        return Ok(None);
    }
    let entries: Vec<Vec<Entry>> = batch.iter().map(entries).collect();
    let transaction = store.begin().await?;
    match written(&transaction, batch, &entries).await {
        Ok(true) => {
            transaction.commit().await?;
            Ok(Some(entries.into_iter().map(Ok).collect()))
        }
        Err(error) if Trouble::of(&error).is_some() => Err(error),
        Ok(false) | Err(_) => {
            transaction.rollback().await?;
            Ok(None)
        }
    }
}

async fn written(
    transaction: &DatabaseTransaction,
    batch: &[Append],
    entries: &[Vec<Entry>],
) -> Result<bool, DbErr> {
    let steps = batch.iter().zip(entries).map(|(append, entries)| sessions::Step {
        session: append.session,
        epoch: append.epoch,
        from: append.after,
        to: append.after + entries.len() as i64,
    });
    // First of all: who owns a session no more writes nothing of it.
    if !sessions::advance_all(transaction, steps.collect()).await? {
        return Ok(false);
    }
    let appends = batch.iter().zip(entries);
    let appends: Vec<_> = appends.map(|(a, entries)| (a.session, entries.as_slice())).collect();
    projection::append_all(transaction, &appends).await?;
    Ok(true)
}

fn entries(append: &Append) -> Vec<Entry> {
    append
        .drafts
        .iter()
        .zip(append.after + 1..)
        .map(|(draft, seq)| Entry {
            seq,
            at: append.at,
            stage_run: draft.stage_run,
            event: draft.event.clone(),
        })
        .collect()
}

/// Whether just this append is there already: its session stands where it would, under its epoch, and only
/// who has that could have written, one append at a time.
async fn stands(
    transaction: &DatabaseTransaction,
    append: &Append,
    entries: &[Entry],
) -> Result<bool, DbErr> {
    let Some(last) = entries.last() else { return Ok(false) };
    let stands = sessions::stands(transaction, append.session, append.epoch, last.seq).await?;
    // Neither database keeps nanoseconds for certain.
    let at = events::at(transaction, append.session, last.seq).await?;
    Ok(stands && at.map(|at| at.timestamp_micros()) == Some(last.at.timestamp_micros()))
}

/// One append under a savepoint of its own, so that a bad one never fails another's.
///
/// *Errors*: the transaction is no more, or stands in the way of the next append.
async fn one(
    transaction: &DatabaseTransaction,
    append: &Append,
    again: bool,
) -> Result<Result<Vec<Entry>, AppendError>, DbErr> {
    let entries = entries(append);
    if again && stands(transaction, append, &entries).await? {
        return Ok(Ok(entries));
    }
    let savepoint = transaction.begin().await?;
    let result = async {
        projection::append(&savepoint, append.session, &entries).await?;
        let last = append.after + entries.len() as i64;
        sessions::advance(&savepoint, append.session, append.epoch, append.after, last).await
    }
    .await;
    let refused = match result {
        Ok(true) => {
            savepoint.commit().await?;
            return Ok(Ok(entries));
        }
        Ok(false) => AppendError::Conflict,
        // It concerns the whole transaction, which the database may have rolled back by itself.
        Err(error) if Trouble::of(&error).is_some() => return Err(error),
        Err(error) => AppendError::Refused(error.to_string()),
    };
    savepoint.rollback().await?;
    // The attempt before may have been on its way still, and came through while this one waited for its rows.
    if again && stands(transaction, append, &entries).await? {
        return Ok(Ok(entries));
    }
    Ok(Err(refused))
}
