//! What a scripted model says, in no vendor's words, and what it was asked.

use super::{delivery::Delivery, fault::Fault, openai::Quirk};
use entity::vocab::Stage;
use serde_json::{Value, json};
use std::{collections::HashMap, sync::Arc};
use trainable::llm::{Block, Completion, StopReason};

/// The key that the scripted server takes; every other is refused.
pub const KEY: &str = "sk-scripted-0123456789abcdef";
/// A model that each wire format offers.
pub const CLAUDE: &str = "claude-sonnet-5";
pub const GPT: &str = "gpt-4.1";
/// One that none offers.
pub const UNKNOWN: &str = "no-such-model";

/// One turn of a script. It is rendered into the format of the request.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Turn {
    pub thinking: Option<Thinking>,
    pub text: String,
    /// Names and inputs. With [`StopReason::MaxTokens`] the last one is cut off in its middle.
    pub calls: Vec<(String, Value)>,
    /// Follows from the calls when absent.
    pub stop: Option<StopReason>,
    /// Counted from the texts when absent: a token for four bytes.
    pub output_tokens: Option<u64>,
}

/// How a thought is shown.
#[derive(Clone, Debug, PartialEq)]
pub enum Thinking {
    Shown(String),
    /// An empty text and a signature.
    Omitted,
    /// Encrypted as a whole.
    Redacted,
}

impl Turn {
    pub fn text(text: impl Into<String>) -> Self {
        Self { text: text.into(), ..Self::default() }
    }

    pub fn thinking(self, thought: &str) -> Self {
        Self { thinking: Some(Thinking::Shown(thought.to_owned())), ..self }
    }

    pub fn call(mut self, name: &str, input: Value) -> Self {
        self.calls.push((name.to_owned(), input));
        self
    }

    pub fn code(self, slug: &str, code: &str) -> Self {
        self.call("execute_code", json!({"code": code, "slug": slug}))
    }

    pub fn finish(self) -> Self {
        self.call("finish_stage", json!({"summary": "done"}))
    }

    pub fn stop(self, stop: StopReason) -> Self {
        Self { stop: Some(stop), ..self }
    }

    /// Why it stops.
    pub fn stops(&self) -> StopReason {
        let usual = if self.calls.is_empty() { StopReason::EndTurn } else { StopReason::ToolUse };
        self.stop.unwrap_or(usual)
    }

    /// The inputs of the calls as JSON; the last one cut off when the turn ran out of tokens.
    pub fn arguments(&self) -> Vec<String> {
        let mut all: Vec<String> = self.calls.iter().map(|(_, input)| input.to_string()).collect();
        if self.stop == Some(StopReason::MaxTokens)
            && let Some(last) = all.last_mut()
        {
            let half = (0..=last.len() / 2).rev().find(|&at| last.is_char_boundary(at));
            last.truncate(half.unwrap_or(0));
        }
        all
    }

    /// Tokens of the answer, and those of them that were thought.
    pub fn tokens(&self) -> (u64, u64) {
        let thought = match &self.thinking {
            Some(Thinking::Shown(text)) => text.len(),
            Some(Thinking::Omitted | Thinking::Redacted) => 160,
            None => 0,
        };
        let said = self.text.len() + self.arguments().iter().map(String::len).sum::<usize>();
        let thought = thought.div_ceil(4) as u64;
        (self.output_tokens.unwrap_or(thought + said.div_ceil(4).max(1) as u64), thought)
    }
}

impl From<&Completion> for Turn {
    /// What any provider said once, as a script. Opaque blocks are its own and are left out.
    fn from(said: &Completion) -> Self {
        let mut turn = Self { stop: Some(said.stop), ..Self::default() };
        for block in &said.blocks {
            match block {
                Block::Text { text } => turn.text.push_str(text),
                Block::ToolUse { name, input, .. } => {
                    turn.calls.push((name.clone(), input.clone()))
                }
                Block::Opaque { .. } => {}
            }
        }
        turn
    }
}

/// The wire formats.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Wire {
    Anthropic,
    OpenAi,
}

