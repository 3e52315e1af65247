//! A page of 50 experiments with their sessions, latest figures and counts, over HTTP from a server with 100,000
//! sessions: milliseconds from the request to the last byte of the answer, and statements that it took.
//!
//!     cargo bench --bench list

#[path = "../tests/support/allocator.rs"]
mod allocator;

#[path = "../tests/support/mod.rs"]
mod support;

#[path = "../tests/support/server.rs"]
mod server;

use chrono::Utc;
use entity::{
    artifacts, experiments,
    ids::{ArtifactId, ExperimentId, SessionId, StageRunId},
    metric_series, sessions, stage_runs,
    vocab::{ArtifactType, MetricKind, SessionStateName, Stage, StageRunState},
};
use sea_orm::{ActiveModelTrait, DatabaseTransaction, EntityTrait, IntoActiveModel, ModelTrait};
use serde_json::{Value, json};
use server::Server;
use std::time::Instant;

const PAGE: &str = include_str!("../tests/support/list_page.graphql");

const EXPERIMENTS: usize = 2_000;
/// Sessions of each: 100,000 in all.
const SESSIONS: usize = 50;
const SERIES: usize = 6;
const ARTIFACTS: usize = 8;
/// How often each page is asked for.
const ROUNDS: usize = 10;
/// Milliseconds at p50.
const BAR: f64 = 5.0;
/// Rows of one statement.
const ROWS: usize = 256;

fn main() {
    // `cargo test --benches` only wants to know that it builds and starts.
    if std::env::args().any(|arg| arg == "--test") {
        return;
    }
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    let mut runtime = Some(runtime.expect("a runtime"));
    let system = actix::System::with_tokio_rt(move || runtime.take().expect("once"));
    system.block_on(measure());
}

async fn measure() {
    let server = Server::start().await;
    let clock = Instant::now();
    fill(&server).await;
    println!(
        "{} sessions of {EXPERIMENTS} experiments, with {SERIES} series and {ARTIFACTS} files each, written in {:.0} s",
        EXPERIMENTS * SESSIONS,
        clock.elapsed().as_secs_f64()
    );
    // Of sessions that were never shown since the server started, and of those that were.
    let (mut first, mut again, mut bytes) = (Times::default(), Times::default(), 0);
    for round in 0..=ROUNDS {
        let times = if round == 0 { &mut first } else { &mut again };
        let mut after = Value::Null;
        loop {
            let body = json!({"query": PAGE, "variables": {"first": 50, "after": after}});
            let before = server.store.statements();
            let clock = Instant::now();
            let request = server.http.post(server.url("/graphql")).json(&body);
            let answer = request.send().await.expect("an answer").bytes().await.expect("all of it");
            times.took.push(clock.elapsed().as_secs_f64() * 1000.0);
            times.statements.push(server.store.statements() - before);
            bytes = answer.len();
            let answer: Value = serde_json::from_slice(&answer).expect("JSON");
            let page = &answer["data"]["experiments"];
            assert_eq!(page["nodes"].as_array().map(Vec::len), Some(50), "{answer}");
            if page["pageInfo"]["hasNextPage"] == json!(false) {
                break;
            }
            after = page["pageInfo"]["endCursor"].clone();
        }
    }
    println!("a page of 50 experiments ({bytes} bytes), every page of the list:");
    first.print("the first time");
    again.print(&format!("{ROUNDS} times more"));
    println!("  (bar: p50 below {BAR} ms)");
}

/// What requests took.
#[derive(Default)]
struct Times {
    /// Milliseconds.
    took: Vec<f64>,
    statements: Vec<u64>,
}

impl Times {
    fn print(&mut self, when: &str) {
        self.statements.sort_unstable();
        self.took.sort_by(f64::total_cmp);
        let at = |share: f64| self.took[((self.took.len() - 1) as f64 * share).round() as usize];
        let (least, most) = (self.statements[0], self.statements[self.statements.len() - 1]);
        println!(
            "  {when}: p50 {:.2} ms  p95 {:.2} ms, {} requests of {least} to {most} statements",
            at(0.5),
            at(0.95),
            self.took.len()
        );
    }
}

