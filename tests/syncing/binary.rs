//! The real binary with a bucket, asked from outside.

use super::{bucket, support};
use serde_json::{Value, json};
use std::{path::Path, time::Duration};
use support::{
    binary::{Server, end, house, sentence, small_table, trainable},
    s3::{self, BUCKET, faults::Faults},
};

const ARTIFACTS: &str = "query($id: ID!) { session(id: $id) { syncWarning artifacts(first: 100) {
    nodes { path size sha256 url s3Path downloadUrl } } } }";
const OBJECTS: &str =
    "query($b: String!, $p: String!, $s: String, $n: Int, $a: String) { objectStore {
    bucket prefix problem waitingSessions buckets { name }
    objects(bucket: $b, prefix: $p, search: $s, first: $n, after: $a) {
        nodes { kind name uri size } pageInfo { hasNextPage endCursor } } } }";
const IMPORT: &str = "mutation($i: ImportObjectInput!) { importObject(input: $i) {
    upload { id state import { received total error } } userErrors { message path code } } }";
const UPLOAD: &str =
    "query($id: ID!) { upload(id: $id) { state size sha256 import { received total error } } }";
const DELETE_SESSION: &str =
    "mutation($i: DeleteSessionInput!) { deleteSession(input: $i) { userErrors { message } } }";

fn variables(settings: &trainable::objects::s3::S3Settings) -> Vec<(&'static str, String)> {
    s3::environment(settings)
}

async fn serve(data: &Path, settings: &trainable::objects::s3::S3Settings) -> Server {
    let set = variables(settings);
    let set: Vec<_> = set.iter().map(|(name, value)| (*name, value.as_str())).collect();
    Server::start(data, &set).await
}

fn synced(event: &Value) -> bool {
    event["__typename"] == "S3SyncCompleteEvent"
}

/// Fetches an address of the server's: status, headers that were asked for, and the body.
async fn fetch(url: &str, range: Option<&str>) -> (u16, Vec<u8>, Option<String>) {
    let mut request = support::client().get(url);
    if let Some(range) = range {
        request = request.header("range", range);
    }
    let answer = request.send().await.expect("an answer");
    let etag = answer.headers().get("etag").map(|value| value.to_str().unwrap().to_owned());
    (answer.status().as_u16(), answer.bytes().await.expect("a body").to_vec(), etag)
}

/// The whole way: a dataset from a bucket, a stage, its files there, a bad hour, and nothing left behind.
#[tokio::test]
async fn a_session_lives_in_a_bucket() {
    let store = s3::Server::rclone();
    let theirs = store.data.path().join("buckets/theirs/tables");
    std::fs::create_dir_all(&theirs).unwrap();
    std::fs::write(theirs.join("small.csv"), small_table(200)).unwrap();
    let faults = Faults::before(&store.address()).await;
    let (_folder, data) = house();
    let server = serve(&data, &s3::settings(faults.address())).await;

    let listed = async |bucket: &str, prefix: &str| {
        let asked = json!({"b": bucket, "p": prefix});
        server.ask(OBJECTS, asked).await["objectStore"].take()
    };
    let found = listed("theirs", "tables/").await;
    assert_eq!(found["buckets"], json!([{"name": "theirs"}, {"name": BUCKET}]));
    assert_eq!(found["problem"], Value::Null);
    let uri = "s3://theirs/tables/small.csv";
    assert_eq!(found["objects"]["nodes"][0]["uri"], uri);
    let made = server.ask(IMPORT, json!({"i": {"uri": uri, "idempotencyKey": "once"}})).await;
    let again = server.ask(IMPORT, json!({"i": {"uri": uri, "idempotencyKey": "once"}})).await;
    let upload = made["importObject"]["upload"]["id"].as_str().unwrap_or_else(|| panic!("{made}"));
    assert_eq!(again["importObject"]["upload"]["id"], upload);
    for _ in 0..200 {
        let asked = server.ask(UPLOAD, json!({"id": upload})).await;
        if asked["upload"]["state"] == "STORED" {
            break;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    let session =
        server.session(json!({"target": "kind", "source": {"uploadIds": [upload]}})).await;
    assert_eq!(bucket(&store).len(), 1, "the dataset rests in the bucket");

    // The store goes away in the middle of the stage, which ends all the same.
    server.begin(&session, "EDA", "EDA").await;
    let is_execution = |event: &Value| event["__typename"] == "ExecutionStartedEvent";
    server.follow(&session, 0, "an execution", is_execution).await;
    faults.down(true);
    let is_rest = |event: &Value| support::binary::rests(event);
    server.follow(&session, 0, "the end of EDA", is_rest).await;
    assert_eq!(server.state(&session).await, "EDA_DONE");
    let warning = async {
        loop {
            let asked = server.ask(ARTIFACTS, json!({"id": session})).await;
            if let Some(warning) = asked["session"]["syncWarning"].as_str() {
                return warning.to_owned();
            }
            tokio::time::sleep(Duration::from_millis(200)).await;
        }
    };
    let warning = tokio::time::timeout(Duration::from_secs(60), warning).await.expect("a warning");
    assert!(warning.contains("does not answer"), "{warning}");
    sentence(&warning, &[&data]);
    faults.down(false);
    server.follow(&session, 0, "the sync", synced).await;

    let asked = server.ask(ARTIFACTS, json!({"id": session})).await;
    assert_eq!(asked["session"]["syncWarning"], Value::Null);
    let artifacts = asked["session"]["artifacts"]["nodes"].as_array().expect("a list").clone();
    assert_eq!(bucket(&store).len(), artifacts.len() + 1);
    let report = artifacts.iter().find(|a| a["path"] == "eda/report.md").expect("a report");
    let text = |key: &str| report[key].as_str().unwrap_or_else(|| panic!("{report}")).to_owned();
    assert!(text("s3Path").starts_with(&format!("s3://{BUCKET}/ours/sessions/")), "{report}");
    let url = format!("http://{}{}", server.address, text("url"));
    let (status, whole, here) = fetch(&url, None).await;
    assert_eq!((status, whole.len() as i64), (200, report["size"].as_i64().unwrap()));
    let (status, lent, _) = fetch(&text("downloadUrl"), None).await;
    assert_eq!((status, &lent), (200, &whole));

    // The folder is lost, and the files are not.
    let volumes = data.join("volumes");
    let lost = find(&volumes, "report.md");
    assert_eq!(lost.len(), 1, "{lost:?}");
    std::fs::remove_file(&lost[0]).unwrap();
    let (status, body, there) = fetch(&url, None).await;
    assert_eq!((status, &body), (200, &whole));
    assert!(there.is_some() && there != here);
    let (status, body, _) = fetch(&url, Some("bytes=2-9")).await;
    assert_eq!((status, &body[..]), (206, &whole[2..10]));
    let (status, body, _) = fetch(&url, Some("bytes=-5")).await;
    assert_eq!((status, &body[..]), (206, &whole[whole.len() - 5..]));
    assert_eq!(fetch(&url, Some("bytes=99999999-")).await.0, 416);
    assert_eq!(fetch(&url.replace("report.md", "nothing.md"), None).await.0, 404);
    faults.down(true);
    assert_eq!(fetch(&url, None).await.0, 503);
    faults.down(false);

    let said = server.ask(DELETE_SESSION, json!({"i": {"sessionId": session}})).await;
    assert_eq!(said["deleteSession"]["userErrors"], json!([]), "{said}");
    assert_eq!(bucket(&store).len(), 1, "only the dataset is left");
    server.stop().await;
}

fn find(folder: &Path, name: &str) -> Vec<std::path::PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        if entry.file_type().unwrap().is_dir() {
            found.extend(find(&path, name));
        } else if path.file_name().is_some_and(|n| n == name) {
            found.push(path);
        }
    }
    found
}

