//! `ask_user`: a question that only the user can answer. The loop waits for the answer, and takes
//! the stated default when none comes.

use super::{Call, Outcome, Stopped, Tool, ToolContext, parse, refuse, spec};
use crate::llm::ToolSpec;
use async_trait::async_trait;
use schemars::JsonSchema;
use serde::Deserialize;

/// Characters of a question.
const MAX_QUESTION: usize = 2_000;
/// Characters of an option or of the default.
const MAX_ANSWER: usize = 500;
const MAX_OPTIONS: usize = 6;
/// The longest wait that a call may ask for, in seconds: a day.
const MAX_WAIT: u64 = 24 * 60 * 60;
const EXAMPLE: &str = r#"{"question": "Which column is the outcome?", "options": ["churned", "cancelled_at"], "default": "churned"}"#;

pub(super) struct AskUser;

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Input {
    /// One question in plain words, with what the user needs to know to answer it: 1 to 2,000
    /// characters.
    question: String,
    /// Up to six short answers to choose from; the user may also answer freely. Leave it out when
    /// the answer is open.
    #[serde(default)]
    options: Vec<String>,
    /// What you will assume when nobody answers, in words that stand alone; one of the options
    /// when there are some.
    default: String,
    /// Seconds to wait for an answer before you go on with the default; the session's setting
    /// when left out, 86,400 at most.
    timeout_s: Option<u64>,
}

#[async_trait]
impl Tool for AskUser {
    fn spec(&self) -> ToolSpec {
        spec::<Input>(
            "ask_user",
            "Asks the user one question and waits for the answer. Only for what changes the work, \
             cannot be found in the data, and would cost the result if guessed wrongly; the stage \
             stands still meanwhile. When nobody answers, the default holds.",
        )
    }

    async fn call(&self, _: &ToolContext, call: Call<'_>) -> Result<Outcome, Stopped> {
        Ok(parse::<Input>(call.input, EXAMPLE).map_or_else(|refusal| refusal, asked))
    }
}

fn asked(input: Input) -> Outcome {
    let Input { question, options, default, timeout_s } = input;
    let question = question.trim().to_owned();
    let default = default.trim().to_owned();
    let long = |text: &str, most: usize| text.chars().count() > most;
    if question.is_empty() {
        return refuse(format!("`question` is empty; an input that works: {EXAMPLE}"));
    }
    if long(&question, MAX_QUESTION) {
        return refuse("`question` is longer than 2,000 characters; ask one thing, shortly");
    }
    if default.is_empty() {
        return refuse("`default` is empty; state what you will assume when nobody answers");
    }
    if long(&default, MAX_ANSWER) {
        return refuse("`default` is longer than 500 characters; state it shortly");
    }
    let mut choices: Vec<String> = Vec::new();
    for option in options.iter().map(|option| option.trim()).filter(|option| !option.is_empty()) {
        if long(option, MAX_ANSWER) {
            return refuse("an option is longer than 500 characters; make the options short");
        }
        if !choices.iter().any(|known| known == option) {
            choices.push(option.to_owned());
        }
    }
    if choices.len() > MAX_OPTIONS {
        return refuse(format!("{} options are too many; {MAX_OPTIONS} at most", choices.len()));
    }
    let timeout_s = timeout_s.map(|seconds| seconds.clamp(1, MAX_WAIT));
    Outcome::Ask { question, options: choices, default, timeout_s }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    #[track_caller]
    fn found(input: Value) -> Outcome {
        parse::<Input>(input, EXAMPLE).map_or_else(|refusal| refusal, asked)
    }

    #[track_caller]
    fn check(input: Value, options: &[&str], timeout_s: Option<u64>) {
        let expect = Outcome::Ask {
            question: "Which?".into(),
            options: options.iter().map(|option| (*option).to_owned()).collect(),
            default: "a".into(),
            timeout_s,
        };
        assert_eq!(found(input), expect);
    }

    #[track_caller]
    fn refused(input: Value, why: &str) {
        match found(input) {
            Outcome::Continue { output, is_error: true } => {
                assert!(output.contains(why), "{output}")
            }
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_question_has_a_default() {
        check(json!({"question": " Which? ", "default": "a"}), &[], None);
        let options = json!(["a", " b", "a", ""]);
        check(
            json!({"question": "Which?", "options": options, "default": "a", "timeout_s": 0}),
            &["a", "b"],
            Some(1),
        );
        let long = json!({"question": "Which?", "default": "a", "timeout_s": 9_000_000});
        check(long, &[], Some(86_400));
        refused(json!({"question": "Which?"}), "`default` is missing");
        refused(json!({"question": "Which?", "default": " "}), "`default` is empty");
        refused(json!({"question": "", "default": "a"}), "`question` is empty");
        let question = "q".repeat(2001);
        refused(json!({"question": question, "default": "a"}), "longer than 2,000 characters");
        let seven: Vec<String> = (0..7).map(|n| n.to_string()).collect();
        refused(
            json!({"question": "Which?", "options": seven, "default": "0"}),
            "7 options are too many; 6 at most",
        );
    }
}
