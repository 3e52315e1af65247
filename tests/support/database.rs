//! The database of a test: a SQLite file, or, with `TRAINABLE_TEST_DATABASE=postgres`, a database of its own on a
//! PostgreSQL server for every file that would have been. The one place that decides.

use super::postgres::{self, Postgres};
use std::{
    collections::BTreeSet,
    hash::{DefaultHasher, Hash, Hasher},
    path::Path,
    sync::{LazyLock, Mutex, Once},
};
use trainable::store::Store;
use uuid::Uuid;

/// Whether the tests run on PostgreSQL.
pub fn is_postgres() -> bool {
    std::env::var("TRAINABLE_TEST_DATABASE").is_ok_and(|name| name == "postgres")
}

/// Opens the database that stands for a file, making it where it is missing.
pub async fn open(file: &Path) -> Store {
    match url(file) {
        None => Store::open_sqlite(file).await.expect("the database opens"),
        Some(url) => Store::open_postgres(&url).await.expect("the database opens"),
    }
}

/// The address of the database that stands for a file; `None` on SQLite.
pub fn url(file: &Path) -> Option<String> {
    is_postgres().then(|| made(&format!("trainable_test_{:016x}", digest(file))))
}

/// The seat of whoever has a data directory.
pub fn seat(data: &Path) -> Uuid {
    Uuid::from_u64_pair(0, digest(data))
}

/// A number that stands for a path.
pub fn digest(path: &Path) -> u64 {
    let mut hash = DefaultHasher::new();
    std::path::absolute(path).expect("a path").hash(&mut hash);
    hash.finish()
}

/// A database of PostgreSQL under a name of its own, whatever the tests run on; `None`, with a line that says
/// so, where there is no server and none can be started.
pub fn another() -> Option<String> {
    let server = SERVER.as_ref().or_else(|| {
        eprintln!("skipped: {}", postgres::MISSING);
        None
    });
    server.map(|_| made(&format!("trainable_test_{}", Uuid::now_v7().simple())))
}

static SERVER: LazyLock<Option<Postgres>> = LazyLock::new(Postgres::found_or_started);
static MADE: Mutex<BTreeSet<String>> = Mutex::new(BTreeSet::new());

/// The address of a database, which is made at its first use and dropped when the process ends.
fn made(name: &str) -> String {
    let server = SERVER.as_ref().expect(postgres::MISSING);
    static AT_EXIT: Once = Once::new();
    AT_EXIT.call_once(|| {
        extern "C" fn drop_all() {
            let names = MADE.lock().map(|made| made.clone()).unwrap_or_default();
            let Some(server) = SERVER.as_ref() else { return };
            for name in names {
                server.execute(&format!("DROP DATABASE IF EXISTS \"{name}\" WITH (FORCE)"));
            }
            server.stop();
        }
        // Nothing is wrong with leaving them behind but the room that they take.
        unsafe { libc::atexit(drop_all) };
    });
    if MADE.lock().expect("nobody panicked").insert(name.to_owned()) {
        server.execute(&format!("CREATE DATABASE \"{name}\""));
    }
    server.url(name)
}
