//! The real binary: it is killed in the middle of an upload, stopped, or its store is away, and whoever comes back
//! goes on.

use super::{
    PART, bytes, sha256,
    speaker::Speaker,
    support::{
        binary::{Server, house},
        s3::{self, BUCKET, faults::Faults},
    },
    until,
};
use rustix::process::Signal;
use serde_json::{Value, json};
use std::{
    collections::BTreeSet,
    path::{Path, PathBuf},
    time::Duration,
};

const UPLOAD: &str = "query($id: ID!) { upload(id: $id) { state size sha256 received } }";

async fn upload(server: &Server, id: &str) -> Value {
    server.ask(UPLOAD, json!({"id": id})).await["upload"].take()
}

/// Waits until so many bytes are kept.
async fn kept(server: &Server, id: &str, at_least: usize) {
    let what = format!("{at_least} bytes that are kept");
    let enough = async || {
        let received = upload(server, id).await["received"].as_u64().expect("a number");
        (received >= at_least as u64).then_some(())
    };
    until(&what, enough).await;
}

/// Everything below a folder, but for what has no bytes.
fn files(root: &Path) -> BTreeSet<PathBuf> {
    let (mut found, mut folders) = (BTreeSet::new(), vec![root.to_owned()]);
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder).into_iter().flatten().flatten() {
            match entry.file_type().expect("its type").is_dir() {
                true => folders.push(entry.path()),
                false => drop(found.insert(entry.path())),
            }
        }
    }
    found
}

async fn start(data: &Path, set: &[(&str, String)]) -> Server {
    let set: Vec<_> = set.iter().map(|(name, value)| (*name, value.as_str())).collect();
    Server::start(data, &set).await
}

/// A server is killed twice in the middle of a file, and the rest is sent to the next one.
async fn killed(data: &Path, set: &[(&str, String)]) {
    let file = bytes(4 * PART + 12_345, 8);
    let mut server = start(data, set).await;
    let (id, path) = server.place("t.csv", Some(file.len() as u64)).await.expect("a place");
    let mut speaker = Speaker::new(&server.address, &path);
    let mut from = 0;
    for upto in [2 * PART + 1000, 3 * PART + 77] {
        let hanging = speaker.half(from as u64, file.len() - from, &file[from..upto]).await;
        // What is not kept yet is less than a part.
        kept(&server, &id, upto - PART + 1).await;
        server.running.signal(Signal::KILL);
        server.running.ended(Duration::from_secs(10)).await;
        drop(hanging);
        server = start(data, set).await;
        speaker = speaker.at(&server.address);
        let said = speaker.head().await;
        assert_eq!((said.status, said.length), (200, Some(file.len() as u64)));
        let offset = said.offset.expect("an offset") as usize;
        assert!((upto - PART + 1..=upto).contains(&offset), "{offset} of {upto}");
        from = offset;
    }
    let said = speaker.patch(from as u64, &file[from..]).await;
    assert_eq!((said.status, said.offset), (204, Some(file.len() as u64)), "{said:?}");
    let expect = json!({"state": "STORED", "size": file.len(), "sha256": sha256(&file), "received": file.len()});
    assert_eq!(upload(&server, &id).await, expect);
    server.stop().await;
}

#[tokio::test]
async fn a_killed_server_goes_on_with_files() {
    let (_folder, data) = house();
    killed(&data, &[]).await;
    if std::env::var_os("TRAINABLE_TEST_OBJECTS").is_none() {
        let left = files(&data.join("objects"));
        assert_eq!(left.len(), 1, "one object and nothing else: {left:?}");
    }
}

#[tokio::test]
async fn a_killed_server_goes_on_in_a_bucket() {
    let store = s3::Server::rclone();
    let faults = Faults::before(&store.address()).await;
    let (_folder, data) = house();
    killed(&data, &s3::environment(&s3::settings(faults.address()))).await;
    let seen = faults.seen();
    for part in 1..=3 {
        let name = format!("partNumber={part}&");
        let sent = seen
            .iter()
            .filter(|request| request.starts_with("PUT ") && format!("{request}&").contains(&name));
        assert_eq!(sent.count(), 1, "part {part} was sent twice: {seen:#?}");
    }
    let left = files(&store.data.path().join("buckets").join(BUCKET));
    assert_eq!(left.len(), 1, "one object and nothing else: {left:?}");
}

