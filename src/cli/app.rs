//! The adapters of one process, wired together.

use super::{
    Failure, backup, both,
    providers::{NoRecordings, providers},
};
use crate::{
    config::{Backend, Config, Database},
    dataset::{self, Datasets},
    llm::replay::Recordings,
    log::EventLog,
    objects::ObjectStore,
    sandbox::{
        SandboxProvider, SandboxSettings,
        local::{LocalConfig, LocalSandboxes},
        modal::{ModalConfig, ModalSandboxes, Patience},
    },
    session::{ActorSettings, Directory, Parts, Providers, StoredRecordings, Transcripts},
    store::{Store, StoreError, idempotency, servers},
};
use rustix::{
    fs::{FlockOperation, fcntl_lock},
    io::Errno,
};
use std::{
    fs::{DirBuilder, File},
    num::NonZeroUsize,
    os::unix::fs::{DirBuilderExt, OpenOptionsExt},
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};
use uuid::Uuid;

/// The database's file in the data directory.
pub(super) const DATABASE: &str = "trainable.db";
/// The folder of objects in the data directory.
pub(super) const OBJECTS: &str = "objects";

/// Everything that a running process holds.
pub struct App {
    pub store: Store,
    pub sandboxes: Arc<dyn SandboxProvider>,
    pub objects: Arc<dyn ObjectStore>,
    pub datasets: Datasets,
    pub directory: Directory,
    /// Held for as long as the process uses the data directory.
    _lock: File,
}

impl App {
    /// Opens the data directory and everything in it.
    ///
    /// *Errors*: a sentence that says what to do for each thing that cannot be opened.
    pub async fn open(config: &Config, database: &Database, data: &Path) -> Result<Self, Failure> {
        Opened::open(config, database, data).await?.start(config).await
    }
}

/// What a process rests on, before it begins with anything.
struct Opened {
    lock: File,
    seat: Uuid,
    /// The folder of this server in what several share.
    corner: Option<String>,
    store: Store,
    objects: Arc<dyn ObjectStore>,
    sandboxes: Arc<dyn SandboxProvider>,
    providers: Providers,
}

impl Opened {
    async fn open(config: &Config, database: &Database, data: &Path) -> Result<Self, Failure> {
        let lock = lock(data)?;
        backup::whole(data)?;
        let seat = match database {
            Database::Sqlite => Uuid::nil(),
            Database::Postgres(_) => seat(data)?,
        };
        let common = config.shared.as_deref().filter(|_| *database != Database::Sqlite);
        let own = seat.simple().to_string();
        // All of them, so that nobody mends one to hear of the next.
        let (store, objects) =
            tokio::join!(store(database, data), super::objects::open(config, data, common, &own));
        let recordings: Arc<dyn Recordings> = match &objects {
            Ok(objects) => Arc::new(StoredRecordings::new(Arc::clone(objects))),
            Err(_) => Arc::new(NoRecordings),
        };
        let providers = providers(config, recordings);
        let corner = common.map(|_| own);
        let volumes = common.map(|common| common.join("volumes")).zip(corner.clone());
        let sandboxes = provider(config, data, volumes);
        let stores = both(store, objects);
        let ((store, objects), (providers, sandboxes)) = both(stores, both(providers, sandboxes))?;
        Ok(Self { lock, seat, corner, store, objects, sandboxes, providers })
    }

    async fn start(self, config: &Config) -> Result<App, Failure> {
        let Self { lock, seat, corner, store, objects, sandboxes, providers } = self;
        let settled = async {
            // By the lock, whoever had this data directory before is gone.
            servers::enrol(&store, seat).await?;
            idempotency::settle_unfinished(&store).await
        };
        settled.await.map_err(|error| unusable("written", &error))?;
        let log = EventLog::start(store.clone());
        let limits = dataset::Limits {
            upload_bytes: config.upload_bytes,
            runner: config.sandbox.limits,
            runner_seconds: config.sandbox.runner_seconds,
            retention_days: config.retention_days,
        };
        let datasets = Datasets::new(
            store.clone(),
            log.clone(),
            Arc::clone(&objects),
            Arc::clone(&sandboxes),
            limits,
        )
        .in_corner(corner);
        datasets.sweep().await;
        let recordings = StoredRecordings::new(Arc::clone(&objects));
        let transcripts =
            Transcripts::new(store.clone(), log.clone(), datasets.clone(), recordings);
        let directory = Directory::new(Parts {
            store: store.clone(),
            log,
            sandboxes: Arc::clone(&sandboxes),
            datasets: datasets.clone(),
            providers,
            transcripts,
            sandbox: config.sandbox,
            budgets: config.budgets,
            actors: ActorSettings {
                quiet: Duration::from_secs(config.quiet_seconds),
                answer_within: Duration::from_secs(config.answer_seconds),
            },
        });
        Ok(App { store, sandboxes, objects, datasets, directory, _lock: lock })
    }
}

async fn store(database: &Database, data: &Path) -> Result<Store, Failure> {
    let opened = match database {
        Database::Sqlite => {
            private(data)?;
            Store::open_sqlite(&data.join(DATABASE)).await
        }
        Database::Postgres(url) => Store::open_postgres(url).await,
    };
    opened.map_err(|error| unusable("opened", &error))
}

fn unusable(how: &str, error: &StoreError) -> Failure {
    match error.trouble() {
        Some(trouble) => Failure::failed(format!("the database cannot be {how}: {trouble}")),
        None => Failure::failed(format!("the database cannot be {how}: {error}")),
    }
}

