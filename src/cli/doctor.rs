//! `trainable doctor` and `trainable admin python-env`: what this machine gives, and making the
//! Python environment ready.

use super::{Exit, Failure, app};
use crate::{
    config::Config,
    sandbox::{SandboxProvider, local::LocalSandboxes},
};
use std::{path::PathBuf, sync::Arc};
use uuid::Uuid;

/// Prints the standing of the sandboxes and of their Python environment.
pub async fn doctor(config: Config) -> Result<Exit, Failure> {
    let aside = Aside::open(&config)?;
    let diagnosis = aside.sandboxes.diagnose().await;
    println!("{diagnosis}");
    let good = diagnosis.standing.tier.is_some() && diagnosis.environment.interpreter.is_ok();
    Ok(if good { Exit::Done } else { Exit::Failed })
}

/// Installs the Python environment, with progress.
pub async fn python_env(config: Config) -> Result<Exit, Failure> {
    let aside = Aside::open(&config)?;
    let progress = Arc::new(|text: String| eprintln!("trainable: {text}"));
    aside.sandboxes.prepare(progress).await.map_err(|error| Failure::failed(error.to_string()))?;
    println!("the Python environment is ready");
    Ok(Exit::Done)
}

/// Sandboxes in a folder of their own beside the server's data, which a running server holds.
struct Aside {
    sandboxes: LocalSandboxes,
    folder: PathBuf,
}

impl Aside {
    fn open(config: &Config) -> Result<Self, Failure> {
        let folder = config.data.join("runs").join(Uuid::now_v7().to_string());
        let sandboxes = app::sandboxes(config, &folder)?;
        Ok(Self { sandboxes, folder })
    }
}

impl Drop for Aside {
    fn drop(&mut self) {
        if let Err(error) = std::fs::remove_dir_all(&self.folder) {
            tracing::warn!(%error, "a temporary folder was not deleted");
        }
    }
}
