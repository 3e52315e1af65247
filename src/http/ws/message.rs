//! The messages of graphql-transport-ws.

use crate::graphql::Parameters;
use serde::Deserialize;
use serde_json::{Map, Value, json};

type Payload = Option<Map<String, Value>>;

/// What a client says.
#[derive(Debug, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Incoming {
    ConnectionInit {
        #[serde(default)]
        payload: Payload,
    },
    Ping {
        #[serde(default)]
        payload: Payload,
    },
    Pong {
        #[serde(default)]
        #[serde(rename = "payload")]
        _payload: Payload,
    },
    Subscribe {
        id: String,
        payload: Parameters,
    },
    Complete {
        id: String,
    },
}

impl Incoming {
    /// Reads a message; the error is what the close frame says.
    pub fn parse(text: &str) -> Result<Self, &'static str> {
        match serde_json::from_str(text) {
            Ok(Incoming::Subscribe { id, .. }) if id.is_empty() => Err("Message id is empty"),
            Ok(Incoming::Subscribe { payload, .. }) if !payload.names_document() => {
                Err("The payload names no document")
            }
            Ok(message) => Ok(message),
            Err(_) => Err("Invalid message received"),
        }
    }
}

/// What the server says, as text.
pub fn acknowledged() -> String {
    json!({"type": "connection_ack"}).to_string()
}

pub fn pong(payload: Payload) -> String {
    match payload {
        Some(payload) => json!({"type": "pong", "payload": payload}).to_string(),
        None => json!({"type": "pong"}).to_string(),
    }
}

/// `response` is JSON already.
pub fn next(id: &str, response: &str) -> String {
    let id = Value::from(id).to_string();
    ["{\"id\":", &id, ",\"type\":\"next\",\"payload\":", response, "}"].concat()
}

pub fn error(id: &str, errors: &Value) -> String {
    json!({"id": id, "type": "error", "payload": errors}).to_string()
}

pub fn complete(id: &str) -> String {
    json!({"id": id, "type": "complete"}).to_string()
}