/// A server that is asked to stop keeps all that came.
#[tokio::test]
async fn a_stopped_server_keeps_what_came() {
    let file = bytes(PART, 9);
    let (_folder, data) = house();
    let mut server = start(&data, &[]).await;
    let (id, path) = server.place("t.csv", Some(file.len() as u64)).await.expect("a place");
    let speaker = Speaker::new(&server.address, &path);
    let hanging = speaker.half(0, file.len(), &file[..1_000_000]).await;
    // Nothing says that it has come: nothing of it is kept yet.
    tokio::time::sleep(Duration::from_millis(500)).await;
    server.running.signal(Signal::TERM);
    let told = tokio::time::timeout(super::PATIENCE, hanging.answer()).await.expect("an answer");
    assert!(told.starts_with("HTTP/1.1 503 "), "{told}");
    assert!(told.contains("upload-offset: 1000000"), "{told}");
    let ended = server.running.ended(Duration::from_secs(20)).await;
    assert_eq!(ended.code(), Some(0), "{}", server.running.said());
    let server = start(&data, &[]).await;
    let speaker = speaker.at(&server.address);
    assert_eq!(speaker.head().await.offset, Some(1_000_000));
    assert_eq!(speaker.patch(1_000_000, &file[1_000_000..]).await.status, 204);
    assert_eq!(upload(&server, &id).await["sha256"], sha256(&file));
    server.stop().await;
}

/// A store that goes away breaks an upload off, with a sentence, and it goes on when the store is back.
#[tokio::test]
async fn a_store_that_is_away_is_no_reason_to_begin_anew() {
    let store = s3::Server::rclone();
    let faults = Faults::before(&store.address()).await;
    let (_folder, data) = house();
    let server = start(&data, &s3::environment(&s3::settings(faults.address()))).await;
    let file = bytes(4 * PART, 10);
    let (id, path) = server.place("t.csv", Some(file.len() as u64)).await.expect("a place");
    let speaker = Speaker::new(&server.address, &path);
    assert_eq!(speaker.patch(0, &file[..2 * PART]).await.offset, Some(2 * PART as u64));
    faults.seen();
    faults.down(true);
    let said = speaker.patch(2 * PART as u64, &file[2 * PART..]).await;
    assert_eq!((said.status, said.code.as_str()), (503, "UNAVAILABLE"), "{said:?}");
    super::support::binary::sentence(&said.message, &[&data]);
    // It can still be said how far it is: that is no question to the store.
    let offset = speaker.head().await.offset.expect("an offset") as usize;
    assert!(offset >= 2 * PART, "{offset}");
    faults.down(false);
    faults.seen();
    let said = speaker.patch(offset as u64, &file[offset..]).await;
    assert_eq!((said.status, said.offset), (204, Some(file.len() as u64)), "{said:?}");
    assert_eq!(upload(&server, &id).await["sha256"], sha256(&file));
    let seen = faults.seen();
    for part in [1, 2] {
        let name = format!("partNumber={part}&");
        let again = seen
            .iter()
            .any(|request| request.starts_with("PUT ") && format!("{request}&").contains(&name));
        assert!(!again, "part {part} was sent once more: {seen:#?}");
    }
    server.stop().await;
}

/// All bytes came, and the last step failed: whoever asks how far it is makes it whole.
#[tokio::test]
async fn the_last_step_is_done_later() {
    let store = s3::Server::rclone();
    let faults = Faults::before(&store.address()).await;
    let (_folder, data) = house();
    let server = start(&data, &s3::environment(&s3::settings(faults.address()))).await;
    let file = bytes(2 * PART, 11);
    let (id, path) = server.place("t.csv", Some(file.len() as u64)).await.expect("a place");
    let speaker = Speaker::new(&server.address, &path);
    let refused = s3::faults::Fault::Answer { status: 403, code: "AccessDenied" };
    faults.add("POST", "uploadId", refused, 1);
    let said = speaker.patch(0, &file).await;
    assert_eq!(said.status, 503, "{said:?}");
    assert_eq!(upload(&server, &id).await["state"], "OPEN");
    let mut offset = speaker.head().await.offset.expect("an offset") as usize;
    if offset < file.len() {
        let said = speaker.patch(offset as u64, &file[offset..]).await;
        offset = said.offset.expect("an offset") as usize;
    }
    assert_eq!(offset, file.len());
    assert_eq!(upload(&server, &id).await["sha256"], sha256(&file));
    server.stop().await;
}
