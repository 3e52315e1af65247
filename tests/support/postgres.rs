//! A PostgreSQL server for tests: the one that is found, or one started from installed binaries.

use sea_orm::{ConnectOptions, ConnectionTrait, Database, DbErr};
use std::{
    net::TcpListener,
    os::unix::{fs::PermissionsExt, process::CommandExt},
    path::{Path, PathBuf},
    process::Command,
    time::Duration,
};
use tempfile::TempDir;

pub const MISSING: &str = "PostgreSQL: no server on 127.0.0.1:5432 lets `postgres` or `root` in, TRAINABLE_TEST_POSTGRES names none, and `initdb` is not installed (apt-get install postgresql)";

/// The password of a server that a test started.
pub const PASSWORD: &str = "pw-of-the-tests";

/// A server, ended with its data when dropped if a test started it.
pub struct Postgres {
    /// Up to and with the slash before a database's name.
    base: String,
    own: Option<Own>,
}

struct Own {
    folder: TempDir,
    binaries: PathBuf,
    port: u16,
    /// Whom it runs as: no server runs as root.
    user: Option<(u32, u32)>,
}

impl Postgres {
    pub fn found_or_started() -> Option<Self> {
        let named = std::env::var("TRAINABLE_TEST_POSTGRES").ok();
        let usual =
            ["postgres", "root"].map(|user| format!("postgres://{user}@127.0.0.1:5432/postgres"));
        let found = named.into_iter().chain(usual).find(|url| answers(url));
        let base = |url: String| {
            let cut = url.rfind('/').expect("an address of a database");
            url[..=cut].to_owned()
        };
        found.map(|url| Self { base: base(url), own: None }).or_else(Self::started)
    }

    /// A server of the test's own on a free port; `None` where no binaries are installed.
    pub fn started() -> Option<Self> {
        let binaries = binaries()?;
        let folder = super::temporary();
        let root = rustix::process::geteuid().is_root();
        let user = root.then(|| account("postgres").or_else(|| account("nobody"))).flatten();
        if let Some((uid, gid)) = user {
            std::os::unix::fs::chown(folder.path(), Some(uid), Some(gid))
                .expect("a folder of its own");
        }
        let port =
            TcpListener::bind("127.0.0.1:0").and_then(|l| l.local_addr()).expect("a port").port();
        let own = Own { folder, binaries, port, user };
        let data = own.data();
        let secret = own.folder.path().join("secret");
        std::fs::write(&secret, PASSWORD).expect("a file");
        let secret = format!("--pwfile={}", secret.display());
        let usual = ["-U", "postgres", "-A", "scram-sha-256", "-E", "UTF8", "--locale=C", "-N"];
        own.run("initdb", &[&["-D", &data, &secret], &usual[..]].concat());
        let base = format!("postgres://postgres:{PASSWORD}@127.0.0.1:{port}/");
        let server = Self { base, own: Some(own) };
        server.start();
        Some(server)
    }

    pub fn url(&self, database: &str) -> String {
        format!("{}{database}", self.base)
    }

    /// Runs a statement on the server, from wherever.
    #[track_caller]
    pub fn execute(&self, statement: &str) {
        let done = on(&self.url("postgres"), statement);
        if let Err(error) = done
            // It is there already: another process of this test made it.
            && !error.to_string().contains("already exists")
        {
            panic!("{statement}: {error}");
        }
    }

    /// Starts a server that was stopped.
    pub fn start(&self) {
        let own = self.own.as_ref().expect("a server of the test's own");
        let options = format!(
            "-p {} -c listen_addresses=127.0.0.1 -c unix_socket_directories='' -c max_connections=60",
            own.port
        );
        let log = own.folder.path().join("log").display().to_string();
        own.run("pg_ctl", &["-D", &own.data(), "-w", "-l", &log, "-o", &options, "start"]);
    }

    /// Stops it as a crash would; harmless for one that runs not or is another's.
    pub fn stop(&self) {
        if let Some(own) = &self.own {
            let mut stop = own.command("pg_ctl");
            let stopped = stop.args(["-D", &own.data(), "-w", "-m", "immediate", "stop"]).output();
            stopped.expect("pg_ctl runs");
        }
    }

    /// Ends every connection to a database.
    pub fn cut(&self, database: &str) {
        self.execute(&format!(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{database}'"
        ));
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        self.stop();
    }
}

impl Own {
    fn data(&self) -> String {
        self.folder.path().join("data").display().to_string()
    }

    fn command(&self, program: &str) -> Command {
        let mut command = Command::new(self.binaries.join(program));
        command.current_dir(self.folder.path()).env_remove("PGDATA");
        if let Some((uid, gid)) = self.user {
            command.uid(uid).gid(gid);
        }
        command
    }

    fn run(&self, program: &str, args: &[&str]) {
        // Its output goes to a file: a server that it starts would hold a pipe open.
        let said = self.folder.path().join(format!("{program}.said"));
        let file = std::fs::File::create(&said).expect("a file");
        let mut command = self.command(program);
        command.args(args).stdout(file.try_clone().expect("a file")).stderr(file);
        let status = command.status().unwrap_or_else(|error| panic!("{program}: {error}"));
        let told = || std::fs::read_to_string(&said).unwrap_or_default();
        assert!(status.success(), "{program}: {}", told());
    }
}

/// The newest installed binaries.
fn binaries() -> Option<PathBuf> {
    let versions = std::fs::read_dir("/usr/lib/postgresql").ok()?;
    let bins = versions.filter_map(|entry| Some(entry.ok()?.path().join("bin")));
    let good = |bin: &PathBuf| {
        let initdb = std::fs::metadata(bin.join("initdb"));
        initdb.is_ok_and(|file| file.permissions().mode() & 0o111 != 0)
    };
    let version = |bin: &PathBuf| -> Option<u32> {
        bin.parent().and_then(Path::file_name)?.to_str()?.parse().ok()
    };
    bins.filter(good).max_by_key(version)
}

/// The ids of an account.
fn account(name: &str) -> Option<(u32, u32)> {
    let accounts = std::fs::read_to_string("/etc/passwd").ok()?;
    let line = accounts.lines().find(|line| line.starts_with(&format!("{name}:")))?;
    let mut fields = line.split(':').skip(2);
    Some((fields.next()?.parse().ok()?, fields.next()?.parse().ok()?))
}

fn answers(url: &str) -> bool {
    on(url, "SELECT 1").is_ok()
}

/// Runs a statement on a thread of its own, so that any test can.
fn on(url: &str, statement: &str) -> Result<(), DbErr> {
    let (url, statement) = (url.to_owned(), statement.to_owned());
    let work = move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        runtime.expect("a runtime").block_on(async {
            let mut options = ConnectOptions::new(url);
            options.max_connections(1).acquire_timeout(Duration::from_secs(5)).sqlx_logging(false);
            let connection = Database::connect(options).await?;
            connection.execute_unprepared(&statement).await?;
            connection.close().await
        })
    };
    std::thread::spawn(work).join().expect("nothing panicked")
}
