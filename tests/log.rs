//! The log on a real database: dense, atomic, isolated, and read back as it was written.

mod support;

use chrono::Utc;
use entity::{
    ids::{MessageId, SessionId, StageRunId},
    vocab::{SessionStateName, Stage},
};
use sea_orm::EntityTrait;
use serde_json::json;
use support::whole_log;
use tempfile::TempDir;
use trainable::{
    event::{
        Budgets, Draft, Driver, Event, Fact, MetricPoint, Outcome, OutputStream, ProcessedDataset,
        SessionEvent, TokenUsage,
    },
    log::{AppendError, EventLog},
    store::{Store, experiments},
};

struct Bench {
    _dir: TempDir,
    store: Store,
    log: EventLog,
}

impl Bench {
    async fn open() -> Self {
        let dir = support::temporary();
        let store = support::database::open(&dir.path().join("t.db")).await;
        let log = EventLog::start(store.clone());
        Self { _dir: dir, store, log }
    }

    async fn session(&self) -> SessionId {
        let experiment = support::experiment();
        experiments::insert(&self.store, &experiment, &[]).await.expect("an experiment");
        let id = SessionId::new();
        let created = SessionEvent::SessionCreated { experiment_id: experiment.id, driver: None };
        self.append(id, 0, vec![decision(None, created)]).await.expect("created");
        id
    }

    async fn append(
        &self,
        id: SessionId,
        after: i64,
        drafts: Vec<Draft>,
    ) -> Result<i64, AppendError> {
        let entries = self.log.append(id, 0, after, Utc::now(), drafts).await?;
        Ok(entries.last().map_or(after, |entry| entry.seq))
    }
}

fn decision(stage_run: Option<StageRunId>, event: SessionEvent) -> Draft {
    Draft { stage_run, event: Event::Session(event) }
}

fn fact(stage_run: StageRunId, fact: Fact) -> Draft {
    Draft { stage_run: Some(stage_run), event: Event::Fact(fact) }
}

fn started(run: StageRunId) -> Draft {
    decision(
        Some(run),
        SessionEvent::StageRunStarted {
            stage: Stage::Train,
            through: Stage::Train,
            driver: Driver { provider: "p".into(), model: "m".into(), effort: None },
            seed: 42,
            budgets: Budgets::default(),
            approval: false,
            later: Vec::new(),
        },
    )
}

fn points(values: &[f64]) -> Fact {
    let point = |(step, value): (usize, &f64)| MetricPoint {
        step: step as i64,
        name: "loss".into(),
        value: *value,
        run: Some("r".into()),
    };
    Fact::MetricsBatch {
        call_id: "c".into(),
        items: values.iter().enumerate().map(point).collect(),
    }
}

#[tokio::test]
async fn what_is_written_is_read_back() {
    let bench = Bench::open().await;
    let (id, run) = (bench.session().await, StageRunId::new());
    let usage = TokenUsage { input: 1, output: 2, cache_read: 3, cache_write: 4, estimated: false };
    let meta = ProcessedDataset {
        columns: json!({"numeric": ["a"]}),
        feature_columns: vec!["a".into()],
        target_column: "y".into(),
        train_rows: 7,
        val_rows: 2,
        test_rows: 1,
        quality_stats: json!({"duplicates_removed": 0}),
    };
    let mut drafts = vec![started(run)];
    drafts.push(decision(
        Some(run),
        SessionEvent::StateChange { state: SessionStateName::TrainRunning },
    ));
    drafts.push(fact(run, points(&[0.5, f64::NAN, f64::INFINITY, f64::NEG_INFINITY, 1e-300])));
    drafts.push(fact(
        run,
        Fact::CodeOutput {
            call_id: "c".into(),
            stream: OutputStream::Stdout,
            text: "ä\u{1F4C8}".into(),
        },
    ));
    drafts.push(fact(run, points(&[1.0])));
    drafts.push(fact(run, Fact::AgentMessage { id: MessageId::new(), turn: 1, text: "hi".into() }));
    drafts.push(fact(run, Fact::UsageRecorded { turn: 1, usage, cost_usd: None, broken: false }));
    drafts.push(fact(run, Fact::DatasetProcessed { meta }));
    let ended = SessionEvent::StageRunEnded {
        stage: Stage::Train,
        outcome: Outcome::Done { summary: "s".into() },
    };
    drafts.push(decision(Some(run), ended));
    drafts.push(decision(
        Some(run),
        SessionEvent::StateChange { state: SessionStateName::TrainDone },
    ));
    let expect: Vec<String> = drafts.iter().map(|d| format!("{:?}", d.event)).collect();
    bench.append(id, 1, drafts).await.expect("appended");

    let entries = whole_log(&bench.log, id).await;
    assert_eq!(entries.iter().map(|e| e.seq).collect::<Vec<_>>(), (1..=11).collect::<Vec<_>>());
    // As text, because NaN is unequal to itself.
    let found: Vec<String> = entries[1..].iter().map(|e| format!("{:?}", e.event)).collect();
    assert_eq!(found, expect);

    let db = bench.store.read();
    let row = entity::sessions::Entity::find_by_id(id).one(db).await.expect("read").expect("a row");
    assert_eq!((row.state, row.last_seq), (SessionStateName::TrainDone, 11));
    assert_eq!(entity::metrics::Entity::find().all(db).await.expect("read").len(), 6);
    let meta = entity::processed_dataset_meta::Entity::find().all(db).await.expect("read");
    assert_eq!(meta.iter().map(|m| (m.total_rows, m.s3_synced)).collect::<Vec<_>>(), [(10, false)]);
    let raw = entity::events::Entity::find().all(db).await.expect("read");
    let batch = raw.iter().find(|e| e.kind == "metrics_batch").expect("a batch");
    assert!(!batch.payload.contains("loss"), "points are stored once: {}", batch.payload);
}

