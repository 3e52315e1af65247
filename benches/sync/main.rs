//! The files of a stage on their way into a bucket: the real binary against `rclone copy`, the same files into the
//! same server of S3, and the memory of the binary meanwhile.
//!
//!     cargo bench --bench sync
//!
//! `TRAINABLE_BENCH_SYNC_MIB` and `TRAINABLE_BENCH_SYNC_FILES` make it smaller. Both send eight files at once. Ours is
//! timed from the start of the process to the event that says that all is there.

#[path = "../../tests/support/mod.rs"]
mod support;

use chrono::Utc;
use entity::{
    ids::{SessionId, StageRunId},
    vocab::{ArtifactType, SessionStateName, Stage},
};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    time::{Duration, Instant, SystemTime},
};
use support::{
    binary::Server,
    s3::{self, BUCKET},
};
use trainable::{
    event::{Budgets, Draft, Driver, Event, Fact, File, Outcome, SessionEvent},
    log::EventLog,
    store::{self, Store},
};

/// They take turns, so that what else the machine does hits both.
const ROUNDS: usize = 3;
/// The bars.
const TIMES_RCLONE: f64 = 1.5;
const MOST_MIB: f64 = 150.0;

const SYNCED: &str =
    "query($id: ID!, $after: Long) { session(id: $id) { events(after: $after, first: 100) {
    seq ... on S3SyncCompleteEvent { stageRunId filesSynced uploaded } } } }";

fn main() {
    // `cargo test --benches` only wants to know that it builds and starts.
    if std::env::args().any(|arg| arg == "--test") {
        return;
    }
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    runtime.expect("a runtime").block_on(measure());
}

fn asked(name: &str, default: usize) -> usize {
    std::env::var(name).ok().and_then(|text| text.parse().ok()).unwrap_or(default)
}

async fn measure() {
    let files = asked("TRAINABLE_BENCH_SYNC_FILES", 1_000);
    let mib = asked("TRAINABLE_BENCH_SYNC_MIB", 1_000);
    let bucket = s3::Server::rclone();
    let (_folder, data) = support::binary::house();
    let installation = Installation::make(&data).await;
    let made = installation.files(files, mib << 20);
    println!("{files} files, {mib} MiB in all, into `rclone serve s3`, {ROUNDS} rounds:");
    let (mut ours, mut theirs, mut peak) = (Vec::new(), Vec::new(), 0.0_f64);
    for round in 0..ROUNDS {
        theirs.push(rclone(&bucket, &installation.folder, round));
        let run = installation.stage(&made).await;
        empty(&bucket, "ours");
        installation.forget().await;
        let (took, most, uploaded) = sync(&data, &bucket, installation.session, run).await;
        assert_eq!(uploaded, files as i64, "not all of it was sent");
        peak = peak.max(most);
        ours.push(took);
    }
    let ours = shown("trainable", ours);
    let theirs = shown("rclone copy --transfers 8", theirs);
    let times = ours / theirs;
    println!("{:>40}  {times:>9.2}  (bar: at most {TIMES_RCLONE})", "ours / rclone");
    println!(
        "{:>40}  {peak:>9.0}  (bar: less than {MOST_MIB})",
        "memory of the server at its peak, MiB"
    );

    // The stage again with the same files.
    let before = times_of(&bucket);
    let run = installation.stage(&made).await;
    let (took, _, uploaded) = sync(&data, &bucket, installation.session, run).await;
    let touched =
        times_of(&bucket).iter().filter(|(name, at)| before.get(*name) != Some(at)).count();
    println!(
        "{:>40}  {took:>9.2} s, {uploaded} files sent, {touched} objects touched  (bar: none)",
        "a second sync with nothing changed"
    );
}

/// Prints the median of some rounds, in seconds, with the least and the most, and returns it.
fn shown(what: &str, mut seconds: Vec<f64>) -> f64 {
    seconds.sort_by(f64::total_cmp);
    let (least, median, most) =
        (seconds[0], seconds[seconds.len() / 2], seconds[seconds.len() - 1]);
    println!("{what:>40}  {median:>9.2} s  ({least:.2} to {most:.2})");
    median
}

/// A data directory with one session.
struct Installation {
    data: PathBuf,
    session: SessionId,
    /// The session's folder for EDA.
    folder: PathBuf,
}

impl Installation {
    async fn make(data: &Path) -> Self {
        let store = Store::open_sqlite(&data.join("trainable.db")).await.expect("the database");
        let experiment = support::experiment();
        assert!(store::experiments::insert(&store, &experiment, &[]).await.expect("written"));
        let session = SessionId::new();
        let log = EventLog::start(store.clone());
        let created = SessionEvent::SessionCreated { experiment_id: experiment.id, driver: None };
        let created = Draft { stage_run: None, event: Event::Session(created) };
        log.append(session, 0, 0, Utc::now(), vec![created]).await.expect("appended");
        let folder = data.join("volumes/sessions").join(session.to_string()).join("eda");
        Self { data: data.to_owned(), session, folder }
    }

    /// Writes files, most of them small and some of several parts.
    fn files(&self, count: usize, bytes: usize) -> Vec<File> {
        std::fs::create_dir_all(&self.folder).expect("a folder");
        let mut state = 7_u64;
        let (mut made, mut left) = (Vec::new(), bytes);
        for n in 0..count {
            let rest = count - n;
            let size = match n {
                _ if rest == 1 => left,
                // One in a hundred holds twenty times as much as the others.
                _ if n % 100 == 0 => left.min(bytes / count * 17),
                _ => left.min(bytes / count * 83 / 99),
            };
            left -= size;
            let content: Vec<u8> = std::iter::repeat_with(|| {
                state = state
                    .wrapping_mul(6_364_136_223_846_793_005)
                    .wrapping_add(1_442_695_040_888_963_407);
                state.to_le_bytes()
            })
            .flatten()
            .take(size)
            .collect();
            let name = format!("{n:05}.bin");
            std::fs::write(self.folder.join(&name), &content).expect("written");
            let sha256 = Sha256::digest(&content).iter().map(|b| format!("{b:02x}")).collect();
            made.push(File {
                path: format!("eda/{name}"),
                name,
                stage: Stage::Eda,
                kind: ArtifactType::Dataset,
                size: size as u64,
                sha256,
            });
        }
        made
    }

