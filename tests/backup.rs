//! Backups of a server at work and their way back, as an operator makes them.

mod support;

use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use std::{
    os::unix::{fs::symlink, process::ExitStatusExt},
    path::{Path, PathBuf},
    time::Duration,
};
use support::{
    binary::{Ended, Running, Server, dense, end, house, rests, trainable},
    client,
};

const STOP: Duration = Duration::from_secs(10);

async fn verb(verb: &str, data: &Path, path: &Path) -> Ended {
    let mut command = trainable(data);
    command.arg(verb).arg(path);
    let ended = end(command).await;
    assert!(!ended.stderr.contains("panicked"), "{ended:?}");
    ended
}

/// What must be refused: with a sentence, and with nothing done.
#[track_caller]
fn refused(ended: &Ended, said: &str) {
    assert_eq!(ended.code, Some(2), "{ended:?}");
    assert!(ended.stderr.contains(said), "{said:?} is not in {ended:?}");
}

/// A session of a sample in EDA.
async fn begun(server: &Server, sample: &str) -> String {
    let session = server.session(json!({"source": {"sampleId": sample}})).await;
    server.begin(&session, "EDA", "EDA").await;
    session
}

/// The artifacts of a session, each read and compared with its digest.
async fn artifacts(server: &Server, session: &str) -> Vec<(String, String)> {
    let query = "query($id: ID!) { session(id: $id) {
        artifacts(first: 100) { nodes { path sha256 url } } } }";
    let found = server.ask(query, json!({"id": session})).await;
    let nodes = found["session"]["artifacts"]["nodes"].as_array().expect("a list").clone();
    let mut digests = Vec::new();
    for node in nodes {
        let text = |key: &str| node[key].as_str().expect("a text").to_owned();
        let address = format!("http://{}{}", server.address, text("url"));
        let answer = client().get(address).send().await.expect("an answer");
        assert_eq!(answer.status(), 200, "{node}");
        let digest = Sha256::digest(answer.bytes().await.expect("its bytes"));
        let digest: String = digest.iter().map(|byte| format!("{byte:02x}")).collect();
        assert_eq!(digest, text("sha256"), "{node}");
        digests.push((text("path"), digest));
    }
    assert!(digests.iter().any(|(path, _)| path == "eda/report.md"), "{digests:?}");
    digests
}

fn executes(event: &Value) -> bool {
    event["__typename"] == "ExecutionStartedEvent"
}

fn seq(event: &Value) -> i64 {
    event["seq"].as_i64().expect("a sequence")
}

#[tokio::test]
async fn what_is_backed_up_at_work_goes_on_elsewhere() {
    let (folder, data) = house();
    let server = Server::start(&data, &[]).await;
    let finished = begun(&server, "wine").await;
    server.follow(&finished, 0, "the end of EDA", rests).await;
    let busy = begun(&server, "penguins").await;
    let before = server.follow(&busy, 0, "a program at work", executes).await;

    let (copy, archive) = (folder.path().join("copy"), folder.path().join("copy.tar"));
    let taken = verb("backup", &data, &copy).await;
    assert_eq!(taken.code, Some(0), "{taken:?}");
    assert!(taken.stdout.contains("1 sessions were at work"), "{taken:?}");
    assert!(taken.stderr.contains("copying files"), "no progress: {taken:?}");
    let packed = verb("backup", &data, &archive).await;
    assert_eq!(packed.code, Some(0), "{packed:?}");

    // The server took no notice.
    let original = server.follow(&busy, 0, "the end of EDA", rests).await;
    assert_eq!(server.state(&busy).await, "EDA_DONE");
    let files = artifacts(&server, &finished).await;
    server.stop().await;

    for (from, elsewhere) in [(&copy, "from-folder"), (&archive, "from-archive")] {
        let elsewhere = folder.path().join(elsewhere);
        let restored = verb("restore", &elsewhere, from).await;
        assert_eq!(restored.code, Some(0), "{restored:?}");
        let server = Server::start(&elsewhere, &[]).await;
        assert_eq!(artifacts(&server, &finished).await, files);
        let all = server.follow(&busy, 0, "the end of EDA", rests).await;
        assert_eq!(server.state(&busy).await, "EDA_DONE", "{all:#?}");
        dense(&all);
        // What was seen before the backup is in it.
        assert_eq!(all[..before.len()], *before);
        if from == &copy {
            // The call that was at work is told apart, and what came later was made here.
            let interrupted = |event: &&Value| event["how"] == "INTERRUPTED";
            assert!(all.iter().any(|event| interrupted(&event)), "{all:#?}");
            assert!(!original.iter().any(|event| interrupted(&event)), "{original:#?}");
        }
        artifacts(&server, &busy).await;
        let said = server.stop().await;
        assert!(!said.contains("panicked"), "{said}");
    }
    assert!(seq(original.last().expect("events")) > seq(before.last().expect("events")));
}

/// A data directory that a server has lived in, and one session's folder in it.
async fn lived_in(data: &Path) -> PathBuf {
    let server = Server::start(data, &[]).await;
    let session = begun(&server, "wine").await;
    server.follow(&session, 0, "the end of EDA", rests).await;
    server.stop().await;
    let mut sessions = std::fs::read_dir(data.join("volumes/sessions")).expect("a folder");
    sessions.next().expect("a session").expect("its folder").path()
}

/// Entries of a folder.
fn names(folder: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(folder).expect("a folder");
    let mut names: Vec<_> = entries
        .map(|entry| entry.expect("an entry").file_name().into_string().expect("UTF-8"))
        .collect();
    names.sort();
    names
}

