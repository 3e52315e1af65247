//! Environment and flags -> [`Config`], once, with every problem reported together.

mod backend;
mod models;
mod objects;
mod sandbox;
mod transport;

use crate::{
    event::Budgets,
    llm::Secret,
    sandbox::{Capacity, SandboxSettings},
};
use std::{net::SocketAddr, path::PathBuf};

pub use backend::Backend;
pub use models::{Anthropic, Models, OpenAi};
pub use objects::Objects;
pub use transport::{ClientsBy, Transport};

/// What flags say; they win over the environment.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Flags {
    pub listen: Option<String>,
    pub data: Option<PathBuf>,
}

/// Everything that can be set.
#[derive(Clone, Debug, PartialEq)]
pub struct Config {
    pub listen: SocketAddr,
    /// Database, objects, volumes.
    pub data: PathBuf,
    /// Volumes and objects in place of the data directory, used by all servers of one database.
    pub shared: Option<PathBuf>,
    /// Where Python environments are built; shared by all servers of a machine.
    pub python_root: PathBuf,
    /// An interpreter to build the environment with; the first suitable one by default.
    pub python: Option<PathBuf>,
    /// An environment of the operator's own, used as it is.
    pub environment: Option<PathBuf>,
    /// A folder of lock files that win over the built-in ones of the same names.
    pub python_locks: Option<PathBuf>,
    pub database: Database,
    pub objects: Objects,
    /// Required of every request when set.
    pub token: Option<String>,
    /// Names beside the loopback ones that a `Host` header may carry.
    pub hosts: Vec<String>,
    /// Other origins whose pages may call the API.
    pub origins: Vec<String>,
    /// Bytes of one upload.
    pub upload_bytes: u64,
    /// Days that a session may rest before it is deleted; `None` keeps all.
    pub retention_days: Option<u32>,
    /// What a run may take when nothing else is asked for.
    pub budgets: Budgets,
    /// The model providers.
    pub models: Models,
    /// Executions: what one may take, and how many there are.
    pub sandbox: SandboxSettings,
    /// Where programs run.
    pub backend: Backend,
    /// Serve GraphiQL and answer introspection.
    pub graphiql: bool,
    pub transport: Transport,
    /// Seconds without a request after which a session at rest leaves the memory.
    pub quiet_seconds: u64,
    /// Seconds after which a session that does not answer is reported.
    pub answer_seconds: u64,
}

/// Where rows are kept.
#[derive(Clone, PartialEq, Eq)]
pub enum Database {
    /// A file in the data directory.
    Sqlite,
    Postgres(String),
}

impl std::fmt::Debug for Database {
    /// Never shows the URL: it may hold a password.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Database::Sqlite => "Sqlite",
            Database::Postgres(_) => "Postgres(…)",
        })
    }
}

/// Every problem of a configuration, each in one sentence.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}", .0.join("\n"))]
pub struct Problems(pub Vec<String>);

/// Reads variables and gathers what is wrong with them.
struct Reader<'a> {
    env: &'a dyn Fn(&str) -> Option<String>,
    problems: Vec<String>,
}

impl Reader<'_> {
    fn text(&self, name: &str) -> Option<String> {
        (self.env)(name).map(|text| text.trim().to_owned()).filter(|text| !text.is_empty())
    }

    fn path(&self, name: &str) -> Option<PathBuf> {
        self.text(name).map(PathBuf::from)
    }

    fn list(&self, name: &str) -> Vec<String> {
        let text = self.text(name).unwrap_or_default();
        let items = text.split(',').map(|item| item.trim().to_lowercase());
        items.filter(|item| !item.is_empty()).collect()
    }

    fn number(
        &mut self,
        name: &str,
        unit: &str,
        range: std::ops::RangeInclusive<u64>,
        default: u64,
    ) -> u64 {
        let Some(text) = self.text(name) else { return default };
        match text.parse() {
            Ok(number) if range.contains(&number) => number,
            Ok(_) | Err(_) => {
                let (from, to) = (range.start(), range.end());
                self.problems.push(format!(
                    "{name} is `{text}`; give a whole number of {unit} from {from} to {to}"
                ));
                default
            }
        }
    }

    /// A key or token. It is never shown.
    fn secret(&mut self, name: &str) -> Option<Secret> {
        let text = self.text(name)?;
        if text.chars().any(|c| c.is_control() || c.is_whitespace() || !c.is_ascii()) {
            self.problems.push(format!("{name} holds characters that no key has; set it again"));
            return None;
        }
        Some(Secret::new(text))
    }

    /// The address of an endpoint, without a trailing slash.
    fn url(&mut self, name: &str) -> Option<String> {
        let text = self.text(name)?;
        let host = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://"));
        match host {
            Some(host) if !host.is_empty() && !host.contains(['@', '?', '#', ' ']) => {
                Some(text.trim_end_matches('/').to_owned())
            }
            Some(_) | None => {
                // Not shown: people put passwords into addresses.
                self.problems.push(format!(
                    "{name} is not an address; give one such as `http://127.0.0.1:11434/v1`"
                ));
                None
            }
        }
    }

    /// USD from 0.
    fn amount(&mut self, name: &str, default: f64) -> f64 {
        let Some(text) = self.text(name) else { return default };
        match text.parse::<f64>() {
            Ok(amount) if amount.is_finite() && (0.0..=1e6).contains(&amount) => amount,
            Ok(_) | Err(_) => {
                self.problems
                    .push(format!("{name} is `{text}`; give USD from 0, which is no limit"));
                default
            }
        }
    }

    /// One of a few words.
    fn choice<T: Copy>(&mut self, name: &str, words: &[(&str, T)], default: T) -> T {
        let Some(text) = self.text(name) else { return default };
        match words.iter().find(|(word, _)| *word == text) {
            Some((_, chosen)) => *chosen,
            None => {
                let words: Vec<_> = words.iter().map(|(word, _)| format!("`{word}`")).collect();
                self.problems.push(format!("{name} is `{text}`; give {}", words.join(" or ")));
                default
            }
        }
    }

    fn flag(&mut self, name: &str, default: bool) -> bool {
        match self.text(name).as_deref() {
            None => default,
            Some("1" | "true" | "yes" | "on") => true,
            Some("0" | "false" | "no" | "off") => false,
            Some(text) => {
                self.problems.push(format!("{name} is `{text}`; give `true` or `false`"));
                default
            }
        }
    }
}

