//! The command line as people and scripts use it: exit codes, what is printed, what is left, signals, restarts.

mod support;

use serde_json::{Value, json};
use std::{
    collections::BTreeSet,
    net::SocketAddr,
    os::unix::{fs::PermissionsExt, process::ExitStatusExt},
    path::Path,
    process::ExitStatus,
    time::{Duration, SystemTime},
};
use support::{
    binary::{
        Process, Running, Server, alive, dense, descendants, end, house, rests, sentence,
        small_table, trainable,
    },
    python_root,
};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpListener,
};

/// How long anything may take to stop.
const STOP: Duration = Duration::from_secs(5);

/// A command that must be refused at once: its arguments with `IN` for the folder of the test, variables, its exit
/// code and what it says on stderr.
#[track_caller]
fn check(
    args: &[&str],
    set: &[(&str, &str)],
    code: i32,
    said: &[&str],
) -> impl Future<Output = ()> {
    let caller = std::panic::Location::caller();
    let (folder, data) = house();
    let inside = folder.path().to_str().expect("UTF-8").to_owned();
    std::fs::write(folder.path().join("table.csv"), small_table(40)).expect("a file");
    std::fs::create_dir(folder.path().join("taken")).expect("a folder");
    std::fs::write(folder.path().join("taken/thesis.doc"), "mine").expect("a file");
    let mut command = trainable(&data);
    command.args(args.iter().map(|arg| arg.replace("IN", &inside)));
    command.envs(set.iter().copied());
    async move {
        let ended = end(command).await;
        assert_eq!(ended.code, Some(code), "{caller}: {ended:?}");
        for part in said {
            assert!(ended.stderr.contains(part), "{caller}: {part:?} is not in {}", ended.stderr);
        }
        assert!(!ended.stderr.contains("panicked"), "{caller}: {}", ended.stderr);
        assert!(!ended.stderr.contains("hunter2"), "{caller}: {}", ended.stderr);
        let kept = std::fs::read_to_string(folder.path().join("taken/thesis.doc"));
        assert_eq!(kept.expect("foreign files stay"), "mine", "{caller}");
        if args.contains(&"--json") && !said.contains(&"Usage:") {
            let error = ended.json()["error"].as_str().expect("an error").to_owned();
            assert!(ended.stderr.contains(&error), "{caller}: {ended:?}");
            sentence(&error, &[&data]);
        }
    }
}

