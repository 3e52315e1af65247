//! Transcripts: recorded sessions that provider `replay` plays again.

use super::{
    context::{Caller, api},
    error::{ApiError, Failure, UserError, outcome},
    idempotency::once,
    ids::FromGlobal,
    vocab::{Stage, UserErrorCode},
};
use crate::session::{ImportError, TranscriptInfo};
use async_graphql::{Context, ID, InputObject, Object, SimpleObject};
use entity::ids::UploadId;

/// A recorded session that can be played again.
#[derive(SimpleObject)]
pub struct Transcript {
    /// Its name; give it as the `model` of provider `replay`.
    name: String,
    /// The stages that it holds.
    stages: Vec<Stage>,
    /// Turns of all of them.
    turns: i32,
    /// The provider that was recorded.
    provider: Option<String>,
    /// The model that was recorded.
    model: Option<String>,
}

impl From<TranscriptInfo> for Transcript {
    fn from(info: TranscriptInfo) -> Self {
        Self {
            name: info.name,
            stages: info.stages.into_iter().map(Into::into).collect(),
            turns: i32::try_from(info.turns).unwrap_or(i32::MAX),
            provider: info.provider,
            model: info.model,
        }
    }
}

/// What `importTranscript` takes.
#[derive(InputObject)]
pub struct ImportTranscriptInput {
    /// The upload that holds the transcript, as `Session.transcriptUrl` gave it.
    upload_id: ID,
    /// The same key answers the first result again.
    idempotency_key: Option<String>,
}

/// What `importTranscript` answers.
#[derive(SimpleObject)]
pub struct ImportTranscriptPayload {
    /// The transcript; null when there are errors.
    transcript: Option<Transcript>,
    /// What is wrong with the input.
    user_errors: Vec<UserError>,
}

#[derive(Default)]
pub struct TranscriptMutation;

#[Object]
impl TranscriptMutation {
    /// Takes in a transcript, so that provider `replay` can play it on the same data.
    async fn import_transcript(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "The upload.")] input: ImportTranscriptInput,
    ) -> async_graphql::Result<ImportTranscriptPayload> {
        let (transcript, user_errors) = outcome(import(context, input).await)?;
        Ok(ImportTranscriptPayload { transcript, user_errors })
    }
}

impl From<ImportError> for Failure {
    fn from(error: ImportError) -> Self {
        let code = match &error {
            ImportError::NoUpload => UserErrorCode::UploadIncomplete,
            ImportError::Bad(_) => UserErrorCode::BadData,
            ImportError::Unavailable(_) => UserErrorCode::Unavailable,
        };
        UserError::new(code, &["uploadId"], error.to_string()).into()
    }
}

async fn import(
    context: &Context<'_>,
    input: ImportTranscriptInput,
) -> Result<Transcript, Failure> {
    let (api, caller) = (api(context), context.data_unchecked::<Caller>());
    let upload = UploadId::from_global(&input.upload_id)
        .ok_or_else(|| UserError::not_found(&["uploadId"], "upload"))?;
    let transcripts = &api.directory.parts().transcripts;
    let work = {
        let (transcripts, principal) = (transcripts.clone(), caller.principal.clone());
        // What it makes is named by its content: twice is once.
        move |_| async move { Ok(transcripts.import(&principal, upload).await?) }
    };
    let key = input.idempotency_key.clone();
    let name = once(api, caller, "importTranscript", key, &input, work).await?;
    api.directory.parts().providers.forget("replay");
    let info = transcripts.info(&name).await?;
    let gone = || ApiError::internal(&std::io::Error::other("an imported transcript is gone"));
    Ok(info.ok_or_else(gone)?.into())
}
