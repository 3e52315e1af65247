//! The journey that the tests take: `client URL FILE`, with the token in `TRAINABLE_TOKEN`. Says what it sees as lines of JSON.

mod operations;
mod trainable;

use anyhow::{Context, ensure};
use futures::{StreamExt, pin_mut};
use operations::{
    CreateExperiment, CreateSession, Overview, SessionNow, StartStage, create_experiment,
    create_session, overview, session_events::SessionEventsSessionEventsEventsOn as Kind,
    session_now, start_stage,
};
use serde_json::json;
use sha2::{Digest, Sha256};
use std::path::Path;
use trainable::{Server, made, name};
use uuid::Uuid;

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let mut args = std::env::args().skip(1);
    let (url, file) = args.next().zip(args.next()).context("client URL FILE")?;
    // reqwest is built without a provider of cryptography of its own.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let token = std::env::var("TRAINABLE_TOKEN").unwrap_or_default();
    let server = Server { url, token, http: reqwest::Client::new() };
    let samples = server.execute::<Overview>(overview::Variables {}).await?.samples;
    ensure!(samples.iter().any(|sample| sample.id == "penguins" && sample.rows == 344));
    refusals(&server).await?;
    let session = begin(&server, Path::new(&file)).await?;
    let events = follow(&server, &session).await?;
    let now = server.execute::<SessionNow>(session_now::Variables { id: session.clone() }).await?;
    let now = now.session.context("the session")?;
    ensure!(now.report.is_some_and(|report| report.content.starts_with('#')));
    let artifacts = now.artifacts.nodes;
    let report = artifacts.into_iter().find(|artifact| artifact.path == "eda/report.md");
    let report = report.context("the report's artifact")?;
    let digest = Sha256::digest(server.download(&report.url).await?);
    let digest: String = digest.iter().map(|byte| format!("{byte:02x}")).collect();
    ensure!(digest == report.sha256);
    let (state, last) = (name(&now.state), now.last_seq);
    say(json!({"session": session, "state": state, "lastSeq": last, "events": events}));
    Ok(())
}

fn say(what: serde_json::Value) {
    println!("{what}");
}

async fn refusals(server: &Server) -> anyhow::Result<()> {
    let stranger = Server { token: "not-the-token-of-this-server".into(), ..server.clone() };
    let unknown = stranger.execute::<Overview>(overview::Variables {}).await;
    ensure!(unknown.is_err_and(|error| error.code() == "UNAUTHENTICATED"));
    for (who, code) in [(&stranger, "4403"), (server, "NOT_FOUND")] {
        let events = who.events("nothing", 0);
        pin_mut!(events);
        let answer = events.next().await.context("an answer")?;
        ensure!(answer.is_err_and(|error| error.code() == code), "{code}");
    }
    let nothing = experiment(vec![Uuid::new_v4().to_string()]);
    let answer = server.execute::<CreateExperiment>(nothing).await?;
    let refused = made!(answer.create_experiment, experiment);
    ensure!(refused.is_err_and(|error| error.code() == "UPLOAD_INCOMPLETE"));
    Ok(())
}

fn experiment(uploads: Vec<String>) -> create_experiment::Variables {
    let input = create_experiment::CreateExperimentInput {
        source: create_experiment::DatasetSource::UploadIds(uploads),
        name: None,
        description: None,
        instructions: None,
        target: None,
        main_table: None,
        idempotency_key: None,
    };
    create_experiment::Variables { input }
}

async fn begin(server: &Server, file: &Path) -> anyhow::Result<String> {
    let file_name = file.file_name().unwrap_or_default().to_string_lossy();
    let upload = server.upload(&file_name, std::fs::read(file)?).await?;
    let answer = server.execute::<CreateExperiment>(experiment(vec![upload])).await?;
    let experiment = made!(answer.create_experiment, experiment)?;

    // The same key is the same session, however often it is asked for: a lost answer is asked for again.
    let input = create_session::CreateSessionInput {
        experiment_id: experiment.id,
        provider: Some("autopilot".into()),
        model: None,
        effort: None,
        idempotency_key: Some(Uuid::new_v4().to_string()),
    };
    let once = create_session::Variables { input };
    let first = server.execute::<CreateSession>(once.clone()).await?;
    let again = server.execute::<CreateSession>(once).await?;
    let session = made!(first.create_session, session)?.id;
    ensure!(made!(again.create_session, session)?.id == session);

    let input = start_stage::StartStageInput {
        session_id: session.clone(),
        stage: start_stage::Stage::Eda,
        seed: Some(7),
        idempotency_key: Some(Uuid::new_v4().to_string()),
        through: None,
        provider: None,
        model: None,
        effort: None,
        approval: None,
        budgets: None,
        choices: None,
    };
    let started = server.execute::<StartStage>(start_stage::Variables { input }).await?;
    ensure!(made!(started.start_stage, stage_run)?.seed == 7);
    Ok(session)
}

async fn follow(server: &Server, session: &str) -> anyhow::Result<Vec<(i64, String)>> {
    let mut seen = Vec::new();
    let batches = server.events(session, 0);
    pin_mut!(batches);
    while let Some(batch) = batches.next().await {
        for event in batch?.events {
            // What has no sequence is provisional text.
            let Some(seq) = event.seq else { continue };
            ensure!(seq == seen.len() as i64 + 1, "a gap or a repetition at {seq}");
            ensure!(event.at.is_some());
            seen.push((seq, kind(&event.on)));
            if let Kind::StateChangeEvent(change) = &event.on
                && !name(&change.state).ends_with("_RUNNING")
            {
                return Ok(seen);
            }
        }
        say(json!({"seen": seen.len()}));
    }
    anyhow::bail!("the events ended")
}

fn kind(on: &Kind) -> String {
    let shown = format!("{on:?}");
    shown.split(|c: char| !c.is_alphanumeric()).next().unwrap_or_default().to_owned()
}
