//! Deleting: refused at work, told to who watches, whole in the end, whatever breaks off in between.

use super::{
    bad_days::{beside, experiment, session},
    ground::{Ground, global, output},
    support::{
        binary::{Server, house},
        temporary,
    },
};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use chrono::Utc;
use entity::ids::StageRunId;
use futures::{SinkExt, StreamExt};
use sea_orm::{ConnectionTrait, Statement};
use serde_json::{Value, json};
use std::{
    path::{Path, PathBuf},
    time::Duration,
};
use tokio::time::{sleep, timeout};
use tokio_tungstenite::{
    MaybeTlsStream, WebSocketStream,
    tungstenite::{Message, client::IntoClientRequest},
};
use trainable::store::tombstones::{self, Burial, Buried};

const WAIT: Duration = Duration::from_secs(60);
/// Every table that knows sessions.
const TABLES: [&str; 7] =
    ["events", "stage_runs", "messages", "artifacts", "metrics", "processed_dataset_meta", "usage"];

/// The UUID in an id of the API.
fn uuid(global: &str) -> String {
    let text = URL_SAFE_NO_PAD.decode(global).expect("base64");
    let text = String::from_utf8(text).expect("text");
    text.split_once(':').expect("a type").1.to_owned()
}

async fn count(data: &Path, sql: &str) -> i64 {
    let db = beside(data).await;
    let row = db.query_one_raw(Statement::from_string(db.get_database_backend(), sql)).await;
    let count = row.expect("counted").expect("a row").try_get_by_index(0).expect("a number");
    db.close().await.expect("it closes");
    count
}

/// A session's id in SQL.
fn literal(id: entity::ids::SessionId) -> String {
    match super::support::database::is_postgres() {
        true => format!("'{id}'"),
        false => format!("x'{}'", id.0.simple()),
    }
}

/// Rows that know a session.
async fn rows(data: &Path, session: &str) -> i64 {
    let id = literal(uuid(session).parse().expect("an id"));
    let of_it = TABLES
        .map(|table| format!("(SELECT count(*) FROM {table} WHERE session_id = {id})"))
        .join(" + ");
    count(data, &format!("SELECT (SELECT count(*) FROM sessions WHERE id = {id}) + {of_it}")).await
}

async fn until_nothing_is_buried(data: &Path) {
    let nothing = async {
        while count(data, "SELECT count(*) FROM tombstones").await > 0 {
            sleep(Duration::from_millis(50)).await;
        }
    };
    timeout(WAIT, nothing).await.expect("what is buried goes");
}

/// The folder of a session, with something in it.
fn folder(data: &Path, session: &str) -> PathBuf {
    let folder = data.join("volumes/sessions").join(uuid(session));
    std::fs::create_dir_all(folder.join("eda/figures")).expect("a folder");
    for n in 0..200 {
        std::fs::write(folder.join(format!("eda/figures/{n}.png")), "x").expect("a file");
    }
    folder
}

const DELETE: &str = "mutation($i: DeleteSessionInput!) { deleteSession(input: $i) {
    deletedId userErrors { code message path } } }";
const DELETE_EXPERIMENT: &str =
    "mutation($i: DeleteExperimentInput!) { deleteExperiment(input: $i) {
    deletedId userErrors { code message path } } }";

async fn delete(server: &Server, session: &str) -> Value {
    let mut done = server.ask(DELETE, json!({"i": {"sessionId": session}})).await;
    done["deleteSession"].take()
}

type Socket = WebSocketStream<MaybeTlsStream<tokio::net::TcpStream>>;

/// A watcher that has seen everything there is.
async fn watcher(server: &Server, session: &str) -> Socket {
    let mut request =
        format!("ws://{}/graphql/ws", server.address).into_client_request().expect("an address");
    let protocol = "graphql-transport-ws".parse().expect("a name");
    request.headers_mut().insert("sec-websocket-protocol", protocol);
    let (mut socket, _) = tokio_tungstenite::connect_async(request).await.expect("a socket");
    let query = "subscription($id: ID!) { sessionEvents(sessionId: $id) { caughtUp } }";
    let payload = json!({"query": query, "variables": {"id": session}});
    for message in [
        json!({"type": "connection_init"}),
        json!({"id": "1", "type": "subscribe", "payload": payload}),
    ] {
        socket.send(Message::text(message.to_string())).await.expect("it is sent");
    }
    while !hear(&mut socket).await["payload"]["data"]["sessionEvents"]["caughtUp"]
        .as_bool()
        .unwrap_or(false)
    {}
    socket
}

async fn hear(socket: &mut Socket) -> Value {
    loop {
        let message = timeout(WAIT, socket.next()).await.expect("something is said");
        if let Message::Text(text) = message.expect("the socket is open").expect("a message") {
            return serde_json::from_str(&text).expect("JSON");
        }
    }
}