#[tokio::test]
async fn what_cannot_be_run_is_refused_at_once() {
    let run = |rest: &[&'static str]| [&["run", "--json", "--out", "IN/out"], rest].concat();
    check(&run(&["IN/nothing.csv"]), &[], 2, &["nothing.csv", "there is no such file"]).await;
    check(&run(&["IN/no\nthing\x1b[1m.csv"]), &[], 2, &["no thing [1m.csv", "no such file"]).await;
    check(&run(&["IN"]), &[], 2, &["is not a file"]).await;
    check(&run(&["IN/table.csv", "--target", "knd"]), &[], 2, &["`knd`", "`kind`"]).await;
    check(&run(&["IN/table.csv", "--provider", "oracle"]), &[], 2, &["`oracle`", "autopilot"])
        .await;
    check(
        &["run", "--json", "IN/table.csv", "--out", "IN/taken"],
        &[],
        2,
        &["holds other files", "--out"],
    )
    .await;
    check(
        &["run", "--json", "IN/table.csv", "--out", "IN/table.csv"],
        &[],
        2,
        &["is a file", "--out"],
    )
    .await;
    // A folder below a file can be made by nobody, not even by root.
    check(&["run", "--json", "IN/table.csv", "--out", "IN/table.csv/out"], &[], 2, &["--out"])
        .await;
}

#[tokio::test]
async fn usage_errors_end_with_2() {
    check(&[], &[], 2, &["Usage:"]).await;
    check(&["run"], &[], 2, &["<FILES>...", "Usage:"]).await;
    check(&["dance"], &[], 2, &["dance", "Usage:"]).await;
    check(&["run", "IN/table.csv", "--through", "deploy"], &[], 2, &["eda, prep, train"]).await;
    check(&["run", "IN/table.csv", "--seed", "many"], &[], 2, &["--seed"]).await;
    check(&["run", "IN/table.csv", "--sideways"], &[], 2, &["--sideways"]).await;
}

#[tokio::test]
async fn problems_of_the_configuration_are_said_together() {
    check(
        &["serve", "--listen", "nowhere"],
        &[
            ("TRAINABLE_TOKEN", "short"),
            ("DATABASE_URL", "mysql://user:hunter2@host/db"),
            ("TRAINABLE_MEMORY_MIB", "lots"),
        ],
        2,
        &["TRAINABLE_TOKEN", "`nowhere`", "DATABASE_URL", "TRAINABLE_MEMORY_MIB"],
    )
    .await;
    check(
        &["serve", "--listen", "0.0.0.0:0"],
        &[],
        2,
        &["can be reached from other machines", "TRAINABLE_TOKEN", "127.0.0.1"],
    )
    .await;
}

#[tokio::test]
async fn all_that_cannot_be_opened_is_said_together() {
    let (folder, data) = house();
    let catalog = folder.path().join("models.json");
    std::fs::write(&catalog, "no JSON").expect("a file");
    let store = refusing().await;
    let mut serve = trainable(&data);
    serve.args(["serve", "--listen", "127.0.0.1:0"]);
    serve.env("DATABASE_URL", "postgres://u:hunter2@127.0.0.1:1/d");
    serve.env("S3_ENDPOINT", format!("http://{store}")).env("S3_BUCKET", "data");
    serve.env("AWS_ACCESS_KEY_ID", "key").env("AWS_SECRET_ACCESS_KEY", "hunter3");
    serve.env("TRAINABLE_MODELS", &catalog);
    let ended = end(serve).await;
    assert_eq!(ended.code, Some(1), "{ended:?}");
    let lines: Vec<_> = ended.stderr.lines().collect();
    assert_eq!(lines.len(), 3, "{ended:?}");
    for part in ["no database server answers", "`data`", "models.json"] {
        let said = lines.iter().filter(|line| line.contains(part)).count();
        assert_eq!(said, 1, "{part:?}: {ended:?}");
    }
    assert!(!ended.stderr.contains("hunter"), "{ended:?}");
}

/// A store that lets nobody in.
async fn refusing() -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("an address");
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            tokio::spawn(async move {
                let answer =
                    "HTTP/1.1 403 Forbidden\r\ncontent-length: 0\r\nconnection: close\r\n\r\n";
                let mut request = [0; 8192];
                // The request has no body; whether it is read in one piece matters not.
                let _ = stream.read(&mut request).await;
                let _ = stream.write_all(answer.as_bytes()).await;
            });
        }
    });
    address
}

#[tokio::test]
async fn a_copy_names_what_is_wrong_with_either_side() {
    let copy = |from: &'static str, to: &'static str| ["admin", "copy", "--from", from, "--to", to];
    let (one, other) = ("postgres://u:hunter2@127.0.0.1:1/a", "postgres://u:hunter2@127.0.0.1:2/b");
    check(&copy("sqlite:IN/no.db", "mysql://x"), &[], 2, &["--from: there is no", "--to is no"])
        .await;
    check(&copy(one, other), &[], 1, &["127.0.0.1:1` (", "correct --from", "correct --to"]).await;
    check(&copy(one, one), &[], 2, &["--from and --to name the same database"]).await;
    check(&copy(one, "postgres://u:12/34@h/d"), &[], 1, &["correct --from", "--to cannot be read"])
        .await;
    let set = [("DATABASE_URL", other)];
    check(&copy(one, "")[..4], &set, 1, &["correct --from", "correct DATABASE_URL"]).await;
    check(&copy("sqlite:IN/taken/thesis.doc", one), &[], 1, &["--from: ", "correct --to"]).await;
}

#[tokio::test]
async fn a_copied_database_is_for_the_servers_user_alone() {
    let (folder, data) = house();
    let mut migrate = trainable(&data);
    migrate.arg("migrate");
    let ended = end(migrate).await;
    assert_eq!(ended.code, Some(0), "{ended:?}");
    let to = folder.path().join("another/copy.db");
    let mut copy = trainable(&data);
    copy.args(["admin", "copy", "--from"]).arg(format!("sqlite://{}", data.display()));
    copy.arg("--to").arg(format!("sqlite://{}", to.display()));
    let ended = end(copy).await;
    assert_eq!(ended.code, Some(0), "{ended:?}");
    let mode = std::fs::metadata(&to).expect("a copy").permissions().mode();
    assert_eq!(mode & 0o777, 0o600, "{mode:o}");
}

