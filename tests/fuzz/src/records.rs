//! Records of the SDK: understood or refused with a reason, in bounded memory.

use crate::allocation::peak;
use serde_json::Value;
use trainable::{
    event::{Fact, MetricPoint},
    tool::record::{Parsed, parse},
};

pub const WORDS: &[&[u8]] = &[
    br#"{"type":"metrics","step":0,"metrics":{"#,
    br#"{"type":"text","name":"n","data":"#,
    br#""type":"charts","charts":["#,
    br#""type":"spilled","path":"#,
    b"\"NaN\"",
    b"\"-Infinity\"",
    b"\\u0000",
    b"\\ud800",
    b"1e999",
    b"-9223372036854775809",
    b"[[[[[[[[",
    b"]]]]]]]]",
    b"{\"\":",
    b"null",
    b",",
];

/// How many bytes one byte of a record may take at once, and what any record may take.
const MULTIPLE: usize = 400;
const FLOOR: usize = 16 * 1024;

pub fn check(input: &[u8]) {
    let (parsed, held) = peak(|| parse("call", input));
    assert!(held <= MULTIPLE * input.len() + FLOOR, "{held} bytes for {}", input.len());
    match parsed {
        Parsed::Metrics(points) => metrics(input, &points),
        Parsed::Fact(Fact::LogRecord { call_id, record }) => {
            assert_eq!(call_id, "call");
            label(&record.name);
            record.run.as_deref().into_iter().for_each(label);
            without_nul(&record.data);
        }
        Parsed::Fact(Fact::ChartConfig { call_id, charts }) => {
            assert_eq!(call_id, "call");
            assert!(charts.len() <= 50);
            for chart in &charts {
                label(&chart.title);
                label(&chart.kind);
                assert!(chart.metrics.len() <= 50);
                chart.metrics.iter().for_each(|metric| label(metric));
            }
        }
        Parsed::Fact(other) => panic!("a program cannot say {other:?}"),
        // A path like any other that a program says: whoever opens it parses it.
        Parsed::Spilled(_) => {}
        Parsed::Bad(why) => {
            assert!(!why.is_empty() && why.len() < 2_000, "{} bytes", why.len());
            assert!(!why.chars().any(char::is_control), "{why:?}");
        }
    }
}

/// Every metric that was sent, once, with the value that was sent.
fn metrics(input: &[u8], points: &[MetricPoint]) {
    let sent: Value = serde_json::from_slice(input).expect("it was understood before");
    let sent_metrics = sent["metrics"].as_object().expect("metrics are an object");
    assert_eq!(points.len(), sent_metrics.len());
    for point in points {
        assert_eq!(Some(point.step), sent["step"].as_i64());
        label(&point.name);
        point.run.as_deref().into_iter().for_each(label);
        let value_of = |sent: &Value| match sent.as_str() {
            Some("NaN") => Some(f64::NAN),
            Some("Infinity") => Some(f64::INFINITY),
            Some("-Infinity") => Some(f64::NEG_INFINITY),
            Some(_) => None,
            None => sent.as_f64(),
        };
        let same = |sent: &Value| value_of(sent).map(f64::to_bits) == Some(point.value.to_bits());
        assert!(sent_metrics.values().any(same), "nobody sent {}", point.value);
    }
}

fn label(text: &str) {
    assert!(text.chars().count() <= 200, "{} characters", text.chars().count());
    assert!(!text.chars().any(char::is_control), "{text:?}");
}

fn without_nul(value: &Value) {
    match value {
        Value::String(text) => assert!(!text.contains('\0')),
        Value::Array(items) => items.iter().for_each(without_nul),
        Value::Object(map) => {
            assert!(map.keys().all(|key| !key.contains('\0')));
            map.values().for_each(without_nul);
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}