impl Config {
    /// Reads the configuration.
    ///
    /// *Errors*: all problems at once.
    pub fn load(flags: Flags, env: &dyn Fn(&str) -> Option<String>) -> Result<Self, Problems> {
        let mut reader = Reader { env, problems: Vec::new() };
        let listen = flags.listen.or_else(|| reader.text("TRAINABLE_LISTEN"));
        let listen = listen.unwrap_or_else(|| "127.0.0.1:8080".into());
        let address = listen.replace("localhost", "127.0.0.1").parse::<SocketAddr>();
        let token = reader.text("TRAINABLE_TOKEN");
        if token.as_ref().is_some_and(|token| token.len() < 16) {
            reader
                .problems
                .push("TRAINABLE_TOKEN is shorter than 16 characters; make a longer one".into());
        }
        match &address {
            Err(_) => reader.problems.push(format!(
                "the address `{listen}` is not one to listen on; give one such as `127.0.0.1:8080`"
            )),
            Ok(address) if !address.ip().is_loopback() && token.is_none() => reader.problems.push(format!(
                "`{address}` can be reached from other machines; set TRAINABLE_TOKEN, or listen on `127.0.0.1`"
            )),
            Ok(_) => {}
        }
        let database = match reader.text("DATABASE_URL") {
            None => Database::Sqlite,
            Some(url) if url.starts_with("postgres://") || url.starts_with("postgresql://") => {
                Database::Postgres(url)
            }
            Some(url) if url.starts_with("sqlite:") => {
                reader.problems.push(
                    "DATABASE_URL names SQLite, which is the default; unset it and set TRAINABLE_DATA".into(),
                );
                Database::Sqlite
            }
            Some(_) => {
                reader.problems.push("DATABASE_URL is not a `postgres://` address".into());
                Database::Sqlite
            }
        };
        let data = flags
            .data
            .or_else(|| reader.path("TRAINABLE_DATA"))
            .unwrap_or_else(|| default_data(env));
        let data = std::path::absolute(&data).unwrap_or(data);
        let shared = reader.path("TRAINABLE_SHARED");
        let shared = shared.map(|folder| std::path::absolute(&folder).unwrap_or(folder));
        if shared.is_some() && database == Database::Sqlite {
            reader.problems.push(
                "TRAINABLE_SHARED is for several servers on one PostgreSQL; set DATABASE_URL to its address, or unset TRAINABLE_SHARED".into(),
            );
        }
        let mut budgets = models::budgets(&mut reader);
        let backend = Backend::read(&mut reader);
        let machine = match &backend {
            Backend::Local => sandbox::Machine::Own(Capacity::read()),
            Backend::Modal(_) => sandbox::Machine::Rented,
        };
        let sandbox = sandbox::read(&mut reader, machine, &mut budgets);
        let config = Self {
            listen: address.unwrap_or_else(|_| SocketAddr::from(([127, 0, 0, 1], 8080))),
            python_root: reader
                .path("TRAINABLE_PYTHON_ROOT")
                .unwrap_or_else(|| default_data(env).join("python")),
            data,
            shared,
            python: reader.path("TRAINABLE_PYTHON"),
            environment: reader.path("TRAINABLE_PYTHON_ENV"),
            python_locks: reader.path("TRAINABLE_PYTHON_LOCKS"),
            database,
            objects: Objects::read(&mut reader),
            token,
            hosts: reader.list("TRAINABLE_HOSTS"),
            origins: reader.list("TRAINABLE_ORIGINS"),
            upload_bytes: reader.number("TRAINABLE_MAX_UPLOAD_MIB", "MiB", 1..=1_048_576, 4096)
                << 20,
            retention_days: match reader.number("TRAINABLE_RETENTION_DAYS", "days", 0..=36_500, 0) {
                0 => None,
                days => u32::try_from(days).ok(),
            },
            budgets,
            models: Models::read(&mut reader),
            sandbox,
            backend,
            graphiql: reader.flag("TRAINABLE_GRAPHIQL", true),
            transport: Transport::read(&mut reader),
            quiet_seconds: reader.number("TRAINABLE_QUIET_SECONDS", "seconds", 1..=86_400, 600),
            answer_seconds: reader.number("TRAINABLE_ANSWER_SECONDS", "seconds", 1..=3_600, 30),
        };
        if reader.problems.is_empty() { Ok(config) } else { Err(Problems(reader.problems)) }
    }
}

