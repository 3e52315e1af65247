//! One sandbox: a container at Modal that is started when it is needed, and the executions in it.

use super::{
    Shared, answer,
    execution::Running,
    mounts::{Mounts, Shadow, WHOLE},
    prices::{Meter, Reserved},
    sidecar::{Connection, lock},
    silent,
    trouble::Trouble,
    volume::Place,
};
use crate::sandbox::{
    Access, ExecSpec, Gpu, Limits, Output, Program, Sandbox, SandboxError, SandboxSpec, VolumePath,
    Warmth, modal::Network, program,
};
use async_trait::async_trait;
use futures::stream::BoxStream;
use serde_json::{Value, json};
use std::{
    io,
    sync::{Arc, Mutex, PoisonError, atomic::Ordering},
    time::Duration,
};
use tokio::sync::{mpsc, watch};
use tokio_stream::wrappers::ReceiverStream;
use tokio_util::sync::CancellationToken;

const ACTION: &str = "start a sandbox";
/// Chunks that wait for the consumer.
const WAITING: usize = 16;
/// How long Modal may take to find a machine for a container.
const CREATION: Duration = Duration::from_secs(300);
/// How long it may take for anything small.
pub(super) const SOON: Duration = Duration::from_secs(60);
/// Modal ends what has lived or rested for so long, so that what nobody ends costs no more than this.
const LIFETIME: u64 = 24 * 3600;
const IDLE: u64 = 600;
/// MiB that a container may take beside what an execution may.
const SPARE_MIB: u64 = 256;
/// How long [`Sandbox::terminate`] waits for what it ended.
const GONE: Duration = Duration::from_secs(20);

pub(super) struct ModalSandbox {
    inner: Arc<Inner>,
}

pub(super) struct Inner {
    pub shared: Arc<Shared>,
    mounts: Mounts,
    pub limits: Limits,
    gpu: Option<String>,
    container: tokio::sync::Mutex<Option<Container>>,
    /// USD that containers have cost which were replaced, and that nobody was told of.
    owed: Mutex<f64>,
    /// Replaced by each termination, so that what is started later is not stopped by it.
    stop: Mutex<CancellationToken>,
    alive: watch::Sender<usize>,
}

/// A container that was started.
pub(super) struct Container {
    pub id: String,
    /// Of the sidecar that started it.
    generation: u64,
    /// The changes of volumes that it has seen.
    seen: u64,
    pub meter: Meter,
}

/// A container as an execution uses it.
#[derive(Clone)]
pub(super) struct Lease {
    pub connection: Arc<Connection>,
    pub container: String,
    /// It could not load what was written last, because something in it has a file open.
    pub stale: bool,
}

impl ModalSandbox {
    /// Checks what is asked for. A container is started meanwhile, when the image is there.
    pub(super) fn start(shared: Arc<Shared>, spec: SandboxSpec) -> Result<Self, SandboxError> {
        let SandboxSpec { mounts, limits, gpu, warmth } = spec;
        let mounts = Mounts::sort(mounts)?;
        let gpu = match gpu {
            Gpu::None => None,
            Gpu::Any => Some(shared.config.settings.gpu.clone()),
        };
        let inner = Arc::new(Inner {
            shared,
            mounts,
            limits,
            gpu,
            container: tokio::sync::Mutex::default(),
            owed: Mutex::new(0.0),
            stop: Mutex::new(CancellationToken::new()),
            alive: watch::Sender::new(0),
        });
        match warmth {
            Warmth::Warm => {
                let inner = Arc::clone(&inner);
                // What goes wrong here goes wrong again in the first execution, where it is told.
                tokio::spawn(async move { inner.lease().await.map(drop) });
            }
            Warmth::Cold => {}
        }
        Ok(Self { inner })
    }
}

impl Inner {
    /// A container that has seen all that was written, as far as it can.
    pub(super) async fn lease(&self) -> Result<Lease, Trouble> {
        let mut held = self.container.lock().await;
        let connection = self.shared.built(&silent()).await?;
        if held.as_ref().is_some_and(|container| container.generation != connection.generation) {
            // The present sidecar has ended what another one started.
            self.retire(&mut held);
        }
        if let Some(container) = held.as_mut() {
            match self.refresh(&connection, container).await {
                Ok(stale) => {
                    let container = container.id.clone();
                    return Ok(Lease { connection, container, stale });
                }
                Err(why @ Trouble::Gone(_)) => return Err(why),
                // One that cannot do this once cannot do it again, whatever became of it.
                Err(why) => {
                    tracing::warn!(%why, "a container is replaced");
                    let id = container.id.clone();
                    self.retire(&mut held);
                    self.terminate(&connection, &id).await;
                }
            }
        }
        self.create(connection, &mut held).await
    }