#[tokio::test]
async fn the_schema_is_the_committed_one() {
    let (_folder, data) = house();
    let mut command = trainable(&data);
    command.arg("schema");
    let ended = end(command).await;
    assert_eq!(ended.code, Some(0), "{ended:?}");
    let committed = Path::new(env!("CARGO_MANIFEST_DIR")).join("schema.graphql");
    assert_eq!(ended.stdout, std::fs::read_to_string(committed).expect("the schema"));
}

#[tokio::test]
async fn doctor_says_what_the_machine_gives() {
    let (_folder, data) = house();
    let mut command = trainable(&data);
    command.arg("doctor");
    let ended = end(command).await;
    assert_eq!(ended.code, Some(0), "{ended:?}");
    assert!(ended.stdout.lines().count() >= 3, "{}", ended.stdout);
    assert!(ended.stdout.to_lowercase().contains("python"), "{}", ended.stdout);
    let mut command = trainable(&data);
    command.args(["doctor", "--json"]);
    let json = end(command).await;
    assert_eq!(json.code, Some(0), "{json:?}");
    let json = json.json();
    let keys: Vec<_> = json.as_object().expect("an object").keys().cloned().collect();
    assert_eq!(keys.join(" "), "ok sandbox python disks stores limits in_all retention_days gpus");
    assert_eq!(json["ok"], true);
    // Both say the same.
    for value in [
        json["sandbox"]["tier"].as_str().expect("a tier").to_owned(),
        json["sandbox"]["rests_on"].as_str().expect("a sentence").to_owned(),
        json["python"]["interpreter"].as_str().expect("an interpreter").to_owned(),
        json["python"]["packages"].as_str().expect("a folder").to_owned(),
        format!("{} MiB of memory", json["limits"]["memory_mib"]),
        format!("{} processes", json["limits"]["processes"]),
        format!("{} executions at once", json["in_all"]["at_once"]),
        format!("database: {}", json["stores"][0]["standing"].as_str().expect("a sentence")),
        format!("(`{}`)", json["disks"][0]["folder"].as_str().expect("a folder")),
    ] {
        assert!(ended.stdout.contains(&value), "{value:?} is not in {}", ended.stdout);
    }
    for extra in json["python"]["extras"].as_array().expect("a list") {
        let name = extra["name"].as_str().expect("a name");
        assert!(ended.stdout.contains(&format!("extra {name}: ")), "{}", ended.stdout);
    }
    assert!(json["disks"][0]["free_bytes"].as_u64().is_some_and(|free| free > 0));
    let gpus = json["gpus"].as_array().expect("a list");
    assert_eq!(gpus.is_empty(), ended.stdout.contains("gpu: none"));
    assert_eq!(std::fs::read_dir(data.join("runs")).expect("a folder").count(), 0);
    // A broken environment is named, and is a failure.
    let mut command = trainable(&data);
    let empty = data.join("no-python");
    command.arg("doctor").env("TRAINABLE_PYTHON_ENV", &empty).env("TRAINABLE_PYTHON_ROOT", &empty);
    let ended = end(command).await;
    assert_eq!(ended.code, Some(1), "{ended:?}");
    assert!(ended.stdout.contains("no-python"), "{ended:?}");
}

/// Runs the pipeline on a table; the summary.
async fn run(table: &Path, out: &Path, data: &Path, rest: &[&str]) -> Value {
    let mut command = trainable(data);
    command.arg("run").arg(table).arg("--out").arg(out).arg("--json").args(rest);
    let ended = end(command).await;
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    let summary = ended.json();
    let runs = std::fs::read_dir(data.join("runs")).expect("a folder");
    assert_eq!(runs.count(), 0, "the run's own data was left behind");
    summary
}

