//! The autopilot through its port, with real data: a small loop runs its scripts with a Python environment and gives
//! it the answers that the agent loop would give.
//!
//! `TRAINABLE_TEST_PYTHON` names the interpreter of a complete environment and `TRAINABLE_TEST_SDK` the folder that
//! holds the `trainable` package; without them the tests say so and pass. `TRAINABLE_TEST_TABLES` chooses tables by
//! name (default: a few small ones), `TRAINABLE_TEST_OUT` keeps what the stages leave.

use entity::vocab::Stage;
use futures::StreamExt;
use serde_json::{Value, json};
use std::{
    env, fs,
    path::{Path, PathBuf},
    process::Command,
    time::Instant,
};
use trainable::{
    autopilot::Autopilot,
    llm::{Block, Brief, Delta, LlmProvider, Message, Request, ToolResult, ToolSpec},
};

const DEFAULT_TABLES: &str = "leaky odd small dates_only rare";
/// No stage may come near the loop's own limit.
const TURNS: usize = 15;

struct Environment {
    python: PathBuf,
    sdk: PathBuf,
}

fn environment() -> Option<Environment> {
    let (python, sdk) = (env::var_os("TRAINABLE_TEST_PYTHON"), env::var_os("TRAINABLE_TEST_SDK"));
    if python.is_none() || sdk.is_none() {
        eprintln!(
            "skipped: set TRAINABLE_TEST_PYTHON and TRAINABLE_TEST_SDK to run the autopilot's scripts"
        );
    }
    Some(Environment { python: python?.into(), sdk: sdk?.into() })
}

/// A session's folder and what its loop needs.
struct Session<'a> {
    environment: &'a Environment,
    dataset: PathBuf,
    folder: PathBuf,
    target: Option<String>,
    seed: u64,
}

