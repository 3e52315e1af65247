//! The adapters of both wires, as they reach a scripted server.

use super::models::{
    Models,
    script::{CLAUDE, GPT, KEY, Turn, Wire},
};
use serde_json::json;
use std::{num::NonZeroU32, sync::Arc, time::Duration};
use trainable::llm::{
    LlmProvider, Secret,
    anthropic::{Anthropic, AnthropicConfig, Credential},
    layers::{Layers, layered},
    openai::{OpenAi, OpenAiConfig},
    retry::RetryPolicy,
    timeouts::TimeLimits,
};

pub const WIRES: [Wire; 2] = [Wire::Anthropic, Wire::OpenAi];
/// Characters of two, three and four bytes, and what JSON escapes.
pub const ACCENTS: &str = "Größe ≥ 3 µm: 数据 🦀 \"\\\n\t\u{1}";

pub fn model(wire: Wire) -> &'static str {
    match wire {
        Wire::Anthropic => CLAUDE,
        Wire::OpenAi => GPT,
    }
}

/// The adapter of a wire at an address.
pub fn adapter(wire: Wire, base: &str, key: &str) -> Arc<dyn LlmProvider> {
    match wire {
        Wire::Anthropic => Arc::new(
            Anthropic::new(AnthropicConfig {
                name: "anthropic".into(),
                base_url: base.to_owned(),
                credential: Credential::ApiKey(Secret::new(key)),
                default_model: CLAUDE.into(),
            })
            .expect("an adapter"),
        ),
        Wire::OpenAi => Arc::new(
            OpenAi::new(OpenAiConfig {
                name: "openai".into(),
                base_url: base.to_owned(),
                key: Some(Secret::new(key)),
                default_model: GPT.into(),
                tools_in_prose: false,
            })
            .expect("an adapter"),
        ),
    }
}

pub fn reach(wire: Wire, models: &Models) -> Arc<dyn LlmProvider> {
    let base = match wire {
        Wire::Anthropic => models.anthropic(),
        Wire::OpenAi => models.openai(),
    };
    adapter(wire, &base, KEY)
}

/// The wrappers, impatient: a fault costs a test no time.
pub fn wrapped(provider: Arc<dyn LlmProvider>) -> Arc<dyn LlmProvider> {
    let short = Duration::from_millis(400);
    layered(
        provider,
        &Layers {
            retry: RetryPolicy {
                attempts: NonZeroU32::new(3).expect("not zero"),
                base: Duration::from_millis(5),
                ..RetryPolicy::default()
            },
            timeouts: TimeLimits { first: short, between: short },
            ..Layers::default()
        },
    )
}

pub fn conversation() -> Vec<Turn> {
    vec![
        Turn::text(format!("I look at both. {ACCENTS}"))
            .thinking(&format!("Two calls. {ACCENTS}"))
            .code("shape", &format!("print('{ACCENTS}')"))
            .call("read_file", json!({"path": ACCENTS, "deep": {"list": [1, 2.5, null, true]}})),
        Turn::default().thinking("Once more.").code("again", "1"),
        Turn::text("Done."),
    ]
}
