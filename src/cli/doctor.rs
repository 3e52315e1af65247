//! `trainable doctor`: what this machine gives, and what is missing with the fix.

use super::{Exit, Failure, app};
use crate::{config::Config, sandbox::SandboxProvider};
use std::sync::Arc;

/// Prints the standing of the sandboxes and of their Python environment.
pub async fn doctor(config: Config) -> Result<Exit, Failure> {
    let sandboxes = app::sandboxes(&config, &config.data)?;
    let diagnosis = sandboxes.diagnose().await;
    println!("{diagnosis}");
    let good = diagnosis.standing.tier.is_some() && diagnosis.environment.interpreter.is_ok();
    Ok(if good { Exit::Done } else { Exit::Failed })
}

/// Installs the Python environment, with progress.
pub async fn python_env(config: Config) -> Result<Exit, Failure> {
    let sandboxes = app::sandboxes(&config, &config.data)?;
    let progress = Arc::new(|text: String| eprintln!("trainable: {text}"));
    sandboxes.prepare(progress).await.map_err(|error| Failure::failed(error.to_string()))?;
    println!("the Python environment is ready");
    Ok(Exit::Done)
}
