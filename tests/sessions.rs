//! Sessions on a real database and real sandboxes, driven by a model that plays a script.

mod support;

use entity::{
    ids::StageRunId,
    vocab::{SessionStateName, Stage, StageRunState},
};
use sea_orm::EntityTrait;
use support::{
    Scripted, code, finish,
    house::{House, in_system},
    state, until, whole_log,
};
use trainable::{
    event::{EndingKind, Event, Fact, Outcome, SessionEvent},
    session::{CommandError, Providers, Refusal},
};

const WRITE_EDA: &str = r##"
import pathlib, trainable, pandas as pd
from trainable import log, configure_dashboard
files = sorted(trainable.dataset_dir().glob("*.parquet"))
print("rows", len(pd.read_parquet(files[0])))
configure_dashboard([{"title": "Loss", "metrics": ["loss"], "type": "line"}])
for step in range(5):
    log(step, {"loss": 1.0 / (step + 1), "odd": float("nan")}, run="r")
pathlib.Path("figures").mkdir(exist_ok=True)
import matplotlib.pyplot as plt
plt.plot([1, 2]); plt.savefig("figures/a.png")
pathlib.Path("report.md").write_text("# Report\n![a](figures/a.png)\n")
"##;

#[test]
fn a_stage_runs_to_its_end() {
    in_system(async {
        let data = support::temporary();
        let script =
            Scripted::new(vec![vec![finish()], vec![code("write", WRITE_EDA)], vec![finish()]]);
        let house = House::open(data.path(), Providers::new(script)).await;
        let session = house.session().await;
        house.start(session).await;
        let entries =
            until(house.log(), session, "the end", |e| state(e) == Some(SessionStateName::EdaDone))
                .await;

        let seqs: Vec<i64> = entries.iter().map(|e| e.seq).collect();
        assert_eq!(seqs, (1..=entries.len() as i64).collect::<Vec<_>>(), "dense");
        let outputs: String = entries
            .iter()
            .filter_map(|e| match &e.event {
                Event::Fact(Fact::CodeOutput { text, .. }) => Some(text.as_str()),
                _ => None,
            })
            .collect();
        assert!(outputs.contains("rows 60"), "{outputs}");
        let points: Vec<_> = entries
            .iter()
            .filter_map(|e| match &e.event {
                Event::Fact(Fact::MetricsBatch { items, .. }) => Some(items.clone()),
                _ => None,
            })
            .flatten()
            .collect();
        assert_eq!(points.len(), 10, "every point once");
        assert_eq!(points.iter().filter(|p| p.value.is_nan()).count(), 5, "NaN survives the log");
        let refused = entries.iter().any(|e| {
            matches!(&e.event, Event::Fact(Fact::ToolEnd { output, is_error: true, .. }) if output.contains("report.md"))
        });
        assert!(refused, "an early finish is told what is missing");

        let rows = entity::metrics::Entity::find().all(house.store.read()).await.expect("rows");
        assert_eq!(rows.len(), 10);
        let artifacts =
            entity::artifacts::Entity::find().all(house.store.read()).await.expect("rows");
        let mut paths: Vec<_> = artifacts.iter().map(|a| a.path.as_str()).collect();
        paths.sort_unstable();
        assert_eq!(paths, ["eda/figures/a.png", "eda/report.md", "eda/scripts/step_01_write.py"]);
        let runs = entity::stage_runs::Entity::find().all(house.store.read()).await.expect("rows");
        assert_eq!(runs.iter().map(|r| r.state).collect::<Vec<_>>(), [StageRunState::Done]);
    });
}

