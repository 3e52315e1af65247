//! What is set about GraphQL documents and the limits of clients.

use super::Reader;
use std::path::PathBuf;

/// Everything about how requests are taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Transport {
    /// A JSON file of trusted documents by their hash.
    pub trusted: Option<PathBuf>,
    /// Run nothing but trusted documents and those of the web client.
    pub trusted_only: bool,
    /// Memory for automatic persisted queries; zero turns them off.
    pub persisted_bytes: usize,
    /// What makes two requests those of one client.
    pub clients_by: ClientsBy,
    /// WebSockets of one client at a time.
    pub client_sockets: usize,
    /// Requests of one client under way at a time.
    pub client_requests: usize,
}

/// What clients are told apart by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ClientsBy {
    Address,
    /// What the operator's own proxy wrote into `X-Forwarded-For`.
    Forwarded,
    Token,
}

impl Transport {
    pub(super) fn read(reader: &mut Reader<'_>) -> Self {
        let trusted = reader.path("TRAINABLE_TRUSTED_DOCUMENTS");
        let count = |reader: &mut Reader<'_>, name: &str, unit: &str, default: u64| {
            reader.number(name, unit, 1..=1_000_000, default) as usize
        };
        let mebibytes = reader.number("TRAINABLE_PERSISTED_QUERIES_MIB", "MiB", 0..=1024, 8);
        Self {
            // Whoever writes a list means that nothing else runs.
            trusted_only: reader.flag("TRAINABLE_TRUSTED_ONLY", trusted.is_some()),
            trusted,
            persisted_bytes: (mebibytes as usize) << 20,
            client_sockets: count(reader, "TRAINABLE_CLIENT_SOCKETS", "WebSockets", 2_500),
            client_requests: count(reader, "TRAINABLE_CLIENT_REQUESTS", "requests", 256),
            clients_by: clients_by(reader),
        }
    }
}

fn clients_by(reader: &mut Reader<'_>) -> ClientsBy {
    match reader.text("TRAINABLE_CLIENTS_BY").as_deref() {
        None | Some("address") => ClientsBy::Address,
        Some("forwarded") => ClientsBy::Forwarded,
        Some("token") => ClientsBy::Token,
        Some(text) => {
            reader.problems.push(format!(
                "TRAINABLE_CLIENTS_BY is `{text}`; choose `address`, `forwarded` or `token`"
            ));
            ClientsBy::Address
        }
    }
}
