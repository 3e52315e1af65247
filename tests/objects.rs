//! The object store's conformance suite: the same for every backend.

use bytes::Bytes;
use futures::{StreamExt, TryStreamExt, stream, stream::BoxStream};
use std::{io, ops::Range};
use trainable::objects::{
    ObjectError, ObjectKey, ObjectStore, Stored, filesystem::FilesystemObjects,
};

const UNLIMITED: u64 = u64::MAX;

/// Everything that the port promises, on a store that is empty.
async fn conforms(store: &dyn ObjectStore) {
    absent(store).await;
    whole_or_nothing(store).await;
    ranges(store).await;
    replacing(store).await;
    keys(store).await;
    large(store).await;
    at_once(store).await;
}

async fn absent(store: &dyn ObjectStore) {
    let none = key("none/here");
    assert_eq!(store.size(&none).await.unwrap(), None);
    let Err(error) = store.get(&none, None).await else { panic!("an object from nowhere") };
    assert!(matches!(error, ObjectError::NoObject(found) if found == none));
    store.delete(&none).await.unwrap();
}

async fn whole_or_nothing(store: &dyn ObjectStore) {
    let at = key("uploads/a");
    let stored = store.put(&at, body(&["ab", "", "c"]), 3).await.unwrap();
    // Source: FIPS 180-4, the example of one block.
    let sha256 = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad".to_owned();
    assert_eq!(stored, Stored { size: 3, sha256 });

    for failing in [key("uploads/a"), key("uploads/new")] {
        let before = store.size(&failing).await.unwrap();
        // The stream never ends, so the limit must be noticed on the way.
        let endless = stream::repeat_with(|| Ok(Bytes::from_static(&[7; 1000]))).boxed();
        let error = store.put(&failing, endless, 9_999).await.unwrap_err();
        assert!(matches!(error, ObjectError::TooLarge { limit: 9_999 }), "{error}");
        let broken = [Ok(Bytes::from_static(b"x")), Err(io::ErrorKind::ConnectionReset.into())];
        let error = store.put(&failing, stream::iter(broken).boxed(), UNLIMITED).await.unwrap_err();
        assert!(matches!(error, ObjectError::Broken(_)), "{error}");
        assert_eq!(store.size(&failing).await.unwrap(), before);
    }
    assert_eq!(read(store, &at, None).await, b"abc");
}

async fn ranges(store: &dyn ObjectStore) {
    let at = key("ranges");
    store.put(&at, body(&["0123456789"]), UNLIMITED).await.unwrap();
    let cases: [(Range<u64>, &[u8]); 7] = [
        (0..10, b"0123456789"),
        (3..5, b"34"),
        (9..10, b"9"),
        (4..u64::MAX, b"456789"),
        (10..20, b""),
        (99..100, b""),
        (5..5, b""),
    ];
    for (range, expect) in cases {
        assert_eq!(read(store, &at, Some(range.clone())).await, expect, "{range:?}");
    }
    store.put(&key("empty"), body(&[]), 0).await.unwrap();
    assert_eq!(store.size(&key("empty")).await.unwrap(), Some(0));
    assert_eq!(read(store, &key("empty"), None).await, b"");
}

async fn replacing(store: &dyn ObjectStore) {
    let at = key("replaced");
    store.put(&at, body(&["old and longer"]), UNLIMITED).await.unwrap();
    let reader = store.get(&at, None).await.unwrap();
    store.put(&at, body(&["new"]), UNLIMITED).await.unwrap();
    assert_eq!(read(store, &at, None).await, b"new");
    // Whoever began with the old bytes never sees a mixture.
    let seen = gather(reader).await;
    assert!(seen == b"old and longer" || seen == b"new", "{seen:?}");
    store.delete(&at).await.unwrap();
    assert_eq!(store.size(&at).await.unwrap(), None);
}

async fn keys(store: &dyn ObjectStore) {
    let all = ["k", "k/x", "k.object", "k/x/y-z_1.csv"];
    for text in all {
        store.put(&key(text), body(&[text]), UNLIMITED).await.unwrap();
    }
    for text in all {
        assert_eq!(read(store, &key(text), None).await, text.as_bytes());
    }
    store.delete(&key("k/x")).await.unwrap();
    assert_eq!(read(store, &key("k/x/y-z_1.csv"), None).await, b"k/x/y-z_1.csv");
    for text in ["", "/a", "a/", "../a", "a/../b", "a/.b", "A", "a b", "a\0b", &"a".repeat(129)] {
        assert_eq!(ObjectKey::parse(text), None, "{text:?}");
    }
}

