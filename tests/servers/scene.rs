//! Two servers on one database and one folder of volumes, each with a data directory of its own.

use super::{
    models::{
        Models,
        script::{CLAUDE, KEY},
    },
    part::part,
    support::{
        binary::{Server, small_table},
        database, temporary,
    },
};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use entity::ids::SessionId;
use serde_json::{Value, json};
use std::path::PathBuf;
use tempfile::TempDir;
use trainable::store::Store;

pub struct Scene {
    pub folder: TempDir,
    pub url: String,
    models: Models,
}

impl Scene {
    /// On a database of the server that is there; `None`, with a line that says so, where there is none.
    pub fn new(seconds: u32) -> Option<Self> {
        database::another().map(|url| Self::on(url, seconds))
    }

    /// On a database that is there.
    pub fn on(url: String, seconds: u32) -> Self {
        Self { folder: temporary(), url, models: Models::start(part(seconds)) }
    }

    pub fn data(&self, name: &str) -> PathBuf {
        let data = self.folder.path().join(name);
        std::fs::create_dir_all(&data).expect("a folder");
        data
    }

    /// Starts a server on its own data directory.
    pub async fn serve(&self, name: &str) -> Server {
        self.serve_with(name, &[]).await
    }

    /// The same with more variables.
    pub async fn serve_with(&self, name: &str, more: &[(&str, &str)]) -> Server {
        let shared = self.data("shared").display().to_string();
        let models = self.models.anthropic();
        let set = [
            ("DATABASE_URL", self.url.as_str()),
            ("TRAINABLE_SHARED", &shared),
            ("ANTHROPIC_API_KEY", KEY),
            ("ANTHROPIC_BASE_URL", &models),
            ("CLAUDE_MODEL", CLAUDE),
            ("RUST_LOG", "warn,trainable=info"),
        ];
        Server::start(&self.data(name), &[&set[..], more].concat()).await
    }

    pub async fn store(&self) -> Store {
        Store::open_postgres(&self.url).await.expect("the database opens")
    }
}

/// A session at work, from EDA through a stage.
pub async fn at_work(server: &Server, through: &str) -> String {
    let upload = server.upload("things.csv", small_table(40)).await;
    let session =
        server.session(json!({"target": "kind", "source": {"uploadIds": [upload]}})).await;
    let start =
        "mutation($i: StartStageInput!) { startStage(input: $i) { userErrors { message } } }";
    let budgets = json!({"sessionUsd": 1000.0, "memoryMib": 512});
    let input =
        json!({"sessionId": session, "stage": "EDA", "through": through, "budgets": budgets});
    let made = server.ask(start, json!({"i": input})).await;
    assert_eq!(made["startStage"]["userErrors"], json!([]), "{made}");
    session
}

/// True for the event of a program that has begun.
pub fn executes(event: &Value) -> bool {
    event["__typename"] == "ExecutionStartedEvent"
}

/// True for the event that ends a session's pipeline.
pub fn trained(event: &Value) -> bool {
    event["__typename"] == "StateChangeEvent"
        && ["TRAIN_DONE", "FAILED", "CANCELLED"].iter().any(|state| event["state"] == **state)
}

/// The id of a session in the tables.
pub fn row(session: &str) -> SessionId {
    let decoded = URL_SAFE_NO_PAD.decode(session).expect("an id of the API");
    let text = String::from_utf8(decoded).expect("UTF-8");
    text.split_once(':').expect("a type and an id").1.parse().expect("an id")
}
