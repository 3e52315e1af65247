//! `trainable admin python-env`: installing the Python environment of the sandboxes and its extras, and deleting what
//! is no longer used.

use super::{Exit, Failure, app};
use crate::{
    config::Config,
    sandbox::local::{Extra, Pruned},
};
use std::sync::Arc;

/// What is asked for beside the environment itself.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Request {
    /// Extras that are on from now on.
    pub with: Vec<Extra>,
    /// Extras that are off from now on.
    pub without: Vec<Extra>,
    /// Delete what is neither this version's nor in use.
    pub prune: bool,
}

/// Installs, with progress on stderr, and then deletes when that is asked for.
pub async fn python_env(config: Config, request: Request) -> Result<Exit, Failure> {
    let Request { with, without, prune } = request;
    if let Some(extra) = with.iter().find(|extra| without.contains(extra)) {
        let name = extra.name();
        return Err(Failure::refused(format!("`{name}` is asked for both with and without")));
    }
    let failed = |error: crate::sandbox::SandboxError| Failure::failed(error.to_string());
    let aside = app::Aside::open(&config)?;
    let progress = Arc::new(|text: String| eprintln!("trainable: {text}"));
    let on = aside.sandboxes.install(&with, &without, progress).await.map_err(failed)?;
    let names: Vec<_> = on.iter().map(|extra| extra.name()).collect();
    match &names[..] {
        [] => println!("the Python environment is ready"),
        names => println!("the Python environment is ready, with {}", names.join(" and ")),
    }
    if !with.is_empty() || !without.is_empty() {
        println!("servers that run now follow at their next start");
    }
    if prune {
        let Pruned { deleted, in_use } = aside.sandboxes.prune().await.map_err(failed)?;
        for name in &deleted {
            println!("deleted `{name}`");
        }
        for name in &in_use {
            println!("kept `{name}`: a process uses it");
        }
        if deleted.is_empty() && in_use.is_empty() {
            println!("nothing was left to delete");
        }
    }
    Ok(Exit::Done)
}
