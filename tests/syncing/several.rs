//! Several servers of one database: one at a time changes what stands in the bucket of a session.

use super::support::{database, experiment};
use chrono::Utc;
use entity::{
    ids::{SessionId, StageRunId},
    vocab::{ArtifactType, Stage},
};
use std::{
    collections::BTreeSet,
    time::{Duration, Instant},
};
use trainable::{
    event::{Budgets, Draft, Driver, Event, Fact, File, Outcome, SessionEvent},
    log::EventLog,
    store::{self, Store, servers, sessions, synced},
};
use uuid::Uuid;

/// Two servers; `None` where there is no PostgreSQL.
async fn two() -> Option<(Store, Store)> {
    let url = database::another()?;
    let open = async || {
        let store = Store::open_postgres(&url).await.unwrap();
        servers::enrol(&store, Uuid::now_v7()).await.unwrap();
        store
    };
    Some((open().await, open().await))
}

/// A session whose EDA is done and left one file.
async fn done(store: &Store) -> SessionId {
    let experiment = experiment();
    assert!(store::experiments::insert(store, &experiment, &[]).await.unwrap());
    let (session, run) = (SessionId::new(), StageRunId::new());
    let driver = Driver { provider: "none".into(), model: "none".into(), effort: None };
    let file = File {
        path: "eda/a".into(),
        name: "a".into(),
        stage: Stage::Eda,
        kind: ArtifactType::File,
        size: 1,
        sha256: "0".repeat(64),
    };
    let events = [
        Event::Session(SessionEvent::SessionCreated { experiment_id: experiment.id, driver: None }),
        Event::Session(SessionEvent::StageRunStarted {
            stage: Stage::Eda,
            through: Stage::Eda,
            driver,
            seed: 1,
            budgets: Budgets::default(),
            approval: false,
            later: Vec::new(),
        }),
        Event::Fact(Fact::FileCreated { call_id: None, file }),
        Event::Session(SessionEvent::StageRunEnded {
            stage: Stage::Eda,
            outcome: Outcome::Done { summary: "done".into() },
        }),
    ];
    let drafts = events.into_iter().enumerate();
    let drafts = drafts.map(|(n, event)| Draft { stage_run: (n > 0).then_some(run), event });
    let log = EventLog::start(store.clone());
    log.append(session, 0, 0, Utc::now(), drafts.collect()).await.unwrap();
    session
}

#[tokio::test]
async fn one_at_a_time_has_the_turn() {
    let Some((one, other)) = two().await else { return };
    let session = SessionId::new().0;
    let turn = one.try_turn(session).await.unwrap().expect("nobody has it");
    assert!(other.try_turn(session).await.unwrap().is_none(), "both have it");
    assert!(other.try_turn(SessionId::new().0).await.unwrap().is_some(), "another session's");
    turn.held().await.unwrap();
    turn.end().await;
    let turn = other.try_turn(session).await.unwrap().expect("it was given up");
    // Whoever lives has it for as long as he wants.
    let lost = tokio::time::timeout(servers::LEASE + Duration::from_secs(2), turn.lost());
    assert!(lost.await.is_err(), "it was lost");
    turn.held().await.unwrap();
    assert!(one.try_turn(session).await.unwrap().is_none());
}

/// A server that sleeps holds nobody up, and knows it when it wakes.
#[tokio::test]
async fn a_turn_ends_with_its_server_s_silence() {
    let Some(url) = database::another() else { return };
    let store = Store::open_postgres(&url).await.unwrap();
    let what = SessionId::new().0;
    let (taken, told) = tokio::sync::oneshot::channel();
    let (wake, woken) = std::sync::mpsc::channel::<()>();
    let asleep = std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let turn = runtime.block_on(async {
            let store = Store::open_postgres(&url).await.unwrap();
            store.try_turn(what).await.unwrap().expect("nobody has it")
        });
        taken.send(()).unwrap();
        // Nothing of it is run meanwhile.
        woken.recv().unwrap();
        runtime.block_on(turn.held()).is_err()
    });
    told.await.unwrap();
    let since = Instant::now();
    assert!(store.try_turn(what).await.unwrap().is_none());
    while store.try_turn(what).await.unwrap().is_none() {
        assert!(since.elapsed() < servers::LEASE * 2, "a server that sleeps holds up the others");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    wake.send(()).unwrap();
    let knows = tokio::task::spawn_blocking(|| asleep.join().unwrap()).await.unwrap();
    assert!(knows, "it woke, and does not know that it slept");
}

/// What a server that is gone left unsent is another's to send, and what one that lives has is its own.
#[tokio::test]
async fn whose_files_are_sent_by_whom() {
    let Some((one, other)) = two().await else { return };
    let session = done(&one).await;
    let check = async |which: &str, by: &Store, expect: bool| {
        let expect: BTreeSet<SessionId> = expect.then_some(session).into_iter().collect();
        assert_eq!(synced::untold(by).await.unwrap(), expect, "{which}");
    };
    check("nobody's", &one, true).await;
    check("nobody's", &other, true).await;
    assert!(matches!(sessions::take_over(&one, session).await.unwrap(), sessions::Taken::Epoch(_)));
    check("its own", &one, true).await;
    check("of one that lives", &other, false).await;
    // What stands in the bucket and is not wanted any more.
    let doubted = [("eda/old".to_owned(), 1)];
    synced::doubt(one.write(), session, doubted, Utc::now()).await.unwrap();
    assert_eq!(synced::astray(&other, "s3://b/").await.unwrap(), BTreeSet::new());
    assert_eq!(synced::astray(&one, "s3://b/").await.unwrap(), [session].into());

    servers::leave(&one, one.server().unwrap()).await.unwrap();
    check("of one that is gone", &other, true).await;
    assert_eq!(synced::astray(&other, "s3://b/").await.unwrap(), [session].into());
}
