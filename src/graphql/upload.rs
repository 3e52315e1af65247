//! Uploads: an address for each file.

use super::{
    context::{Caller, api},
    error::{ApiError, Failure, UserError, outcome},
    idempotency::once,
    ids::Global,
    scalars::Long,
    vocab::UploadState,
};
use crate::store;
use async_graphql::{Context, ID, InputObject, Object, SimpleObject};
use entity::{ids::UploadId, uploads};

/// A file that is to be sent, or was.
#[derive(SimpleObject)]
pub struct Upload {
    /// Its id; give it as one of the `uploadIds` of a dataset's source.
    id: ID,
    /// The name that the user gave it.
    file_name: String,
    /// Where to `PUT` the bytes, with the header `x-trainable-upload: 1`.
    url: String,
    /// How it stands.
    state: UploadState,
    /// Bytes; null until it is stored.
    size: Option<Long>,
    /// SHA-256 of the bytes, lower-case hex; null until it is stored.
    sha256: Option<String>,
    /// Bytes at most.
    max_bytes: Long,
}

/// What `createUpload` takes.
#[derive(InputObject)]
pub struct CreateUploadInput {
    /// The file's name, for people.
    file_name: String,
    /// Bytes, when they are known: one that is too large is refused before it is sent.
    size: Option<Long>,
    /// The same key answers the first result again.
    idempotency_key: Option<String>,
}

/// What `createUpload` answers.
#[derive(SimpleObject)]
pub struct CreateUploadPayload {
    /// The upload; null when there are errors.
    upload: Option<Upload>,
    /// What is wrong with the input.
    user_errors: Vec<UserError>,
}

#[derive(Default)]
pub struct UploadMutation;

#[Object]
impl UploadMutation {
    /// Hands out an address to send one file to: `PUT` the bytes to `url` with the header
    /// `x-trainable-upload: 1`.
    async fn create_upload(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "The file.")] input: CreateUploadInput,
    ) -> async_graphql::Result<CreateUploadPayload> {
        let (upload, user_errors) = outcome(create(context, input).await)?;
        Ok(CreateUploadPayload { upload, user_errors })
    }
}

async fn create(context: &Context<'_>, input: CreateUploadInput) -> Result<Upload, Failure> {
    let (api, caller) = (api(context), context.data_unchecked::<Caller>());
    let size = match input.size.map(|size| u64::try_from(size.0)) {
        Some(Err(_)) => {
            return Err(UserError::invalid(&["size"], "a file has no negative size").into());
        }
        Some(Ok(size)) => Some(size),
        None => None,
    };
    let work = {
        let (datasets, principal) = (api.datasets.clone(), caller.principal.clone());
        let name = input.file_name.clone();
        // One that is made twice is empty, and is deleted when nobody uses it.
        move |_| async move { Ok(datasets.open_upload(&principal, &name, size).await?.id.to_string()) }
    };
    let key = input.idempotency_key.clone();
    let id = once(api, caller, "createUpload", key, &input, work).await?;
    let id: UploadId = id.parse().map_err(|error: uuid::Error| ApiError::internal(&error))?;
    let row = store::uploads::find(api.store.read(), id).await?;
    let row = row.filter(|row| row.owner == caller.principal.owner());
    let row = row.ok_or_else(|| UserError::not_found(&[], "upload"))?;
    Ok(shown(row, api.datasets.limits().upload_bytes))
}

fn shown(row: uploads::Model, max_bytes: u64) -> Upload {
    Upload {
        id: Global::Upload(row.id).id(),
        url: format!("/uploads/{}", row.id),
        file_name: row.file_name,
        state: row.state.into(),
        size: row.size.map(Long::from),
        sha256: row.sha256,
        max_bytes: max_bytes.into(),
    }
}
