//! What came of a session: what Prep made, the finished model, and what it all took.

use super::{
    error::ApiError,
    file::{text, volume},
    scalars::{Json, Long},
};
use crate::{sandbox::VolumePath, store::usage::Total};
use async_graphql::{Context, SimpleObject};
use entity::{ids::SessionId, processed_dataset_meta};
use serde_json::Value;

/// Bytes of `metadata.json` that are read.
const MAX_METADATA: u64 = 1024 * 1024;
const METADATA: &str = "train/data/metadata.json";

/// What Prep made of a dataset.
#[derive(SimpleObject)]
pub struct ProcessedDataset {
    /// The columns to learn from.
    feature_columns: Vec<String>,
    /// The column to predict.
    target_column: String,
    /// Rows of the three splits together.
    total_rows: Long,
    /// Rows to learn from.
    train_rows: Long,
    /// Rows to choose by.
    val_rows: Long,
    /// Rows to judge by, once.
    test_rows: Long,
    /// The columns as Prep describes them.
    columns: Json,
    /// What Prep says about the data's quality.
    quality_stats: Json,
    /// True when the splits rest in the object store too.
    s3_synced: bool,
}

impl From<processed_dataset_meta::Model> for ProcessedDataset {
    fn from(row: processed_dataset_meta::Model) -> Self {
        Self {
            feature_columns: serde_json::from_str(&row.feature_columns).unwrap_or_default(),
            target_column: row.target_column,
            total_rows: row.total_rows.into(),
            train_rows: row.train_rows.into(),
            val_rows: row.val_rows.into(),
            test_rows: row.test_rows.into(),
            columns: Json(row.columns),
            quality_stats: Json(row.quality_stats),
            s3_synced: row.s3_synced,
        }
    }
}

/// What a session consumed.
#[derive(SimpleObject)]
pub struct Usage {
    /// Tokens read.
    input_tokens: Long,
    /// Tokens written.
    output_tokens: Long,
    /// Tokens read from the provider's cache.
    cache_read_tokens: Long,
    /// Tokens written to the provider's cache.
    cache_write_tokens: Long,
    /// USD; null when the price of a turn is unknown, zero before the first.
    cost_usd: Option<f64>,
    /// Calls of a model.
    turns: Long,
}

impl From<Option<Total>> for Usage {
    fn from(total: Option<Total>) -> Self {
        let total = total.unwrap_or(Total { cost_usd: Some(0.0), ..Total::default() });
        Self {
            input_tokens: total.input.into(),
            output_tokens: total.output.into(),
            cache_read_tokens: total.cache_read.into(),
            cache_write_tokens: total.cache_write.into(),
            cost_usd: total.cost_usd,
            turns: total.turns.into(),
        }
    }
}

/// The headline of a finished model, as the agent's metadata claims it.
#[derive(Debug, PartialEq, SimpleObject)]
pub struct SessionResult {
    /// The model that was chosen.
    best_model: String,
    /// Its figures on the test set.
    metrics: Vec<ResultMetric>,
}

/// A figure of a model.
#[derive(Debug, PartialEq, SimpleObject)]
pub struct ResultMetric {
    /// Its name.
    name: String,
    /// The figure; null when it is no finite number.
    value: Option<f64>,
    /// The lower end of its confidence interval.
    lower: Option<f64>,
    /// The upper end of its confidence interval.
    upper: Option<f64>,
}

/// The result of a session whose Train is done; `None` when its metadata is not there or says
/// nothing of a model.
pub async fn result(
    context: &Context<'_>,
    session: SessionId,
) -> Result<Option<SessionResult>, ApiError> {
    let path = VolumePath::parse(METADATA).map_err(|error| ApiError::internal(&error))?;
    let volume = volume(context, session).await?;
    let Some(text) = text(&*volume, &path, MAX_METADATA).await? else { return Ok(None) };
    Ok(serde_json::from_str(&text).ok().and_then(|metadata: Value| claimed(&metadata)))
}

/// Reads what a model wrote: each figure is a number, or a map with its value and interval; the
/// interval of a number may stand in `test_metrics_ci`.
fn claimed(metadata: &Value) -> Option<SessionResult> {
    let best_model = match metadata.get("best_model")? {
        Value::String(name) => name.clone(),
        Value::Object(model) => model.get("name")?.as_str()?.to_owned(),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::Array(_) => return None,
    };
    let metrics = metadata.get("test_metrics").and_then(Value::as_object);
    let metrics = metrics.into_iter().flatten().filter_map(|(name, claim)| {
        let (value, lower, upper) = match claim {
            Value::Number(number) => {
                let end =
                    |end: &str| metadata.get("test_metrics_ci")?.get(name)?.get(end)?.as_f64();
                (number.as_f64(), end("lower"), end("upper"))
            }
            Value::Object(map) => {
                let number = |keys: &[&str]| keys.iter().find_map(|key| map.get(*key)?.as_f64());
                let end = |at: usize| {
                    let ends = ["ci", "ci95", "confidence_interval", "interval"];
                    ends.iter().find_map(|key| map.get(*key)?.get(at)?.as_f64())
                };
                (
                    number(&["value", "mean", "score"]),
                    number(&["lower", "ci_lower", "low"]).or_else(|| end(0)),
                    number(&["upper", "ci_upper", "high"]).or_else(|| end(1)),
                )
            }
            Value::Null | Value::Bool(_) | Value::String(_) | Value::Array(_) => return None,
        };
        Some(ResultMetric { name: name.clone(), value, lower, upper })
    });
    Some(SessionResult { best_model, metrics: metrics.collect() })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    /// Name, value, lower and upper bound.
    type Expected<'a> = (&'a str, Option<f64>, Option<f64>, Option<f64>);

    #[track_caller]
    fn check(metadata: Value, expect: Option<(&str, &[Expected])>) {
        let found = claimed(&metadata);
        let expect = expect.map(|(best, metrics)| SessionResult {
            best_model: best.to_owned(),
            metrics: metrics
                .iter()
                .map(|(name, value, lower, upper)| ResultMetric {
                    name: (*name).to_owned(),
                    value: *value,
                    lower: *lower,
                    upper: *upper,
                })
                .collect(),
        });
        assert_eq!(found, expect);
    }

    #[test]
    fn claims_are_read_leniently() {
        check(json!({}), None);
        check(json!({"best_model": 7}), None);
        check(json!({"best_model": "rf"}), Some(("rf", &[])));
        check(
            json!({"best_model": "rf", "test_metrics": {
                "auc": 0.9,
                "f1": {"value": 0.8, "lower": 0.7, "upper": 0.85},
                "acc": {"value": 0.8, "ci": [0.6, 0.9]},
                "notes": "good", "per_class": [1, 2], "nan": {"value": null}, "r2": 0.5,
            }, "test_metrics_ci": {"r2": {"lower": 0.4, "upper": 0.6}}}),
            Some((
                "rf",
                &[
                    ("auc", Some(0.9), None, None),
                    ("f1", Some(0.8), Some(0.7), Some(0.85)),
                    ("acc", Some(0.8), Some(0.6), Some(0.9)),
                    ("nan", None, None, None),
                    ("r2", Some(0.5), Some(0.4), Some(0.6)),
                ],
            )),
        );
    }
}
