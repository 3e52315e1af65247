//! How much later than a watcher of the same server one of another server sees an event.

use super::support::{database, experiment};
use chrono::Utc;
use entity::ids::SessionId;
use std::time::Duration;
use tokio::{
    sync::mpsc,
    time::{Instant, timeout},
};
use trainable::{
    event::{Draft, Event, Fact, SessionEvent},
    log::EventLog,
    store::{Store, experiments},
};

const APPENDS: usize = 200;
const PACE: Duration = Duration::from_millis(10);
const BAR: Duration = Duration::from_millis(50);

/// Says when it read each event.
fn follow(log: EventLog, session: SessionId) -> mpsc::UnboundedReceiver<(i64, Instant)> {
    let (seen, times) = mpsc::unbounded_channel();
    tokio::spawn(async move {
        let (mut wakes, mut after) = (log.follow(session), 0);
        loop {
            for entry in log.since(session, after, 500).await.expect("the log is read") {
                assert_eq!(entry.seq, after + 1, "there is no gap");
                after = entry.seq;
                if seen.send((after, Instant::now())).is_err() {
                    return;
                }
            }
            if wakes.changed().await.is_err() {
                return;
            }
        }
    });
    times
}

#[tokio::test(flavor = "multi_thread")]
async fn a_watcher_of_another_server_is_hardly_later() {
    let Some(url) = database::another() else { return };
    let here = Store::open_postgres(&url).await.expect("the database opens");
    let there = Store::open_postgres(&url).await.expect("it opens again");
    let (ours, theirs) = (EventLog::start(here.clone()), EventLog::start(there));
    let experiment = experiment();
    experiments::insert(&here, &experiment, &[]).await.expect("an experiment");
    let id = SessionId::new();
    let created = SessionEvent::SessionCreated { experiment_id: experiment.id, driver: None };
    let draft = |event| vec![Draft { stage_run: None, event }];
    ours.append(id, 0, 0, Utc::now(), draft(Event::Session(created))).await.expect("created");
    let (mut near, mut far) = (follow(ours.clone(), id), follow(theirs, id));
    // Both are there, and the listener listens.
    for watcher in [&mut near, &mut far] {
        timeout(Duration::from_secs(10), watcher.recv())
            .await
            .expect("in time")
            .expect("it is seen");
    }
    tokio::time::sleep(Duration::from_secs(1)).await;
    let mut added = Vec::new();
    for after in 1..=APPENDS as i64 {
        let notice = Fact::Notice { text: "n".into(), for_people: false };
        ours.append(id, 0, after, Utc::now(), draft(Event::Fact(notice))).await.expect("appended");
        let (seq, seen_near) = near.recv().await.expect("it is seen");
        let seen = timeout(Duration::from_secs(10), far.recv()).await.expect("in time");
        let (other, seen_far) = seen.expect("it is seen there");
        assert_eq!((seq, other), (after + 1, after + 1));
        added.push(seen_far.saturating_duration_since(seen_near));
        tokio::time::sleep(PACE).await;
    }
    added.sort();
    let (median, late) = (added[added.len() / 2], added[added.len() * 95 / 100]);
    println!("added delay on another server: median {median:?}, 95 % within {late:?}");
    assert!(median < BAR, "{median:?}");
}
