//! Objects in a bucket whose server, or whose network, has a bad day.

use super::{
    Names, UNLIMITED, body, conforms, key, read,
    support::s3::{
        BUCKET, Server,
        faults::{Fault, Faults},
        make_bucket, objects, settings,
    },
};
use bytes::Bytes;
use futures::{StreamExt, TryStreamExt, stream};
use std::time::{Duration, Instant};
use trainable::objects::{
    ObjectError, ObjectStore, RemoteObjects,
    s3::{S3Objects, S3Settings},
};

pub struct Scene {
    pub server: Server,
    pub faults: Faults,
    pub store: S3Objects,
}

impl Scene {
    pub async fn open() -> Self {
        Self::before(Server::rclone()).await
    }

    pub async fn before(server: Server) -> Self {
        let faults = Faults::before(&server.address()).await;
        let store = objects(settings(faults.address()));
        Self { server, faults, store }
    }

    /// Puts and reads back so many MiB while these faults happen.
    #[track_caller]
    fn survives(
        &self,
        mib: usize,
        faults: Vec<(&'static str, &'static str, Fault, usize)>,
    ) -> impl Future<Output = ()> {
        let said = format!("{faults:?}");
        for (method, holds, fault, times) in faults {
            self.faults.add(method, holds, fault, times);
        }
        let (store, proxy) = (self.store.clone(), self.faults.clone());
        async move {
            let at = key("survivor");
            let pieces: Vec<Bytes> =
                (0..mib).map(|n| Bytes::from(vec![n as u8; 1 << 20])).collect();
            let whole = pieces.concat();
            let put = store.put(&at, stream::iter(pieces).map(Ok).boxed(), UNLIMITED).await;
            let stored = put.unwrap_or_else(|error| panic!("{said}: {error}"));
            assert_eq!(stored.size, whole.len() as u64);
            assert!(read(&store, &at, None).await == whole, "{said}: other bytes came back");
            assert_eq!(proxy.left(), 0, "{said}: not all of it happened");
            assert_eq!(
                store.sweep(Duration::ZERO).await.unwrap(),
                0,
                "{said}: an unfinished upload"
            );
        }
    }
}

/// All that the port promises holds while every kind of request fails now and then.
#[tokio::test]
async fn a_store_in_passing_trouble_conforms() {
    let scene = Scene::open().await;
    let down = |code| Fault::Answer { status: 503, code };
    for (method, holds, fault, times) in [
        ("PUT", "", down("SlowDown"), 3),
        ("GET", "", down("ServiceUnavailable"), 2),
        ("HEAD", "", down(""), 2),
        ("DELETE", "", Fault::Answer { status: 500, code: "InternalError" }, 2),
        ("POST", "uploads", down("SlowDown"), 1),
        ("POST", "uploadId", Fault::Reset { after: 10 }, 1),
        ("PUT", "partNumber=1", Fault::Reset { after: 1 << 20 }, 1),
        ("GET", "large", Fault::Cut { after: 3 << 20 }, 2),
        ("PUT", "raced", Fault::Slow(Duration::from_millis(300)), 3),
        ("PUT", "raced", Fault::Lost, 1),
    ] {
        scene.faults.add(method, holds, fault, times);
    }
    conforms(&scene.store, Names::Files).await;
    assert_eq!(scene.faults.left(), 0, "not all of it happened");
}

/// Not on rclone: it ends an upload of which the part that is next arrives damaged.
#[tokio::test]
async fn damaged_parts_are_sent_again() {
    let server = Server::moto();
    make_bucket(&server, BUCKET).await;
    let scene = Scene::before(server).await;
    scene.survives(20, vec![("PUT", "partNumber=1", Fault::Spoil, 1)]).await;
    scene.survives(20, vec![("PUT", "partNumber=3", Fault::Spoil, 2)]).await;
}

#[tokio::test]
async fn passing_trouble_passes() {
    let scene = Scene::open().await;
    let busy = |status, code| Fault::Answer { status, code };
    // At once.
    scene.survives(1, vec![("PUT", "survivor", busy(503, "SlowDown"), 3)]).await;
    scene.survives(1, vec![("PUT", "survivor", Fault::Reset { after: 1000 }, 2)]).await;
    scene.survives(1, vec![("PUT", "survivor", Fault::Spoil, 2)]).await;
    scene.survives(1, vec![("PUT", "survivor", Fault::Lost, 1)]).await;
    // In parts.
    scene.survives(20, vec![("PUT", "partNumber", busy(503, "SlowDown"), 3)]).await;
    scene.survives(20, vec![("PUT", "partNumber=2", Fault::Reset { after: 5 << 20 }, 2)]).await;
    scene.survives(20, vec![("POST", "uploads", busy(500, "InternalError"), 2)]).await;
    // Done, and nobody heard: what is tried again is not there any more.
    scene.survives(20, vec![("POST", "uploadId", Fault::Lost, 1)]).await;
    // Reading goes on where it broke off.
    scene.survives(20, vec![("GET", "survivor", Fault::Cut { after: 7 << 20 }, 3)]).await;
    scene.survives(20, vec![("GET", "survivor", Fault::Cut { after: 0 }, 2)]).await;
    // It is away for longer than a request is tried for, right after that.
    let away = ("GET", "survivor", busy(503, "ServiceUnavailable"), 7);
    scene.survives(20, vec![("GET", "survivor", Fault::Cut { after: 7 << 20 }, 1), away]).await;
}

