//! A whole server on a loopback port: real database, real edge, sandboxes that do what a table says.
#![allow(dead_code)]

use super::support::{Scripted, client, database, temporary};
use bytes::Bytes;
use entity::{ids::*, principal::Principal};
use futures::{SinkExt, StreamExt};
use serde_json::{Value, json};
use std::{net::TcpListener, sync::Arc, time::Duration};
use tempfile::TempDir;
use tokio::{net::TcpStream, sync::watch};
use tokio_tungstenite::{
    MaybeTlsStream, WebSocketStream, connect_async,
    tungstenite::{Message, client::IntoClientRequest, http::HeaderValue},
};
use tokio_util::sync::CancellationToken;
use trainable::{
    dataset::{self, Datasets},
    event::{Budgets, Draft, Event, Fact, SessionEvent},
    graphql::{self, EnvironmentState},
    http::{self, HttpConfig, HttpParts},
    log::EventLog,
    objects::filesystem::FilesystemObjects,
    sandbox::{
        Capacity, Program, SandboxProvider, SandboxSettings, VolumeName, VolumePath,
        fake::{FakeSandboxes, Run, Step},
    },
    session::{ActorSettings, Directory, Parts, Providers, StoredRecordings, Transcripts},
    store::Store,
};

/// Bytes of an upload in these tests.
pub const UPLOAD_LIMIT: u64 = 2 << 20;

pub struct Server {
    pub base: String,
    pub store: Store,
    pub log: EventLog,
    pub directory: Directory,
    pub objects: Arc<FilesystemObjects>,
    pub sandboxes: Arc<FakeSandboxes>,
    pub http: reqwest::Client,
    pub stopping: CancellationToken,
    _data: TempDir,
}

/// What the runners answer: a good table, or a refusal when a file is named `bad.csv`.
fn runners(run: &Run) -> Vec<Step> {
    let Program::Runner { name, args } = &run.spec.program else { return Vec::new() };
    let answer = match *name {
        "describe" => json!({
            "ok": true, "problems": [], "main_table": "t", "target": null, "sampled": false, "notes": [],
            "tables": [{"name": "t", "role": "main", "file_names": ["t.csv"], "path": null, "rows": 3,
                "columns": [{"name": "a", "dtype": "int64", "kind": "numeric", "missing": 0, "unique": 3,
                    "min": 1, "max": 3, "mean": 2.0, "std": 1.0, "top": [], "examples": [1, "x", null]}],
                "duplicates": 0, "bytes": 10}],
        }),
        _ => {
            json!({"columns": [{"name": "a", "dtype": "int64"}], "rows": [["1"], [null]], "total_rows": 2})
        }
    };
    let path = args.last().cloned().unwrap_or_default();
    vec![Step::Write { path, body: Bytes::from(answer.to_string()) }]
}

impl Server {
    pub async fn start() -> Self {
        Self::with(|_| {}).await
    }

    pub async fn with(configure: impl FnOnce(&mut HttpConfig)) -> Self {
        Self::of(Providers::new(Scripted::new(Vec::new())), configure).await
    }

    /// With model providers of the test's own.
    pub async fn of(providers: Providers, configure: impl FnOnce(&mut HttpConfig)) -> Self {
        let data = temporary();
        let store = database::open(&data.path().join("t.db")).await;
        let log = EventLog::start(store.clone());
        let objects =
            Arc::new(FilesystemObjects::open(&data.path().join("objects")).expect("the objects"));
        let sandboxes = Arc::new(FakeSandboxes::new(runners));
        let port: Arc<dyn SandboxProvider> = sandboxes.clone();
        let limits = dataset::Limits { upload_bytes: UPLOAD_LIMIT, ..dataset::Limits::default() };
        let datasets =
            Datasets::new(store.clone(), log.clone(), objects.clone(), port.clone(), limits);
        let recordings = StoredRecordings::new(objects.clone());
        let transcripts =
            Transcripts::new(store.clone(), log.clone(), datasets.clone(), recordings);
        let directory = Directory::new(Parts {
            store: store.clone(),
            log: log.clone(),
            sandboxes: port.clone(),
            datasets: datasets.clone(),
            providers,
            transcripts: transcripts.clone(),
            sandbox: SandboxSettings::on(Capacity { cores: 1, memory_mib: 8192 }),
            budgets: Budgets { memory_mib: 512, ..Budgets::default() },
            actors: ActorSettings::default(),
        });
        let mut config = HttpConfig { workers: 1, ..HttpConfig::default() };
        configure(&mut config);
        let schema = graphql::schema(graphql::Parts {
            store: store.clone(),
            directory: directory.clone(),
            datasets: datasets.clone(),
            sandboxes: port.clone(),
            environment: watch::channel(EnvironmentState::Ready).1,
            limits: config.limits,
            introspection: true,
        });
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let base = format!("http://{}", listener.local_addr().expect("its address"));
        let stopping = CancellationToken::new();
        let parts = HttpParts {
            schema,
            store: store.clone(),
            datasets,
            transcripts,
            directory: directory.clone(),
            sandboxes: port,
            config,
        };
        actix_web::rt::spawn(http::serve(listener, parts, stopping.clone()));
        let http = client();
        Self { base, store, log, directory, objects, sandboxes, http, stopping, _data: data }
    }

