//! Prep: split first, then fit every learned transform on train only.

use super::check::{self, ExitCheck, path};
use crate::{
    event::ProcessedDataset,
    sandbox::{SandboxError, Volume},
};
use entity::vocab::Stage::Prep;
use serde_json::{Value, json};

const SPLITS: [&str; 3] = ["train", "val", "test"];
pub(super) const FIELDS: [&str; 13] = [
    "target_column",
    "problem_type",
    "features",
    "categorical_features",
    "numeric_features",
    "n_classes",
    "class_distribution",
    "splits",
    "transforms",
    "random_seed",
    "original_shape",
    "duplicates_removed",
    "outliers_removed",
];

pub(super) async fn exit_check(volume: &dyn Volume) -> Result<ExitCheck, SandboxError> {
    let mut check = ExitCheck::default();
    for split in SPLITS {
        check.parquet(volume, &path(Prep, &format!("data/{split}.parquet"))).await?;
    }
    check.parquet(volume, &path(Prep, "data/row_ids.parquet")).await?;
    check.file(volume, &path(Prep, "data/prep_pipeline.pkl")).await?;
    check.file(volume, &path(Prep, "report.md")).await?;
    let metadata = path(Prep, "data/metadata.json");
    if let Some(value) = check.object(volume, &metadata, &FIELDS).await? {
        claims(&mut check, &value);
    }
    Ok(check)
}

/// What the metadata must say for itself, whatever the files hold.
fn claims(check: &mut ExitCheck, value: &Value) {
    let problem = value["problem_type"].as_str();
    check.expect(
        matches!(problem, Some("classification" | "regression")),
        "the kind of problem is stated",
        "`problem_type` in `prep/data/metadata.json` must be \"classification\" or \"regression\"",
    );
    for split in SPLITS {
        check.expect(
            rows(value, split) > 0,
            &format!("{split} has rows"),
            format!("`splits.{split}.rows` in `prep/data/metadata.json` must be a number above 0"),
        );
    }
    check.expect(
        value["features"].as_array().is_some_and(|list| !list.is_empty()),
        "there are features",
        "`features` in `prep/data/metadata.json` must be a list that is not empty",
    );
}

/// Reads what Prep made out of its metadata.
pub(super) async fn processed(
    volume: &dyn Volume,
) -> Result<Option<ProcessedDataset>, SandboxError> {
    let mut unused = check::ExitCheck::default();
    let metadata = path(Prep, "data/metadata.json");
    let Some(value) = unused.object(volume, &metadata, &FIELDS).await? else {
        return Ok(None);
    };
    let names = |field: &str| -> Vec<String> {
        let list = value[field].as_array().map(Vec::as_slice).unwrap_or_default();
        list.iter().filter_map(|v| v.as_str().map(str::to_owned)).collect()
    };
    Ok(Some(ProcessedDataset {
        columns: json!({
            "categorical": names("categorical_features"),
            "numeric": names("numeric_features"),
        }),
        feature_columns: names("features"),
        target_column: value["target_column"].as_str().unwrap_or_default().to_owned(),
        train_rows: rows(&value, "train"),
        val_rows: rows(&value, "val"),
        test_rows: rows(&value, "test"),
        quality_stats: json!({
            "original_shape": value["original_shape"],
            "duplicates_removed": value["duplicates_removed"],
            "outliers_removed": value["outliers_removed"],
            "class_distribution": value["class_distribution"],
        }),
    }))
}

fn rows(value: &Value, split: &str) -> i64 {
    value["splits"][split]["rows"].as_i64().unwrap_or(0)
}