/// What a watcher hears next, until its subscription is over.
async fn farewell(mut socket: Socket) -> (String, String) {
    loop {
        let said = hear(&mut socket).await;
        let error = match said["type"].as_str() {
            Some("next") => &said["payload"]["errors"][0],
            Some("error") => &said["payload"][0],
            other => panic!("{other:?}: {said}"),
        };
        if let Some(message) = error["message"].as_str() {
            let code = error["extensions"]["code"].as_str().expect("a code");
            return (code.to_owned(), message.to_owned());
        }
    }
}

#[tokio::test]
async fn what_is_deleted_is_gone_whole_and_told_to_who_watches() {
    let (_folder, data) = house();
    let server = Server::start(&data, &[("RUST_LOG", "warn,trainable=info")]).await;
    let experiment = experiment(&server).await;
    let gone = session(&server, &experiment).await.expect("a session");
    let stays = session(&server, &experiment).await.expect("a session");
    server.begin(&gone, "EDA", "EDA").await;
    let refused = delete(&server, &gone).await;
    let said = json!([{"code": "CONFLICT", "message": "this session is at work; cancel it first", "path": []}]);
    assert_eq!(refused["userErrors"], said, "{refused}");
    let input = json!({"i": {"experimentId": experiment}});
    let refused = server.ask(DELETE_EXPERIMENT, input.clone()).await;
    assert_eq!(refused["deleteExperiment"]["userErrors"][0]["code"], "CONFLICT", "{refused}");
    let cancel =
        "mutation($i: CancelSessionInput!) { cancelSession(input: $i) { userErrors { message } } }";
    server.ask(cancel, json!({"i": {"sessionId": gone}})).await;

    let (files, kept) = (folder(&data, &gone), folder(&data, &stays));
    let (watcher_of_it, other) = (watcher(&server, &gone).await, watcher(&server, &stays).await);
    assert!(rows(&data, &gone).await > 3);
    let done = delete(&server, &gone).await;
    assert_eq!(done, json!({"deletedId": gone, "userErrors": []}));
    let told = farewell(watcher_of_it).await;
    assert_eq!(told, ("NOT_FOUND".into(), "this session was deleted".into()));
    until_nothing_is_buried(&data).await;
    assert_eq!(rows(&data, &gone).await, 0);
    assert!(!files.exists());
    let again = delete(&server, &gone).await;
    assert_eq!(again["userErrors"][0]["code"], "NOT_FOUND", "{again}");
    let shown = "query($e: ID!, $s: ID!) { session(id: $s) { state } node(id: $s) { id }
        experiment(id: $e) { latestSession { id } sessions(first: 9) { totalCount nodes { id } } } }";
    let shown = server.ask(shown, json!({"e": experiment, "s": gone})).await;
    let left = json!({"totalCount": 1, "nodes": [{"id": stays}]});
    assert_eq!(shown["session"], Value::Null);
    assert_eq!(shown["node"], Value::Null);
    assert_eq!(shown["experiment"], json!({"latestSession": {"id": stays}, "sessions": left}));

    // Its neighbour is whole, until the experiment goes.
    assert!(kept.join("eda/figures/7.png").exists());
    assert_eq!(server.state(&stays).await, "CREATED");
    let done = server.ask(DELETE_EXPERIMENT, input).await;
    assert_eq!(done["deleteExperiment"], json!({"deletedId": experiment, "userErrors": []}));
    assert_eq!(farewell(other).await.0, "NOT_FOUND");
    until_nothing_is_buried(&data).await;
    assert_eq!(rows(&data, &stays).await, 0);
    assert!(!kept.exists());
    for folder in ["objects/uploads", "volumes/datasets"] {
        let left = std::fs::read_dir(data.join(folder)).map_or(0, |entries| entries.count());
        assert_eq!(left, 0, "something is left in {folder}");
    }
    assert_eq!(count(&data, "SELECT count(*) FROM experiments").await, 0);
    assert_eq!(count(&data, "SELECT count(*) FROM uploads").await, 0);
    let said = server.stop().await;
    assert!(said.contains("deleting a session"), "{said}");
}

