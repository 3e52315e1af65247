//! `trainable admin copy`: an installation's rows from one database into another.

use super::{
    Exit, Failure,
    app::{self, NotHeld},
    both,
};
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

/// A database, as a setting names it.
struct Place {
    setting: &'static str,
    address: Address,
}

#[derive(PartialEq)]
enum Address {
    /// The file, in its data directory.
    Sqlite(PathBuf),
    Postgres(String),
}

impl Place {
    /// *Errors*: a sentence that never holds the address, which may hold a password.
    fn parse(setting: &'static str, text: &str) -> Result<Self, Failure> {
        if text.starts_with("postgres://") || text.starts_with("postgresql://") {
            return Ok(Self { setting, address: Address::Postgres(text.to_owned()) });
        }
        let path = text.strip_prefix("sqlite://").or_else(|| text.strip_prefix("sqlite:"));
        match path.filter(|path| !path.is_empty()) {
            Some(path) => {
                let path = PathBuf::from(path);
                let path = if path.is_dir() { path.join(app::DATABASE) } else { path };
                let address = Address::Sqlite(std::path::absolute(&path).unwrap_or(path));
                Ok(Self { setting, address })
            }
            None => Err(Failure::refused(format!(
                "{setting} is no address of a database; give `sqlite:///path/to/trainable.db` or `postgres://…`"
            ))),
        }
    }

    /// Refuses a file that is not there.
    fn that_is_there(self) -> Result<Self, Failure> {
        match &self.address {
            Address::Sqlite(path) if !path.is_file() => Err(Failure::refused(format!(
                "{}: there is no file `{}`",
                self.setting,
                path.display()
            ))),
            Address::Sqlite(_) | Address::Postgres(_) => Ok(self),
        }
    }

    /// Opens it, with the lock of its data directory where it is a file in one.
    async fn open(&self) -> Result<(Store, Option<File>), Failure> {
        let setting = self.setting;
        let unusable = |error: StoreError| match (error.trouble(), error) {
            // It names the setting.
            (None, StoreError::Unusable(sentence)) => Failure::failed(sentence),
            (None, error) => Failure::failed(format!("{setting}: {error}")),
            (Some(trouble), _) => Failure::failed(format!("{setting}: {trouble}")),
        };
        match &self.address {
            Address::Postgres(url) => {
                let opened = Store::open_postgres_of(setting, url).await;
                Ok((opened.map_err(unusable)?, None))
            }
            Address::Sqlite(path) => {
                let lock = self.hold(path)?;
                app::private_file(path).map_err(|error| {
                    let path = path.display();
                    Failure::failed(format!("{setting}: `{path}` cannot be made: {error}"))
                })?;
                Ok((Store::open_sqlite(path).await.map_err(unusable)?, Some(lock)))
            }
        }
    }

    fn hold(&self, path: &Path) -> Result<File, Failure> {
        let (setting, folder) = (self.setting, path.parent().unwrap_or(Path::new(".")));
        app::hold(folder).map_err(|why| {
            let folder = folder.display();
            Failure::refused(match why {
                NotHeld::ByAnother => {
                    format!("{setting}: another trainable uses `{folder}`; stop it first")
                }
                NotHeld::Unusable(error) => {
                    format!("{setting}: `{folder}` cannot be used: {error}")
                }
            })
        })
    }
}

/// Copies all rows. Without `to`, into the database of `DATABASE_URL`.
pub async fn copy(config: Config, from: String, to: Option<String>) -> Result<Exit, Failure> {
    let target = match (to, config.database) {
        (Some(to), _) => Place::parse("--to", &to),
        (None, Database::Postgres(url)) => Place::parse("DATABASE_URL", &url),
        (None, Database::Sqlite) => {
            Err(Failure::refused("say where to copy: give --to, or set DATABASE_URL"))
        }
    };
    // Both at once, so that nobody mends one to hear of the other.
    let source = Place::parse("--from", &from).and_then(Place::that_is_there);
    let (source, target) = both(source, target)?;
    if source.address == target.address {
        return Err(Failure::refused(format!(
            "--from and {} name the same database; copy into an empty one",
            target.setting
        )));
    }
    let (source, target) = tokio::join!(source.open(), target.open());
    let ((source, _its_lock), (target, _lock)) = both(source, target)?;
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
