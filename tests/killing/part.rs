//! What the model says, and what its scripts do: little work, with time to be killed in all of it.
//!
//! The model keeps nothing: which step comes follows from the request, and a step whose calls were
//! interrupted by the server's end is done again.

use super::models::{
    delivery::Delivery,
    script::{Asked, Script, Turn},
};
use entity::vocab::Stage;
use serde_json::{Value, json};
use std::time::Duration;

const PRELUDE: &str = include_str!("python/prelude.py");
const WORK: &str = include_str!("python/work.py");
const EDA: &str = include_str!("python/eda.py");
const PREP: &str = include_str!("python/prep.py");
const TRAIN: &str = include_str!("python/train.py");
/// What the server answers for a call that its end interrupted.
const INTERRUPTED: &str = "interrupted: the server went away";
const WORDS: &str = "I look at what there is before I touch anything: first the shape of the table – \
    Größe zuerst – then its gaps, then what the target may follow from. 🦀 Only then do I write.";

/// A model that drives whole sessions, its words so slow that a kill finds them half said.
pub fn part() -> Script {
    Script::rule(speaks)
        .delivered(Delivery { delay: Duration::from_millis(2), ..Delivery::default() })
}

fn speaks(asked: &Asked) -> Turn {
    // A follow-up has nothing to finish.
    if !asked.tools.iter().any(|tool| tool == "finish_stage") {
        return match step(asked) {
            0 => script(Turn::text(WORDS), "answer", WORK),
            _ => Turn::text(format!("That is what I found. {WORDS}")),
        };
    }
    let steps = match asked.stage {
        Some(Stage::Eda) => eda(),
        Some(Stage::Prep) => prep(),
        Some(Stage::Train) => train(),
        None => panic!("which stage is this? {}", asked.system),
    };
    let all_done = || Turn::text("All that the stage needs is there.").finish();
    steps.get(step(asked)).cloned().unwrap_or_else(all_done)
}

/// How many steps are done: turns whose calls all came to their end.
fn step(asked: &Asked) -> usize {
    let empty = Vec::new();
    let messages = asked.body["messages"].as_array().unwrap_or(&empty);
    let again = messages.iter().filter(|message| {
        let blocks = message["content"].as_array().unwrap_or(&empty);
        let results = blocks.iter().filter(|block| block["type"] == "tool_result");
        message["role"] == "user" && results.into_iter().any(interrupted)
    });
    asked.turn - again.count()
}

fn interrupted(result: &Value) -> bool {
    result["content"].to_string().contains(INTERRUPTED)
}

fn script(turn: Turn, slug: &str, code: &str) -> Turn {
    turn.code(slug, &format!("{PRELUDE}\n\n{code}"))
}

fn question(text: &str) -> Turn {
    Turn::text("One thing I cannot know.").call(
        "ask_user",
        json!({"question": text, "options": ["by hand", "by a machine"], "default": "by hand"}),
    )
}

fn plan(now: &str) -> Value {
    json!({"steps": [
        {"title": "Look at the table", "status": "done"},
        {"title": format!("Work on {now}"), "status": "in_progress"},
    ]})
}

fn eda() -> Vec<Turn> {
    let beside = script(Turn::text("Two at once."), "left", WORK);
    vec![
        Turn::text(WORDS)
            .thinking("A small table.")
            .call("update_plan", plan("the shape"))
            .call("list_files", json!({})),
        script(Turn::text("First the shape."), "shape", WORK),
        script(beside, "right", WORK),
        question("How was the column `kind` made?"),
        script(Turn::text("Now the report."), "write", EDA),
    ]
}

fn prep() -> Vec<Turn> {
    vec![
        script(Turn::text(WORDS).call("update_plan", plan("the splits")), "explore", WORK),
        script(Turn::default().thinking("Split first."), "split", PREP),
        Turn::text("I look at it again.")
            .call("read_file", json!({"path": "prep/data/metadata.json"}))
            .call("list_files", json!({"path": "prep/data"})),
    ]
}

fn train() -> Vec<Turn> {
    let beside = script(Turn::text(WORDS), "forest", WORK);
    vec![
        script(beside, "logistic", WORK),
        question("Which error is worse?"),
        script(Turn::text("The forest it is."), "write", TRAIN),
    ]
}
