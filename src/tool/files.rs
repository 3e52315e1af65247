//! Which files a stage has left: what is new, what changed, what each is, what is not kept.
//!
//! A file is kept once it was hashed. One above [`LARGEST_DIGEST`] never is: it stays where it is, for
//! later scripts and for who asks for it by its path, and is told as refused. Nothing here reads more
//! in one look than [`Moment::most_hashed`] says, whatever sizes a program claims by sparse files.

use crate::{
    event::{Fact, File, RefusedFile},
    sandbox::{FileStat, LARGEST_DIGEST, SandboxError, Volume, VolumePath},
};
use chrono::{DateTime, Utc};
use entity::vocab::{ArtifactType, Stage};
use std::{
    collections::HashMap,
    sync::Arc,
    time::{Duration, Instant},
};

/// Files of one stage that are hashed and reported; a stage with more is told so.
const MAX_FILES: usize = 2_000;
/// Why a file beyond [`LARGEST_DIGEST`] is not kept.
const TOO_LARGE: &str = "is larger than 4 GiB";
/// While a program runs, only files up to this size are hashed; the rest waits for its end.
const MAX_LIVE_BYTES: u64 = 32 << 20;
/// How long one look goes on hashing: files may grow under its hands.
const LONGEST_LOOK: Duration = Duration::from_secs(60);
/// Refused entries that are told of in one run.
const MAX_REFUSED: usize = 2_000;

/// The files that were reported, by path.
#[derive(Default)]
pub struct KnownFiles {
    files: HashMap<VolumePath, Known>,
    refused: HashMap<String, &'static str>,
    /// Held by every execution at work.
    working: Arc<()>,
}

/// One execution at work, as long as it lives.
pub(super) struct Working {
    _held: Arc<()>,
}

struct Known {
    size: u64,
    modified: DateTime<Utc>,
    sha256: String,
}

/// When files are looked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Moment {
    /// A program still writes: what was touched in the last second is left for later.
    During,
    After,
}

impl Moment {
    /// Bytes that one look hashes; what is left waits for the next.
    const fn most_hashed(self) -> u64 {
        match self {
            Moment::During => 256 << 20,
            Moment::After => 2 * LARGEST_DIGEST,
        }
    }
}

/// Where files are looked for, and the stage that they belong to.
#[derive(Clone, Copy, Debug)]
pub(super) struct Place<'a> {
    pub folder: &'a VolumePath,
    pub stage: Stage,
}

/// What a look at the stage's folder found.
#[derive(Default)]
pub(super) struct Found {
    pub facts: Vec<Fact>,
    /// Entries that are not kept, each reported once.
    pub refused: Vec<RefusedFile>,
    pub too_many: bool,
}

impl KnownFiles {
    /// Learns what is there already, without reporting it: after a restart of the server.
    pub fn remember(
        &mut self,
        path: VolumePath,
        size: u64,
        modified: DateTime<Utc>,
        sha256: String,
    ) {
        self.files.insert(path, Known { size, modified, sha256 });
    }

    /// The reported files of a stage, by path.
    pub fn of(&self, stage: Stage) -> Vec<File> {
        let mut files: Vec<File> =
            self.files.iter().map(|(p, k)| describe(p, stage, k.size, k.sha256.clone())).collect();
        files.sort_by(|a, b| a.path.cmp(&b.path));
        files
    }

    /// Counts an execution that begins.
    pub(super) fn working(&self) -> Working {
        Working { _held: Arc::clone(&self.working) }
    }

    /// Whether nobody but one execution can have left what is found now.
    fn alone(&self) -> bool {
        Arc::strong_count(&self.working) <= 2
    }

    fn refuse(&mut self, path: String, reason: &'static str, found: &mut Found) {
        if self.refused.len() < MAX_REFUSED && self.refused.insert(path.clone(), reason).is_none() {
            found.refused.push(RefusedFile { path, reason: reason.to_owned() });
        }
    }

