//! Whatever is sent, the answer is one clear sentence that says what is wrong, in the API and on the command line;
//! nothing panics, nothing is lost, and the server goes on. What only looks odd is taken.
//!
//! The files come from `tests/fixtures/bad_input.py`, written with the Python of the sandboxes' environment. Two
//! entries of the list are no files: one past the size limit, and a full disk.

mod support;

use bytes::Bytes;
use futures::{StreamExt, stream};
use serde::Deserialize;
use serde_json::{Value, json};
use std::{
    collections::BTreeSet,
    path::{Path, PathBuf},
    process::Command,
};
use support::{
    binary::{Server, end, house, sentence, small_table, trainable},
    python_root, sandboxes, temporary,
};
use tempfile::TempDir;

/// One entry of the fixtures' manifest.
#[derive(Clone, Debug, Deserialize)]
struct Case {
    case: String,
    files: Vec<CaseFile>,
    target: Option<String>,
    main_table: Option<String>,
    limits: Option<Value>,
    ok: bool,
    codes: Vec<String>,
    notes: Vec<String>,
}

#[derive(Clone, Debug, Deserialize)]
struct CaseFile {
    path: String,
    name: String,
}

/// The fixtures: a folder and what lies in it.
struct Fixtures {
    folder: TempDir,
    cases: Vec<Case>,
}

impl Fixtures {
    async fn write() -> Self {
        let folder = temporary();
        // Makes sure of the environment, and is how the server itself does.
        sandboxes(folder.path()).await;
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/bad_input.py");
        let wrote = Command::new(interpreter()).arg(script).arg(folder.path()).output();
        let wrote = wrote.expect("the interpreter starts");
        assert!(wrote.status.success(), "{}", String::from_utf8_lossy(&wrote.stderr));
        let manifest = std::fs::read(folder.path().join("manifest.json")).expect("a manifest");
        let cases = serde_json::from_slice(&manifest).expect("the manifest is understood");
        Self { folder, cases }
    }

    fn body(&self, file: &CaseFile) -> Vec<u8> {
        std::fs::read(self.folder.path().join(&file.path)).expect("a fixture")
    }
}

/// The interpreter of the sandboxes' environment: the newest one that was built.
fn interpreter() -> PathBuf {
    if let Some(environment) = std::env::var_os("TRAINABLE_PYTHON_ENV") {
        return PathBuf::from(environment).join("bin/python");
    }
    let entries = std::fs::read_dir(python_root()).expect("the environment is built");
    let found = entries.filter_map(|entry| {
        let path = entry.ok()?.path();
        path.file_name()?.to_str()?.starts_with("env-").then_some(())?;
        Some((path.metadata().ok()?.modified().ok()?, path.join("bin/python")))
    });
    found.max().expect("the environment is built").1
}

/// Cases that are about something else than a file's content; each has a test of its own or is said why not.
fn for_the_api(case: &&Case) -> bool {
    // Limits of the runner are not the API's to set, and a file without a name gets no place.
    case.limits.is_none() && case.case != "file_without_name"
}

/// Sends a case as a client does: the payload of `createExperiment`.
async fn send(server: &Server, fixtures: &Fixtures, case: &Case) -> Value {
    let mut ids = Vec::new();
    for file in &case.files {
        ids.push(server.upload(&file.name, fixtures.body(file)).await);
    }
    let source = json!({"uploadIds": ids});
    server
        .experiment(json!({
            "source": source, "target": case.target, "mainTable": case.main_table, "name": case.case,
        }))
        .await
}

#[track_caller]
fn check(case: &Case, answer: &Value, machine: &[&Path]) {
    let name = &case.case;
    let errors = answer["userErrors"].as_array().expect("a list");
    let expected: BTreeSet<_> = case.codes.iter().map(String::as_str).collect();
    if case.ok {
        assert!(errors.is_empty() && !answer["experiment"].is_null(), "{name}: {answer}");
        let dataset = &answer["experiment"]["dataset"];
        let warnings = dataset["warnings"].as_array().expect("a list");
        let found: BTreeSet<_> = warnings.iter().filter_map(|w| w["code"].as_str()).collect();
        assert_eq!(found, expected, "{name}: {warnings:?}");
        let notes: Vec<_> = dataset["notes"].as_array().expect("a list").iter().collect();
        for part in &case.notes {
            let said = |note: &&&Value| note.as_str().is_some_and(|note| note.contains(part));
            assert!(
                notes.iter().any(|note| said(&note)),
                "{name}: {part:?} is in none of {notes:?}"
            );
        }
        let said = warnings.iter().map(|w| &w["message"]).chain(notes);
        said.for_each(|text| sentence(text.as_str().expect("text"), machine));
        return;
    }
    assert!(answer["experiment"].is_null(), "{name} was taken: {answer}");
    assert_eq!(errors.len(), 1, "{name}: {errors:?}");
    let error = &errors[0];
    assert_eq!(error["code"], "BAD_DATA", "{name}: {error}");
    let detail = error["detail"].as_str().unwrap_or_default();
    assert!(expected.contains(detail), "{name}: {error} is none of {expected:?}");
    let about = if detail.contains("TARGET") { "target" } else { "source" };
    assert_eq!(error["path"], json!([about]), "{name}");
    sentence(error["message"].as_str().expect("text"), machine);
}

