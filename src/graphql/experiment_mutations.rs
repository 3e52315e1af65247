//! Making and renaming experiments; deleting them and their sessions.

use super::{
    context::{Caller, api, principal},
    error::{ApiError, Failure, UserError, outcome},
    experiment::Experiment,
    idempotency::once,
    ids::FromGlobal,
    vocab::UserErrorCode,
};
use crate::{
    dataset::{NewExperiment, Source},
    store,
};
use async_graphql::{Context, ID, InputObject, Object, OneofObject, SimpleObject};
use entity::ids::{ExperimentId, SessionId, UploadId};

const MAX_NAME: usize = 200;

/// What `createExperiment` takes.
#[derive(InputObject)]
pub struct CreateExperimentInput {
    /// Its name; the first file's by default.
    name: Option<String>,
    /// What it is.
    description: Option<String>,
    /// What the user wants of it.
    instructions: Option<String>,
    /// The column to predict; the agent chooses by the instructions when it is absent.
    target: Option<String>,
    /// The table to train on, when the files make several.
    main_table: Option<String>,
    /// Where the files come from.
    source: DatasetSource,
    /// The same key answers the first result again.
    idempotency_key: Option<String>,
}

/// Where the files of a dataset come from.
#[derive(OneofObject)]
pub enum DatasetSource {
    /// Uploads that are stored, in order.
    UploadIds(Vec<ID>),
    /// A dataset that comes with the server.
    SampleId(ID),
}

/// What `createExperiment` answers.
#[derive(SimpleObject)]
pub struct CreateExperimentPayload {
    /// The experiment; null when there are errors.
    experiment: Option<Experiment>,
    /// What is wrong with the input.
    user_errors: Vec<UserError>,
}

/// What `renameExperiment` takes.
#[derive(InputObject)]
pub struct RenameExperimentInput {
    /// The experiment.
    experiment_id: ID,
    /// Its new name.
    name: String,
}

/// What `renameExperiment` answers.
#[derive(SimpleObject)]
pub struct RenameExperimentPayload {
    /// The experiment; null when there are errors.
    experiment: Option<Experiment>,
    /// What is wrong with the input.
    user_errors: Vec<UserError>,
}

/// What `deleteSession` takes.
#[derive(InputObject)]
pub struct DeleteSessionInput {
    /// The session.
    session_id: ID,
}

/// What `deleteSession` answers.
#[derive(SimpleObject)]
pub struct DeleteSessionPayload {
    /// The id of what was deleted; null when there are errors.
    deleted_id: Option<ID>,
    /// What is wrong with the input.
    user_errors: Vec<UserError>,
}

/// What `deleteExperiment` takes.
#[derive(InputObject)]
pub struct DeleteExperimentInput {
    /// The experiment.
    experiment_id: ID,
}

/// What `deleteExperiment` answers.
#[derive(SimpleObject)]
pub struct DeleteExperimentPayload {
    /// The id of what was deleted; null when there are errors.
    deleted_id: Option<ID>,
    /// What is wrong with the input.
    user_errors: Vec<UserError>,
}

#[derive(Default)]
pub struct ExperimentMutation;

#[Object]
impl ExperimentMutation {
    /// Describes the files in a sandbox and makes an experiment of them. Takes seconds, and longer
    /// for a large file.
    async fn create_experiment(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "The experiment.")] input: CreateExperimentInput,
    ) -> async_graphql::Result<CreateExperimentPayload> {
        let (experiment, user_errors) = outcome(create(context, input).await)?;
        Ok(CreateExperimentPayload { experiment, user_errors })
    }

    /// Gives an experiment another name.
    async fn rename_experiment(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "The experiment and its new name.")] input: RenameExperimentInput,
    ) -> async_graphql::Result<RenameExperimentPayload> {
        let (experiment, user_errors) = outcome(rename(context, input).await)?;
        Ok(RenameExperimentPayload { experiment, user_errors })
    }

    /// Deletes an experiment with its sessions and files, for good. One at work is refused.
    async fn delete_experiment(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "The experiment.")] input: DeleteExperimentInput,
    ) -> async_graphql::Result<DeleteExperimentPayload> {
        let (deleted_id, user_errors) = outcome(delete(context, input).await)?;
        Ok(DeleteExperimentPayload { deleted_id, user_errors })
    }

    /// Deletes a session with its files, metrics and messages, for good. One at work is refused:
    /// cancel it first. Whoever watches it is told.
    async fn delete_session(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "The session.")] input: DeleteSessionInput,
    ) -> async_graphql::Result<DeleteSessionPayload> {
        let (deleted_id, user_errors) = outcome(delete_session(context, input).await)?;
        Ok(DeleteSessionPayload { deleted_id, user_errors })
    }
}

