//! Uploads that come in several goes: what was taken stays when the connection breaks, when the store is away and when
//! the server is killed.
//!
//! A go holds its upload: it alone may note how far it is, until a newer one comes, on this server or another. What
//! is noted was kept for good by the object store before.

use super::{
    Datasets, object_key,
    upload::{ReceiveError, unavailable},
    writers::Seat,
};
use crate::{
    objects::{Checkpoint, ObjectError, PartialPut, Stored},
    store::{Store, StoreError, outlast, uploads},
};
use bytes::Bytes;
use chrono::Utc;
use entity::{ids::UploadId, principal::Principal, uploads::Model as Upload, vocab::UploadState};
use futures::{
    StreamExt, TryStreamExt,
    stream::{self, BoxStream},
};
use sha2::{Digest, Sha256};
use std::{io, time::Duration};
use tokio::{
    sync::watch,
    time::{Instant, sleep, timeout},
};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

/// How often a go looks whether it is still the newest one, while there is nothing to be noted.
const LOOK: Duration = Duration::from_secs(2);
/// How long a go waits for an older one of another server, which looks that often.
const LEAVES: Duration = Duration::from_secs(6);
const AGAIN: Duration = Duration::from_millis(200);

/// An upload that may be written.
pub(super) struct Held {
    pub(super) row: Upload,
    holder: Uuid,
    seat: Seat,
}

impl Held {
    /// Waits until somebody newer has it, on this server or another.
    pub(super) async fn lost(&self, store: &Store) {
        loop {
            if timeout(LOOK, self.asked()).await.is_ok() {
                return;
            }
            // One that cannot be asked now is asked again.
            if let Ok(false) = uploads::holds(store.read(), self.row.id, self.holder).await {
                return;
            }
        }
    }

    /// Waits until somebody newer wants to write it.
    pub(super) async fn asked(&self) {
        self.seat.asked().await;
    }
}

/// How far an upload is, as it was noted.
pub(super) fn checkpoint(row: &Upload) -> Option<Checkpoint> {
    Checkpoint::parse(row.checkpoint.as_deref()?)
}

/// Bytes of an upload that are kept for good.
pub fn received(row: &Upload) -> u64 {
    match row.state {
        UploadState::Stored => row.size.map_or(0, i64::unsigned_abs),
        UploadState::Open => checkpoint(row).map_or(0, |checkpoint| checkpoint.taken()),
    }
}

fn is_whole(row: &Upload) -> bool {
    row.length.is_some_and(|length| length.unsigned_abs() == received(row))
}

impl Datasets {
    /// How far an upload is. One whose last bytes came, but that could not be stored then, is stored now.
    pub async fn standing(
        &self,
        principal: &Principal,
        id: UploadId,
    ) -> Result<Upload, ReceiveError> {
        let row = self.own(principal, id).await?;
        if row.state == UploadState::Stored || row.source.is_some() || !is_whole(&row) {
            return Ok(row);
        }
        let held = match self.hold(id, None).await {
            // Whoever had it was just at that.
            Err(ReceiveError::Stored) => return self.own(principal, id).await,
            held => held?,
        };
        if !is_whole(&held.row) {
            return Ok(held.row);
        }
        self.go(held, stream::empty().boxed()).await
    }

    /// Takes bytes of an upload, which go on behind those that are kept, until the body ends or breaks off. With the
    /// last one it is stored. `length` is that of the whole, in bytes, where it is said only now.
    ///
    /// *Errors*: whatever it is, what was noted before is kept.
    pub async fn append(
        &self,
        principal: &Principal,
        id: UploadId,
        from: u64,
        length: Option<u64>,
        body: BoxStream<'static, io::Result<Bytes>>,
    ) -> Result<Upload, ReceiveError> {
        let row = self.open_one(principal, id).await?;
        goes_on(&row, from)?;
        if let Some(length) = length {
            if let Some(announced) = row.length.map(i64::unsigned_abs)
                && announced != length
            {
                return Err(ReceiveError::OtherLength { length: announced });
            }
            if length > self.limits.upload_bytes {
                return Err(ReceiveError::TooLarge { limit_mib: self.limits.upload_bytes >> 20 });
            }
            if length < from {
                return Err(ReceiveError::WrongOffset { received: from });
            }
        }
        let held = self.hold(id, length).await?;
        // Whoever had it until now may have said another length, or noted more.
        if let (Some(length), Some(announced)) = (length, held.row.length.map(i64::unsigned_abs))
            && announced != length
        {
            return Err(ReceiveError::OtherLength { length: announced });
        }
        goes_on(&held.row, from)?;
        self.go(held, body).await
    }