#[tokio::test]
async fn a_run_leaves_everything_and_its_seed_decides_its_figures() {
    let (folder, data) = house();
    let table = folder.path().join("my \"kinds\" 🎉.csv");
    std::fs::write(&table, small_table(120)).expect("a file");
    let out = folder.path().join("out");
    let rest = ["--target", "kind", "--seed", "7", "--provider", "autopilot"];
    let summary = run(&table, &out, &data, &rest).await;

    let keys: Vec<_> = summary.as_object().expect("an object").keys().cloned().collect();
    let named = "session_id state stages test_metrics best_model artifacts usage error";
    assert_eq!(keys, named.split(' ').collect::<Vec<_>>());
    assert_eq!(summary["state"], "train_done");
    assert_eq!(summary["error"], Value::Null);
    let stages = summary["stages"].as_array().expect("a list");
    let ran: Vec<_> = stages.iter().map(|s| (s["stage"].as_str(), s["state"].as_str())).collect();
    let done = ["eda", "prep", "train"].map(|stage| (Some(stage), Some("done")));
    assert_eq!(ran, done);
    assert!(stages.iter().all(|s| s["seconds"].as_f64().is_some_and(|seconds| seconds > 0.0)));
    assert!(summary["best_model"].is_string(), "{summary}");
    assert!(summary["usage"]["turns"].as_u64().is_some_and(|turns| turns > 3), "{summary}");
    let metrics = summary["test_metrics"].as_object().expect("figures");
    assert!(metrics.values().any(|value| value.as_f64().is_some_and(|v| v > 0.7)), "{metrics:?}");

    let listed: BTreeSet<_> =
        summary["artifacts"].as_array().expect("a list").iter().filter_map(Value::as_str).collect();
    for name in [
        "eda/report.md",
        "prep/data/train.parquet",
        "prep/data/val.parquet",
        "prep/data/test.parquet",
        "prep/data/metadata.json",
        "prep/data/prep_pipeline.pkl",
        "train/report.md",
        "train/models/model.pkl",
        "train/data/metadata.json",
    ] {
        assert!(listed.contains(name), "{name} is not listed");
    }
    for (folder, end) in [
        ("eda/figures", ".png"),
        ("eda/scripts", ".py"),
        ("prep/scripts", ".py"),
        ("train/scripts", ".py"),
    ] {
        assert!(
            listed.iter().any(|name| name.starts_with(folder) && name.ends_with(end)),
            "{folder} has no {end}"
        );
    }
    for name in &listed {
        let size = out.join(name).metadata().map(|file| file.len());
        assert!(size.as_ref().is_ok_and(|size| *size > 0), "{name}: {size:?}");
    }
    let kept: Value = read_json(&out.join("trainable.json"));
    assert_eq!(kept, summary, "the folder's own summary is another one");
    let metadata = read_json(&out.join("train/data/metadata.json"));
    assert_eq!(metadata["random_seed"], 7);
    assert_eq!(metadata["test_metrics"], summary["test_metrics"]);

    // Into the same folder, which is its own.
    let again = run(&table, &out, &data, &rest).await;
    assert_eq!(again["test_metrics"], summary["test_metrics"]);
    assert_eq!(again["best_model"], summary["best_model"]);
    assert_ne!(again["session_id"], summary["session_id"]);
}

fn read_json(path: &Path) -> Value {
    serde_json::from_slice(&std::fs::read(path).expect("the file is there")).expect("JSON")
}

#[tokio::test]
async fn a_run_may_end_after_eda() {
    let (folder, data) = house();
    let sample = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/dataset/samples/wine.csv");
    let out = folder.path().join("out");
    let summary = run(&sample, &out, &data, &["--through", "eda"]).await;
    assert_eq!(summary["state"], "eda_done");
    assert_eq!(summary["test_metrics"], Value::Null);
    assert!(out.join("eda/report.md").is_file());
    assert!(!out.join("prep").exists() && !out.join("train").exists());
}

#[tokio::test]
async fn names_of_columns_may_be_anything_through_to_the_model() {
    let (folder, data) = house();
    let table = folder.path().join("odd.csv");
    let odd = "\"../../etc/passwd\",\"it's \"\"quoted\"\" {[<,:]}\",\"new\nline 🎉\",\"\",\"out 🎉 come\"";
    let text = small_table(120).replacen("size,weight,noise,colour,kind", odd, 1);
    std::fs::write(&table, text).expect("a file");
    let out = folder.path().join("out");
    let summary = run(&table, &out, &data, &["--target", "out 🎉 come"]).await;
    assert_eq!(summary["state"], "train_done");
    let metadata = read_json(&out.join("train/data/metadata.json"));
    let tried = metadata["models_evaluated"].as_array().expect("a list");
    let tried: BTreeSet<_> = tried.iter().filter_map(|model| model["model"].as_str()).collect();
    let all = BTreeSet::from(["dummy", "linear", "forest", "lightgbm", "xgboost"]);
    assert_eq!(tried, all, "a model could not stand the names: {metadata}");
}