    /// Looks for new and changed files of a stage. While several executions are at work, a file is no
    /// call's.
    pub(super) async fn detect(
        &mut self,
        volume: &dyn Volume,
        place: Place<'_>,
        call_id: Option<&str>,
        moment: Moment,
    ) -> Result<Found, SandboxError> {
        let Place { folder, stage } = place;
        let listing = volume.list(Some(folder)).await?;
        let call_id = call_id.filter(|_| self.alone());
        let mut found = Found { too_many: listing.truncated, ..Found::default() };
        let (begun, mut hashed) = (Instant::now(), 0);
        for (name, why) in listing.refused {
            self.refuse(name, why, &mut found);
        }
        for stat in listing.files {
            if stat.path.is_hidden() || self.unchanged(&stat) {
                continue;
            }
            if stat.size > LARGEST_DIGEST {
                self.refuse(stat.path.to_string(), TOO_LARGE, &mut found);
                continue;
            }
            if too_early(&stat, moment) {
                continue;
            }
            if self.files.len() >= MAX_FILES && !self.files.contains_key(&stat.path) {
                found.too_many = true;
                continue;
            }
            hashed += stat.size;
            if hashed > moment.most_hashed() || begun.elapsed() > LONGEST_LOOK {
                found.too_many = moment == Moment::After;
                break;
            }
            // Gone since it was listed: the program is at work, the next look will tell.
            let Ok(sha256) = volume.digest(&stat.path).await else { continue };
            let before = self.files.insert(
                stat.path.clone(),
                Known { size: stat.size, modified: stat.modified, sha256: sha256.clone() },
            );
            let file = describe(&stat.path, stage, stat.size, sha256);
            let call_id = call_id.map(str::to_owned);
            match before {
                None => found.facts.push(Fact::FileCreated { call_id, file }),
                Some(known) if known.sha256 != file.sha256 => {
                    found.facts.push(Fact::FileChanged { call_id, file });
                }
                Some(_) => {}
            }
        }
        Ok(found)
    }

    fn unchanged(&self, stat: &FileStat) -> bool {
        self.files
            .get(&stat.path)
            .is_some_and(|k| k.size == stat.size && k.modified == stat.modified)
    }
}

fn too_early(stat: &FileStat, moment: Moment) -> bool {
    match moment {
        Moment::After => false,
        Moment::During => {
            // Either way: a program sets what times it likes, and a clock may be set back.
            let age = (Utc::now() - stat.modified).abs();
            stat.size > MAX_LIVE_BYTES || age < chrono::Duration::seconds(1)
        }
    }
}

fn describe(path: &VolumePath, stage: Stage, size: u64, sha256: String) -> File {
    File {
        path: path.to_string(),
        name: path.file_name().to_owned(),
        stage,
        kind: classify(path),
        size,
        sha256,
    }
}

/// What a file is, by its place and its ending.
pub fn classify(path: &VolumePath) -> ArtifactType {
    let name = path.file_name();
    let folder = path.as_str().split('/').nth(1).filter(|f| *f != name);
    match (folder, name, path.extension().as_deref()) {
        (None, "report.md", _) => ArtifactType::Report,
        (_, "metadata.json" | "findings.json", _) => ArtifactType::Metadata,
        (Some("scripts"), _, _) | (_, _, Some("py" | "ipynb" | "sql")) => ArtifactType::Script,
        (Some("models"), _, _) | (_, _, Some("pkl" | "joblib" | "onnx" | "cbm" | "ubj")) => {
            ArtifactType::Model
        }
        (_, _, Some("png" | "svg" | "jpg" | "jpeg" | "webp" | "html")) => ArtifactType::Chart,
        (_, _, Some("parquet" | "csv" | "tsv" | "xlsx" | "jsonl" | "feather" | "arrow")) => {
            ArtifactType::Dataset
        }
        (_, _, Some("json" | "yaml" | "yml" | "toml")) => ArtifactType::Metadata,
        (_, _, _) => ArtifactType::File,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(path: &str, expect: ArtifactType) {
        assert_eq!(classify(&VolumePath::parse(path).unwrap()), expect, "{path}");
    }

    #[test]
    fn files_are_what_their_place_says() {
        check("eda/report.md", ArtifactType::Report);
        check("eda/notes/report.md", ArtifactType::File);
        check("eda/figures/age.png", ArtifactType::Chart);
        check("prep/data/train.parquet", ArtifactType::Dataset);
        check("prep/data/prep_pipeline.pkl", ArtifactType::Model);
        check("prep/data/metadata.json", ArtifactType::Metadata);
        check("train/models/booster.txt", ArtifactType::Model);
        check("train/scripts/step_01_fit.py", ArtifactType::Script);
        check("train/notes.txt", ArtifactType::File);
    }
}
