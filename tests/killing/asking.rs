//! Requests to a server that may be gone, and the address of the one that is there.

use super::support::client;
use serde_json::{Value, json};
use std::time::Duration;
use tokio::{
    sync::watch,
    time::{sleep, timeout},
};

/// No answer takes longer from a server that lives.
const PATIENCE: Duration = Duration::from_secs(60);
const PAUSE: Duration = Duration::from_millis(20);

/// The address of the server that is there, or none.
pub type Address = watch::Receiver<Option<String>>;

/// What came of a mutation.
#[derive(Clone, Debug, PartialEq)]
pub enum Came {
    /// It is done, and this was said of it.
    Acknowledged(Value),
    /// It will never be done.
    Refused(String),
    /// Nobody knows: the server went away, or was about to.
    Unknown,
}

/// Somebody who asks.
#[derive(Clone)]
pub struct Asker {
    http: reqwest::Client,
    address: Address,
}

impl Asker {
    pub fn new(address: Address) -> Self {
        Self { http: client(), address }
    }

    pub fn address(&self) -> Address {
        self.address.clone()
    }

    /// The data of an operation; none when no server answered. A fault of the server's is a panic.
    pub async fn ask(&self, query: &str, variables: &Value) -> Option<Value> {
        let address = self.address.borrow().clone()?;
        let request = self.http.post(format!("http://{address}/graphql"));
        let request = request.json(&json!({"query": query, "variables": variables}));
        let whole = async { request.send().await?.json::<Value>().await };
        let answer = timeout(PATIENCE, whole).await.expect("a server that lives answers");
        let mut answer = answer.ok()?;
        let error = &answer["errors"][0];
        if error["extensions"]["code"] == "UNAVAILABLE" {
            return None;
        }
        assert!(error.is_null(), "{variables}: {answer}");
        Some(answer["data"].take())
    }

    /// One mutation, tried once.
    pub async fn once(&self, query: &str, input: &Value) -> Came {
        let Some(data) = self.ask(query, &json!({"i": input})).await else { return Came::Unknown };
        let payload = data.as_object().and_then(|data| data.values().next()).expect("one field");
        match &payload["userErrors"][0] {
            Value::Null => Came::Acknowledged(payload.clone()),
            // The first call with its key may be at work still, or the server is being stopped.
            error if error["code"] == "UNAVAILABLE" || error["code"] == "CONFLICT" => Came::Unknown,
            error => Came::Refused(error["message"].as_str().expect("a sentence").to_owned()),
        }
    }

    /// One mutation until it is known what came of it, by whichever server.
    pub async fn until_known(&self, query: &str, input: &Value) -> Result<Value, String> {
        loop {
            match self.once(query, input).await {
                Came::Acknowledged(payload) => return Ok(payload),
                Came::Refused(why) => return Err(why),
                Came::Unknown => sleep(PAUSE).await,
            }
        }
    }

    /// The data of a query, from whichever server answers.
    pub async fn surely(&self, query: &str, variables: &Value) -> Value {
        loop {
            match self.ask(query, variables).await {
                Some(data) => return data,
                None => sleep(PAUSE).await,
            }
        }
    }
}

pub const CREATE_SESSION: &str = "mutation($i: CreateSessionInput!) { createSession(input: $i) {
    session { id } userErrors { code message } } }";
pub const START: &str = "mutation($i: StartStageInput!) { startStage(input: $i) {
    stageRun { id } userErrors { code message } } }";
pub const SEND: &str = "mutation($i: SendMessageInput!) { sendMessage(input: $i) {
    session { id } userErrors { code message } } }";
pub const ANSWER: &str = "mutation($i: AnswerQuestionInput!) { answerQuestion(input: $i) {
    session { id } userErrors { code message } } }";
pub const LIMIT: &str = "mutation($i: SetBudgetsInput!) { setBudgets(input: $i) {
    session { id } userErrors { code message } } }";