    pub fn url(&self, path: &str) -> String {
        format!("{}{path}", self.base)
    }

    /// Runs an operation that must have no top-level error.
    pub async fn graphql(&self, query: &str, variables: Value) -> Value {
        let answer = self.ask(query, variables).await;
        assert!(answer.get("errors").is_none(), "{answer}");
        answer["data"].clone()
    }

    pub async fn ask(&self, query: &str, variables: Value) -> Value {
        let body = json!({"query": query, "variables": variables});
        let sent =
            self.http.post(self.url("/graphql")).json(&body).send().await.expect("an answer");
        sent.json().await.expect("JSON")
    }

    /// An uploaded file's global id, and the upload's address.
    pub async fn upload(&self, name: &str) -> (String, String) {
        let made = self
            .graphql(
                "mutation($i: CreateUploadInput!) { createUpload(input: $i) { upload { id url } userErrors { message } } }",
                json!({"i": {"fileName": name}}),
            )
            .await;
        let upload = &made["createUpload"]["upload"];
        let text = |key: &str| upload[key].as_str().expect("text").to_owned();
        (text("id"), text("url"))
    }

    pub async fn put(&self, url: &str, body: impl Into<reqwest::Body>) -> reqwest::Response {
        let request = self.http.put(self.url(url)).header("x-trainable-upload", "1").body(body);
        request.send().await.expect("an answer")
    }

    /// An experiment's global id.
    pub async fn experiment(&self, name: &str) -> String {
        let (id, url) = self.upload(&format!("{name}.csv")).await;
        assert_eq!(self.put(&url, "a\n1\n").await.status(), 201);
        let made =
            self.graphql(CREATE, json!({"i": {"name": name, "source": {"uploadIds": [id]}}})).await;
        let id = made["createExperiment"]["experiment"]["id"].as_str();
        id.unwrap_or_else(|| panic!("{made}")).to_owned()
    }

    /// A session whose log has `events` notices after its first event: its id and its global id.
    pub async fn session(&self, events: usize) -> (SessionId, String) {
        let experiment = self.experiment("watched").await;
        let made = self
            .graphql(
                "mutation($i: CreateSessionInput!) { createSession(input: $i) { session { id } } }",
                json!({"i": {"experimentId": experiment}}),
            )
            .await;
        let global = made["createSession"]["session"]["id"].as_str().expect("an id").to_owned();
        let row = trainable::store::sessions::of_experiment(
            self.store.read(),
            experiment_id(&experiment),
        )
        .await
        .expect("rows")
        .remove(0);
        self.append(row.id, 1, events).await;
        (row.id, global)
    }

    /// Appends notices after a sequence.
    pub async fn append(&self, session: SessionId, after: i64, events: usize) {
        if events == 0 {
            return;
        }
        let row = trainable::store::sessions::find(self.store.read(), session).await;
        let epoch = row.expect("the row").expect("a session").owner_epoch;
        let drafts = (0..events)
            .map(|n| Draft {
                stage_run: None,
                event: Event::Fact(Fact::Notice {
                    text: format!("n{}", after + 1 + n as i64),
                    for_people: false,
                }),
            })
            .collect();
        self.log.append(session, epoch, after, chrono::Utc::now(), drafts).await.expect("appended");
    }