#[test]
fn a_cancel_kills_what_runs() {
    in_system(async {
        let data = support::temporary();
        let script = Scripted::new(vec![vec![code(
            "sleep",
            "print('up', flush=True)\nimport time\ntime.sleep(600)",
        )]]);
        let house = House::open(data.path(), Providers::new(script)).await;
        let session = house.session().await;
        house.start(session).await;
        let up = |e: &[trainable::event::Entry]| {
            e.iter().any(|e| matches!(&e.event, Event::Fact(Fact::CodeOutput { text, .. }) if text.contains("up")))
        };
        until(house.log(), session, "the output", up).await;
        let busy = house.directory.start_stage(session, house.eda()).await;
        assert!(matches!(busy, Err(CommandError::Refused(Refusal::Busy(Stage::Eda)))), "{busy:?}");
        house.directory.cancel(session).await.expect("cancelled");
        let entries = whole_log(house.log(), session).await;
        assert_eq!(state(&entries), Some(SessionStateName::Cancelled));
        let ended = entries.iter().any(|e| {
            matches!(&e.event, Event::Fact(Fact::ExecutionEnded { ending, .. }) if ending.how == EndingKind::Terminated)
        });
        assert!(ended, "the execution is ended and told apart");
        // The sandbox dies within a second; nothing of it is appended afterwards.
        tokio::time::timeout(std::time::Duration::from_secs(5), async {
            while sleeping() {
                tokio::time::sleep(std::time::Duration::from_millis(20)).await;
            }
        })
        .await
        .expect("the process is gone");
        assert_eq!(whole_log(house.log(), session).await.len(), entries.len());
    });
}

/// True while the script of the cancel test runs somewhere.
fn sleeping() -> bool {
    let Ok(processes) = std::fs::read_dir("/proc") else { return false };
    processes.filter_map(Result::ok).any(|entry| {
        let line = std::fs::read(entry.path().join("cmdline")).unwrap_or_default();
        String::from_utf8_lossy(&line).contains("step_01_sleep.py")
    })
}

#[test]
fn a_session_is_taken_up_by_the_next_server() {
    in_system(async {
        let data = support::temporary();
        let turns = || {
            Scripted::new(vec![
                vec![
                    code("first", "print('one')"),
                    code(
                        "sleep_once",
                        "import os, time\nif not os.path.exists('slept'):\n    open('slept', 'w').close()\n    print('down', flush=True)\n    time.sleep(600)",
                    ),
                ],
                vec![code("write", WRITE_EDA)],
                vec![finish()],
            ])
        };
        let house = House::open(data.path(), Providers::new(turns())).await;
        let session = house.session().await;
        house.start(session).await;
        // The first of two that run side by side has ended, the second has not.
        let down = |e: &[trainable::event::Entry]| {
            let any = |good: &dyn Fn(&Event) -> bool| e.iter().any(|e| good(&e.event));
            any(
                &|e| matches!(e, Event::Fact(Fact::CodeOutput { text, .. }) if text.contains("down")),
            ) && any(
                &|e| matches!(e, Event::Fact(Fact::ToolEnd { call_id, .. }) if call_id == "call-0-0"),
            )
        };
        let before = until(house.log(), session, "the output", down).await;
        house.directory.suspend().await;

        let next = House::open(data.path(), Providers::new(turns())).await;
        assert_eq!(next.directory.recover().await.expect("recovered"), 1);
        let entries =
            until(next.log(), session, "the end", |e| state(e) == Some(SessionStateName::EdaDone))
                .await;
        assert_eq!(&entries[..before.len()], &before[..], "what was durable stays");
        let interrupted = entries.iter().filter(|e| {
            matches!(&e.event, Event::Fact(Fact::ExecutionEnded { ending, .. }) if ending.how == EndingKind::Interrupted)
        });
        assert_eq!(interrupted.count(), 1, "what was in flight is told apart");
        let firsts = entries.iter().filter(|e| {
            matches!(&e.event, Event::Fact(Fact::CodeOutput { text, .. }) if text.contains("one"))
        });
        assert_eq!(firsts.count(), 1, "a finished call is not run again");
    });
}

#[test]
fn a_run_that_fails_can_be_retried() {
    in_system(async {
        let data = support::temporary();
        let house = House::open(data.path(), Providers::new(Scripted::new(vec![]))).await;
        let session = house.session().await;
        house.start(session).await;
        let entries = until(house.log(), session, "the failure", |e| {
            state(e) == Some(SessionStateName::Failed)
        })
        .await;
        let said = entries.iter().find_map(|e| match &e.event {
            Event::Session(SessionEvent::StageRunEnded {
                outcome: Outcome::Failed { message },
                ..
            }) => Some(message),
            _ => None,
        });
        let said = said.expect("why it failed");
        assert!(said.ends_with("its last words: turn 2") && said.contains("report.md"), "{said}");
        let snapshot = house.directory.snapshot(session).await.expect("a snapshot");
        assert_eq!(snapshot.allows.retry, Some(Stage::Eda));
        house.directory.retry(session, StageRunId::new(), None).await.expect("the retry starts");
    });
}
