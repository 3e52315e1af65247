//! Tools as the loop calls them, on a sandbox and a volume in memory.

use super::*;
use crate::sandbox::{
    Access, Gpu, Limits, Mount, SandboxProvider, SandboxSpec, VolumeName, VolumePath, Warmth,
    fake::{FakeSandboxes, Step},
};
use bytes::Bytes;
use futures::{StreamExt, stream};
use serde_json::json;
use std::{sync::Mutex, time::Duration};

/// Keeps what was recorded.
#[derive(Default)]
struct Kept(Mutex<Vec<Fact>>);

#[async_trait]
impl Facts for Kept {
    async fn record(&self, facts: Vec<Fact>) -> Result<(), Stopped> {
        self.0.lock().unwrap().extend(facts);
        Ok(())
    }

    async fn settle(&self) -> Result<(), Stopped> {
        Ok(())
    }

    fn provisional(&self, _: TextDelta) {}
}

struct Bench {
    cx: ToolContext,
    facts: Arc<Kept>,
}

impl Bench {
    /// A stage whose programs do this, with an execution limit of 600 s.
    async fn new(steps: Vec<Step>) -> Self {
        let sandboxes = FakeSandboxes::new(move |_| steps.clone());
        let name = VolumeName::parse("sessions/s").unwrap();
        let session_dir = "/data/sessions/s".to_owned();
        let mounts = vec![Mount {
            volume: name.clone(),
            at: session_dir.clone(),
            access: Access::ReadWrite,
        }];
        let facts = Arc::new(Kept::default());
        let cx = ToolContext {
            stage: Stage::Eda,
            folder: VolumePath::parse("eda").unwrap(),
            sandbox: sandboxes
                .start(SandboxSpec {
                    mounts,
                    limits: Limits::default(),
                    gpu: Gpu::None,
                    warmth: Warmth::Cold,
                })
                .await
                .unwrap(),
            volume: sandboxes.volume(&name).await.unwrap(),
            session_dir,
            env: BTreeMap::new(),
            facts: facts.clone(),
            cancel: CancellationToken::new(),
            known: Default::default(),
            limits: Limits::default(),
        };
        Self { cx, facts }
    }

    async fn file(self, path: &str, body: &[u8]) -> Self {
        let body = stream::iter([Ok(Bytes::copy_from_slice(body))]).boxed();
        self.cx.volume.put(&VolumePath::parse(path).unwrap(), body).await.unwrap();
        self
    }

    async fn call(&self, tool: &str, input: Value) -> (String, bool) {
        let tools = all();
        let tool = tools.iter().find(|t| t.spec().name == tool).unwrap();
        let call = Call { id: "c1", input, seconds: 600, stop: CancellationToken::new() };
        match tool.call(&self.cx, call).await.unwrap() {
            Outcome::Continue { output, is_error } => (output, is_error),
            other @ (Outcome::Finish { .. } | Outcome::Ask { .. }) => panic!("{other:?}"),
        }
    }
}

#[track_caller]
fn said(found: (String, bool), is_error: bool, words: &str) {
    assert!(found.0.contains(words) && found.1 == is_error, "{found:?}");
}

/// The script's path and the seconds that it got.
async fn started(input: Value) -> (String, u64) {
    let bench = Bench::new(Vec::new()).await;
    said(bench.call("execute_code", input).await, false, "exit code 0");
    let facts = bench.facts.0.lock().unwrap();
    let found = facts.iter().find_map(|fact| match fact {
        Fact::ExecutionStarted { script, timeout_s, .. } => Some((script.clone(), *timeout_s)),
        _ => None,
    });
    found.expect("it started")
}

#[tokio::test]
async fn heavy_scripts_get_the_stages_limit() {
    let seconds = |input| async move { started(input).await.1 };
    assert_eq!(seconds(json!({"code": "1"})).await, 180);
    assert_eq!(seconds(json!({"code": "1", "heavy": false})).await, 180);
    assert_eq!(seconds(json!({"code": "1", "heavy": true})).await, 600);
    assert_eq!(seconds(json!({"code": "1", "heavy": true, "timeout_s": 30})).await, 30);
    assert_eq!(seconds(json!({"code": "1", "timeout_s": 400})).await, 400);
    assert_eq!(seconds(json!({"code": "1", "timeout_s": 9000})).await, 600);
    assert_eq!(seconds(json!({"code": "1", "timeout_s": 0})).await, 1);
}

#[tokio::test]
async fn scripts_are_named_and_unwrapped() {
    let script = |input| async move { started(input).await.0 };
    assert_eq!(script(json!({"code": "1", "slug": "A b"})).await, "eda/scripts/step_01_a_b.py");
    let code = "```python\n# Look at it\n```";
    assert_eq!(script(json!({"code": code})).await, "eda/scripts/step_01_look_at_it.py");
    let bench = Bench::new(Vec::new()).await;
    bench.call("execute_code", json!({"code": "```python\nx = 1\n```"})).await;
    said(
        bench.call("read_file", json!({"path": "eda/scripts/step_01_step.py"})).await,
        false,
        "x = 1",
    );
}