/// What only looks odd is mended, and each thing that was mended is said.
#[tokio::test]
async fn odd_but_good_tables_are_taken_with_a_note() {
    let (folder, data) = house();
    let table = folder.path().join("odd.csv");
    let text = small_table(120).replacen("size,weight,noise", "size,size,", 1);
    let units = "\u{feff}".encode_utf16().chain(text.encode_utf16());
    std::fs::write(&table, units.flat_map(u16::to_le_bytes).collect::<Vec<_>>()).expect("a file");
    let mut command = trainable(&data);
    command.arg("run").arg(&table).args(["--target", "kind", "--through", "eda"]);
    command.arg("--out").arg(folder.path().join("out"));
    let ended = end(command).await;
    assert_eq!(ended.code, Some(0), "{ended:?}");
    assert_eq!(ended.stdout, "", "without --json stdout is for nobody");
    let notes: Vec<_> = ended.stderr.lines().filter(|line| line.contains(": note: ")).collect();
    for part in ["UTF-16", "size_2", "without a name"] {
        assert!(notes.iter().any(|note| note.contains(part)), "{part:?} is in none of {notes:#?}");
    }
    notes.iter().for_each(|note| sentence(note, &[&data, &python_root()]));
}

/// Starts a run and waits until its first program is at work: the run, and the processes of the sandbox.
async fn at_work(folder: &Path, data: &Path) -> (Running, BTreeSet<Process>) {
    let table = folder.join("table.csv");
    std::fs::write(&table, small_table(2000)).expect("a file");
    let mut command = trainable(data);
    command.arg("run").arg(&table).args(["--target", "kind", "--json"]);
    command.arg("--out").arg(folder.join("out"));
    let mut running = Running::start(command);
    running.line("running step_").await;
    let inside = inside(&running).await;
    (running, inside)
}

/// The processes below a command, as soon as there are some: they come a moment after they are announced.
async fn inside(running: &Running) -> BTreeSet<Process> {
    let found = tokio::time::timeout(STOP, async {
        loop {
            let found = descendants(running.pid());
            if !found.is_empty() {
                return found;
            }
            tokio::task::yield_now().await;
        }
    });
    found.await.unwrap_or_else(|_| panic!("nothing runs in a sandbox: {}", running.said()))
}

#[tokio::test]
async fn ctrl_c_ends_a_run_and_everything_of_it() {
    let (folder, data) = house();
    let (mut running, inside) = at_work(folder.path(), &data).await;
    running.signal(rustix::process::Signal::INT);
    let status = running.ended(STOP).await;
    assert_eq!(status.code(), Some(130), "{}", running.said());
    assert_eq!(alive(&inside), BTreeSet::new(), "processes of the sandbox are left");
    assert!(running.said().contains("cancel"), "{}", running.said());
    let summary = read_json(&folder.path().join("out/trainable.json"));
    assert_eq!(summary["state"], "cancelled");
    assert_eq!(std::fs::read_dir(data.join("runs")).expect("a folder").count(), 0);
}

#[tokio::test]
async fn a_run_that_is_killed_leaves_no_process() {
    let (folder, data) = house();
    let (mut running, inside) = at_work(folder.path(), &data).await;
    running.signal(rustix::process::Signal::KILL);
    let status = running.ended(STOP).await;
    assert_eq!(status.signal(), Some(9));
    gone(&inside).await;
}

/// Waits until processes have ended: the kernel tells on a handle of each.
async fn gone(processes: &BTreeSet<Process>) {
    use tokio::io::{Interest, unix::AsyncFd};
    for process in processes {
        let pid = rustix::process::Pid::from_raw(process.0).expect("a pid");
        let flags = rustix::process::PidfdFlags::NONBLOCK;
        let Ok(handle) = rustix::process::pidfd_open(pid, flags) else { continue };
        if alive(&BTreeSet::from([*process])).is_empty() {
            continue;
        }
        // SAFETY: the handle is owned by what waits, and so stays open for as long as it does.
        let handle = unsafe { AsyncFd::register_with_interest(handle, Interest::READABLE) };
        let handle = handle.expect("it can be waited for");
        let ended = tokio::time::timeout(STOP, handle.readable()).await;
        assert!(ended.is_ok(), "process {} outlived its server", process.0);
    }
}

