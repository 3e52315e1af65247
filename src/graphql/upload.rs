//! Uploads: an address for each file.

use super::{
    context::{Caller, api, principal},
    error::{ApiError, Failure, UserError, outcome},
    idempotency::once,
    ids::Global,
    scalars::Long,
    vocab::UploadState,
};
use crate::dataset::{self, Datasets};
use async_graphql::{Context, ID, InputObject, Object, SimpleObject};
use entity::{ids::UploadId, uploads};

/// A file that is to be sent, or was.
#[derive(SimpleObject)]
pub struct Upload {
    /// Its id; give it as one of the `uploadIds` of a dataset's source.
    id: ID,
    /// The name that the user gave it.
    file_name: String,
    /// Where the bytes go. It speaks the core of tus 1.0.0, whose clients take it as the address of an upload that was
    /// made already: `HEAD` answers in `Upload-Offset` how many bytes are kept, and `PATCH` sends those behind them, so
    /// that an upload goes on after a connection broke or the server was restarted. A `PUT` with the header
    /// `x-trainable-upload: 1` sends all of them at once, and begins anew each time.
    url: String,
    /// How it stands.
    state: UploadState,
    /// Bytes; null until it is stored.
    size: Option<Long>,
    /// SHA-256 of the bytes, lower-case hex; null until it is stored.
    sha256: Option<String>,
    /// Bytes that are kept for good: what a connection that breaks now would not lose. It grows in steps of some MiB.
    received: Long,
    /// Bytes at most.
    max_bytes: Long,
    /// How far its import from a bucket is; null once it is stored, and for a file that is sent.
    import: Option<Import>,
}

/// An object that is being fetched from a bucket. It goes on by itself when the store was away or the server restarted.
#[derive(SimpleObject)]
pub struct Import {
    /// Bytes that have come.
    received: Long,
    /// Bytes in all.
    total: Long,
    /// Why nothing comes at the moment; it is tried again.
    warning: Option<String>,
    /// Why it ended before all of them had come: import it again.
    error: Option<String>,
}

impl From<dataset::Progress> for Import {
    fn from(progress: dataset::Progress) -> Self {
        let dataset::Progress { received, total, warning, error } = progress;
        Self { received: received.into(), total: total.into(), warning, error }
    }
}

/// What `importObject` takes.
#[derive(InputObject)]
pub struct ImportObjectInput {
    /// The object: `s3://bucket/key`.
    uri: String,
    /// The same key answers the first result again.
    idempotency_key: Option<String>,
}

/// What `importObject` answers.
#[derive(SimpleObject)]
pub struct ImportObjectPayload {
    /// The upload that the object is fetched into; null when there are errors.
    upload: Option<Upload>,
    /// What is wrong with the input.
    user_errors: Vec<UserError>,
}

/// What `deleteUpload` takes.
#[derive(InputObject)]
pub struct DeleteUploadInput {
    /// The upload.
    upload_id: ID,
}

/// What `deleteUpload` answers.
#[derive(SimpleObject)]
pub struct DeleteUploadPayload {
    /// The id of what was deleted; null when there are errors.
    deleted_id: Option<ID>,
    /// What is wrong with the input.
    user_errors: Vec<UserError>,
}

/// What `createUpload` takes.
#[derive(InputObject)]
pub struct CreateUploadInput {
    /// The file's name, for people.
    file_name: String,
    /// Bytes, when they are known: one that is too large is refused before it is sent. An upload that is sent in several
    /// goes is stored with the last of them; without this its last `PATCH` says `Upload-Length`.
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
    /// Hands out an address to send one file to, in several goes or at once: see `url`.
    async fn create_upload(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "The file.")] input: CreateUploadInput,
    ) -> async_graphql::Result<CreateUploadPayload> {
        let (upload, user_errors) = outcome(create(context, input).await)?;
        Ok(CreateUploadPayload { upload, user_errors })
    }

    /// Begins to fetch an object of a bucket into an upload. Ask for the upload until it is stored, and then give it
    /// as one of the `uploadIds` of a dataset's source.
    async fn import_object(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "The object.")] input: ImportObjectInput,
    ) -> async_graphql::Result<ImportObjectPayload> {
        let (upload, user_errors) = outcome(import(context, input).await)?;
        Ok(ImportObjectPayload { upload, user_errors })
    }

    /// Deletes an upload that no experiment has, and what was kept of it. Whoever sends it, or an import into it, ends.
    async fn delete_upload(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "The upload.")] input: DeleteUploadInput,
    ) -> async_graphql::Result<DeleteUploadPayload> {
        let (deleted_id, user_errors) = outcome(delete(context, input).await)?;
        Ok(DeleteUploadPayload { deleted_id, user_errors })
    }
}

#[derive(Default)]
pub struct UploadQuery;

#[Object]
impl UploadQuery {
    /// One of the caller's uploads; null when there is none.
    async fn upload(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "Its id.")] id: ID,
    ) -> Result<Option<Upload>, ApiError> {
        let Some(Global::Upload(id)) = Global::parse(&id) else { return Ok(None) };
        let datasets = &api(context).datasets;
        let row = datasets.upload(principal(context), id).await?;
        Ok(row.map(|row| shown(row, datasets)))
    }
}

async fn import(context: &Context<'_>, input: ImportObjectInput) -> Result<Upload, Failure> {
    let (api, caller) = (api(context), context.data_unchecked::<Caller>());
    let work = {
        let (datasets, principal) = (api.datasets.clone(), caller.principal.clone());
        let uri = input.uri.clone();
        // One that is made twice is fetched twice, and is deleted when nobody uses it.
        move |_| async move { Ok(datasets.import(&principal, &uri).await?.id.to_string()) }
    };
    let key = input.idempotency_key.clone();
    let id = once(api, caller, "importObject", key, &input, work).await?;
    find(context, &id).await
}

async fn delete(context: &Context<'_>, input: DeleteUploadInput) -> Result<ID, Failure> {
    let missing = || UserError::not_found(&["uploadId"], "upload without an experiment");
    let Some(Global::Upload(id)) = Global::parse(&input.upload_id) else {
        return Err(missing().into());
    };
    match api(context).datasets.delete_upload(principal(context), id).await? {
        true => Ok(input.upload_id),
        false => Err(missing().into()),
    }
}

/// The caller's upload that was just made.
async fn find(context: &Context<'_>, id: &str) -> Result<Upload, Failure> {
    let datasets = &api(context).datasets;
    let id: UploadId = id.parse().map_err(|error: uuid::Error| ApiError::internal(&error))?;
    let row = datasets.upload(principal(context), id).await?;
    let row = row.ok_or_else(|| UserError::not_found(&[], "upload"))?;
    Ok(shown(row, datasets))
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
    find(context, &id).await
}

fn shown(row: uploads::Model, datasets: &Datasets) -> Upload {
    Upload {
        import: datasets.import_progress(&row).map(Import::from),
        id: Global::Upload(row.id).id(),
        url: format!("/uploads/{}", row.id),
        received: dataset::received(&row).into(),
        file_name: row.file_name,
        state: row.state.into(),
        size: row.size.map(Long::from),
        sha256: row.sha256,
        max_bytes: datasets.limits().upload_bytes.into(),
    }
}