#[tokio::test]
async fn a_bad_append_fails_alone_and_whole() {
    let bench = Bench::open().await;
    let (good, bad) = (bench.session().await, bench.session().await);
    let run = StageRunId::new();
    // The same message twice breaks a key of the database half way through the append.
    let id = MessageId::new();
    let twice =
        || decision(None, SessionEvent::UserMessage { id, text: "x".into(), interrupt: false });
    let notice = || {
        decision(
            None,
            SessionEvent::UserMessage { id: MessageId::new(), text: "y".into(), interrupt: false },
        )
    };
    let (refused, stale, accepted) = tokio::join!(
        bench.append(bad, 1, vec![started(run), twice(), twice()]),
        bench.append(bad, 0, vec![notice()]),
        bench.append(good, 1, vec![notice()]),
    );
    assert!(matches!(refused, Err(AppendError::Refused(_))), "{refused:?}");
    assert!(matches!(stale, Err(AppendError::Conflict | AppendError::Refused(_))), "{stale:?}");
    assert_eq!(accepted.expect("the good one stands"), 2);
    assert_eq!(whole_log(&bench.log, bad).await.len(), 1, "nothing of a refused append stands");
    let runs = entity::stage_runs::Entity::find().all(bench.store.read()).await.expect("read");
    assert!(runs.is_empty(), "nor of its projections");
    assert_eq!(bench.append(bad, 1, vec![notice()]).await.expect("it goes on"), 2);
}

#[tokio::test]
async fn an_old_owner_appends_no_more() {
    let bench = Bench::open().await;
    let id = bench.session().await;
    let taken = trainable::store::sessions::take_over(&bench.store, id).await.expect("taken");
    assert_eq!(taken, trainable::store::sessions::Taken::Epoch(1));
    let said = || {
        vec![decision(
            None,
            SessionEvent::UserMessage { id: MessageId::new(), text: "x".into(), interrupt: false },
        )]
    };
    let old = bench.log.append(id, 0, 1, Utc::now(), said()).await;
    assert!(matches!(old, Err(AppendError::Conflict)), "{old:?}");
    bench.log.append(id, 1, 1, Utc::now(), said()).await.expect("the new owner does");
}

#[tokio::test]
async fn a_follower_that_reads_after_each_wake_misses_nothing() {
    let bench = Bench::open().await;
    let id = bench.session().await;
    let mut wakes = bench.log.follow(id);
    let log = bench.log.clone();
    let reader = tokio::spawn(async move {
        let mut seen = Vec::new();
        while seen.len() < 201 {
            let page = log.since(id, seen.last().copied().unwrap_or(0), 64).await.expect("read");
            if page.is_empty() {
                wakes.changed().await.expect("open");
            }
            seen.extend(page.iter().map(|entry| entry.seq));
        }
        seen
    });
    for after in 1..=200 {
        let said =
            SessionEvent::UserMessage { id: MessageId::new(), text: "x".into(), interrupt: false };
        bench.append(id, after, vec![decision(None, said)]).await.expect("appended");
    }
    assert_eq!(reader.await.expect("the reader ends"), (1..=201).collect::<Vec<_>>());
}

#[tokio::test]
async fn many_sessions_share_commits() {
    let bench = Bench::open().await;
    let mut sessions = Vec::new();
    for _ in 0..50 {
        sessions.push(bench.session().await);
    }
    let appends = sessions.iter().map(|id| {
        let said =
            SessionEvent::UserMessage { id: MessageId::new(), text: "x".into(), interrupt: false };
        bench.append(*id, 1, vec![decision(None, said)])
    });
    for result in futures::future::join_all(appends).await {
        assert_eq!(result.expect("appended"), 2);
    }
}
