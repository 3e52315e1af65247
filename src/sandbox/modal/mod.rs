//! Sandboxes that are rented from Modal, one container per session.
//!
//! ```text
//! server  - lines of JSON -  sidecar  - Modal's SDK -  Modal     container of a session
//!                                                                └ launcher, one per execution
//!                                                                  └ the program
//! ```
//!
//! The sidecar (`src/sandbox/python/modal`) is the only one that speaks to Modal; it is started when
//! it is needed and started anew when it died, and the executions that it held then end as
//! [`Ending::Lost`](super::Ending). A container is started for the first execution of a sandbox and ended with it. The
//! launcher (`src/sandbox/python/launch`) keeps the clock, ends all that a program started, and puts
//! the SDK's records between what is printed.
//!
//! Volumes are folders of Modal volumes, one for each kind of name (`sessions/…`, `datasets/…`),
//! because a container mounts a Modal volume once. What a program wrote is committed at the end of
//! its execution, what the server wrote is loaded at the beginning of the next.
//!
//! Programs never learn the tokens, and neither does any log or message.

mod call;
mod execution;
mod mounts;
mod pipes;
mod prices;
mod protocol;
mod records;
mod sandbox;
mod settings;
mod sidecar;
mod trouble;
mod volume;

use super::{
    Progress, Sandbox, SandboxError, SandboxLoad, SandboxProvider, SandboxSpec, Standing, Volume,
    VolumeName,
    local::environment::{Environments, Rented},
};
use async_trait::async_trait;
pub use prices::gpu_types;
use protocol::Event;
use serde_json::{Value, json};
pub use settings::{ModalSettings, Network};
pub use sidecar::Patience;
use sidecar::{Connection, Launch, Sidecar};
use std::{
    fs, io,
    path::{Path, PathBuf},
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU32, AtomicU64, Ordering},
    },
    time::Duration,
};
use tokio::{
    sync::OnceCell,
    time::{Instant, timeout},
};
use trouble::Trouble;
use volume::{ModalVolume, Place};

/// How long Modal may take to know the tokens and the app.
const OPENING: Duration = Duration::from_secs(20);
/// How long an image may take that was never made before.
const BUILDING: Duration = Duration::from_secs(3600);
/// How long a failure to open is taken for the answer to whoever asks next.
const REFUSAL: Duration = Duration::from_secs(5);
/// How long [`SandboxProvider::close`] waits for the sidecar, which needs a word with Modal to end its
/// containers. It goes on for some seconds more where it is let.
const CLOSING: Duration = Duration::from_millis(400);

/// Where this backend keeps things, and what to use in place of what it finds.
#[derive(Clone, Debug)]
pub struct ModalConfig {
    pub settings: ModalSettings,
    /// Holds the name that this server's containers bear.
    pub data_dir: PathBuf,
    /// Where the sidecar's Python environment is kept.
    pub environments_dir: PathBuf,
    /// A Python in place of the system's.
    pub python: Option<PathBuf>,
    /// A folder of lock files that win over the server's own of the same names.
    pub locks_dir: Option<PathBuf>,
    pub patience: Patience,
    /// A Python with an SDK of its own in place of Modal's, for tests, and more of its environment.
    #[doc(hidden)]
    pub stand_in: Option<(PathBuf, Vec<(String, String)>)>,
}

/// The backend on Modal.
#[derive(Clone)]
pub struct ModalSandboxes {
    shared: Arc<Shared>,
}

struct Shared {
    config: ModalConfig,
    environments: Environments,
    /// What this server's containers are known by at Modal.
    server: String,
    /// With what it runs in, which is kept from being deleted.
    sidecar: OnceCell<(Sidecar, Rented)>,
    opened: tokio::sync::Mutex<Opened>,
    standing: Mutex<Standing>,
    /// Counts changes of volumes: who has seen fewer loads them.
    changes: AtomicU64,
    running: AtomicU32,
}

/// What the present sidecar was told.
#[derive(Default)]
struct Opened {
    /// The generation that Modal was opened with.
    generation: u64,
    /// The generation that knows the image.
    built: u64,
    failed: Option<(Instant, Trouble)>,
}

impl ModalSandboxes {
    /// Asks Modal nothing yet.
    ///
    /// *Errors*: [`SandboxError::Io`] for the data directory.
    pub fn new(config: ModalConfig) -> Result<Self, SandboxError> {
        let server = name_of(&config.data_dir)
            .map_err(|source| SandboxError::Io { action: "open the data directory", source })?;
        let environments = Environments::new(
            config.environments_dir.clone(),
            config.python.clone(),
            None,
            config.locks_dir.clone(),
            None,
        );
        let standing = Standing {
            tier: None,
            summary: "a container of its own at Modal for each session".into(),
            missing: vec!["Modal was not asked yet".into()],
        };
        Ok(Self {
            shared: Arc::new(Shared {
                config,
                environments,
                server,
                sidecar: OnceCell::new(),
                opened: tokio::sync::Mutex::default(),
                standing: Mutex::new(standing),
                changes: AtomicU64::new(0),
                running: AtomicU32::new(0),
            }),
        })
    }

