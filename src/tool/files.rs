//! Which files a stage has left: what is new, what changed, what each is.

use crate::{
    event::{Fact, File},
    sandbox::{FileStat, SandboxError, Volume, VolumePath},
};
use chrono::{DateTime, Utc};
use entity::vocab::{ArtifactType, Stage};
use std::collections::HashMap;

/// Files of one stage that are hashed and reported; a stage with more is told so.
const MAX_FILES: usize = 2_000;
/// While a program runs, only files up to this size are hashed; the rest waits for its end.
const MAX_LIVE_BYTES: u64 = 32 * 1024 * 1024;

/// The files that were reported, by path.
#[derive(Default)]
pub struct KnownFiles {
    files: HashMap<VolumePath, Known>,
    refused: HashMap<String, &'static str>,
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
    /// Entries that are not served, with the reason, each reported once.
    pub refused: Vec<(String, &'static str)>,
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

    /// Looks for new and changed files of a stage.
    pub(super) async fn detect(
        &mut self,
        volume: &dyn Volume,
        place: Place<'_>,
        call_id: Option<&str>,
        moment: Moment,
    ) -> Result<Found, SandboxError> {
        let Place { folder, stage } = place;
        let listing = volume.list(Some(folder)).await?;
        let mut found = Found { too_many: listing.truncated, ..Found::default() };
        for (name, why) in listing.refused {
            if self.refused.insert(name.clone(), why).is_none() {
                found.refused.push((name, why));
            }
        }
        for stat in listing.files {
            if stat.path.is_hidden() || self.unchanged(&stat) || too_early(&stat, moment) {
                continue;
            }
            if self.files.len() >= MAX_FILES && !self.files.contains_key(&stat.path) {
                found.too_many = true;
                continue;
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
            stat.size > MAX_LIVE_BYTES || Utc::now() - stat.modified < chrono::Duration::seconds(1)
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
