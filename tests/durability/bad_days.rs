//! Days on which the database takes nothing, and logs that are not whole: through the real binary.

use super::{
    ground::{Ground, global, output},
    support::binary::{Server, dense, end, house, rests, small_table, trainable},
};
use entity::ids::{SessionId, StageRunId};
use sea_orm::{ConnectOptions, ConnectionTrait, Database, DatabaseConnection};
use serde_json::{Value, json};
use std::{
    path::{Path, PathBuf},
    process::Command,
    time::Duration,
};
use tokio::time::{Instant, sleep};

/// Longer than the log's writer waits for a trouble to pass.
const LONGER: Duration = Duration::from_secs(38);
const WARN: (&str, &str) = ("RUST_LOG", "warn");

/// A small disk of its own, mounted for as long as this lives.
struct SmallDisk(PathBuf);

impl SmallDisk {
    /// `None` with a reason printed where nothing can be mounted.
    fn mounted(at: &Path, mebibytes: u32) -> Option<Self> {
        std::fs::create_dir_all(at).expect("a folder");
        let size = format!("size={mebibytes}m,mode=0711");
        let mut mount = Command::new("mount");
        mount.args(["-t", "tmpfs", "-o", &size, "tmpfs"]).arg(at);
        if mount.status().is_ok_and(|status| status.success()) {
            return Some(Self(at.to_owned()));
        }
        eprintln!("skipped: a small disk cannot be mounted here; run this as root");
        None
    }

    /// Takes all the room that is left.
    fn fill(&self) {
        use std::io::Write;
        let mut file = std::fs::File::create(self.0.join("filler")).expect("a file");
        let block = vec![0; 1 << 20];
        for size in [block.len(), 4096, 1] {
            while file.write_all(&block[..size]).is_ok() {}
        }
    }

    fn free(&self) {
        std::fs::remove_file(self.0.join("filler")).expect("it was there");
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        let done = Command::new("umount").arg("--lazy").arg(&self.0).status();
        if !done.is_ok_and(|status| status.success()) {
            eprintln!("a small disk stays mounted at {}", self.0.display());
        }
    }
}

/// A connection of another program's to the database of a server.
pub async fn beside(data: &Path) -> DatabaseConnection {
    let file = data.join("trainable.db");
    let url = super::support::database::url(&file);
    let url = url.unwrap_or_else(|| format!("sqlite://{}?mode=rw", file.display()));
    let mut options = ConnectOptions::new(url);
    options.max_connections(1).sqlx_logging(false);
    Database::connect(options).await.expect("another connection")
}

const CREATE_SESSION: &str = "mutation($i: CreateSessionInput!) { createSession(input: $i) {
    session { id } userErrors { message code } } }";

/// Asks for a session: its id, or the code and the sentence that say why there is none.
pub async fn session(server: &Server, experiment: &str) -> Result<String, (String, String)> {
    let made = server.ask(CREATE_SESSION, json!({"i": {"experimentId": experiment}})).await;
    let made = &made["createSession"];
    let text = |value: &Value| value.as_str().unwrap_or_else(|| panic!("{made}")).to_owned();
    match &made["userErrors"][0] {
        Value::Null => Ok(text(&made["session"]["id"])),
        error => Err((text(&error["code"]), text(&error["message"]))),
    }
}

pub async fn experiment(server: &Server) -> String {
    let upload = server.upload("t.csv", small_table(120)).await;
    let made = server.experiment(json!({"source": {"uploadIds": [upload]}})).await;
    made["experiment"]["id"].as_str().unwrap_or_else(|| panic!("{made}")).to_owned()
}

fn executes(event: &Value) -> bool {
    event["__typename"] == "ExecutionStartedEvent"
}

/// Follows EDA to its end. One that its own program lost to the bad day is run again.
async fn comes_through(server: &Server, session: &str, seen: &[Value]) {
    let mut all = server.follow(session, 0, "rest", rests).await;
    assert_eq!(all[..seen.len()], *seen, "what was seen before the bad day is not there any more");
    if server.state(session).await == "FAILED" {
        eprintln!("EDA lost a program to the bad day and is run again");
        let retry =
            "mutation($i: RetryStageInput!) { retryStage(input: $i) { userErrors { message } } }";
        let input = json!({"i": {"sessionId": session}});
        let retried = server.ask(retry, input).await;
        assert_eq!(retried["retryStage"]["userErrors"], json!([]));
        let last = all.last().expect("events")["seq"].as_i64().expect("a sequence");
        all.extend(server.follow(session, last, "rest", rests).await);
    }
    assert_eq!(server.state(session).await, "EDA_DONE");
    dense(&all);
}

