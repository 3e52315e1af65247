//! Anthropic's Messages API.
//!
//! *Source*: platform.claude.com/docs/en/api/messages and the Python SDK 0.121.0, read 2026-11-25.

mod assemble;
mod cache;
mod request;
mod thinking;

use super::{
    Delta, Deltas, ErrorKind, LlmError, LlmProvider, Message, Request, Secret,
    http::{Endpoint, Identity, Refused, is_json},
    refusal::Said,
    sse,
};
use assemble::Assembler;
use async_trait::async_trait;
use futures::{StreamExt, stream};
use request::Thoughts;
use std::{
    collections::VecDeque,
    hash::{DefaultHasher, Hash, Hasher},
    sync::{Mutex, MutexGuard, PoisonError},
};

/// Where Anthropic is.
pub const BASE_URL: &str = "https://api.anthropic.com";
/// The flagship: 4 USD in and 20 USD out per million tokens, less than its predecessor.
///
/// *Source*: platform.claude.com/docs/en/models/opus-5-5/overview, read 2026-11-25.
pub const DEFAULT_MODEL: &str = "claude-opus-5-5";

/// Conversations whose thoughts are remembered to be refused.
const CONVERSATIONS: usize = 256;
const VERSION: &str = "2023-06-01";
const BINDING_BETA: &str = "thinking-binding-controls-2026-08-01";

/// What the API lets one in with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Credential {
    /// `x-api-key`, from `ANTHROPIC_API_KEY`.
    ApiKey(Secret),
    /// `Authorization: Bearer`, from `ANTHROPIC_AUTH_TOKEN`: gateways take it.
    Bearer(Secret),
}

/// How Anthropic is reached.
#[derive(Clone, Debug)]
pub struct AnthropicConfig {
    /// The name that settings and events use.
    pub name: String,
    /// With or without a slash or `/v1` at its end.
    pub base_url: String,
    pub credential: Credential,
    pub default_model: String,
}

/// Anthropic as a provider.
pub struct Anthropic {
    endpoint: Endpoint,
    default_model: String,
    /// Conversations whose thoughts were refused, the latest last: the next turn need not be refused
    /// again.
    refused: Mutex<VecDeque<(u64, Thoughts)>>,
}

impl Anthropic {
    /// *Errors*: [`ErrorKind::Unusable`] for an address or a key that cannot be sent.
    pub fn new(config: AnthropicConfig) -> Result<Self, LlmError> {
        let (key, variable) = match &config.credential {
            Credential::ApiKey(key) => (key, "ANTHROPIC_API_KEY"),
            Credential::Bearer(key) => (key, "ANTHROPIC_AUTH_TOKEN"),
        };
        let base = config.base_url.trim().trim_end_matches('/');
        let endpoint = Endpoint::new(&Identity {
            name: &config.name,
            base_url: base.strip_suffix("/v1").unwrap_or(base),
            base_variable: "ANTHROPIC_BASE_URL",
            key: Some(key),
            key_variable: variable,
        })?
        .with_header("anthropic-version", VERSION)?;
        let endpoint = match &config.credential {
            Credential::ApiKey(key) => endpoint.with_header("x-api-key", key.expose())?,
            Credential::Bearer(key) => {
                endpoint.with_header("authorization", &format!("Bearer {}", key.expose()))?
            }
        };
        Ok(Self { endpoint, default_model: config.default_model, refused: Mutex::default() })
    }

    /// What is sent of the thoughts of a conversation at first.
    fn known(&self, conversation: u64) -> Thoughts {
        let refused = self.lock();
        let found = refused.iter().find(|(known, _)| *known == conversation);
        found.map_or(Thoughts::Kept, |(_, thoughts)| *thoughts)
    }

    fn remember(&self, conversation: u64, thoughts: Thoughts) {
        let mut refused = self.lock();
        refused.retain(|(known, _)| *known != conversation);
        if refused.len() >= CONVERSATIONS {
            refused.pop_front();
        }
        refused.push_back((conversation, thoughts));
    }

