//! What this server is and has: version, isolation, limits and samples.

use super::{
    context::{Api, EnvironmentState, api},
    scalars::Long,
    vocab::{SandboxTier, TaskType},
};
use crate::{
    dataset,
    sandbox::{Gpu, Limits},
};
use async_graphql::{Context, ID, Object, SimpleObject};

/// What this server is.
#[derive(SimpleObject)]
pub struct ServerInfo {
    /// Its version.
    version: String,
    /// How it isolates what models write.
    sandbox: SandboxInfo,
    /// Bytes of one uploaded file.
    max_upload_bytes: Long,
    /// Days that a session may rest before it is deleted with its files; null keeps all.
    retention_days: Option<i32>,
    /// The Python environment of the sandboxes.
    environment: EnvironmentInfo,
}

/// How a server isolates what models write.
#[derive(SimpleObject)]
pub struct SandboxInfo {
    /// The backend.
    name: String,
    /// `A`, `B` or `C`; null when it refuses to run anything.
    tier: Option<String>,
    /// Programs are run here: there is a tier, and it is not below the floor.
    runs_programs: bool,
    /// What the tier rests on.
    summary: String,
    /// What is missing, each in one sentence with the fix.
    missing: Vec<String>,
    /// The lowest tier in which programs are run; below it every start is refused.
    floor: SandboxTier,
    /// The most that one execution may take.
    limits: ExecutionLimits,
    /// MiB of memory that all executions may use together; who does not fit waits for a place.
    total_memory_mib: Long,
    /// How many executions run at once; more of them wait for a place.
    executions_at_once: i32,
    /// How many warm sandboxes are kept ready before anybody asks.
    slots: i32,
    /// Agents' sandboxes ask for the machine's graphics processors.
    gpu: bool,
    /// What is at work and what waits, now.
    load: SandboxLoad,
}

/// The most that one execution may take.
#[derive(SimpleObject)]
pub struct ExecutionLimits {
    /// MiB of memory; a run's budgets may say less.
    memory_mib: Long,
    /// Cores.
    cpus: i32,
    /// Processes and threads together.
    processes: i32,
    /// Wall-clock seconds; a run's budgets may say otherwise.
    seconds: Long,
    /// MiB that the folders it may write to hold in all.
    disk_mib: Long,
    /// Files that the folders it may write to hold in all.
    files: Long,
    /// Bytes of output that are kept; the rest is counted and dropped.
    output_bytes: Long,
    /// Open files of one process.
    open_files: Long,
}

impl ExecutionLimits {
    fn new(limits: Limits, seconds: u64) -> Self {
        Self {
            memory_mib: limits.memory_mib.into(),
            cpus: int(limits.cpus),
            processes: int(limits.processes),
            seconds: seconds.into(),
            disk_mib: limits.disk_mib.into(),
            files: limits.files.into(),
            output_bytes: limits.output_bytes.into(),
            open_files: limits.open_files.into(),
        }
    }
}

/// The executions of a server, counted.
#[derive(SimpleObject)]
pub struct SandboxLoad {
    /// Executions at work.
    running: i32,
    /// Executions that wait for a place.
    waiting: i32,
    /// Warm sandboxes that nobody has claimed yet.
    slots_ready: i32,
}

impl SandboxInfo {
    fn of(api: &Api) -> Self {
        let standing = api.sandboxes.standing();
        let load = api.sandboxes.load();
        let settings = api.directory.sandbox_settings();
        let budgets = api.directory.default_budgets();
        let limits = Limits { memory_mib: budgets.memory_mib, ..settings.limits };
        Self {
            name: api.sandboxes.name().to_owned(),
            tier: standing.tier.map(String::from),
            runs_programs: standing.meets(settings.floor),
            summary: standing.summary,
            missing: standing.missing,
            floor: settings.floor.into(),
            limits: ExecutionLimits::new(limits, budgets.execution_seconds),
            total_memory_mib: settings.total_mib.into(),
            executions_at_once: int(settings.at_once),
            slots: int(settings.slots),
            gpu: settings.gpu == Gpu::Any,
            load: SandboxLoad {
                running: int(load.running),
                waiting: int(load.waiting),
                slots_ready: int(load.slots_ready),
            },
        }
    }
}

fn int(count: u32) -> i32 {
    i32::try_from(count).unwrap_or(i32::MAX)
}

/// The Python environment of the sandboxes.
#[derive(SimpleObject)]
pub struct EnvironmentInfo {
    /// It can be used.
    ready: bool,
    /// The last line of progress while it is being made.
    progress: Option<String>,
    /// Why it cannot be made.
    error: Option<String>,
}

/// A real dataset that comes with the server.
#[derive(SimpleObject)]
pub struct Sample {
    /// Its id; give it as `sampleId` of a dataset's source.
    id: ID,
    /// Its name.
    title: String,
    /// What it is.
    description: String,
    /// How many rows it has.
    rows: Long,
    /// How many columns it has.
    columns: i32,
    /// The column to predict.
    target: String,
    /// What is to be predicted.
    task: TaskType,
    /// Where it comes from.
    source: String,
    /// What may be done with it.
    licence: String,
    /// What to ask of it.
    instructions: String,
}

#[derive(Default)]
pub struct ServerQuery;

#[Object]
impl ServerQuery {
    /// The datasets that come with the server.
    async fn samples(&self) -> Vec<Sample> {
        dataset::list_samples()
            .iter()
            .map(|sample| Sample {
                id: ID(sample.id.clone()),
                title: sample.title.clone(),
                description: sample.description.clone(),
                rows: sample.rows.into(),
                columns: i32::try_from(sample.columns).unwrap_or(i32::MAX),
                target: sample.target.clone(),
                task: sample.task.into(),
                source: sample.source.clone(),
                licence: sample.licence.clone(),
                instructions: sample.instructions.clone(),
            })
            .collect()
    }

    /// What this server is.
    async fn server(&self, context: &Context<'_>) -> ServerInfo {
        let api = api(context);
        let (ready, progress, error) = match api.environment.borrow().clone() {
            EnvironmentState::Preparing { progress } => (false, Some(progress), None),
            EnvironmentState::Ready => (true, None, None),
            EnvironmentState::Failed { error } => (false, None, Some(error)),
        };
        ServerInfo {
            version: env!("CARGO_PKG_VERSION").to_owned(),
            sandbox: SandboxInfo::of(api),
            max_upload_bytes: api.datasets.limits().upload_bytes.into(),
            retention_days: api.datasets.limits().retention_days.map(int),
            environment: EnvironmentInfo { ready, progress, error },
        }
    }
}