impl Session<'_> {
    fn brief(&self, stage: Stage) -> Brief {
        let text = |path: &Path| path.to_str().unwrap().to_owned();
        let described = fs::read_to_string(self.dataset.join("dataset.json")).unwrap();
        Brief {
            stage,
            dataset_dir: text(&self.dataset),
            session_dir: text(&self.folder),
            stage_dir: text(&self.folder.join(stage.as_str())),
            dataset: serde_json::from_str(&described).unwrap(),
            target: self.target.clone(),
            instructions: String::new(),
            seed: self.seed,
            turns_left: 30,
            execution_timeout_s: 600,
            memory_mib: 4096,
            cpus: 2,
            earlier: Vec::new(),
        }
    }

    /// Runs a stage to its end; `Err` holds the last words when it was not finished.
    async fn stage(&self, stage: Stage) -> Result<String, String> {
        let begun = Instant::now();
        let mut messages = vec![Message::User { text: "the facts of the stage".into() }];
        for _ in 0..TURNS {
            let (text, blocks) = self.turn(stage, &messages).await;
            let mut results = Vec::new();
            for block in &blocks {
                let Block::ToolUse { id, name, input } = block else { continue };
                if name == "finish_stage" {
                    println!(
                        "{stage}: {} turns, {:.1} s",
                        messages.len() / 2 + 1,
                        begun.elapsed().as_secs_f64()
                    );
                    return Ok(input["summary"].as_str().unwrap().to_owned());
                }
                let (output, is_error) = self.answer(stage, name, input);
                results.push(ToolResult { call_id: id.clone(), output, is_error });
            }
            if results.is_empty() {
                return Err(text);
            }
            messages.push(Message::Assistant { blocks });
            messages.push(Message::ToolResults { results });
        }
        Err(format!("{stage} took more than {TURNS} turns"))
    }

    async fn turn(&self, stage: Stage, messages: &[Message]) -> (String, Vec<Block>) {
        let tools = ["execute_code", "read_file", "list_files", "update_plan", "finish_stage"];
        let tools = tools.map(|name| ToolSpec {
            name: name.into(),
            description: String::new(),
            input_schema: json!({}),
        });
        let request = Request {
            model: "autopilot-1".into(),
            system: String::new(),
            messages: messages.to_vec(),
            tools: tools.to_vec(),
            brief: self.brief(stage),
            turn: 1,
            max_tokens: 8_000,
            effort: None,
        };
        let deltas: Vec<_> = Autopilot.stream(request).await.unwrap().collect().await;
        match deltas.into_iter().last() {
            Some(Ok(Delta::Done(done))) => match &done.blocks[0] {
                Block::Text { text } => (text.clone(), done.blocks.clone()),
                other => panic!("the first block is text, not {other:?}"),
            },
            other => panic!("a turn ends with `Done`, not {other:?}"),
        }
    }

    fn answer(&self, stage: Stage, tool: &str, input: &Value) -> (String, bool) {
        match tool {
            "execute_code" => self.execute(stage, input),
            "read_file" => {
                match fs::read_to_string(self.folder.join(input["path"].as_str().unwrap())) {
                    Ok(text) => {
                        assert!(
                            text.len() < 200_000,
                            "a file that the policy reads must stay small"
                        );
                        (text, false)
                    }
                    Err(error) => (error.to_string(), true),
                }
            }
            "update_plan" => ("ok".into(), false),
            other => panic!("an unexpected tool `{other}`"),
        }
    }

    fn execute(&self, stage: Stage, input: &Value) -> (String, bool) {
        let folder = self.folder.join(stage.as_str());
        fs::create_dir_all(folder.join("scripts")).unwrap();
        let number = fs::read_dir(folder.join("scripts")).unwrap().count() + 1;
        let slug = input["slug"].as_str().unwrap();
        let script = folder.join(format!("scripts/step_{number:02}_{slug}.py"));
        fs::write(&script, input["code"].as_str().unwrap()).unwrap();
        let begun = Instant::now();
        let output = Command::new(&self.environment.python)
            .arg(&script)
            .current_dir(&folder)
            .env("PYTHONPATH", &self.environment.sdk)
            .env("PYTHONDONTWRITEBYTECODE", "1")
            .env("MPLCONFIGDIR", self.folder.join(".matplotlib"))
            .env("TRAINABLE_DATASET_DIR", &self.dataset)
            .env("TRAINABLE_STAGE_DIR", &folder)
            .env("TRAINABLE_SESSION_DIR", &self.folder)
            .env("OMP_NUM_THREADS", "2")
            .env("OPENBLAS_NUM_THREADS", "1")
            .output()
            .unwrap();
        let (stdout, stderr) =
            (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
        let seconds = begun.elapsed().as_secs_f64();
        println!("  {stage}/{slug} {seconds:.1} s");
        for line in stdout.lines().filter(|line| line.starts_with('•')) {
            println!("    {line}");
        }
        if !output.status.success() {
            println!("{stderr}");
        }
        let code = output.status.code().unwrap_or(-1);
        let text = format!(
            "exit code {code} in {seconds:.1} s\n--- stdout ---\n{stdout}\n--- stderr ---\n{stderr}"
        );
        (text, !output.status.success())
    }

    fn json(&self, path: &str) -> Value {
        serde_json::from_str(&fs::read_to_string(self.folder.join(path)).unwrap()).unwrap()
    }
}