    fn lock(&self) -> MutexGuard<'_, VecDeque<(u64, Thoughts)>> {
        // A list of numbers is whole after any panic.
        self.refused.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn send(
        &self,
        request: &Request,
        thoughts: Thoughts,
    ) -> Result<reqwest::Response, Refused> {
        let mut post = self.endpoint.post("/v1/messages", &request::body(request, thoughts));
        match thoughts {
            Thoughts::Kept | Thoughts::Left => {}
            Thoughts::DroppedWhereUnfit => post = post.header("anthropic-beta", BINDING_BETA),
        }
        self.endpoint.send(post).await
    }
}

#[async_trait]
impl LlmProvider for Anthropic {
    fn name(&self) -> &str {
        self.endpoint.name()
    }

    fn default_model(&self) -> &str {
        &self.default_model
    }

    async fn models(&self) -> Result<Vec<String>, LlmError> {
        let listed = self.endpoint.json(self.endpoint.get("/v1/models?limit=1000")).await?;
        let ids = listed["data"].as_array().into_iter().flatten();
        let mut models: Vec<String> =
            ids.filter_map(|m| Some(m["id"].as_str()?.to_owned())).collect();
        // The API lists the newest first; the default goes before them.
        models.sort_by_key(|id| *id != self.default_model);
        Ok(models)
    }

    async fn stream(&self, request: Request) -> Result<Deltas, LlmError> {
        let conversation = conversation(&request);
        let known = self.known(conversation);
        let mut thoughts = known;
        let response = loop {
            match self.send(&request, thoughts).await {
                Ok(response) => break response,
                // Not a retry: the same request is never sent twice.
                Err(Refused { error, said }) => match said.and_then(|s| mend(&error, &s, thoughts))
                {
                    Some(next) => thoughts = next,
                    None => return Err(error),
                },
            }
        };
        let assembler = Assembler::new(self.endpoint.clone());
        let whole = is_json(&response);
        let bytes = self.endpoint.bytes(response);
        let deltas = match whole {
            // An error that came with a status of success; a message would have come as events.
            true => sse::follow(sse::one_event(bytes).await?, assembler),
            false => sse::follow(bytes, assembler),
        };
        if thoughts == known {
            return Ok(deltas);
        }
        self.remember(conversation, thoughts);
        let words = "earlier thoughts of the model no longer fit the conversation and are left out";
        Ok(stream::iter([Ok(Delta::Note(words.to_owned()))]).chain(deltas).boxed())
    }
}

/// What tells one conversation from another: its model and how it began.
fn conversation(request: &Request) -> u64 {
    let mut hasher = DefaultHasher::new();
    request.model.hash(&mut hasher);
    if let Some(Message::User { text }) = request.messages.first() {
        text.hash(&mut hasher);
    }
    hasher.finish()
}

/// What to send instead when the thoughts in a request are the trouble: a conversation that was
/// condensed since, or that another account began.
fn mend(error: &LlmError, said: &Said, sent: Thoughts) -> Option<Thoughts> {
    let about_thoughts = error.kind == ErrorKind::BadRequest
        && said.mentions(&["`thinking`", "thinking block", "block_binding", BINDING_BETA]);
    let unbound = said.mentions(&["bound to a different conversation"]);
    match sent {
        Thoughts::Kept if about_thoughts && unbound => Some(Thoughts::DroppedWhereUnfit),
        Thoughts::Kept if about_thoughts && said.mentions(&["signature"]) => Some(Thoughts::Left),
        Thoughts::DroppedWhereUnfit if about_thoughts => Some(Thoughts::Left),
        Thoughts::Kept | Thoughts::DroppedWhereUnfit | Thoughts::Left => None,
    }
}

#[cfg(test)]
#[path = "tests.rs"]
mod tests;