    /// Shows a container what was written since; whether it could not, because a file is open in it.
    async fn refresh(
        &self,
        connection: &Arc<Connection>,
        container: &mut Container,
    ) -> Result<bool, Trouble> {
        let changes = self.shared.changes.load(Ordering::Acquire);
        if container.seen >= changes {
            return Ok(false);
        }
        if self.mounts.shadow.is_some() {
            // A shadow shows what was there when it was made.
            return Ok(true);
        }
        match answer(connection, "reload", json!({"sandbox": container.id}), SOON).await {
            Ok(_) => {
                container.seen = changes;
                Ok(false)
            }
            Err(Trouble::Conflict(_)) => Ok(true),
            Err(why) => Err(why),
        }
    }

    async fn create(
        &self,
        connection: Arc<Connection>,
        held: &mut Option<Container>,
    ) -> Result<Lease, Trouble> {
        let reserved = Reserved::of(&self.limits, self.gpu.clone());
        let seen = self.shared.changes.load(Ordering::Acquire);
        let mounts = self.mounts.shown(&self.shared.server);
        let request = json!({
            "mounts": mounts,
            "cpu": [reserved.cores, self.limits.cpus.max(1)],
            "memory": [reserved.memory_mib, self.limits.memory_mib + SPARE_MIB],
            "gpu": self.gpu,
            "timeout": LIFETIME,
            "idle_timeout": IDLE,
            "block_network": self.shared.config.settings.network == Network::Blocked,
        });
        let said = answer(&connection, "create", request, CREATION).await?;
        let id = said.get("sandbox").and_then(Value::as_str).unwrap_or_default().to_owned();
        if id.is_empty() {
            return Err(Trouble::Failed("Modal named no container".into()));
        }
        let generation = connection.generation;
        let meter = Meter::start(reserved);
        *held = Some(Container { id: id.clone(), generation, seen, meter });
        if let Some(Shadow { whole, part, .. }) = &self.mounts.shadow {
            let request = json!({"sandbox": id, "whole": WHOLE, "at": whole.at, "part": part});
            if let Err(why) = answer(&connection, "shadow", request, CREATION).await {
                self.retire(held);
                self.terminate(&connection, &id).await;
                return Err(why);
            }
        }
        Ok(Lease { connection, container: id, stale: false })
    }

    /// Lets go of the container that is held, and remembers what it has cost.
    fn retire(&self, held: &mut Option<Container>) -> Option<Container> {
        let mut container = held.take()?;
        *lock(&self.owed) += container.meter.read();
        Some(container)
    }

    /// Forgets a container that is not there any more, or will not be.
    pub(super) async fn forget(&self, id: &str) {
        let mut held = self.container.lock().await;
        if held.as_ref().is_some_and(|container| container.id == id) {
            self.retire(&mut held);
            // With its end Modal keeps what was written last in it.
            self.shared.changed();
        }
    }

    /// Ends a container that does not do as it should.
    pub(super) async fn end(&self, lease: &Lease) {
        self.forget(&lease.container).await;
        self.terminate(&lease.connection, &lease.container).await;
    }

    async fn terminate(&self, connection: &Arc<Connection>, container: &str) {
        let request = json!({"sandbox": container});
        if let Err(error) = answer(connection, "terminate", request, SOON).await {
            tracing::warn!(%error, "a container was not ended; Modal does so after some minutes at rest");
        }
        // What was kept at its end nobody has loaded yet.
        self.shared.changed();
    }

    /// Makes what was written in a container visible to all.
    pub(super) async fn commit(&self, lease: &Lease) -> Result<(), Trouble> {
        const WITHIN: Duration = Duration::from_secs(900);
        let plain = self.mounts.plain.iter();
        let writable = plain.filter(|mount| mount.access == Access::ReadWrite);
        let folders: Vec<_> = writable.map(|mount| mount.at.as_str()).collect();
        if folders.is_empty() && self.mounts.shadow.is_none() {
            return Ok(());
        }
        if !folders.is_empty() {
            let request = json!({"sandbox": lease.container, "folders": folders});
            answer(&lease.connection, "commit", request, WITHIN).await?;
        }
        if let Some(Shadow { inner, .. }) = &self.mounts.shadow {
            let Place { kind, folder } = Place::of(&inner.volume, &self.shared.server);
            let request = json!({
                "sandbox": lease.container, "folder": inner.at, "kind": kind, "path": folder,
                "most_bytes": self.limits.disk_mib.saturating_mul(1 << 20),
                "most_files": self.limits.files,
            });
            answer(&lease.connection, "collect", request, WITHIN).await?;
        }
        let mut held = self.container.lock().await;
        let now = self.shared.changed();
        if let Some(container) = held.as_mut()
            && container.id == lease.container
            && container.seen == now - 1
        {
            // It knows what it wrote itself.
            container.seen = now;
        }
        Ok(())
    }

    /// Counts what an execution took of its container: wall-clock, CPU seconds, bytes at the peak.
    pub(super) async fn count(&self, lease: &Lease, took: (Duration, f64, u64)) {
        let mut held = self.container.lock().await;
        if let Some(container) = held.as_mut().filter(|held| held.id == lease.container) {
            let (wall, cpu_seconds, peak_memory) = took;
            container.meter.count(wall, cpu_seconds, peak_memory);
        }
    }

