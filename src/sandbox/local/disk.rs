//! Watching what an execution leaves on disk.

use super::volume::listing::{Usage, usage};
use rustix::fd::OwnedFd;
use std::{
    future::pending,
    sync::Arc,
    time::{Duration, Instant},
};

/// The least time between two looks: a fast disk takes a gigabyte in a second.
const EVERY: Duration = Duration::from_millis(100);

/// The folders that an execution may write to, and how much they may hold in all.
pub(super) struct Disk {
    pub folders: Arc<Vec<OwnedFd>>,
    pub most: Usage,
}

impl Disk {
    /// Returns once the folders hold too much.
    pub(super) async fn overflow(&self) {
        if self.folders.is_empty() {
            return pending().await;
        }
        let mut pause = EVERY;
        loop {
            tokio::time::sleep(pause).await;
            let begun = Instant::now();
            if self.is_over().await {
                return;
            }
            // A large tree is looked at less often: watching costs a tenth of a core at most.
            pause = EVERY.max(begun.elapsed() * 10);
        }
    }

    pub(super) async fn is_over(&self) -> bool {
        let (folders, most) = (self.folders.clone(), self.most);
        let looked = tokio::task::spawn_blocking(move || {
            let mut left = most;
            for folder in folders.iter() {
                let used = usage(folder, left)?;
                if used.bytes > left.bytes || used.files > left.files {
                    return Ok(true);
                }
                left = Usage { bytes: left.bytes - used.bytes, files: left.files - used.files };
            }
            Ok::<_, rustix::io::Errno>(false)
        });
        match looked.await {
            Ok(Ok(over)) => over,
            Ok(Err(error)) => {
                tracing::warn!(%error, "a sandbox's disk use cannot be counted");
                false
            }
            // The runtime is shutting down, and the program with it.
            Err(_) => false,
        }
    }
}
