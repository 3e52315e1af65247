//! Records of the SDK: bytes that a program sent, parsed into facts or refused with a reason.

use crate::event::{Chart, Fact, MetricPoint, Record, RecordKind};
use serde::Deserialize;
use serde_json::Value;
use std::collections::BTreeMap;

/// Names longer than this are cut; they are labels, not texts.
const MAX_NAME: usize = 200;
const MAX_CHARTS: usize = 50;
/// Metrics that one call of `log` may carry.
const MAX_POINTS: usize = 10_000;

/// Values that one record may hold: numbers, texts, lists and all else. In memory each takes a
/// hundred times what it may take in a record.
const MAX_VALUES: usize = 200_000;

/// What one record says.
#[derive(Debug, PartialEq)]
pub enum Parsed {
    Metrics(Vec<MetricPoint>),
    Fact(Fact),
    /// The record lies in a file, relative to the stage's folder.
    Spilled(String),
    Bad(String),
}

#[derive(Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
enum Wire {
    Metrics { step: i64, metrics: BTreeMap<String, Value>, run: Option<String> },
    Charts { charts: Vec<WireChart> },
    Spilled { path: String },
    Image(WireRecord),
    Table(WireRecord),
    ConfusionMatrix(WireRecord),
    Roc(WireRecord),
    Pr(WireRecord),
    Histogram(WireRecord),
    Text(WireRecord),
}

#[derive(Deserialize)]
struct WireChart {
    title: String,
    metrics: Vec<String>,
    #[serde(default, rename = "type")]
    kind: Option<String>,
}

#[derive(Deserialize)]
struct WireRecord {
    name: String,
    step: Option<i64>,
    run: Option<String>,
    data: Value,
}

/// Parses one record.
pub fn parse(call_id: &str, bytes: &[u8]) -> Parsed {
    if values(bytes) > MAX_VALUES {
        return Parsed::Bad(format!(
            "a record holds more than {MAX_VALUES} values; save them to a file instead"
        ));
    }
    let wire: Wire = match serde_json::from_slice(bytes) {
        Ok(wire) => wire,
        // The error repeats what it did not expect, of any length.
        Err(error) => {
            return Parsed::Bad(format!(
                "a record was not understood: {}",
                label(error.to_string())
            ));
        }
    };
    let record = |kind, wire: WireRecord| {
        Parsed::Fact(Fact::LogRecord {
            call_id: call_id.to_owned(),
            record: Record {
                kind,
                name: label(wire.name),
                step: wire.step,
                run: wire.run.map(label),
                data: clean(wire.data),
            },
        })
    };
    match wire {
        Wire::Metrics { step, metrics, run } => points(step, metrics, run.map(label)),
        Wire::Charts { charts } => Parsed::Fact(Fact::ChartConfig {
            call_id: call_id.to_owned(),
            charts: charts.into_iter().take(MAX_CHARTS).map(chart).collect(),
        }),
        Wire::Spilled { path } => Parsed::Spilled(path),
        Wire::Image(wire) => record(RecordKind::Image, wire),
        Wire::Table(wire) => record(RecordKind::Table, wire),
        Wire::ConfusionMatrix(wire) => record(RecordKind::ConfusionMatrix, wire),
        Wire::Roc(wire) => record(RecordKind::Roc, wire),
        Wire::Pr(wire) => record(RecordKind::Pr, wire),
        Wire::Histogram(wire) => record(RecordKind::Histogram, wire),
        Wire::Text(wire) => record(RecordKind::Text, wire),
    }
}

/// The most values that some JSON can hold, by what opens or parts them outside of texts.
fn values(bytes: &[u8]) -> usize {
    let (mut count, mut in_text, mut escaped) = (1, false, false);
    for byte in bytes {
        match byte {
            _ if escaped => escaped = false,
            b'\\' => escaped = in_text,
            b'"' => in_text = !in_text,
            b'[' | b'{' | b',' if !in_text => count += 1,
            _ => {}
        }
    }
    count
}

fn points(step: i64, metrics: BTreeMap<String, Value>, run: Option<String>) -> Parsed {
    if metrics.len() > MAX_POINTS {
        return Parsed::Bad(format!(
            "{} metrics in one record; {MAX_POINTS} at most",
            metrics.len()
        ));
    }
    let mut items = Vec::with_capacity(metrics.len());
    for (name, value) in metrics {
        let value = match &value {
            Value::Number(number) => number.as_f64(),
            Value::String(text) => match text.as_str() {
                "NaN" => Some(f64::NAN),
                "Infinity" => Some(f64::INFINITY),
                "-Infinity" => Some(f64::NEG_INFINITY),
                _ => None,
            },
            Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => None,
        };
        match value {
            Some(value) => {
                items.push(MetricPoint { step, name: label(name), value, run: run.clone() })
            }
            None => return Parsed::Bad(format!("the metric `{}` is no number", label(name))),
        }
    }
    Parsed::Metrics(items)
}

