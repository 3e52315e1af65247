//! What the runners see of uploads: copies in a volume of their own.

use super::{Datasets, create::CreateError, goes::hex, object_key};
use crate::{
    objects::ObjectError,
    sandbox::{Access, Mount, Volume, VolumeName, VolumePath},
};
use entity::uploads::Model as Upload;
use futures::{StreamExt, TryStreamExt};
use sha2::{Digest, Sha256};
use std::{
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering::Relaxed},
    },
    time::Duration,
};
use tokio::time::Instant;
use uuid::Uuid;

/// Where uploads stand inside a runner's sandbox.
pub(super) const UPLOADS: &str = "/data/uploads";
/// The waits before an upload is read again from a store that is away.
const FIRST_WAIT: Duration = Duration::from_millis(500);
const LAST_WAIT: Duration = Duration::from_secs(5);

/// Copies of uploads in a volume that only runners see.
pub(super) struct Intake(VolumeName);

impl Intake {
    /// `patience`: how long a store that is away is waited for. Dropping the answer ends the wait.
    pub(super) async fn fill(
        datasets: &Datasets,
        uploads: &[Upload],
        patience: Duration,
    ) -> Result<Self, CreateError> {
        let intake = Self(datasets.corner("intake", Some(Uuid::now_v7())));
        let filled = intake.copy(datasets, uploads, Instant::now() + patience).await;
        if filled.is_err() {
            intake.delete(datasets).await;
        }
        filled.map(|()| intake)
    }

    async fn copy(
        &self,
        datasets: &Datasets,
        uploads: &[Upload],
        until: Instant,
    ) -> Result<(), CreateError> {
        let volume = datasets.sandboxes.volume(&self.0).await?;
        for (n, upload) in uploads.iter().enumerate() {
            let mut wait = FIRST_WAIT;
            loop {
                let (passes, error) = match one(datasets, volume.as_ref(), n, upload).await {
                    Ok(()) => break,
                    Err(NotCopied::Away(error)) => (true, error),
                    Err(NotCopied::Otherwise(error)) => (false, error),
                };
                if !passes || Instant::now() + wait >= until {
                    return Err(error);
                }
                tracing::warn!(upload.id = %upload.id, %error, "an upload is read again");
                tokio::time::sleep(wait).await;
                wait = (wait * 2).min(LAST_WAIT);
            }
        }
        Ok(())
    }

    pub(super) fn mount(&self) -> Mount {
        Mount { volume: self.0.clone(), at: UPLOADS.into(), access: Access::ReadOnly }
    }

    pub(super) async fn delete(&self, datasets: &Datasets) {
        if let Err(error) = datasets.sandboxes.delete_volume(&self.0).await {
            tracing::warn!(%error, "copies of uploads were not deleted");
        }
    }
}

/// Why one upload was not copied.
enum NotCopied {
    /// The object store is away, or went away on the way; it may be back in a moment.
    Away(CreateError),
    Otherwise(CreateError),
}

async fn one(
    datasets: &Datasets,
    volume: &dyn Volume,
    n: usize,
    upload: &Upload,
) -> Result<(), NotCopied> {
    let body = datasets.objects.get(&object_key(upload.id), None).await;
    let body = body.map_err(|error| match error {
        ObjectError::Away(_) | ObjectError::Busy => NotCopied::Away(error.into()),
        other => NotCopied::Otherwise(other.into()),
    })?;
    let broke = Arc::new(AtomicBool::new(false));
    let digest = Arc::new(Mutex::new(Sha256::new()));
    let read = {
        let (broke, digest) = (Arc::clone(&broke), Arc::clone(&digest));
        let body = body.inspect_ok(move |piece| of(&digest).update(piece));
        body.inspect_err(move |_| broke.store(true, Relaxed))
    };
    let put = volume.put(&place(n), read.map_err(std::io::Error::other).boxed()).await;
    put.map_err(|error| match broke.load(Relaxed) {
        true => NotCopied::Away(CreateError::Unavailable(
            "an uploaded file could not be read to its end; try again".into(),
        )),
        false => NotCopied::Otherwise(error.into()),
    })?;
    let read = hex(&std::mem::take(&mut *of(&digest)).finalize());
    if upload.sha256.as_ref().is_some_and(|sent| *sent != read) {
        tracing::error!(upload.id = %upload.id, "an upload is not what was sent");
        return Err(NotCopied::Otherwise(CreateError::Unavailable(
            "an uploaded file is not what was sent any more; upload it again".into(),
        )));
    }
    Ok(())
}

fn of(digest: &Mutex<Sha256>) -> MutexGuard<'_, Sha256> {
    digest.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The n-th upload's place. Names of users never become paths.
fn place(n: usize) -> VolumePath {
    VolumePath::parse(&format!("{n}")).expect("a number is a path")
}
