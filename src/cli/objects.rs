//! The object store of a process.

use super::{Failure, app::OBJECTS};
use crate::{
    config::{Config, Objects},
    objects::{
        ObjectError, ObjectStore, RemoteObjects,
        filesystem::FilesystemObjects,
        moved::Moved,
        s3::{S3Objects, S3Settings},
    },
};
use std::{path::Path, sync::Arc, time::Duration};
use tokio::time::timeout;

/// How long a start waits for a store's answer.
const PATIENCE: Duration = Duration::from_secs(10);

/// Opens the object store that is set.
///
/// Several servers may use one folder, `common`, in which `own` sets this one's unfinished files apart.
///
/// *Errors*: what the store refuses for good, such as a wrong key, in one sentence that says what to do. One that
/// does not answer may come back: the server starts, and says so.
pub(super) async fn open(
    config: &Config,
    data: &Path,
    common: Option<&Path>,
    own: &str,
) -> Result<Arc<dyn ObjectStore>, Failure> {
    let folder = match common {
        None => FilesystemObjects::open(&data.join(OBJECTS)),
        Some(common) => FilesystemObjects::open_shared(&common.join(OBJECTS), own),
    };
    let folder = folder
        .map_err(|error| Failure::failed(format!("the object store cannot be opened: {error}")))?;
    let folder: Arc<dyn ObjectStore> = Arc::new(folder);
    let settings = match &config.objects {
        Objects::Folder => return Ok(folder),
        Objects::S3(settings) => settings.clone(),
    };
    let s3 = S3Objects::new(settings);
    match checked(&s3).await {
        Ok(()) => {}
        Err(
            error @ (ObjectError::Refused(_)
            | ObjectError::Rejected(_)
            | ObjectError::NoBucket(_)
            | ObjectError::Misplaced(_)),
        ) => return Err(Failure::refused(error.to_string())),
        Err(error) => {
            eprintln!(
                "trainable: {error}; it is asked again until it does, and uploads wait for it"
            );
        }
    }
    Ok(Arc::new(Moved { new: Arc::new(s3), old: folder }))
}

/// How a bucket answers, for people.
pub(super) async fn standing(settings: S3Settings) -> String {
    let s3 = S3Objects::new(settings);
    let place = s3.place().uri("");
    match checked(&s3).await {
        Ok(()) => format!("S3 (`{place}`), which answers"),
        Err(error) => format!("S3 (`{place}`): {error}"),
    }
}

async fn checked(s3: &S3Objects) -> Result<(), ObjectError> {
    let check = async {
        s3.check().await?;
        s3.probe().await
    };
    let checked = timeout(PATIENCE, check).await;
    checked.unwrap_or_else(|_| {
        let place = s3.place().endpoint.as_deref().unwrap_or("AWS S3");
        Err(ObjectError::Away(format!("`{place}`: it took too long")))
    })
}
