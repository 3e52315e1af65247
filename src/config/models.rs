//! What is set about model providers and the limits of runs.

use super::Reader;
use crate::{
    event::Budgets,
    llm::{Secret, layers::Layers, rate::RateLimits, retry::RetryPolicy, timeouts::TimeLimits},
};
use std::{
    num::{NonZeroU32, NonZeroUsize},
    path::PathBuf,
    time::Duration,
};

/// Everything about model providers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Models {
    /// The provider that is taken when none is named; the first that is ready by default.
    pub default: Option<String>,
    pub anthropic: Anthropic,
    pub openai: OpenAi,
    /// Facts about models that win over the built-in ones.
    pub catalog: Option<PathBuf>,
    pub layers: Layers,
}

/// Anthropic's Messages API.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Anthropic {
    pub key: Option<Secret>,
    /// A bearer token in place of a key.
    pub token: Option<Secret>,
    pub base_url: Option<String>,
    pub model: Option<String>,
}

/// Any endpoint that speaks OpenAI's protocol.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OpenAi {
    pub key: Option<Secret>,
    pub base_url: Option<String>,
    pub model: Option<String>,
    /// Describe tools in words from the start: for models that do not know calls.
    pub tools_in_prose: bool,
}

/// The names that [`Models::default`] may have.
const PROVIDERS: [&str; 4] = ["autopilot", "anthropic", "openai", "replay"];

impl Models {
    pub(super) fn read(reader: &mut Reader<'_>) -> Self {
        let default = reader.text("TRAINABLE_PROVIDER");
        if let Some(name) = default.as_ref().filter(|name| !PROVIDERS.contains(&name.as_str())) {
            let known = PROVIDERS.join("`, `");
            reader
                .problems
                .push(format!("TRAINABLE_PROVIDER is `{name}`; choose one of `{known}`"));
        }
        let anthropic = Anthropic {
            key: reader.secret("ANTHROPIC_API_KEY"),
            token: reader.secret("ANTHROPIC_AUTH_TOKEN"),
            base_url: reader.url("ANTHROPIC_BASE_URL"),
            model: reader.text("CLAUDE_MODEL"),
        };
        let openai = OpenAi {
            key: reader.secret("OPENAI_API_KEY"),
            base_url: reader.url("OPENAI_BASE_URL"),
            model: reader.text("OPENAI_MODEL"),
            tools_in_prose: reader.flag("OPENAI_TOOLS_IN_PROSE", false),
        };
        let catalog = reader.path("TRAINABLE_MODELS");
        Self { default, anthropic, openai, catalog, layers: layers(reader) }
    }
}

fn layers(reader: &mut Reader<'_>) -> Layers {
    let default = Layers::default();
    let seconds = |reader: &mut Reader<'_>, name: &str, default: Duration| {
        Duration::from_secs(reader.number(name, "seconds", 1..=3600, default.as_secs()))
    };
    let per_minute = |reader: &mut Reader<'_>, name: &str, unit: &str| {
        // Zero is what the range's lower end stands for: no limit.
        NonZeroU32::new(reader.number(name, unit, 0..=u64::from(u32::MAX), 0) as u32)
    };
    let attempts = u64::from(default.retry.attempts.get());
    let attempts = reader.number("TRAINABLE_LLM_ATTEMPTS", "attempts", 1..=20, attempts);
    Layers {
        retry: RetryPolicy {
            attempts: NonZeroU32::new(attempts as u32).unwrap_or(default.retry.attempts),
            ..default.retry
        },
        at_once: NonZeroUsize::new(reader.number(
            "TRAINABLE_LLM_AT_ONCE",
            "turns at once",
            1..=10_000,
            128,
        ) as usize),
        rate: RateLimits {
            requests_per_minute: per_minute(reader, "TRAINABLE_LLM_RPM", "requests a minute"),
            input_tokens_per_minute: per_minute(reader, "TRAINABLE_LLM_TPM", "tokens a minute"),
        },
        timeouts: TimeLimits {
            first: seconds(reader, "TRAINABLE_LLM_FIRST_SECONDS", default.timeouts.first),
            between: seconds(reader, "TRAINABLE_LLM_BETWEEN_SECONDS", default.timeouts.between),
        },
    }
}

/// What runs may take when nothing else is asked for.
pub(super) fn budgets(reader: &mut Reader<'_>) -> Budgets {
    let default = Budgets::default();
    let turns = reader.number("TRAINABLE_TURNS", "turns", 1..=1000, u64::from(default.turns));
    let usd = reader.amount("TRAINABLE_SESSION_USD", default.session_usd.unwrap_or_default());
    Budgets {
        turns: turns as u32,
        stage_seconds: reader.number(
            "TRAINABLE_STAGE_SECONDS",
            "seconds",
            10..=86_400,
            default.stage_seconds,
        ),
        execution_seconds: reader.number(
            "TRAINABLE_EXECUTION_SECONDS",
            "seconds",
            1..=86_400,
            default.execution_seconds,
        ),
        session_usd: (usd > 0.0).then_some(usd),
        ..default
    }
}
