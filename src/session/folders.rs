//! The folders of a session's volume: whose run they belong to, and what of them is known.

use crate::{
    event::{Entry, Event, Fact, File},
    sandbox::{SandboxError, Volume, VolumePath},
    tool::{KnownFiles, NOTES},
};
use bytes::Bytes;
use entity::{ids::StageRunId, vocab::Stage};
use futures::StreamExt;
use std::collections::BTreeMap;

/// Says which stage run a stage's folder belongs to.
const MARKER: &str = ".stage_run";

/// Moves the folders of this stage and of later ones to `superseded/{stage_run}`, unless they
/// belong to this run. Safe to repeat: a crash in between is mended by the next call.
pub(super) async fn clear(
    volume: &dyn Volume,
    stage: Stage,
    run: StageRunId,
) -> Result<(), SandboxError> {
    let path = |text: String| VolumePath::parse(&text).expect("a stage's own paths are valid");
    let mut ours = false;
    for later in Stage::ALL.iter().copied().filter(|s| *s >= stage) {
        let marker = path(format!("{later}/{MARKER}"));
        let owner = match volume.stat(&marker).await? {
            Some(_) => {
                let bytes = volume.read(&marker, 0..64).await?;
                String::from_utf8_lossy(&bytes).parse::<StageRunId>().ok()
            }
            None => None,
        };
        if owner == Some(run) {
            // All of it is the run's. Its own marker is not touched: without one, after a crash, all that
            // the run has made would be moved away.
            ours |= later == stage;
            continue;
        }
        if !volume.list(Some(&path(later.to_string()))).await?.files.is_empty() {
            let away = owner.map_or_else(|| format!("unknown-{run}"), |owner| owner.to_string());
            volume
                .rename(&path(later.to_string()), &path(format!("superseded/{away}/{later}")))
                .await?;
        }
    }
    if ours {
        return Ok(());
    }
    let marker = path(format!("{stage}/{MARKER}"));
    // An agent may have put anything in its place.
    volume.delete(&marker).await?;
    let body = futures::stream::iter([Ok(Bytes::from(run.to_string()))]).boxed();
    volume.put(&marker, body).await?;
    Ok(())
}

/// The files that the log has reported of this run already.
pub(super) async fn known_files(
    volume: &dyn Volume,
    folder: &VolumePath,
    history: &[Entry],
) -> Result<KnownFiles, SandboxError> {
    let mut known = KnownFiles::default();
    let reported: BTreeMap<&str, &File> = history
        .iter()
        .filter_map(|entry| match &entry.event {
            Event::Fact(Fact::FileCreated { file, .. } | Fact::FileChanged { file, .. }) => {
                Some((file.path.as_str(), file))
            }
            Event::Fact(_) | Event::Session(_) => None,
        })
        .collect();
    if reported.is_empty() {
        return Ok(known);
    }
    for stat in volume.list(Some(folder)).await?.files {
        // One of another size has changed, whatever its digest is.
        let Some(file) = reported.get(stat.path.as_str()).filter(|file| file.size == stat.size)
        else {
            continue;
        };
        match volume.digest(&stat.path).await {
            Ok(sha256) if sha256 == file.sha256 => {
                known.remember(stat.path, stat.size, stat.modified, sha256);
            }
            Ok(_) | Err(SandboxError::NoFile(_)) => {}
            Err(error) => return Err(error),
        }
    }
    Ok(known)
}

/// Makes the folder of follow-ups, so that a sandbox can find it in the volume.
pub(super) async fn notes(volume: &dyn Volume) -> Result<(), SandboxError> {
    let marker = VolumePath::parse(&format!("{NOTES}/.notes")).expect("our own path is valid");
    if volume.stat(&marker).await?.is_none() {
        volume.put(&marker, futures::stream::iter([Ok(Bytes::new())]).boxed()).await?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sandbox::{SandboxProvider, VolumeName, fake::FakeSandboxes};

    async fn write(volume: &dyn Volume, path: &str, text: &'static str) {
        let path = VolumePath::parse(path).expect("a path");
        let body = futures::stream::iter([Ok(Bytes::from(text))]).boxed();
        volume.put(&path, body).await.expect("it is written");
    }

    async fn paths(volume: &dyn Volume) -> Vec<String> {
        let files = volume.list(None).await.expect("a listing").files;
        files.iter().map(|file| file.path.to_string()).collect()
    }

    #[tokio::test]
    async fn a_run_that_goes_on_keeps_its_folder_whatever_moment_a_crash_hits() {
        let name = VolumeName::parse("sessions/x").expect("a name");
        let volume = FakeSandboxes::new(|_| Vec::new()).volume(&name).await.expect("a volume");
        let volume = volume.as_ref();
        let (first, second) = (StageRunId::new(), StageRunId::new());
        clear(volume, Stage::Eda, first).await.expect("a folder");
        write(volume, "eda/scripts/step_01_x.py", "x = 1").await;
        let marker = VolumePath::parse("eda/.stage_run").expect("a path");
        let written = volume.stat(&marker).await.expect("it is there").expect("it is there");
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        clear(volume, Stage::Eda, first).await.expect("it goes on");
        let still = volume.stat(&marker).await.expect("it is there").expect("it is there");
        assert_eq!(written.modified, still.modified, "there is no moment without a marker");
        assert_eq!(paths(volume).await, ["eda/.stage_run", "eda/scripts/step_01_x.py"]);
        clear(volume, Stage::Eda, second).await.expect("it begins anew");
        let away = format!("superseded/{first}/eda");
        let expect = [
            "eda/.stage_run".to_owned(),
            format!("{away}/.stage_run"),
            format!("{away}/scripts/step_01_x.py"),
        ];
        assert_eq!(paths(volume).await, expect);
    }
}