    /// EDA runs, and leaves these files.
    async fn stage(&self, files: &[File]) -> StageRunId {
        let store =
            Store::open_sqlite(&self.data.join("trainable.db")).await.expect("the database");
        let log = EventLog::start(store.clone());
        let run = StageRunId::new();
        let driver = Driver { provider: "none".into(), model: "none".into(), effort: None };
        let decided = |event| Event::Session(event);
        let mut events = vec![
            decided(SessionEvent::StageRunStarted {
                stage: Stage::Eda,
                through: Stage::Eda,
                driver,
                seed: 1,
                budgets: Budgets::default(),
                approval: false,
                later: Vec::new(),
            }),
            decided(SessionEvent::StateChange { state: SessionStateName::EdaRunning }),
        ];
        let created =
            |file: &File| Event::Fact(Fact::FileCreated { call_id: None, file: file.clone() });
        events.extend(files.iter().map(created));
        let outcome = Outcome::Done { summary: "done".into() };
        events.push(decided(SessionEvent::StageRunEnded { stage: Stage::Eda, outcome }));
        events.push(decided(SessionEvent::StateChange { state: SessionStateName::EdaDone }));
        let row = store::sessions::find(store.read(), self.session).await.expect("the row");
        let epoch = row.expect("a session").owner_epoch;
        let mut last = 0;
        while let Some(entry) = log.since(self.session, last, 1_000).await.expect("the log").last()
        {
            last = entry.seq;
        }
        let drafts = events.into_iter().map(|event| Draft { stage_run: Some(run), event });
        let appended = log.append(self.session, epoch, last, Utc::now(), drafts.collect()).await;
        appended.expect("appended");
        run
    }

    /// Nothing of it was ever sent.
    async fn forget(&self) {
        let store =
            Store::open_sqlite(&self.data.join("trainable.db")).await.expect("the database");
        let rows = store::synced::of_session(store.read(), self.session).await.expect("rows");
        let paths: Vec<String> = rows.into_iter().map(|row| row.path).collect();
        store::synced::forget(store.write(), self.session, &paths).await.expect("forgotten");
    }
}

/// Starts the binary and waits until the files of a run are told to be there: seconds, MiB, and files sent.
async fn sync(
    data: &Path,
    bucket: &s3::Server,
    session: SessionId,
    run: StageRunId,
) -> (f64, f64, i64) {
    let set = s3::environment(&bucket.settings());
    let set: Vec<_> = set.iter().map(|(name, value)| (*name, value.as_str())).collect();
    let since = Instant::now();
    let server = Server::start(data, &set).await;
    let (id, run) = (global("Session", &session.to_string()), global("StageRun", &run.to_string()));
    let mut after = 0_i64;
    let event = loop {
        let asked = json!({"id": id, "after": after});
        let found = server.ask(SYNCED, asked).await;
        let nodes = found["session"]["events"].as_array().expect("a list").clone();
        after += nodes.len() as i64;
        if let Some(event) = nodes.into_iter().find(|node| node["stageRunId"] == run.as_str()) {
            break event;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    };
    let took = since.elapsed().as_secs_f64();
    let peak = peak(server.running.pid());
    server.stop().await;
    let number = |value: &Value| value.as_i64().unwrap_or_else(|| panic!("{event}"));
    (took, peak, number(&event["uploaded"]))
}

fn rclone(bucket: &s3::Server, folder: &Path, round: usize) -> f64 {
    let target = format!("theirs-{round}");
    let since = Instant::now();
    let mut copy = s3::rclone(bucket);
    copy.args(["copy", "--transfers", "8"]).arg(folder).arg(format!("store:{BUCKET}/{target}"));
    let status = copy.status().expect("rclone starts");
    let took = since.elapsed().as_secs_f64();
    assert!(status.success(), "rclone copied nothing");
    empty(bucket, &target);
    took
}

fn empty(bucket: &s3::Server, folder: &str) {
    let folder = bucket.data.path().join("buckets").join(BUCKET).join(folder);
    // It may not be there yet.
    let _ = std::fs::remove_dir_all(folder);
}

/// When each object was written.
fn times_of(bucket: &s3::Server) -> BTreeMap<PathBuf, SystemTime> {
    let mut found = BTreeMap::new();
    let mut folders = vec![bucket.data.path().join("buckets").join(BUCKET)];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
            let meta = entry.metadata().expect("its metadata");
            match meta.is_dir() {
                true => folders.push(entry.path()),
                false => drop(found.insert(entry.path(), meta.modified().expect("a time"))),
            }
        }
    }
    found
}

/// The most memory that a process had, in MiB.
fn peak(pid: i32) -> f64 {
    let text = std::fs::read_to_string(format!("/proc/{pid}/status")).expect("its status");
    let line = text.lines().find_map(|line| line.strip_prefix("VmHWM:")).expect("its peak");
    let kib: f64 = line.trim().trim_end_matches(" kB").parse().expect("a number");
    kib / 1024.0
}

fn global(kind: &str, id: &str) -> String {
    use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
    URL_SAFE_NO_PAD.encode(format!("{kind}:{id}"))
}
