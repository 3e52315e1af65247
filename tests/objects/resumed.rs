//! Going on with an object in a bucket whose server, or whose network, has a bad day.

use super::{
    faults::Scene,
    goes::{PART, begin, breaks, bytes, noted, refused, rest, stands, whole},
    key, read,
    support::s3::{BUCKET, Server, faults::Fault, make_bucket},
};
use bytes::Bytes;
use std::{path::PathBuf, time::Duration};
use trainable::objects::{Checkpoint, ObjectError, ObjectStore};

/// The parts that were sent, and the small objects.
fn sent(seen: &[String]) -> (Vec<u32>, usize) {
    let puts = seen.iter().filter(|request| request.starts_with("PUT "));
    let (parts, others): (Vec<_>, Vec<_>) = puts.partition(|put| put.contains("partNumber="));
    let number = |put: &String| {
        let (_, after) = put.split_once("partNumber=").unwrap();
        after.split('&').next().unwrap().parse().unwrap()
    };
    let mut numbers: Vec<u32> = parts.into_iter().map(number).collect();
    numbers.sort_unstable();
    (numbers, others.len())
}

impl Scene {
    /// What came behind the last whole part of the only object that is not finished.
    fn rests(&self) -> Vec<PathBuf> {
        let bucket = self.server.data.path().join("buckets").join(BUCKET);
        let rests = std::fs::read_dir(bucket.join("ours/unfinished"));
        rests.into_iter().flatten().map(|entry| entry.unwrap().path()).collect()
    }
}

#[tokio::test]
async fn what_arrived_is_not_sent_again() {
    let scene = Scene::open().await;
    let (at, all) = (key("resumed"), bytes(5 * PART + 7));
    let checkpoint = begin(&scene.store, &at, &all.slice(..3 * PART + 5)).await;
    assert_eq!(sent(&scene.faults.seen()), (vec![1, 2, 3], 1));
    assert_eq!(scene.rests().len(), 1);
    let stored = rest(&scene.store, &at, checkpoint.as_ref(), &all).await.unwrap();
    assert_eq!(sent(&scene.faults.seen()), (vec![4, 5, 6], 0));
    stands(&scene.store, &at, stored, &all).await;
    assert!(scene.rests().is_empty(), "the rest is left");

    // What fits into one part is put at once, and no rest before it.
    scene.faults.seen();
    let small = all.slice(..100);
    rest(&scene.store, &at, None, &small).await.unwrap();
    assert_eq!(sent(&scene.faults.seen()), (vec![], 1));
}

#[tokio::test]
async fn a_store_that_goes_away_keeps_what_it_has() {
    let scene = Scene::open().await;
    let (at, all) = (key("away"), bytes(5 * PART));
    for (third, until) in [("partNumber=3", 2), ("partNumber=5", 4)] {
        scene.faults.add("PUT", third, Fault::Answer { status: 503, code: "SlowDown" }, 50);
        let partial = scene.store.open(&at, None).await.unwrap();
        let kept = partial.kept();
        let error = refused(partial.write(whole(&all), all.len() as u64).await);
        assert!(matches!(error, ObjectError::Away(_)), "{error}");
        scene.faults.calm();
        let checkpoint = noted(&kept).unwrap();
        assert_eq!(checkpoint.taken(), until * PART as u64);
        scene.faults.seen();
        let stored = rest(&scene.store, &at, Some(&checkpoint), &all).await.unwrap();
        let expect: Vec<u32> = (until as u32 + 1..=5).collect();
        assert_eq!(sent(&scene.faults.seen()), (expect, 0));
        stands(&scene.store, &at, stored, &all).await;
    }
}

/// Neither what breaks at the end, nor an answer that nobody hears, costs what was sent.
#[tokio::test]
async fn an_end_that_breaks_is_tried_again() {
    let scene = Scene::open().await;
    let (at, all) = (key("end"), bytes(2 * PART + 7));
    let checkpoint = begin(&scene.store, &at, &all.slice(..PART + 1)).await;
    scene.faults.add("POST", "uploadId", Fault::Answer { status: 503, code: "SlowDown" }, 50);
    let partial = scene.store.open(&at, checkpoint.as_ref()).await.unwrap();
    let kept = partial.kept();
    let left = whole(&all.slice(PART + 1..));
    let partial = partial.write(left, all.len() as u64).await.unwrap();
    let error = partial.finish().await.unwrap_err();
    assert!(matches!(error, ObjectError::Away(_)), "{error}");
    scene.faults.calm();
    let checkpoint = noted(&kept).unwrap();
    assert_eq!(checkpoint.taken(), 2 * PART as u64);
    scene.faults.add("POST", "uploadId", Fault::Lost, 1);
    let stored = rest(&scene.store, &at, Some(&checkpoint), &all).await.unwrap();
    assert_eq!(scene.faults.left(), 0);
    stands(&scene.store, &at, stored, &all).await;
}