async fn large(store: &dyn ObjectStore) {
    let at = key("large");
    let piece = Bytes::from((0..=255).cycle().take(1 << 20).collect::<Vec<u8>>());
    let pieces = stream::iter(std::iter::repeat_n(piece.clone(), 16)).map(Ok).boxed();
    assert_eq!(store.put(&at, pieces, 16 << 20).await.unwrap().size, 16 << 20);
    assert_eq!(store.size(&at).await.unwrap(), Some(16 << 20));
    let mut pieces = store.get(&at, Some(100..(16 << 20) - 100)).await.unwrap();
    let mut position = 100;
    while let Some(found) = pieces.try_next().await.unwrap() {
        for byte in found {
            assert_eq!(byte, (position % 256) as u8);
            position += 1;
        }
    }
    assert_eq!(position, (16 << 20) - 100);
}

async fn at_once(store: &dyn ObjectStore) {
    let at = key("raced");
    let texts: Vec<String> = (0..8).map(|n| n.to_string().repeat(100_000)).collect();
    let puts = texts.iter().map(|text| store.put(&at, body(&[text]), UNLIMITED));
    futures::future::try_join_all(puts).await.unwrap();
    let found = read(store, &at, None).await;
    assert!(texts.iter().any(|text| text.as_bytes() == found), "a mixture");
}

fn key(text: &str) -> ObjectKey {
    ObjectKey::parse(text).unwrap()
}

fn body(pieces: &[&str]) -> BoxStream<'static, io::Result<Bytes>> {
    let pieces: Vec<_> = pieces.iter().map(|p| Ok(Bytes::copy_from_slice(p.as_bytes()))).collect();
    stream::iter(pieces).boxed()
}

async fn read(store: &dyn ObjectStore, key: &ObjectKey, range: Option<Range<u64>>) -> Vec<u8> {
    gather(store.get(key, range).await.unwrap()).await
}

async fn gather(pieces: BoxStream<'static, io::Result<Bytes>>) -> Vec<u8> {
    pieces.try_collect::<Vec<_>>().await.unwrap().concat()
}

#[tokio::test]
async fn the_filesystem_conforms() {
    let folder = tempfile::tempdir().unwrap();
    let store = FilesystemObjects::open(folder.path()).unwrap();
    conforms(&store).await;
    let left = std::fs::read_dir(folder.path().join("incoming")).unwrap().count();
    assert_eq!(left, 0, "half-written files are left");
}

#[tokio::test]
async fn the_filesystem_keeps_objects_and_drops_halves_over_a_restart() {
    let folder = tempfile::tempdir().unwrap();
    let store = FilesystemObjects::open(folder.path()).unwrap();
    store.put(&key("a/b"), body(&["kept"]), UNLIMITED).await.unwrap();
    let half = folder.path().join("incoming/half");
    std::fs::write(&half, "x").unwrap();
    let again = FilesystemObjects::open(folder.path()).unwrap();
    assert!(!half.exists());
    assert_eq!(read(&again, &key("a/b"), None).await, b"kept");
}

#[tokio::test]
async fn the_filesystem_drops_an_upload_that_nobody_waits_for() {
    let folder = tempfile::tempdir().unwrap();
    let store = FilesystemObjects::open(folder.path()).unwrap();
    let stuck = stream::iter([Ok(Bytes::from_static(b"x"))]).chain(stream::pending()).boxed();
    let at = key("stuck");
    let put = store.put(&at, stuck, UNLIMITED);
    let waited = tokio::time::timeout(std::time::Duration::from_millis(200), put).await;
    assert!(waited.is_err());
    assert_eq!(std::fs::read_dir(folder.path().join("incoming")).unwrap().count(), 0);
    assert_eq!(store.size(&at).await.unwrap(), None);
}

/// A tmpfs of its own says `ENOSPC` as a full disk does; making one takes root.
#[tokio::test]
async fn the_filesystem_says_when_the_disk_is_full() {
    let folder = tempfile::tempdir().unwrap();
    let mounted = std::process::Command::new("mount")
        .args(["-t", "tmpfs", "-o", "size=64k", "trainable-test"])
        .arg(folder.path())
        .status();
    if !mounted.is_ok_and(|status| status.success()) {
        eprintln!("not tried: a small file system can be mounted by root only");
        return;
    }
    let store = FilesystemObjects::open(folder.path()).unwrap();
    store.put(&key("fits"), body(&["x"]), UNLIMITED).await.unwrap();
    let pieces = stream::repeat_with(|| Ok(Bytes::from_static(&[1; 4096]))).take(64).boxed();
    let error = store.put(&key("full"), pieces, UNLIMITED).await.unwrap_err();
    let left = std::fs::read_dir(folder.path().join("incoming")).unwrap().count();
    let unmounted = std::process::Command::new("umount").arg(folder.path()).status().unwrap();
    assert!(matches!(error, ObjectError::Full), "{error}");
    assert_eq!(left, 0, "half-written files are left");
    assert!(unmounted.success());
}
