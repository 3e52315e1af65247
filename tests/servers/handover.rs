//! A server that dies, one that stops and one that sleeps: the other goes on with what it had.

use super::{
    scene::{Scene, at_work, executes, row, trained},
    support::binary::{Server, dense},
};
use rustix::process::Signal;
use sea_orm::EntityTrait;
use serde_json::Value;
use std::{sync::Arc, time::Duration};
use tokio::time::{Instant, sleep};

/// The longest that a session may be nobody's.
const HANDED_OVER: Duration = Duration::from_secs(20);

/// Follows on a server to the end of the pipeline, in a task.
fn watcher(server: &Arc<Server>, session: &str) -> tokio::task::JoinHandle<Vec<Value>> {
    let (server, session) = (Arc::clone(server), session.to_owned());
    tokio::spawn(async move { server.follow(&session, 0, "the end", trained).await })
}

/// Waits until the other server has taken a session; how long that took.
async fn taken(scene: &Scene, session: &str, epoch: i64) -> Duration {
    let (store, begun) = (scene.store().await, Instant::now());
    while begun.elapsed() < HANDED_OVER * 2 {
        let found = entity::sessions::Entity::find_by_id(row(session)).one(store.read()).await;
        if found.expect("it is read").expect("a session").owner_epoch > epoch {
            return begun.elapsed();
        }
        sleep(Duration::from_millis(50)).await;
    }
    panic!("nobody took the session over");
}

async fn standing(scene: &Scene, session: &str) -> entity::sessions::Model {
    let store = scene.store().await;
    let found = entity::sessions::Entity::find_by_id(row(session)).one(store.read()).await;
    found.expect("it is read").expect("a session")
}

/// The state that the pipeline ended in, and that its log has no gaps.
#[track_caller]
fn ends_well(events: &[Value]) {
    dense(events);
    assert_eq!(events.last().expect("events")["state"], "TRAIN_DONE", "{events:#?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_is_killed_hands_its_sessions_to_the_other() {
    let Some(scene) = Scene::new(4) else { return };
    let (mut first, second) = (scene.serve("a").await, Arc::new(scene.serve("b").await));
    let session = at_work(&first, "TRAIN").await;
    let watched = watcher(&second, &session);
    let seen = first.follow(&session, 0, "a program at work", executes).await;
    let before = standing(&scene, &session).await;
    assert!(before.owner_id.is_some());

    first.running.signal(Signal::KILL);
    first.running.ended(Duration::from_secs(5)).await;
    let took = taken(&scene, &session, before.owner_epoch).await;
    println!("killed: taken over after {} ms", took.as_millis());
    assert!(took < HANDED_OVER, "{took:?}");

    let events = watched.await.expect("the watcher saw nothing wrong");
    ends_well(&events);
    assert_eq!(events[..seen.len()], seen[..], "what was seen on the first is there");
    let again = second.follow(&session, 0, "the end", trained).await;
    assert_eq!(again, events, "what came live is what is stored");
    let interrupted = events.iter().filter(|event| event["how"] == "INTERRUPTED").count();
    assert_eq!(interrupted, 1, "what was in flight is told apart");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_stops_hands_its_sessions_over_at_once() {
    let Some(scene) = Scene::new(4) else { return };
    let (first, second) = (scene.serve("a").await, Arc::new(scene.serve("b").await));
    let session = at_work(&first, "EDA").await;
    first.follow(&session, 0, "a program at work", executes).await;
    let before = standing(&scene, &session).await;
    let (_, took) = tokio::join!(first.stop(), taken(&scene, &session, before.owner_epoch));
    println!("stopped: taken over after {} ms", took.as_millis());
    assert!(took < Duration::from_secs(8), "nobody waits for the end of the lease: {took:?}");
    let rests = |event: &Value| event["state"] == "EDA_DONE" || event["state"] == "FAILED";
    let events = second.follow(&session, 0, "the end", rests).await;
    dense(&events);
    assert_eq!(events.last().expect("events")["state"], "EDA_DONE");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_sleeps_and_wakes_writes_nothing_of_what_was_taken() {
    let Some(scene) = Scene::new(4) else { return };
    let (first, second) = (scene.serve("a").await, Arc::new(scene.serve("b").await));
    let session = at_work(&first, "TRAIN").await;
    let watched = watcher(&second, &session);
    first.follow(&session, 0, "a program at work", executes).await;
    let before = standing(&scene, &session).await;

    first.running.signal(Signal::STOP);
    let took = taken(&scene, &session, before.owner_epoch).await;
    println!("paused: taken over after {} ms", took.as_millis());
    assert!(took < HANDED_OVER, "{took:?}");
    let between = standing(&scene, &session).await;
    assert_ne!(between.owner_id, before.owner_id);
    // It wakes while the other is at work.
    first.running.signal(Signal::CONT);
    sleep(Duration::from_secs(3)).await;
    // Its actor is gone, and it shows the session all the same.
    let client = super::support::client();
    let meters = client.get(format!("http://{}/metrics", first.address)).send().await;
    let meters = meters.expect("an answer").text().await.expect("a text");
    assert!(meters.lines().any(|line| line == "trainable_sessions_awake 0"), "{meters}");

    let events = watched.await.expect("the watcher saw nothing wrong");
    ends_well(&events);
    let after = standing(&scene, &session).await;
    assert_eq!(after.owner_id, between.owner_id, "it was not taken back");
    assert_eq!(after.owner_epoch, between.owner_epoch);
    let interrupted = events.iter().filter(|event| event["how"] == "INTERRUPTED").count();
    assert_eq!(interrupted, 1, "only the takeover interrupted anything");
    assert_eq!(first.state(&session).await, "TRAIN_DONE");
    assert_eq!(first.follow(&session, 0, "the end", trained).await, events);
    first.stop().await;
}