#[tokio::test]
async fn a_rest_that_was_damaged_or_deleted_is_sent_again() {
    let scene = Scene::open().await;
    let (at, all) = (key("rest"), bytes(2 * PART + 7));
    let harm = async |spoilt: bool| {
        let name = scene.rests()[0].file_name().unwrap().to_str().unwrap().to_owned();
        let rest = key(&format!("unfinished/{name}"));
        match spoilt {
            true => {
                let mut bytes = read(&scene.store, &rest, None).await;
                bytes[3] ^= 1;
                let length = bytes.len() as u64;
                scene.store.put(&rest, whole(&bytes.into()), length).await.unwrap();
            }
            false => scene.store.delete(&rest).await.unwrap(),
        }
    };
    for spoilt in [true, false] {
        let checkpoint = begin(&scene.store, &at, &all.slice(..PART + 100)).await.unwrap();
        harm(spoilt).await;
        let partial = scene.store.open(&at, Some(&checkpoint)).await.unwrap();
        assert_eq!(partial.taken(), PART as u64, "the parts are still good");
        let now = noted(&partial.kept()).unwrap();
        assert_eq!(now.taken(), PART as u64);
        drop(partial);
        let stored = rest(&scene.store, &at, Some(&now), &all).await.unwrap();
        stands(&scene.store, &at, stored, &all).await;
        // Where there are no parts, nothing is.
        let checkpoint = begin(&scene.store, &at, &all.slice(..100)).await.unwrap();
        harm(spoilt).await;
        let error = refused(scene.store.open(&at, Some(&checkpoint)).await);
        assert!(matches!(error, ObjectError::Forgotten), "{error}");
        scene.store.discard(&at, &checkpoint).await.unwrap();
        assert!(scene.rests().is_empty());
    }
}

#[tokio::test]
async fn an_upload_that_somebody_aborts_is_said_to_be_gone() {
    let scene = Scene::open().await;
    let (at, all) = (key("aborted"), bytes(3 * PART));
    let gone = |error: ObjectError| assert!(matches!(error, ObjectError::Forgotten), "{error}");
    for cut in [PART, 2 * PART] {
        let checkpoint = begin(&scene.store, &at, &all.slice(..cut)).await.unwrap();
        let partial = scene.store.open(&at, Some(&checkpoint)).await.unwrap();
        scene.store.sweep(Duration::ZERO).await.unwrap();
        gone(refused(partial.write(whole(&all.slice(cut..)), u64::MAX).await));
        gone(refused(scene.store.open(&at, Some(&checkpoint)).await));
    }
    let partial = scene.store.open(&at, None).await.unwrap();
    let partial = partial.write(whole(&all), all.len() as u64).await.unwrap();
    scene.store.sweep(Duration::ZERO).await.unwrap();
    gone(partial.finish().await.unwrap_err());
    // A body that breaks, and a store that cannot keep what came of it.
    let partial = scene.store.open(&at, None).await.unwrap();
    scene.faults.add("PUT", "unfinished", Fault::Answer { status: 503, code: "SlowDown" }, 50);
    let kept = partial.kept();
    refused(partial.write(breaks(&all.slice(..PART + 9)), u64::MAX).await);
    scene.faults.calm();
    let checkpoint = noted(&kept).unwrap();
    assert_eq!(checkpoint.taken(), PART as u64);
    let stored = rest(&scene.store, &at, Some(&checkpoint), &all).await.unwrap();
    stands(&scene.store, &at, stored, &all).await;
}

/// A request of an older go that arrives late: what it sent is of the same size, and something else.
#[tokio::test]
async fn a_part_that_another_go_sent_is_not_taken_for_ours() {
    let server = Server::moto();
    make_bucket(&server, BUCKET).await;
    let scene = Scene::before(server).await;
    let (at, all) = (key("mixed"), bytes(3 * PART + 7));
    let other: Bytes = all.iter().map(|byte| byte ^ 1).collect();
    let first = begin(&scene.store, &at, &all.slice(..PART)).await.unwrap();
    let goes_on = async |from: &Checkpoint, bytes: Bytes| {
        let partial = scene.store.open(&at, Some(from)).await.unwrap();
        let kept = partial.kept();
        refused(partial.write(breaks(&bytes), u64::MAX).await);
        noted(&kept).unwrap()
    };
    let third = goes_on(&first, all.slice(PART..3 * PART)).await;
    assert_eq!(third.taken(), 3 * PART as u64);
    let ours = scene.store.open(&at, Some(&third)).await.unwrap();
    drop(ours);
    goes_on(&first, other.slice(PART..2 * PART)).await;
    let error = refused(scene.store.open(&at, Some(&third)).await);
    assert!(matches!(error, ObjectError::Forgotten), "{error}");
}

/// A later go kept more behind the last part, and was killed before it was noted.
#[tokio::test]
async fn a_rest_that_grew_unnoted_still_holds_what_was_noted() {
    let scene = Scene::open().await;
    let (at, all) = (key("grown"), bytes(PART + 700));
    let noted = begin(&scene.store, &at, &all.slice(..PART + 100)).await.unwrap();
    let partial = scene.store.open(&at, Some(&noted)).await.unwrap();
    refused(partial.write(breaks(&all.slice(PART + 100..PART + 300)), u64::MAX).await);
    let partial = scene.store.open(&at, Some(&noted)).await.unwrap();
    assert_eq!(partial.taken(), PART as u64 + 100);
    drop(partial);
    let stored = rest(&scene.store, &at, Some(&noted), &all).await.unwrap();
    stands(&scene.store, &at, stored, &all).await;
}
