//! The loop's own CPU per turn, with a long history behind it.

use super::{first_token::provider, model, quantiles};
use async_trait::async_trait;
use chrono::Utc;
use entity::{ids::StageRunId, vocab::Stage};
use rustix::time::{ClockId, clock_gettime};
use serde_json::{Value, json};
use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};
use tokio::sync::{mpsc, watch};
use tokio_util::sync::CancellationToken;
use trainable::{
    agent::{self, AgentRun, Model, Task},
    event::{Budgets, Driver, Entry, Event, Fact, Spent, TextDelta, TokenUsage},
    llm::Brief,
    sandbox::{
        Gpu, Limits, SandboxProvider, SandboxSpec, VolumeName, VolumePath, Warmth,
        fake::FakeSandboxes,
    },
    tool::{Facts, KnownFiles, Stopped, ToolContext},
};

/// Turns behind the loop, and turns that are measured.
const HISTORY: u32 = 200;
const MEASURED: u32 = 60;
/// Bytes of a script and of what it printed, as real turns have them.
const CODE: usize = 1_500;
const OUTPUT: usize = 4_000;

/// CPU seconds of this thread, which runs the loop and nothing else.
fn cpu() -> f64 {
    let now = clock_gettime(ClockId::ThreadCPUTime);
    now.tv_sec as f64 + now.tv_nsec as f64 / 1e9
}

/// Takes facts and notes the CPU at each turn's start.
#[derive(Default)]
struct Notes(Mutex<Vec<f64>>);

#[async_trait]
impl Facts for Notes {
    async fn record(&self, facts: Vec<Fact>) -> Result<(), Stopped> {
        if facts.iter().any(|fact| matches!(fact, Fact::TurnStarted { .. })) {
            self.0.lock().expect("nobody panicked").push(cpu());
        }
        Ok(())
    }

    async fn settle(&self) -> Result<(), Stopped> {
        Ok(())
    }

    fn provisional(&self, _: TextDelta) {}
}

pub fn measure() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let (turns, bytes) = runtime.expect("a runtime").block_on(turns());
    let ours = quantiles(turns);
    let floor = quantiles((0..20).map(|_| floor()).collect());
    println!(
        "the loop's CPU per turn with {HISTORY} turns behind it ({:.1} MiB of messages), milliseconds:",
        bytes as f64 / 1048576.0
    );
    println!("  the loop, adapter and layers        p50 {:.2}  p95 {:.2}", ours.0, ours.1);
    println!("  writing the same messages as JSON   p50 {:.2}  p95 {:.2}", floor.0, floor.1);
    println!("  ratio                               {:.1}", ours.0 / floor.0);
}

fn blocks(turn: u32) -> Vec<Value> {
    vec![
        json!({"type": "text", "text": format!("Step {turn}: looking further.")}),
        json!({"type": "tool_use", "id": format!("call-{turn}"), "name": "execute_code",
            "input": {"code": "x = 1\n".repeat(CODE / 6), "slug": format!("step_{turn}")}}),
    ]
}

fn history() -> Vec<Entry> {
    let run = Some(StageRunId::new());
    let mut facts = Vec::new();
    for turn in 1..=HISTORY {
        let call_id = format!("call-{turn}");
        facts.push(Fact::TurnStarted {
            turn,
            attempt: 1,
            elapsed_s: f64::from(turn),
            again: false,
        });
        facts.push(Fact::TurnEnded {
            turn,
            attempt: 1,
            blocks: blocks(turn),
            stop_reason: "tool_use".into(),
            usage: TokenUsage::default(),
        });
        facts.push(Fact::ToolEnd {
            call_id,
            tool: "execute_code".into(),
            output: "0.123456\n".repeat(OUTPUT / 9),
            is_error: false,
            duration_ms: 1,
        });
    }
    let entry = |(seq, fact): (usize, Fact)| Entry {
        seq: seq as i64 + 1,
        at: Utc::now(),
        stage_run: run,
        event: Event::Fact(fact),
    };
    facts.into_iter().enumerate().map(entry).collect()
}

/// Milliseconds of CPU of each measured turn, and the bytes of the messages.
async fn turns() -> (Vec<f64>, usize) {
    let model = model::start(Duration::from_millis(1));
    let sandboxes = FakeSandboxes::new(|_| Vec::new());
    let name = VolumeName::parse("sessions/bench").expect("a name");
    let spec = SandboxSpec {
        mounts: Vec::new(),
        limits: Limits::default(),
        gpu: Gpu::None,
        warmth: Warmth::Cold,
    };
    let notes = Arc::new(Notes::default());
    let cx = ToolContext {
        stage: Stage::Eda,
        folder: VolumePath::parse("eda").expect("a path"),
        sandbox: sandboxes.start(spec).await.expect("a sandbox"),
        volume: sandboxes.volume(&name).await.expect("a volume"),
        session_dir: "/data/sessions/bench".into(),
        env: BTreeMap::new(),
        facts: notes.clone(),
        cancel: CancellationToken::new(),
        known: tokio::sync::Mutex::new(KnownFiles::default()),
        limits: Limits::default(),
    };
    let budgets = Budgets { turns: MEASURED, ..Budgets::default() };
    let (_limits, limited) = watch::channel(budgets);
    let (_signals, heard) = mpsc::unbounded_channel();
    let history = history();
    let bytes = history.len() / 3 * (CODE + OUTPUT);
    let run = AgentRun {
        task: Task::Stage,
        provider: provider(&model.address),
        driver: Driver { provider: "anthropic".into(), model: "claude-bench".into(), effort: None },
        // Nothing is condensed: the worst case.
        model: Model { context_tokens: Some(10_000_000), ..Model::default() },
        brief: brief(),
        budgets: limited,
        begun_with: budgets,
        before: Spent::default(),
        cx,
        signals: heard,
        history,
    };
    // It ends when its turns are used up.
    agent::run(run).await.expect("nobody cancels it");
    let marks = notes.0.lock().expect("nobody panicked").clone();
    (marks.windows(2).map(|pair| (pair[1] - pair[0]) * 1000.0).collect(), bytes)
}

fn floor() -> f64 {
    let messages: Vec<Value> = (1..=HISTORY)
        .flat_map(|turn| {
            let result = json!({"type": "tool_result", "tool_use_id": format!("call-{turn}"),
                "content": "0.123456\n".repeat(OUTPUT / 9)});
            [
                json!({"role": "assistant", "content": blocks(turn)}),
                json!({"role": "user", "content": [result]}),
            ]
        })
        .collect();
    let begun = Instant::now();
    let text = serde_json::to_vec(&messages).expect("JSON");
    assert!(!text.is_empty());
    begun.elapsed().as_secs_f64() * 1000.0
}

fn brief() -> Brief {
    Brief {
        stage: Stage::Eda,
        dataset_dir: "/data/datasets/bench".into(),
        session_dir: "/data/sessions/bench".into(),
        stage_dir: "/data/sessions/bench/eda".into(),
        dataset: json!({"tables": []}),
        target: None,
        instructions: String::new(),
        seed: 42,
        turns_left: 30,
        execution_timeout_s: 600,
        memory_mib: 1024,
        cpus: 2,
        earlier: Vec::new(),
    }
}