async fn create(
    context: &Context<'_>,
    input: CreateExperimentInput,
) -> Result<Experiment, Failure> {
    let (api, caller) = (api(context), context.data_unchecked::<Caller>());
    let new = NewExperiment {
        id: None,
        name: one_line(input.name.as_deref().unwrap_or_default()),
        description: input.description.clone().unwrap_or_default(),
        instructions: input.instructions.clone().unwrap_or_default(),
        target: input.target.clone(),
        main_table: input.main_table.clone(),
        source: source(&input.source)?,
    };
    let work = {
        let (datasets, principal) = (api.datasets.clone(), caller.principal.clone());
        move |id| async move {
            let new = NewExperiment { id: Some(ExperimentId(id)), ..new };
            Ok(datasets.create_experiment(&principal, new).await?.id.to_string())
        }
    };
    let key = input.idempotency_key.clone();
    let id = once(api, caller, "createExperiment", key, &input, work).await?;
    let id = id.parse().map_err(|error: uuid::Error| ApiError::internal(&error))?;
    found(context, id).await
}

fn source(given: &DatasetSource) -> Result<Source, UserError> {
    match given {
        DatasetSource::SampleId(id) => Ok(Source::Sample(id.to_string())),
        DatasetSource::UploadIds(ids) => {
            let upload = |id| {
                UploadId::from_global(id).ok_or_else(|| {
                    UserError::new(
                        UserErrorCode::UploadIncomplete,
                        &["source", "uploadIds"],
                        "there is no such upload; send the file first",
                    )
                })
            };
            Ok(Source::Uploads(ids.iter().map(upload).collect::<Result<_, _>>()?))
        }
    }
}

async fn rename(
    context: &Context<'_>,
    input: RenameExperimentInput,
) -> Result<Experiment, Failure> {
    let id = named(&input.experiment_id)?;
    let name = one_line(&input.name);
    if name.is_empty() || name.chars().count() > MAX_NAME {
        let message = format!("a name has 1 to {MAX_NAME} characters");
        return Err(UserError::invalid(&["name"], message).into());
    }
    found(context, id).await?;
    let api = api(context);
    store::experiments::rename(api.store.write(), id, &name).await?;
    api.log.announce(id);
    found(context, id).await
}

async fn delete(context: &Context<'_>, input: DeleteExperimentInput) -> Result<ID, Failure> {
    let id = named(&input.experiment_id)?;
    api(context).directory.delete_experiment(principal(context), id).await?;
    Ok(input.experiment_id)
}

async fn delete_session(context: &Context<'_>, input: DeleteSessionInput) -> Result<ID, Failure> {
    let missing = || UserError::not_found(&["sessionId"], "session");
    let id = SessionId::from_global(&input.session_id).ok_or_else(missing)?;
    api(context).directory.delete_session(principal(context), id).await?;
    Ok(input.session_id)
}

async fn found(context: &Context<'_>, id: ExperimentId) -> Result<Experiment, Failure> {
    let db = api(context).store.read();
    let row = store::experiments::heads(db, principal(context), &[id]).await?.pop();
    Ok(Experiment::new(row.ok_or_else(|| UserError::not_found(&["experimentId"], "experiment"))?))
}

fn named(id: &ID) -> Result<ExperimentId, Failure> {
    ExperimentId::from_global(id)
        .ok_or_else(|| UserError::not_found(&["experimentId"], "experiment").into())
}

fn one_line(text: &str) -> String {
    let line: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    line.trim().to_owned()
}
