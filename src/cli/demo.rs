//! The demo: the whole pipeline on a bundled dataset, in the server that shows it.

use super::{app::App, follow::follow};
use crate::{
    dataset::{NewExperiment, Source},
    session::{DriverRequest, StageRequest},
};
use entity::{ids::SessionId, principal::Principal, vocab::Stage};
use std::{net::SocketAddr, sync::Arc};

/// Runs the demo and says how it went. The server goes on in any case.
pub async fn run(app: &App, sample: &str, address: SocketAddr) {
    match pipeline(app, sample).await {
        Ok(()) => eprintln!("trainable: the demo is done"),
        Err(said) => eprintln!("trainable: the demo failed: {said}"),
    }
    eprintln!("trainable: look at it at http://{address}/ ; Ctrl-C stops the server");
}

async fn pipeline(app: &App, sample: &str) -> Result<(), String> {
    let progress = Arc::new(|text: String| eprintln!("trainable: {text}"));
    app.sandboxes.prepare(progress).await.map_err(|e| e.to_string())?;
    let session = begin(app, sample).await?;
    let followed = follow(app.directory.log(), session).await?;
    match followed.error {
        None => Ok(()),
        Some(error) => Err(error),
    }
}

async fn begin(app: &App, sample: &str) -> Result<SessionId, String> {
    let principal = Principal::Local;
    let known = crate::dataset::list_samples().iter().find(|s| s.id == sample);
    let new = NewExperiment {
        instructions: known.map(|s| s.instructions.clone()).unwrap_or_default(),
        source: Source::Sample(sample.to_owned()),
        ..NewExperiment::default()
    };
    let experiment =
        app.datasets.create_experiment(&principal, new).await.map_err(|e| e.to_string())?;
    // Whatever keys are set: a demo costs nothing.
    let driver = DriverRequest { provider: Some("autopilot".to_owned()), ..Default::default() };
    let session = SessionId::new();
    let made = app.directory.create(&principal, session, experiment.id, driver).await;
    made.map_err(|e| e.to_string())?;
    let request = StageRequest {
        through: Some(Stage::Train),
        ..StageRequest::new(Stage::Eda, app.directory.default_budgets())
    };
    app.directory.start_stage(session, request).await.map_err(|e| e.to_string())?;
    Ok(session)
}
