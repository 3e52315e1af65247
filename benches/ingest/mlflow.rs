//! The peer, in an environment of its own below `target/tools`.

use serde_json::{Value, json};
use std::process::{Command, Stdio};

/// Points per second of each round; why there are none.
pub fn rates(rounds: usize, points: usize, names: &[&str]) -> Result<Vec<f64>, String> {
    let root = env!("CARGO_MANIFEST_DIR");
    let made = Command::new(format!("{root}/tests/python/environment"))
        .args(["benches/ingest/mlflow.lock", "mlflow"])
        .stderr(Stdio::inherit())
        .output()
        .map_err(|error| format!("its environment was not made: {error}"))?;
    if !made.status.success() {
        return Err("its environment could not be installed; see above".into());
    }
    let python = String::from_utf8_lossy(&made.stdout).trim().to_owned();
    let answer = Command::new(python)
        .arg(format!("{root}/benches/ingest/mlflow.py"))
        .args([rounds.to_string(), points.to_string(), json!(names).to_string()])
        .stderr(Stdio::inherit())
        .output()
        .map_err(|error| format!("it did not start: {error}"))?;
    let answer: Value = serde_json::from_slice(&answer.stdout)
        .map_err(|_| "its server failed; see above".to_owned())?;
    let rates = answer["rates"].as_array().into_iter().flatten().filter_map(Value::as_f64);
    Ok(rates.collect())
}
