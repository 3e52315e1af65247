//! Objects in buckets: real servers, as they are.

use super::{
    Names, UNLIMITED, body, conforms,
    goes::{self, Writers},
    key, read,
    support::{
        self,
        s3::{BUCKET, Server, objects},
    },
};
use bytes::Bytes;
use futures::{StreamExt, stream};
use std::{sync::Arc, time::Duration};
use trainable::objects::{
    ObjectError, ObjectStore, RemoteObjects,
    filesystem::FilesystemObjects,
    moved::Moved,
    s3::{S3Objects, S3Settings},
};

#[tokio::test]
async fn rclone_conforms() {
    let server = Server::rclone();
    let store = objects(server.settings());
    conforms(&store, Names::Files).await;
    nothing_unfinished(&server, &store).await;
}

#[tokio::test]
async fn moto_conforms() {
    let server = Server::moto();
    support::s3::make_bucket(&server, BUCKET).await;
    let store = objects(server.settings());
    conforms(&store, Names::Free).await;
    assert_eq!(store.sweep(Duration::ZERO).await.unwrap(), 0, "an upload is left unfinished");
}

#[tokio::test]
async fn rclone_takes_objects_in_several_goes() {
    let server = Server::rclone();
    goes::conforms(|| Arc::new(objects(server.settings())), Writers::Untold, goes::HOUR).await;
    nothing_unfinished(&server, &objects(server.settings())).await;
}

#[tokio::test]
async fn moto_takes_objects_in_several_goes() {
    let server = Server::moto();
    support::s3::make_bucket(&server, BUCKET).await;
    // It says of every upload that it was begun in 2010.
    let century = Duration::from_secs(100 * 365 * 24 * 3_600);
    goes::conforms(|| Arc::new(objects(server.settings())), Writers::Untold, century).await;
}

/// What was begun in one store is nothing in the other.
#[tokio::test]
async fn what_was_begun_before_the_move_begins_anew() {
    let server = Server::rclone();
    let folder = tempfile::tempdir().unwrap();
    let old: Arc<dyn ObjectStore> = Arc::new(FilesystemObjects::open(folder.path()).unwrap());
    let (at, all) = (key("moved"), goes::bytes(1_000));
    let before = goes::begin(&*old, &at, &all.slice(..10)).await.unwrap();
    let new: Arc<dyn ObjectStore> = Arc::new(objects(server.settings()));
    let store = Moved { new, old: Arc::clone(&old) };
    let error = goes::refused(store.open(&at, Some(&before)).await);
    assert!(matches!(error, ObjectError::Forgotten), "{error}");
    store.discard(&at, &before).await.unwrap();
    assert_eq!(std::fs::read_dir(folder.path().join("partial")).unwrap().count(), 0);
    let stored = goes::rest(&store, &at, None, &all).await.unwrap();
    goes::stands(&store, &at, stored, &all).await;
    assert_eq!(old.size(&at).await.unwrap(), None);
}

/// A prefix of nothing: the bucket is ours alone.
#[tokio::test]
async fn a_whole_bucket_conforms() {
    let server = Server::rclone();
    let store = objects(S3Settings { prefix: String::new(), ..server.settings() });
    store.put(&key("a/b"), body(&["x"]), UNLIMITED).await.unwrap();
    assert!(server.data.path().join("buckets").join(BUCKET).join("a/b").is_file());
    assert_eq!(read(&store, &key("a/b"), None).await, b"x");
}

