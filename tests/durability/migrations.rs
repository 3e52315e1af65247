//! Databases of every schema that was ever released are carried to the newest, with all that is in
//! them; one of a newer version is left alone.

use super::{
    ground::Ground,
    support::binary::{Server, dense, end, house, trainable},
};
use sea_orm::{
    ConnectOptions, ConnectionTrait, Database, DatabaseConnection, DbBackend, Statement,
};
use serde_json::json;
use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};

fn fixtures() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/schemas");
    let entries = std::fs::read_dir(folder).expect("the fixtures");
    let mut found: Vec<_> = entries.map(|entry| entry.expect("an entry").path()).collect();
    found.sort();
    found
}

async fn open(data: &Path, mode: &str) -> DatabaseConnection {
    let database = data.join("trainable.db");
    let mut options = ConnectOptions::new(format!("sqlite://{}?mode={mode}", database.display()));
    options.max_connections(1).sqlx_logging(false);
    Database::connect(options).await.expect("it opens")
}

async fn texts(db: &DatabaseConnection, sql: &str) -> Vec<String> {
    let rows = db.query_all_raw(Statement::from_string(DbBackend::Sqlite, sql)).await;
    let rows = rows.unwrap_or_else(|error| panic!("{sql}: {error}"));
    rows.iter().map(|row| row.try_get_by_index(0).expect("a text")).collect()
}

/// How many rows each table has.
async fn counts(db: &DatabaseConnection) -> BTreeMap<String, i64> {
    let names = texts(
        db,
        "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'",
    );
    let mut found = BTreeMap::new();
    for name in names.await {
        let sql = format!("SELECT count(*) FROM \"{name}\"");
        let row = db.query_one_raw(Statement::from_string(DbBackend::Sqlite, sql)).await;
        let count = row.expect("counted").expect("a row").try_get_by_index(0).expect("a number");
        found.insert(name, count);
    }
    found
}

/// Everything that the API says of experiments, and of a session but for its files.
const EXPERIMENTS: &str = "{ experiments(first: 5) { totalCount nodes {
    id name description instructions target mainTable createdAt files { name }
    dataset { tables { name rows columns { name } } }
    latestSession { id } sessions(first: 5) { nodes { id } } } } }";
const SESSION: &str = "query($id: ID!) { session(id: $id) {
    state answering converses lastSeq createdAt updatedAt provider model effort
    allows { message cancel retry resume startStages }
    budgets { turns } spent { turns } question { question } awaitingApproval
    stages { stage } plan { title } charts { title } processedDataset { totalRows }
    usage { turns inputTokens costUsd } result { bestModel }
    messages(first: 50) { nodes { seq role content stage } }
    artifacts(first: 10) { nodes { path stage size } }
    metricSeries { name run count lastKind stageRunId }
    metric(name: \"loss\", run: \"a\", buckets: 10) { last }
    events(first: 100) { __typename seq } } }";

#[tokio::test]
async fn every_released_schema_is_carried_to_the_newest() {
    assert!(fixtures().len() >= 2);
    for fixture in fixtures() {
        let name = fixture.file_stem().and_then(|name| name.to_str()).expect("a name").to_owned();
        let (_folder, data) = house();
        let old = open(&data, "rwc").await;
        let dump = std::fs::read_to_string(&fixture).expect("a dump");
        old.execute_unprepared(&dump).await.unwrap_or_else(|error| panic!("{name}: {error}"));
        let before = counts(&old).await;
        assert!(before.values().all(|rows| *rows > 0), "{name} has an empty table: {before:?}");
        assert_eq!(texts(&old, "SELECT max(version) FROM seaql_migrations").await, [name.as_str()]);
        old.close().await.expect("it closes");

        let server = Server::start(&data, &[]).await;
        let all = server.ask(EXPERIMENTS, json!({})).await;
        let experiment = &all["experiments"]["nodes"][0];
        assert_eq!(all["experiments"]["totalCount"], 1, "{name}: {all}");
        assert_eq!(experiment["dataset"]["tables"][0]["rows"], 344, "{name}: {experiment}");
        let mut sessions = Vec::new();
        for session in experiment["sessions"]["nodes"].as_array().expect("a list") {
            let id = session["id"].as_str().expect("an id");
            let mut session = server.ask(SESSION, json!({"id": id})).await["session"].take();
            let last = session["lastSeq"].clone();
            let seen = server.follow(id, 0, "the whole log", |event| event["seq"] == last).await;
            dense(&seen);
            assert_eq!(session["events"].as_array().map(Vec::len), Some(seen.len()), "{name}");
            sessions.push(session.take());
        }
        let states: Vec<_> = sessions.iter().map(|session| session["state"].clone()).collect();
        assert_eq!(states, ["FAILED", "PREP_DONE"], "{name}");
        let done = &sessions[1];
        assert_eq!(done["plan"], json!([{"title": "look"}]), "{name}");
        assert_eq!(done["charts"], json!([{"title": "Loss"}]), "{name}");
        assert_eq!(done["processedDataset"], json!({"totalRows": 344}), "{name}");
        assert_eq!(done["usage"]["turns"], 2, "{name}: {done}");
        assert_eq!(done["metricSeries"].as_array().map(Vec::len), Some(2), "{name}: {done}");
        assert_eq!(done["artifacts"]["nodes"].as_array().map(Vec::len), Some(2), "{name}");
        assert_eq!(sessions[0]["allows"]["retry"], true, "{name}: {sessions:?}");
        server.stop().await;

        let new = open(&data, "rw").await;
        assert_eq!(texts(&new, "PRAGMA integrity_check").await, ["ok"], "{name}");
        assert_eq!(texts(&new, "PRAGMA foreign_key_check").await, Vec::<String>::new(), "{name}");
        let mut after = counts(&new).await;
        after.retain(|table, _| before.contains_key(table) && table != "seaql_migrations");
        let expect: BTreeMap<_, _> =
            before.into_iter().filter(|(table, _)| table != "seaql_migrations").collect();
        assert_eq!(after, expect, "{name}");
        // The same schema as a new database has, whatever the way to it.
        let (_other, fresh) = house();
        drop(Ground::open(&fresh).await);
        let schema = "SELECT type || ' ' || name FROM sqlite_master WHERE name NOT LIKE 'sqlite_%' ORDER BY 1";
        assert_eq!(
            texts(&new, schema).await,
            texts(&open(&fresh, "ro").await, schema).await,
            "{name}"
        );
    }
}

#[tokio::test]
async fn a_database_of_a_newer_version_is_left_alone() {
    let (_folder, data) = house();
    drop(Ground::open(&data).await);
    let db = open(&data, "rw").await;
    db.execute_unprepared("INSERT INTO seaql_migrations VALUES ('m29991231_000001_later', 1)")
        .await
        .expect("written");
    let before = counts(&db).await;
    for verb in [&["serve", "--listen", "127.0.0.1:0"][..], &["migrate"][..]] {
        let mut command = trainable(&data);
        command.args(verb);
        let ended = end(command).await;
        assert_eq!(ended.code, Some(1), "{ended:?}");
        let said: Vec<_> = ended.stderr.lines().collect();
        let [said] = said[..] else { panic!("not one sentence: {ended:?}") };
        assert!(said.contains("made by a newer version of trainable"), "{said}");
    }
    assert_eq!(counts(&db).await, before);
}
