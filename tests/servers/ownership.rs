//! Leases, takeovers and turns: what one server does holds up no other, and none has what another has.

use super::{
    rows::{Rows, bare, notice, run},
    scene::{Scene, at_work, executes, row},
    support::{binary::Server, database},
};
use chrono::Utc;
use entity::{
    ids::{ServerId, SessionId},
    principal::Principal,
};
use rustix::process::Signal;
use sea_orm::{ConnectionTrait, DbBackend, EntityTrait, Statement, TransactionTrait};
use std::{sync::Arc, time::Duration};
use tokio::time::{Instant, sleep, timeout};
use trainable::store::{
    Store, StoreError, Trouble,
    hints::Hint,
    idempotency::{Claim, Keyed, claim, settle_unfinished},
    servers,
    sessions::{self, Taken},
};
use uuid::Uuid;

/// Locks a session's row as an append does.
const LOCKS: &str = "UPDATE sessions SET last_seq = last_seq WHERE id = $1";

fn me(store: &Store) -> ServerId {
    store.server().expect("one of several")
}

/// Takes a session over, without waiting for long whatever happens.
async fn take(store: &Store, session: SessionId) -> Result<Taken, StoreError> {
    let taken = timeout(Duration::from_secs(10), sessions::take_over(store, session)).await;
    taken.expect("an answer in time")
}

