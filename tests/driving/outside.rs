//! The real binary, driven by a model: the command line, its transcript played again, a server that
//! is killed, and a key that is nowhere.

use super::{
    models::{
        Models,
        fault::Fault,
        script::{Asked, CLAUDE, KEY, Script, Turn, Wire},
    },
    pipeline::conversation,
    scene::{WRITE, plain_eda},
    support::binary::{Ended, PATIENCE, Server, dense, end, house, rests, small_table, trainable},
    support::client,
};
use rustix::process::Signal;
use serde_json::{Value, json};
use std::{
    cell::Cell,
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering::SeqCst},
    },
};

/// Prints what it can see of every environment.
const SPIES: &str = r##"
import glob, os
print("environment", sorted(os.environ.items()))
for path in glob.glob("/proc/*/environ"):
    try:
        print(path, open(path, "rb").read())
    except OSError as error:
        print(path, error.strerror)
print("spied", os.environ["TRAINABLE_STAGE_DIR"])
"##;

/// The variables that lead to a scripted server.
fn leads(models: &Models) -> Vec<(&'static str, String)> {
    vec![
        ("ANTHROPIC_API_KEY", KEY.to_owned()),
        ("ANTHROPIC_BASE_URL", models.anthropic()),
        ("CLAUDE_MODEL", CLAUDE.to_owned()),
        ("OPENAI_API_KEY", KEY.to_owned()),
        ("OPENAI_BASE_URL", models.openai()),
        ("OPENAI_MODEL", "gpt-5.2".to_owned()),
        ("TRAINABLE_LLM_ATTEMPTS", "2".to_owned()),
    ]
}

async fn run(table: &Path, data: &Path, set: &[(&str, String)], rest: &[&str]) -> Ended {
    let mut command = trainable(data);
    command.arg("run").arg(table).args(rest).arg("--json");
    command.envs(set.iter().map(|(name, value)| (*name, value)));
    end(command).await
}

async fn served(data: &Path, models: &Models) -> Server {
    let leads = leads(models);
    let set: Vec<_> = leads.iter().map(|(name, value)| (*name, value.as_str())).collect();
    Server::start(data, &set).await
}

/// A session of a small table, at work in EDA.
async fn begun(server: &Server, provider: &str) -> String {
    let upload = server.upload("things.csv", small_table(40)).await;
    let session =
        server.session(json!({"target": "kind", "source": {"uploadIds": [upload]}})).await;
    let input = json!({"sessionId": session, "stage": "EDA", "provider": provider});
    let made = server.ask(START, json!({"i": input})).await;
    assert_eq!(made["startStage"]["userErrors"], json!([]), "{made}");
    session
}

const START: &str = "mutation($i: StartStageInput!) { startStage(input: $i) {
    session { id } userErrors { message } } }";
const EVERYTHING: &str = "query($id: ID!) {
    session(id: $id) {
        state transcriptUrl usage { inputTokens } plan { title }
        messages(first: 100) { nodes { content metadata } }
        stages { __typename }
        events(first: 100) { __typename
            ... on AgentErrorEvent { message }
            ... on StageRunEndedEvent { error }
            ... on AgentMessageEvent { text }
            ... on NoticeEvent { text }
            ... on ToolStartEvent { input }
            ... on ToolEndEvent { output }
            ... on CodeOutputEvent { text } } }
    providers { name reason description defaultModel models { id } } }";

#[tokio::test]
async fn a_run_on_the_command_line_is_played_again_from_its_transcript() {
    let models = Models::start(conversation());
    let (folder, data) = house();
    let table = folder.path().join("things.csv");
    std::fs::write(&table, small_table(400)).expect("a file");
    let out = |name: &str| folder.path().join(name).to_str().expect("UTF-8").to_owned();
    let to = out("driven");
    let args = ["--target", "kind", "--provider", "anthropic", "--out", &to];
    let first = run(&table, &data, &leads(&models), &args).await;
    assert_eq!(first.code, Some(0), "{first:?}");
    let summary = first.json();
    assert_eq!(summary["state"], "train_done", "{summary}");
    assert!(summary["test_metrics"]["accuracy"].as_f64().expect("a number") > 0.8, "{summary}");
    let usage = &summary["usage"];
    assert_eq!(usage["turns"].as_u64(), Some(models.turns().len() as u64), "{usage}");
    assert!(usage["cost_usd"].as_f64().expect("a price") > 0.0, "{usage}");
    assert!(usage["output_tokens"].as_u64().expect("tokens") > 0, "{usage}");
    assert!(usage["cached_share"].as_f64().expect("a share") > 0.5, "{usage}");
    // Nobody was there to be asked: the default was taken at once.
    let told = |part: &str| models.turns().iter().any(|s| s.body.to_string().contains(part));
    assert!(told("Nobody answered in time. Go on with your default: by a machine"));

    let transcript = out("driven/transcript.json");
    let heard = models.turns().len();
    let to = out("played");
    let args = ["--target", "kind", "--provider", "replay", "--model", &transcript, "--out", &to];
    let again = run(&table, &data, &[], &args).await;
    assert_eq!(again.code, Some(0), "{again:?}");
    let played = again.json();
    assert_eq!(played["state"], "train_done", "{played}");
    assert_eq!(played["test_metrics"], summary["test_metrics"]);
    assert_eq!(played["best_model"], summary["best_model"]);
    assert_eq!(played["artifacts"], summary["artifacts"]);
    assert_eq!(played["usage"]["turns"], summary["usage"]["turns"]);
    assert_eq!(models.turns().len(), heard, "no model was asked");
}