    /// Shows the tokens at Modal, and finds out what its standing is.
    pub async fn diagnose(&self) -> Standing {
        // What went wrong is in the standing.
        let _ = self.shared.opened(&silent()).await;
        self.standing()
    }
}

fn silent() -> Progress {
    Arc::new(|_| {})
}

impl Shared {
    /// The sidecar that lives, opened.
    async fn opened(&self, progress: &Progress) -> Result<Arc<Connection>, Trouble> {
        let prepared = self.sidecar(progress).await;
        let connection = match prepared {
            Ok((sidecar, _)) => sidecar.connection().await,
            Err(why) => Err(why),
        };
        let connection = match connection {
            Ok(connection) => connection,
            Err(why) => {
                self.stand(Err(&why));
                return Err(why);
            }
        };
        let mut opened = self.opened.lock().await;
        if opened.generation == connection.generation {
            return Ok(connection);
        }
        if let Some((at, why)) = &opened.failed
            && at.elapsed() < REFUSAL
        {
            return Err(why.clone());
        }
        let settings = &self.config.settings;
        let request =
            json!({"app": settings.app, "volume": settings.volume, "server": self.server});
        match answer(&connection, "open", request, OPENING).await {
            Ok(answer) => {
                let swept = answer.get("swept").and_then(Value::as_u64).unwrap_or(0);
                if swept > 0 {
                    tracing::info!(swept, "ended containers that a dead server or sidecar left");
                }
                opened.generation = connection.generation;
                opened.failed = None;
                self.stand(Ok(()));
                Ok(connection)
            }
            Err(why) => {
                self.stand(Err(&why));
                opened.failed = Some((Instant::now(), why.clone()));
                Err(why)
            }
        }
    }

    /// The sidecar that lives, opened and with the image.
    async fn built(&self, progress: &Progress) -> Result<Arc<Connection>, Trouble> {
        let connection = self.opened(progress).await?;
        let mut opened = self.opened.lock().await;
        if opened.built == connection.generation {
            return Ok(connection);
        }
        let (_, rented) = self.sidecar(progress).await?;
        let request = json!({"locks": rented.locks, "sdk": rented.sdk.path});
        let mut call = connection.begin("build", request).await?;
        let each = |event| {
            if let Event::Progress(text) = event {
                progress(text);
            }
        };
        let built = timeout(BUILDING, call.finish(each)).await;
        built.map_err(|_| late("the image"))??;
        opened.built = connection.generation;
        Ok(connection)
    }

    async fn sidecar(&self, progress: &Progress) -> Result<&(Sidecar, Rented), Trouble> {
        let make = async || {
            let stand_in = self.config.stand_in.as_ref();
            let rented = self.environments.rented(stand_in.is_none(), progress).await;
            let rented = rented.map_err(|error| Trouble::Unavailable(error.to_string()))?;
            let spool = self.config.data_dir.join(SPOOL);
            let launch = launch(&self.config, &rented, &spool);
            fs::create_dir_all(&spool).map_err(|error| {
                let spool = spool.display();
                Trouble::Unavailable(format!("the folder `{spool}` cannot be made: {error}"))
            })?;
            Ok::<_, Trouble>((Sidecar::new(launch), rented))
        };
        self.sidecar.get_or_try_init(make).await
    }

    fn stand(&self, result: Result<(), &Trouble>) {
        let mut standing = self.standing.lock().unwrap_or_else(PoisonError::into_inner);
        let network = match self.config.settings.network {
            Network::Blocked => "no network",
            Network::Open => "the whole network",
        };
        standing.summary = format!("a container of its own at Modal for each session, {network}");
        match result {
            Ok(()) => {
                standing.tier = Some('A');
                standing.missing.clear();
            }
            Err(why) => {
                standing.tier = None;
                standing.missing = vec![why.to_string()];
            }
        }
    }

    /// Something in a volume has changed.
    fn changed(&self) -> u64 {
        self.changes.fetch_add(1, Ordering::AcqRel) + 1
    }
}

/// One answer, within this time.
async fn answer(
    connection: &Arc<Connection>,
    op: &str,
    request: Value,
    within: Duration,
) -> Result<Value, Trouble> {
    let mut call = connection.begin(op, request).await?;
    timeout(within, call.finish(|_| ())).await.map_err(|_| late("it"))?
}