#[tokio::test]
async fn a_data_directory_has_one_server() {
    let (_folder, data) = house();
    let server = Server::start(&data, &[]).await;
    let mut second = trainable(&data);
    second.args(["serve", "--listen", "127.0.0.1:0"]);
    let ended = end(second).await;
    assert_eq!(ended.code, Some(2), "{ended:?}");
    let lines: Vec<_> = ended.stderr.lines().collect();
    assert_eq!(lines.len(), 1, "{ended:?}");
    assert!(lines[0].contains("another trainable uses the data directory"), "{ended:?}");
    assert!(server.ready().await, "the first one was disturbed");
    let mut third = trainable(&data);
    third.args(["serve", "--listen", &server.address]);
    let ended = end(third).await;
    assert_eq!(ended.code, Some(2), "{ended:?}");
    assert!(ended.stderr.contains("cannot listen on"), "{ended:?}");
    server.stop().await;
}

/// A server with a session of the wine sample at work in EDA.
async fn wine(data: &Path) -> (Server, String) {
    let server = Server::start(data, &[]).await;
    let session = server.session(json!({"source": {"sampleId": "wine"}})).await;
    server.begin(&session, "EDA", "EDA").await;
    (server, session)
}

#[tokio::test]
async fn sigterm_stops_a_server_at_work_and_the_next_one_carries_on() {
    let (_folder, data) = house();
    let (mut server, session) = wine(&data).await;
    let seen = server.follow(&session, 0, "a program at work", executes).await;
    let inside = inside(&server.running).await;
    server.running.signal(rustix::process::Signal::TERM);
    let status = server.running.ended(STOP).await;
    assert_eq!(status.code(), Some(0), "{}", server.running.said());
    assert_eq!(alive(&inside), BTreeSet::new(), "processes of the sandbox are left");
    carried_on(&data, &session, &seen).await;
}

#[tokio::test]
async fn a_killed_server_carries_on_from_its_log() {
    let (_folder, data) = house();
    let (mut server, session) = wine(&data).await;
    // A moment that differs each time, and that is said when it finds something.
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).expect("a clock");
    let at = 3 + i64::from(since.subsec_micros() % 40);
    eprintln!("killed at event {at}");
    let reached = |event: &Value| event["seq"].as_i64() >= Some(at) || rests(event);
    let seen = server.follow(&session, 0, "the moment", reached).await;
    let inside = descendants(server.running.pid());
    server.running.signal(rustix::process::Signal::KILL);
    let status: ExitStatus = server.running.ended(STOP).await;
    assert_eq!(status.signal(), Some(9));
    gone(&inside).await;
    carried_on(&data, &session, &seen).await;
}

fn executes(event: &Value) -> bool {
    event["__typename"] == "ExecutionStartedEvent"
}

/// A new server on the same data ends the session well; what was seen before stands, and each execution has an end.
async fn carried_on(data: &Path, session: &str, seen: &[Value]) {
    let server = Server::start(data, &[]).await;
    let all = server
        .follow(session, 0, "the end of EDA", |event| rests(event) && after(event, seen))
        .await;
    assert_eq!(server.state(session).await, "EDA_DONE", "{all:#?}");
    dense(&all);
    assert_eq!(all[..seen.len()], *seen, "what was announced was taken back");
    let of = |kind: &str| -> BTreeSet<String> {
        let events = all.iter().filter(|event| event["__typename"] == kind);
        events.map(|event| event["callId"].as_str().expect("a call").to_owned()).collect()
    };
    assert_eq!(of("ExecutionStartedEvent"), of("ExecutionEndedEvent"));
    assert!(python_root().exists());
    let said = server.stop().await;
    assert!(!said.contains("panicked"), "{said}");
}

/// A session may have been at rest when its server was killed: then that is the end.
fn after(event: &Value, seen: &[Value]) -> bool {
    let last = seen.last().expect("something was seen");
    rests(last) || event["seq"].as_i64() > last["seq"].as_i64()
}
