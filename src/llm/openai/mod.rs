//! Chat completions, as OpenAI and everybody compatible with it speak them: Ollama, llama.cpp,
//! vLLM, LiteLLM, OpenRouter, Gemini's endpoint.
//!
//! *Source*: the Python SDK 3.3.1 and developers.openai.com/api/docs, read 2026-11-25.

mod assemble;
mod calls;
mod dialect;
mod fenced;
mod prose;
mod request;

use super::{
    Delta, Deltas, LlmError, LlmProvider, Request, Secret,
    http::{Endpoint, Identity, Refused, is_json},
    sse,
};
use assemble::{Asked, Assembler};
use async_trait::async_trait;
use dialect::{Dialect, Reasoning, Tools};
use futures::{StreamExt, stream};
use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
};

/// Where OpenAI is.
pub const BASE_URL: &str = "https://api.openai.com/v1";
/// The newest that takes tool calls over chat completions; its successors want another API.
///
/// *Source*: developers.openai.com/api/docs/models/gpt-6-sol, read 2026-11-25.
pub const DEFAULT_MODEL: &str = "gpt-6-sol";

/// How often one request is worded anew before the refusal counts.
const WORDINGS: usize = 5;

/// How a compatible endpoint is reached.
#[derive(Clone, Debug)]
pub struct OpenAiConfig {
    /// The name that settings and events use.
    pub name: String,
    /// Up to and without `/chat/completions`.
    pub base_url: String,
    /// From `OPENAI_API_KEY`; servers on one's own machine need none.
    pub key: Option<Secret>,
    pub default_model: String,
    /// Tools are described in words from the start, not only once the server refuses them.
    pub tools_in_prose: bool,
}

/// An OpenAI-compatible endpoint as a provider.
pub struct OpenAi {
    endpoint: Endpoint,
    default_model: String,
    tools_in_prose: bool,
    /// What was learnt of each model, so that it is learnt once.
    dialects: Mutex<HashMap<String, Dialect>>,
}

impl OpenAi {
    /// *Errors*: [`super::ErrorKind::Unusable`] for an address or a key that cannot be sent.
    pub fn new(config: OpenAiConfig) -> Result<Self, LlmError> {
        let key = config.key.as_ref().filter(|key| !key.is_empty());
        let base = config.base_url.trim().trim_end_matches('/');
        let mut endpoint = Endpoint::new(&Identity {
            name: &config.name,
            base_url: base.strip_suffix("/chat/completions").unwrap_or(base),
            base_variable: "OPENAI_BASE_URL",
            key,
            key_variable: "OPENAI_API_KEY",
        })?;
        if let Some(key) = key {
            endpoint =
                endpoint.with_header("authorization", &format!("Bearer {}", key.expose()))?;
        }
        Ok(Self {
            endpoint,
            default_model: config.default_model,
            tools_in_prose: config.tools_in_prose,
            dialects: Mutex::default(),
        })
    }

    fn dialect(&self, model: &str) -> Dialect {
        let known = self.dialects.lock().unwrap_or_else(PoisonError::into_inner);
        let dialect = known.get(model).copied().unwrap_or_else(|| Dialect::of(model));
        match self.tools_in_prose {
            true => Dialect { tools: Tools::Prose, ..dialect },
            false => dialect,
        }
    }

    fn remember(&self, model: &str, dialect: Dialect) {
        let mut known = self.dialects.lock().unwrap_or_else(PoisonError::into_inner);
        known.insert(model.to_owned(), dialect);
    }
}

#[async_trait]
impl LlmProvider for OpenAi {
    fn name(&self) -> &str {
        self.endpoint.name()
    }

    fn default_model(&self) -> &str {
        &self.default_model
    }

    async fn models(&self) -> Result<Vec<String>, LlmError> {
        let listed = self.endpoint.json(self.endpoint.get("/models")).await?;
        let openai = self.endpoint.host() == "api.openai.com";
        let mut models: Vec<(i64, String)> = listed["data"]
            .as_array()
            .into_iter()
            .flatten()
            .filter_map(|m| {
                Some((m["created"].as_i64().unwrap_or(0), m["id"].as_str()?.to_owned()))
            })
            .filter(|(_, id)| !openai || chats(id))
            .collect();
        // The newest first, the default before them; a stable sort keeps the server's own order.
        models.sort_by_key(|(created, id)| (*id != self.default_model, -created));
        Ok(models.into_iter().map(|(_, id)| id).collect())
    }

    async fn stream(&self, request: Request) -> Result<Deltas, LlmError> {
        let before = self.dialect(&request.model);
        let mut dialect = before;
        let mut left = WORDINGS;
        let (response, bytes) = loop {
            let body = request::body(&request, dialect);
            let bytes = body.to_string().len();
            left -= 1;
            match self.endpoint.send(self.endpoint.post("/chat/completions", &body)).await {
                Ok(response) => break (response, bytes),
                // Not a retry: the same request is never sent twice.
                Err(Refused { error, said }) => {
                    match said.and_then(|said| dialect.learn(&error, &said)) {
                        Some(next) if left > 0 => dialect = next,
                        Some(_) | None => return Err(error),
                    }
                }
            }
        };
        if dialect != before {
            self.remember(&request.model, dialect);
        }
        let note = note(&request, before, dialect);
        let asked = Asked {
            tools: request.tools.into_iter().map(|t| t.name).collect(),
            in_prose: dialect.tools == Tools::Prose,
            seed: format!("{:012x}", fastrand::u64(..) >> 16),
            bytes,
        };
        let assembler = Assembler::new(self.endpoint.clone(), asked);
        let whole = is_json(&response);
        let bytes = self.endpoint.bytes(response);
        let deltas = match whole {
            true => sse::follow(sse::one_event(bytes).await?, assembler),
            false => sse::follow(bytes, assembler),
        };
        Ok(match note {
            Some(note) => stream::iter([Ok(Delta::Note(note))]).chain(deltas).boxed(),
            None => deltas,
        })
    }
}

/// What people should know of how tools are called, at a run's first turn or when it was learnt.
fn note(request: &Request, before: Dialect, dialect: Dialect) -> Option<String> {
    if request.tools.is_empty() || (request.turn > 1 && before == dialect) {
        return None;
    }
    let model = &request.model;
    match (dialect.tools, dialect.effort) {
        (Tools::Prose, _) if request.turn == 1 || before.tools == Tools::Native => Some(format!(
            "`{model}` is not offered tools here, so it calls them by writing fenced code blocks"
        )),
        (Tools::Native, Reasoning::NoneWithTools)
            if request.turn == 1 || before.effort != Reasoning::NoneWithTools =>
        {
            Some(format!(
                "`{model}` takes tools over this API only without reasoning, so it does not reason"
            ))
        }
        (Tools::Prose, _)
        | (Tools::Native, Reasoning::NoneWithTools | Reasoning::AsAsked | Reasoning::Absent) => {
            None
        }
    }
}

/// Whether one of OpenAI's own models can hold a conversation, going by its name.
fn chats(id: &str) -> bool {
    let other = [
        "embedding",
        "tts",
        "whisper",
        "dall-e",
        "image",
        "audio",
        "realtime",
        "transcribe",
        "moderation",
        "search",
        "sora",
        "babbage",
        "davinci",
        "instruct",
        "computer-use",
        "deep-research",
        "codex",
    ];
    !other.iter().any(|part| id.contains(part))
}

#[cfg(test)]
#[path = "tests.rs"]
mod tests;