/// What a request asks, in no vendor's words.
#[derive(Clone, Debug)]
pub struct Asked {
    pub wire: Wire,
    pub model: String,
    pub system: String,
    /// Guessed from what the system prompt wants to exist at the end.
    pub stage: Option<Stage>,
    /// Messages of the assistant so far: the index of the turn that is asked for.
    pub turn: usize,
    /// How often this very conversation was asked before, and once more: from 1.
    pub attempt: u32,
    /// Texts of the user, in order.
    pub users: Vec<String>,
    /// Tool results that stand after the assistant's last message, in order.
    pub results: Vec<String>,
    /// Names of the tools offered.
    pub tools: Vec<String>,
    pub stream: bool,
    pub body: Value,
}

impl Asked {
    /// The last thing that a person or the loop said.
    pub fn last_user(&self) -> &str {
        self.users.last().map_or("", String::as_str)
    }
}

/// Which stage a system prompt belongs to, by what must exist at its end.
pub fn stage(system: &str) -> Option<Stage> {
    let marks = [
        ("model.pkl", Stage::Train),
        ("prep_pipeline.pkl", Stage::Prep),
        ("findings.json", Stage::Eda),
    ];
    marks.into_iter().find(|(mark, _)| system.contains(mark)).map(|(_, stage)| stage)
}

type Speaks = dyn Fn(&Asked) -> Turn + Send + Sync;
type Fails = dyn Fn(&Asked) -> Option<Fault> + Send + Sync;

/// What a server says and how it says it.
#[derive(Clone)]
pub struct Script {
    pub speaks: Arc<Speaks>,
    pub fails: Arc<Fails>,
    pub delivery: Delivery,
    pub quirks: Vec<Quirk>,
    /// The models it offers, by wire.
    pub models: HashMap<Wire, Vec<String>>,
    /// Tokens that fit into a model's window.
    pub window: u64,
}

impl Script {
    /// A model that answers by a rule.
    pub fn rule(speaks: impl Fn(&Asked) -> Turn + Send + Sync + 'static) -> Self {
        let owned = |names: &[&str]| names.iter().map(|&name| name.to_owned()).collect();
        let models = HashMap::from([
            (Wire::Anthropic, owned(super::anthropic::MODELS)),
            (Wire::OpenAi, owned(super::openai::MODELS)),
        ]);
        Self {
            speaks: Arc::new(speaks),
            fails: Arc::new(|_| None),
            delivery: Delivery::default(),
            quirks: Vec::new(),
            models,
            window: 200_000,
        }
    }

    /// One turn after the other; after the last, words without calls.
    pub fn turns(turns: Vec<Turn>) -> Self {
        Self::rule(move |asked| nth(&turns, asked.turn))
    }

    /// The turns of each stage, each counted from its own start.
    pub fn stages(eda: Vec<Turn>, prep: Vec<Turn>, train: Vec<Turn>) -> Self {
        Self::rule(move |asked| match asked.stage {
            Some(Stage::Eda) => nth(&eda, asked.turn),
            Some(Stage::Prep) => nth(&prep, asked.turn),
            Some(Stage::Train) => nth(&train, asked.turn),
            None => Turn::text("which stage is this?"),
        })
    }

    /// One fault, at a turn counted from 0 and an attempt counted from 1.
    pub fn fault(self, turn: usize, attempt: u32, fault: Fault) -> Self {
        self.faults(move |asked| {
            (asked.turn == turn && asked.attempt == attempt).then(|| fault.clone())
        })
    }

    /// Faults by a rule; the first rule that knows one counts.
    pub fn faults(self, fails: impl Fn(&Asked) -> Option<Fault> + Send + Sync + 'static) -> Self {
        let before = Arc::clone(&self.fails);
        Self { fails: Arc::new(move |asked| before(asked).or_else(|| fails(asked))), ..self }
    }

    pub fn delivered(self, delivery: Delivery) -> Self {
        Self { delivery, ..self }
    }

    pub fn quirk(mut self, quirk: Quirk) -> Self {
        self.quirks.push(quirk);
        self
    }

    /// Offers one more model.
    pub fn model(mut self, wire: Wire, name: &str) -> Self {
        self.models.entry(wire).or_default().push(name.to_owned());
        self
    }

    pub fn has(&self, quirk: Quirk) -> bool {
        self.quirks.contains(&quirk)
    }
}

fn nth(turns: &[Turn], turn: usize) -> Turn {
    turns.get(turn).cloned().unwrap_or_else(|| Turn::text(format!("turn {turn}")))
}
