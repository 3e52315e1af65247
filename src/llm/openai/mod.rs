//! Chat completions, as OpenAI and everybody compatible with it speak them.

use super::{Deltas, LlmError, LlmProvider, Request, Secret};
pub const BASE_URL: &str = "https://api.openai.com/v1";
pub const DEFAULT_MODEL: &str = "x";
pub struct OpenAiConfig { pub name: String, pub base_url: String, pub key: Option<Secret>, pub default_model: String }
pub struct OpenAi;
impl OpenAi { pub fn new(_c: OpenAiConfig) -> Result<Self, LlmError> { Ok(Self) } }
#[async_trait::async_trait]
impl LlmProvider for OpenAi { fn name(&self) -> &str { "openai" } fn default_model(&self) -> &str { "x" }
 async fn stream(&self, _r: Request) -> Result<Deltas, LlmError> { todo!() } }
