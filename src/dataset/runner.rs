//! Calls the trusted runners: a request in, a checked answer out, in a sandbox of their own.

use super::{DatasetError, Datasets, Problem};
use crate::sandbox::{
    Access, Ending, ExecSpec, Limits, Mount, Output, Program, SandboxSpec, Volume, VolumeName,
    VolumePath,
};
use bytes::Bytes;
use futures::{StreamExt, stream};
use serde::{Serialize, de::DeserializeOwned};
use std::{collections::BTreeMap, sync::Arc, time::Duration};
use uuid::Uuid;

/// The runners' own limit, and a little room.
const MAX_RESULT: u64 = 5 * 1024 * 1024;
/// What is kept of stderr, for the log.
const MAX_STDERR: usize = 4 * 1024;
const INTAKE: &str = "/data/intake";

/// A volume for one call of a runner. It is deleted when the call is over.
pub struct Intake {
    datasets: Datasets,
    name: VolumeName,
    pub volume: Arc<dyn Volume>,
}

impl Intake {
    pub async fn open(datasets: &Datasets) -> Result<Self, DatasetError> {
        let name = volume_name(&format!("intake/{}", Uuid::now_v7()))?;
        let volume = datasets.0.sandboxes.volume(&name).await?;
        Ok(Self { datasets: datasets.clone(), name, volume })
    }

    /// Where a file of the intake is inside the sandbox.
    pub fn inside(path: &str) -> String {
        format!("{INTAKE}/{path}")
    }

    /// Runs a runner with the intake at `/data/intake` and what else it needs.
    pub async fn run<T: DeserializeOwned>(
        &self,
        runner: &'static str,
        request: &impl Serialize,
        mut mounts: Vec<Mount>,
        timeout: Duration,
    ) -> Result<T, DatasetError> {
        let broken = |reason: String| DatasetError::Runner { runner, reason };
        let request = serde_json::to_vec(request).map_err(|error| broken(error.to_string()))?;
        let body = stream::once(async move { Ok(Bytes::from(request)) }).boxed();
        self.volume.put(&path("REQUEST.json")?, body).await?;
        mounts.push(Mount {
            volume: self.name.clone(),
            at: INTAKE.to_owned(),
            access: Access::ReadWrite,
        });
        let sandbox = self
            .datasets
            .0
            .sandboxes
            .start(SandboxSpec { mounts, limits: Limits::default() })
            .await?;
        let program = Program::Runner {
            name: runner,
            args: vec![Self::inside("REQUEST.json"), Self::inside("RESULT.json")],
        };
        let spec =
            ExecSpec { program, env: BTreeMap::new(), workdir: INTAKE.to_owned(), timeout };
        let ended = async {
            let mut output = sandbox.exec(spec).await?;
            let (mut stderr, mut ending) = (Vec::new(), None);
            while let Some(piece) = output.next().await {
                match piece {
                    Output::Stderr(bytes) => {
                        let room = MAX_STDERR.saturating_sub(stderr.len());
                        stderr.extend_from_slice(&bytes[..bytes.len().min(room)]);
                    }
                    Output::Stdout(_) | Output::Record(_) => {}
                    Output::Exited(exit) => ending = Some(exit.ending),
                }
            }
            Ok::<_, DatasetError>((ending, stderr))
        }
        .await;
        sandbox.terminate().await;
        let (ending, stderr) = ended?;
        if !stderr.is_empty() {
            let stderr = String::from_utf8_lossy(&stderr);
            tracing::debug!(runner, %stderr, "a runner wrote to stderr");
        }
        match ending {
            Some(Ending::Code(0)) => {}
            Some(Ending::OutOfMemory) => {
                return Err(problem(
                    "OUT_OF_MEMORY",
                    "The file needs more memory than is allowed; upload a smaller file.",
                ));
            }
            Some(Ending::TimedOut) => {
                return Err(problem(
                    "TOO_SLOW",
                    "Reading the file took too long; upload a smaller file or save it as Parquet.",
                ));
            }
            Some(Ending::DiskFull) => {
                return Err(problem(
                    "DISK_FULL",
                    "There is not enough disk space to read the file; free some space or upload a smaller file.",
                ));
            }
            Some(ending @ (Ending::Code(_) | Ending::Signal(_) | Ending::Terminated)) => {
                return Err(broken(format!("it ended with {ending:?}")));
            }
            None => return Err(broken("it never said how it ended".to_owned())),
        }
        let result = path("RESULT.json")?;
        let stat = self.volume.stat(&result).await?;
        let size = stat.map_or(0, |stat| stat.size);
        if size == 0 || size > MAX_RESULT {
            return Err(broken(format!("its result has {size} bytes")));
        }
        let bytes = self.volume.read(&result, 0..size).await?;
        serde_json::from_slice(&bytes).map_err(|error| broken(error.to_string()))
    }

    /// Deletes the volume. Not `Drop`: deleting is asynchronous.
    pub async fn close(self) {
        if let Err(error) = self.datasets.0.sandboxes.delete_volume(&self.name).await {
            tracing::warn!(volume = %self.name, %error, "a temporary volume stays behind");
        }
    }
}

pub fn path(text: &str) -> Result<VolumePath, DatasetError> {
    VolumePath::parse(text).map_err(|error| DatasetError::Unavailable(error.to_string()))
}

pub fn volume_name(text: &str) -> Result<VolumeName, DatasetError> {
    VolumeName::parse(text).map_err(|error| DatasetError::Unavailable(error.to_string()))
}

fn problem(code: &str, message: &str) -> DatasetError {
    DatasetError::Problems(vec![Problem::data(code, message)])
}