/// Deleting much asks for nothing that a store may not have.
#[tokio::test]
async fn what_is_below_a_key_is_deleted_one_by_one() {
    let scene = Scene::open().await;
    for n in 0..20 {
        scene.store.put(&key(&format!("many/{n}")), body(&["x"]), UNLIMITED).await.unwrap();
    }
    scene.store.put(&key("many.x"), body(&["x"]), UNLIMITED).await.unwrap();
    scene.faults.seen();
    // A request for many at once needs a checksum in a header that older stores do not know.
    scene.faults.add("POST", "delete", Fault::Answer { status: 400, code: "MissingContentMD5" }, 9);
    scene.store.delete_below(&key("many")).await.unwrap();
    let seen = scene.faults.seen();
    assert_eq!(seen.iter().filter(|request| request.starts_with("DELETE ")).count(), 20);
    assert_eq!(scene.store.size(&key("many/7")).await.unwrap(), None);
    assert_eq!(scene.store.size(&key("many.x")).await.unwrap(), Some(1));
}

/// A store that lists more than it was asked for loses nothing of anybody else's.
#[tokio::test]
async fn nothing_else_is_deleted_whatever_is_listed() {
    let server = Server::moto();
    super::support::s3::make_bucket(&server, super::support::s3::BUCKET).await;
    let faults = Faults::before(&server.address()).await;
    let store = objects(settings(faults.address()));
    let all = objects(S3Settings { prefix: String::new(), ..server.settings() });
    for name in ["ours/sessions/1/a", "ours/sessions/10/a", "ours/uploads/1", "theirs/x"] {
        all.put(&key(name), body(&["x"]), UNLIMITED).await.unwrap();
    }
    faults.add("GET", "list-type=2", Fault::Unfiltered, 2);
    store.delete_below(&key("sessions/1")).await.unwrap();
    assert_eq!(faults.left(), 0);
    for (name, left) in [
        ("ours/sessions/1/a", None),
        ("ours/sessions/10/a", Some(1)),
        ("ours/uploads/1", Some(1)),
        ("theirs/x", Some(1)),
    ] {
        assert_eq!(all.size(&key(name)).await.unwrap(), left, "{name}");
    }
    let begin = async |name: &str| {
        let url = format!("{}/{}/{name}?uploads", server.address(), super::support::s3::BUCKET);
        let begun = super::support::client().post(url).send().await.unwrap();
        assert!(begun.status().is_success());
    };
    begin("ours/left").await;
    begin("theirs/left").await;
    faults.add("GET", "uploads", Fault::Unfiltered, 1);
    assert_eq!(store.sweep(Duration::ZERO).await.unwrap(), 1, "the other one is not ours to abort");
    assert_eq!(faults.left(), 0);
}

#[tokio::test]
async fn a_probe_finds_out_who_may_not_write() {
    let scene = Scene::open().await;
    scene.store.probe().await.unwrap();
    assert_eq!(scene.store.sweep(Duration::ZERO).await.unwrap(), 0, "the probe is left there");
    scene.faults.add("POST", "uploads", Fault::Answer { status: 403, code: "AccessDenied" }, 1);
    let error = scene.store.probe().await.unwrap_err();
    assert!(matches!(error, ObjectError::Refused(_)), "{error}");
    scene.store.check().await.unwrap();
}

/// However many files come slowly, what is gathered of them is bounded, and who comes too late is told.
#[tokio::test(start_paused = true)]
async fn puts_that_gather_are_bounded() {
    // Nothing is asked of a store before there is something to send.
    let store = objects(settings("http://127.0.0.1:9".into()));
    let stuck = || stream::pending().boxed();
    let slow: Vec<_> = (0..16)
        .map(|n| {
            let (store, at) = (store.clone(), key(&format!("slow/{n}")));
            tokio::spawn(async move { store.put(&at, stuck(), UNLIMITED).await })
        })
        .collect();
    tokio::task::yield_now().await;
    let error = store.put(&key("late"), stuck(), UNLIMITED).await.unwrap_err();
    assert!(matches!(error, ObjectError::Busy), "{error}");
    // One that ends makes room.
    slow[0].abort();
    let late = tokio::time::timeout(Duration::from_secs(60), async {
        store.put(&key("late"), stuck(), UNLIMITED).await
    });
    assert!(late.await.is_err(), "it gathers, and nothing comes");
}

