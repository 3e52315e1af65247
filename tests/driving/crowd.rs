//! A hundred sessions at once, all with text that comes slowly: every one ends, none is starved.

use super::{
    models::{
        Models,
        delivery::{Cut, Delivery},
        script::{Script, Turn, Wire},
    },
    reading::{dense, facts, said},
    scene::{driver, providers},
    support::{
        house::{House, in_system},
        state, temporary, until, whole_log,
    },
};
use bytes::Bytes;
use entity::vocab::SessionStateName;
use serde_json::json;
use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering::SeqCst},
    },
    time::Duration,
};
use trainable::{
    event::Fact,
    llm::layers::Layers,
    sandbox::{
        Program,
        fake::{FakeSandboxes, Run, Step},
    },
};

const SESSIONS: usize = 100;
const TURNS: usize = 4;
/// How often a runner looked at the table.
static LOOKS: AtomicUsize = AtomicUsize::new(0);

/// The runners' answer about a small table; a script writes what EDA must leave.
fn programs(run: &Run) -> Vec<Step> {
    let write = |path: String, body: &'static str| Step::Write {
        path,
        body: Bytes::from_static(body.as_bytes()),
    };
    match &run.spec.program {
        Program::Runner { args, .. } => {
            let answer = json!({
                "ok": true, "problems": [], "main_table": "t", "target": null, "sampled": false,
                "notes": [], "tables": [{"name": "t", "role": "main", "file_names": ["t.csv"],
                    "path": null, "rows": 3, "columns": [], "duplicates": 0, "bytes": 10}],
            });
            let path = args.last().cloned().unwrap_or_default();
            let body = Bytes::from(answer.to_string());
            let mut steps = vec![Step::Write { path, body: body.clone() }];
            // The first time the table is only looked at; then its folder is written.
            if LOOKS.fetch_add(1, SeqCst) > 0 {
                steps.push(Step::Write { path: "/data/out/dataset.json".into(), body });
            }
            steps
        }
        _ => {
            let folder = &run.spec.workdir;
            vec![
                write(format!("{folder}/report.md"), "# Report\n"),
                write(format!("{folder}/figures/a.svg"), "<svg/>"),
                Step::Stdout(Bytes::from_static(b"written\n")),
            ]
        }
    }
}

#[test]
fn a_hundred_sessions_stream_at_once() {
    in_system(async {
        let words = "a sentence that comes piece by piece, as models say them. ".repeat(4);
        let spoken = words.clone();
        let script = Script::rule(move |asked| {
            let turn = Turn::text(format!("{} {spoken}", asked.turn));
            match asked.turn {
                n if n + 1 < TURNS => turn.code("write", "pass"),
                _ => turn.finish(),
            }
        });
        let slow =
            Delivery { cut: Cut::Events, delay: Duration::from_millis(10), ..Delivery::default() };
        let models = Models::start(
            script.model(Wire::Anthropic, "slow").model(Wire::OpenAi, "slow").delivered(slow),
        );
        let data = temporary();
        let set = providers(&models, &Layers::default(), &data.path().join("none.json"));
        let house = House::on(data.path(), set, Arc::new(FakeSandboxes::new(programs))).await;
        let experiment = house.experiment().await;
        let mut sessions = Vec::new();
        for n in 0..SESSIONS {
            let wire = if n % 2 == 0 { Wire::Anthropic } else { Wire::OpenAi };
            sessions.push(house.session_of(experiment, driver(wire, "slow")).await);
        }
        futures::future::join_all(sessions.iter().map(|session| house.start(*session))).await;

        // When half of all turns have ended, nobody stands at the start and few are at the end.
        let progress = async || {
            let mut turns = Vec::new();
            for session in &sessions {
                turns.push(
                    house.directory.snapshot(*session).await.expect("a snapshot").spent.turns,
                );
            }
            turns
        };
        let turns = tokio::time::timeout(Duration::from_secs(60), async {
            loop {
                let turns = progress().await;
                if turns.iter().sum::<u32>() as usize >= SESSIONS * TURNS / 2 {
                    return turns;
                }
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        });
        let Ok(turns) = turns.await else {
            panic!("they do not move: {:#?}", whole_log(house.log(), sessions[0]).await);
        };
        let (least, most) = (turns.iter().min().expect("some"), turns.iter().max().expect("some"));
        println!(
            "half way: from {least} to {most} turns, ratio {:.1}",
            f64::from(*most) / f64::from(*least)
        );
        assert!(*least >= 1, "somebody is starved: {turns:?}");

        for session in &sessions {
            let end = |e: &[_]| state(e) == Some(SessionStateName::EdaDone);
            let entries = until(house.log(), *session, "the end", end).await;
            dense(&entries);
            let whole: Vec<_> =
                (0..TURNS).map(|n| format!("{n} {words}").trim_end().to_owned()).collect();
            let heard: Vec<_> =
                said(&entries).iter().map(|text| text.trim_end().to_owned()).collect();
            assert_eq!(heard, whole, "every word once");
            let errors = facts(&entries).filter(|fact| matches!(fact, Fact::AgentError { .. }));
            assert_eq!(errors.count(), 0, "nobody had to try again");
        }
        assert_eq!(models.turns().len(), SESSIONS * TURNS);
    });
}