#[tokio::test]
async fn a_full_disk_refuses_and_what_ran_goes_on_when_there_is_room() {
    let (_folder, data) = house();
    let Some(disk) = SmallDisk::mounted(&data, 96) else { return };
    let server = Server::start(&data, &[WARN]).await;
    let experiment = experiment(&server).await;
    let ran = session(&server, &experiment).await.expect("a session");
    server.begin(&ran, "EDA", "EDA").await;
    let seen = server.follow(&ran, 0, "a program at work", executes).await;

    disk.fill();
    let full = Instant::now();
    let (code, said) = session(&server, &experiment).await.expect_err("nothing can be written");
    assert_eq!(code, "UNAVAILABLE", "{said}");
    assert!(said.contains("disk is full"), "{said}");
    // What is there is shown all the while.
    assert_eq!(server.experiments().await.len(), 1);
    let (id, url) = match server.place("u.csv", None).await {
        Ok(place) => place,
        Err(said) => (String::new(), said.to_string()),
    };
    if id.is_empty() {
        assert!(url.contains("disk is full"), "{url}");
    } else {
        let (status, said) = server.put(&url, small_table(20_000)).await;
        assert_eq!(status, 507, "{said}");
    }
    sleep(LONGER.saturating_sub(full.elapsed())).await;
    disk.free();

    let later = session(&server, &experiment).await.expect("there is room again");
    comes_through(&server, &ran, &seen).await;
    // And once more from the start, with everything that was acknowledged.
    let said = server.stop().await;
    assert!(said.contains("disk is full"), "{said}");
    let server = Server::start(&data, &[WARN]).await;
    assert_eq!(server.state(&ran).await, "EDA_DONE");
    assert_eq!(server.state(&later).await, "CREATED");
    server.stop().await;
}

#[tokio::test]
async fn a_database_that_another_program_holds_is_waited_for_and_then_refused() {
    let (_folder, data) = house();
    let server = Server::start(&data, &[WARN]).await;
    let experiment = experiment(&server).await;
    let ran = session(&server, &experiment).await.expect("a session");
    server.begin(&ran, "EDA", "EDA").await;
    let seen = server.follow(&ran, 0, "a program at work", executes).await;
    let other = beside(&data).await;

    // For some seconds: whoever asks waits, and nobody is refused.
    other.execute_unprepared("BEGIN EXCLUSIVE").await.expect("it is locked");
    let (asked, ()) = tokio::join!(session(&server, &experiment), async {
        sleep(Duration::from_secs(4)).await;
        other.execute_unprepared("ROLLBACK").await.expect("it is let go");
    });
    asked.expect("a session, after a wait");
    assert!(!server.running.said().contains("append failed"), "{}", server.running.said());

    // For longer.
    other.execute_unprepared("BEGIN EXCLUSIVE").await.expect("it is locked");
    let locked = Instant::now();
    let (code, said) = session(&server, &experiment).await.expect_err("it is locked");
    assert_eq!(code, "UNAVAILABLE", "{said}");
    assert!(said.contains("another program holds the database"), "{said}");
    assert_eq!(server.experiments().await.len(), 1);
    sleep(LONGER.saturating_sub(locked.elapsed())).await;
    other.execute_unprepared("ROLLBACK").await.expect("it is let go");
    session(&server, &experiment).await.expect("a session again");
    comes_through(&server, &ran, &seen).await;
    server.stop().await;

    // A server that starts meanwhile says so, and begins nothing.
    other.execute_unprepared("BEGIN EXCLUSIVE").await.expect("it is locked");
    let mut serve = trainable(&data);
    serve.args(["serve", "--listen", "127.0.0.1:0"]);
    let ended = end(serve).await;
    assert_eq!(ended.code, Some(1), "{ended:?}");
    assert!(ended.stderr.contains("another program holds the database"), "{ended:?}");
}

/// Damages a stored log with a statement.
async fn damage(data: &Path, statement: String) {
    let other = beside(data).await;
    let done = other.execute_unprepared(&statement).await.expect("it is done");
    assert_eq!(done.rows_affected(), 1, "{statement}");
    other.close().await.expect("it is closed");
}