/// Once, then asleep; a third time it writes.
fn interrupted(silent: Arc<AtomicBool>) -> Script {
    let once = "open('once.txt', 'a').write('ran\\n')\nprint('one')";
    let sleeps = "import time\nopen('sleeps.txt', 'a').write('ran\\n')\nprint('down', flush=True)\ntime.sleep(600)";
    let script = Script::rule(move |asked| match asked.turn {
        // What stands between them keeps the second from running beside the first.
        0 => Turn::text("First.")
            .code("once", once)
            .call("list_files", json!({}))
            .code("sleep", sleeps),
        1 => Turn::text("Now the files.").code("write", WRITE),
        _ => Turn::text("All is there.").finish(),
    });
    script.faults(move |asked| {
        (asked.turn == 2 && !silent.swap(true, SeqCst)).then_some(Fault::SilentMiddle)
    })
}

#[tokio::test]
async fn a_server_killed_while_a_model_drives_carries_on() {
    let models = Models::start(interrupted(Arc::default()));
    let (_folder, data) = house();
    let server = served(&data, &models).await;
    let session = begun(&server, "anthropic").await;
    let sleeps = |event: &Value| {
        let script = event["script"].as_str().unwrap_or_default();
        event["__typename"] == "ExecutionStartedEvent" && script.ends_with("sleep.py")
    };
    server.follow(&session, 0, "the long execution", sleeps).await;
    let mut server = killed(server, &data, &models).await;
    // The second time in the middle of the model's words.
    let talks = models.until(PATIENCE, |seen| seen.iter().any(|s| s.fault.is_some()));
    assert!(talks.await, "{}", server.running.said());
    // What came before is durable; what was said for less than the log's linger need not be.
    let written = Cell::new(0);
    let exits = |event: &Value| {
        written.set(written.get() + u32::from(event["how"] == "EXITED"));
        written.get() == 2
    };
    server.follow(&session, 0, "the end of the writing", exits).await;
    server = killed(server, &data, &models).await;
    let events = server.follow(&session, 0, "the end", rests).await;
    assert_eq!(events.last().expect("some")["state"], "EDA_DONE", "{events:#?}");
    dense(&events);
    let of = |kind: &str| -> Vec<&Value> {
        events.iter().filter(|event| event["__typename"] == kind).collect()
    };
    let scripts: Vec<_> = of("ExecutionStartedEvent")
        .iter()
        .filter_map(|event| event["script"].as_str()?.rsplit('/').next())
        .collect();
    assert_eq!(scripts, ["step_01_once.py", "step_02_sleep.py", "step_03_write.py"]);
    let how: Vec<_> = of("ExecutionEndedEvent").iter().map(|event| event["how"].clone()).collect();
    assert_eq!(how, [json!("EXITED"), json!("INTERRUPTED"), json!("EXITED")]);
    for (file, ran) in [("once.txt", 1), ("ran.txt", 1), ("sleeps.txt", 1)] {
        let lines: usize = found(&data, file)
            .iter()
            .map(|path| std::fs::read_to_string(path).expect("a text").lines().count())
            .sum();
        assert!(lines == ran || (file == "sleeps.txt" && lines <= ran), "{file}: {lines}");
    }
    server.stop().await;
}

/// The next server after a kill.
async fn killed(mut server: Server, data: &Path, models: &Models) -> Server {
    server.running.signal(Signal::KILL);
    server.running.ended(PATIENCE).await;
    served(data, models).await
}

/// All files below a folder.
fn files(below: &Path) -> Vec<PathBuf> {
    let Ok(entries) = std::fs::read_dir(below) else { return Vec::new() };
    let paths = entries.map(|entry| entry.expect("an entry").path());
    paths
        .flat_map(|path| match path.symlink_metadata() {
            Ok(meta) if meta.is_dir() => files(&path),
            Ok(meta) if meta.is_file() => vec![path],
            Ok(_) | Err(_) => Vec::new(),
        })
        .collect()
}

fn found(below: &Path, name: &str) -> Vec<PathBuf> {
    files(below).into_iter().filter(|path| path.ends_with(name)).collect()
}

/// Whether some bytes hold a half of the key.
fn holds_key(bytes: &[u8]) -> bool {
    let (head, tail) = KEY.split_at(KEY.len() / 2);
    let holds = |part: &str| bytes.windows(part.len()).any(|window| window == part.as_bytes());
    holds(head) || holds(tail)
}