#[track_caller]
fn locked(taken: Result<Taken, StoreError>) {
    let error = taken.expect_err("somebody holds the row");
    assert_eq!(error.trouble(), Some(Trouble::Locked), "{error}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_row_that_is_held_holds_up_a_takeover_for_seconds() {
    let Some(url) = database::another() else { return };
    let rows = Rows::open(&url).await;
    let session = rows.session().await;
    let other = bare(&url).await;
    let held = other.begin().await.expect("a transaction");
    assert_eq!(run(&held, LOCKS, session.0).await, 1);
    let asked = Instant::now();
    locked(take(&rows.store, session).await);
    assert!(asked.elapsed() < Duration::from_secs(4), "{:?}", asked.elapsed());
    held.rollback().await.expect("it is let go of");
    let taken = take(&rows.store, session).await.expect("taken");
    assert_eq!(taken, Taken::Epoch(1));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_is_silent_within_a_transaction_loses_it() {
    let Some(url) = database::another() else { return };
    let rows = Rows::open(&url).await;
    let session = rows.session().await;
    let silent = rows.store.begin().await.expect("a transaction");
    assert_eq!(run(&silent, LOCKS, session.0).await, 1);
    let second = Store::open_postgres(&url).await.expect("it opens again");
    let begun = Instant::now();
    let taken = loop {
        match take(&second, session).await {
            Ok(taken) => break taken,
            error => locked(error),
        }
        assert!(begun.elapsed() < Duration::from_secs(15), "it holds the row for ever");
    };
    assert_eq!(taken, Taken::Epoch(1));
    let error = silent.commit().await.expect_err("it was ended");
    assert_eq!(Trouble::of(&error), Some(Trouble::Away), "{error}");
    // Trying again finds that it has no say any more.
    rows.append(session, 1, notice()).await.expect_err("another one owns it");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_takeover_and_a_renewal_never_both_win() {
    let Some(url) = database::another() else { return };
    let first = Rows::open(&url).await;
    let second = Store::open_postgres(&url).await.expect("it opens again");
    servers::enrol(&first.store, Uuid::now_v7()).await.expect("a lease");
    let session = first.session().await;
    sessions::adopt(&first.store, session).await.expect("its own");
    let owner = me(&first.store).0;
    let ended =
        "UPDATE servers SET expires_at = clock_timestamp() - interval '1 second' WHERE id = $1";
    let renews =
        "UPDATE servers SET expires_at = clock_timestamp() + interval '10 seconds' WHERE id = $1";
    let other = bare(&url).await;
    assert_eq!(run(&other, ended, owner).await, 1);

    // A renewal that is about to commit comes first.
    let renewal = other.begin().await.expect("a transaction");
    assert_eq!(run(&renewal, renews, owner).await, 1);
    let takes = {
        let second = second.clone();
        tokio::spawn(async move { take(&second, session).await })
    };
    sleep(Duration::from_millis(700)).await;
    renewal.commit().await.expect("it is renewed");
    let taken = takes.await.expect("nothing panicked").expect("an answer");
    assert_eq!(taken, Taken::Elsewhere);

    // Once it has ended the session is taken, and the next renewal finds that.
    assert_eq!(run(&other, ended, owner).await, 1);
    let taken = take(&second, session).await.expect("an answer");
    assert_eq!(taken, Taken::Epoch(1));
    servers::renew(&first.store, me(&first.store)).await.expect("renewed");
    let lost = sessions::lost(&first.store, &[session]).await.expect("an answer");
    assert_eq!(lost, [session]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lease_is_renewed_while_every_connection_is_taken() {
    let Some(url) = database::another() else { return };
    let store = Store::open_postgres(&url).await.expect("the database opens");
    servers::renew(&store, me(&store)).await.expect("a lease");
    let mut taken = Vec::new();
    // As many as there are.
    while let Ok(Ok(transaction)) = timeout(Duration::from_secs(2), store.begin()).await {
        taken.push(transaction);
    }
    assert!(taken.len() >= 16, "{}", taken.len());
    let renewed = timeout(Duration::from_secs(2), servers::renew(&store, me(&store))).await;
    assert!(renewed.expect("in time").expect("renewed").held);
}

#[tokio::test(flavor = "multi_thread")]
async fn many_turns_at_once_leave_room_for_what_they_read() {
    let Some(url) = database::another() else { return };
    let store = Store::open_postgres(&url).await.expect("the database opens");
    let turns = (0..24).map(|_| {
        let store = store.clone();
        tokio::spawn(async move {
            let turn = store.turn(Uuid::now_v7()).await.expect("a turn");
            sleep(Duration::from_millis(500)).await;
            let found = sessions::find(store.read(), SessionId::new()).await;
            assert!(found.expect("the database answers").is_none());
            turn.held().await.expect("it is held");
        })
    });
    let all = futures::future::join_all(turns.collect::<Vec<_>>());
    let done = timeout(Duration::from_secs(9), all).await.expect("nobody waits for long");
    done.into_iter().for_each(|done| done.expect("nothing panicked"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_turn_is_one_servers_and_who_loses_it_knows() {
    let Some(url) = database::another() else { return };
    let first = Store::open_postgres(&url).await.expect("the database opens");
    let second = Store::open_postgres(&url).await.expect("it opens again");
    let what = Uuid::now_v7();
    let turn = first.turn(what).await.expect("a turn");
    let next = {
        let second = second.clone();
        tokio::spawn(async move { second.turn(what).await })
    };
    sleep(Duration::from_secs(1)).await;
    assert!(!next.is_finished() && turn.held().await.is_ok(), "it is the first one's");
    let text = "SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory' AND granted \
                AND database = (SELECT oid FROM pg_database WHERE datname = current_database())";
    let ended = first.read().query_all_raw(Statement::from_string(DbBackend::Postgres, text)).await;
    assert_eq!(ended.expect("it is ended").len(), 1);
    let next = timeout(Duration::from_secs(5), next).await.expect("in time").expect("no panic");
    let next = next.expect("a turn");
    assert!(turn.held().await.is_err(), "the first one knows");
    next.held().await.expect("it is the second one's");
    // A turn that is dropped is over.
    drop(next);
    timeout(Duration::from_secs(5), first.turn(what)).await.expect("in time").expect("a turn");
}

/// One server's lease, while the other's session cannot be taken.
#[tokio::test(flavor = "multi_thread")]
async fn a_session_that_cannot_be_taken_costs_nobody_the_lease() {
    let Some(scene) = Scene::new(60) else { return };
    let (mut first, second) = (scene.serve("a").await, scene.serve("b").await);
    let session = at_work(&first, "EDA").await;
    first.follow(&session, 0, "a program at work", executes).await;
    let store = scene.store().await;
    let owner = standing(&store, &session).await.owner_id;
    // As if the server had been cut off in the middle of an append, on a database that waits for it.
    first.running.signal(Signal::STOP);
    let other = bare(&scene.url).await;
    let held = other.begin().await.expect("a transaction");
    run(&held, LOCKS, row(&session).0).await;
    first.running.signal(Signal::KILL);
    first.running.ended(Duration::from_secs(5)).await;
    let begun = Instant::now();
    while begun.elapsed() < Duration::from_secs(25) {
        let lives = "SELECT 1 FROM servers WHERE id <> $1 AND expires_at > clock_timestamp()";
        let gone = owner.expect("an owner").0;
        assert!(run(store.read(), lives, gone).await >= 1, "the lease ended");
        sleep(Duration::from_millis(500)).await;
    }
    assert!(!second.running.said().contains("the lease"), "{}", second.running.said());
    assert_eq!(standing(&store, &session).await.owner_id, owner);
    held.rollback().await.expect("it is let go of");
    let freed = Instant::now();
    while standing(&store, &session).await.owner_id == owner {
        assert!(freed.elapsed() < Duration::from_secs(20), "nobody takes it");
        sleep(Duration::from_millis(100)).await;
    }
    println!("taken {} ms after its row was free", freed.elapsed().as_millis());
    second.stop().await;
}

async fn standing(store: &Store, session: &str) -> entity::sessions::Model {
    let found = entity::sessions::Entity::find_by_id(row(session)).one(store.read()).await;
    found.expect("it is read").expect("a session")
}

/// How many sessions are awake on a server.
async fn awake(server: &Server) -> String {
    let client = super::support::client();
    let meters = client.get(format!("http://{}/metrics", server.address)).send().await;
    let meters = meters.expect("an answer").text().await.expect("a text");
    let line = meters.lines().find(|line| line.starts_with("trainable_sessions_awake "));
    line.expect("it is counted").to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_taken_is_let_go_of_though_the_lease_never_ended() {
    let Some(scene) = Scene::new(1) else { return };
    let server = scene.serve("a").await;
    let upload = server.upload("things.csv", super::support::binary::small_table(40)).await;
    let input = serde_json::json!({"target": "kind", "source": {"uploadIds": [upload]}});
    let session = server.session(input).await;
    assert_eq!(awake(&server).await, "trainable_sessions_awake 1");
    let other = bare(&scene.url).await;
    let takes = "UPDATE sessions SET owner_epoch = owner_epoch + 1, owner_id = gen_random_uuid() WHERE id = $1";
    assert_eq!(run(&other, takes, row(&session).0).await, 1);
    let begun = Instant::now();
    while awake(&server).await != "trainable_sessions_awake 0" {
        assert!(begun.elapsed() < Duration::from_secs(8), "it is still awake");
        sleep(Duration::from_millis(100)).await;
    }
    server.stop().await;
}

async fn claimed(store: &Store, key: &str) -> Claim {
    let keyed = Keyed {
        principal: &Principal::Local,
        key,
        operation: "createSession",
        input_digest: "of the input".to_owned(),
    };
    claim(store, &keyed, Utc::now()).await.expect("it is claimed")
}

#[tokio::test(flavor = "multi_thread")]
async fn keys_of_a_server_that_may_still_write_are_left_alone() {
    let Some(url) = database::another() else { return };
    let first = Store::open_postgres(&url).await.expect("the database opens");
    let second = Store::open_postgres(&url).await.expect("it opens again");
    let (seat, other) = (Uuid::now_v7(), bare(&url).await);
    servers::enrol(&first, seat).await.expect("a lease");
    servers::enrol(&second, Uuid::now_v7()).await.expect("a lease");
    let at_it = Claim::Earlier { same: true, result: None };
    let ended = |since: &'static str| {
        let text = format!(
            "UPDATE servers SET expires_at = clock_timestamp() - interval '{since}' WHERE id = $1"
        );
        let (other, id) = (other.clone(), me(&first).0);
        async move { assert_eq!(run(&other, &text, id).await, 1) }
    };
    assert!(matches!(claimed(&first, "a").await, Claim::Mine(_)));
    // It waits for the database, as appends do.
    for since in ["1 second", "100 seconds"] {
        ended(since).await;
        settle_unfinished(&second).await.expect("settled");
        assert_eq!(claimed(&second, "a").await, at_it, "{since}");
    }
    servers::leave(&first, me(&first)).await.expect("it leaves");
    settle_unfinished(&second).await.expect("settled");
    assert_eq!(claimed(&second, "a").await, at_it, "its last requests are on their way");
    ended("10 minutes").await;
    settle_unfinished(&second).await.expect("settled");
    assert!(matches!(claimed(&second, "a").await, Claim::Mine(_)), "nobody is at it");

    // Whoever has the seat of a server knows that it is gone.
    servers::renew(&first, me(&first)).await.expect("a lease");
    assert!(matches!(claimed(&first, "b").await, Claim::Mine(_)));
    let next = Store::open_postgres(&url).await.expect("it opens a third time");
    servers::enrol(&next, seat).await.expect("a lease");
    settle_unfinished(&next).await.expect("settled");
    assert!(matches!(claimed(&next, "b").await, Claim::Mine(_)), "nobody is at it");
}

#[tokio::test(flavor = "multi_thread")]
async fn servers_that_may_come_back_are_told_from_those_that_do_not() {
    let Some(url) = database::another() else { return };
    let first = Rows::open(&url).await;
    let second = Store::open_postgres(&url).await.expect("it opens again");
    let seat = Uuid::now_v7();
    servers::enrol(&first.store, seat).await.expect("a lease");
    servers::enrol(&second, Uuid::now_v7()).await.expect("a lease");
    let session = first.session().await;
    sessions::adopt(&first.store, session).await.expect("its own");
    let may_return =
        || async { servers::may_return(&second, me(&second)).await.expect("an answer") };
    let other = bare(&url).await;
    let ended =
        "UPDATE servers SET expires_at = clock_timestamp() - interval '3 seconds' WHERE id = $1";
    assert!(!may_return().await, "it lives");
    run(&other, ended, me(&first.store).0).await;
    assert!(may_return().await, "its lease ended just now");
    let next = Store::open_postgres(&url).await.expect("it opens a third time");
    servers::enrol(&next, seat).await.expect("a lease");
    let by_next = servers::may_return(&next, me(&next)).await.expect("an answer");
    assert!(!by_next, "its seat is taken");
    sessions::release(&first.store, None).await.expect("given up");
    assert!(!may_return().await, "it has nothing to come back for");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_no_hint_came_for_is_found_by_looking() {
    let Some(url) = database::another() else { return };
    let (ours, theirs) = (Arc::new(Rows::open(&url).await), Rows::open(&url).await);
    let session = ours.session().await;
    let mut wakes = theirs.log.follow(session);
    let mut changes = theirs.log.changes();
    let mut hints = theirs.store.hints().expect("hints").hear();
    // The listener has begun, and is done with its own start.
    timeout(Duration::from_secs(10), hints.recv()).await.expect("in time").expect("a word");
    sleep(Duration::from_secs(1)).await;
    while changes.try_recv().is_ok() {}

    // A lost connection: whatever changed meanwhile may not have been heard.
    let text = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity \
                WHERE datname = current_database() AND query LIKE 'LISTEN%'";
    let cut = ours.store.read().query_all_raw(Statement::from_string(DbBackend::Postgres, text));
    assert_eq!(cut.await.expect("they are cut").len(), 2);
    let missed = timeout(Duration::from_secs(10), hints.recv()).await;
    assert_eq!(missed.expect("in time").expect("a word"), Hint::Missed);
    let change = timeout(Duration::from_secs(5), changes.recv()).await;
    assert_eq!(change.expect("in time").expect("a word"), trainable::log::Change::Unknown);

    // A deletion of which nobody said a word.
    let other = bare(&url).await;
    run(&other, "DELETE FROM events WHERE session_id = $1", session.0).await;
    assert_eq!(run(&other, "DELETE FROM sessions WHERE id = $1", session.0).await, 1);
    let ends = async { while wakes.changed().await.is_ok() {} };
    timeout(Duration::from_secs(15), ends).await.expect("whoever follows is told");
}
