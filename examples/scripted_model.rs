//! A model by rote, for driving the product by hand without any account. It speaks Anthropic's
//! Messages API, works through all three stages on any table with one target column, asks a
//! question, thinks aloud, hears what is said to it, and answers between stages.
//!
//! It knows nothing: which turn comes next follows from the request alone, and the scripts beside
//! this file do the work.
//!
//! ```text
//! cargo run --example scripted_model [PORT, 0 for any] [MILLISECONDS BETWEEN PIECES]
//! ```

#[path = "../tests/support/models/mod.rs"]
mod models;

use entity::vocab::Stage;
use models::{
    Models,
    delivery::Delivery,
    script::{Asked, CLAUDE, KEY, Script, Turn},
};
use serde_json::{Value, json};
use std::{str::FromStr, time::Duration};

const PORT: u16 = 4299;
/// Pieces are nine characters: two hundred a second can be read along.
const DELAY_MS: u64 = 40;

const WATCH: &str = include_str!("scripted_model/watch.py");
const LOOK_BACK: &str = include_str!("scripted_model/look_back.py");
const EDA: &str = include_str!("scripted_model/eda.py");
const PREP: &str = include_str!("scripted_model/prep.py");
const TRAIN: &str = include_str!("scripted_model/train.py");

fn main() {
    let mut arguments = std::env::args().skip(1);
    let port: u16 = argument(arguments.next(), PORT);
    let delay = Duration::from_millis(argument(arguments.next(), DELAY_MS));
    let script = Script::rule(speak).delivered(Delivery { delay, ..Delivery::default() });
    let models = Models::start_on(port, script);
    println!("the scripted model is at {}; give it to the server like this:", models.anthropic());
    println!(
        "ANTHROPIC_API_KEY={KEY} ANTHROPIC_BASE_URL={} CLAUDE_MODEL={CLAUDE} trainable serve",
        models.anthropic()
    );
    loop {
        std::thread::park();
    }
}

fn argument<T: FromStr>(given: Option<String>, usual: T) -> T {
    given.map_or(usual, |text| {
        text.parse().unwrap_or_else(|_| {
            eprintln!(
                "`{text}` is no number that fits; usage: scripted_model [PORT] [MILLISECONDS]"
            );
            std::process::exit(2);
        })
    })
}

/// What it says to a request. What was said to it in the meantime comes first.
fn speak(asked: &Asked) -> Turn {
    let turn = match asked.stage {
        Some(Stage::Eda) => eda(asked),
        Some(Stage::Prep) => prep(asked),
        Some(Stage::Train) => train(asked),
        None => follow_up(asked),
    };
    match said(asked) {
        Some(words) if asked.stage.is_some() => {
            let text =
                format!("I read “{words}” and keep it in mind from here on.\n\n{}", turn.text);
            Turn { text, ..turn }
        }
        Some(_) | None => turn,
    }
}

