//! Objects in a folder.

use super::{
    Names, UNLIMITED, body, conforms,
    goes::{self, Writers, bytes},
    key, read,
};
use bytes::Bytes;
use futures::{StreamExt, stream};
use std::sync::Arc;
use trainable::objects::{ObjectError, ObjectStore, filesystem::FilesystemObjects};

#[tokio::test]
async fn the_filesystem_conforms() {
    let folder = tempfile::tempdir().unwrap();
    let store = FilesystemObjects::open(folder.path()).unwrap();
    conforms(&store, Names::Free).await;
    let left = std::fs::read_dir(folder.path().join("incoming")).unwrap().count();
    assert_eq!(left, 0, "half-written files are left");
}

#[tokio::test]
async fn the_filesystem_takes_objects_in_several_goes() {
    let folder = tempfile::tempdir().unwrap();
    goes::conforms(
        || Arc::new(FilesystemObjects::open(folder.path()).unwrap()),
        Writers::Told,
        goes::HOUR,
    )
    .await;
    for kept in ["incoming", "partial"] {
        let left = std::fs::read_dir(folder.path().join(kept)).unwrap().count();
        assert_eq!(left, 0, "unfinished files are left");
    }
}

/// What the disk lost, or somebody cut, is noticed.
#[tokio::test]
async fn the_filesystem_goes_on_with_nothing_that_is_too_short() {
    let folder = tempfile::tempdir().unwrap();
    let store = FilesystemObjects::open(folder.path()).unwrap();
    let at = key("cut");
    for (length, whole) in [(2_000, true), (999, false)] {
        let checkpoint = goes::begin(&store, &at, &bytes(1_000)).await.unwrap();
        let mut partials = std::fs::read_dir(folder.path().join("partial")).unwrap();
        let partial = partials.next().unwrap().unwrap().path();
        let file = std::fs::File::options().write(true).open(partial).unwrap();
        file.set_len(length).unwrap();
        let stored = goes::rest(&store, &at, Some(&checkpoint), &bytes(1_000)).await;
        match whole {
            // What nobody noted is cut off.
            true => goes::stands(&store, &at, stored.unwrap(), &bytes(1_000)).await,
            false => assert!(matches!(stored, Err(ObjectError::Forgotten)), "{stored:?}"),
        }
    }
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
