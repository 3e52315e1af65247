//! The object store's conformance suite: the same for every backend.

mod buckets;
mod faults;
mod filesystem;
mod goes;
mod resumed;
mod s3;
#[path = "../support/mod.rs"]
mod support;

use bytes::Bytes;
use futures::{StreamExt, TryStreamExt, stream, stream::BoxStream};
use std::{io, ops::Range};
use trainable::objects::{ObjectError, ObjectKey, ObjectStore, Stored};

const UNLIMITED: u64 = u64::MAX;

/// Whether an object's name may go on with a slash in another's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Names {
    Free,
    /// A server that keeps objects as files of their names, as `rclone serve s3` does: the protocol promises more.
    Files,
}

/// Everything that the port promises, on a store that is empty.
async fn conforms(store: &dyn ObjectStore, names: Names) {
    absent(store).await;
    whole_or_nothing(store).await;
    ranges(store).await;
    replacing(store).await;
    keys(store, names).await;
    files(store).await;
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

async fn keys(store: &dyn ObjectStore, names: Names) {
    let all: &[&str] = match names {
        Names::Free => &["k", "k/x", "k.object", "k/x/y-z_1.csv"],
        Names::Files => &["k.object", "k/v", "k/x/y-z_1.csv"],
    };
    for text in all.iter().copied() {
        store.put(&key(text), body(&[text]), UNLIMITED).await.unwrap();
    }
    for text in all.iter().copied() {
        assert_eq!(read(store, &key(text), None).await, text.as_bytes());
    }
    store.delete(&key(all[1])).await.unwrap();
    assert_eq!(store.size(&key(all[1])).await.unwrap(), None);
    assert_eq!(read(store, &key("k/x/y-z_1.csv"), None).await, b"k/x/y-z_1.csv");
    for text in ["", "/a", "a/", "../a", "a/../b", "a/.b", "A", "a b", "a\0b", &"a".repeat(129)] {
        assert_eq!(ObjectKey::parse(text), None, "{text:?}");
    }
}

/// The keys of files that programs named.
async fn files(store: &dyn ObjectStore) {
    let folder = key("files");
    for path in ["report.md", "figures/Größe 📈 (1).png", "a b/c+d&e=f%20?.csv", ".hidden", "~"]
    {
        let at = ObjectKey::file(&folder, path).unwrap();
        store.put(&at, body(&[path]), UNLIMITED).await.unwrap();
        assert_eq!(read(store, &at, Some(0..1000)).await, path.as_bytes(), "{path}");
        store.delete(&at).await.unwrap();
        assert_eq!(store.size(&at).await.unwrap(), None, "{path}");
    }
    assert!(ObjectKey::file(&folder, &"a".repeat(1018)).is_some());
    for path in ["", "/a", "a//b", "a/", ".", "a/../b", "a\nb", "a\0", &"a".repeat(1019)] {
        assert_eq!(ObjectKey::file(&folder, path), None, "{path:?}");
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
