//! The database away in the middle of a run: the run waits and ends right, and watchers stay.
//!
//! The server of PostgreSQL is the test's own. `TRAINABLE_OUTAGE_SECONDS` makes it stay away for longer.

use super::{
    rows::bare,
    scene::{Scene, at_work, executes, row, trained},
    support::{
        binary::{dense, small_table},
        postgres::{MISSING, PASSWORD, Postgres},
    },
};
use entity::ids::ServerId;
use sea_orm::{ConnectionTrait, EntityTrait, TransactionTrait};
use serde_json::{Value, json};
use std::{sync::Arc, time::Duration};
use tokio::time::{Instant, sleep};

/// How long the database is away in `make test`; longer than a lease lasts.
const AWAY: u64 = 14;

/// Several servers let go of what runs before their leases end, and one of them takes it up when the database is back.
#[tokio::test(flavor = "multi_thread")]
async fn what_several_servers_let_go_of_is_taken_up_when_the_database_is_back() {
    let Some(postgres) = Postgres::started() else {
        eprintln!("skipped: {MISSING}");
        return;
    };
    postgres.execute("CREATE DATABASE away");
    let scene = Scene::on(postgres.url("away"), 8);
    let (first, second) = (scene.serve("a").await, Arc::new(scene.serve("b").await));
    let session = at_work(&first, "EDA").await;
    let done = |event: &Value| event["state"] == "EDA_DONE" || event["state"] == "FAILED";
    let watched = {
        let (second, session) = (Arc::clone(&second), session.clone());
        tokio::spawn(async move { second.follow(&session, 0, "the end", done).await })
    };
    first.follow(&session, 0, "a program at work", executes).await;
    // The other one's lease is seen at the next renewal.
    sleep(Duration::from_secs(3)).await;
    let before = owner(&scene, &session).await;
    postgres.stop();
    sleep(Duration::from_secs(AWAY)).await;
    assert!(first.running.said().contains("the lease ends"), "{}", first.running.said());
    postgres.start();
    let events = watched.await.expect("the watcher saw nothing wrong");
    dense(&events);
    assert_eq!(events.last().expect("events")["state"], "EDA_DONE", "{events:#?}");
    let interrupted = events.iter().filter(|event| event["how"] == "INTERRUPTED").count();
    assert_eq!(interrupted, 1, "the program that was let go of: {events:#?}");
    assert_eq!(first.follow(&session, 0, "the end", done).await, events);
    assert_eq!(owner(&scene, &session).await, before, "each takes up its own");
}

async fn owner(scene: &Scene, session: &str) -> ServerId {
    let store = scene.store().await;
    let found = entity::sessions::Entity::find_by_id(row(session)).one(store.read()).await;
    found.expect("it is read").expect("a session").owner_id.expect("an owner")
}