/// Makes the named tables, and returns the folder that holds them.
fn tables(environment: &Environment, names: &[&str], root: &Path) -> PathBuf {
    if let Some(given) = env::var_os("TRAINABLE_TEST_DATA") {
        return given.into();
    }
    let made = Command::new(&environment.python)
        .arg(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/autopilot/datasets.py"))
        .arg(root.join("tables"))
        .args(names)
        .status()
        .unwrap();
    assert!(made.success());
    root.join("tables")
}

/// What must hold of any finished session.
fn check(session: &Session<'_>, expect: &Value) {
    let prep = session.json("prep/data/metadata.json");
    for field in [
        "target_column",
        "problem_type",
        "features",
        "categorical_features",
        "numeric_features",
        "n_classes",
        "class_distribution",
        "splits",
        "transforms",
        "random_seed",
        "original_shape",
        "duplicates_removed",
        "outliers_removed",
    ] {
        assert!(prep.get(field).is_some(), "prep/data/metadata.json lacks `{field}`");
    }
    assert_eq!(prep["target_column"], expect["target"]);
    assert_eq!(prep["task"], expect["task"]);
    let train = session.json("train/data/metadata.json");
    for field in [
        "best_model",
        "best_model_params",
        "models_evaluated",
        "test_metrics",
        "feature_importance",
        "class_imbalance_strategy",
        "tuning_method",
        "tuning_trials",
        "random_seed",
    ] {
        assert!(train.get(field).is_some(), "train/data/metadata.json lacks `{field}`");
    }
    assert!(train["models_evaluated"].as_array().unwrap().len() >= 5);
    let versus = &train["vs_dummy"];
    println!(
        "{} {}: {} {} against {}, better by {} ({} to {}) with {}",
        expect["target"],
        expect["task"],
        versus["metric"],
        versus["model"],
        versus["dummy"],
        versus["difference"],
        versus["lower"],
        versus["upper"],
        train["best_model"]
    );
    let better = versus["lower"].as_f64().unwrap() > 0.0;
    assert!(better || expect["unsure"] == true, "better than the dummy: {versus}");
    for stage in Stage::ALL {
        let report = fs::read_to_string(session.folder.join(format!("{stage}/report.md"))).unwrap();
        for figure in report.split("](").skip(1).filter_map(|rest| rest.split(')').next()) {
            assert!(
                session.folder.join(stage.as_str()).join(figure).is_file(),
                "{stage}/{figure} is in the report"
            );
        }
    }
}

#[tokio::test]
async fn goes_through_every_table() {
    let Some(environment) = environment() else { return };
    let temporary = tempfile::tempdir().unwrap();
    let root = env::var_os("TRAINABLE_TEST_OUT")
        .map_or_else(|| temporary.path().to_owned(), PathBuf::from);
    let names = env::var("TRAINABLE_TEST_TABLES").unwrap_or_else(|_| DEFAULT_TABLES.into());
    let names: Vec<_> = names.split_whitespace().collect();
    let tables = tables(&environment, &names, &root);
    for name in names {
        println!("{name}");
        let dataset = tables.join(name);
        let expect: Value =
            serde_json::from_str(&fs::read_to_string(dataset.join("expect.json")).unwrap())
                .unwrap();
        let target =
            expect["target"].as_str().filter(|_| expect["named"] == true).map(str::to_owned);
        let session = Session {
            environment: &environment,
            dataset,
            folder: root.join("sessions").join(name),
            target,
            seed: 42,
        };
        for stage in Stage::ALL {
            let summary = session.stage(*stage).await.unwrap_or_else(|why| panic!("{name}: {why}"));
            println!("  {summary}");
        }
        check(&session, &expect);
    }
}

#[tokio::test]
async fn the_same_seed_gives_the_same_figures() {
    let Some(environment) = environment() else { return };
    let root = tempfile::tempdir().unwrap();
    let tables = tables(&environment, &["leaky"], root.path());
    let mut outcomes = Vec::new();
    for run in ["first", "second"] {
        let session = Session {
            environment: &environment,
            dataset: tables.join("leaky"),
            folder: root.path().join(run),
            target: Some("has_affair".into()),
            seed: 42,
        };
        for stage in Stage::ALL {
            session.stage(*stage).await.unwrap();
        }
        outcomes.push([
            session.json("train/data/metadata.json"),
            session.json("prep/data/metadata.json"),
        ]);
    }
    assert_eq!(outcomes[0], outcomes[1]);
}
