//! What is not in the bucket as it should be is found, said and mended.

use super::{
    BUCKET, Faults, House, PATIENCE, Past, Server, bucket, in_system, plain, puts, settings,
    support::s3::{faults::Fault, objects},
};
use entity::vocab::Stage;
use std::{collections::BTreeMap, time::Duration};
use trainable::{
    event::{Event, SessionEvent},
    objects::{ObjectKey, ObjectStore, s3::S3Settings},
    sandbox::VolumeName,
    store,
};

/// Waits until something is so.
async fn until(what: &str, mut so: impl AsyncFnMut() -> bool) {
    let wait = async {
        while !so().await {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(PATIENCE, wait).await.unwrap_or_else(|_| panic!("{what}"));
}

/// The syncs that a session was told of: files, those that were sent, those that are missing, and where.
async fn told(past: &Past, house: &House) -> Vec<(u64, u64, Vec<String>, String)> {
    let told = past.log(house).await.into_iter().filter_map(|entry| match entry.event {
        Event::Session(SessionEvent::S3SyncComplete {
            files_synced,
            uploaded,
            s3_prefix,
            missing,
            ..
        }) => Some((files_synced, uploaded, missing, s3_prefix)),
        _ => None,
    });
    told.collect()
}

/// Where the rows say that the files stand.
async fn places(past: &Past, house: &House) -> BTreeMap<String, Option<String>> {
    let page = store::page::Page { after: None, before: None, limit: 100, from_end: false };
    let (db, of) = (house.store.read(), [past.session]);
    let mut pages = store::artifacts::pages(db, &of, Default::default(), page).await.unwrap();
    let rows = pages.remove(&past.session).unwrap().rows;
    rows.into_iter().map(|row| (row.path, row.s3_path)).collect()
}

fn object(past: &Past, path: &str) -> String {
    format!("sessions/{}/{path}", past.session)
}

fn file_of(server: &Server, past: &Past, path: &str) -> std::path::PathBuf {
    let root = server.data.path().join("buckets").join(BUCKET).join("ours");
    root.join(object(past, path))
}

#[test]
fn what_is_not_there_any_more_is_sent_again() {
    in_system(async {
        let server = Server::rclone();
        let past = Past::new().await;
        let run = past.stage(Stage::Eda, &[("eda/a", b"1"), ("eda/b", b"2"), ("eda/c", b"3")]);
        let run = run.await;
        let house = past.open(&server.address()).await;
        past.synced(&house, run).await;
        past.rest(&house).await;
        // Deleted by a server whose plan was old, and written over by another.
        let rows = house.store.write();
        store::synced::forget(rows, past.session, &["eda/a".to_owned()]).await.unwrap();
        std::fs::remove_file(file_of(&server, &past, "eda/a")).unwrap();
        let other = store::synced::Sent { path: "eda/b".into(), size: 9, sha256: "f".repeat(64) };
        let at = chrono::DateTime::UNIX_EPOCH;
        store::synced::record(rows, past.session, vec![other], at).await.unwrap();
        house.directory.suspend().await;

        let faults = Faults::before(&server.address()).await;
        let house = past.open(&faults.address()).await;
        until("it is sent again", async || bucket(&server).len() == 3).await;
        past.rest(&house).await;
        assert_eq!(puts(&faults.seen()), 2, "only what is not as it should be");
        assert_eq!(told(&past, &house).await.len(), 1, "nothing new is told");
        assert_eq!(house.directory.syncing().standing(), Default::default());
    });
}

/// A server that dies after it sent a file, and before it wrote that down, leaves nothing for ever.
#[test]
fn what_was_only_announced_is_looked_after() {
    in_system(async {
        let server = Server::rclone();
        let past = Past::new().await;
        let run = past.stage(Stage::Eda, &[("eda/kept", b"1")]).await;
        let house = past.open(&server.address()).await;
        past.synced(&house, run).await;
        past.rest(&house).await;
        // It was about to send one that is not wanted any more, and one that is.
        let doubted = [("eda/ghost".to_owned(), 5), ("eda/kept".to_owned(), 1)];
        let now = chrono::Utc::now();
        store::synced::doubt(house.store.write(), past.session, doubted, now).await.unwrap();
        for path in ["eda/ghost", "eda/kept"] {
            let other = futures::stream::iter([Ok(bytes::Bytes::from_static(b"other"))]);
            let key = ObjectKey::parse(&object(&past, path)).unwrap();
            house.datasets.objects().put(&key, Box::pin(other), 9).await.unwrap();
            let found = store::synced::find(house.store.read(), past.session, path).await;
            assert_eq!(found.unwrap(), None, "nobody is given what may be another file");
        }
        house.directory.suspend().await;

        let house = past.open(&server.address()).await;
        let kept = file_of(&server, &past, "eda/kept");
        until("it is sent again", async || std::fs::read(&kept).unwrap() == b"1").await;
        past.rest(&house).await;
        assert_eq!(bucket(&server), [object(&past, "eda/kept")].into());
    });
}

/// A file of the run before stands where the next one has a folder, and the other way round.
#[test]
fn what_is_to_go_is_in_nobodys_way() {
    in_system(async {
        let server = Server::rclone();
        let past = Past::new().await;
        let first = past.stage(Stage::Eda, &[("eda/figures", b"1"), ("eda/x/y", b"2")]).await;
        let house = past.open(&server.address()).await;
        past.synced(&house, first).await;
        house.directory.suspend().await;
        let second = past.stage(Stage::Eda, &[("eda/figures/a.png", b"1"), ("eda/x", b"2")]).await;
        let house = past.open(&server.address()).await;
        assert_eq!(past.synced(&house, second).await.0, 2);
        let expect = ["eda/figures/a.png", "eda/x"].map(|path| object(&past, path));
        assert_eq!(bucket(&server), expect.into());
    });
}

#[test]
fn a_file_that_the_store_does_not_take_is_said_and_sent_later() {
    in_system(async {
        let server = Server::rclone();
        let faults = Faults::before(&server.address()).await;
        let refused = Fault::Answer { status: 400, code: "KeyTooLongError" };
        faults.add("PUT", "bad", refused, 2);
        let past = Past::new().await;
        let run = past.stage(Stage::Eda, &[("eda/bad", b"1"), ("eda/good", b"2")]).await;
        let house = past.open(&faults.address()).await;
        let syncing = house.directory.syncing();
        assert_eq!(past.synced(&house, run).await.0, 1);
        until("it is said", async || syncing.warning(past.session).is_some()).await;
        let warning = syncing.warning(past.session).unwrap();
        assert!(warning.contains("`eda/bad`") && warning.contains("KeyTooLong"), "{warning}");
        assert_eq!(syncing.standing().problem, None, "nobody else has to wait");
        let at = places(&past, &house).await;
        assert_eq!(at["eda/bad"], None, "it is not said to stand there");
        assert!(at["eda/good"].as_ref().is_some_and(|at| at.ends_with("eda/good")));

        until("it is sent", async || syncing.standing().waiting == 0).await;
        assert_eq!(syncing.warning(past.session), None);
        let prefix = format!("s3://{BUCKET}/ours/{}", object(&past, "eda"));
        assert_eq!(
            told(&past, &house).await,
            [(1, 1, vec!["eda/bad".to_owned()], prefix.clone()), (2, 1, Vec::new(), prefix)]
        );
        assert!(places(&past, &house).await["eda/bad"].is_some());
    });
}

#[test]
fn an_empty_folder_is_no_sync() {
    in_system(async {
        let server = Server::rclone();
        let past = Past::new().await;
        past.stage(Stage::Eda, &[("eda/a", b"1"), ("eda/b", b"2")]).await;
        let name = VolumeName::parse(&format!("sessions/{}", past.session)).unwrap();
        past.sandboxes.delete_volume(&name).await.unwrap();
        let house = past.open(&server.address()).await;
        let syncing = house.directory.syncing();
        until("it is said", async || syncing.warning(past.session).is_some()).await;
        let warning = syncing.warning(past.session).unwrap();
        assert!(warning.contains("is empty on this server"), "{warning}");
        assert_eq!(told(&past, &house).await, []);
        assert_eq!(places(&past, &house).await["eda/a"], None);
    });
}

/// What was told is compared with what arrived.
#[test]
fn a_file_that_changed_since_is_not_told() {
    in_system(async {
        let server = Server::rclone();
        let faults = Faults::before(&server.address()).await;
        let past = Past::new().await;
        let run = past.stage(Stage::Eda, &[("eda/a", b"1"), ("eda/b", b"2")]).await;
        past.stage_file("eda/b", b"3").await;
        let house = past.open(&faults.address()).await;
        assert_eq!(past.synced(&house, run).await.0, 1);
        let syncing = house.directory.syncing();
        let failures =
            async || syncing.warning(past.session).is_some_and(|w| w.contains("`eda/b`"));
        until("it is said", failures).await;
        // It is tried again a second later, and not sent again.
        tokio::time::sleep(Duration::from_millis(2_500)).await;
        assert_eq!(puts(&faults.seen()), 2);
        assert_eq!(places(&past, &house).await["eda/b"], None);
        past.stage_file("eda/b", b"2").await;
        until("it is mended", async || syncing.standing().waiting == 0).await;
        assert!(places(&past, &house).await["eda/b"].is_some());
    });
}

#[test]
fn another_bucket_gets_all_of_it() {
    in_system(async {
        let server = Server::rclone();
        let past = Past::new().await;
        let run = past.stage(Stage::Eda, &[("eda/a", b"1")]).await;
        let house = past.open(&server.address()).await;
        past.synced(&house, run).await;
        past.rest(&house).await;
        house.directory.suspend().await;
        let moved = S3Settings { prefix: "moved".into(), ..settings(server.address()) };
        let house = past.open_in(moved.clone()).await;
        let prefix = format!("s3://{BUCKET}/moved/{}", object(&past, "eda"));
        until("it is told", async || told(&past, &house).await.len() == 2).await;
        assert_eq!(told(&past, &house).await[1], (1, 1, Vec::new(), prefix.clone()));
        assert_eq!(places(&past, &house).await["eda/a"], Some(format!("{prefix}/a")));
        let key = ObjectKey::parse(&object(&past, "eda/a")).unwrap();
        assert_eq!(objects(moved.clone()).size(&key).await.unwrap(), Some(1));
        past.rest(&house).await;
        house.directory.suspend().await;

        // Once.
        let faults = Faults::before(&server.address()).await;
        let house = past.open_in(S3Settings { endpoint: Some(faults.address()), ..moved }).await;
        past.rest(&house).await;
        assert_eq!(faults.seen(), [""; 0]);
        assert_eq!(told(&past, &house).await.len(), 2);
    });
}

/// Without a bucket nothing is looked for.
#[test]
fn a_server_without_a_bucket_sends_nothing() {
    in_system(async {
        let past = Past::new().await;
        past.stage(Stage::Eda, &[("eda/a", b"1")]).await;
        let house = plain(past.data.path(), &past.sandboxes).await;
        past.rest(&house).await;
        assert_eq!(house.directory.syncing().standing(), Default::default());
        assert_eq!(told(&past, &house).await, []);
    });
}
