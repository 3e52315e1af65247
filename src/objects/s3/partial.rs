//! Writing an object: at once what fits into one part, in parts what does not. Parts that arrived stay until the
//! object is finished, or discarded.
//!
//! ```text
//! {prefix}/{key}                an object
//! {prefix}/unfinished/{id}      what came behind the last whole part of one that is not finished
//! ```
//!
//! A checkpoint speaks of whole parts without a gap, all of which the store has said it has, and of that rest.

use super::{
    S3Objects, listed,
    parts::{self, MOST_PARTS, Part, Parts, Point},
    put,
    rest::{self, Rest},
};
use crate::objects::{
    Checkpoint, ObjectError, ObjectKey, PartialPut, Stored, digest::hex, partial::Lasts,
};
use async_trait::async_trait;
use aws_sdk_s3::types::CompletedPart;
use bytes::Bytes;
use futures::{StreamExt, stream::BoxStream};
use md5::{Digest, Md5};
use serde::{Deserialize, Serialize};
use sha2::Sha256;
use std::{collections::VecDeque, io};
use tokio::{
    sync::{OwnedSemaphorePermit, watch},
    task::{JoinError, JoinSet},
};
use uuid::Uuid;

/// Parts of one object that are on their way at once.
const PARTS_AT_ONCE: usize = 3;
/// Whose states these are.
const KIND: &str = "s3 1";

#[derive(Clone, Debug, Serialize, Deserialize)]
struct State {
    /// Names the rest.
    id: Uuid,
    key: String,
    /// The store's name of the upload, once there was a whole part.
    upload: Option<String>,
    /// Whole parts.
    parts: i32,
    /// What the store called them: whoever else sent one of them sent something else.
    tags: String,
    /// The digest after them, put away.
    sha256: String,
    rest: Option<Rest>,
}

/// A part that is to be sent. The last one may not be whole, and no checkpoint speaks of it.
struct Outgoing {
    number: i32,
    bytes: Bytes,
    until: Option<Point>,
}

impl From<Part> for Outgoing {
    fn from(Part { bytes, until }: Part) -> Self {
        Self { number: until.parts, bytes, until: Some(until) }
    }
}

/// An object that is not there yet.
pub(super) struct Partial {
    store: S3Objects,
    key: ObjectKey,
    name: String,
    id: Uuid,
    lasts: Lasts,
    upload: Option<String>,
    /// What was taken.
    parts: Parts,
    /// The parts that the store has, without a gap, and how far they go.
    sent: Vec<CompletedPart>,
    point: Point,
    /// The last part, which is no whole one, where it was sent already.
    last: Option<CompletedPart>,
    /// The rest that the store has.
    rest: Option<Rest>,
    /// Nothing is left to abort.
    over: bool,
    kept: watch::Sender<Option<Checkpoint>>,
    _place: OwnedSemaphorePermit,
}

impl Partial {
    pub(super) async fn begin(
        store: &S3Objects,
        key: &ObjectKey,
        lasts: Lasts,
    ) -> Result<Self, ObjectError> {
        let parts = Parts::new();
        Ok(Self {
            _place: store.place().await?,
            store: store.clone(),
            key: key.clone(),
            name: store.name(key),
            id: Uuid::now_v7(),
            lasts,
            upload: None,
            point: parts.point(),
            parts,
            sent: Vec::new(),
            last: None,
            rest: None,
            over: false,
            kept: watch::Sender::new(None),
        })
    }

    pub(super) async fn resume(
        store: &S3Objects,
        key: &ObjectKey,
        from: &Checkpoint,
    ) -> Result<Self, ObjectError> {
        let state = state(key, from).ok_or(ObjectError::Forgotten)?;
        if !(0..=MOST_PARTS).contains(&state.parts) || (state.parts > 0) != state.upload.is_some() {
            return Err(ObjectError::Forgotten);
        }
        let place = store.place().await?;
        let name = store.name(key);
        let sent = match &state.upload {
            Some(id) => match listed::parts(store, &name, id, parts::whole(state.parts)).await {
                // It lists none.
                Err(ObjectError::Rejected(_)) => return Err(ObjectError::Forgotten),
                listed => listed?,
            },
            None => Vec::new(),
        };
        if tags(&sent) != state.tags {
            return Err(ObjectError::Forgotten);
        }
        let mut parts = Parts::resume(state.parts, &state.sha256).ok_or(ObjectError::Forgotten)?;
        let point = parts.point();
        let mut rest = state.rest;
        if let Some(kept) = &rest {
            match rest::fetch(store, &rest::name(store, state.id), kept).await? {
                Some(mut bytes) => {
                    // As long as a part: other sizes than ours.
                    if parts.take(&mut bytes).is_some() {
                        return Err(ObjectError::Forgotten);
                    }
                }
                None if state.upload.is_none() => return Err(ObjectError::Forgotten),
                // A later go put another one there, or somebody deleted it: the parts are still good.
                None => rest = None,
            }
        }
        let partial = Self {
            store: store.clone(),
            key: key.clone(),
            name,
            id: state.id,
            lasts: Lasts::ForLater,
            upload: state.upload,
            parts,
            sent,
            point,
            last: None,
            rest,
            over: false,
            kept: watch::Sender::new(None),
            _place: place,
        };
        partial.note();
        Ok(partial)
    }