#[tokio::test]
async fn what_was_kept_before_is_found() {
    let server = Server::rclone();
    let folder = tempfile::tempdir().unwrap();
    let old: Arc<dyn ObjectStore> = Arc::new(FilesystemObjects::open(folder.path()).unwrap());
    let new: Arc<dyn ObjectStore> = Arc::new(objects(server.settings()));
    old.put(&key("uploads/1"), body(&["old"]), UNLIMITED).await.unwrap();
    let store = Moved { new: Arc::clone(&new), old: Arc::clone(&old) };
    assert_eq!(read(&store, &key("uploads/1"), Some(1..3)).await, b"ld");
    assert_eq!(store.size(&key("uploads/1")).await.unwrap(), Some(3));
    store.put(&key("uploads/2"), body(&["new"]), UNLIMITED).await.unwrap();
    assert_eq!(
        (old.size(&key("uploads/2")).await.unwrap(), read(&store, &key("uploads/2"), None).await),
        (None, b"new".to_vec())
    );
    store.delete(&key("uploads/1")).await.unwrap();
    assert_eq!(store.size(&key("uploads/1")).await.unwrap(), None);
}

#[tokio::test]
async fn an_upload_that_nobody_waits_for_is_aborted() {
    let server = Server::rclone();
    let store = objects(server.settings());
    let piece = Bytes::from(vec![7; 9 << 20]);
    let stuck = stream::iter([Ok(piece)]).chain(stream::pending()).boxed();
    let at = key("stuck");
    let put = store.put(&at, stuck, UNLIMITED);
    assert!(tokio::time::timeout(Duration::from_secs(2), put).await.is_err());
    nothing_unfinished(&server, &store).await;
    assert_eq!(store.size(&at).await.unwrap(), None);
}

/// A server that was killed could not abort what it had begun.
#[tokio::test]
async fn abandoned_uploads_are_swept() {
    let server = Server::rclone();
    let store = objects(server.settings());
    let all = objects(S3Settings { prefix: String::new(), ..server.settings() });
    // Ours, and somebody else's beside it, neither with a runtime left to abort it.
    for name in ["ours/left", "theirs/left"] {
        let all = all.clone();
        std::thread::spawn(move || {
            let runtime =
                tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            let piece = Bytes::from(vec![7; 9 << 20]);
            let stuck = stream::iter([Ok(piece)]).chain(stream::pending()).boxed();
            let name = key(name);
            let put = runtime.block_on(async {
                tokio::time::timeout(Duration::from_secs(1), all.put(&name, stuck, UNLIMITED)).await
            });
            assert!(put.is_err());
            runtime.shutdown_background();
        })
        .join()
        .unwrap();
    }
    assert_eq!(store.sweep(Duration::from_secs(60)).await.unwrap(), 0, "it is too young");
    assert_eq!(store.sweep(Duration::ZERO).await.unwrap(), 1);
    assert_eq!(store.sweep(Duration::ZERO).await.unwrap(), 0);
    assert_eq!(all.sweep(Duration::ZERO).await.unwrap(), 1, "the other one was not ours to abort");
}

#[tokio::test]
async fn a_start_says_what_is_wrong() {
    let server = Server::rclone();
    let good = server.settings();
    objects(good.clone()).check().await.unwrap();
    let check = async |settings: S3Settings, expect: &str| {
        let secret = settings.secret_key.clone();
        let error = objects(settings).check().await.unwrap_err().to_string();
        assert!(error.contains(expect), "{error:?} lacks {expect:?}");
        assert!(!error.contains(&secret) && !error.contains("os error"), "{error:?}");
    };
    check(S3Settings { bucket: "nowhere".into(), ..good.clone() }, "no bucket `nowhere`").await;
    let wrong = "a-wrong-secret-key".to_owned();
    check(S3Settings { secret_key: wrong, ..good.clone() }, "AWS_SECRET_ACCESS_KEY").await;
    check(S3Settings { access_key: "NOBODY".into(), ..good.clone() }, "AWS_ACCESS_KEY_ID").await;
    let nobody = S3Settings { endpoint: Some("http://127.0.0.1:9".into()), ..good.clone() };
    check(nobody, "does not answer: `http://127.0.0.1:9`").await;
    // A server that speaks TLS to nobody.
    let plain = server.address().replace("http://", "https://");
    check(S3Settings { endpoint: Some(plain), ..good }, "does not answer").await;
}