#[track_caller]
fn absent(bytes: &[u8], place: &str) {
    assert!(!holds_key(bytes), "the key is in {place}");
}

fn absent_below(folder: &Path) -> u64 {
    let mut read = 0;
    for path in files(folder) {
        let bytes = std::fs::read(&path).expect("a file");
        read += bytes.len() as u64;
        absent(&bytes, &path.display().to_string());
    }
    read
}

/// Spies, then does its work; the answers of `fault` repeat the key.
fn spying(fault: Option<Fault>) -> Script {
    Script::rule(|asked: &Asked| match asked.turn {
        0 => Turn::text("I look around.").code("spy", SPIES),
        1 => Turn::text("I write.").code("write", WRITE),
        _ => Turn::text("All is there.").finish(),
    })
    .faults(move |asked| (asked.turn == 2).then(|| fault.clone()).flatten())
}

#[tokio::test]
async fn a_key_is_nowhere() {
    assert!(holds_key(format!("key={KEY};").as_bytes()), "it would be found");
    let (folder, data) = house();
    let models = Models::start(spying(None));
    let server = served(&data, &models).await;
    let mut sessions = Vec::new();
    let cases = [
        ("anthropic", None, "EDA_DONE"),
        ("openai", None, "EDA_DONE"),
        ("anthropic", Some(Fault::EchoesKey), "FAILED"),
        ("openai", Some(Fault::EchoesKey), "FAILED"),
        ("openai", Some(Fault::Unauthorized), "FAILED"),
        ("anthropic", Some(Fault::HtmlPage), "FAILED"),
    ];
    for (provider, fault, expect) in cases {
        let what = format!("{provider} {fault:?}");
        models.play(spying(fault));
        let session = begun(&server, provider).await;
        let events = server.follow(&session, 0, &what, rests).await;
        assert_eq!(events.last().expect("some")["state"], expect, "{what}: {events:#?}");
        sessions.push(session);
    }
    for session in &sessions {
        let answer = server.ask(EVERYTHING, json!({"id": session})).await;
        let text = answer.to_string();
        assert!(text.contains("spied /data/sessions/"), "it spied: {text}");
        absent(text.as_bytes(), "an answer");
        let url = answer["session"]["transcriptUrl"].as_str().expect("an address");
        absent(&fetched(&server, url).await, "a transcript");
    }
    absent(&fetched(&server, "/metrics").await, "the metrics");
    let said = server.stop().await;
    absent(said.as_bytes(), "the log");
    assert!(absent_below(&data) > 100_000, "the database and the volumes were read");

    // The command line: what it prints and what it leaves.
    let table = folder.path().join("things.csv");
    std::fs::write(&table, small_table(40)).expect("a file");
    for (fault, code) in [(None, 0), (Some(Fault::EchoesKey), 1)] {
        models.play(spying(fault));
        let out = folder.path().join(format!("out-{code}"));
        let to = out.to_str().expect("UTF-8");
        let ended = run(&table, &data, &leads(&models), &["--through", "eda", "--out", to]).await;
        assert_eq!(ended.code, Some(code), "{ended:?}");
        absent(ended.stdout.as_bytes(), "stdout");
        absent(ended.stderr.as_bytes(), "stderr");
        assert!(out.join("transcript.json").exists(), "{ended:?}");
        absent_below(&out);
    }
    absent_below(&data);
}

async fn fetched(server: &Server, path: &str) -> Vec<u8> {
    let address = format!("http://{}{path}", server.address);
    let answer = client().get(address).send().await.expect("an answer");
    assert!(answer.status().is_success(), "{path}: {}", answer.status());
    answer.bytes().await.expect("bytes").to_vec()
}

#[tokio::test]
async fn a_wrong_key_is_said_in_words() {
    let models = Models::start(Script::rule(plain_eda));
    let (folder, data) = house();
    let table = folder.path().join("things.csv");
    std::fs::write(&table, small_table(40)).expect("a file");
    for (provider, variable) in [("anthropic", "ANTHROPIC_API_KEY"), ("openai", "OPENAI_API_KEY")] {
        let mut set = leads(&models);
        for (name, value) in &mut set {
            if *name == variable {
                *value = "sk-not-the-one-0123456789".to_owned();
            }
        }
        let out = folder.path().join(provider);
        let args = ["--provider", provider, "--out", out.to_str().expect("UTF-8")];
        let ended = run(&table, &data, &set, &args).await;
        assert_eq!(ended.code, Some(1), "{ended:?}");
        let error = ended.json()["error"].as_str().expect("an error").to_owned();
        assert!(error.contains("did not accept the key") && error.contains(variable), "{error}");
        assert!(!format!("{ended:?}").contains("sk-not-the-one"), "{ended:?}");
    }
    assert!(
        models
            .turns()
            .iter()
            .all(|seen| seen.wire != Some(Wire::OpenAi) || seen.status == Some(401))
    );
}
