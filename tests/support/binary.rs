//! The real binary, run and asked from outside as its users do.

use super::{client, database, objects, python_root, temporary};
use futures::{SinkExt, StreamExt};
use serde_json::{Value, json};
use std::{
    collections::BTreeSet,
    path::{Path, PathBuf},
    process::{ExitStatus, Stdio},
    sync::{Arc, Mutex},
    time::Duration,
};
use tempfile::TempDir;
use tokio::{
    io::{AsyncBufReadExt, AsyncRead, BufReader},
    process::{Child, Command},
    sync::watch,
    time::timeout,
};
use tokio_tungstenite::tungstenite::{Message, client::IntoClientRequest};

/// Nothing here takes longer, on a machine that does other things too.
pub const PATIENCE: Duration = Duration::from_secs(280);
/// What a user may have set, and what would change what is tested.
const FOREIGN: [&str; 7] =
    ["ANTHROPIC_", "OPENAI_", "AWS_", "S3_", "MODAL_", "DATABASE_URL", "TRAINABLE_"];

/// The binary with a data directory, and nothing of this machine's configuration but the Python environment.
pub fn trainable(data: &Path) -> Command {
    let ours = || env!("CARGO_BIN_EXE_trainable").into();
    let mut command = Command::new(std::env::var_os("TRAINABLE_TEST_BINARY").unwrap_or_else(ours));
    for (name, _) in std::env::vars_os() {
        let foreign = |name: &str| FOREIGN.iter().any(|prefix| name.starts_with(prefix));
        if name.to_str().is_some_and(foreign) {
            command.env_remove(name);
        }
    }
    for name in ["TRAINABLE_PYTHON", "TRAINABLE_PYTHON_ENV"] {
        if let Some(value) = std::env::var_os(name) {
            command.env(name, value);
        }
    }
    // A warm sandbox for nobody costs seconds that the tests beside this one would miss.
    command
        .env("TRAINABLE_PYTHON_ROOT", python_root())
        .env("TRAINABLE_DATA", data)
        .env("TRAINABLE_SANDBOX_SLOTS", "0");
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).kill_on_drop(true);
    command
}

/// The binary serving on a port of its own, on the database and the object store that the tests run on.
pub fn serve(data: &Path) -> Command {
    serve_at(data, "127.0.0.1:0")
}

/// The same at an address of the test's own.
pub fn serve_at(data: &Path, listen: &str) -> Command {
    let mut command = trainable(data);
    command.args(["serve", "--listen", listen]);
    if let Some(url) = database::url(&data.join("trainable.db")) {
        command.env("DATABASE_URL", url);
    }
    command.envs(objects::environment(data));
    command
}

/// How a command ended and what it said.
#[derive(Debug)]
pub struct Ended {
    pub code: Option<i32>,
    pub stdout: String,
    pub stderr: String,
}

impl Ended {
    /// The one JSON object on stdout.
    #[track_caller]
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.stdout).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }
}

/// Runs a command to its end.
pub async fn end(mut command: Command) -> Ended {
    let output = timeout(PATIENCE, command.output()).await.expect("the command ends");
    let output = output.expect("the binary starts");
    Ended {
        code: output.status.code(),
        stdout: String::from_utf8(output.stdout).expect("stdout is UTF-8"),
        stderr: String::from_utf8(output.stderr).expect("stderr is UTF-8"),
    }
}

/// A command at work, whose lines on stderr can be waited for.
pub struct Running {
    pub child: Child,
    said: Arc<Mutex<String>>,
    lines: watch::Receiver<usize>,
}

impl Running {
    pub fn start(mut command: Command) -> Self {
        let mut child = command.spawn().expect("the binary starts");
        let said = Arc::new(Mutex::new(String::new()));
        let (told, lines) = watch::channel(0);
        let stderr = child.stderr.take().expect("stderr is a pipe");
        tokio::spawn(listen(stderr, Arc::clone(&said), told));
        if let Some(stdout) = child.stdout.take() {
            tokio::spawn(listen(stdout, Arc::default(), watch::channel(0).0));
        }
        Self { child, said, lines }
    }

    pub fn pid(&self) -> i32 {
        self.child.id().expect("it runs") as i32
    }

    /// What it said on stderr so far.
    pub fn said(&self) -> String {
        self.said.lock().expect("nobody panicked").clone()
    }

    /// The first line on stderr that holds a text.
    pub async fn line(&mut self, part: &str) -> String {
        let found = timeout(PATIENCE, async {
            loop {
                if let Some(line) = self.said().lines().find(|line| line.contains(part)) {
                    return Some(line.to_owned());
                }
                if self.lines.changed().await.is_err() {
                    return None;
                }
            }
        });
        found.await.ok().flatten().unwrap_or_else(|| panic!("never said {part:?}: {}", self.said()))
    }