    pub(super) async fn go(
        &mut self,
        mut body: BoxStream<'static, io::Result<Bytes>>,
        limit: u64,
    ) -> Result<(), ObjectError> {
        // Those that are on their way end with this set, when it is dropped.
        let mut sending = JoinSet::new();
        let mut unsettled: VecDeque<(Point, Option<CompletedPart>)> = VecDeque::new();
        let mut piece = Bytes::new();
        let mut ready: Option<Outgoing> = None;
        let (mut ended, mut closed) = (None, false);
        loop {
            while ready.is_none() && !piece.is_empty() {
                self.last = None;
                ready = self.parts.take(&mut piece).map(Outgoing::from);
            }
            if ready.is_none() && matches!(ended, Some(Ok(()))) && !closed {
                closed = true;
                ready = self.closing(limit);
            }
            if ready.as_ref().is_some_and(|part| part.number > MOST_PARTS) {
                return Err(ObjectError::TooLarge { limit: self.point.size });
            }
            if matches!(ended, Some(Err(_))) && self.lasts == Lasts::WhileItIsWritten {
                break;
            }
            let upload = match (&self.upload, &ready) {
                (None, Some(_)) => Some(put::begin(&self.store, &self.name).await?),
                (upload, _) => upload.clone(),
            };
            self.upload = upload;
            tokio::select! {
                place = self.store.sending(), if ready.is_some() && sending.len() < PARTS_AT_ONCE => {
                    let (Some(part), Some(id)) = (ready.take(), self.upload.clone()) else { continue };
                    let (store, name, place) = (self.store.clone(), self.name.clone(), place?);
                    let Outgoing { number, bytes, until } = part;
                    unsettled.extend(until.map(|until| (until, None)));
                    sending.spawn(async move {
                        let _place = place;
                        (number, put::part(&store, &name, &id, number, bytes).await)
                    });
                }
                Some(sent) = sending.join_next(), if !sending.is_empty() => {
                    self.settle(&mut unsettled, sent)?;
                }
                next = body.next(), if ready.is_none() && ended.is_none() => match next {
                    None => ended = Some(Ok(())),
                    Some(Err(error)) => ended = Some(Err(ObjectError::Broken(error))),
                    Some(Ok(next)) if self.parts.size().saturating_add(next.len() as u64) > limit => {
                        ended = Some(Err(ObjectError::TooLarge { limit }));
                    }
                    Some(Ok(next)) => piece = next,
                },
                else => break,
            }
        }
        if self.lasts == Lasts::ForLater && (matches!(ended, Some(Err(_))) || !self.is_all(limit)) {
            self.keep_rest().await?;
        }
        ended.unwrap_or(Ok(()))
    }

    /// Whether nothing can come behind what was taken.
    fn is_all(&self, limit: u64) -> bool {
        self.lasts == Lasts::WhileItIsWritten || self.parts.size() == limit
    }

    /// The last part, where it is no whole one: it goes beside the others.
    fn closing(&mut self, limit: u64) -> Option<Outgoing> {
        if !self.is_all(limit) || self.upload.is_none() || self.last.is_some() {
            return None;
        }
        let bytes = self.parts.rest();
        let number = self.parts.whole() + 1;
        (!bytes.is_empty()).then_some(Outgoing { number, bytes, until: None })
    }

    /// Notes the parts up to the first that is still on its way.
    fn settle(
        &mut self,
        unsettled: &mut VecDeque<(Point, Option<CompletedPart>)>,
        sent: Result<(i32, Result<CompletedPart, ObjectError>), JoinError>,
    ) -> Result<(), ObjectError> {
        let (number, part) = sent.map_err(|error| ObjectError::Io {
            action: "send a part of an object",
            source: io::Error::other(error),
        })?;
        let part = part?;
        match unsettled.iter_mut().find(|(until, _)| until.parts == number) {
            Some(waiting) => waiting.1 = Some(part),
            None => self.last = Some(part),
        }
        let before = self.point.parts;
        while let Some((_, Some(_))) = unsettled.front() {
            let Some((until, Some(part))) = unsettled.pop_front() else { break };
            self.sent.push(part);
            self.point = until;
        }
        if self.point.parts > before && self.lasts == Lasts::ForLater {
            // What was the rest is in these parts.
            self.rest = None;
            self.note();
        }
        Ok(())
    }

