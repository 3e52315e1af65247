//! What a server takes: guessed from the model's name, learnt from what it refuses.

use crate::llm::{ErrorKind, LlmError, refusal::Said};
use entity::vocab::Effort;

/// How requests for one model are worded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Dialect {
    pub(super) tokens: Tokens,
    pub(super) effort: Reasoning,
    pub(super) tools: Tools,
    /// Whether `stream_options` asks for the usage.
    pub(super) asks_usage: bool,
}

/// The field that bounds an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Tokens {
    MaxTokens,
    MaxCompletionTokens,
}

/// Whether `reasoning_effort` is sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Reasoning {
    /// As asked.
    AsAsked,
    /// `none` whenever tools are: the model cannot have both over this API.
    NoneWithTools,
    Absent,
}

/// How tools are offered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Tools {
    Native,
    Prose,
}

/// An OpenAI model of its numbered families: `gpt-5.4-mini` is (5, 4), `o3` is (0, 3).
fn generation(model: &str) -> Option<(u32, u32)> {
    let name = model.rsplit('/').next()?;
    if let Some(rest) = name.strip_prefix("gpt-") {
        let number = rest.split('-').next()?;
        let (major, minor) = number.split_once('.').unwrap_or((number, "0"));
        return Some((major.parse().ok()?, minor.parse().ok()?));
    }
    let number = name.strip_prefix('o')?.split('-').next()?;
    Some((0, number.parse().ok()?))
}

impl Dialect {
    /// What is known before a word was exchanged.
    ///
    /// *Source*: developers.openai.com/api/docs/guides/deployment-checklist and the model page of
    /// GPT-6 Sol, read 2026-11-25: from 5.4 on, chat completions take tools only without
    /// reasoning; GPT-6 Astra and everything from 6.1 on take none at all.
    pub(super) fn of(model: &str) -> Self {
        let name = model.rsplit('/').next().unwrap_or(model);
        let direct = name == model;
        let base = Self {
            tokens: Tokens::MaxTokens,
            effort: Reasoning::Absent,
            tools: Tools::Native,
            asks_usage: true,
        };
        match generation(model) {
            // A gateway chooses its own way to the model.
            Some((5.. | 0, _)) if !direct => Self { effort: Reasoning::AsAsked, ..base },
            Some((5.., _)) if name.contains("chat-latest") => {
                Self { tokens: Tokens::MaxCompletionTokens, ..base }
            }
            Some(version @ (5.. | 0, _)) => {
                let without = version >= (5, 4);
                let prose = version >= (6, 1) || name.starts_with("gpt-6-astra");
                Self {
                    tokens: Tokens::MaxCompletionTokens,
                    effort: if without { Reasoning::NoneWithTools } else { Reasoning::AsAsked },
                    tools: if prose { Tools::Prose } else { Tools::Native },
                    ..base
                }
            }
            Some((1..=4, _)) => base,
            None if name.starts_with("gpt-oss") || name.starts_with("gemini-") => {
                Self { effort: Reasoning::AsAsked, ..base }
            }
            None => base,
        }
    }