/// Root's home is closed to the sandboxes' user, so root's data lies elsewhere.
fn default_data(env: &dyn Fn(&str) -> Option<String>) -> PathBuf {
    if rustix::process::geteuid().is_root() {
        return PathBuf::from("/var/lib/trainable");
    }
    let home = || env("HOME").map(|home| PathBuf::from(home).join(".local/share"));
    env("XDG_DATA_HOME")
        .filter(|path| path.starts_with('/'))
        .map(PathBuf::from)
        .or_else(home)
        .unwrap_or_else(|| PathBuf::from("."))
        .join("trainable")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(listen: &str, vars: &[(&str, &str)], expect: &[&str]) {
        let env = |name: &str| vars.iter().find(|(n, _)| *n == name).map(|(_, v)| (*v).to_owned());
        let flags = Flags { listen: Some(listen.into()), data: Some("/data".into()) };
        let found = Config::load(flags, &env).err().map(|p| p.0).unwrap_or_default();
        assert_eq!(found.len(), expect.len(), "{found:?}");
        for (problem, part) in found.iter().zip(expect) {
            assert!(problem.contains(part), "{problem:?} lacks {part:?}");
        }
    }

    #[test]
    fn problems_are_reported_together() {
        let good = ("TRAINABLE_TOKEN", "0123456789abcdef");
        check("127.0.0.1:0", &[], &[]);
        check("localhost:8080", &[], &[]);
        check("[::1]:8080", &[], &[]);
        check("0.0.0.0:8080", &[], &["reached from other machines"]);
        check("0.0.0.0:8080", &[good], &[]);
        check("somewhere", &[], &["not one to listen on"]);
        let database = ("DATABASE_URL", "postgres://u:p@h/d");
        check("127.0.0.1:0", &[database], &[]);
        check("127.0.0.1:0", &[database, ("TRAINABLE_SHARED", "/shared")], &[]);
        check("127.0.0.1:0", &[("TRAINABLE_SHARED", "/shared")], &["one PostgreSQL"]);
        check(
            "nowhere",
            &[
                ("TRAINABLE_TOKEN", "short"),
                ("DATABASE_URL", "mysql://x"),
                ("TRAINABLE_MEMORY_MIB", "lots"),
                ("TRAINABLE_GRAPHIQL", "perhaps"),
                ("TRAINABLE_CLIENT_SOCKETS", "0"),
                ("TRAINABLE_CLIENTS_BY", "name"),
                ("TRAINABLE_RETENTION_DAYS", "-1"),
                ("S3_ENDPOINT", "minio:9000"),
                ("AWS_ACCESS_KEY_ID", "key"),
            ],
            &[
                "shorter than 16",
                "not one to listen on",
                "not a `postgres://`",
                "MiB from 256",
                "S3_BUCKET",
                "days from 0",
                "`true` or `false`",
                "WebSockets from 1",
                "`address`, `forwarded` or `token`",
            ],
        );
    }

    #[test]
    fn a_list_of_documents_is_enforced_unless_told_otherwise() {
        let only = |vars: &[(&str, &str)]| {
            let env = |name: &str| vars.iter().find(|(n, _)| *n == name).map(|(_, v)| (*v).into());
            Config::load(Flags::default(), &env).expect("a configuration").transport.trusted_only
        };
        let list = ("TRAINABLE_TRUSTED_DOCUMENTS", "/list.json");
        assert!(!only(&[]));
        assert!(only(&[list]));
        assert!(!only(&[list, ("TRAINABLE_TRUSTED_ONLY", "false")]));
        assert!(only(&[("TRAINABLE_TRUSTED_ONLY", "true")]));
    }

    #[test]
    fn a_password_is_never_shown() {
        let shown = format!("{:?}", Database::Postgres("postgres://u:secret@h/d".into()));
        assert!(!shown.contains("secret"));
    }
}
