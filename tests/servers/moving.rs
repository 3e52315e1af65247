//! `trainable admin copy`: an installation moves to another database and back, and nothing of it changes.

use super::{
    rows::{at_rest, event, execute, insert, opened},
    scene::{Scene, at_work, trained},
    support::{
        binary::{Ended, dense, end, trainable},
        database::another,
    },
};
use chrono::Utc;
use entity::{
    events,
    ids::{SessionId, UploadId},
    principal::Principal,
    sessions, tombstones, uploads,
    vocab::{Mortal, UploadState},
};
use sea_orm::{ConnectionTrait, DbBackend, EntityTrait, PaginatorTrait, Statement};
use std::{collections::BTreeSet, path::Path, sync::Mutex, time::Duration};
use tokio::{
    runtime::Handle,
    task::block_in_place,
    time::{Instant, timeout},
};
use trainable::store::{
    Store,
    copy::{self as store, CopyError},
    servers,
};
use uuid::Uuid;

async fn copy(data: &Path, from: &str, to: &str) -> Ended {
    let mut command = trainable(data);
    command.args(["admin", "copy", "--from", from, "--to", to]);
    end(command).await
}

#[tokio::test(flavor = "multi_thread")]
async fn an_installation_moves_to_another_database_and_back() {
    let Some(scene) = Scene::new(1) else { return };
    let server = scene.serve("a").await;
    let session = at_work(&server, "TRAIN").await;
    let events = server.follow(&session, 0, "the end", trained).await;
    let to = format!("sqlite://{}", scene.data("moved").join("trainable.db").display());

    let busy = copy(&scene.data("a"), &scene.url, &to).await;
    assert_eq!(busy.code, Some(2), "{busy:?}");
    assert!(busy.stderr.contains("a server uses the source; stop it first"), "{busy:?}");
    server.stop().await;
    let moved = copy(&scene.data("a"), &scene.url, &to).await;
    assert_eq!(moved.code, Some(0), "{moved:?}");
    assert!(moved.stderr.contains(&format!("events: {} rows", events.len())), "{moved:?}");
    let full = copy(&scene.data("a"), &scene.url, &to).await;
    assert_eq!(full.code, Some(2), "{full:?}");
    assert!(full.stderr.contains("has rows in `experiments` already"), "{full:?}");
    let nothing = copy(&scene.data("a"), "sqlite:///no/such.db", "elsewhere").await;
    assert_eq!(nothing.code, Some(2), "{nothing:?}");
    assert!(nothing.stderr.contains("--to is no address of a database"), "{nothing:?}");

    // On SQLite, with the files that it had.
    let moved = scene.data("moved");
    for name in ["volumes", "objects"] {
        std::fs::rename(scene.data("shared").join(name), moved.join(name)).expect("it is moved");
    }
    let server = super::support::binary::Server::start(&moved, &[("DATABASE_URL", "")]).await;
    assert_eq!(server.follow(&session, 0, "the end", trained).await, events);
    dense(&events);
    assert_eq!(server.state(&session).await, "TRAIN_DONE");
    server.stop().await;

    // And back, into another database.
    let Some(url) = another() else { return };
    let back = copy(&moved, &to, &url).await;
    assert_eq!(back.code, Some(0), "{back:?}");
    let server =
        super::support::binary::Server::start(&moved, &[("DATABASE_URL", url.as_str())]).await;
    assert_eq!(server.follow(&session, 0, "the end", trained).await, events);
    server.stop().await;
}

/// Two databases of PostgreSQL, the first with two sessions at rest; the log of the second is being deleted.
async fn two() -> Option<(String, String, SessionId)> {
    let (from, to) = (another()?, another()?);
    let store = opened(&from).await;
    let session = at_rest(&store, 1).await;
    let dying = at_rest(&store, 7).await;
    let buried = tombstones::Model { id: dying.0, kind: Mortal::Session, created_at: Utc::now() };
    insert::<tombstones::Entity>(&store, buried).await;
    Some((from, to, session))
}

/// Copies, and does something when all of a table is read.
async fn copied(
    from: &Store,
    to: &Store,
    table: &str,
    then: impl AsyncFnOnce() + Send,
) -> Result<Vec<(&'static str, u64)>, CopyError> {
    let then = Mutex::new(Some(then));
    let progress = |name: &str, rows: u64, all: u64| {
        let due = (name == table && rows == all).then(|| then.lock().expect("whole").take());
        if let Some(then) = due.flatten() {
            block_in_place(|| Handle::current().block_on(then()));
        }
    };
    store::copy(from, to, &progress).await
}