fn late(what: &str) -> Trouble {
    Trouble::Unavailable(format!(
        "Modal has not answered about {what} in time; check the network, proxies and MODAL_SERVER_URL, \
         and try again"
    ))
}

/// How the sidecar is run.
fn launch(config: &ModalConfig, rented: &Rented, spool: &Path) -> Launch {
    let settings = &config.settings;
    let mut path = vec![rented.sidecar.path.display().to_string()];
    let mut env: Vec<(String, String)> = PASSED
        .iter()
        .filter_map(|name| Some(((*name).to_owned(), std::env::var(name).ok()?)))
        .collect();
    let mut set = |name: &str, value: &str| env.push((name.to_owned(), value.to_owned()));
    set("MODAL_TOKEN_ID", &settings.token_id);
    set("MODAL_TOKEN_SECRET", &settings.token_secret);
    // Sandboxes of the second version have no GPUs and say less of how they end.
    set("MODAL_SANDBOX_V2", "0");
    // A user's own settings of Modal are not the server's.
    set("MODAL_CONFIG_PATH", "/dev/null");
    set("PYTHONUNBUFFERED", "1");
    set("PYTHONDONTWRITEBYTECODE", "1");
    // Files that are as large as any of a session's pass through it.
    set("TMPDIR", &spool.display().to_string());
    if let Some(url) = &settings.server_url {
        set("MODAL_SERVER_URL", url);
    }
    if let Some(environment) = &settings.environment {
        set("MODAL_ENVIRONMENT", environment);
    }
    let mut python = rented.python.clone();
    if let Some((stand_in, more)) = &config.stand_in {
        python.clone_from(stand_in);
        for (name, value) in more {
            match name.as_str() {
                "PYTHONPATH" => path.push(value.clone()),
                _ => set(name, value),
            }
        }
    }
    set("PYTHONPATH", &path.join(":"));
    let secrets = vec![settings.token_id.clone(), settings.token_secret.clone()];
    Launch { python, env, secrets, patience: config.patience }
}

/// Below the data directory, where files on their way to Modal lie without a name.
const SPOOL: &str = "modal-spool";

/// What the sidecar may know of the server's environment: how to reach Modal.
const PASSED: [&str; 11] = [
    "PATH",
    "HOME",
    "LANG",
    "http_proxy",
    "https_proxy",
    "no_proxy",
    "HTTP_PROXY",
    "HTTPS_PROXY",
    "NO_PROXY",
    "SSL_CERT_FILE",
    "SSL_CERT_DIR",
];

/// The name that the containers of a data directory's server bear; made at the first start.
fn name_of(data_dir: &Path) -> io::Result<String> {
    let path = data_dir.join("modal-server");
    match fs::read_to_string(&path) {
        Ok(name) if uuid::Uuid::parse_str(name.trim()).is_ok() => {
            return Ok(name.trim().to_owned());
        }
        Ok(_) => {}
        Err(error) if error.kind() == io::ErrorKind::NotFound => {}
        Err(error) => return Err(error),
    }
    let name = uuid::Uuid::new_v4().to_string();
    fs::create_dir_all(data_dir)?;
    // By a rename, so that the next start finds a whole name or none.
    let aside = data_dir.join(".modal-server");
    fs::write(&aside, &name)?;
    fs::rename(aside, path)?;
    Ok(name)
}

#[async_trait]
impl SandboxProvider for ModalSandboxes {
    fn name(&self) -> &'static str {
        "modal"
    }

    fn standing(&self) -> Standing {
        self.shared.standing.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn load(&self) -> SandboxLoad {
        let running = self.shared.running.load(Ordering::Relaxed);
        SandboxLoad { running, ..SandboxLoad::default() }
    }

    async fn prepare(&self, progress: Progress) -> Result<(), SandboxError> {
        let built = self.shared.built(&progress).await;
        built.map(drop).map_err(|why| SandboxError::Environment(why.to_string()))
    }

    async fn start(&self, spec: SandboxSpec) -> Result<Arc<dyn Sandbox>, SandboxError> {
        Ok(Arc::new(sandbox::ModalSandbox::start(Arc::clone(&self.shared), spec)?))
    }

    async fn volume(&self, name: &VolumeName) -> Result<Arc<dyn Volume>, SandboxError> {
        Ok(Arc::new(ModalVolume::new(
            Arc::clone(&self.shared),
            Place::of(name, &self.shared.server),
        )))
    }

    async fn delete_volume(&self, name: &VolumeName) -> Result<(), SandboxError> {
        ModalVolume::new(Arc::clone(&self.shared), Place::of(name, &self.shared.server))
            .delete_all()
            .await
    }

    fn close(&self) {
        if let Some((sidecar, _)) = self.shared.sidecar.get() {
            sidecar.close(CLOSING);
        }
    }
}
