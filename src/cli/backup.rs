//! `trainable backup` and `trainable restore`.

use super::{Exit, Failure, app};
use crate::{
    backup::{self, BackupError, Manifest, Progress, Step},
    config::{Config, Database},
};
use std::{
    io::{IsTerminal, Write},
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};
use tokio_util::sync::CancellationToken;

/// How often a line of figures is printed where there is no terminal.
const LINE: Duration = Duration::from_secs(2);
/// How often it is drawn anew on a terminal.
const REDRAW: Duration = Duration::from_millis(100);

/// Copies the data directory, while a server uses it or while none does.
pub async fn backup(config: Config, to: PathBuf) -> Result<Exit, Failure> {
    sqlite(&config)?;
    let stop = interruptible();
    let taken = backup::take(&config.data, &to, stop, shown()).await;
    report(taken, |manifest| {
        let going = match manifest.at_work.len() {
            0 => String::new(),
            running => format!("; {running} sessions were at work and go on after a restore"),
        };
        println!("{} in `{}`{going}", figures(manifest), to.display());
        if manifest.left_out > 0 {
            let left_out = manifest.left_out;
            println!("{left_out} links, sockets and the like in sessions' folders were left out");
        }
    })
}

/// Restores a backup into an empty data directory.
pub async fn restore(config: Config, from: PathBuf) -> Result<Exit, Failure> {
    sqlite(&config)?;
    if !from.exists() {
        return Err(Failure::refused(format!("there is no `{}`", from.display())));
    }
    let lock = app::lock(&config.data)?;
    let (stop, progress, data) = (interruptible(), shown(), config.data.clone());
    let work = move || {
        let restored = backup::restore(&from, &data, &stop, &progress);
        drop(lock);
        restored
    };
    let restored = tokio::task::spawn_blocking(work).await;
    let restored = restored.map_err(|error| Failure::failed(error.to_string()))?;
    report(restored, |manifest| {
        println!("restored {} into `{}`", figures(manifest), config.data.display());
    })
}

/// Refuses a server to start where a restore was killed.
pub(super) fn whole(data: &Path) -> Result<(), Failure> {
    if data.join(backup::BROKEN_OFF).exists() {
        return Err(Failure::refused(format!(
            "a restore into `{}` broke off; run it again, or choose another with --data",
            data.display()
        )));
    }
    Ok(())
}

fn sqlite(config: &Config) -> Result<(), Failure> {
    match &config.database {
        Database::Sqlite => Ok(()),
        Database::Postgres(_) => Err(Failure::refused(
            "the rows are in PostgreSQL, which has its own tools: use `pg_dump` first, and then copy `objects` and `volumes` of the data directory",
        )),
    }
}

fn figures(manifest: &Manifest) -> String {
    format!("{} files, {}", manifest.files.len(), mib(manifest.bytes()))
}

fn mib(bytes: u64) -> String {
    format!("{:.1} MiB", bytes as f64 / f64::from(1 << 20))
}

fn report(
    outcome: Result<Manifest, BackupError>,
    say: impl Fn(&Manifest),
) -> Result<Exit, Failure> {
    let said = |error: BackupError| error.to_string();
    match outcome {
        Ok(manifest) => {
            say(&manifest);
            Ok(Exit::Done)
        }
        Err(error @ BackupError::Interrupted) => {
            Err(Failure { exit: Exit::Cancelled, said: said(error) })
        }
        Err(
            error @ (BackupError::Nothing(_)
            | BackupError::Taken(_)
            | BackupError::Busy(_)
            | BackupError::NotWhole(..)
            | BackupError::Damaged(_)
            | BackupError::Newer(_)
            | BackupError::NotEmpty(..)),
        ) => Err(Failure::refused(said(error))),
        Err(
            error @ (BackupError::Moving
            | BackupError::Full
            | BackupError::Database(_)
            | BackupError::Io { .. }),
        ) => Err(Failure::failed(said(error))),
    }
}

/// Cancelled by Ctrl-C or SIGTERM.
fn interruptible() -> CancellationToken {
    let stop = CancellationToken::new();
    let asked = stop.clone();
    tokio::spawn(async move {
        super::serve::stop_asked().await;
        asked.cancel();
    });
    stop
}

/// Shows progress on stderr.
fn shown() -> Progress {
    let terminal = std::io::stderr().is_terminal();
    let (pace, end) = if terminal { (REDRAW, "\r") } else { (LINE, "\n") };
    let last = Mutex::new(None::<Instant>);
    Arc::new(move |step| {
        let (text, figures) = match step {
            Step::Database => ("copying the database".to_owned(), false),
            Step::Copying { files, bytes } => {
                (format!("copying files: {files}, {}", mib(bytes)), true)
            }
            Step::Again { moved } => {
                (format!("{moved} sessions went on meanwhile: once more"), false)
            }
            Step::Packing => ("packing".to_owned(), false),
            Step::Verified { files, bytes } => {
                (format!("restored and compared {}; {files} files to come", mib(bytes)), true)
            }
        };
        let mut last = last.lock().unwrap_or_else(PoisonError::into_inner);
        if figures && last.is_some_and(|at| at.elapsed() < pace) {
            return;
        }
        // The first figures come at once, so that it is seen that something moves.
        *last = figures.then(Instant::now);
        let end = if figures { end } else { "\n" };
        // A terminal that went away stops no backup.
        let _ = write!(std::io::stderr(), "trainable: {text:<60}{end}");
    })
}