    /// Takes the right to write an upload from whoever has it.
    pub(super) async fn hold(
        &self,
        id: UploadId,
        length: Option<u64>,
    ) -> Result<Held, ReceiveError> {
        let seat = self.writers.take(id).await.ok_or(ReceiveError::TakenOver)?;
        let (holder, length) = (Uuid::now_v7(), length.map(|length| length as i64));
        let hold = uploads::hold(self.store.write(), id, holder, length);
        let held = self.store.timely(hold).await.map_err(unavailable)?;
        let row = uploads::find(self.store.read(), id).await.map_err(unavailable)?;
        match row {
            Some(row) if held => Ok(Held { row, holder, seat }),
            Some(_) => Err(ReceiveError::Stored),
            None => Err(ReceiveError::NoUpload),
        }
    }

    /// Opens what is kept of an upload.
    ///
    /// *Errors*: [`ReceiveError::WrongOffset`] when not all of it is there any more.
    async fn opened(&self, held: &mut Held) -> Result<Box<dyn PartialPut>, ReceiveError> {
        let id = held.row.id;
        let until = Instant::now() + LEAVES;
        loop {
            let kept = checkpoint(&held.row);
            match self.objects.open(&object_key(id), kept.as_ref()).await {
                Ok(put) if put.taken() == received(&held.row) => return Ok(put),
                Ok(put) => {
                    let kept = put.kept().borrow().clone();
                    return Err(self.lost(held, kept).await);
                }
                Err(ObjectError::Held) if Instant::now() < until => sleep(AGAIN).await,
                Err(ObjectError::Forgotten) => return Err(self.lost(held, None).await),
                Err(error) => return Err(ReceiveError::of(id, error)),
            }
        }
    }

    /// Notes that less of an upload is there than was noted, and says from where it goes on.
    async fn lost(&self, held: &mut Held, kept: Option<Checkpoint>) -> ReceiveError {
        let was = received(&held.row);
        let text = kept.map(|kept| kept.to_text());
        let note = uploads::note(self.store.write(), held.row.id, held.holder, text.clone());
        match self.store.timely(note).await {
            Ok(true) => {}
            Ok(false) => return ReceiveError::TakenOver,
            Err(error) => return unavailable(error),
        }
        held.row.checkpoint = text;
        let received = received(&held.row);
        tracing::warn!(upload.id = %held.row.id, was, received, "a part of an upload is gone");
        ReceiveError::WrongOffset { received }
    }

    /// Writes one go. With the last byte the upload is stored.
    async fn go(
        &self,
        mut held: Held,
        body: BoxStream<'static, io::Result<Bytes>>,
    ) -> Result<Upload, ReceiveError> {
        match self.write(&mut held, body).await? {
            Some(stored) => self.stored(held, stored).await,
            None => Ok(held.row),
        }
    }

    /// Writes one go, and notes how far it comes. With the last byte it is an object, which is not noted yet.
    pub(super) async fn write(
        &self,
        held: &mut Held,
        body: BoxStream<'static, io::Result<Bytes>>,
    ) -> Result<Option<Stored>, ReceiveError> {
        let put = match self.opened(held).await {
            // It may have been made an object, by a server that was killed before it noted that.
            Err(ReceiveError::WrongOffset { received: 0 }) => {
                let stored = self.found(&held.row).await?;
                return stored.map(Some).ok_or(ReceiveError::WrongOffset { received: 0 });
            }
            put => put?,
        };
        let length = held.row.length.map(i64::unsigned_abs);
        let most = self.limits.upload_bytes;
        // Who reaches the limit has said all: where that is not known, one byte more would be too many.
        let limit = length.unwrap_or(most.saturating_add(1));
        let (kept, lost) = (put.kept(), CancellationToken::new());
        let notes = notes(self.store.clone(), held.row.id, held.holder, put.kept(), lost.clone());
        // A task of its own: two notes must never overtake each other.
        let notes = tokio::spawn(notes);
        let written = tokio::select! {
            written = put.write(body, limit) => Some(written),
            () = lost.cancelled() => None,
            () = held.seat.asked() => None,
        };
        let finished = match written {
            // Nobody breaks this off: whoever comes next finds it done.
            Some(Ok(put)) if length == Some(put.taken()) => {
                // An older request on another server, which did not look lately, must not replace a newer one's.
                let (db, id) = (self.store.read(), held.row.id);
                match uploads::holds(db, id, held.holder).await {
                    Ok(true) => Some(put.finish().await.map(Some)),
                    Ok(false) => None,
                    Err(error) => return Err(unavailable(error)),
                }
            }
            Some(Ok(put)) if put.taken() > most => {
                return Err(ReceiveError::TooLarge { limit_mib: most >> 20 });
            }
            Some(Ok(_put)) => Some(Ok(None)),
            Some(Err(error)) => Some(Err(error)),
            None => None,
        };
        let noted = notes.await.unwrap_or_else(|error| {
            tracing::error!(%error, "how far an upload is could not be noted");
            Err(ReceiveError::Unavailable)
        });
        if let Some(Ok(Some(stored))) = finished {
            return Ok(Some(stored));
        }
        noted?;
        if let Some(kept) = kept.borrow().as_ref() {
            held.row.checkpoint = Some(kept.to_text());
        }
        match (finished, length) {
            (Some(Ok(_)), _) => Ok(None),
            (None, _) => Err(ReceiveError::TakenOver),
            (Some(Err(ObjectError::Broken(_))), _) => {
                Err(ReceiveError::BrokenOff { received: received(&held.row) })
            }
            (Some(Err(ObjectError::TooLarge { .. })), Some(length)) => {
                Err(ReceiveError::OtherLength { length })
            }
            (Some(Err(ObjectError::Forgotten)), _) => Err(self.lost(held, None).await),
            (Some(Err(error)), _) => Err(ReceiveError::of(held.row.id, error)),
        }
    }