fn blob(session: SessionId) -> String {
    format!("x'{}'", session.0.simple())
}

/// The code and the sentence of an operation that must fail.
async fn fails(server: &Server, query: &str, session: &str) -> (String, String) {
    let body = json!({"query": query, "variables": {"id": session}});
    let address = format!("http://{}/graphql", server.address);
    let answer = super::support::client().post(address).json(&body).send().await;
    let answer: Value = answer.expect("an answer").json().await.expect("JSON");
    let error = &answer["errors"][0];
    let text = |value: &Value| value.as_str().unwrap_or_else(|| panic!("{answer}")).to_owned();
    (text(&error["extensions"]["code"]), text(&error["message"]))
}

#[tokio::test]
async fn a_damaged_log_fails_alone() {
    let (_folder, data) = house();
    let mut ids = Vec::new();
    {
        let ground = Ground::open(&data).await;
        for _ in 0..4 {
            let (id, run) = (ground.session().await, StageRunId::new());
            ground.append(id, 1, (0..5).map(|n| output(run, 10 + n)).collect()).await;
            ids.push(id);
        }
        ground.store.write().clone().close().await.expect("it is closed");
        ground.store.read().close().await.expect("it is closed");
    }
    let at = |id: SessionId, seq: i64| format!("session_id = {} AND seq = {seq}", blob(id));
    let (garbled, gap, short, whole) = (ids[0], ids[1], ids[2], ids[3]);
    damage(&data, format!("UPDATE events SET payload = '{{\"x' WHERE {}", at(garbled, 3))).await;
    damage(&data, format!("DELETE FROM events WHERE {}", at(gap, 2))).await;
    damage(&data, format!("DELETE FROM events WHERE {}", at(short, 6))).await;
    // It was at work: the server that starts wants to take it up.
    let running = format!("UPDATE sessions SET state = 'eda_running' WHERE id = {}", blob(garbled));
    damage(&data, running).await;

    let server = Server::start(&data, &[WARN]).await;
    for (id, seq) in [(garbled, 3), (gap, 2), (short, 6)] {
        let expect = format!(
            "the log of this session is damaged at event {seq}; restore a backup, or delete the session"
        );
        let shown = "query($id: ID!) { session(id: $id) { allows { cancel } } }";
        let (code, said) = fails(&server, shown, &global(id)).await;
        assert_eq!((code.as_str(), &said), ("DAMAGED", &expect));
        let cancel = "mutation($i: CancelSessionInput!) { cancelSession(input: $i) { userErrors { code message } } }";
        let refused = server.ask(cancel, json!({"i": {"sessionId": global(id)}})).await;
        let refused = &refused["cancelSession"]["userErrors"][0];
        assert_eq!(*refused, json!({"code": "NOT_ALLOWED", "message": expect}));
        // Its row is shown all the same.
        assert!(["CREATED", "EDA_RUNNING"].contains(&server.state(&global(id)).await.as_str()));
        let logged = format!("the log of session {id} is damaged at event {seq}");
        assert!(server.running.said().contains(&logged), "{}", server.running.said());
    }
    let events = "query($id: ID!) { session(id: $id) { events(first: 50) { seq } } }";
    assert_eq!(fails(&server, events, &global(gap)).await.0, "DAMAGED");
    // All others go on.
    let seen = server.follow(&global(whole), 0, "all of it", |event| event["seq"] == 6).await;
    dense(&seen);
    let shown = server
        .ask(
            "query($id: ID!) { session(id: $id) { allows { message } } }",
            json!({"id": global(whole)}),
        )
        .await;
    assert!(shown["session"]["allows"].is_object(), "{shown}");
    // What cannot be mended can be deleted, also where it is said to be at work.
    for id in [garbled, gap] {
        let delete = "mutation($i: DeleteSessionInput!) { deleteSession(input: $i) { userErrors { message } } }";
        let deleted = server.ask(delete, json!({"i": {"sessionId": global(id)}})).await;
        assert_eq!(deleted["deleteSession"]["userErrors"], json!([]), "{deleted}");
        let shown = server
            .ask("query($id: ID!) { session(id: $id) { state } }", json!({"id": global(id)}))
            .await;
        assert!(shown["session"].is_null(), "{shown}");
    }
    server.stop().await;
}
