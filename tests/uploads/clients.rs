//! A client of tus that others wrote, against the real binary.

use super::{
    bytes, sha256,
    support::binary::{Running, Server, house, serve_at},
    until,
};
use rustix::process::Signal;
use serde_json::json;
use std::{net::TcpListener, process::Stdio, time::Duration};
use tokio::process::Command;

const UPLOAD: &str = "query($id: ID!) { upload(id: $id) { state sha256 received } }";

/// It does not notice more of two killed servers than that it has to try again.
#[tokio::test]
async fn tuspy_goes_on_with_the_next_server() {
    let made = Command::new(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/uploads/python"))
        .stderr(Stdio::inherit())
        .output()
        .await
        .expect("tests/uploads/python runs");
    assert!(made.status.success(), "tests/uploads/python installed nothing");
    let python = String::from_utf8(made.stdout).expect("a path").trim().to_owned();
    let (folder, data) = house();
    let file = bytes(48 << 20, 30);
    let path = folder.path().join("t.csv");
    std::fs::write(&path, &file).expect("a file");
    // The next server must be found where the first was.
    let port = TcpListener::bind("127.0.0.1:0").expect("a port").local_addr().expect("its address");
    let port = port.to_string();
    let start = || Running::start(serve_at(&data, &port));
    let mut server = Server::of(start(), &data).await;
    let (id, url) = server.place("t.csv", Some(file.len() as u64)).await.expect("a place");
    let mut sender = Command::new(python)
        .arg(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/uploads/send.py"))
        .arg(format!("http://{port}{url}"))
        .arg(&path)
        .kill_on_drop(true)
        .spawn()
        .expect("it starts");
    for kept in [9_u64 << 20, 24 << 20] {
        until("bytes that are kept", async || {
            let asked = server.ask(UPLOAD, json!({"id": id})).await;
            (asked["upload"]["received"].as_u64()? >= kept).then_some(())
        })
        .await;
        server.running.signal(Signal::KILL);
        server.running.ended(Duration::from_secs(10)).await;
        server = Server::of(start(), &data).await;
    }
    let ended = tokio::time::timeout(Duration::from_secs(240), sender.wait()).await;
    assert!(ended.expect("it ends").expect("its end is known").success());
    let asked = server.ask(UPLOAD, json!({"id": id})).await;
    let expect = json!({"state": "STORED", "sha256": sha256(&file), "received": file.len()});
    assert_eq!(asked["upload"], expect);
    server.stop().await;
}