/// Every file of the list through the real server, one share of it.
async fn through_the_api(share: usize, shares: usize) {
    let fixtures = Fixtures::write().await;
    let (_folder, data) = house();
    let server = Server::start(&data, &[]).await;
    let root = python_root();
    let machine = [data.as_path(), root.as_path(), fixtures.folder.path()];
    let kept = server.upload("kept.csv", small_table(40)).await;
    let kept = json!({"source": {"uploadIds": [kept]}, "name": "kept"});
    assert_eq!(server.experiment(kept).await["userErrors"], json!([]));
    let mut expected = BTreeSet::from(["kept".to_owned()]);
    let cases: Vec<_> =
        fixtures.cases.iter().filter(for_the_api).skip(share).step_by(shares).collect();
    assert!(cases.len() > 20, "only {} cases", cases.len());
    let answers = stream::iter(&cases).map(|case| send(&server, &fixtures, case)).buffered(2);
    for (case, answer) in cases.iter().zip(answers.collect::<Vec<_>>().await) {
        check(case, &answer, &machine);
        if case.ok {
            expected.insert(case.case.clone());
        }
    }
    assert_eq!(server.experiments().await, expected, "what was taken is there, and nothing else");
    assert!(server.ready().await);
    assert_eq!(left_behind(&data), Vec::<PathBuf>::new());
    let said = server.stop().await;
    assert!(!said.contains("panicked"), "{said}");
}

/// Copies that were only made to be looked at.
fn left_behind(data: &Path) -> Vec<PathBuf> {
    let folders = ["intake", "work"].map(|kind| data.join("volumes").join(kind));
    let entries = folders.iter().filter_map(|folder| std::fs::read_dir(folder).ok()).flatten();
    entries.map(|entry| entry.expect("an entry").path()).collect()
}

#[tokio::test]
async fn every_file_gets_its_sentence_over_http_1() {
    through_the_api(0, 3).await;
}

#[tokio::test]
async fn every_file_gets_its_sentence_over_http_2() {
    through_the_api(1, 3).await;
}

#[tokio::test]
async fn every_file_gets_its_sentence_over_http_3() {
    through_the_api(2, 3).await;
}

/// The bad ones of the list, by their names in the fixtures.
const REFUSED: [&str; 19] = [
    "empty_file",
    "only_header",
    "one_column",
    "constant_target",
    "target_not_found",
    "target_nothing_like_it",
    "target_class_of_one",
    "all_missing_target",
    "ragged_rows",
    "tildes",
    "too_many_columns",
    "huge_cell",
    "binary_named_csv",
    "zeros_named_csv",
    "truncated_parquet",
    "truncated_workbook",
    "workbook_bomb",
    "broken_json",
    "main_table_needed",
];

#[tokio::test]
async fn every_bad_file_gets_its_sentence_on_the_command_line() {
    let fixtures = Fixtures::write().await;
    let found = |name: &&str| fixtures.cases.iter().find(|case| case.case == **name);
    let cases: Vec<_> = REFUSED.iter().map(|name| found(name).expect("a case")).collect();
    let runs = stream::iter(cases).map(|case| refused_by_run(&fixtures, case)).buffered(2);
    runs.collect::<Vec<()>>().await;
}

