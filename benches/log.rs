//! How many appends the log makes durable in a second, against a bare loop that writes the same rows: one transaction
//! per append, and one per batch. A ratio of 1 is the floor; figures alone say little on another disk.
//!
//!     cargo bench --bench log

#[path = "../tests/support/allocator.rs"]
mod allocator;

#[path = "../tests/support/mod.rs"]
mod support;

use chrono::Utc;
use entity::{events, experiments, ids::SessionId, sessions};
use sea_orm::{
    ActiveModelTrait, ColumnTrait, EntityTrait, IntoActiveModel, QueryFilter, QueryOrder,
    sea_query::Expr,
};
use std::time::{Duration, Instant};
use tempfile::TempDir;
use trainable::{
    event::{Draft, Event, Fact, OutputStream, SessionEvent},
    log::EventLog,
    store::{self, Store},
};

/// Sessions that append at once, and appends of a batch of the bare loop.
const COMPANY: usize = 64;
/// Appends of each measurement: enough for a second or so.
const APPENDS: usize = 2048;
/// Events of one append, as an agent's output comes.
const EVENTS: usize = 4;
/// The best of so many, because another process may have had the disk.
const ROUNDS: usize = 3;

fn main() {
    // `cargo test --benches` only wants to know that it builds and starts.
    if std::env::args().any(|arg| arg == "--test") {
        return;
    }
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    runtime.expect("a runtime").block_on(measure());
}

async fn measure() {
    let (mut alone, mut together, mut each, mut batched) = (0.0, 0.0, 0.0, 0.0);
    for _ in 0..ROUNDS {
        let house = House::open(COMPANY).await;
        let sessions = &house.sessions;
        alone = f64::max(alone, house.through_the_log(&sessions[..1], APPENDS / 8).await);
        together = f64::max(together, house.through_the_log(sessions, APPENDS).await);
        let copy = house.emptied().await;
        let appends = house.appends().await;
        each = f64::max(each, copy.bare(&appends[..APPENDS / 4], 1).await);
        batched = f64::max(batched, copy.bare(&appends[APPENDS / 4..], COMPANY).await);
    }
    println!("appends of {EVENTS} events made durable in a second, the best of {ROUNDS} rounds:");
    for (what, rate) in [
        ("the log, one session".to_owned(), alone),
        (format!("the log, {COMPANY} sessions at once"), together),
        ("a bare loop, one transaction per append".to_owned(), each),
        (format!("a bare loop, one transaction per {COMPANY} appends"), batched),
    ] {
        println!("{what:>48}  {rate:>9.0}");
    }
    println!("{:>48}  {:>9.2}", "one session / a transaction per append", alone / each);
    println!("{:>48}  {:>9.2}", "many sessions / a transaction per append", together / each);
    println!("{:>48}  {:>9.2}", "many sessions / a transaction per batch", together / batched);
}

/// A database in a file, its log, and sessions.
struct House {
    _folder: TempDir,
    store: Store,
    log: EventLog,
    experiment: experiments::Model,
    sessions: Vec<SessionId>,
}

impl House {
    async fn open(sessions: usize) -> Self {
        let sessions = (0..sessions).map(|_| SessionId::new()).collect();
        Self::with(support::experiment(), sessions).await
    }

    async fn with(experiment: experiments::Model, sessions: Vec<SessionId>) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let store = Store::open_sqlite(&folder.path().join("t.db")).await.expect("a database");
        let log = EventLog::start(store.clone());
        store::experiments::insert(&store, &experiment, &[]).await.expect("an experiment");
        for id in &sessions {
            let created =
                SessionEvent::SessionCreated { experiment_id: experiment.id, driver: None };
            let draft = Draft { stage_run: None, event: Event::Session(created) };
            log.append(*id, 0, 0, Utc::now(), vec![draft]).await.expect("a session");
        }
        Self { _folder: folder, store, log, experiment, sessions }
    }

    /// The same sessions in another database, with nothing appended yet.
    async fn emptied(&self) -> Self {
        Self::with(self.experiment.clone(), self.sessions.clone()).await
    }

    /// Each session appends, waits until that is durable, and appends again.
    async fn through_the_log(&self, sessions: &[SessionId], appends: usize) -> f64 {
        let mut begun = Vec::new();
        for id in sessions {
            let row = sessions::Entity::find_by_id(*id).one(self.store.read()).await;
            begun.push((*id, row.expect("an answer").expect("a session").last_seq));
        }
        let share = appends / sessions.len();
        let clock = Instant::now();
        let work = begun.into_iter().map(|(id, mut after)| {
            let log = self.log.clone();
            tokio::spawn(async move {
                for _ in 0..share {
                    let entries = log.append(id, 0, after, Utc::now(), drafts()).await;
                    after = entries.expect("it is durable").last().expect("an entry").seq;
                }
            })
        });
        for task in work.collect::<Vec<_>>() {
            task.await.expect("nothing panicked");
        }
        rate(share * sessions.len(), clock.elapsed())
    }

    /// What was appended, as rows: one list per append.
    async fn appends(&self) -> Vec<Vec<events::Model>> {
        let rows = events::Entity::find()
            .filter(events::Column::Seq.gt(1))
            .order_by_asc(events::Column::SessionId)
            .order_by_asc(events::Column::Seq)
            .all(self.store.read())
            .await
            .expect("the rows are there");
        rows.chunks(EVENTS).map(<[_]>::to_vec).collect()
    }

    /// Writes the same rows in a bare loop, `batch` appends in each transaction.
    async fn bare(&self, appends: &[Vec<events::Model>], batch: usize) -> f64 {
        let clock = Instant::now();
        for batch in appends.chunks(batch) {
            let transaction = self.store.begin().await.expect("a transaction");
            for rows in batch {
                let last = rows.last().expect("an append has events");
                let new = rows.iter().cloned().map(IntoActiveModel::into_active_model);
                let new = new.map(ActiveModelTrait::reset_all);
                let written = events::Entity::insert_many(new).exec_without_returning(&transaction);
                written.await.expect("the rows are written");
                let moved = sessions::Entity::update_many()
                    .col_expr(sessions::Column::LastSeq, Expr::value(last.seq))
                    .filter(sessions::Column::Id.eq(last.session_id))
                    .exec(&transaction);
                moved.await.expect("the session is moved on");
            }
            transaction.commit().await.expect("it is durable");
        }
        rate(appends.len(), clock.elapsed())
    }
}

/// What an agent's program prints in 20 ms, in pieces.
fn drafts() -> Vec<Draft> {
    let piece = |n| Fact::CodeOutput {
        call_id: "eda-002".into(),
        stream: OutputStream::Stdout,
        text: format!("epoch {n}: loss 0.6931, accuracy 0.5134, validation loss 0.6702\n"),
    };
    (0..EVENTS).map(|n| Draft { stage_run: None, event: Event::Fact(piece(n)) }).collect()
}

fn rate(appends: usize, took: Duration) -> f64 {
    appends as f64 / took.as_secs_f64()
}