    /// Notes that an upload is stored.
    pub(super) async fn stored(&self, held: Held, stored: Stored) -> Result<Upload, ReceiveError> {
        let Held { mut row, holder, seat: _seat } = held;
        row.state = UploadState::Stored;
        row.size = Some(stored.size as i64);
        row.sha256 = Some(stored.sha256);
        row.stored_at = Some(Utc::now());
        row.checkpoint = None;
        // The whole file would have to be sent again for the sake of one word.
        let set = || self.store.timely(uploads::set_stored(self.store.write(), &row, holder));
        if outlast(set, StoreError::trouble).await.map_err(unavailable)? {
            return Ok(row);
        }
        match uploads::find(self.store.read(), row.id).await.map_err(unavailable)? {
            // An answer of the database's that was lost.
            Some(found) if found.state == UploadState::Stored && found.holder == Some(holder) => {
                Ok(found)
            }
            Some(_) => Err(ReceiveError::TakenOver),
            // Deleted meanwhile.
            None => {
                let deleted = self.objects.delete(&object_key(row.id)).await;
                deleted.map_err(|error| ReceiveError::of(row.id, error))?;
                Err(ReceiveError::NoUpload)
            }
        }
    }

    /// The object of an upload, if it stands there whole. Its bytes are read for their digest.
    async fn found(&self, row: &Upload) -> Result<Option<Stored>, ReceiveError> {
        let (id, key) = (row.id, object_key(row.id));
        let refused = |error| ReceiveError::of(id, error);
        let size = self.objects.size(&key).await.map_err(refused)?;
        let Some(size) = size.filter(|size| row.length == Some(*size as i64)) else {
            return Ok(None);
        };
        let mut pieces = self.objects.get(&key, None).await.map_err(refused)?;
        let mut hash = Sha256::new();
        while let Some(piece) = pieces.try_next().await.map_err(|error| {
            tracing::error!(upload.id = %id, %error, "an upload could not be read");
            ReceiveError::Unavailable
        })? {
            hash.update(&piece);
        }
        Ok(Some(Stored { size, sha256: hex(&hash.finalize()) }))
    }
}

/// Lower-case hex.
pub(super) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn goes_on(row: &Upload, from: u64) -> Result<(), ReceiveError> {
    match received(row) {
        received if received == from => Ok(()),
        received => Err(ReceiveError::WrongOffset { received }),
    }
}

/// Notes how far an upload is each time that more is kept, until nobody says so any more. `lost` is cancelled when
/// that is a newer go's to say.
///
/// *Errors*: [`ReceiveError::TakenOver`] when that is a newer go's to say; others when the last word was not noted.
async fn notes(
    store: Store,
    id: UploadId,
    holder: Uuid,
    mut noted: watch::Receiver<Option<Checkpoint>>,
    lost: CancellationToken,
) -> Result<(), ReceiveError> {
    let mut unsaved = false;
    loop {
        let ended = match timeout(LOOK, noted.changed()).await {
            Ok(Ok(())) => {
                unsaved = true;
                false
            }
            Ok(Err(_)) => true,
            Err(_) => false,
        };
        if ended && !unsaved {
            return Ok(());
        }
        let held = if unsaved {
            let last = noted.borrow_and_update().clone();
            let last = last.map(|last| last.to_text());
            store.timely(uploads::note(store.write(), id, holder, last)).await
        } else {
            store.timely(uploads::holds(store.read(), id, holder)).await
        };
        match held {
            Ok(true) => unsaved = false,
            Ok(false) => {
                lost.cancel();
                return Err(ReceiveError::TakenOver);
            }
            Err(error) if ended => return Err(unavailable(error)),
            // With the next one, or at the next look.
            Err(error) => tracing::warn!(upload.id = %id, %error, "a note waits"),
        }
    }
}