async fn refused_by_run(fixtures: &Fixtures, case: &Case) {
    let (folder, data) = house();
    let out = folder.path().join("out");
    let mut command = trainable(&data);
    command.arg("run").arg("--json").arg("--out").arg(&out);
    if let Some(target) = &case.target {
        command.arg("--target").arg(target);
    }
    for file in &case.files {
        let to = folder.path().join(&file.name);
        std::fs::copy(fixtures.folder.path().join(&file.path), &to).expect("a copy");
        command.arg(to);
    }
    let ended = end(command).await;
    let name = &case.case;
    assert_eq!(ended.code, Some(2), "{name}: {ended:?}");
    let summary = ended.json();
    let error = summary["error"].as_str().expect("an error");
    sentence(error, &[&data, &python_root()]);
    let last = ended.stderr.lines().last().unwrap_or_default();
    assert_eq!(last, format!("trainable: {error}"), "{name}: {ended:?}");
    let saying = ended.stderr.lines().filter(|line| !line.starts_with("trainable: reading "));
    assert_eq!(saying.count(), 1, "{name} says more than one thing: {}", ended.stderr);
    assert_eq!(summary["state"], Value::Null, "{name}");
    assert!(!out.exists(), "{name} left an output folder");
    let runs = std::fs::read_dir(data.join("runs")).expect("a folder");
    assert_eq!(runs.count(), 0, "{name} left data behind");
}

/// Names of files are for people and never become paths, whatever is in them.
#[tokio::test]
async fn names_of_files_are_only_names() {
    let (_folder, data) = house();
    let server = Server::start(&data, &[]).await;
    for (given, shown) in [
        ("../../../../tmp/escaped.csv", "escaped.csv"),
        ("..\\..\\escaped.csv", "escaped.csv"),
        ("a \"b\" 'c' `d` $(e) 🎉.csv", "a \"b\" 'c' `d` $(e) 🎉.csv"),
        ("two\nlines\r\n.csv", "two lines  .csv"),
        ("nul\u{0}.csv", "nul .csv"),
    ] {
        let upload = server.upload(given, small_table(30)).await;
        let made =
            server.experiment(json!({"source": {"uploadIds": [upload]}, "target": "kind"})).await;
        assert_eq!(made["userErrors"], json!([]), "{given:?}");
        assert_eq!(made["experiment"]["files"], json!([{"name": shown}]), "{given:?}");
    }
    for given in ["", "  ", "..", "folder/"] {
        let errors = server.place(given, None).await.expect_err("no place without a name");
        assert_eq!(errors[0]["code"], "INVALID_INPUT", "{given:?}");
        sentence(errors[0]["message"].as_str().expect("text"), &[&data]);
    }
    assert!(!Path::new("/tmp/escaped.csv").exists(), "a name became a path");
    server.stop().await;
}

/// The same upload serves after its mistake is mended: nothing has to be sent again.
#[tokio::test]
async fn a_refused_upload_is_not_lost() {
    let (_folder, data) = house();
    let server = Server::start(&data, &[]).await;
    let upload = server.upload("table.csv", small_table(40)).await;
    let ask = |target: &str| {
        server.experiment(json!({"source": {"uploadIds": [upload]}, "target": target}))
    };
    let refused = ask("knd").await;
    assert_eq!(refused["userErrors"][0]["detail"], "TARGET_NOT_FOUND", "{refused}");
    let said = refused["userErrors"][0]["message"].as_str().expect("text");
    assert!(said.contains("`kind`"), "no way out: {said:?}");
    let made = ask("kind").await;
    assert_eq!(made["userErrors"], json!([]));
    assert_eq!(made["experiment"]["target"], "kind");
    server.stop().await;
}

#[tokio::test]
async fn a_file_past_the_limit_is_refused_before_during_and_after() {
    let (folder, data) = house();
    let limit = ("TRAINABLE_MAX_UPLOAD_MIB", "1");
    let server = Server::start(&data, &[limit]).await;
    // Before a byte is sent.
    let errors = server.place("big.csv", Some(2 << 20)).await.expect_err("it is too large");
    assert_eq!(errors[0]["code"], "INVALID_INPUT");
    assert_eq!(errors[0]["path"], json!(["size"]));
    sentence(errors[0]["message"].as_str().expect("text"), &[&data]);
    // With its length declared, and with none.
    let whole = vec![b'x'; 2 << 20];
    let piece = Bytes::from(vec![b'x'; 64 << 10]);
    let pieces = stream::repeat(piece).take(32).map(Ok::<_, std::io::Error>);
    for body in [reqwest::Body::from(whole), reqwest::Body::wrap_stream(pieces)] {
        let (id, url) = server.place("big.csv", None).await.expect("a place");
        let (status, said) = server.put(&url, body).await;
        assert_eq!(status, 413, "{said}");
        let said = said.to_string();
        assert!(said.contains("1 MiB"), "the limit is not said: {said}");
        let refused = server.experiment(json!({"source": {"uploadIds": [id]}})).await;
        assert_eq!(refused["userErrors"][0]["code"], "UPLOAD_INCOMPLETE");
        // The place is as good as before.
        let (status, said) = server.put(&url, small_table(40)).await;
        assert_eq!(status, 201, "{said}");
        let made = server.experiment(json!({"source": {"uploadIds": [id]}})).await;
        assert_eq!(made["userErrors"], json!([]));
    }
    server.stop().await;
    let file = folder.path().join("big.csv");
    std::fs::write(&file, small_table(60_000)).expect("a file");
    let mut command = trainable(&data);
    command.env(limit.0, limit.1).arg("run").arg(&file).arg("--json");
    command.arg("--out").arg(folder.path().join("out"));
    let ended = end(command).await;
    assert_eq!(ended.code, Some(2), "{ended:?}");
    let error = ended.json()["error"].as_str().expect("an error").to_owned();
    assert!(error.contains("limit of 1 MiB"), "{error}");
    sentence(&error, &[&data]);
}