async fn sessions_of(store: &Store) -> u64 {
    sessions::Entity::find().count(store.read()).await.expect("a number")
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_copied_is_one_moment_and_all_there_is() {
    let Some((from, to, session)) = two().await else { return };
    let (from, to) = (opened(&from).await, opened(&to).await);
    let last =
        |seq: i64| format!("UPDATE sessions SET last_seq = {seq} WHERE id = '{}'", session.0);

    // A server that slept for so long that its lease had ended wakes and goes on.
    let late = copied(&from, &to, "sessions", async || {
        insert::<events::Entity>(&from, event(session, 2)).await;
        execute(&from, &last(2)).await;
    });
    let late = late.await;
    assert!(matches!(late, Err(CopyError::Written)), "{late:?}");
    assert_eq!(sessions_of(&to).await, 0, "nothing was copied");

    // A row that does not agree with its log is not carried on.
    execute(&from, &last(5)).await;
    let damaged = copied(&from, &to, "", async || {}).await;
    assert!(
        matches!(damaged, Err(CopyError::Damaged { session: id, last: 5, ends: 2 }) if id == session),
        "{damaged:?}"
    );
    execute(&from, &last(2)).await;

    // What comes after the first look is of another moment.
    let done = copied(&from, &to, "experiments", async || {
        let row = uploads::Model {
            id: UploadId::new(),
            owner: Principal::Local.owner().to_owned(),
            file_name: "late.csv".into(),
            state: UploadState::Open,
            size: None,
            sha256: None,
            experiment_id: None,
            created_at: Utc::now(),
            stored_at: None,
            length: None,
            checkpoint: None,
            holder: None,
            source: None,
            problem: None,
            server_id: None,
        };
        insert::<uploads::Entity>(&from, row).await;
    });
    let done = done.await.expect("it is copied");
    let rows = |name: &str| done.iter().find(|(table, _)| *table == name).map(|(_, rows)| *rows);
    assert_eq!(
        [rows("sessions"), rows("events"), rows("uploads"), rows("tombstones")],
        [Some(2), Some(3), Some(0), Some(1)]
    );

    // No table is forgotten.
    let tables = Statement::from_string(
        DbBackend::Postgres,
        "SELECT table_name::text FROM information_schema.tables WHERE table_schema = 'public'",
    );
    let tables = to.read().query_all_raw(tables).await.expect("the tables");
    let tables: BTreeSet<String> =
        tables.iter().map(|row| row.try_get_by_index(0).expect("a name")).collect();
    let own = ["seaql_migrations", "servers", "session_commands"].map(str::to_owned);
    let copied = done.iter().map(|(table, _)| (*table).to_owned());
    assert_eq!(copied.chain(own).collect::<BTreeSet<_>>(), tables);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_starts_meanwhile_waits_for_the_end() {
    let Some((from, to, _)) = two().await else { return };
    let starting = [opened(&from).await, opened(&to).await];
    let (from, to) = (opened(&from).await, opened(&to).await);
    let begun = Mutex::new(Vec::new());
    let done = copied(&from, &to, "experiments", async || {
        for store in starting.clone() {
            let start = async move { servers::enrol(&store, Uuid::now_v7()).await };
            begun.lock().expect("whole").push(tokio::spawn(start));
        }
        // A lease is taken within a few milliseconds when nothing is in the way.
        tokio::time::sleep(Duration::from_millis(500)).await;
        let waits = begun.lock().expect("whole").iter().all(|start| !start.is_finished());
        assert!(waits, "a server got its lease in the middle of a copy");
    });
    done.await.expect("it is copied");
    for start in begun.into_inner().expect("whole") {
        let enrolled = timeout(Duration::from_secs(10), start).await.expect("in time");
        enrolled.expect("no panic").expect("a lease");
    }
    for (store, name) in [(&from, "source"), (&to, "target")] {
        assert!(servers::any(store).await.expect("an answer"), "{name}");
    }
    let again = store::copy(&from, &to, &|_, _, _| {}).await;
    assert!(matches!(again, Err(CopyError::InUse("target"))), "{again:?}");
}

/// How many rows of a table a database has read so far, for whatever reason.
async fn read_of(store: &Store, table: &str) -> i64 {
    let text = format!(
        "SELECT seq_tup_read + COALESCE(idx_tup_fetch, 0) FROM pg_stat_user_tables WHERE relname = '{table}'"
    );
    let row = store.read().query_one_raw(Statement::from_string(DbBackend::Postgres, text)).await;
    row.expect("an answer").expect("the table").try_get_by_index(0).expect("a number")
}

#[tokio::test(flavor = "multi_thread")]
async fn the_work_of_a_copy_grows_as_its_rows_do() {
    let mut read = Vec::new();
    for rows in [10_000, 20_000] {
        let Some((url, _, session)) = two().await else { return };
        let store = opened(&url).await;
        let objects = format!(
            "INSERT INTO synced_objects (session_id, path, size, sha256, synced_at) \
             SELECT '{}', 'eda/' || n, n, '', now() FROM generate_series(1, {rows}) n",
            session.0
        );
        execute(&store, &objects).await;
        let before = read_of(&store, "synced_objects").await;
        let folder = super::support::temporary();
        let to = Store::open_sqlite(&folder.path().join("copy.db")).await.expect("it opens");
        let from = opened(&url).await;
        let begun = Instant::now();
        store::copy(&from, &to, &|_, _, _| {}).await.expect("it is copied");
        let took = begun.elapsed();
        // A connection that ends tells what it read.
        drop(from);
        let known = async {
            loop {
                let now = read_of(&store, "synced_objects").await - before;
                if now >= rows {
                    return now;
                }
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        };
        let now = timeout(Duration::from_secs(20), known).await.expect("the statistics come");
        println!("{rows} rows: {now} were read in all, in {} ms", took.as_millis());
        assert!(now <= 4 * rows, "{rows} rows, and {now} were read of them");
        read.push(now);
    }
    println!("twice the rows: {:.2} times the reading", read[1] as f64 / read[0] as f64);
}