#[tokio::test]
async fn an_address_is_lent_for_a_while() {
    let server = Server::rclone();
    let store = objects(server.settings());
    let at = key("reports/1");
    store.put(&at, body(&["<script>"]), UNLIMITED).await.unwrap();
    let lend = async |time| store.presign(&at, "größe 1.html", time).await.unwrap();
    let url = lend(Duration::from_secs(60)).await;
    assert!(!url.contains(&server.settings().secret_key));
    let answer = support::client().get(&url).send().await.unwrap();
    assert_eq!(answer.status(), 200);
    let header = |name: &str| answer.headers()[name].to_str().unwrap().to_owned();
    assert_eq!(header("content-type"), "application/octet-stream");
    assert_eq!(
        header("content-disposition"),
        "attachment; filename*=UTF-8''gr%C3%B6%C3%9Fe%201%2Ehtml"
    );
    assert_eq!(answer.bytes().await.unwrap(), "<script>");
    let spoilt = url.replace("reports/1", "reports/2");
    assert!(support::client().get(spoilt).send().await.unwrap().status().is_client_error());
    let short = lend(Duration::from_secs(1)).await;
    tokio::time::sleep(Duration::from_millis(2_100)).await;
    assert!(support::client().get(short).send().await.unwrap().status().is_client_error());
}

#[tokio::test]
async fn everything_below_a_key_is_deleted() {
    let server = Server::rclone();
    let store = objects(server.settings());
    for name in ["sessions/1/eda/a", "sessions/1/b", "sessions/10/c", "sessions/1.x"] {
        store.put(&key(name), body(&["x"]), UNLIMITED).await.unwrap();
    }
    store.delete_below(&key("sessions/1")).await.unwrap();
    store.delete_below(&key("sessions/1")).await.unwrap();
    for (name, left) in [
        ("sessions/1/eda/a", None),
        ("sessions/1/b", None),
        ("sessions/10/c", Some(1)),
        ("sessions/1.x", Some(1)),
    ] {
        assert_eq!(store.size(&key(name)).await.unwrap(), left, "{name}");
    }
}

#[tokio::test]
async fn many_puts_at_once_hold_little_in_memory() {
    let server = Server::rclone();
    let store = objects(server.settings());
    // The server's log says nothing of memory, so the parts that wait are counted here: 8 on their way
    // and one being gathered for each put.
    let puts = (0..16).map(|n| {
        let store = store.clone();
        async move {
            let piece = Bytes::from(vec![n; 1 << 20]);
            let pieces = stream::iter(std::iter::repeat_n(piece, 20)).map(Ok).boxed();
            store.put(&key(&format!("many/{n}")), pieces, UNLIMITED).await
        }
    });
    for stored in futures::future::try_join_all(puts).await.unwrap() {
        assert_eq!(stored.size, 20 << 20);
    }
    nothing_unfinished(&server, &store).await;
}

/// Aborting goes on behind the back of who dropped an upload.
async fn nothing_unfinished(server: &Server, store: &S3Objects) {
    let buckets = server.data.path().join("buckets");
    let unfinished = || {
        let mut folders = vec![buckets.clone()];
        let mut found = 0;
        while let Some(folder) = folders.pop() {
            for entry in std::fs::read_dir(folder).unwrap() {
                let entry = entry.unwrap();
                match entry.file_type().unwrap().is_dir() {
                    true => folders.push(entry.path()),
                    false => {
                        let name = entry.file_name();
                        found += usize::from(name.to_string_lossy().contains("rclone_temp"));
                    }
                }
            }
        }
        found
    };
    for _ in 0..100 {
        if unfinished() == 0 {
            break;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    assert_eq!(unfinished(), 0, "half-written objects are left");
    assert_eq!(store.sweep(Duration::ZERO).await.unwrap(), 0, "an upload is left unfinished");
}