/// The sandboxes of a data directory, where the settings want them.
fn provider(
    config: &Config,
    data: &Path,
    shared_volumes: Option<(PathBuf, String)>,
) -> Result<Arc<dyn SandboxProvider>, Failure> {
    Ok(match rented(config, data)? {
        Some(rented) => Arc::new(rented),
        None => Arc::new(sandboxes(config, data, shared_volumes)?),
    })
}

/// The sandboxes at Modal, when the settings want them there.
pub(super) fn rented(config: &Config, data: &Path) -> Result<Option<ModalSandboxes>, Failure> {
    let settings = match &config.backend {
        Backend::Local => return Ok(None),
        Backend::Modal(settings) => settings,
    };
    let rented = ModalConfig {
        settings: settings.clone(),
        data_dir: data.to_owned(),
        environments_dir: config.python_root.clone(),
        python: config.python.clone(),
        locks_dir: config.python_locks.clone(),
        patience: Patience::default(),
        stand_in: None,
    };
    let opened = ModalSandboxes::new(rented);
    opened.map(Some).map_err(|error| Failure::failed(error.to_string()))
}

/// The local sandboxes of a data directory.
pub fn sandboxes(
    config: &Config,
    data: &Path,
    shared_volumes: Option<(PathBuf, String)>,
) -> Result<LocalSandboxes, Failure> {
    let settings = &config.sandbox;
    let local = LocalConfig {
        shared_volumes,
        python: config.python.clone(),
        environment: config.environment.clone(),
        environments_dir: Some(config.python_root.clone()),
        slots: settings.slots as usize,
        slot_cpus: settings.limits.cpus,
        memory_mib: Some(settings.total_mib),
        at_once: NonZeroUsize::new(settings.at_once as usize).unwrap_or(NonZeroUsize::MIN),
        floor: settings.floor,
        locks_dir: config.python_locks.clone(),
        ..LocalConfig::new(data)
    };
    LocalSandboxes::new(local).map_err(|error| Failure::failed(error.to_string()))
}

/// Sandboxes in a folder of their own beside the server's data, which a running server holds.
pub(super) struct Aside {
    pub sandboxes: LocalSandboxes,
    /// Those of Modal, when the settings want them.
    pub rented: Option<ModalSandboxes>,
    folder: PathBuf,
}

impl Aside {
    pub(super) fn open(config: &Config) -> Result<Self, Failure> {
        let folder = config.data.join("runs").join(uuid::Uuid::now_v7().to_string());
        // Nothing is going to be run that a warm one would serve.
        let sandbox = SandboxSettings { slots: 0, ..config.sandbox };
        let sandboxes = sandboxes(&Config { sandbox, ..config.clone() }, &folder, None)?;
        let rented = rented(config, &folder)?;
        Ok(Self { sandboxes, rented, folder })
    }
}

impl Drop for Aside {
    fn drop(&mut self) {
        if let Err(error) = std::fs::remove_dir_all(&self.folder) {
            tracing::warn!(%error, "a temporary folder was not deleted");
        }
    }
}

/// What tells this data directory from others, whatever process uses it.
fn seat(data: &Path) -> Result<Uuid, Failure> {
    let path = data.join("seat");
    let said = |error: std::io::Error| {
        Failure::failed(format!("the data directory cannot be written: {error}"))
    };
    match std::fs::read_to_string(&path) {
        Ok(text) => {
            if let Ok(seat) = Uuid::parse_str(text.trim()) {
                return Ok(seat);
            }
        }
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
        Err(error) => return Err(said(error)),
    }
    let seat = Uuid::now_v7();
    std::fs::write(&path, format!("{seat}\n")).map_err(said)?;
    Ok(seat)
}

/// Makes what holds users' data readable for the server's user alone, before anything is in it.
fn private(data: &Path) -> Result<(), Failure> {
    private_file(&data.join(DATABASE))
        .and_then(|()| DirBuilder::new().recursive(true).mode(0o700).create(data.join(OBJECTS)))
        .map_err(|error| Failure::failed(format!("the data directory cannot be written: {error}")))
}

/// Makes the file of a database, where there is none, for the server's user alone.
pub(super) fn private_file(path: &Path) -> std::io::Result<()> {
    // SQLite gives its other files the mode of the first.
    File::options().create(true).append(true).mode(0o600).open(path).map(drop)
}

/// Takes the data directory for this process alone.
pub(super) fn lock(data: &Path) -> Result<File, Failure> {
    let folder = data.display();
    hold(data).map_err(|why| {
        Failure::refused(match why {
            NotHeld::ByAnother => format!(
                "another trainable uses the data directory `{folder}`; stop it, or choose another with --data"
            ),
            NotHeld::Unusable(error) => format!(
                "the data directory `{folder}` cannot be used: {error}; choose another with --data or TRAINABLE_DATA"
            ),
        })
    })
}

/// Why a data directory is not this process's.
pub(super) enum NotHeld {
    ByAnother,
    Unusable(std::io::Error),
}

/// Takes a data directory, which is made where there is none, for as long as the file is held.
pub(super) fn hold(data: &Path) -> Result<File, NotHeld> {
    // Others may pass through, as the sandboxes' user must, but not look around.
    let made = DirBuilder::new().recursive(true).mode(0o711).create(data);
    let opened = made.and_then(|()| {
        File::options().create(true).truncate(false).write(true).open(data.join("lock"))
    });
    let file = opened.map_err(NotHeld::Unusable)?;
    // A record lock is no child's: a sandbox that was being forked when the server was killed would
    // hold a lock of the file's for a moment longer, and the next server would be turned away.
    match fcntl_lock(&file, FlockOperation::NonBlockingLockExclusive) {
        Ok(()) => Ok(file),
        Err(Errno::AGAIN | Errno::ACCESS) => Err(NotHeld::ByAnother),
        Err(error) => Err(NotHeld::Unusable(error.into())),
    }
}