#[tokio::test]
async fn a_reading_never_mixes_two_objects() {
    let scene = Scene::open().await;
    let at = key("mixed");
    let pieces = |byte: u8| stream::iter(vec![Bytes::from(vec![byte; 1 << 20]); 6]).map(Ok).boxed();
    scene.store.put(&at, pieces(1), UNLIMITED).await.unwrap();
    scene.faults.add("GET", "mixed", Fault::Cut { after: 2 << 20 }, 1);
    let mut reading = scene.store.get(&at, None).await.unwrap();
    let mut seen = reading.try_next().await.unwrap().unwrap().to_vec();
    scene.store.put(&at, pieces(2), UNLIMITED).await.unwrap();
    let error = loop {
        match reading.try_next().await {
            Ok(Some(piece)) => seen.extend_from_slice(&piece),
            Ok(None) => panic!("{} bytes were taken for the whole", seen.len()),
            Err(error) => break error,
        }
    };
    assert!(error.to_string().contains("was changed"), "{error}");
    assert!(seen.iter().all(|byte| *byte == 1));
}

#[tokio::test]
async fn lasting_trouble_is_told_apart_and_leaves_nothing() {
    let scene = Scene::open().await;
    let check = async |fault: Fault, expect: fn(&ObjectError) -> bool| {
        let mib = |n: usize| stream::iter(vec![Bytes::from(vec![0; 1 << 20]); n]).map(Ok).boxed();
        for (n, method, holds) in
            [(1, "PUT", "doomed"), (9, "PUT", "partNumber=1"), (9, "POST", "uploads")]
        {
            scene.faults.add(method, holds, fault.clone(), 50);
            let since = Instant::now();
            let error = scene.store.put(&key("doomed"), mib(n), UNLIMITED).await.unwrap_err();
            assert!(expect(&error), "{fault:?} at {holds}: {error}");
            assert!(since.elapsed() < Duration::from_secs(40), "{fault:?}: it took too long");
            scene.faults.calm();
            assert_eq!(scene.store.size(&key("doomed")).await.unwrap(), None, "{fault:?}");
            assert_eq!(scene.store.sweep(Duration::ZERO).await.unwrap(), 0, "{fault:?}");
        }
    };
    let answer = |status, code| Fault::Answer { status, code };
    check(
        answer(400, "ExpiredToken"),
        |e| matches!(e, ObjectError::Refused(s) if s.contains("expired")),
    )
    .await;
    check(answer(403, "AccessDenied"), |e| matches!(e, ObjectError::Refused(_))).await;
    check(answer(404, "NoSuchBucket"), |e| matches!(e, ObjectError::NoBucket(_))).await;
    check(answer(400, "KeyTooLongError"), |e| matches!(e, ObjectError::Rejected(_))).await;
    check(answer(507, "XMinioStorageFull"), |e| matches!(e, ObjectError::Full)).await;
    check(
        Fault::Elsewhere("eu-west-1"),
        |e| matches!(e, ObjectError::Misplaced(s) if s.contains("`eu-west-1`")),
    )
    .await;
}

#[tokio::test]
async fn a_store_that_stays_away_is_said_to_be() {
    let scene = Scene::open().await;
    scene.store.put(&key("kept"), body(&["x"]), UNLIMITED).await.unwrap();
    scene.faults.down(true);
    let away = |error: &ObjectError| matches!(error, ObjectError::Away(_));
    let (late, kept) = (key("late"), key("kept"));
    let (put, size, check) = tokio::join!(
        scene.store.put(&late, body(&["x"]), UNLIMITED),
        scene.store.size(&kept),
        scene.store.check(),
    );
    assert!(put.as_ref().is_err_and(away), "{put:?}");
    assert!(size.as_ref().is_err_and(away), "{size:?}");
    assert!(check.as_ref().is_err_and(away), "{check:?}");
    scene.faults.down(false);
    assert_eq!(read(&scene.store, &key("kept"), None).await, b"x");
    scene.store.check().await.unwrap();
}

/// A server that takes damaged bytes for good is found out by what it says it has.
#[tokio::test]
async fn damage_is_found_where_the_server_looks_for_none() {
    let server = Server::moto();
    super::support::s3::make_bucket(&server, super::support::s3::BUCKET).await;
    let faults = Faults::before(&server.address()).await;
    let store = objects(settings(faults.address()));
    faults.add("PUT", "once", Fault::Spoil, 1);
    store.put(&key("once"), body(&["abc"]), UNLIMITED).await.unwrap();
    assert_eq!(read(&store, &key("once"), None).await, b"abc");
    faults.add("PUT", "always", Fault::Spoil, 50);
    let error = store.put(&key("always"), body(&["abc"]), UNLIMITED).await.unwrap_err();
    assert!(matches!(error, ObjectError::Damaged), "{error}");
    assert_eq!(store.size(&key("always")).await.unwrap(), None);
}
