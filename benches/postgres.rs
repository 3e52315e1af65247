//! How many appends the log makes durable on PostgreSQL in a second, against a bare loop that inserts the same rows into
//! the same table, all of a transaction in one statement, and does nothing else. They take turns in one run.
//!
//!     cargo bench --bench postgres

#[path = "../tests/support/mod.rs"]
mod support;

use chrono::Utc;
use entity::{events, ids::SessionId, sessions};
use sea_orm::{
    ActiveModelTrait, ColumnTrait, EntityTrait, IntoActiveModel, QueryFilter, QueryOrder,
};
use std::time::{Duration, Instant};
use trainable::{
    event::{Draft, Event, Fact, OutputStream, SessionEvent},
    log::EventLog,
    store::{self, Store},
};

/// Sessions that append at once, and appends of a transaction of the bare loop.
const COMPANY: usize = 64;
/// Appends of each measurement.
const APPENDS: usize = 4096;
/// Events of one append, as an agent's output comes.
const EVENTS: usize = 4;
const ROUNDS: usize = 5;
/// The bar.
const BARE_WITHIN: f64 = 3.0;

fn main() {
    // `cargo test --benches` only wants to know that it builds and starts.
    if std::env::args().any(|arg| arg == "--test") {
        return;
    }
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    runtime.expect("a runtime").block_on(measure());
}

async fn measure() {
    let (mut alone, mut together, mut each, mut bare) = (vec![], vec![], vec![], vec![]);
    for _ in 0..ROUNDS {
        let Some(house) = House::open().await else { return };
        alone.push(house.through_the_log(1, APPENDS / 16).await);
        together.push(house.through_the_log(COMPANY, APPENDS).await);
        let appends = house.appends().await;
        house.emptied().await;
        each.push(house.bare(&appends[..APPENDS / 16], 1).await);
        house.emptied().await;
        bare.push(house.bare(&appends, COMPANY).await);
    }
    println!("appends of {EVENTS} events made durable in a second on PostgreSQL, {ROUNDS} rounds:");
    let alone = shown("the log, one session", alone);
    let together = shown(&format!("the log, {COMPANY} sessions at once"), together);
    let each = shown("bare inserts, a transaction per append", each);
    let bare = shown(&format!("bare inserts, a transaction per {COMPANY} appends"), bare);
    for (what, within) in [("one session", each / alone), ("many sessions", bare / together)] {
        let what = format!("bare inserts / the log, {what}");
        println!("{what:>48}  {within:>9.2}  (bar: at most {BARE_WITHIN})");
    }
}

/// Prints the median of some rounds with the least and the most, and returns it.
fn shown(what: &str, mut rates: Vec<f64>) -> f64 {
    rates.sort_by(f64::total_cmp);
    let (least, median, most) = (rates[0], rates[rates.len() / 2], rates[rates.len() - 1]);
    println!("{what:>48}  {median:>9.0}  ({least:.0} to {most:.0})");
    median
}

/// A database of its own, its log, and sessions.
struct House {
    store: Store,
    log: EventLog,
    sessions: Vec<SessionId>,
}

impl House {
    async fn open() -> Option<Self> {
        let url = support::database::another()?;
        let store = Store::open_postgres(&url).await.expect("a database");
        let log = EventLog::start(store.clone());
        let experiment = support::experiment();
        store::experiments::insert(&store, &experiment, &[]).await.expect("an experiment");
        let sessions: Vec<_> = (0..COMPANY).map(|_| SessionId::new()).collect();
        for id in &sessions {
            let created =
                SessionEvent::SessionCreated { experiment_id: experiment.id, driver: None };
            let draft = Draft { stage_run: None, event: Event::Session(created) };
            log.append(*id, 0, 0, Utc::now(), vec![draft]).await.expect("a session");
        }
        Some(Self { store, log, sessions })
    }

    /// Each session appends, waits until that is durable, and appends again.
    async fn through_the_log(&self, company: usize, appends: usize) -> f64 {
        let mut begun = Vec::new();
        for id in &self.sessions[..company] {
            let row = sessions::Entity::find_by_id(*id).one(self.store.read()).await;
            begun.push((*id, row.expect("an answer").expect("a session").last_seq));
        }
        let share = appends / company;
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
        rate(share * company, clock.elapsed())
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

    async fn emptied(&self) {
        let all = events::Entity::delete_many().filter(events::Column::Seq.gt(1));
        all.exec(self.store.write()).await.expect("they are deleted");
    }

    /// Inserts the same rows, `batch` appends in each transaction.
    async fn bare(&self, appends: &[Vec<events::Model>], batch: usize) -> f64 {
        let clock = Instant::now();
        for batch in appends.chunks(batch) {
            let transaction = self.store.begin().await.expect("a transaction");
            let rows = batch.iter().flatten().cloned().map(IntoActiveModel::into_active_model);
            let rows = rows.map(ActiveModelTrait::reset_all);
            let written = events::Entity::insert_many(rows).exec_without_returning(&transaction);
            written.await.expect("the rows are written");
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