    /// USD that its containers have cost since this was asked before.
    pub(super) async fn cost(&self) -> f64 {
        let mut held = self.container.lock().await;
        let present = held.as_mut().map_or(0.0, |container| container.meter.read());
        std::mem::take(&mut *lock(&self.owed)) + present
    }

    /// Whether what programs write is in the volume only after a commit, also when their container ends.
    pub(super) fn is_copied(&self) -> bool {
        self.mounts.shadow.is_some()
    }

    /// Where programs may write.
    pub(super) fn writable(&self) -> Vec<&str> {
        self.mounts.writable()
    }

    /// Where a script lies when it is in one of the volumes.
    pub(super) fn place_of(&self, path: &str) -> Option<(Place, VolumePath)> {
        let shown = self.mounts.all().filter_map(|mount| {
            let inner = path.strip_prefix(mount.at.as_str())?.strip_prefix('/')?;
            Some((Place::of(&mount.volume, &self.shared.server), VolumePath::parse(inner).ok()?))
        });
        shown.last()
    }

    /// What the launcher is asked to run.
    pub(super) fn request(&self, spec: &ExecSpec, nonce: &str) -> Value {
        let limits = &self.limits;
        let mut argv = vec!["-B".to_owned(), "-P".to_owned()];
        match &spec.program {
            Program::Script { path, args } => {
                argv.push(path.clone());
                argv.extend(args.iter().cloned());
            }
            Program::Runner { name, args } => {
                argv.extend(["-m".to_owned(), format!("trainable_runners.{name}")]);
                argv.extend(args.iter().cloned());
            }
        }
        json!({
            "nonce": nonce,
            "argv": argv,
            // As on a machine of our own.
            "env": program::environment(limits.cpus, &spec.env),
            "workdir": spec.workdir,
            "timeout": spec.timeout.as_secs_f64(),
            "output_bytes": limits.output_bytes,
            "memory_bytes": limits.memory_mib.saturating_mul(1 << 20),
            "folders": self.mounts.writable(),
            "limits": {
                "CORE": 0,
                "NOFILE": limits.open_files,
                "NPROC": limits.processes,
                "FSIZE": limits.disk_mib.saturating_mul(1 << 20),
            },
        })
    }
}

/// Counts the executions of a sandbox that still run.
pub(super) struct Alive(Arc<Inner>);

impl Alive {
    fn new(inner: &Arc<Inner>) -> Self {
        inner.alive.send_modify(|count| *count += 1);
        inner.shared.running.fetch_add(1, Ordering::Relaxed);
        Self(Arc::clone(inner))
    }
}

impl Drop for Alive {
    fn drop(&mut self) {
        self.0.shared.running.fetch_sub(1, Ordering::Relaxed);
        self.0.alive.send_modify(|count| *count -= 1);
    }
}

#[async_trait]
impl Sandbox for ModalSandbox {
    async fn exec(&self, spec: ExecSpec) -> Result<BoxStream<'static, Output>, SandboxError> {
        let inner = Arc::clone(&self.inner);
        // Taken first: a termination from here on is meant for this one too.
        let stop = inner.stop.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let alive = Alive::new(&inner);
        let (sink, inbox) = mpsc::channel(WAITING);
        // A task of its own, so that a start is never broken off half way. When nobody waits for the
        // stream any more it is dropped, and that ends what was started.
        let begun = tokio::spawn(async move {
            let running = Running::begin(inner, &spec, alive).await?;
            tokio::spawn(running.follow(sink, stop));
            Ok::<_, Trouble>(())
        });
        match begun.await {
            Ok(Ok(())) => Ok(Box::pin(ReceiverStream::new(inbox))),
            Ok(Err(why)) => Err(why.during(ACTION)),
            Err(ended) => Err(SandboxError::Io { action: ACTION, source: io::Error::other(ended) }),
        }
    }

    async fn terminate(&self) {
        let stop = {
            let mut stop = self.inner.stop.lock().unwrap_or_else(PoisonError::into_inner);
            std::mem::take(&mut *stop)
        };
        stop.cancel();
        let mut alive = self.inner.alive.subscribe();
        // What outlasts this ends with its container.
        let _ = tokio::time::timeout(GONE, alive.wait_for(|count| *count == 0)).await;
        give_back(&self.inner).await;
    }
}

/// Ends the container, which costs as long as it is there.
async fn give_back(inner: &Inner) {
    let retired = inner.retire(&mut *inner.container.lock().await);
    let Some(container) = retired else { return };
    // A sidecar that is started for this alone ends it as one that was left behind.
    if let Ok(connection) = inner.shared.opened(&silent()).await
        && connection.generation == container.generation
    {
        inner.terminate(&connection, &container.id).await;
    }
}

impl Drop for ModalSandbox {
    fn drop(&mut self) {
        let inner = Arc::clone(&self.inner);
        if let Ok(runtime) = tokio::runtime::Handle::try_current() {
            runtime.spawn(async move {
                let mut alive = inner.alive.subscribe();
                // A stream may outlive its sandbox.
                let _ = alive.wait_for(|count| *count == 0).await;
                give_back(&inner).await;
            });
        }
    }
}
