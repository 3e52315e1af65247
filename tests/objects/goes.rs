//! Objects that come in several goes: what every backend promises of them.

use super::{key, read};
use bytes::Bytes;
use futures::{
    StreamExt,
    stream::{self, BoxStream},
};
use sha2::{Digest, Sha256};
use std::{io, sync::Arc, time::Duration};
use trainable::objects::{Checkpoint, ObjectError, ObjectKey, ObjectStore, PartialPut, Stored};

pub const PART: usize = 8 << 20;
const PIECE: usize = 1 << 20;
const PATIENCE: Duration = Duration::from_secs(60);

/// Whether a store can tell that another writer has an object.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Writers {
    Told,
    Untold,
}

/// Older than anything of these tests.
pub const HOUR: Duration = Duration::from_secs(3_600);

/// Everything that the port promises. Each call of `open` is a process of its own; nothing that it begins seems to be
/// as old as `young`.
pub async fn conforms(open: impl Fn() -> Arc<dyn ObjectStore>, writers: Writers, young: Duration) {
    broken(&open).await;
    killed(&open).await;
    older(&open).await;
    limits(&open).await;
    forgotten(&open).await;
    swept(&open, young).await;
    held(&*open(), writers).await;
    nothing(&*open()).await;
    assert_eq!(open().sweep(Duration::ZERO).await.unwrap(), 0, "something is left");
}

/// Bytes that are different in every part.
pub fn bytes(length: usize) -> Bytes {
    (0..length).map(|n| (n ^ (n >> 8) ^ (n >> 16)) as u8).collect()
}

pub fn whole(bytes: &Bytes) -> BoxStream<'static, io::Result<Bytes>> {
    let pieces: Vec<_> = bytes.chunks(PIECE).map(Bytes::copy_from_slice).map(Ok).collect();
    stream::iter(pieces).boxed()
}

/// A connection that breaks after these bytes.
pub fn breaks(bytes: &Bytes) -> BoxStream<'static, io::Result<Bytes>> {
    let broke = stream::iter([Err(io::ErrorKind::ConnectionReset.into())]);
    whole(bytes).chain(broke).boxed()
}

/// What a row would hold.
pub fn noted(kept: &tokio::sync::watch::Receiver<Option<Checkpoint>>) -> Option<Checkpoint> {
    let text = kept.borrow().as_ref().map(Checkpoint::to_text)?;
    Some(Checkpoint::parse(&text).expect("a checkpoint is a text and comes back"))
}

/// Begins an object with a body that breaks after these bytes.
pub async fn begin(store: &dyn ObjectStore, at: &ObjectKey, bytes: &Bytes) -> Option<Checkpoint> {
    let partial = store.open(at, None).await.unwrap();
    let kept = partial.kept();
    let error = refused(partial.write(breaks(bytes), u64::MAX).await);
    assert!(matches!(error, ObjectError::Broken(_)), "{error}");
    noted(&kept)
}

/// Sends what is missing of an object, and finishes it.
pub async fn rest(
    store: &dyn ObjectStore,
    at: &ObjectKey,
    from: Option<&Checkpoint>,
    all: &Bytes,
) -> Result<Stored, ObjectError> {
    let partial = store.open(at, from).await?;
    let left = all.slice(partial.taken() as usize..);
    let partial = partial.write(whole(&left), all.len() as u64).await?;
    assert_eq!(partial.taken(), all.len() as u64);
    partial.finish().await
}

#[track_caller]
pub fn refused(done: Result<Box<dyn PartialPut>, ObjectError>) -> ObjectError {
    match done {
        Ok(partial) => panic!("{} bytes were taken", partial.taken()),
        Err(error) => error,
    }
}

pub async fn stands(store: &dyn ObjectStore, at: &ObjectKey, stored: Stored, all: &Bytes) {
    let sha256 = Sha256::digest(all).iter().map(|byte| format!("{byte:02x}")).collect();
    assert_eq!(stored, Stored { size: all.len() as u64, sha256 });
    assert!(read(store, at, None).await == *all, "other bytes came back");
}

