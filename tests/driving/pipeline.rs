//! A whole conversation of three stages, in each wire format, with everything that a conversation
//! may have: it ends with a trained model.

use super::{
    models::script::{Asked, CLAUDE, Script, Thinking, Turn, Wire},
    reading::{dense, executions, facts, failure, printed, results},
    scene::{Scene, driver, part},
    support::{binary::small_table, house::in_system, state},
};
use entity::vocab::{Effort, SessionStateName, Stage};
use serde_json::{Value, json};
use trainable::{
    dataset::NewExperiment,
    event::{Fact, PlanStatus, TokenUsage},
    llm::StopReason,
    session::StageRequest,
};

pub const EDA: &str = include_str!("python/eda.py");
pub const PREP: &str = include_str!("python/prep.py");
pub const TRAIN: &str = include_str!("python/train.py");
const ANSWER: &str = "it is made by hand, trust it";

/// Looks, plans, asks, is cut off, pauses, writes, finishes.
fn eda(wire: Wire) -> Vec<Turn> {
    let plan = json!({"steps": [
        {"title": "Look at the table", "status": "in_progress"},
        {"title": "Write the report – Größe zuerst", "status": "pending"},
    ]});
    let question = json!({
        "question": "How was the column `kind` made?", "options": [ANSWER, "by a machine"],
        "default": "by a machine",
    });
    let mut turns = vec![
        Turn::text("I look at what is there. 🦀")
            .thinking("A small table: first its shape, then its gaps.")
            .call("update_plan", plan)
            .call("list_files", json!({}))
            .code("shape", "print('here', 6 * 7)"),
        Turn { thinking: Some(Thinking::Omitted), ..Turn::default() }.call("ask_user", question),
        Turn::text("Now the report, with").stop(StopReason::MaxTokens).code("cut", EDA),
        Turn::default().thinking("I was cut off; once more, whole.").code("explore", EDA),
        Turn::text("The report is there.").finish(),
    ];
    if wire == Wire::Anthropic {
        turns.insert(4, Turn::text("a moment, I sort this out").stop(StopReason::PauseTurn));
    }
    turns
}

fn prep() -> Vec<Turn> {
    vec![
        Turn { thinking: Some(Thinking::Redacted), ..Turn::text("I split first.") }
            .code("split", PREP),
        Turn::default()
            .call("read_file", json!({"path": "prep/data/metadata.json"}))
            .call("list_files", json!({"path": "prep/data"})),
        Turn::text("The splits are whole.").finish(),
    ]
}

fn train() -> Vec<Turn> {
    let heavy = json!({"code": TRAIN, "slug": "fit", "heavy": true});
    vec![
        Turn::text("Two kinds of models.")
            .thinking("Linear, then a forest.")
            .call("execute_code", heavy),
        Turn::default().call("read_file", json!({"path": "train/data/metadata.json"})),
        Turn::text("The model is there.").finish(),
    ]
}

/// The whole conversation.
pub fn conversation() -> Script {
    Script::rule(|asked: &Asked| {
        let turns = match asked.stage {
            Some(Stage::Eda) => eda(asked.wire),
            Some(Stage::Prep) => prep(),
            Some(Stage::Train) => train(),
            None => Vec::new(),
        };
        turns.get(asked.turn).cloned().unwrap_or_else(|| Turn::text("there is nothing left to say"))
    })
}