#[tokio::test(start_paused = true)]
async fn a_script_without_time_is_told_how_to_get_more() {
    let bench = Bench::new(vec![Step::Sleep(std::time::Duration::from_secs(1000))]).await;
    let found = bench.call("execute_code", json!({"code": "1"})).await;
    said(found, true, "timed out after 180 s; take less data or smaller steps, or pass `heavy`");
    let found = bench.call("execute_code", json!({"code": "1", "heavy": true})).await;
    said(found, true, "timed out after 600 s; take less data, fewer trials");
}

#[tokio::test(start_paused = true)]
async fn a_wait_for_a_place_is_told_and_counts_for_nothing() {
    let pause = Duration::from_secs(500);
    let wait = |ahead| Step::Wait { ahead, pause };
    let bench = Bench::new(vec![wait(2), wait(0), Step::Sleep(Duration::from_secs(10))]).await;
    said(bench.call("execute_code", json!({"code": "1"})).await, false, "exit code 0 in 10.0 s");
    let told: Vec<_> = bench.facts.0.lock().unwrap().iter().filter_map(told).collect();
    assert_eq!(told, ["started", "2 ahead", "0 ahead", "placed after 1000 s", "ended in 10 s"]);
}

/// What a fact says of an execution's way.
fn told(fact: &Fact) -> Option<String> {
    match fact {
        Fact::ExecutionStarted { .. } => Some("started".into()),
        Fact::ExecutionWaiting { ahead, .. } => Some(format!("{ahead} ahead")),
        Fact::ExecutionPlaced { waited_ms, .. } => {
            Some(format!("placed after {} s", waited_ms / 1000))
        }
        Fact::ExecutionEnded { ending, .. } => {
            Some(format!("ended in {} s", ending.duration_ms / 1000))
        }
        _ => None,
    }
}

#[tokio::test]
async fn many_files_are_counted() {
    let write = |n| Step::Write {
        path: format!("/data/sessions/s/eda/data/{n:03}.csv"),
        body: Bytes::from_static(b"x"),
    };
    let bench = Bench::new((0..200).map(write).collect()).await;
    let (output, _) = bench.call("execute_code", json!({"code": "1"})).await;
    assert!(output.contains("eda/data/000.csv (1 bytes)") && output.len() < 4_000, "{output}");
    // The script is one of them.
    assert!(output.ends_with("… and 141 more; `list_files` shows them"), "{output}");
}

#[tokio::test]
async fn files_are_read_in_pieces() {
    let text = "ä".repeat(10_000);
    let bench = Bench::new(Vec::new())
        .await
        .file("eda/report.md", b"# Findings")
        .await
        .file("eda/long.txt", format!("x{text}").as_bytes())
        .await
        .file("eda/model.pkl", b"\x80\0\x01")
        .await;
    for path in ["eda/report.md", "./eda/report.md", "/data/sessions/s/eda/report.md"] {
        said(bench.call("read_file", json!({"path": path})).await, false, "# Findings");
    }
    // The cut falls into a character, which waits for the next piece.
    let (first, _) = bench.call("read_file", json!({"path": "eda/long.txt"})).await;
    assert!(first.ends_with("ä\n… 3618 of 20001 bytes follow; go on with `offset`: 16383 …"));
    let (rest, _) =
        bench.call("read_file", json!({"path": "eda/long.txt", "offset": 16_383})).await;
    assert_eq!(rest, "ä".repeat(1_809));
    let read = |input| bench.call("read_file", input);
    said(read(json!({"path": "eda/long.txt", "offset": 99_999})).await, true, "has 20001 bytes");
    said(read(json!({"path": "eda/model.pkl"})).await, true, "is no text; read it with code");
    said(read(json!({"path": "report.md"})).await, true, "yours begin with `eda/`");
    said(read(json!({"path": "../x"})).await, true, "relative to the session's folder");
    said(read(json!({"file": "x"})).await, true, "`path` is missing; it must be a string");
}

#[tokio::test]
async fn folders_are_listed() {
    let bench = Bench::new(Vec::new()).await.file("eda/report.md", b"# Findings").await;
    for path in ["", ".", "eda", "eda/", "./eda", "/data/sessions/s", "/data/sessions/s/eda"] {
        let found = bench.call("list_files", json!({"path": path})).await;
        said(found, false, "          10  eda/report.md\n");
    }
    said(bench.call("list_files", json!({})).await, false, "eda/report.md");
    said(bench.call("list_files", json!({"path": "prep"})).await, false, "no files");
}