    pub fn signal(&self, signal: rustix::process::Signal) {
        let pid = rustix::process::Pid::from_raw(self.pid()).expect("it runs");
        rustix::process::kill_process(pid, signal).expect("the signal is sent");
    }

    /// Waits for its end, and for the end of what it says.
    pub async fn ended(&mut self, within: Duration) -> ExitStatus {
        let waited = timeout(within, self.child.wait()).await;
        let status =
            waited.unwrap_or_else(|_| panic!("still runs after {within:?}: {}", self.said()));
        while timeout(Duration::from_secs(5), self.lines.changed())
            .await
            .is_ok_and(|more| more.is_ok())
        {}
        status.expect("its end is known")
    }
}

async fn listen(
    from: impl AsyncRead + Unpin,
    said: Arc<Mutex<String>>,
    told: watch::Sender<usize>,
) {
    let mut lines = BufReader::new(from).lines();
    while let Ok(Some(line)) = lines.next_line().await {
        let mut said = said.lock().expect("nobody panicked");
        said.push_str(&line);
        said.push('\n');
        drop(said);
        told.send_modify(|lines| *lines += 1);
    }
}

/// A process by its id and its time of start, which together are never used again.
pub type Process = (i32, u64);

/// The living descendants of a process.
pub fn descendants(of: i32) -> BTreeSet<Process> {
    let all: Vec<_> = std::fs::read_dir("/proc")
        .expect("processes can be listed")
        .filter_map(|entry| entry.ok()?.file_name().to_str()?.parse::<i32>().ok())
        .filter_map(|pid| stat(pid).map(|(parent, started)| (pid, parent, started)))
        .collect();
    let (mut found, mut parents) = (BTreeSet::new(), vec![of]);
    while let Some(parent) = parents.pop() {
        for (pid, _, started) in all.iter().filter(|(_, its, _)| *its == parent) {
            found.insert((*pid, *started));
            parents.push(*pid);
        }
    }
    found
}

/// Those of some processes that still run.
pub fn alive(processes: &BTreeSet<Process>) -> BTreeSet<Process> {
    let runs =
        |process: &&Process| stat(process.0).is_some_and(|(_, started)| started == process.1);
    processes.iter().filter(runs).copied().collect()
}

/// The parent and the time of start of a process; none for one that is gone or only waits to be reaped.
fn stat(pid: i32) -> Option<(i32, u64)> {
    let text = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    let fields: Vec<_> = text.rsplit_once(") ")?.1.split(' ').collect();
    (fields[0] != "Z").then_some(())?;
    Some((fields[1].parse().ok()?, fields[19].parse().ok()?))
}

/// `trainable serve` on a port of its own, with its data.
pub struct Server {
    pub running: Running,
    pub data: PathBuf,
    pub address: String,
    http: reqwest::Client,
}

impl Server {
    /// Starts on a data directory; `set` are variables.
    pub async fn start(data: &Path, set: &[(&str, &str)]) -> Self {
        let mut command = serve(data);
        command.envs(set.iter().copied());
        Self::of(Running::start(command), data).await
    }

    /// One that was started already.
    pub async fn of(mut running: Running, data: &Path) -> Self {
        let line = running.line("the web client is at http://").await;
        let address = line.split("http://").nth(1).and_then(|rest| rest.split('/').next());
        let address = address.expect("an address").to_owned();
        let http = client();
        let server = Self { running, data: data.to_owned(), address, http };
        assert!(server.ready().await, "the server is ready: {}", server.running.said());
        server
    }

    /// The server answers, and its database does.
    pub async fn ready(&self) -> bool {
        let answer = self.http.get(format!("http://{}/readyz", self.address)).send().await;
        answer.is_ok_and(|answer| answer.status() == 200)
    }

    /// The data of an operation without top-level errors.
    #[track_caller]
    pub fn ask(&self, query: &str, variables: Value) -> impl Future<Output = Value> {
        let caller = std::panic::Location::caller();
        let body = json!({"query": query, "variables": variables});
        let request = self.http.post(format!("http://{}/graphql", self.address)).json(&body);
        async move {
            let answer = timeout(PATIENCE, request.send()).await.expect("an answer in time");
            let mut answer: Value = answer.expect("an answer").json().await.expect("JSON");
            assert!(answer["errors"].is_null(), "{caller}: {answer}");
            answer["data"].take()
        }
    }