/// Changes the manifest of a backup.
fn edit(copy: &Path, change: impl FnOnce(&mut Value)) -> Vec<u8> {
    let path = copy.join("manifest.json");
    let before = std::fs::read(&path).expect("a manifest");
    let mut manifest: Value = serde_json::from_slice(&before).expect("JSON");
    change(&mut manifest);
    std::fs::write(&path, manifest.to_string()).expect("it is written");
    before
}

#[tokio::test]
async fn what_is_not_whole_is_never_taken_for_whole() {
    let (folder, data) = house();
    let at = |name: &str| folder.path().join(name);
    refused(&verb("backup", &data, &at("copy")).await, "there is no database");
    let session = lived_in(&data).await;
    // A link may lead anywhere, and a pipe would be waited for.
    symlink("/etc/passwd", session.join("link")).expect("a link");
    symlink("/etc", session.join("eda/folder")).expect("a link");
    let taken = verb("backup", &data, &at("copy")).await;
    assert_eq!(taken.code, Some(0), "{taken:?}");
    assert!(taken.stdout.contains("2 links"), "{taken:?}");
    refused(&verb("backup", &data, &at("copy")).await, "is there already");

    refused(&verb("restore", &data, &at("copy")).await, "restore into a new data directory");
    refused(&verb("restore", &at("new"), &at("nothing")).await, "there is no");
    let server = Server::start(&at("served"), &[]).await;
    refused(&verb("restore", &at("served"), &at("copy")).await, "another trainable uses");
    server.stop().await;
    let mut elsewhere = trainable(&data);
    elsewhere.arg("backup").arg(at("other")).env("DATABASE_URL", "postgres://u:hunter2@h/d");
    refused(&end(elsewhere).await, "pg_dump");

    // Manifests that lie.
    let original = edit(&at("copy"), |manifest| manifest["schema"] = "m29991231_000001_x".into());
    refused(&verb("restore", &at("new"), &at("copy")).await, "newer version");
    edit(&at("copy"), |manifest| {
        *manifest = serde_json::from_slice(&original).expect("JSON");
        manifest["files"][0]["path"] = "volumes/../../escaped".into();
    });
    refused(&verb("restore", &at("new"), &at("copy")).await, "belongs to no data directory");
    std::fs::write(at("copy/manifest.json"), &original[..original.len() / 2]).expect("a file");
    refused(&verb("restore", &at("new"), &at("copy")).await, "is no backup");
    std::fs::remove_file(at("copy/manifest.json")).expect("it was there");
    refused(&verb("restore", &at("new"), &at("copy")).await, "is no backup");
    std::fs::write(at("copy/manifest.json"), &original).expect("a file");

    // One bit.
    let report = session.strip_prefix(&data).expect("below it").join("eda/report.md");
    let whole = std::fs::read(at("copy").join(&report)).expect("the report");
    let mut damaged = whole.clone();
    damaged[7] ^= 1;
    std::fs::write(at("copy").join(&report), damaged).expect("a file");
    let ended = verb("restore", &at("new"), &at("copy")).await;
    refused(&ended, "the backup is damaged");
    assert!(ended.stderr.contains("eda/report.md"), "{ended:?}");
    assert_eq!(names(&at("new")), ["lock"], "something of a damaged backup was left");
    std::fs::write(at("copy").join(&report), whole).expect("a file");

    // Where a restore was killed no server starts, and the next restore begins anew.
    std::fs::create_dir_all(at("new/volumes")).expect("a folder");
    std::fs::write(at("new/.restoring"), "").expect("a file");
    std::fs::write(at("new/trainable.db"), "half").expect("a file");
    let mut serve = trainable(&at("new"));
    serve.args(["serve", "--listen", "127.0.0.1:0"]);
    refused(&end(serve).await, "broke off");
    let restored = verb("restore", &at("new"), &at("copy")).await;
    assert_eq!(restored.code, Some(0), "{restored:?}");
    assert!(!at("new").join(".restoring").exists());
    Server::start(&at("new"), &[]).await.stop().await;
}

#[tokio::test]
async fn an_interrupted_backup_leaves_nothing_that_looks_whole() {
    let (folder, data) = house();
    let at = |name: &str| folder.path().join(name);
    let session = lived_in(&data).await;
    // Takes long enough to be in the middle of it when the first line of progress is read.
    let large = session.join("eda/large.bin");
    let file = std::fs::File::create(&large).expect("a file");
    file.set_len(4 << 30).expect("it is sparse");
    let start = || {
        let mut command = trainable(&data);
        command.arg("backup").arg(at("copy"));
        Running::start(command)
    };

    let mut running = start();
    running.line("copying files").await;
    running.signal(rustix::process::Signal::INT);
    let status = running.ended(STOP).await;
    assert_eq!(status.code(), Some(130), "{}", running.said());
    assert_eq!(names(folder.path()), ["data"], "{}", running.said());

    let mut running = start();
    running.line("copying files").await;
    refused(&verb("backup", &data, &at("copy")).await, "is at work");
    running.signal(rustix::process::Signal::KILL);
    assert_eq!(running.ended(STOP).await.signal(), Some(9), "{}", running.said());
    assert!(!at("copy").exists());
    refused(&verb("restore", &at("new"), &at("copy.partial")).await, "is no backup");

    std::fs::remove_file(large).expect("it was there");
    let taken = verb("backup", &data, &at("copy")).await;
    assert_eq!(taken.code, Some(0), "{taken:?}");
    assert_eq!(names(folder.path()), ["copy", "data", "new"], "{taken:?}");
    let restored = verb("restore", &at("new"), &at("copy")).await;
    assert_eq!(restored.code, Some(0), "{restored:?}");
}
