//! Servers of the S3 protocol, from packages that `tests/objects/requirements.txt` pins, and what goes wrong between
//! them and us.

pub mod faults;

use std::{
    net::TcpListener,
    path::PathBuf,
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};
use tempfile::TempDir;
use trainable::objects::s3::{S3Objects, S3Settings};

pub const BUCKET: &str = "trainable-test";
const ACCESS_KEY: &str = "AKIATRAINABLETEST";
const SECRET_KEY: &str = "only-a-test-knows-this-word";
/// How long a server may take to start.
const PATIENCE: Duration = Duration::from_secs(60);

/// A server on a port of its own; it ends with this.
pub struct Server {
    child: Child,
    port: u16,
    /// Where its buckets are folders, and its log.
    pub data: TempDir,
}

impl Server {
    /// `rclone serve s3` on a folder: it checks signatures and digests, and streams.
    pub fn rclone() -> Self {
        let data = super::temporary();
        std::fs::create_dir_all(data.path().join("buckets").join(BUCKET)).expect("a bucket");
        let port = free_port();
        let mut command = Command::new(interpreter().with_file_name("rclone"));
        command
            .args(["serve", "s3", "--config", "/dev/null", "--addr"])
            .arg(format!("127.0.0.1:{port}"))
            .arg("--auth-key")
            .arg(format!("{ACCESS_KEY},{SECRET_KEY}"))
            .arg(data.path().join("buckets"));
        Self::start(command, port, data)
    }

    /// moto: a second opinion on the protocol. It checks neither signatures nor digests.
    pub fn moto() -> Self {
        let data = super::temporary();
        let port = free_port();
        let mut command = Command::new(interpreter());
        command.args(["-m", "moto.server", "-H", "127.0.0.1", "-p", &port.to_string()]);
        Self::start(command, port, data)
    }

    fn start(mut command: Command, port: u16, data: TempDir) -> Self {
        let log = std::fs::File::create(data.path().join("log")).expect("a log");
        let err = log.try_clone().expect("the log");
        let child = command.stdin(Stdio::null()).stdout(log).stderr(err).spawn();
        let server = Self { child: child.expect("the server starts"), port, data };
        let since = Instant::now();
        while std::net::TcpStream::connect(("127.0.0.1", port)).is_err() {
            let log = || std::fs::read_to_string(server.data.path().join("log"));
            assert!(since.elapsed() < PATIENCE, "the server does not listen: {:?}", log());
            std::thread::sleep(Duration::from_millis(50));
        }
        server
    }

    /// Its process, which tests may stop and continue.
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    pub fn address(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    pub fn settings(&self) -> S3Settings {
        settings(self.address())
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// What opens the test's bucket at an address.
pub fn settings(endpoint: String) -> S3Settings {
    S3Settings {
        endpoint: Some(endpoint),
        bucket: BUCKET.into(),
        prefix: "ours".into(),
        region: "us-east-1".into(),
        access_key: ACCESS_KEY.into(),
        secret_key: SECRET_KEY.into(),
        session_token: None,
    }
}

/// The same as the environment of a binary.
pub fn environment(settings: &S3Settings) -> Vec<(&'static str, String)> {
    vec![
        ("S3_ENDPOINT", settings.endpoint.clone().unwrap_or_default()),
        ("S3_BUCKET", settings.bucket.clone()),
        ("S3_PREFIX", settings.prefix.clone()),
        ("AWS_ACCESS_KEY_ID", settings.access_key.clone()),
        ("AWS_SECRET_ACCESS_KEY", settings.secret_key.clone()),
    ]
}

pub fn objects(settings: S3Settings) -> S3Objects {
    S3Objects::new(settings)
}

/// rclone as a client of a server, which it knows as `store:`.
pub fn rclone(server: &Server) -> Command {
    let mut command = Command::new(interpreter().with_file_name("rclone"));
    command.args(["--config", "/dev/null"]);
    let settings = server.settings();
    for (name, value) in [
        ("TYPE", "s3"),
        ("PROVIDER", "Rclone"),
        ("ENDPOINT", &server.address()),
        ("ACCESS_KEY_ID", &settings.access_key),
        ("SECRET_ACCESS_KEY", &settings.secret_key),
    ] {
        command.env(format!("RCLONE_CONFIG_STORE_{name}"), value);
    }
    command
}

/// Makes the test's bucket where the server has none: an unsigned request will do for moto.
pub async fn make_bucket(server: &Server, bucket: &str) {
    let made = super::client().put(format!("{}/{bucket}", server.address())).send().await;
    assert!(made.expect("an answer").status().is_success(), "no bucket was made");
}

/// The interpreter beside which the servers are installed; it installs them at the first use.
fn interpreter() -> PathBuf {
    let made = Command::new(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/objects/python"))
        .stderr(Stdio::inherit())
        .output()
        .expect("tests/objects/python runs");
    assert!(made.status.success(), "tests/objects/python installed nothing");
    PathBuf::from(String::from_utf8(made.stdout).expect("a path").trim())
}

fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").expect("a port").local_addr().expect("its address").port()
}