async fn fill(server: &Server) {
    for n in 0..EXPERIMENTS {
        let transaction = server.store.begin().await.expect("a transaction");
        let experiment = experiment(n);
        let (mut all, mut runs, mut series, mut files) = (vec![], vec![], vec![], vec![]);
        for _ in 0..SESSIONS {
            let session = session(experiment.id);
            let run = run(session.id);
            series.extend((0..SERIES).map(|n| figures(&run, n)));
            files.extend((0..ARTIFACTS).map(|n| file(&run, n)));
            all.push(session);
            runs.push(run);
        }
        insert::<experiments::Entity>(&transaction, vec![experiment]).await;
        insert::<sessions::Entity>(&transaction, all).await;
        insert::<stage_runs::Entity>(&transaction, runs).await;
        insert::<metric_series::Entity>(&transaction, series).await;
        insert::<artifacts::Entity>(&transaction, files).await;
        transaction.commit().await.expect("it is durable");
    }
}

async fn insert<E: EntityTrait>(transaction: &DatabaseTransaction, rows: Vec<E::Model>)
where
    E::Model: ModelTrait<Entity = E> + IntoActiveModel<E::ActiveModel>,
{
    for share in rows.chunks(ROWS) {
        let share = share.iter().cloned().map(|row| row.into_active_model().reset_all());
        let written = E::insert_many(share).exec_without_returning(transaction).await;
        written.expect("the rows are written");
    }
}

fn experiment(n: usize) -> experiments::Model {
    let column = |n| {
        json!({"name": format!("column_{n}"), "dtype": "float64", "kind": "numeric", "missing": 3,
        "unique": 9000, "min": 0.1, "max": 99.5, "mean": 50.2, "std": 10.1, "top": [], "examples": [1.5, 2.5, null]})
    };
    let columns: Vec<Value> = (0..12).map(column).collect();
    let table = json!({"name": "t", "role": "main", "file_names": ["t.csv"], "path": null, "rows": 10_000,
        "duplicates": 0, "bytes": 1_000_000, "columns": columns});
    experiments::Model {
        id: ExperimentId::new(),
        owner: server::LOCAL.owner().into(),
        name: format!("experiment {n}"),
        description: String::new(),
        dataset_ref: String::new(),
        instructions: "predict it".into(),
        target_column: Some("column_3".into()),
        main_table: None,
        dataset: json!({"ok": true, "problems": [], "main_table": "t", "target": null, "sampled": false,
            "notes": [], "tables": [table]}),
        created_at: Utc::now(),
    }
}

fn session(experiment: ExperimentId) -> sessions::Model {
    sessions::Model {
        id: SessionId::new(),
        experiment_id: experiment,
        state: SessionStateName::TrainDone,
        answering: false,
        last_seq: 400,
        owner_epoch: 1,
        owner_id: None,
        created_at: Utc::now(),
        updated_at: Utc::now(),
    }
}

fn run(session: SessionId) -> stage_runs::Model {
    stage_runs::Model {
        id: StageRunId::new(),
        session_id: session,
        stage: Stage::Train,
        state: StageRunState::Done,
        through: Stage::Train,
        provider: "autopilot".into(),
        model: "autopilot".into(),
        seed: 42,
        error: None,
        superseded: false,
        started_at: Utc::now(),
        ended_at: Some(Utc::now()),
    }
}

fn figures(run: &stage_runs::Model, n: usize) -> metric_series::Model {
    metric_series::Model {
        stage_run_id: run.id,
        series: n as i32,
        session_id: run.session_id,
        stage: Stage::Train,
        name: ["train_loss", "val_loss", "val_auc"][n % 3].into(),
        run_tag: Some(["lightgbm", "forest"][n / 3 % 2].into()),
        superseded: false,
        first_step: 0,
        last_step: 999,
        points: 1000,
        low: Some(0.1),
        high: Some(0.9),
        value: Some(0.5),
        kind: MetricKind::Finite,
        seq: 300,
        ordinal: n as i32,
        created_at: Utc::now(),
    }
}

fn file(run: &stage_runs::Model, n: usize) -> artifacts::Model {
    artifacts::Model {
        id: ArtifactId::new(),
        session_id: run.session_id,
        stage_run_id: run.id,
        stage: Stage::Train,
        artifact_type: ArtifactType::Chart,
        name: format!("figure_{n}.png"),
        path: format!("train/figures/figure_{n}.png"),
        s3_path: None,
        size: 40_000,
        sha256: "0".repeat(64),
        metadata: json!({}),
        superseded: false,
        created_at: Utc::now(),
        updated_at: Utc::now(),
    }
}
