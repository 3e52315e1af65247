//! Uploads: an address for each file.

use super::{
    context::{Caller, api},
    error::{ApiError, Failure, UserError, outcome},
    idempotency::once,
    ids::Global,
    scalars::Long,
    vocab::{UploadState, UserErrorCode},
};
use crate::{dataset::bytes_for_people, store};
use async_graphql::{Context, ID, InputObject, Object, SimpleObject};
use chrono::Utc;
use entity::{ids::UploadId, uploads};

/// Characters of a file's name.
const MAX_NAME: usize = 255;

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
    let name = name(&input.file_name)?;
    if input.size.is_some_and(|size| size.0 < 0) {
        return Err(UserError::invalid(&["size"], "a file has no negative size").into());
    }
    if input.size.is_some_and(|size| size.0.unsigned_abs() > api.max_upload_bytes) {
        let message = format!(
            "the file is larger than the limit of {}; upload a smaller one or raise the limit",
            bytes_for_people(api.max_upload_bytes)
        );
        let mut error = UserError::new(UserErrorCode::BadData, &["size"], message);
        error.detail = Some("TOO_LARGE".to_owned());
        return Err(error.into());
    }
    let work = {
        let (store, principal) = (api.store.clone(), caller.principal.clone());
        async move {
            let row = store::uploads::open(store.write(), &principal, &name, Utc::now()).await?;
            Ok(row.id.to_string())
        }
    };
    let key = input.idempotency_key.clone();
    let id = once(api, caller, "createUpload", key, &input, work).await?;
    let id: UploadId = id.parse().map_err(|error| ApiError::internal(&error))?;
    let row = store::uploads::find(api.store.read(), &caller.principal, id).await?;
    let row = row.ok_or_else(|| UserError::not_found(&[], "upload"))?;
    Ok(shown(row, api.max_upload_bytes))
}

/// A name for people: one line, never a path that anything opens.
fn name(given: &str) -> Result<String, UserError> {
    let line: String = given.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    let name: String = line.trim().chars().take(MAX_NAME).collect();
    if name.is_empty() {
        return Err(UserError::invalid(&["fileName"], "the file needs a name"));
    }
    Ok(name)
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