async fn broken(open: &impl Fn() -> Arc<dyn ObjectStore>) {
    let all = bytes(2 * PART + 1_000);
    let (at, other) = (key("goes/broken"), key("goes/other"));
    open().put(&other, whole(&all.slice(..10)), 10).await.unwrap();
    for cut in [0, 1, PART - 1, PART, PART + 1, 2 * PART + 5] {
        open().put(&at, whole(&all.slice(..3)), 3).await.unwrap();
        let checkpoint = begin(&*open(), &at, &all.slice(..cut)).await;
        assert_eq!(checkpoint.as_ref().map_or(0, Checkpoint::taken), cut as u64);
        // Nobody sees it until it is whole.
        assert_eq!(read(&*open(), &at, None).await, all[..3]);
        let partial = open().open(&at, checkpoint.as_ref()).await.unwrap();
        assert_eq!(partial.taken(), cut as u64);
        assert_eq!(noted(&partial.kept()), checkpoint);
        drop(partial);
        let stored = rest(&*open(), &at, checkpoint.as_ref(), &all).await.unwrap();
        stands(&*open(), &at, stored, &all).await;
    }
    assert_eq!(read(&*open(), &other, None).await, all[..10]);
}

/// A process that ends in the middle has what was noted, and nothing else.
async fn killed(open: &impl Fn() -> Arc<dyn ObjectStore>) {
    let (all, at) = (bytes(3 * PART), key("goes/killed"));
    let partial = open().open(&at, None).await.unwrap();
    let mut kept = partial.kept();
    let stuck = whole(&all.slice(..2 * PART + 100)).chain(stream::pending()).boxed();
    let told = kept.wait_for(|now| now.as_ref().is_some_and(|now| now.taken() >= 2 * PART as u64));
    tokio::select! {
        _ = partial.write(stuck, u64::MAX) => panic!("the body never ends"),
        told = tokio::time::timeout(PATIENCE, told) => drop(told.expect("in time").unwrap()),
    }
    assert!(kept.changed().await.is_err(), "the writer is gone");
    let checkpoint = noted(&kept).unwrap();
    assert_eq!(checkpoint.taken(), 2 * PART as u64);
    let stored = rest(&*open(), &at, Some(&checkpoint), &all).await.unwrap();
    stands(&*open(), &at, stored, &all).await;
}

/// What was noted last may not have come to the disk of whoever notes it.
async fn older(open: &impl Fn() -> Arc<dyn ObjectStore>) {
    let (all, at) = (bytes(3 * PART), key("goes/older"));
    let first = begin(&*open(), &at, &all.slice(..PART + 10)).await.unwrap();
    let partial = open().open(&at, Some(&first)).await.unwrap();
    let kept = partial.kept();
    let more = all.slice(PART + 10..2 * PART + 50);
    let partial = partial.write(whole(&more), u64::MAX).await.unwrap();
    assert_eq!(partial.taken(), 2 * PART as u64 + 50);
    assert_eq!(noted(&kept).unwrap().taken(), 2 * PART as u64 + 50, "a clean end is kept too");
    drop(partial);
    let partial = open().open(&at, Some(&first)).await.unwrap();
    assert!([PART as u64, PART as u64 + 10].contains(&partial.taken()), "{}", partial.taken());
    assert_eq!(noted(&partial.kept()).unwrap().taken(), partial.taken());
    drop(partial);
    let stored = rest(&*open(), &at, Some(&first), &all).await.unwrap();
    stands(&*open(), &at, stored, &all).await;
}