#[tokio::test]
async fn bad_addresses_are_sentences() {
    let store = s3::Server::rclone();
    let theirs = store.data.path().join("buckets/theirs");
    std::fs::create_dir_all(&theirs).unwrap();
    std::fs::File::create(theirs.join("huge.csv")).unwrap().set_len(3 << 20).unwrap();
    let (_folder, data) = house();
    let mut set = variables(&store.settings());
    set.push(("TRAINABLE_MAX_UPLOAD_MIB", "2".into()));
    let set: Vec<_> = set.iter().map(|(name, value)| (*name, value.as_str())).collect();
    let server = Server::start(&data, &set).await;
    let check = async |uri: &str, expect: &str| {
        let said = server.ask(IMPORT, json!({"i": {"uri": uri}})).await;
        let error = &said["importObject"]["userErrors"][0];
        assert_eq!(error["path"], json!(["uri"]), "{said}");
        let message = error["message"].as_str().expect("a message");
        assert!(message.contains(expect), "{message:?} lacks {expect:?}");
        sentence(message, &[&data, store.data.path()]);
    };
    check("theirs/huge.csv", "no address").await;
    check("s3://theirs", "no address").await;
    check("s3://nowhere/x.csv", "no bucket `nowhere`").await;
    check("s3://theirs/nothing.csv", "no object `s3://theirs/nothing.csv`").await;
    check("s3://theirs/huge.csv", "the limit is 2 MiB").await;
    check(&format!("s3://{BUCKET}/ours/uploads/1"), "no object").await;
    let (_, place) = server.place("t.csv", None).await.expect("a place");
    drop(store);
    let (status, said) = server.put(&place, "a\n1\n").await;
    assert_eq!(status, 503, "{said}");
    sentence(said.to_string().as_str(), &[&data]);
    server.stop().await;
}

#[tokio::test]
async fn a_start_refuses_what_cannot_work() {
    let store = s3::Server::rclone();
    let (_folder, data) = house();
    let good = store.settings();
    let start = async |set: Vec<(&'static str, String)>| {
        let mut command = trainable(&data);
        command.args(["serve", "--listen", "127.0.0.1:0"]).envs(set);
        end(command).await
    };
    let mut set = variables(&good);
    set.retain(|(name, _)| *name != "AWS_SECRET_ACCESS_KEY");
    set.push(("AWS_REGION", "eu west".into()));
    let ended = start(set).await;
    assert_eq!(ended.code, Some(2));
    for part in ["AWS_SECRET_ACCESS_KEY", "AWS_REGION"] {
        assert!(ended.stderr.contains(part), "{}", ended.stderr);
    }
    let wrong = trainable::objects::s3::S3Settings {
        secret_key: "never-shown-to-anybody".into(),
        ..good.clone()
    };
    let ended = start(variables(&wrong)).await;
    assert_eq!(ended.code, Some(2));
    assert!(ended.stderr.contains("refuses the credentials"), "{}", ended.stderr);
    assert!(!ended.stderr.contains("never-shown"), "{}", ended.stderr);
    let nowhere = trainable::objects::s3::S3Settings { bucket: "nowhere".into(), ..good };
    let ended = start(variables(&nowhere)).await;
    assert_eq!(ended.code, Some(2));
    assert!(ended.stderr.contains("no bucket `nowhere`"), "{}", ended.stderr);
}
