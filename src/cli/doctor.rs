//! `trainable doctor`: what this machine gives, what is missing, and the fix.
//!
//! It looks and makes nothing, so it may run beside a server. Only where sandboxes are rented from
//! Modal it asks there, and installs what it needs for that.

use super::{Exit, Failure, app};
use crate::{
    config::{Config, Database, Objects},
    sandbox::{
        Limits, SandboxProvider, SandboxSettings,
        local::{Diagnosis, ExtraStanding},
    },
};
use serde_json::{Value, json};
use std::{
    fmt,
    path::{Path, PathBuf},
};

/// Prints the standing of all that a server rests on, for people or as one JSON object.
pub async fn doctor(config: Config, as_json: bool) -> Result<Exit, Failure> {
    let aside = app::Aside::open(&config)?;
    let mut diagnosis = aside.sandboxes.diagnose().await;
    let mut backend = aside.sandboxes.name();
    if let Some(rented) = &aside.rented {
        backend = rented.name();
        diagnosis.standing = rented.diagnose().await;
    }
    let report = Report {
        backend,
        diagnosis,
        disks: vec![
            Disk::of("data", config.data.clone()),
            Disk::of("Python environments", config.python_root.clone()),
        ],
        stores: stores(&config).await,
        execution_seconds: config.budgets.execution_seconds,
        retention_days: config.retention_days,
        settings: config.sandbox,
    };
    match as_json {
        true => println!("{:#}", report.json()),
        false => println!("{report}"),
    }
    Ok(if report.is_good() { Exit::Done } else { Exit::Failed })
}

struct Report {
    /// Where programs run.
    backend: &'static str,
    diagnosis: Diagnosis,
    disks: Vec<Disk>,
    stores: Vec<(&'static str, String)>,
    execution_seconds: u64,
    retention_days: Option<u32>,
    settings: SandboxSettings,
}

impl Report {
    /// Whether programs can run in sandboxes.
    fn is_good(&self) -> bool {
        self.diagnosis.standing.tier.is_some() && self.diagnosis.environment.is_usable()
    }

    fn json(&self) -> Value {
        let Diagnosis { standing, environment, gpus } = &self.diagnosis;
        let SandboxSettings { limits, total_mib, at_once, slots, .. } = &self.settings;
        let extra =
            |e: &ExtraStanding| json!({"name": e.extra.name(), "on": e.on, "ready": e.ready});
        json!({
            "ok": self.is_good(),
            "sandbox": {
                "backend": self.backend,
                "tier": standing.tier.map(String::from),
                "rests_on": standing.summary,
                "missing": standing.missing,
            },
            "python": {
                "interpreter": environment.interpreter.as_ref().ok(),
                "error": environment.interpreter.as_ref().err().or(environment.blocked.as_ref()),
                "packages": environment.packages,
                "ready": environment.ready,
                "note": environment.note,
                "extras": environment.extras.iter().map(extra).collect::<Vec<_>>(),
            },
            "disks": self.disks.iter().map(Disk::json).collect::<Vec<_>>(),
            "stores": self.stores.iter().map(|(name, said)| json!({"name": name, "standing": said})).collect::<Vec<_>>(),
            "limits": {
                "execution_seconds": self.execution_seconds,
                "memory_mib": limits.memory_mib,
                "cpus": limits.cpus,
                "processes": limits.processes,
                "disk_mib": limits.disk_mib,
                "files": limits.files,
                "output_bytes": limits.output_bytes,
                "open_files": limits.open_files,
            },
            "in_all": {"memory_mib": total_mib, "at_once": at_once, "slots": slots},
            "retention_days": self.retention_days,
            "gpus": gpus,
        })
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "backend: {}", self.backend)?;
        writeln!(f, "{}", self.diagnosis)?;
        for disk in &self.disks {
            writeln!(f, "disk for {disk}")?;
        }
        for (name, said) in &self.stores {
            writeln!(f, "{name}: {said}")?;
        }
        let Limits { memory_mib, cpus, processes, disk_mib, files, output_bytes, open_files } =
            &self.settings.limits;
        writeln!(
            f,
            "limits of one execution: {} s, {memory_mib} MiB of memory, {cpus} cores, {processes} processes, \
             {disk_mib} MiB and {files} files on disk, {open_files} open files, {} MiB of output",
            self.execution_seconds,
            output_bytes >> 20
        )?;
        let SandboxSettings { total_mib, at_once, slots, .. } = &self.settings;
        writeln!(
            f,
            "limits of all: {total_mib} MiB of memory, {at_once} executions at once, {slots} sandboxes kept warm for nobody yet"
        )?;
        match self.retention_days {
            Some(days) => writeln!(f, "sessions are deleted after {days} days at rest")?,
            None => writeln!(f, "sessions are kept until somebody deletes them")?,
        }
        match &self.diagnosis.gpus[..] {
            [] => write!(f, "gpu: none"),
            found => {
                let shown: Vec<_> = found.iter().map(|path| path.display().to_string()).collect();
                write!(f, "gpu: {}", shown.join(", "))
            }
        }
    }
}

/// The room where something lies.
struct Disk {
    holds: &'static str,
    folder: PathBuf,
    /// Bytes: free for the server's user, and in all.
    room: Option<(u64, u64)>,
}

impl Disk {
    fn of(holds: &'static str, folder: PathBuf) -> Self {
        // A folder that is not made yet will lie on the disk of the first that is there.
        let there = folder.ancestors().find(|folder| folder.exists());
        let stat = there.and_then(|folder| rustix::fs::statvfs(folder).ok());
        let room = stat.map(|s| (s.f_bavail * s.f_frsize, s.f_blocks * s.f_frsize));
        Self { holds, folder, room }
    }

    fn json(&self) -> Value {
        let (free, size) = self.room.unzip();
        json!({"holds": self.holds, "folder": self.folder, "free_bytes": free, "size_bytes": size})
    }
}

impl fmt::Display for Disk {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let folder = self.folder.display();
        match self.room {
            Some((free, size)) => write!(
                f,
                "{}: {:.1} of {:.1} GiB free (`{folder}`)",
                self.holds,
                gib(free),
                gib(size)
            ),
            None => write!(f, "{}: unknown (`{folder}`)", self.holds),
        }
    }
}

fn gib(bytes: u64) -> f64 {
    bytes as f64 / f64::from(1 << 30)
}

/// Where rows and objects are kept, without opening either: a running server holds them.
async fn stores(config: &Config) -> Vec<(&'static str, String)> {
    let database = match &config.database {
        Database::Sqlite => place("SQLite", &config.data.join(app::DATABASE)),
        Database::Postgres(_) => "PostgreSQL by DATABASE_URL, not asked".to_owned(),
    };
    let files = config.shared.as_ref().unwrap_or(&config.data);
    let objects = match &config.objects {
        Objects::Folder => place("files", &files.join(app::OBJECTS)),
        Objects::S3(settings) => super::objects::standing(settings.clone()).await,
    };
    vec![("database", database), ("objects", objects)]
}

fn place(kind: &str, path: &Path) -> String {
    let made = if path.exists() { "" } else { ", made at the first start" };
    format!("{kind} (`{}`){made}", path.display())
}