/// The limit is one of the object, however many goes it takes.
async fn limits(open: &impl Fn() -> Arc<dyn ObjectStore>) {
    let (all, at) = (bytes(3_000), key("goes/limits"));
    let mut checkpoint = None;
    for n in 0..2 {
        let partial = open().open(&at, checkpoint.as_ref()).await.unwrap();
        let kept = partial.kept();
        partial.write(whole(&all.slice(n * 1_000..(n + 1) * 1_000)), 3_000).await.unwrap();
        checkpoint = noted(&kept);
    }
    let partial = open().open(&at, checkpoint.as_ref()).await.unwrap();
    let error = refused(partial.write(whole(&bytes(1_001)), 3_000).await);
    assert!(matches!(error, ObjectError::TooLarge { limit: 3_000 }), "{error}");
    let partial = open().open(&at, checkpoint.as_ref()).await.unwrap();
    assert_eq!(partial.taken(), 2_000);
    drop(partial);
    let stored = rest(&*open(), &at, checkpoint.as_ref(), &all).await.unwrap();
    stands(&*open(), &at, stored, &all).await;
}

async fn forgotten(open: &impl Fn() -> Arc<dyn ObjectStore>) {
    let (at, all) = (key("goes/forgotten"), bytes(PART + 10));
    let gone = async |at: &ObjectKey, checkpoint: &Checkpoint, which: &str| {
        let error = refused(open().open(at, Some(checkpoint)).await);
        assert!(matches!(error, ObjectError::Forgotten), "{which}: {error}");
    };
    for length in [10, PART, PART + 10] {
        let finished = begin(&*open(), &at, &all.slice(..length)).await.unwrap();
        gone(&key("goes/elsewhere"), &finished, "of another key").await;
        open().discard(&key("goes/elsewhere"), &finished).await.unwrap();
        rest(&*open(), &at, Some(&finished), &all).await.unwrap();
        gone(&at, &finished, "finished").await;
        open().discard(&at, &finished).await.unwrap();
        assert_eq!(read(&*open(), &at, None).await.len(), all.len(), "the object was discarded");

        let discarded = begin(&*open(), &at, &all.slice(..length)).await.unwrap();
        open().discard(&at, &discarded).await.unwrap();
        open().discard(&at, &discarded).await.unwrap();
        gone(&at, &discarded, "discarded").await;
        assert_eq!(open().sweep(Duration::ZERO).await.unwrap(), 0, "something is left");
    }
    let foreign = r#"{"taken":1,"kind":"tape 1","state":{}}"#;
    let foreign = Checkpoint::parse(foreign).expect("a checkpoint of a later version");
    gone(&at, &foreign, "foreign").await;
    open().discard(&at, &foreign).await.unwrap();
    assert_eq!(Checkpoint::parse("{}"), None);
}

async fn swept(open: &impl Fn() -> Arc<dyn ObjectStore>, young: Duration) {
    let at = key("goes/swept");
    for length in [10, PART, PART + 10] {
        let checkpoint = begin(&*open(), &at, &bytes(length)).await.unwrap();
        assert_eq!(open().sweep(young).await.unwrap(), 0, "it is too young");
        assert!(open().open(&at, Some(&checkpoint)).await.is_ok());
        assert!(open().sweep(Duration::ZERO).await.unwrap() > 0);
        let error = refused(open().open(&at, Some(&checkpoint)).await);
        assert!(matches!(error, ObjectError::Forgotten), "{error}");
    }
}

async fn held(store: &dyn ObjectStore, writers: Writers) {
    let (at, all) = (key("goes/held"), bytes(1_000));
    let checkpoint = begin(store, &at, &all.slice(..500)).await.unwrap();
    let first = store.open(&at, Some(&checkpoint)).await.unwrap();
    let second = store.open(&at, Some(&checkpoint)).await;
    if writers == Writers::Told {
        let error = refused(second);
        assert!(matches!(error, ObjectError::Held), "{error}");
        assert_eq!(store.sweep(Duration::ZERO).await.unwrap(), 0, "it is being written");
    }
    drop(first);
    let stored = rest(store, &at, Some(&checkpoint), &all).await.unwrap();
    stands(store, &at, stored, &all).await;
}

/// An object without a byte, and one that nobody goes on with.
async fn nothing(store: &dyn ObjectStore) {
    let at = key("goes/nothing");
    drop(store.open(&at, None).await.unwrap());
    assert_eq!(store.size(&at).await.unwrap(), None);
    let stored = rest(store, &at, None, &Bytes::new()).await.unwrap();
    stands(store, &at, stored, &Bytes::new()).await;
}
