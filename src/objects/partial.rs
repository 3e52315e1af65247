//! Objects that come in several goes: what was taken stays when a connection breaks or the server is killed.
//!
//! A go is one body. Each adds to what was taken before, and the last one makes the object. Whoever sends keeps the
//! newest checkpoint beside his own rows; the store keeps the bytes and knows nobody.

use super::{ObjectError, Stored};
use async_trait::async_trait;
use bytes::Bytes;
use futures::stream::BoxStream;
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use std::io;
use tokio::sync::watch;

/// How far an object is that comes in several goes. Only the backend that made it reads its state.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Checkpoint {
    /// Bytes that are kept for good.
    taken: u64,
    /// Which backend's state it is, and in which version.
    kind: String,
    /// What the backend needs to go on.
    state: serde_json::Value,
}

impl Checkpoint {
    pub(super) fn new(taken: u64, kind: &str, state: impl Serialize) -> Self {
        // A state is texts and numbers, which can always be written.
        let state = serde_json::to_value(state).unwrap_or_default();
        Self { taken, kind: kind.to_owned(), state }
    }

    /// The state, if it is of this kind.
    pub(super) fn read<T: DeserializeOwned>(&self, kind: &str) -> Option<T> {
        (self.kind == kind).then(|| T::deserialize(&self.state).ok())?
    }

    /// Bytes that are kept for good.
    pub fn taken(&self) -> u64 {
        self.taken
    }

    /// As a text, for a column.
    pub fn to_text(&self) -> String {
        serde_json::to_string(self).unwrap_or_default()
    }

    /// Reads what [`to_text`](Self::to_text) gave; `None` for anything else.
    pub fn parse(text: &str) -> Option<Self> {
        serde_json::from_str(text).ok()
    }
}

/// How long an unfinished object stays.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Lasts {
    /// It goes with its writer.
    WhileItIsWritten,
    /// It stays as soon as anything of it is kept.
    ForLater,
}

/// An object that is being written, by its one writer. Dropping it leaves what is kept, to go on from later.
#[async_trait]
pub trait PartialPut: Send {
    /// Bytes so far: the body of the next go begins behind them.
    ///
    /// After [`ObjectStore::open`](super::ObjectStore::open) this may be less than the checkpoint said, where a
    /// piece that was kept is gone since; then [`kept`](Self::kept) says so too.
    fn taken(&self) -> u64;

    /// The newest checkpoint: what to open it from after an error, a broken connection or a restart; `None` until
    /// anything is kept. It changes at least once per part of 8 MiB, and at the end of each go that can be
    /// followed by another, clean or broken. It closes when the writer is gone.
    fn kept(&self) -> watch::Receiver<Option<Checkpoint>>;

    /// One go: takes a body, until it ends or breaks off, and gives the writer back. The object may have `limit`
    /// bytes, earlier goes included. When a clean go reaches it, only [`finish`](Self::finish) can follow, which
    /// keeps the last bytes: give the length as the limit where it is known.
    ///
    /// *Errors*: [`ObjectError::Broken`] when the body broke, [`ObjectError::TooLarge`], [`ObjectError::Forgotten`]
    /// when somebody else ended it, and what else a store says. The writer is gone then; what was noted is not.
    async fn write(
        self: Box<Self>,
        body: BoxStream<'static, io::Result<Bytes>>,
        limit: u64,
    ) -> Result<Box<dyn PartialPut>, ObjectError>;

    /// Makes it an object: whole and durable, with the digest of all goes.
    ///
    /// *Errors*: as those of [`write`](Self::write). What was noted stays.
    async fn finish(self: Box<Self>) -> Result<Stored, ObjectError>;
}