fn chart(wire: WireChart) -> Chart {
    Chart {
        title: label(wire.title),
        metrics: wire.metrics.into_iter().take(50).map(label).collect(),
        kind: label(wire.kind.unwrap_or_else(|| "line".into())),
    }
}

fn label(text: String) -> String {
    text.chars().filter(|c| !c.is_control()).take(MAX_NAME).collect()
}

/// PostgreSQL keeps no NUL, so no text of ours has one.
fn clean(value: Value) -> Value {
    match value {
        Value::String(text) if text.contains('\0') => Value::String(text.replace('\0', "\\x00")),
        Value::Array(items) => Value::Array(items.into_iter().map(clean).collect()),
        Value::Object(map) => Value::Object(
            map.into_iter().map(|(k, v)| (k.replace('\0', "\\x00"), clean(v))).collect(),
        ),
        Value::String(_) | Value::Null | Value::Bool(_) | Value::Number(_) => value,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[track_caller]
    fn check(record: Value, expect: Parsed) {
        // Compared as text, because NaN is unequal to itself.
        let found = parse("c1", record.to_string().as_bytes());
        assert_eq!(format!("{found:?}"), format!("{expect:?}"));
    }

    fn point(step: i64, name: &str, value: f64, run: Option<&str>) -> MetricPoint {
        MetricPoint { step, name: name.into(), value, run: run.map(str::to_owned) }
    }

    #[test]
    fn records_become_facts() {
        check(
            json!({"type": "metrics", "step": 3, "metrics": {"loss": 0.5, "auc": "NaN"}, "run": "lgbm"}),
            Parsed::Metrics(vec![
                point(3, "auc", f64::NAN, Some("lgbm")),
                point(3, "loss", 0.5, Some("lgbm")),
            ]),
        );
        check(
            json!({"type": "metrics", "step": 3, "metrics": {"loss": "low"}, "run": null}),
            Parsed::Bad("the metric `loss` is no number".into()),
        );
        check(
            json!({"type": "spilled", "path": ".records/a.json"}),
            Parsed::Spilled(".records/a.json".into()),
        );
        check(
            json!({"type": "charts", "charts": [{"title": "Loss", "metrics": ["loss"]}]}),
            Parsed::Fact(Fact::ChartConfig {
                call_id: "c1".into(),
                charts: vec![Chart {
                    title: "Loss".into(),
                    metrics: vec!["loss".into()],
                    kind: "line".into(),
                }],
            }),
        );
        check(
            json!({"type": "text", "name": "n\u{0}ote", "step": null, "run": null, "data": {"text": "a\u{0}b"}}),
            Parsed::Fact(Fact::LogRecord {
                call_id: "c1".into(),
                record: Record {
                    kind: RecordKind::Text,
                    name: "note".into(),
                    step: None,
                    run: None,
                    data: json!({"text": "a\\x00b"}),
                },
            }),
        );
        assert!(matches!(parse("c1", b"{"), Parsed::Bad(_)));
        assert!(matches!(parse("c1", br#"{"type":"weird"}"#), Parsed::Bad(_)));
    }

    #[test]
    fn what_a_record_may_cost_is_bounded() {
        let of = |count: usize| {
            let values = vec!["0"; count - 1].join(",");
            format!(r#"{{"type":"text","name":"n","data":[{values},"\\\"[,{{"]}}"#)
        };
        let extra = values(of(2).as_bytes()) - 2;
        let parsed = |count| parse("c1", of(count - extra).as_bytes());
        assert!(matches!(parsed(MAX_VALUES), Parsed::Fact(_)));
        let Parsed::Bad(why) = parsed(MAX_VALUES + 1) else { panic!("too much was read") };
        assert_eq!(why, "a record holds more than 200000 values; save them to a file instead");

        let odd = json!({"type": format!("\0{}", "x".repeat(1000))}).to_string();
        let Parsed::Bad(why) = parse("c1", odd.as_bytes()) else { panic!("an odd type was taken") };
        assert!(why.len() < 250 && !why.contains('\0'), "{why:?}");
    }
}