    /// Makes a place for a file: its id and address, or what the server says against it.
    pub async fn place(&self, name: &str, size: Option<u64>) -> Result<(String, String), Value> {
        let input = json!({"fileName": name, "size": size});
        let made = self.ask(CREATE_UPLOAD, json!({"i": input})).await;
        let upload = &made["createUpload"]["upload"];
        match (upload["id"].as_str(), upload["url"].as_str()) {
            (Some(id), Some(url)) => Ok((id.to_owned(), url.to_owned())),
            _ => Err(made["createUpload"]["userErrors"].clone()),
        }
    }

    /// Sends bytes to a place: the status and the answer.
    pub async fn put(&self, url: &str, body: impl Into<reqwest::Body>) -> (u16, Value) {
        let request = self.http.put(format!("http://{}{url}", self.address));
        let request = request.header("x-trainable-upload", "1").body(body);
        let answer =
            timeout(PATIENCE, request.send()).await.expect("an answer in time").expect("an answer");
        (answer.status().as_u16(), answer.json().await.expect("JSON"))
    }

    /// Uploads a file that must arrive; its id.
    pub async fn upload(&self, name: &str, body: impl Into<reqwest::Body>) -> String {
        let (id, url) = self.place(name, None).await.expect("a place");
        let (status, said) = self.put(&url, body).await;
        assert_eq!(status, 201, "{name:?}: {said}");
        id
    }

    /// Asks for an experiment: the payload of `createExperiment`.
    pub async fn experiment(&self, input: Value) -> Value {
        let mut made = self.ask(CREATE_EXPERIMENT, json!({"i": input})).await;
        made["createExperiment"].take()
    }

    /// A session of an experiment that must be possible.
    pub async fn session(&self, input: Value) -> String {
        let made = self.experiment(input).await;
        let id = made["experiment"]["id"].as_str().unwrap_or_else(|| panic!("{made}"));
        let made = self.ask(CREATE_SESSION, json!({"i": {"experimentId": id}})).await;
        made["createSession"]["session"]["id"]
            .as_str()
            .unwrap_or_else(|| panic!("{made}"))
            .to_owned()
    }

    /// Starts a stage through a later one.
    pub async fn begin(&self, session: &str, stage: &str, through: &str) {
        let input = json!({"sessionId": session, "stage": stage, "through": through, "provider": "autopilot"});
        let made = self.ask(START_STAGE, json!({"i": input})).await;
        assert_eq!(made["startStage"]["userErrors"], json!([]), "{made}");
    }

    pub async fn state(&self, session: &str) -> String {
        let found = self
            .ask("query($id: ID!) { session(id: $id) { state } }", json!({"id": session}))
            .await;
        found["session"]["state"].as_str().unwrap_or_else(|| panic!("{found}")).to_owned()
    }

    /// The names of all experiments.
    pub async fn experiments(&self) -> BTreeSet<String> {
        let found = self.ask("{ experiments(first: 100) { nodes { name } } }", json!({})).await;
        let nodes = found["experiments"]["nodes"].as_array().expect("a list").clone();
        nodes.iter().map(|node| node["name"].as_str().expect("a name").to_owned()).collect()
    }

    /// Follows a session from after a sequence until an event is good; all events up to and with it.
    pub async fn follow(
        &self,
        session: &str,
        after: i64,
        what: &str,
        good: impl Fn(&Value) -> bool,
    ) -> Vec<Value> {
        let mut seen = Vec::new();
        let found = timeout(PATIENCE, self.follow_on(session, after, good, &mut seen)).await;
        if found.is_err() {
            panic!("never came: {what}\n{seen:#?}\n{}", self.running.said());
        }
        seen
    }

    async fn follow_on(
        &self,
        session: &str,
        after: i64,
        good: impl Fn(&Value) -> bool,
        seen: &mut Vec<Value>,
    ) {
        let mut request =
            format!("ws://{}/graphql/ws", self.address).into_client_request().expect("an address");
        let protocol = "graphql-transport-ws".parse().expect("a name");
        request.headers_mut().insert("sec-websocket-protocol", protocol);
        let (mut socket, _) = tokio_tungstenite::connect_async(request).await.expect("a socket");
        let subscribe = json!({
            "id": "1", "type": "subscribe",
            "payload": {"query": FOLLOW, "variables": {"id": session, "after": after}},
        });
        for message in [json!({"type": "connection_init"}), subscribe] {
            socket.send(Message::text(message.to_string())).await.expect("it is sent");
        }
        while let Some(message) = socket.next().await {
            let Message::Text(text) = message.expect("the socket is open") else { continue };
            let mut message: Value = serde_json::from_str(&text).expect("JSON");
            match message["type"].as_str() {
                Some("connection_ack" | "ping" | "pong") => continue,
                Some("next") => {}
                _ => panic!("{message}"),
            }
            let events = message["payload"]["data"]["sessionEvents"]["events"].take();
            for event in events.as_array().unwrap_or_else(|| panic!("{message}")).clone() {
                // What has no sequence is live only.
                if event["seq"].is_null() {
                    continue;
                }
                seen.push(event);
                if good(seen.last().expect("it was pushed")) {
                    return;
                }
            }
        }
        panic!("the socket was closed\n{seen:#?}");
    }

