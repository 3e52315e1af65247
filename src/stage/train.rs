//! Train: baselines, candidates, one choice on validation, one look at test.

use super::check::{ExitCheck, path};
use crate::sandbox::{SandboxError, Volume};
use entity::vocab::Stage::Train;
use serde_json::Value;

pub(super) const FIELDS: [&str; 9] = [
    "best_model",
    "best_model_params",
    "models_evaluated",
    "test_metrics",
    "feature_importance",
    "class_imbalance_strategy",
    "tuning_method",
    "tuning_trials",
    "random_seed",
];

pub(super) async fn exit_check(volume: &dyn Volume) -> Result<ExitCheck, SandboxError> {
    let mut check = ExitCheck::default();
    check.file(volume, &path(Train, "models/model.pkl")).await?;
    check.file(volume, &path(Train, "report.md")).await?;
    let metadata = path(Train, "data/metadata.json");
    if let Some(value) = check.object(volume, &metadata, &FIELDS).await? {
        let several = match &value["models_evaluated"] {
            Value::Array(models) => models.len() >= 2,
            Value::Object(models) => models.len() >= 2,
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => false,
        };
        check.expect(
            several,
            "several models were compared",
            "`models_evaluated` in `train/data/metadata.json` must hold at least two models of different kinds",
        );
        check.expect(
            value["test_metrics"].as_object().is_some_and(|metrics| !metrics.is_empty()),
            "the test metrics are stated",
            "`test_metrics` in `train/data/metadata.json` must be an object that is not empty",
        );
    }
    Ok(check)
}