    /// Makes the folder of a session's dataset, which no runner makes here.
    pub async fn extracted(&self, session: SessionId) {
        let row = trainable::store::sessions::find(self.store.read(), session).await;
        let experiment = row.expect("the row").expect("a session").experiment_id;
        let name = VolumeName::parse(&format!("datasets/{experiment}")).expect("a name");
        let volume = self.sandboxes.volume(&name).await.expect("a volume");
        for (path, body) in [("dataset.json", &b"{\"tables\":[]}"[..]), (".ready", b"1")] {
            let stream = futures::stream::iter([Ok(Bytes::from_static(body))]).boxed();
            volume.put(&VolumePath::parse(path).expect("a path"), stream).await.expect("written");
        }
    }

    /// Writes a file into a session's folder.
    pub async fn file(&self, session: SessionId, path: &str, body: &'static [u8]) {
        let name = VolumeName::parse(&format!("sessions/{session}")).expect("a name");
        let volume = self.sandboxes.volume(&name).await.expect("a volume");
        let stream = futures::stream::iter([Ok(Bytes::from_static(body))]).boxed();
        volume.put(&VolumePath::parse(path).expect("a path"), stream).await.expect("written");
    }

    /// A socket that speaks a subprotocol; the close code when the server refuses it.
    pub async fn socket(&self, protocol: Option<&str>) -> Socket {
        self.socket_with(protocol, &[]).await.expect("an upgrade")
    }

    pub async fn socket_with(
        &self,
        protocol: Option<&str>,
        headers: &[(&'static str, &str)],
    ) -> Result<Socket, u16> {
        let address = self.url("/graphql/ws").replace("http", "ws");
        let mut request = address.into_client_request().expect("a request");
        let mut insert = |name: &'static str, value: &str| {
            request.headers_mut().insert(name, HeaderValue::from_str(value).expect("a value"));
        };
        if let Some(protocol) = protocol {
            insert("sec-websocket-protocol", protocol);
        }
        for (name, value) in headers {
            insert(name, value);
        }
        match connect_async(request).await {
            Ok((stream, _)) => Ok(Socket(stream)),
            Err(tokio_tungstenite::tungstenite::Error::Http(response)) => {
                Err(response.status().as_u16())
            }
            Err(error) => panic!("{error}"),
        }
    }

    /// A socket that is acknowledged.
    pub async fn ready(&self) -> Socket {
        let mut socket = self.socket(Some(http::PROTOCOL)).await;
        socket.say(json!({"type": "connection_init"})).await;
        assert_eq!(socket.hear().await, Ok(json!({"type": "connection_ack"})));
        socket
    }
}

pub const CREATE: &str = "mutation($i: CreateExperimentInput!) { createExperiment(input: $i) \
    { experiment { id name } userErrors { code path detail } } }";

pub fn experiment_id(global: &str) -> ExperimentId {
    use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
    let text = String::from_utf8(URL_SAFE_NO_PAD.decode(global).expect("base64")).expect("text");
    text.split_once(':').expect("a type").1.parse().expect("a UUID")
}

/// Keeps the principal in use where only tests need it.
pub const LOCAL: Principal = Principal::Local;

/// The first event of every session.
pub fn created(experiment: ExperimentId) -> Event {
    Event::Session(SessionEvent::SessionCreated { experiment_id: experiment, driver: None })
}

pub struct Socket(pub WebSocketStream<MaybeTlsStream<TcpStream>>);

impl Socket {
    pub async fn say(&mut self, message: Value) {
        self.0.send(Message::text(message.to_string())).await.expect("sent");
    }

    pub async fn text(&mut self, text: &str) {
        self.0.send(Message::text(text)).await.expect("sent");
    }

    /// The next message, or the code that the socket is closed with.
    pub async fn hear(&mut self) -> Result<Value, u16> {
        let next = async {
            loop {
                match self.0.next().await {
                    Some(Ok(Message::Text(text))) => {
                        return Ok(serde_json::from_str(&text).expect("JSON"));
                    }
                    Some(Ok(Message::Close(Some(frame)))) => return Err(frame.code.into()),
                    Some(Ok(Message::Close(None))) | None => return Err(1005),
                    Some(Ok(_)) => {}
                    Some(Err(_)) => return Err(1006),
                }
            }
        };
        tokio::time::timeout(Duration::from_secs(20), next).await.expect("nothing came")
    }

    pub async fn subscribe(&mut self, id: &str, query: &str, variables: Value) {
        let payload = json!({"query": query, "variables": variables});
        self.say(json!({"id": id, "type": "subscribe", "payload": payload})).await;
    }
}
