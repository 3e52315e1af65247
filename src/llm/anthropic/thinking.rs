//! How each family of models is told how hard to think.

use entity::vocab::Effort;
use serde_json::{Map, Value, json};

/// How a model takes an [`Effort`].
///
/// *Source*: platform.claude.com/docs/en/build-with-claude/effort and the migration guides of
/// Opus 4.7, Opus 5, Opus 5.5 and Sonnet 5.5, read 2026-11-25.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ThinkingStyle {
    /// It always thinks; only the effort is chosen. A `thinking` field is refused or means nothing.
    AlwaysOn,
    /// It thinks when asked, as much as it wants; the effort is chosen.
    Adaptive,
    /// It thinks within a budget of tokens.
    Budget,
    /// It does not think, or nothing is known of it.
    Unsupported,
}

/// The style of a model, from its id: `claude-opus-4-8`, `claude-haiku-4-5-20251001`, also with a
/// gateway's prefix before it.
pub(super) fn style(model: &str) -> ThinkingStyle {
    let Some(at) = model.find("claude-") else { return ThinkingStyle::Unsupported };
    let mut parts = model[at + "claude-".len()..].split(['-', '@', ':', '.']);
    let family = parts.next().unwrap_or_default();
    // A date of eight digits is no minor version.
    let mut number = || parts.next().filter(|p| p.len() <= 2).and_then(|p| p.parse::<u32>().ok());
    let major = number();
    let version = (major.unwrap_or(0), number().unwrap_or(0));
    match family {
        "fable" | "mythos" => ThinkingStyle::AlwaysOn,
        "opus" | "sonnet" | "haiku" => match version {
            (0, _) => ThinkingStyle::Unsupported,
            (..=3, _) => ThinkingStyle::Unsupported,
            (4, 0..=5) => ThinkingStyle::Budget,
            (4, _) => ThinkingStyle::Adaptive,
            (5, 0..=4) => ThinkingStyle::Adaptive,
            (5.., _) => ThinkingStyle::AlwaysOn,
        },
        // `claude-3-7-sonnet`: the number came before the name.
        "3" if model.contains("claude-3-7-") => ThinkingStyle::Budget,
        _ => ThinkingStyle::Unsupported,
    }
}

/// Writes the fields that carry the effort; none when the model's own default is wanted.
pub(super) fn write(body: &mut Map<String, Value>, model: &str, effort: Option<Effort>, max: u32) {
    let Some(effort) = effort else { return };
    match (style(model), effort) {
        (ThinkingStyle::AlwaysOn, effort) => {
            body.insert("output_config".into(), json!({ "effort": level(effort) }));
        }
        (ThinkingStyle::Adaptive, Effort::None) => {
            body.insert("thinking".into(), json!({ "type": "disabled" }));
        }
        (
            ThinkingStyle::Adaptive,
            effort @ (Effort::Low | Effort::Medium | Effort::High | Effort::Max),
        ) => {
            body.insert("thinking".into(), json!({ "type": "adaptive" }));
            body.insert("output_config".into(), json!({ "effort": level(effort) }));
        }
        (ThinkingStyle::Budget, effort) => {
            // At least half of the answer stays for the answer; less than 1024 is refused.
            let budget = budget(effort).min(max / 2);
            if budget >= 1024 {
                let thinking = json!({ "type": "enabled", "budget_tokens": budget });
                body.insert("thinking".into(), thinking);
            }
        }
        (ThinkingStyle::Unsupported, _) => {}
    }
}

fn level(effort: Effort) -> &'static str {
    match effort {
        Effort::None | Effort::Low => "low",
        Effort::Medium => "medium",
        Effort::High => "high",
        Effort::Max => "max",
    }
}

fn budget(effort: Effort) -> u32 {
    match effort {
        Effort::None => 0,
        Effort::Low => 2_048,
        Effort::Medium => 8_192,
        Effort::High => 16_384,
        Effort::Max => 32_768,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn models_have_styles() {
        use ThinkingStyle::*;
        let table = [
            ("claude-opus-5-5", AlwaysOn),
            ("claude-sonnet-5-5", AlwaysOn),
            ("claude-haiku-5-5", AlwaysOn),
            ("claude-fable-5", AlwaysOn),
            ("claude-fable-5-2", AlwaysOn),
            ("claude-mythos-preview", AlwaysOn),
            ("claude-opus-6", AlwaysOn),
            ("claude-opus-5", Adaptive),
            ("claude-sonnet-5", Adaptive),
            ("claude-sonnet-5-20260801", Adaptive),
            ("claude-opus-4-8", Adaptive),
            ("claude-opus-4-6", Adaptive),
            ("claude-sonnet-4-6", Adaptive),
            ("anthropic/claude-opus-4.6", Adaptive),
            ("anthropic.claude-opus-4-6-v1:0", Adaptive),
            ("claude-opus-4-5-20251101", Budget),
            ("claude-haiku-4-5-20251001", Budget),
            ("claude-haiku-4-5@20251001", Budget),
            ("claude-sonnet-4-20250514", Budget),
            ("claude-3-7-sonnet-20250219", Budget),
            ("claude-3-5-haiku-20241022", Unsupported),
            ("claude-3-opus-20240229", Unsupported),
            ("claude-opus", Unsupported),
            ("claude-2.1", Unsupported),
            ("glm-5", Unsupported),
            ("", Unsupported),
        ];
        for (model, expect) in table {
            assert_eq!(style(model), expect, "{model}");
        }
    }

    #[track_caller]
    fn check(model: &str, effort: Option<Effort>, max: u32, expect: Value) {
        let mut body = Map::new();
        write(&mut body, model, effort, max);
        assert_eq!(Value::Object(body), expect, "{model} {effort:?}");
    }

    #[test]
    fn efforts_are_written() {
        let effort = |level: &str| json!({ "output_config": { "effort": level } });
        let adaptive = |level: &str| json!({ "thinking": { "type": "adaptive" }, "output_config": { "effort": level } });
        let budget = |n: u32| json!({ "thinking": { "type": "enabled", "budget_tokens": n } });
        for model in ["claude-opus-5-5", "claude-opus-5", "claude-haiku-4-5", "glm-5"] {
            check(model, None, 16_000, json!({}));
        }
        check("claude-opus-5-5", Some(Effort::None), 16_000, effort("low"));
        check("claude-opus-5-5", Some(Effort::High), 16_000, effort("high"));
        check("claude-fable-5", Some(Effort::Max), 16_000, effort("max"));
        let off = json!({ "thinking": { "type": "disabled" } });
        check("claude-opus-4-8", Some(Effort::None), 16_000, off);
        check("claude-opus-4-8", Some(Effort::Low), 16_000, adaptive("low"));
        check("claude-sonnet-4-6", Some(Effort::Max), 16_000, adaptive("max"));
        check("claude-haiku-4-5", Some(Effort::None), 16_000, json!({}));
        check("claude-haiku-4-5", Some(Effort::Low), 16_000, budget(2_048));
        check("claude-haiku-4-5", Some(Effort::Max), 16_000, budget(8_000));
        check("claude-haiku-4-5", Some(Effort::Max), 2_000, json!({}));
        check("glm-5", Some(Effort::High), 16_000, json!({}));
    }
}
