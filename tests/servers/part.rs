//! A model that leads a session through the pipeline with one long program and three short ones. It keeps nothing:
//! a step whose call was interrupted is done again.

use super::models::script::{Asked, Script, Turn};
use entity::vocab::Stage;

const PRELUDE: &str = include_str!("../killing/python/prelude.py");
const EDA: &str = include_str!("../killing/python/eda.py");
const PREP: &str = include_str!("../killing/python/prep.py");
const TRAIN: &str = include_str!("../killing/python/train.py");
/// What the server answers for a call that its end interrupted.
const INTERRUPTED: &str = "interrupted: the server went away";

/// `seconds`: how long the first program takes.
pub fn part(seconds: u32) -> Script {
    Script::rule(move |asked| speaks(asked, seconds))
}

fn speaks(asked: &Asked, seconds: u32) -> Turn {
    let long = format!(
        "for step in range({}):\n    print('step', step, flush=True)\n    time.sleep(0.1)\n",
        seconds * 10
    );
    let steps = match asked.stage {
        Some(Stage::Eda) => vec![("long", long.as_str()), ("write", EDA)],
        Some(Stage::Prep) => vec![("split", PREP)],
        Some(Stage::Train) => vec![("write", TRAIN)],
        None => panic!("which stage is this? {}", asked.system),
    };
    match steps.get(step(asked)) {
        Some((slug, code)) => Turn::text("Next.").code(slug, &format!("{PRELUDE}\n\n{code}")),
        None => Turn::text("All that the stage needs is there.").finish(),
    }
}

/// How many steps are done: turns whose calls all came to their end.
fn step(asked: &Asked) -> usize {
    let empty = Vec::new();
    let messages = asked.body["messages"].as_array().unwrap_or(&empty);
    let again = messages.iter().filter(|message| {
        let blocks = message["content"].as_array().unwrap_or(&empty);
        let results = blocks.iter().filter(|block| block["type"] == "tool_result");
        let cut = |block: &serde_json::Value| block["content"].to_string().contains(INTERRUPTED);
        message["role"] == "user" && results.into_iter().any(cut)
    });
    asked.turn - again.count()
}
