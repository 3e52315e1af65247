//! `trainable admin copy`: an installation's rows from one database into another.

use super::{Exit, Failure, app};
use crate::{
    config::{Config, Database},
    store::{
        Store, StoreError,
        copy::{self, CopyError},
    },
};
use std::{
    fs::File,
    io::{IsTerminal, Write},
    path::{Path, PathBuf},
};

/// Where rows are, as an address says.
enum Place {
    /// The file, in its data directory.
    Sqlite(PathBuf),
    Postgres(String),
}

impl Place {
    /// *Errors*: a sentence that never holds the address, which may hold a password.
    fn parse(flag: &str, text: &str) -> Result<Self, Failure> {
        if text.starts_with("postgres://") || text.starts_with("postgresql://") {
            return Ok(Place::Postgres(text.to_owned()));
        }
        let path = text.strip_prefix("sqlite://").or_else(|| text.strip_prefix("sqlite:"));
        match path.filter(|path| !path.is_empty()) {
            Some(path) => {
                let path = PathBuf::from(path);
                let path = if path.is_dir() { path.join(app::DATABASE) } else { path };
                Ok(Place::Sqlite(std::path::absolute(&path).unwrap_or(path)))
            }
            None => Err(Failure::refused(format!(
                "{flag} is no address of a database; give `sqlite:///path/to/trainable.db` or `postgres://…`"
            ))),
        }
    }

    /// Opens it, with the lock of its data directory where it is a file in one.
    async fn open(self, new: bool) -> Result<(Store, Option<File>), Failure> {
        match self {
            Place::Postgres(url) => Ok((Store::open_postgres(&url).await.map_err(unusable)?, None)),
            Place::Sqlite(path) => {
                if !new && !path.is_file() {
                    return Err(Failure::refused(format!("there is no file `{}`", path.display())));
                }
                let lock = app::lock(path.parent().unwrap_or(Path::new(".")))?;
                app::private_file(&path).map_err(|error| {
                    Failure::failed(format!("`{}` cannot be made: {error}", path.display()))
                })?;
                Ok((Store::open_sqlite(&path).await.map_err(unusable)?, Some(lock)))
            }
        }
    }
}

/// Copies all rows. Without `to`, into the database of `DATABASE_URL`.
pub async fn copy(config: Config, from: String, to: Option<String>) -> Result<Exit, Failure> {
    let target = match (to, config.database) {
        (Some(to), _) => Place::parse("--to", &to),
        (None, Database::Postgres(url)) => Ok(Place::Postgres(url)),
        (None, Database::Sqlite) => {
            Err(Failure::refused("say where to copy: give --to, or set DATABASE_URL"))
        }
    };
    // Both at once, so that nobody mends one to hear of the other.
    let (source, target) = match (Place::parse("--from", &from), target) {
        (Ok(source), Ok(target)) => (source, target),
        (Err(one), Err(other)) => return Err(Failure::refused(format!("{one}\n{other}"))),
        (Err(one), Ok(_)) | (Ok(_), Err(one)) => return Err(one),
    };
    let (source, _its_lock) = source.open(false).await?;
    let (target, _lock) = target.open(true).await?;
    let copied = copy::copy(&source, &target, &shown).await.map_err(failure)?;
    let rows: u64 = copied.iter().map(|(_, rows)| rows).sum();
    println!("copied {rows} rows of {} tables, and counted them again", copied.len());
    println!(
        "files were not copied: start servers with the data directory of before, or with TRAINABLE_SHARED set to a folder that holds its `objects` and `volumes`"
    );
    Ok(Exit::Done)
}

fn shown(table: &'static str, rows: u64, all: u64) {
    let mut err = std::io::stderr();
    // Progress that cannot be shown stops nothing.
    let _ = match err.is_terminal() {
        true => write!(err, "\r\x1b[K{table}: {rows} of {all}"),
        false if rows == all => writeln!(err, "{table}: {rows} rows"),
        false => Ok(()),
    };
    if rows == all && err.is_terminal() {
        let _ = writeln!(err);
    }
}

fn failure(error: CopyError) -> Failure {
    let side =
        |name: &str, error: &StoreError| error.trouble().map(|why| format!("the {name}: {why}"));
    let passing = match &error {
        CopyError::Source(error) => side("source", error),
        CopyError::Target(error) => side("target", error),
        CopyError::NotEmpty(_) | CopyError::InUse(_) | CopyError::Written => {
            return Failure::refused(error.to_string());
        }
        CopyError::Damaged { .. } | CopyError::Differs { .. } => None,
    };
    Failure::failed(passing.unwrap_or_else(|| error.to_string()))
}

fn unusable(error: StoreError) -> Failure {
    match error.trouble() {
        Some(trouble) => Failure::failed(format!("the database cannot be used: {trouble}")),
        None => Failure::failed(error.to_string()),
    }
}