    /// Stops it as an operator does.
    pub async fn stop(mut self) -> String {
        self.running.signal(rustix::process::Signal::TERM);
        let status = self.running.ended(Duration::from_secs(20)).await;
        assert_eq!(status.code(), Some(0), "{}", self.running.said());
        self.running.said()
    }
}

/// True for an event that says that a session rests.
pub fn rests(event: &Value) -> bool {
    event["__typename"] == "StateChangeEvent"
        && event["state"]
            .as_str()
            .is_some_and(|state| !state.ends_with("_RUNNING") && state != "CREATED")
}

/// The sequences of a log are 1, 2, 3 … without gaps.
#[track_caller]
pub fn dense(events: &[Value]) {
    let found: Vec<_> =
        events.iter().map(|event| event["seq"].as_i64().expect("a sequence")).collect();
    assert_eq!(found, (1..=events.len() as i64).collect::<Vec<_>>());
}

/// One sentence for people: short, on one line, and nothing of the machine or of the program in it.
#[track_caller]
pub fn sentence(text: &str, machine: &[&Path]) {
    assert!(!text.trim().is_empty(), "an empty sentence");
    assert!(!text.contains('\n'), "more than one line: {text:?}");
    assert!(text.chars().count() <= 500, "too long to be read: {text:?}");
    let own = [
        "Traceback",
        "panicked",
        "Error(",
        "Exception",
        "errno",
        "os error",
        "/data/",
        "trainable_runners",
    ];
    let shown = machine.iter().map(|path| path.to_str().expect("UTF-8"));
    for part in own.into_iter().chain([env!("CARGO_MANIFEST_DIR")]).chain(shown) {
        assert!(!text.contains(part), "{part:?} is nothing for people: {text:?}");
    }
    assert!(text.chars().all(|c| !c.is_control()), "control characters: {text:?}");
}

/// A small table that can be learnt from: two numbers that matter, noise, a category with missing values.
pub fn small_table(rows: usize) -> String {
    let mut text = String::from("size,weight,noise,colour,kind\n");
    let mut state = 7_u64;
    for _ in 0..rows {
        let mut next = || {
            state = state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407);
            (state >> 33) as f64 / (1_u64 << 31) as f64
        };
        let (size, weight, noise) = (next(), next(), next());
        let colour = ["red", "green", "", "blue"][(next() * 4.0) as usize];
        let kind = if size + weight + 0.3 * (next() - 0.5) > 1.0 { "big" } else { "small" };
        text.push_str(&format!("{size:.4},{weight:.4},{noise:.4},{colour},{kind}\n"));
    }
    text
}

/// A data directory below a folder of its own.
pub fn house() -> (TempDir, PathBuf) {
    let folder = temporary();
    let data = folder.path().join("data");
    std::fs::create_dir(&data).expect("a folder");
    (folder, data)
}

const CREATE_UPLOAD: &str = "mutation($i: CreateUploadInput!) { createUpload(input: $i) {
    upload { id url } userErrors { message code detail path } } }";
const CREATE_EXPERIMENT: &str =
    "mutation($i: CreateExperimentInput!) { createExperiment(input: $i) {
    experiment { id name target files { name } dataset {
        notes warnings { code message } tables { name rows columns { name } } } }
    userErrors { message code detail path } } }";
const CREATE_SESSION: &str = "mutation($i: CreateSessionInput!) { createSession(input: $i) {
    session { id } userErrors { message } } }";
const START_STAGE: &str = "mutation($i: StartStageInput!) { startStage(input: $i) {
    session { id } userErrors { message } } }";
const FOLLOW: &str =
    "subscription($id: ID!, $after: Long) { sessionEvents(sessionId: $id, after: $after) {
    events { __typename seq stageRunId
        ... on StateChangeEvent { state }
        ... on StageRunEndedEvent { outcome: state error }
        ... on AgentErrorEvent { message }
        ... on ExecutionStartedEvent { script callId }
        ... on ExecutionEndedEvent { callId how } } } }";
