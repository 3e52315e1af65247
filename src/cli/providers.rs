//! The model providers of one process, as it is configured: those that are ready, and why the others
//! are not.

use super::Failure;
use crate::{
    autopilot::Autopilot,
    config::{Config, Models},
    llm::{
        LlmError, LlmProvider,
        anthropic::{self, Anthropic, AnthropicConfig, Credential},
        catalog::Catalog,
        layers::layered,
        openai::{self, OpenAi, OpenAiConfig},
        replay::{Recordings, Replay},
    },
    session::Providers,
};
use async_trait::async_trait;
use std::sync::Arc;

const NO_ANTHROPIC: &str = "set `ANTHROPIC_API_KEY` (or `ANTHROPIC_AUTH_TOKEN`) and start again";
const NO_OPENAI: &str = "set `OPENAI_API_KEY`, or `OPENAI_BASE_URL` for an endpoint of your own such as \
    `http://127.0.0.1:11434/v1`, and start again";

/// The recordings of a process that has no place for any: it is not going to serve, and only wants to know what else is
/// wrong.
pub(super) struct NoRecordings;

#[async_trait]
impl Recordings for NoRecordings {
    async fn read(&self, _: &str) -> Result<Option<Vec<u8>>, String> {
        Ok(None)
    }

    async fn list(&self) -> Result<Vec<String>, String> {
        Ok(Vec::new())
    }
}

/// Builds the set. With a key a real model is the default; without one the autopilot is.
///
/// *Errors*: one sentence about the configuration.
pub(super) fn providers(
    config: &Config,
    recordings: Arc<dyn Recordings>,
) -> Result<Providers, Failure> {
    let models = &config.models;
    let catalog = Catalog::load(models.catalog.as_deref());
    let catalog = catalog.map_err(|error| Failure::refused(error.to_string()))?;
    let mut set = Providers::new(Arc::new(Autopilot));
    let mut real = Vec::new();
    set = match anthropic(models).map_err(unusable)? {
        Some(provider) => {
            real.push("anthropic");
            set.with(provider)
        }
        None => set.without("anthropic", anthropic_model(models), NO_ANTHROPIC),
    };
    set = match openai(models).map_err(unusable)? {
        Some(provider) => {
            real.push("openai");
            set.with(provider)
        }
        None => set.without("openai", openai_model(models), NO_OPENAI),
    };
    set = set.with(Arc::new(Replay::new(recordings))).knowing(Arc::new(catalog));
    match (&models.default, real.first()) {
        (Some(name), _) => {
            set = set.by_default(name);
            // Said at the start, not at the first click.
            set.get(None).map_err(|error| Failure::refused(error.to_string()))?;
        }
        (None, Some(name)) => set = set.by_default(name),
        (None, None) => {}
    }
    Ok(set)
}

fn unusable(error: LlmError) -> Failure {
    Failure::refused(error.to_string())
}

fn anthropic_model(models: &Models) -> &str {
    models.anthropic.model.as_deref().unwrap_or(anthropic::DEFAULT_MODEL)
}

fn openai_model(models: &Models) -> &str {
    // An endpoint of the user's own has models of its own.
    let theirs = models.openai.base_url.is_none();
    let default = if theirs { openai::DEFAULT_MODEL } else { "" };
    models.openai.model.as_deref().unwrap_or(default)
}

fn anthropic(models: &Models) -> Result<Option<Arc<dyn LlmProvider>>, LlmError> {
    let set = &models.anthropic;
    let credential = match (&set.key, &set.token) {
        (Some(key), _) => Credential::ApiKey(key.clone()),
        (None, Some(token)) => Credential::Bearer(token.clone()),
        (None, None) => return Ok(None),
    };
    let adapter = Anthropic::new(AnthropicConfig {
        name: "anthropic".to_owned(),
        base_url: set.base_url.clone().unwrap_or_else(|| anthropic::BASE_URL.to_owned()),
        credential,
        default_model: anthropic_model(models).to_owned(),
    })?;
    Ok(Some(layered(Arc::new(adapter), &models.layers)))
}

fn openai(models: &Models) -> Result<Option<Arc<dyn LlmProvider>>, LlmError> {
    let set = &models.openai;
    if set.key.is_none() && set.base_url.is_none() {
        return Ok(None);
    }
    let adapter = OpenAi::new(OpenAiConfig {
        name: "openai".to_owned(),
        base_url: set.base_url.clone().unwrap_or_else(|| openai::BASE_URL.to_owned()),
        key: set.key.clone(),
        default_model: openai_model(models).to_owned(),
        tools_in_prose: set.tools_in_prose,
    })?;
    Ok(Some(layered(Arc::new(adapter), &models.layers)))
}