    /// The wording after a refusal; `None` when the refusal is about something else, or nothing is
    /// left to change.
    pub(super) fn learn(self, error: &LlmError, said: &Said) -> Option<Self> {
        match error.kind {
            // Servers without tools say so as 400, 404 or 500.
            ErrorKind::BadRequest | ErrorKind::UnknownModel | ErrorKind::Unreachable => {}
            ErrorKind::Access
            | ErrorKind::Quota
            | ErrorKind::ContextOverflow
            | ErrorKind::Unusable
            | ErrorKind::RateLimited
            | ErrorKind::Overloaded
            | ErrorKind::TimedOut
            | ErrorKind::Broken => return None,
        }
        let unknown = ["unknown", "unrecognized", "unsupported", "not supported", "not permitted"];
        if said.mentions(&["reasoning_effort", "reasoning effort"]) {
            let about_tools = said.mentions(&["function tools", "/v1/responses"]);
            return match self.effort {
                Reasoning::AsAsked if about_tools => {
                    Some(Self { effort: Reasoning::NoneWithTools, ..self })
                }
                Reasoning::NoneWithTools if about_tools && self.tools == Tools::Native => {
                    Some(Self { tools: Tools::Prose, ..self })
                }
                Reasoning::Absent if about_tools => {
                    Some(Self { effort: Reasoning::NoneWithTools, ..self })
                }
                Reasoning::AsAsked | Reasoning::NoneWithTools => {
                    Some(Self { effort: Reasoning::Absent, ..self })
                }
                Reasoning::Absent => None,
            };
        }
        if said.mentions(&["max_completion_tokens"]) {
            return match self.tokens {
                Tokens::MaxTokens => Some(Self { tokens: Tokens::MaxCompletionTokens, ..self }),
                Tokens::MaxCompletionTokens if said.mentions(&unknown) => {
                    Some(Self { tokens: Tokens::MaxTokens, ..self })
                }
                Tokens::MaxCompletionTokens => None,
            };
        }
        if self.asks_usage && said.mentions(&["stream_options"]) {
            return Some(Self { asks_usage: false, ..self });
        }
        (self.tools == Tools::Native && without_tools(said))
            .then_some(Self { tools: Tools::Prose, ..self })
    }
}

/// Whether a refusal says that tools are not taken: by Ollama, vLLM, llama.cpp, OpenRouter and
/// others, each in its own words.
fn without_tools(said: &Said) -> bool {
    said.mentions(&[
        "does not support tools",
        "does not support tool",
        "does not support function",
        "tools are not supported",
        "tool use is not supported",
        "tool calling is not supported",
        "function calling is not supported",
        "support tool use",
        "tool choice requires",
        "tools param requires",
        "unsupported parameter: 'tools'",
    ])
}

