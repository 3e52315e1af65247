//! Coming by a PostgreSQL database: what stands in the way is told in one sentence, without the password.

use super::{NO_LIMIT, StoreError, migrate};
use sea_orm::{
    ConnectOptions, ConnectionTrait, Database, DatabaseConnection, DbErr, RuntimeErr,
    sqlx::{
        self, ConnectOptions as _, Connection, Executor, PgConnection, postgres::PgConnectOptions,
    },
};
use std::{
    io::ErrorKind,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
    time::{Duration, Instant},
};

/// Connections of one server, beside those of its lease, of its turns and the one that listens.
const MOST: u32 = 16;
/// Connections of the lease, which nothing else may hold up: one, and another for when nothing comes back on it.
const OF_LEASE: u32 = 2;
/// How long somebody waits for a connection.
const WAIT: Duration = Duration::from_secs(10);
/// So long after its last use a connection is trusted to be there.
const FRESH: Duration = Duration::from_secs(1);
/// How long the shortest of all answers may take.
pub(super) const ECHO: Duration = Duration::from_secs(3);
/// What every connection begins with. A server that is paused or cut off in the middle of a transaction must not
/// keep its locks: others wait for them. One that is gone without a word must be found out.
const BEGINS: &str = "SET idle_in_transaction_session_timeout = '5s'; SET tcp_keepalives_idle = 10; \
                      SET tcp_keepalives_interval = 5; SET tcp_keepalives_count = 3";
/// The lock under which one server at a time migrates.
const MIGRATION: i64 = 0x7472_6169_6e61_626c;
/// The oldest version that is tested.
const OLDEST: i32 = 130_000;

/// The connections of one server.
pub(super) struct Pools {
    pub all: DatabaseConnection,
    /// For the lease alone.
    pub lease: DatabaseConnection,
}

/// Whether something that was sent lately was never answered.
///
/// The driver asks a connection that comes back to the pool for a sign of life, without limit. Over a network that
/// drops what is sent, one would so stay taken for as long as the kernel tries, a quarter of an hour; while there
/// is doubt it is asked with a limit before.
#[derive(Clone, Debug)]
pub(super) struct Doubt {
    begun: Instant,
    /// In milliseconds after `begun`.
    until: Arc<AtomicU64>,
}

impl Doubt {
    /// How long it lasts.
    const LASTS: Duration = Duration::from_secs(60);

    pub(super) fn new() -> Self {
        Self { begun: Instant::now(), until: Arc::default() }
    }

    pub(super) fn raise(&self) {
        let until = (self.begun.elapsed() + Self::LASTS).as_millis() as u64;
        self.until.fetch_max(until, Relaxed);
    }

    fn stands(&self) -> bool {
        (self.begun.elapsed().as_millis() as u64) < self.until.load(Relaxed)
    }
}

/// Asks a connection for a sign of life.
pub(super) async fn echo(connection: &mut PgConnection) -> Result<(), sqlx::Error> {
    let answered = tokio::time::timeout(ECHO, connection.ping()).await;
    answered.unwrap_or_else(|_| Err(sqlx::Error::Io(ErrorKind::TimedOut.into())))
}

/// Connects, and brings the schema to this version's. `setting` is what sentences call the URL.
pub(super) async fn postgres(setting: &str, url: &str, doubt: &Doubt) -> Result<Pools, StoreError> {
    if !is_unambiguous(url) {
        return Err(malformed(setting));
    }
    // One attempt that tells why: a pool only tells that it waited.
    let options: PgConnectOptions = url.parse().map_err(|_: sqlx::Error| malformed(setting))?;
    let place = Place::of(setting, &options);
    let tried = tokio::time::timeout(WAIT, options.connect()).await;
    match tried {
        Ok(Ok(connection)) => {
            // Whether it is taken leave of matters to nobody.
            let _ = connection.close().await;
        }
        Ok(Err(error)) => return Err(place.said(&error)),
        Err(_) => return Err(StoreError::Unusable(place.silent())),
    }
    {
        // A migration takes the time that it takes.
        let one = Database::connect(options_of(url, 1)).await?;
        prepare(setting, &one).await?;
        one.close().await?;
    }
    let all = Database::connect(watched(options_of(url, MOST), doubt)).await?;
    let lease = Database::connect(watched(options_of(url, OF_LEASE), doubt)).await?;
    Ok(Pools { all, lease })
}

fn options_of(url: &str, most: u32) -> ConnectOptions {
    let mut options = ConnectOptions::new(url);
    options.max_connections(most).acquire_timeout(WAIT).sqlx_logging(false);
    options.idle_timeout(NO_LIMIT).max_lifetime(NO_LIMIT);
    options
}

/// Connections of which none holds a lock or its place for long when its other end is gone.
fn watched(mut options: ConnectOptions, doubt: &Doubt) -> ConnectOptions {
    let doubt = doubt.clone();
    options.map_sqlx_postgres_pool_opts(move |pool| {
        let doubt = doubt.clone();
        pool.after_connect(|connection, _| {
            Box::pin(async move { connection.execute(BEGINS).await.map(drop) })
        })
        // One that is in use needs no ping; one that was cut is found by whoever uses it, and tried again.
        .test_before_acquire(false)
        .before_acquire(|connection, known| {
            Box::pin(async move {
                if known.idle_for >= FRESH {
                    echo(connection).await?;
                }
                Ok(true)
            })
        })
        .after_release(move |connection, _| {
            let doubted = doubt.stands();
            Box::pin(async move {
                if doubted {
                    echo(connection).await?;
                }
                Ok(true)
            })
        })
    });
    options
}

