//! What the stages before left for this one: their reports and what they wrote for machines.

use super::check::path;
use crate::{
    llm::Earlier,
    sandbox::{SandboxError, Volume, VolumePath},
};
use entity::vocab::Stage;
use serde_json::Value;

/// Bytes of a report that are read: this much of its beginning, and half as much of its end.
const REPORT_HEAD: u64 = 16 * 1024;
/// The largest metadata that is read.
const MAX_METADATA: u64 = 1024 * 1024;

/// Reads what the stages before this one left, as far as it is there.
///
/// *Errors*: only when the volume cannot be read; a retry may help.
pub async fn earlier(volume: &dyn Volume, before: Stage) -> Result<Vec<Earlier>, SandboxError> {
    let stages: Vec<Stage> = Stage::ALL.iter().copied().filter(|stage| *stage < before).collect();
    left(volume, &stages).await
}

/// Reads what these stages left, as far as it is there.
///
/// *Errors*: as for [`earlier`].
pub async fn left(volume: &dyn Volume, stages: &[Stage]) -> Result<Vec<Earlier>, SandboxError> {
    let mut found = Vec::new();
    for &stage in stages {
        let report = report(volume, &path(stage, "report.md")).await?;
        let metadata = metadata(volume, &path(stage, machine_readable(stage))).await?;
        if report.is_some() || metadata.is_some() {
            found.push(Earlier { stage, report: report.unwrap_or_default(), metadata });
        }
    }
    Ok(found)
}

/// The file in which a stage says for machines what it found or made.
fn machine_readable(stage: Stage) -> &'static str {
    match stage {
        Stage::Eda => "data/findings.json",
        Stage::Prep | Stage::Train => "data/metadata.json",
    }
}

async fn report(volume: &dyn Volume, path: &VolumePath) -> Result<Option<String>, SandboxError> {
    let Some(stat) = volume.stat(path).await? else { return Ok(None) };
    let tail = REPORT_HEAD / 2;
    if stat.size <= REPORT_HEAD + tail {
        return Ok(Some(readable(&volume.read(path, 0..REPORT_HEAD + tail).await?)));
    }
    let head = readable(&volume.read(path, 0..REPORT_HEAD).await?);
    let end = readable(&volume.read(path, stat.size - tail..stat.size).await?);
    let left_out = stat.size - REPORT_HEAD - tail;
    Ok(Some(format!("{head}\n… {left_out} bytes left out here; read `{path}` …\n{end}")))
}

async fn metadata(volume: &dyn Volume, path: &VolumePath) -> Result<Option<Value>, SandboxError> {
    match volume.stat(path).await? {
        Some(stat) if stat.size <= MAX_METADATA => {
            let bytes = volume.read(path, 0..MAX_METADATA).await?;
            Ok(serde_json::from_slice(&bytes).ok())
        }
        Some(_) | None => Ok(None),
    }
}

fn readable(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).replace('\0', "\\x00")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sandbox::{SandboxProvider, VolumeName, fake::FakeSandboxes};
    use bytes::Bytes;
    use futures::{StreamExt, stream};
    use serde_json::json;

    async fn check(files: &[(&str, &str)], before: Stage, expect: &[(Stage, &str, Option<Value>)]) {
        let name = VolumeName::parse("sessions/s").unwrap();
        let volume = FakeSandboxes::new(|_| Vec::new()).volume(&name).await.unwrap();
        for (path, text) in files {
            let body = stream::iter([Ok(Bytes::from((*text).to_owned()))]).boxed();
            volume.put(&VolumePath::parse(path).unwrap(), body).await.unwrap();
        }
        let expect: Vec<Earlier> = expect
            .iter()
            .map(|(stage, report, metadata)| Earlier {
                stage: *stage,
                report: (*report).to_owned(),
                metadata: metadata.clone(),
            })
            .collect();
        assert_eq!(earlier(volume.as_ref(), before).await.unwrap(), expect);
    }

    #[tokio::test]
    async fn a_stage_starts_from_what_was_left() {
        let files = [
            ("eda/report.md", "# Findings"),
            ("eda/data/findings.json", r#"{"rows": 3}"#),
            ("prep/report.md", "# Splits"),
            ("prep/data/metadata.json", "no JSON"),
        ];
        let eda = (Stage::Eda, "# Findings", Some(json!({"rows": 3})));
        check(&files, Stage::Eda, &[]).await;
        check(&files, Stage::Prep, std::slice::from_ref(&eda)).await;
        check(&files, Stage::Train, &[eda, (Stage::Prep, "# Splits", None)]).await;
    }

    #[tokio::test]
    async fn a_long_report_keeps_both_ends() {
        let long = format!("begin\n{}\nend", "x".repeat(100_000));
        let name = VolumeName::parse("sessions/s").unwrap();
        let volume = FakeSandboxes::new(|_| Vec::new()).volume(&name).await.unwrap();
        let body = stream::iter([Ok(Bytes::from(long))]).boxed();
        volume.put(&path(Stage::Eda, "report.md"), body).await.unwrap();
        let found = earlier(volume.as_ref(), Stage::Prep).await.unwrap();
        let report = &found[0].report;
        assert!(report.starts_with("begin\n") && report.ends_with("\nend"));
        assert!(report.contains("read `eda/report.md`") && report.len() < 26_000);
    }
}
