//! A large file on its way to the bucket: what arrived of it is not sent again, whatever breaks off.

use super::{
    House, PATIENCE, Past, Server, bucket, in_system,
    support::s3::{
        BUCKET,
        faults::{Fault, Faults},
        objects,
    },
};
use entity::{ids::StageRunId, vocab::Stage};
use std::{
    sync::{Arc, Mutex},
    time::Duration,
};
use trainable::{
    objects::{Checkpoint, ObjectStore},
    store::{self, tombstones::Burial},
};

const PART: usize = 8 << 20;
const PARTS: usize = 8;
/// Parts that arrive before the server dies.
const ARRIVED: usize = 4;
const FILE: &str = "eda/model.bin";

fn large() -> Vec<u8> {
    (0..PARTS * PART).map(|n| (n ^ (n >> 8) ^ (n >> 16)) as u8).collect()
}

/// The parts that were sent, in the order of their numbers.
fn parts(seen: &[String]) -> Vec<usize> {
    let numbers = seen.iter().filter(|request| request.starts_with("PUT ")).filter_map(|put| {
        let (_, after) = put.split_once("partNumber=")?;
        after.split('&').next()?.parse().ok()
    });
    let mut numbers: Vec<usize> = numbers.collect();
    numbers.sort_unstable();
    numbers
}

async fn row(past: &Past, house: &House) -> entity::synced_objects::Model {
    let rows = store::synced::of_session(house.store.read(), past.session).await.unwrap();
    rows.into_iter().find(|row| row.path == FILE).expect("a row")
}

/// How much of the file is noted.
async fn noted(past: &Past, house: &House) -> u64 {
    let row = row(past, house).await;
    row.checkpoint.map_or(0, |text| Checkpoint::parse(&text).expect("a checkpoint").taken())
}