/// Migrates while no other server does.
async fn prepare(setting: &str, one: &DatabaseConnection) -> Result<(), StoreError> {
    let version = number(one, "SELECT current_setting('server_version_num')::int").await?;
    if version < OLDEST {
        return Err(StoreError::Unusable(format!(
            "the database server is PostgreSQL {}; use 13 or newer",
            version / 10_000
        )));
    }
    one.execute_unprepared(&format!("SELECT pg_advisory_lock({MIGRATION})")).await?;
    let migrated = migrate(one).await;
    one.execute_unprepared(&format!("SELECT pg_advisory_unlock({MIGRATION})")).await?;
    match migrated {
        Err(StoreError::Database(error)) if code(&error).as_deref() == Some("42501") => {
            Err(StoreError::Unusable(format!(
                "the user of {setting} may not make tables; make it the owner of the database, or grant it CREATE on its schema"
            )))
        }
        other => other,
    }
}

async fn number(one: &DatabaseConnection, text: &str) -> Result<i32, StoreError> {
    let statement = sea_orm::Statement::from_string(sea_orm::DbBackend::Postgres, text);
    let row = one.query_one_raw(statement).await?;
    Ok(row.map_or(Ok(0), |row| row.try_get_by_index(0))?)
}

fn code(error: &DbErr) -> Option<String> {
    let (DbErr::Conn(cause) | DbErr::Exec(cause) | DbErr::Query(cause)) = error else {
        return None;
    };
    match cause {
        RuntimeErr::SqlxError(cause) => match &**cause {
            sqlx::Error::Database(said) => said.code().map(|code| code.into_owned()),
            _ => None,
        },
        RuntimeErr::Internal(_) => None,
    }
}

/// Whether the signs that divide a URL can only do that: an `@` after the host would be one of a password, and what
/// looks like a host a part of it.
fn is_unambiguous(url: &str) -> bool {
    let (_, rest) = url.split_once("://").unwrap_or_default();
    let (authority, beyond) = rest.split_at(rest.find(['/', '?', '#']).unwrap_or(rest.len()));
    authority.matches('@').count() <= 1 && !beyond.contains('@')
}

fn malformed(setting: &str) -> StoreError {
    StoreError::Unusable(format!(
        "{setting} cannot be read; give one such as `postgres://user:password@host:5432/database`, with signs such as `@`, `/`, `?` or `#` in the password written as `%40`, `%2F`, `%3F` or `%23`"
    ))
}

/// Where the database is said to be, as people may read it.
struct Place<'a> {
    setting: &'a str,
    host: String,
    user: String,
    database: String,
}

impl<'a> Place<'a> {
    fn of(setting: &'a str, options: &PgConnectOptions) -> Self {
        let host = match options.get_socket() {
            Some(socket) => socket.display().to_string(),
            None => format!("{}:{}", options.get_host(), options.get_port()),
        };
        let user = options.get_username().to_owned();
        let database = options.get_database().unwrap_or(options.get_username()).to_owned();
        Self { setting, host, user, database }
    }

    fn silent(&self) -> String {
        let (setting, host, wait) = (self.setting, &self.host, WAIT.as_secs());
        format!(
            "no database server answers at `{host}` within {wait} s; start it, or correct {setting}"
        )
    }

    /// *Source*: the PostgreSQL manual's appendix A, read 2026-11-27.
    fn said(&self, error: &sqlx::Error) -> StoreError {
        let Self { setting, host, user, database } = self;
        let sentence = match error {
            sqlx::Error::Database(said) => match said.code().as_deref() {
                Some("28P01" | "28000") => format!(
                    "the database server at `{host}` refuses the user `{user}` or the password of {setting}, or lets it in only otherwise; correct them, or the server's pg_hba.conf"
                ),
                Some("3D000") => format!(
                    "there is no database `{database}` on `{host}`; create it, or correct {setting}"
                ),
                Some("53300") => format!(
                    "the database server at `{host}` has no connection left; raise its max_connections or end others"
                ),
                Some("57P03") => {
                    format!("the database server at `{host}` is starting or stopping; try again")
                }
                // Its own words know no password.
                _ => format!("the database server at `{host}` refuses: {}", said.message()),
            },
            sqlx::Error::Io(cause) => {
                let why = match cause.kind() {
                    ErrorKind::UnexpectedEof => "it ended the connection".to_owned(),
                    kind if cause.raw_os_error().is_some() => kind.to_string(),
                    _ => "its name is not known".to_owned(),
                };
                format!(
                    "no database server answers at `{host}` ({why}); start it, or correct {setting}"
                )
            }
            sqlx::Error::Tls(cause) => format!(
                "no safe connection to the database server at `{host}`: {cause}; set `sslmode` and `sslrootcert` in {setting} as the server needs them"
            ),
            sqlx::Error::Configuration(_) => return malformed(setting),
            _ => self.silent(),
        };
        StoreError::Unusable(sentence)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(url: &str, unambiguous: bool) {
        assert_eq!(is_unambiguous(url), unambiguous, "{url}");
    }

    #[test]
    fn no_part_of_a_password_is_taken_for_a_host() {
        check("postgres://u:p@h:5432/d", true);
        check("postgres://u@h/d?sslmode=require&options=-c%20a%3Db", true);
        check("postgresql:///d?host=/run/postgresql", true);
        check("postgres://u:p%40%2F@[::1]/d", true);
        check("postgres://u:p@q@h/d", false);
        for sign in ["/", "?", "#"] {
            check(&format!("postgres://u:12{sign}34@h/d"), false);
            check(&format!("postgres://u:12{sign}34@h"), false);
        }
    }
}