#[tokio::test]
async fn a_deletion_that_breaks_off_is_finished_by_the_next_server() {
    let (_folder, data) = house();
    let mut ids = Vec::new();
    {
        let ground = Ground::open(&data).await;
        for _ in 0..12 {
            let (id, run) = (ground.session().await, StageRunId::new());
            let mut last = 1;
            for _ in 0..6 {
                last = ground.append(id, last, (0..400).map(|_| output(run, 50)).collect()).await;
            }
            ids.push(global(id));
        }
    }
    let mut half = 0;
    for (round, id) in ids.iter().enumerate() {
        let files = folder(&data, id);
        let mut server = Server::start(&data, &[]).await;
        let address = format!("http://{}/graphql", server.address);
        let body = json!({"query": DELETE, "variables": {"i": {"sessionId": id}}});
        let asked = tokio::spawn(super::support::client().post(address).json(&body).send());
        sleep(Duration::from_millis(4 * round as u64)).await;
        server.running.signal(rustix::process::Signal::KILL);
        server.running.ended(WAIT).await;
        let acknowledged = asked.await.expect("no panic").is_ok_and(|a| a.status() == 200);
        let buried = count(&data, "SELECT count(*) FROM tombstones").await;
        half += buried;

        let server = Server::start(&data, &[]).await;
        until_nothing_is_buried(&data).await;
        let (rows, there) = (rows(&data, id).await, files.join("eda/figures/199.png").exists());
        if acknowledged || buried > 0 {
            assert_eq!((rows, files.exists()), (0, false), "round {round}: half of it is left");
        } else if rows == 0 {
            assert!(!files.exists(), "round {round}: files without rows");
        } else {
            assert!(there, "round {round}: rows without files");
            assert_eq!(rows, 2402, "round {round}");
        }
        server.stop().await;
    }
    eprintln!("of {} deletions {half} broke off in the middle", ids.len());
    assert!(half > 0, "none broke off: this shows nothing");
}

#[tokio::test]
async fn what_rested_for_long_is_deleted_where_that_is_asked_for() {
    let (_folder, data) = house();
    let mut ids = Vec::new();
    {
        let ground = Ground::open(&data).await;
        for _ in 0..4 {
            ids.push(ground.session().await);
        }
        let db = beside(&data).await;
        let set = async |n: usize, what: &str| {
            let id: entity::ids::SessionId = ids[n];
            let sql = format!("UPDATE sessions SET {what} WHERE id = {}", literal(id));
            db.execute_unprepared(&sql).await.expect("it is done");
        };
        let days = |days| (Utc::now() - chrono::TimeDelta::days(days)).to_rfc3339();
        set(0, &format!("updated_at = '{}'", days(40))).await;
        set(1, &format!("updated_at = '{}'", days(20))).await;
        // At work for so long, by its row.
        set(2, &format!("updated_at = '{}', answering = true", days(40))).await;
        db.close().await.expect("it closes");
    }
    let exists = async |server: &Server| {
        let mut found = Vec::new();
        for id in &ids {
            let query = "query($id: ID!) { session(id: $id) { id } }";
            let shown = server.ask(query, json!({"id": global(*id)})).await;
            found.push(!shown["session"].is_null());
        }
        found
    };
    let asked = "{ server { retentionDays } }";
    let server = Server::start(&data, &[]).await;
    assert_eq!(server.ask(asked, json!({})).await["server"]["retentionDays"], Value::Null);
    sleep(Duration::from_secs(2)).await;
    assert_eq!(exists(&server).await, [true; 4]);
    server.stop().await;

    let kept = [("TRAINABLE_RETENTION_DAYS", "30"), ("RUST_LOG", "warn,trainable=info")];
    let mut server = Server::start(&data, &kept).await;
    assert_eq!(server.ask(asked, json!({})).await["server"]["retentionDays"], 30);
    server.running.line("deleted sessions that had rested for long").await;
    assert_eq!(exists(&server).await, [false, true, true, true]);
    server.stop().await;
}

#[tokio::test]
async fn space_goes_back_to_the_disk() {
    let dir = temporary();
    let ground = Ground::open(dir.path()).await;
    let (big, run) = (ground.session().await, StageRunId::new());
    let small = ground.session().await;
    let mut last = 1;
    for _ in 0..60 {
        last = ground.append(big, last, vec![output(run, 1 << 20)]).await;
    }
    let size = || std::fs::metadata(dir.path().join("trainable.db")).expect("a file").len() >> 20;
    let buried = tombstones::bury_session(&ground.store, big, Burial::AtRest, Utc::now()).await;
    assert_eq!(buried.expect("buried"), Buried::Yes(vec![big]));
    // Nobody appends to what is buried.
    let late = ground.log.append(big, 0, last, Utc::now(), vec![output(run, 1)]).await;
    assert!(late.is_err());
    tombstones::erase_session(&ground.store, big).await.expect("erased");
    ground.store.give_back().await;
    // What is copied from the log into the file shows its length.
    let db = ground.store.write();
    db.execute_unprepared("PRAGMA wal_checkpoint(TRUNCATE)").await.expect("it is copied");
    assert!(size() <= 12, "{} MiB are still there", size());
    assert_eq!(ground.append(small, 1, vec![output(run, 1)]).await, 2);
}
