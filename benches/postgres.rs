//! How many appends the log makes durable on PostgreSQL in a second, against a bare loop that inserts the same rows into
//! the same table, all of a transaction in one statement, and does nothing else. They take turns in one run.
//!
//!     cargo bench --bench postgres

#[path = "../tests/support/allocator.rs"]
mod allocator;

#[path = "../tests/support/mod.rs"]
mod support;

use chrono::Utc;
use entity::{
    events,
    ids::{MessageId, SessionId, StageRunId},
    sessions,
    vocab::Stage,
};
use sea_orm::{
    ActiveModelTrait, ColumnTrait, EntityTrait, IntoActiveModel, QueryFilter, QueryOrder,
};
use serde_json::json;
use std::time::{Duration, Instant};
use trainable::{
    event::{Budgets, Draft, Driver, Event, Fact, MetricPoint, OutputStream, SessionEvent},
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
/// The events that a session begins with.
const BEGUN: i64 = 2;
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
    let (mut mixed_alone, mut mixed_together) = (vec![], vec![]);
    for _ in 0..ROUNDS {
        let Some(house) = House::open().await else { return };
        mixed_alone.push(house.through_the_log(1, APPENDS / 16, mixed).await);
        mixed_together.push(house.through_the_log(COMPANY, APPENDS / 4, mixed).await);
        house.emptied().await;
        alone.push(house.through_the_log(1, APPENDS / 16, drafts).await);
        together.push(house.through_the_log(COMPANY, APPENDS, drafts).await);
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
    // Rows of other tables come with these, which the bare loop does not write: a figure, and no bar.
    shown("the log with its projections, one session", mixed_alone);
    shown(&format!("the same, {COMPANY} sessions at once"), mixed_together);
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
    /// Each with a run at work.
    sessions: Vec<(SessionId, StageRunId)>,
}

impl House {
    async fn open() -> Option<Self> {
        let url = support::database::another()?;
        let store = Store::open_postgres(&url).await.expect("a database");
        let log = EventLog::start(store.clone());
        let experiment = support::experiment();
        store::experiments::insert(&store, &experiment, &[]).await.expect("an experiment");
        let new = |_| (SessionId::new(), StageRunId::new());
        let sessions: Vec<_> = (0..COMPANY).map(new).collect();
        for (id, run) in &sessions {
            let created =
                SessionEvent::SessionCreated { experiment_id: experiment.id, driver: None };
            let created = Draft { stage_run: None, event: Event::Session(created) };
            let begun = Draft { stage_run: Some(*run), event: Event::Session(started()) };
            log.append(*id, 0, 0, Utc::now(), vec![created, begun]).await.expect("a session");
        }
        Some(Self { store, log, sessions })
    }

    /// Each session appends, waits until that is durable, and appends again.
    async fn through_the_log(
        &self,
        company: usize,
        appends: usize,
        drafts: fn(StageRunId, i64) -> Vec<Draft>,
    ) -> f64 {
        let mut begun = Vec::new();
        for (id, run) in &self.sessions[..company] {
            let row = sessions::Entity::find_by_id(*id).one(self.store.read()).await;
            begun.push((*id, *run, row.expect("an answer").expect("a session").last_seq));
        }
        let share = appends / company;
        let clock = Instant::now();
        let work = begun.into_iter().map(|(id, run, mut after)| {
            let log = self.log.clone();
            tokio::spawn(async move {
                for _ in 0..share {
                    let entries = log.append(id, 0, after, Utc::now(), drafts(run, after)).await;
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
            .filter(events::Column::Seq.gt(BEGUN))
            .order_by_asc(events::Column::SessionId)
            .order_by_asc(events::Column::Seq)
            .all(self.store.read())
            .await
            .expect("the rows are there");
        rows.chunks(EVENTS).map(<[_]>::to_vec).collect()
    }

    async fn emptied(&self) {
        let all = events::Entity::delete_many().filter(events::Column::Seq.gt(BEGUN));
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

/// A run begins.
fn started() -> SessionEvent {
    SessionEvent::StageRunStarted {
        stage: Stage::Train,
        through: Stage::Train,
        driver: Driver { provider: "none".into(), model: "none".into(), effort: None },
        seed: 42,
        budgets: Budgets::default(),
        approval: false,
        later: Vec::new(),
    }
}

/// What an agent's program prints in 20 ms, in pieces.
fn drafts(_: StageRunId, _: i64) -> Vec<Draft> {
    let piece = |n| Fact::CodeOutput {
        call_id: "eda-002".into(),
        stream: OutputStream::Stdout,
        text: format!("epoch {n}: loss 0.6931, accuracy 0.5134, validation loss 0.6702\n"),
    };
    (0..EVENTS).map(|n| Draft { stage_run: None, event: Event::Fact(piece(n)) }).collect()
}

/// A tool call with what is said before it and measured during it: each of them has rows beside its event.
fn mixed(run: StageRunId, after: i64) -> Vec<Draft> {
    let call_id = || format!("train-{after}");
    let said = "The loss falls steadily; the next epochs use half the learning rate.";
    let point = |n: i64| MetricPoint {
        step: after * 8 + n,
        name: "loss".into(),
        value: 1.0 / (after * 8 + n) as f64,
        run: None,
    };
    let facts: [Fact; EVENTS] = [
        Fact::AgentMessage { id: MessageId::new(), turn: 1, text: said.into() },
        Fact::ToolStart {
            call_id: call_id(),
            tool: "execute_code".into(),
            input: json!({"slug": "fit", "code": "model.fit(train, epochs=8)"}),
        },
        Fact::MetricsBatch { call_id: call_id(), items: (0..8).map(point).collect() },
        Fact::ToolEnd {
            call_id: call_id(),
            tool: "execute_code".into(),
            output: "epoch 8: loss 0.6931, accuracy 0.5134".into(),
            is_error: false,
            duration_ms: 812,
        },
    ];
    facts.map(|fact| Draft { stage_run: Some(run), event: Event::Fact(fact) }).into()
}

fn rate(appends: usize, took: Duration) -> f64 {
    appends as f64 / took.as_secs_f64()
}