/// A server that dies after some parts of a large file arrived.
fn half(server: &Server) -> (Past, StageRunId) {
    let kept = Arc::new(Mutex::new(None));
    let keep = Arc::clone(&kept);
    let upstream = server.address();
    in_system(async move {
        let past = Past::new().await;
        let run = past.stage(Stage::Eda, &[(FILE, &large()), ("eda/small", b"1")]).await;
        let faults = Faults::before(&upstream).await;
        for late in ["partNumber=5", "partNumber=6", "partNumber=7", "partNumber=8"] {
            faults.add("PUT", late, Fault::Slow(PATIENCE), 1);
        }
        let house = past.open(&faults.address()).await;
        let arrived = async {
            loop {
                let rows = store::synced::of_session(house.store.read(), past.session).await;
                let begun = rows.unwrap().iter().any(|row| row.path == FILE);
                if begun && noted(&past, &house).await == (ARRIVED * PART) as u64 {
                    return;
                }
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        };
        tokio::time::timeout(PATIENCE, arrived).await.expect("some parts are noted");
        *keep.lock().unwrap() = Some((past, run));
        // The runtime ends here, and everything with it.
    });
    let half = kept.lock().unwrap().take();
    half.expect("the first server ran")
}

/// What stands in the bucket under the file's name.
fn stands(server: &Server, past: &Past) -> Vec<u8> {
    let root = server.data.path().join("buckets").join(BUCKET).join("ours");
    std::fs::read(root.join(format!("sessions/{}/{FILE}", past.session))).unwrap()
}

async fn nothing_unfinished(server: &Server) {
    let swept = objects(server.settings()).sweep(Duration::ZERO).await.unwrap();
    assert_eq!(swept, 0, "something is left unfinished");
}

#[test]
fn a_killed_server_s_parts_are_not_sent_again() {
    let server = Arc::new(Server::rclone());
    let (past, run) = half(&server);
    in_system(async move {
        let faults = Faults::before(&server.address()).await;
        let house = past.open(&faults.address()).await;
        assert_eq!(past.synced(&house, run).await.0, 2);
        assert_eq!(parts(&faults.seen()), (ARRIVED + 1..=PARTS).collect::<Vec<_>>());
        assert!(stands(&server, &past) == large(), "other bytes arrived");
        past.rest(&house).await;
        let row = row(&past, &house).await;
        assert_eq!((row.checkpoint, row.checkpoint_of), (None, None));
        nothing_unfinished(&server).await;
    });
}

#[test]
fn a_store_that_was_away_is_sent_the_rest() {
    let server = Server::rclone();
    in_system(async move {
        let past = Past::new().await;
        let run = past.stage(Stage::Eda, &[(FILE, &large())]).await;
        let faults = Faults::before(&server.address()).await;
        // One more time than a request is tried.
        let away = Fault::Answer { status: 503, code: "ServiceUnavailable" };
        faults.add("PUT", "partNumber=6", away, 7);
        let house = past.open(&faults.address()).await;
        assert_eq!(past.synced(&house, run).await.0, 1);
        let sent = parts(&faults.seen());
        let times = |part: usize| sent.iter().filter(|sent| **sent == part).count();
        assert_eq!((1..=5).map(times).collect::<Vec<_>>(), [1; 5], "{sent:?}");
        assert_eq!(times(6), 8, "{sent:?}");
        assert!(stands(&server, &past) == large(), "other bytes arrived");
    });
}

/// Half of the old file and half of the new one would be neither.
#[test]
fn a_file_that_changed_in_between_is_sent_from_its_first_byte() {
    let server = Arc::new(Server::rclone());
    let (past, _) = half(&server);
    in_system(async move {
        let changed: Vec<u8> = large().into_iter().map(|byte| !byte).collect();
        past.stage_file(FILE, &changed).await;
        let faults = Faults::before(&server.address()).await;
        let house = past.open(&faults.address()).await;
        let warned = async {
            loop {
                match house.directory.syncing().warning(past.session) {
                    Some(warning) if warning.contains("not what its stage left") => return,
                    _ => tokio::time::sleep(Duration::from_millis(20)).await,
                }
            }
        };
        tokio::time::timeout(PATIENCE, warned).await.expect("a warning");
        let mut expect: Vec<usize> = (1..=PARTS).chain(ARRIVED + 1..=PARTS).collect();
        expect.sort_unstable();
        assert_eq!(parts(&faults.seen()), expect);
        assert!(stands(&server, &past) == changed, "a mixture arrived");
        nothing_unfinished(&server).await;
    });
}

/// What the stage left the next time, if anything, has nothing to do with what was on its way.
#[test]
fn what_nobody_wants_any_more_is_dropped() {
    for again in [Some(vec![5; 9 << 20]), Some(b"small".to_vec()), None] {
        let server = Arc::new(Server::rclone());
        let (past, _) = half(&server);
        in_system(async move {
            let files: Vec<(&str, &[u8])> = match &again {
                Some(bytes) => vec![(FILE, bytes), ("eda/small", b"1")],
                None => vec![("eda/small", b"1")],
            };
            let run = past.stage(Stage::Eda, &files).await;
            let faults = Faults::before(&server.address()).await;
            let house = past.open(&faults.address()).await;
            assert_eq!(past.synced(&house, run).await.0, files.len() as u64);
            past.rest(&house).await;
            let aborted = |seen: &String| seen.starts_with("DELETE ") && seen.contains("uploadId=");
            assert_eq!(faults.seen().iter().filter(|seen| aborted(seen)).count(), 1);
            nothing_unfinished(&server).await;
            if let Some(bytes) = again {
                assert!(stands(&server, &past) == bytes, "other bytes arrived");
            }
        });
    }
}

#[test]
fn a_session_that_is_deleted_leaves_no_half_of_a_file() {
    let server = Arc::new(Server::rclone());
    let (past, _) = half(&server);
    in_system(async move {
        let faults = Faults::before(&server.address()).await;
        // Nothing is sent any more.
        faults.add("PUT", "", Fault::Slow(PATIENCE), 100);
        let house = past.open(&faults.address()).await;
        let local = entity::principal::Principal::Local;
        house.datasets.delete_session(&local, past.session, Burial::AtRest).await.unwrap();
        nothing_unfinished(&server).await;
        assert_eq!(bucket(&server), Default::default());
    });
}