async fn check(scene: &Scene, wire: Wire, model: &str) -> f64 {
    let what = format!("{wire:?}");
    let directory = &scene.house.directory;
    let new = NewExperiment { target: Some("kind".into()), ..NewExperiment::default() };
    let experiment = scene.house.experiment_of("things.csv", small_table(400), new).await;
    let mut who = driver(wire, model);
    who.effort = (wire == Wire::Anthropic).then_some(Effort::High);
    let session = scene.house.session_of(experiment, who).await;
    let request = StageRequest { through: Some(Stage::Train), ..scene.house.eda() };
    directory.start_stage(session, request).await.expect("EDA starts");
    let asks = |fact: &Fact| matches!(fact, Fact::QuestionAsked { .. });
    scene.until(session, "the question", |entries| facts(entries).any(asks)).await;
    let question = directory.snapshot(session).await.expect("a snapshot").question;
    let call = question.expect("an open question").call_id;
    directory.answer(session, call, ANSWER.into()).await.expect("it is taken");
    let entries = scene
        .until(session, "the end", |entries| {
            let ends = [SessionStateName::TrainDone, SessionStateName::Failed];
            state(entries).is_some_and(|state| ends.contains(&state))
        })
        .await;
    assert_eq!(
        state(&entries),
        Some(SessionStateName::TrainDone),
        "{what}: {:?}",
        failure(&entries)
    );
    dense(&entries);

    // Real code ran, once each; what was cut off did not.
    let scripts: Vec<&str> =
        executions(&entries).iter().filter_map(|path| path.rsplit('/').next()).collect();
    assert_eq!(
        scripts,
        ["step_01_shape.py", "step_02_explore.py", "step_01_split.py", "step_01_fit.py"],
        "{what}"
    );
    let printed = printed(&entries);
    for part in ["here 42", "rows 400 kinds 2", "split 279 61 60", "best "] {
        assert!(printed.contains(part), "{what}: {part:?} is not in {printed}");
    }
    let answered = results(&entries)
        .iter()
        .any(|(tool, output, _)| *tool == "ask_user" && output.contains(ANSWER));
    assert!(answered, "{what}: the model has the user's answer");
    let plans = facts(&entries).filter_map(|fact| match fact {
        Fact::PlanUpdated { steps } => Some(steps.iter().map(|step| step.status).collect()),
        _ => None,
    });
    assert_eq!(
        plans.collect::<Vec<Vec<_>>>(),
        [vec![PlanStatus::InProgress, PlanStatus::Pending]],
        "{what}"
    );
    let points = facts(&entries).filter_map(|fact| match fact {
        Fact::MetricsBatch { items, .. } => Some(items.len()),
        _ => None,
    });
    assert_eq!(points.sum::<usize>(), 2, "{what}: every point once");
    let metadata = scene.file(session, "train/data/metadata.json").await;
    let metadata: Value = serde_json::from_str(&metadata).expect("JSON");
    let accuracy = metadata["test_metrics"]["accuracy"].as_f64().expect("a number");
    assert!(accuracy > 0.8, "{what}: it was learnt: {accuracy}");
    // The server takes nothing but what the vendors take: every request was right at once.
    let refused: Vec<_> =
        scene.asked(model).into_iter().filter(|seen| seen.status != Some(200)).collect();
    assert_eq!(refused.len(), 0, "{what}: {:?}", refused.first().map(|seen| seen.body.clone()));
    costs(&entries, &what);
    accuracy
}

/// Every turn has its usage and its price, and most of what was read came from the cache.
fn costs(entries: &[trainable::event::Entry], what: &str) {
    let mut all = TokenUsage::default();
    for fact in facts(entries) {
        if let Fact::UsageRecorded { usage, cost_usd, .. } = fact {
            assert!(cost_usd.is_some_and(|cost| cost > 0.0), "{what}: {usage:?}");
            all.add(usage);
        }
    }
    let share = all.cache_read as f64 / all.read() as f64;
    println!("{what}: {:.0} % of {} tokens came from the cache", share * 100.0, all.read());
    assert!(share > 0.5, "{what}: {all:?}");
}

#[test]
fn a_whole_conversation_ends_with_a_model_in_each_wire_format() {
    in_system(async {
        let parts = vec![part(CLAUDE, conversation()), part("gpt-5.2", conversation())];
        let scene = Scene::open(parts).await;
        let both = futures::join!(
            check(&scene, Wire::Anthropic, CLAUDE),
            check(&scene, Wire::OpenAi, "gpt-5.2")
        );
        assert_eq!(both.0, both.1, "the same code on the same data with the same seed");
    });
}
