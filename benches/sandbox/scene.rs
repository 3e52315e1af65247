//! Sessions with scripts in them, and executions that are timed from the call on.

use super::{
    PATIENCE,
    support::{python_root, temporary},
};
use bytes::Bytes;
use futures::{StreamExt, stream};
use std::{
    collections::BTreeMap,
    path::Path,
    sync::Arc,
    time::{Duration, Instant},
};
use tempfile::TempDir;
use tokio::time::timeout;
use trainable::sandbox::{
    Access, Ending, ExecSpec, Exit, Gpu, Limits, Mount, Output, Program, Sandbox, SandboxProvider,
    SandboxSpec, VolumeName, VolumePath, Warmth,
    local::{LocalConfig, LocalSandboxes},
};

/// What every agent's first script begins with.
pub const IMPORTS: &str = "import pandas, sklearn\nprint(1)\n";
/// Replaces the process by a fresh interpreter that runs `step.py` beside it.
pub const FRESH: &str =
    "import os, sys\nos.execv(sys.executable, [sys.executable, '-P', 'step.py'])\n";

/// Real sandboxes on a data directory of their own.
pub struct Scene {
    pub sandboxes: LocalSandboxes,
    _data: TempDir,
}

impl Scene {
    /// With so many slots.
    pub async fn open(slots: usize) -> Self {
        let data = temporary();
        let config = LocalConfig {
            environments_dir: Some(python_root()),
            slots,
            ..LocalConfig::new(data.path())
        };
        let sandboxes = LocalSandboxes::new(config).expect("the sandboxes open");
        let prepared = sandboxes.prepare(Arc::new(|text| eprintln!("{text}"))).await;
        prepared.expect("the environment is ready");
        Self { sandboxes, _data: data }
    }

    /// A session's volume with these scripts.
    pub async fn session(&self, name: &str, scripts: &[(&str, &str)]) -> SandboxSpec {
        let volume = VolumeName::parse(&format!("sessions/{name}")).expect("a name");
        let opened = self.sandboxes.volume(&volume).await.expect("a volume");
        for (path, text) in scripts {
            let path = VolumePath::parse(path).expect("a path");
            let body = stream::iter([Ok(Bytes::copy_from_slice(text.as_bytes()))]).boxed();
            opened.put(&path, body).await.expect("it is written");
        }
        let at = "/data/sessions/s".to_owned();
        SandboxSpec {
            mounts: vec![Mount { volume, at, access: Access::ReadWrite }],
            limits: Limits { memory_mib: 1024, ..Limits::default() },
            gpu: Gpu::None,
            warmth: Warmth::Warm,
        }
    }

    pub async fn start(&self, spec: SandboxSpec) -> Arc<dyn Sandbox> {
        self.sandboxes.start(spec).await.expect("it starts")
    }
}

fn exec(script: &str) -> ExecSpec {
    ExecSpec {
        program: Program::Script { path: format!("/data/sessions/s/{script}"), args: Vec::new() },
        env: BTreeMap::new(),
        workdir: "/data/sessions/s".into(),
        timeout: PATIENCE,
    }
}

/// Runs a script to its good end: the time from the call to the first byte of stdout.
pub async fn run(sandbox: &dyn Sandbox, script: &str) -> Duration {
    let called = Instant::now();
    let mut first = None;
    follow(sandbox, script, |_| {
        first.get_or_insert_with(|| called.elapsed());
    })
    .await;
    first.expect("it printed")
}

/// Runs a script to its good end and hands its output on as it comes.
pub async fn follow(sandbox: &dyn Sandbox, script: &str, mut take: impl FnMut(&[u8])) -> Exit {
    let followed = async {
        let mut outputs = sandbox.exec(exec(script)).await.expect("it runs");
        let mut said = Vec::new();
        loop {
            match outputs.next().await.expect("it ends with its exit") {
                Output::Stdout(bytes) => take(&bytes),
                Output::Stderr(bytes) => said.extend_from_slice(&bytes),
                Output::Exited(exit) => {
                    let said = String::from_utf8_lossy(&said);
                    assert_eq!(exit.ending, Ending::Code(0), "{said}");
                    return exit;
                }
                Output::Waiting { .. } | Output::Placed | Output::Record(_) => {}
            }
        }
    };
    timeout(PATIENCE, followed).await.expect("it ends in time")
}

/// The interpreter of the sandboxes' environment, for a process outside.
pub fn interpreter() -> String {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/python/interpreter");
    let found = std::process::Command::new(script).output().expect("it runs");
    assert!(found.status.success(), "{}", String::from_utf8_lossy(&found.stderr));
    String::from_utf8(found.stdout).expect("UTF-8").trim().to_owned()
}
