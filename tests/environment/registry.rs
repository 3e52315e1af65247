//! A package registry on this machine with a few tiny packages, and lock files that pin them.

use sha2::{Digest, Sha256};
use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    sync::{Arc, Mutex},
};
use tokio::{
    io::{AsyncBufReadExt, AsyncWriteExt, BufReader},
    net::{TcpListener, TcpStream},
    sync::watch,
};

/// Writes a wheel of one module that knows its version.
const WHEEL: &str = r#"
import sys, zipfile
path, name, version = sys.argv[1:]
info = f"{name}-{version}.dist-info"
with zipfile.ZipFile(path, "w") as wheel:
    wheel.writestr(f"{name}.py", f"VERSION = {version!r}\n")
    wheel.writestr(f"{info}/METADATA", f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n")
    wheel.writestr(f"{info}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
    wheel.writestr(f"{info}/RECORD", f"{name}.py,,\n{info}/METADATA,,\n{info}/WHEEL,,\n{info}/RECORD,,\n")
"#;

/// The registry; it ends with the test.
pub struct Registry {
    pub index: String,
    folder: PathBuf,
    shared: Arc<Shared>,
}

struct Shared {
    /// Contents by file name.
    files: Mutex<BTreeMap<String, Vec<u8>>>,
    /// How many files were asked for.
    asked: watch::Sender<usize>,
    /// Whether files are handed out.
    open: watch::Sender<bool>,
}

impl Registry {
    pub async fn start(folder: &Path) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let index = format!("http://{}/simple", listener.local_addr().expect("an address"));
        let shared = Arc::new(Shared {
            files: Mutex::default(),
            asked: watch::Sender::new(0),
            open: watch::Sender::new(true),
        });
        let serving = shared.clone();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(answer(stream, serving.clone()));
            }
        });
        Self { index, folder: folder.to_owned(), shared }
    }

    /// Offers a package; the line of a lock file that pins it.
    pub fn offer(&self, name: &str, version: &str) -> String {
        let file = format!("{name}-{version}-py3-none-any.whl");
        let path = self.folder.join(&file);
        let made = std::process::Command::new("python3")
            .args(["-c", WHEEL])
            .arg(&path)
            .args([name, version])
            .status();
        assert!(made.expect("Python starts").success());
        let bytes = std::fs::read(path).expect("a wheel");
        let hash: String = Sha256::digest(&bytes).iter().map(|b| format!("{b:02x}")).collect();
        self.shared.files.lock().expect("nobody panicked").insert(file, bytes);
        format!("{name}=={version} \\\n    --hash=sha256:{hash}\n")
    }

    /// Files are handed out, or wait until they are.
    pub fn open(&self, open: bool) {
        self.shared.open.send_replace(open);
    }

    pub fn asked(&self) -> usize {
        *self.shared.asked.borrow()
    }

    /// Waits until so many files were asked for.
    pub async fn has_been_asked(&self, times: usize) {
        let mut asked = self.shared.asked.subscribe();
        let waited = asked.wait_for(|asked| *asked >= times);
        let waited = tokio::time::timeout(super::PATIENCE, waited).await;
        waited.expect("it is asked in time").expect("the registry lives");
    }
}

async fn answer(mut stream: TcpStream, shared: Arc<Shared>) {
    let (from, mut to) = stream.split();
    let mut lines = BufReader::new(from).lines();
    let Ok(Some(first)) = lines.next_line().await else { return };
    while lines.next_line().await.is_ok_and(|line| line.is_some_and(|line| !line.is_empty())) {}
    let path = first.split(' ').nth(1).unwrap_or_default().to_owned();
    let (kind, body) = match path.strip_prefix("/files/") {
        Some(file) => {
            shared.asked.send_modify(|asked| *asked += 1);
            let mut open = shared.open.subscribe();
            if open.wait_for(|open| *open).await.is_err() {
                return;
            }
            let body = shared.files.lock().expect("nobody panicked").get(file).cloned();
            ("application/octet-stream", body)
        }
        None => {
            let name = path.trim_start_matches("/simple/").trim_end_matches('/').to_owned();
            let files = shared.files.lock().expect("nobody panicked");
            let links: String = files
                .keys()
                .filter(|file| file.starts_with(&format!("{name}-")))
                .map(|file| format!("<a href=\"/files/{file}\">{file}</a>\n"))
                .collect();
            ("text/html", Some(format!("<!DOCTYPE html><html><body>{links}</body></html>").into()))
        }
    };
    let status = if body.is_some() { "200 OK" } else { "404 Not Found" };
    let body = body.unwrap_or_default();
    let head = format!(
        "HTTP/1.1 {status}\r\ncontent-type: {kind}\r\ncontent-length: {}\r\nconnection: close\r\n\r\n",
        body.len()
    );
    // A client that was killed does not read the answer.
    let _ = to.write_all(head.as_bytes()).await;
    let _ = to.write_all(&body).await;
}