    /// Keeps what came behind the last whole part.
    async fn keep_rest(&mut self) -> Result<(), ObjectError> {
        let bytes = self.parts.rest();
        let rest = Rest { size: bytes.len() as u64, md5: hex(&Md5::digest(&bytes)) };
        if bytes.is_empty() || self.rest.as_ref() == Some(&rest) {
            return Ok(());
        }
        let sha256 = hex(&Sha256::digest(&bytes));
        put::whole(&self.store, &rest::name(&self.store, self.id), bytes, &sha256).await?;
        self.rest = Some(rest);
        self.note();
        Ok(())
    }

    fn note(&self) {
        let state = State {
            id: self.id,
            key: self.key.as_str().to_owned(),
            upload: self.upload.clone(),
            parts: self.point.parts,
            tags: tags(&self.sent),
            sha256: self.point.sha256.clone(),
            rest: self.rest.clone(),
        };
        let taken = self.point.size + self.rest.as_ref().map_or(0, |rest| rest.size);
        self.kept.send_replace(Some(Checkpoint::new(taken, KIND, state)));
    }

    pub(super) async fn end(&mut self) -> Result<Stored, ObjectError> {
        let stored = Stored { size: self.parts.size(), sha256: self.parts.sha256() };
        let rest = self.parts.rest();
        match &self.upload {
            None => put::whole(&self.store, &self.name, rest, &stored.sha256).await?,
            Some(id) => {
                let mut sent = self.sent.clone();
                match self.last.clone() {
                    Some(last) => sent.push(last),
                    None if rest.is_empty() => {}
                    None => {
                        let number = self.parts.whole() + 1;
                        if number > MOST_PARTS {
                            return Err(ObjectError::TooLarge { limit: self.point.size });
                        }
                        let _place = self.store.sending().await?;
                        sent.push(put::part(&self.store, &self.name, id, number, rest).await?);
                    }
                }
                put::complete(&self.store, &self.name, id, sent, stored.size).await?;
            }
        }
        self.over = true;
        if self.kept.borrow().is_some() {
            let name = rest::name(&self.store, self.id);
            if let Err(error) = self.store.delete_name(&name).await {
                // The sweep finds it.
                tracing::warn!(%error, "the rest of a finished object was not deleted");
            }
        }
        Ok(stored)
    }

    /// Ends an upload that nobody will go on with.
    pub(super) async fn abort(&mut self) {
        if let Some(id) = self.upload.clone().filter(|_| !self.over) {
            abort(&self.store, &self.name, &id).await;
        }
        self.over = true;
    }
}

impl Drop for Partial {
    fn drop(&mut self) {
        // No checkpoint names an upload without parts.
        let lasts = self.lasts == Lasts::ForLater && self.point.parts > 0;
        let Some(id) = self.upload.take().filter(|_| !self.over && !lasts) else { return };
        if let Ok(runtime) = tokio::runtime::Handle::try_current() {
            let (store, name) = (self.store.clone(), self.name.clone());
            runtime.spawn(async move { abort(&store, &name, &id).await });
        }
    }
}

#[async_trait]
impl PartialPut for Partial {
    fn taken(&self) -> u64 {
        self.parts.size()
    }

    fn kept(&self) -> watch::Receiver<Option<Checkpoint>> {
        self.kept.subscribe()
    }

    async fn write(
        mut self: Box<Self>,
        body: BoxStream<'static, io::Result<Bytes>>,
        limit: u64,
    ) -> Result<Box<dyn PartialPut>, ObjectError> {
        self.go(body, limit).await?;
        Ok(self)
    }

    async fn finish(mut self: Box<Self>) -> Result<Stored, ObjectError> {
        self.end().await
    }
}

/// Aborts an upload, or leaves it to the sweep.
pub(super) async fn abort(store: &S3Objects, name: &str, id: &str) {
    if let Err(error) = put::abort(store, name, id).await {
        // The sweep finds it.
        tracing::warn!(%error, "an unfinished upload was not aborted");
    }
}

/// What the store calls these parts, in short.
fn tags(sent: &[CompletedPart]) -> String {
    let mut all = Md5::new();
    for part in sent {
        all.update(part.e_tag().unwrap_or_default().trim_matches('"'));
        all.update("/");
    }
    hex(&all.finalize())
}

pub(super) async fn discard(
    store: &S3Objects,
    key: &ObjectKey,
    checkpoint: &Checkpoint,
) -> Result<(), ObjectError> {
    let Some(state) = state(key, checkpoint) else { return Ok(()) };
    if let Some(id) = &state.upload {
        put::abort(store, &store.name(key), id).await?;
    }
    // A later checkpoint may have had one.
    store.delete_name(&rest::name(store, state.id)).await
}

fn state(key: &ObjectKey, checkpoint: &Checkpoint) -> Option<State> {
    checkpoint.read::<State>(KIND).filter(|state| state.key == key.as_str())
}