/// The one script that makes all that a stage must leave, and how it is spoken of.
struct Work {
    steps: [&'static str; 3],
    slug: &'static str,
    code: &'static str,
    summary: &'static str,
}

const OF_EDA: Work = Work {
    steps: ["Look at every column", "Settle what the data cannot tell", "Draw and write"],
    slug: "describe and draw",
    code: EDA,
    summary: "I looked at every column; the report says what to watch.",
};
const OF_PREP: Work = Work {
    steps: ["Split the rows", "Fit the pipeline on train", "Check and report"],
    slug: "split and transform",
    code: PREP,
    summary: "The rows are split and the pipeline was fitted on train alone.",
};
const OF_TRAIN: Work = Work {
    steps: ["Baselines", "Boosted trees", "One look at test"],
    slug: "train models",
    code: TRAIN,
    summary: "The best model on validation was scored once on test.",
};

fn eda(asked: &Asked) -> Turn {
    let work = &OF_EDA;
    match asked.turn {
        0 => Turn::text("I first look at the **shape**, the types and what is missing.")
            .thinking("The table is new to me. Before any figure I want to know what one row is.")
            .call("update_plan", plan(work, 0))
            .code("look at columns", WATCH),
        1 => Turn::text("One thing the data cannot tell.")
            .thinking("A gap can mean unknown or nothing. Whoever made the table knows, I do not.")
            .call("update_plan", plan(work, 1))
            .call(
                "ask_user",
                json!({
                    "question": "What does an empty cell mean in this table?",
                    "options": ["It was not recorded", "There is none"],
                    "default": "It was not recorded",
                    "timeout_s": 600,
                }),
            ),
        2 => Turn::text(format!("{} I go by that, draw the target and write it up.", heard(asked)))
            .call("update_plan", plan(work, 2))
            .code(work.slug, &script(work.code, asked)),
        turn => end(turn - 3, asked, work),
    }
}

fn prep(asked: &Asked) -> Turn {
    let work = &OF_PREP;
    let words = "I split first; whatever learns from data is then fitted on **train** alone.";
    match asked.turn {
        0 => Turn::text(words)
            .thinking("70/15/15 with the given seed, stratified where the target has classes.")
            .call("update_plan", plan(work, 0))
            .code(work.slug, &script(work.code, asked)),
        turn => end(turn - 1, asked, work),
    }
}

fn train(asked: &Asked) -> Turn {
    let work = &OF_TRAIN;
    let words = "Baselines first, then boosted trees; validation chooses, test is seen **once**.";
    let code = json!({"code": script(work.code, asked), "slug": work.slug, "heavy": true});
    match asked.turn {
        0 => Turn::text(words)
            .thinking("A model that does not beat a dummy is no result, so the dummy comes first.")
            .call("update_plan", plan(work, 0))
            .call("execute_code", code),
        turn => end(turn - 1, asked, work),
    }
}

/// Finishes; when something was missing or stopped, does the work once more and finishes again.
fn end(turn: usize, asked: &Asked, work: &Work) -> Turn {
    if turn.is_multiple_of(2) {
        return Turn::text("Everything is there.")
            .call("update_plan", plan(work, work.steps.len()))
            .call("finish_stage", json!({"summary": work.summary}));
    }
    Turn::text("Something is missing, so I do this once more.")
        .code(work.slug, &script(work.code, asked))
}

/// One look at the files, and a word.
fn follow_up(asked: &Asked) -> Turn {
    match asked.turn {
        0 => Turn::text("I look at what the stages left.").code("look back", LOOK_BACK),
        _ => Turn::text(format!(
            "You ask “{}”. The stages left this:\n\n```\n{}\n```\n\nNothing of it was changed.",
            asked.users.get(1).map_or("", String::as_str),
            printed(asked),
        )),
    }
}

/// The plan with so many steps done.
fn plan(work: &Work, at: usize) -> Value {
    let steps: Vec<Value> = work
        .steps
        .iter()
        .enumerate()
        .map(|(n, title)| {
            let status = match n.cmp(&at) {
                std::cmp::Ordering::Less => "done",
                std::cmp::Ordering::Equal => "in_progress",
                std::cmp::Ordering::Greater => "pending",
            };
            json!({"title": title, "status": status})
        })
        .collect();
    json!({"steps": steps})
}

/// The words of people and of the loop since it spoke last; the opening is neither.
fn said(asked: &Asked) -> Option<String> {
    let messages = asked.body["messages"].as_array()?;
    let since = messages.iter().rposition(|message| message["role"] == "assistant");
    let new = &messages[since.map_or(0, |at| at + 1)..];
    let texts = new.iter().flat_map(texts).skip(usize::from(since.is_none()));
    texts.last().map(|text| text.trim().chars().take(120).collect())
}

fn texts(message: &Value) -> Vec<&str> {
    match &message["content"] {
        Value::String(text) => vec![text],
        Value::Array(blocks) => blocks.iter().filter_map(|block| block["text"].as_str()).collect(),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::Object(_) => Vec::new(),
    }
}

/// What the last script printed.
fn printed(asked: &Asked) -> &str {
    let result = asked.results.first().map_or("", String::as_str);
    let after = result.split_once("--- stdout ---").map_or(result, |(_, after)| after);
    after.split_once("\n---").map_or(after, |(printed, _)| printed).trim()
}

/// What came of the question.
fn heard(asked: &Asked) -> String {
    match asked.results.iter().find_map(|result| result.strip_prefix("The user answers: ")) {
        Some(answer) => format!("You answer “{}”.", answer.trim()),
        None => "Without an answer I take it that it was not recorded.".to_owned(),
    }
}

/// A script with the target that the opening names, which is written as JSON and so as Python too.
fn script(code: &str, asked: &Asked) -> String {
    let opening = asked.users.first().map_or("", String::as_str);
    let target = opening.lines().find_map(|line| line.strip_prefix("Target column: \""));
    let target = target.map_or("None".to_owned(), |name| format!("\"{name}"));
    format!("TARGET = {target}\n{code}")
}