/// The word for an effort; `None` where the model has no word for it or its default is wanted.
pub(super) fn effort(model: &str, effort: Option<Effort>) -> Option<&'static str> {
    let version = generation(model);
    Some(match effort? {
        Effort::None => match version {
            Some((5, 0)) => "minimal",
            Some((5.., _)) => "none",
            Some((0..=4, _)) => "low",
            None if model.contains("gemini-") => "none",
            None => "low",
        },
        Effort::Low => "low",
        Effort::Medium => "medium",
        Effort::High => "high",
        Effort::Max => match version {
            Some(v) if v >= (5, 6) => "max",
            Some(v) if v >= (5, 2) => "xhigh",
            Some(_) | None => "high",
        },
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn dialect(tokens: Tokens, effort: Reasoning, tools: Tools) -> Dialect {
        Dialect { tokens, effort, tools, asks_usage: true }
    }

    #[test]
    fn models_have_dialects() {
        use {Reasoning::*, Tokens::*, Tools::*};
        let table = [
            ("gpt-6-sol", MaxCompletionTokens, NoneWithTools, Native),
            ("gpt-6-luna", MaxCompletionTokens, NoneWithTools, Native),
            ("gpt-6-astra", MaxCompletionTokens, NoneWithTools, Prose),
            ("gpt-6.1-sol", MaxCompletionTokens, NoneWithTools, Prose),
            ("gpt-5.6", MaxCompletionTokens, NoneWithTools, Native),
            ("gpt-5.4-mini-2026-03-17", MaxCompletionTokens, NoneWithTools, Native),
            ("gpt-5.2", MaxCompletionTokens, AsAsked, Native),
            ("gpt-5", MaxCompletionTokens, AsAsked, Native),
            ("o4-mini", MaxCompletionTokens, AsAsked, Native),
            ("gpt-5-chat-latest", MaxCompletionTokens, Absent, Native),
            ("gpt-4.1", MaxTokens, Absent, Native),
            ("gpt-4o-mini", MaxTokens, Absent, Native),
            ("openai/gpt-6.1-sol", MaxTokens, AsAsked, Native),
            ("gpt-oss-120b", MaxTokens, AsAsked, Native),
            ("gemini-3-pro", MaxTokens, AsAsked, Native),
            ("qwen3:8b", MaxTokens, Absent, Native),
            ("olmo-2", MaxTokens, Absent, Native),
            ("", MaxTokens, Absent, Native),
        ];
        for (model, tokens, effort, tools) in table {
            assert_eq!(Dialect::of(model), dialect(tokens, effort, tools), "{model}");
        }
    }

    #[test]
    fn refusals_teach() {
        use {Reasoning::*, Tokens::*, Tools::*};
        let plain = dialect(MaxTokens, Absent, Native);
        let newer = dialect(MaxCompletionTokens, AsAsked, Native);
        let none = Dialect { effort: NoneWithTools, ..newer };
        let both = "Function tools with reasoning_effort are not supported for gpt-5.6 in \
                    /v1/chat/completions. To use function tools, use /v1/responses or set \
                    reasoning_effort to 'none'.";
        let table = [
            (
                plain,
                "Unsupported parameter: 'max_tokens' is not supported with this model. Use \
                     'max_completion_tokens' instead.",
                Some(Dialect { tokens: MaxCompletionTokens, ..plain }),
            ),
            (
                newer,
                "Unrecognized request argument supplied: max_completion_tokens",
                Some(Dialect { tokens: MaxTokens, ..newer }),
            ),
            (newer, "max_completion_tokens is too large: 999999", None),
            (newer, both, Some(none)),
            (plain, both, Some(Dialect { effort: NoneWithTools, ..plain })),
            (none, both, Some(Dialect { tools: Prose, ..none })),
            (
                newer,
                "Unsupported value: 'reasoning_effort' does not support 'max'",
                Some(Dialect { effort: Absent, ..newer }),
            ),
            (
                plain,
                "stream_options is not supported",
                Some(Dialect { asks_usage: false, ..plain }),
            ),
            (
                plain,
                "registry.ollama.ai/library/gemma:2b does not support tools",
                Some(Dialect { tools: Prose, ..plain }),
            ),
            (
                plain,
                "\"auto\" tool choice requires --enable-auto-tool-choice and --tool-call-parser to be set",
                Some(Dialect { tools: Prose, ..plain }),
            ),
            (plain, "tools param requires --jinja flag", Some(Dialect { tools: Prose, ..plain })),
            (
                plain,
                "No endpoints found that support tool use.",
                Some(Dialect { tools: Prose, ..plain }),
            ),
            (Dialect { tools: Prose, ..plain }, "does not support tools", None),
            (plain, "messages must not be empty", None),
        ];
        for (before, words, after) in table {
            let said = Said { message: words.into(), ..Said::default() };
            let error = LlmError::new(ErrorKind::BadRequest, words);
            assert_eq!(before.learn(&error, &said), after, "{words}");
            let error = LlmError::new(ErrorKind::Access, words);
            assert_eq!(before.learn(&error, &said), None);
        }
    }

    #[test]
    fn efforts_have_words() {
        let table = [
            ("gpt-6-sol", Some(Effort::None), Some("none")),
            ("gpt-6-sol", Some(Effort::Max), Some("max")),
            ("gpt-5.2", Some(Effort::Max), Some("xhigh")),
            ("gpt-5", Some(Effort::Max), Some("high")),
            ("gpt-5", Some(Effort::None), Some("minimal")),
            ("o4-mini", Some(Effort::None), Some("low")),
            ("gpt-oss-20b", Some(Effort::Medium), Some("medium")),
            ("gpt-6-sol", None, None),
        ];
        for (model, asked, expect) in table {
            assert_eq!(effort(model, asked), expect, "{model} {asked:?}");
        }
    }
}
