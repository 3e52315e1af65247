//! Runs a trusted runner in a fresh sandbox that no agent used: a request in, a result out.

use super::Datasets;
use crate::sandbox::{
    Access, Ending, ExecSpec, Gpu, Limits, Mount, Output, Program, SandboxError, SandboxSpec,
    VolumeName, VolumePath, Warmth,
};
use bytes::Bytes;
use futures::StreamExt;
use serde::{Serialize, de::DeserializeOwned};
use std::{collections::BTreeMap, sync::Arc, time::Duration};
use uuid::Uuid;

/// Where the runner's own folder stands inside its sandbox.
const WORK: &str = "/data/work";
/// The largest result that is read.
const MAX_RESULT: u64 = 8 * 1024 * 1024;
/// The most that a runner may print.
const MAX_OUTPUT: u64 = 1024 * 1024;
/// What is kept of a runner's complaints, for the log.
const MAX_STDERR: usize = 4 * 1024;

/// What a preview may take: a page of a file is not worth more.
const PREVIEW_SECONDS: u64 = 30;
const PREVIEW_MEMORY_MIB: u64 = 1024;

/// The trusted runners.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Runner {
    Describe,
    Preview,
}

/// Why a runner gave no result. The texts are for people.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RunnerError {
    /// The data asks for more than a runner may take.
    #[error("{0}")]
    TooMuch(String),
    /// Something of ours is away or broke; a retry is safe.
    #[error("{0}")]
    Unavailable(String),
}

impl From<SandboxError> for RunnerError {
    fn from(error: SandboxError) -> Self {
        tracing::error!(%error, "a runner's sandbox failed");
        RunnerError::Unavailable(match error {
            SandboxError::Unavailable(said) | SandboxError::Environment(said) => said,
            SandboxError::DiskFull => "the server's disk is full; free space and try again".into(),
            SandboxError::NoFile(_) | SandboxError::Io { .. } => {
                "the sandbox that reads the data failed; try again".into()
            }
        })
    }
}

impl Datasets {
    /// Runs a runner with a request, beside `mounts`, and reads its result.
    pub(super) async fn run<Q: Serialize + Sync, A: DeserializeOwned>(
        &self,
        runner: Runner,
        request: &Q,
        mounts: Vec<Mount>,
    ) -> Result<A, RunnerError> {
        // Closed never: the semaphore lives as long as this.
        let turns = match runner {
            Runner::Describe => &self.turns,
            Runner::Preview => &self.previews,
        };
        let _turn = turns.acquire().await.map_err(|e| RunnerError::Unavailable(e.to_string()))?;
        self.sandboxes.prepare(Arc::new(|text| tracing::info!("{text}"))).await?;
        let work = self.corner("work", Some(Uuid::now_v7()));
        let result = self.run_in(&work, runner, request, mounts).await;
        if let Err(error) = self.sandboxes.delete_volume(&work).await {
            tracing::warn!(%error, "a runner's folder was not deleted");
        }
        result
    }

    /// The name of a runner, the wall-clock seconds and whatever else it may take.
    fn allowed(&self, runner: Runner) -> (&'static str, u64, Limits) {
        let (seconds, limits) = (self.limits.runner_seconds, self.limits.runner);
        let limits = Limits { output_bytes: limits.output_bytes.min(MAX_OUTPUT), ..limits };
        match runner {
            Runner::Describe => ("describe", seconds, limits),
            Runner::Preview => {
                let memory_mib = limits.memory_mib.min(PREVIEW_MEMORY_MIB);
                ("preview", seconds.min(PREVIEW_SECONDS), Limits { memory_mib, ..limits })
            }
        }
    }

    async fn run_in<Q: Serialize + Sync, A: DeserializeOwned>(
        &self,
        work: &VolumeName,
        runner: Runner,
        request: &Q,
        mut mounts: Vec<Mount>,
    ) -> Result<A, RunnerError> {
        let (name, seconds, limits) = self.allowed(runner);
        let volume = self.sandboxes.volume(work).await?;
        let path = |text| VolumePath::parse(text).expect("a plain name is a path");
        let body = serde_json::to_vec(request).expect("a request is always JSON");
        volume
            .put(&path("request.json"), futures::stream::iter([Ok(Bytes::from(body))]).boxed())
            .await?;
        mounts.push(Mount { volume: work.clone(), at: WORK.into(), access: Access::ReadWrite });
        let sandbox = self
            .sandboxes
            .start(SandboxSpec { mounts, limits, gpu: Gpu::None, warmth: Warmth::Cold })
            .await?;
        let spec = ExecSpec {
            program: Program::Runner {
                name,
                args: vec![format!("{WORK}/request.json"), format!("{WORK}/result.json")],
            },
            env: BTreeMap::new(),
            workdir: WORK.into(),
            timeout: Duration::from_secs(seconds),
        };
        let mut stream = sandbox.exec(spec).await?;
        let (mut stderr, mut end) = (Vec::new(), None);
        while let Some(output) = stream.next().await {
            match output {
                Output::Stderr(bytes) if stderr.len() < MAX_STDERR => {
                    stderr.extend_from_slice(&bytes)
                }
                Output::Waiting { .. }
                | Output::Placed
                | Output::Stdout(_)
                | Output::Stderr(_)
                | Output::Record(_) => {}
                Output::Exited(exit) => end = Some(exit),
            }
        }
        sandbox.terminate().await;
        let starved = end.as_ref().is_some_and(|exit| exit.starved(&limits));
        let ending = end.map(|exit| exit.ending);
        match ending {
            Some(Ending::Code(0)) => {}
            Some(Ending::OutOfMemory) if starved => {
                return Err(RunnerError::Unavailable(
                    "the server's memory is used up by what runs on it; try again".into(),
                ));
            }
            Some(Ending::OutOfMemory) => {
                let said = format!(
                    "the data needs more than {} MiB of memory to be read; upload less of it",
                    limits.memory_mib
                );
                return Err(RunnerError::TooMuch(said));
            }
            Some(Ending::TimedOut) => {
                let said =
                    format!("the data could not be read within {seconds} s; upload less of it");
                return Err(RunnerError::TooMuch(said));
            }
            Some(Ending::DiskFull) => {
                return Err(RunnerError::TooMuch(
                    "the data needs more disk than is allowed; upload less of it".into(),
                ));
            }
            Some(
                Ending::Code(_)
                | Ending::Signal(_)
                | Ending::Terminated
                | Ending::NotStarted
                | Ending::Lost,
            )
            | None => {
                let stderr = String::from_utf8_lossy(&stderr);
                tracing::error!(runner = name, ?ending, %stderr, "a runner failed");
                return Err(RunnerError::Unavailable(
                    "the sandbox that reads the data failed; try again".into(),
                ));
            }
        }
        let bytes = volume.read(&path("result.json"), 0..MAX_RESULT).await?;
        serde_json::from_slice(&bytes).map_err(|error| {
            tracing::error!(runner = name, %error, "a runner's result was not understood");
            RunnerError::Unavailable("the sandbox that reads the data gave no usable answer".into())
        })
    }
}
