//! What the exit checks of all stages share.

use crate::sandbox::{SandboxError, Volume, VolumePath};
use entity::vocab::Stage;
use serde_json::Value;

/// The largest metadata that is read.
const MAX_JSON: u64 = 8 * 1024 * 1024;
/// Parquet files begin and end with this.
const PARQUET_MAGIC: &[u8] = b"PAR1";

/// What a look at a stage's outputs found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ExitCheck {
    pub passed: Vec<String>,
    pub warnings: Vec<String>,
    /// What must be mended before the stage may end, in words that an agent can act on.
    pub missing: Vec<String>,
}

impl ExitCheck {
    pub(super) fn expect(&mut self, good: bool, what: &str, otherwise: impl Into<String>) {
        if good {
            self.passed.push(what.to_owned());
        } else {
            self.missing.push(otherwise.into());
        }
    }

    /// Expects a file that is not empty.
    pub(super) async fn file(
        &mut self,
        volume: &dyn Volume,
        path: &VolumePath,
    ) -> Result<bool, SandboxError> {
        let there = volume.stat(path).await?.is_some_and(|stat| stat.size > 0);
        self.expect(there, &format!("`{path}` exists"), format!("`{path}` is missing or empty"));
        Ok(there)
    }

    /// Expects a whole Parquet file. Its rows are read by the validators, in a sandbox.
    pub(super) async fn parquet(
        &mut self,
        volume: &dyn Volume,
        path: &VolumePath,
    ) -> Result<(), SandboxError> {
        let size = volume.stat(path).await?.map_or(0, |stat| stat.size);
        let whole = size >= 12
            && volume.read(path, 0..4).await?.as_ref() == PARQUET_MAGIC
            && volume.read(path, size - 4..size).await?.as_ref() == PARQUET_MAGIC;
        let otherwise = format!("`{path}` is missing or no whole Parquet file");
        self.expect(whole, &format!("`{path}` is a Parquet file"), otherwise);
        Ok(())
    }

    /// Expects a JSON object with these keys, and returns it.
    pub(super) async fn object(
        &mut self,
        volume: &dyn Volume,
        path: &VolumePath,
        keys: &[&str],
    ) -> Result<Option<Value>, SandboxError> {
        let Some(text) = text(volume, path, MAX_JSON).await? else {
            self.missing.push(format!("`{path}` is missing"));
            return Ok(None);
        };
        let value: Value = match serde_json::from_str(&text) {
            Ok(value) => value,
            Err(error) => {
                self.missing.push(format!("`{path}` is not valid JSON: {error}"));
                return Ok(None);
            }
        };
        let absent: Vec<&str> =
            keys.iter().copied().filter(|key| value.get(key).is_none()).collect();
        self.expect(
            absent.is_empty(),
            &format!("`{path}` has every field"),
            format!("`{path}` lacks `{}`", absent.join("`, `")),
        );
        Ok(absent.is_empty().then_some(value))
    }
}

/// What is wrong with a file that should hold a JSON object; `None` when nothing is.
pub(super) async fn unreadable(
    volume: &dyn Volume,
    path: &VolumePath,
) -> Result<Option<String>, SandboxError> {
    Ok(match text(volume, path, MAX_JSON).await? {
        None => Some(format!("`{path}` is missing")),
        Some(text) => match serde_json::from_str::<Value>(&text) {
            Ok(Value::Object(_)) => None,
            Ok(_) => Some(format!("`{path}` is no JSON object")),
            Err(error) => Some(format!("`{path}` is not valid JSON: {error}")),
        },
    })
}

/// A path below a stage's folder. The tail is one of ours.
pub(super) fn path(stage: Stage, tail: &str) -> VolumePath {
    VolumePath::parse(&format!("{stage}/{tail}")).expect("a stage's own paths are valid")
}

/// A text file up to `cap` bytes; `None` when it is missing. What is no UTF-8 is replaced.
pub(super) async fn text(
    volume: &dyn Volume,
    path: &VolumePath,
    cap: u64,
) -> Result<Option<String>, SandboxError> {
    if volume.stat(path).await?.is_none() {
        return Ok(None);
    }
    let bytes = volume.read(path, 0..cap).await?;
    // No text of ours has a NUL: PostgreSQL keeps none.
    Ok(Some(String::from_utf8_lossy(&bytes).replace('\0', "\\x00")))
}

/// How many files lie below a folder of the stage with one of these endings.
pub(super) async fn count(
    volume: &dyn Volume,
    folder: &VolumePath,
    endings: &[&str],
) -> Result<usize, SandboxError> {
    let listing = volume.list(Some(folder)).await?;
    let fits = |ending: Option<String>| ending.is_some_and(|e| endings.contains(&e.as_str()));
    Ok(listing.files.iter().filter(|f| f.size > 0 && fits(f.path.extension())).count())
}