/// A small disk of its own for a data directory; needs root.
struct SmallDisk(TempDir);

impl SmallDisk {
    fn mount(mib: u32) -> Option<Self> {
        let folder = temporary();
        let options = format!("size={mib}m,mode=755");
        let mounted = Command::new("mount")
            .args(["-t", "tmpfs", "-o", &options, "trainable-test"])
            .arg(folder.path())
            .output();
        match mounted {
            Ok(output) if output.status.success() => Some(Self(folder)),
            Ok(output) => {
                eprintln!(
                    "SKIPPED: a full disk cannot be made without root: {}",
                    String::from_utf8_lossy(&output.stderr).trim()
                );
                None
            }
            Err(error) => {
                eprintln!("SKIPPED: a full disk cannot be made without `mount`: {error}");
                None
            }
        }
    }

    /// Takes all space but some KiB.
    fn fill(&self, leave_kib: u64) {
        let file = std::fs::File::create(self.filler()).expect("a file");
        let found = rustix::fs::statvfs(self.0.path()).expect("the disk is asked");
        let free = found.f_bavail * found.f_frsize;
        let taken = free.saturating_sub(leave_kib << 10);
        rustix::fs::fallocate(&file, rustix::fs::FallocateFlags::empty(), 0, taken)
            .expect("it is taken");
    }

    fn free(&self) {
        std::fs::remove_file(self.filler()).expect("the filler is there");
    }

    fn filler(&self) -> PathBuf {
        self.0.path().join("filler")
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        let unmounted = Command::new("umount").arg("--lazy").arg(self.0.path()).status();
        assert!(unmounted.is_ok_and(|status| status.success()) || std::thread::panicking());
    }
}

/// A full disk: what needs space is refused in one sentence, what needs none still answers, and with space again
/// everything goes on.
#[tokio::test]
async fn a_full_disk_is_said_and_survived() {
    let Some(disk) = SmallDisk::mount(64) else { return };
    let data = disk.0.path().join("data");
    std::fs::create_dir(&data).expect("a folder");
    let server = Server::start(&data, &[]).await;
    let early = server.upload("early.csv", small_table(40)).await;
    let early = json!({"source": {"uploadIds": [early]}, "target": "kind", "name": "early"});
    server.session(early).await;
    let large = server.upload("large.csv", small_table(100_000)).await;

    disk.fill(1024);
    let (_, url) =
        server.place("late.csv", None).await.expect("a place takes no space to speak of");
    let (status, said) = server.put(&url, small_table(100_000)).await;
    assert_eq!((status, &said["error"]["code"]), (507, &json!("DISK_FULL")), "{said}");
    let refused =
        server.experiment(json!({"source": {"uploadIds": [large]}, "name": "large"})).await;
    let error = &refused["userErrors"][0];
    assert_eq!(error["code"], "UNAVAILABLE", "{refused}");
    let said = error["message"].as_str().expect("text");
    assert!(said.contains("disk is full"), "{said:?}");
    sentence(said, &[&data]);
    assert!(server.ready().await);
    assert_eq!(server.experiments().await, BTreeSet::from(["early".to_owned()]));

    disk.free();
    let (status, said) = server.put(&url, small_table(100_000)).await;
    assert_eq!(status, 201, "{said}");
    let made = server.experiment(json!({"source": {"uploadIds": [large]}, "name": "large"})).await;
    assert_eq!(made["userErrors"], json!([]));
    assert_eq!(left_behind(&data), Vec::<PathBuf>::new());

    let said = server.stop().await;
    assert!(!said.contains("panicked"), "{said}");
}