/// The database goes away while a stage is made ready: once in the middle of reading what the dataset's folder is
/// made of, once in the middle of reading what was said.
#[tokio::test(flavor = "multi_thread")]
async fn a_stage_that_is_made_ready_waits_for_the_database() {
    let Some(postgres) = Postgres::started() else {
        eprintln!("skipped: {MISSING}");
        return;
    };
    postgres.execute("CREATE DATABASE away");
    let scene = Scene::on(postgres.url("away"), 1);
    let server = scene.serve("a").await;
    let upload = server.upload("things.csv", small_table(40)).await;
    let input = json!({"target": "kind", "source": {"uploadIds": [upload]}});
    let session = server.session(input).await;
    for (stage, done, table) in [("EDA", "EDA_DONE", "uploads"), ("PREP", "PREP_DONE", "messages")]
    {
        let other = bare(&scene.url).await;
        let held = other.begin().await.expect("a transaction");
        let lock = format!("LOCK TABLE {table} IN ACCESS EXCLUSIVE MODE");
        held.execute_unprepared(&lock).await.expect("it is locked");
        server.begin(&session, stage, stage).await;
        let waits =
            format!("SELECT 1 FROM pg_locks WHERE NOT granted AND relation = '{table}'::regclass");
        let begun = Instant::now();
        while held.execute_unprepared(&waits).await.expect("an answer").rows_affected() == 0 {
            assert!(begun.elapsed() < Duration::from_secs(60), "it does not read `{table}`");
            sleep(Duration::from_millis(50)).await;
        }
        postgres.stop();
        sleep(Duration::from_secs(3)).await;
        postgres.start();
        let ends = |event: &Value| event["state"] == done || event["state"] == "FAILED";
        let events = server.follow(&session, 0, "the end", ends).await;
        dense(&events);
        assert_eq!(events.last().expect("events")["state"], done, "{events:#?}");
    }
    assert!(server.running.said().contains("a run waits for the database"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_waits_for_a_database_that_restarts() {
    let Some(postgres) = Postgres::started() else {
        eprintln!("skipped: {MISSING}");
        return;
    };
    let seconds = std::env::var("TRAINABLE_OUTAGE_SECONDS");
    let away = seconds.map_or(AWAY, |text| text.parse().expect("a number of seconds"));
    postgres.execute("CREATE DATABASE away");
    let scene = Scene::on(postgres.url("away"), 8);
    let server = Arc::new(scene.serve("a").await);
    let session = at_work(&server, "TRAIN").await;
    // One socket from the first event to the last.
    let watched = {
        let (server, session) = (Arc::clone(&server), session.clone());
        tokio::spawn(async move { server.follow(&session, 0, "the end", trained).await })
    };
    server.follow(&session, 0, "a program at work", executes).await;

    // Connections that are cut are made again, and nobody notices.
    for _ in 0..3 {
        sleep(Duration::from_millis(700)).await;
        postgres.cut("away");
    }
    assert!(!watched.is_finished(), "it is at work still");

    // And then the whole server, in the middle of the program's output.
    postgres.stop();
    let gone = Instant::now();
    sleep(Duration::from_secs(2)).await;
    let http = super::support::client();
    let ready = http.get(format!("http://{}/readyz", server.address)).send().await;
    assert_eq!(ready.expect("an answer").status(), 503);
    sleep(Duration::from_secs(away).saturating_sub(gone.elapsed())).await;
    postgres.start();
    let back = Instant::now();

    let events = watched.await.expect("the watcher saw nothing wrong");
    println!("away for {away} s; the pipeline ended {} ms after", back.elapsed().as_millis());
    dense(&events);
    assert_eq!(events.last().expect("events")["state"], "TRAIN_DONE", "{events:#?}");
    let interrupted = events.iter().filter(|event| event["how"] == "INTERRUPTED").count();
    assert_eq!(interrupted, 0, "what ran goes on: {events:#?}");
    let stored = server.follow(&session, 0, "the end", trained).await;
    assert_eq!(stored, events, "what came live is what is stored");
    let printed = whole_output(&server, &session).await;
    let expect: Vec<_> = (0..80).map(|step| format!("step {step}")).collect();
    assert_eq!(printed, expect, "every line of the program is there once");
    let said = server.running.said();
    assert!(said.contains("appends wait"), "{said}");
    assert!(said.contains("takes appends again"), "{said}");
    assert!(!said.contains(PASSWORD), "{said}");
}

/// The lines of the long program.
async fn whole_output(server: &super::support::binary::Server, session: &str) -> Vec<String> {
    let query =
        "query($id: ID!, $after: Long) { session(id: $id) { events(after: $after, first: 100) {
        seq ... on CodeOutputEvent { text } } } }";
    let (mut text, mut after) = (String::new(), 0);
    loop {
        let page = server.ask(query, json!({"id": session, "after": after})).await;
        let page: Vec<Value> = page["session"]["events"].as_array().expect("a list").clone();
        let Some(last) = page.last() else { break };
        after = last["seq"].as_i64().expect("a sequence");
        page.iter()
            .filter_map(|event| event["text"].as_str())
            .for_each(|piece| text.push_str(piece));
    }
    text.lines().filter(|line| line.starts_with("step ")).map(str::to_owned).collect()
}
