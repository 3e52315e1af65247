//! Making, renaming and deleting experiments.

use super::{
    context::{Caller, api, principal},
    error::{ApiError, Failure, UserError, outcome},
    experiment::Experiment,
    idempotency::once,
    ids::FromGlobal,
    vocab::UserErrorCode,
};
use crate::{
    dataset::{DatasetError, NewExperiment, ProblemKind, Source},
    store,
};
use async_graphql::{Context, ID, InputObject, Object, OneofObject, SimpleObject};
use entity::ids::{ExperimentId, UploadId};

const MAX_NAME: usize = 200;
const MAX_TEXT: usize = 32 * 1024;

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

    /// Deletes an experiment with its sessions and files, for good. What runs is stopped first.
    async fn delete_experiment(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "The experiment.")] input: DeleteExperimentInput,
    ) -> async_graphql::Result<DeleteExperimentPayload> {
        let (deleted_id, user_errors) = outcome(delete(context, input).await)?;
        Ok(DeleteExperimentPayload { deleted_id, user_errors })
    }
}

async fn create(context: &Context<'_>, input: CreateExperimentInput) -> Result<Experiment, Failure> {
    let (api, caller) = (api(context), context.data_unchecked::<Caller>());
    let new = parse(&input)?;
    let work = {
        let (api, principal) = (api.clone(), caller.principal.clone());
        async move {
            let row = api.datasets.create_experiment(&principal, new).await.map_err(refused)?;
            api.log.announce(row.id);
            Ok(row.id.to_string())
        }
    };
    let key = input.idempotency_key.clone();
    let id = once(api, caller, "createExperiment", key, &input, work).await?;
    let id: ExperimentId = id.parse().map_err(|error| ApiError::internal(&error))?;
    found(context, id).await
}

fn parse(input: &CreateExperimentInput) -> Result<NewExperiment, Failure> {
    for (field, text, limit) in [
        ("name", &input.name, MAX_NAME),
        ("target", &input.target, MAX_NAME),
        ("mainTable", &input.main_table, MAX_NAME),
        ("description", &input.description, MAX_TEXT),
        ("instructions", &input.instructions, MAX_TEXT),
    ] {
        fits(field, text.as_deref().unwrap_or_default(), limit)?;
    }
    let source = match &input.source {
        DatasetSource::SampleId(id) => Source::Sample(id.to_string()),
        DatasetSource::UploadIds(ids) => Source::Uploads(
            ids.iter()
                .map(|id| {
                    UploadId::from_global(id).ok_or_else(|| {
                        UserError::new(
                            UserErrorCode::UploadIncomplete,
                            &["source", "uploadIds"],
                            "there is no such upload; ask for a new one and send the file again",
                        )
                    })
                })
                .collect::<Result<_, _>>()?,
        ),
    };
    Ok(NewExperiment {
        name: input.name.as_deref().map(one_line),
        description: input.description.clone(),
        instructions: input.instructions.clone(),
        target: input.target.clone(),
        main_table: input.main_table.clone(),
        source,
    })
}

async fn rename(context: &Context<'_>, input: RenameExperimentInput) -> Result<Experiment, Failure> {
    let id = named(&input.experiment_id)?;
    fits("name", &input.name, MAX_NAME)?;
    let name = one_line(&input.name);
    if name.is_empty() {
        return Err(UserError::invalid(&["name"], "an experiment needs a name").into());
    }
    let api = api(context);
    let row = store::experiments::rename(api.store.write(), principal(context), id, &name).await?;
    let row = row.ok_or_else(|| UserError::not_found(&["experimentId"], "experiment"))?;
    api.log.announce(id);
    Ok(Experiment::new(row))
}

async fn delete(context: &Context<'_>, input: DeleteExperimentInput) -> Result<ID, Failure> {
    let id = named(&input.experiment_id)?;
    let api = api(context);
    let row = store::experiments::owned(api.store.read(), principal(context), id).await?;
    row.ok_or_else(|| UserError::not_found(&["experimentId"], "experiment"))?;
    for session in store::experiments::session_ids(api.store.read(), id).await? {
        // Refused when nothing runs, which is what is wanted.
        let _ = api.directory.cancel(session).await;
    }
    api.datasets.delete_experiment(id).await.map_err(refused)?;
    api.log.announce(id);
    Ok(input.experiment_id)
}

async fn found(context: &Context<'_>, id: ExperimentId) -> Result<Experiment, Failure> {
    let row = store::experiments::owned(api(context).store.read(), principal(context), id).await?;
    Ok(Experiment::new(row.ok_or_else(|| UserError::not_found(&[], "experiment"))?))
}

fn named(id: &ID) -> Result<ExperimentId, Failure> {
    ExperimentId::from_global(id)
        .ok_or_else(|| UserError::not_found(&["experimentId"], "experiment").into())
}

fn fits(field: &str, text: &str, limit: usize) -> Result<(), Failure> {
    if text.len() <= limit {
        return Ok(());
    }
    Err(UserError::invalid(&[field], format!("`{field}` is longer than {limit} bytes")).into())
}

fn one_line(text: &str) -> String {
    let line: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    line.trim().to_owned()
}

/// Every kind of failure of a dataset, as the API says it.
fn refused(error: DatasetError) -> Failure {
    match error {
        DatasetError::Problems(problems) => Failure::User(
            problems
                .into_iter()
                .map(|problem| {
                    let (code, path): (_, &[&str]) = match problem.kind {
                        ProblemKind::Data if problem.code.starts_with("TARGET") => {
                            (UserErrorCode::BadData, &["target"])
                        }
                        ProblemKind::Data => (UserErrorCode::BadData, &["source"]),
                        ProblemKind::Upload => {
                            (UserErrorCode::UploadIncomplete, &["source", "uploadIds"])
                        }
                        ProblemKind::Sample => (UserErrorCode::NotFound, &["source", "sampleId"]),
                    };
                    let mut said = UserError::new(code, path, problem.message);
                    said.detail = Some(problem.code);
                    said
                })
                .collect(),
        ),
        DatasetError::Unavailable(text) => {
            UserError::new(UserErrorCode::Unavailable, &[], text).into()
        }
        DatasetError::NoExperiment => UserError::not_found(&["experimentId"], "experiment").into(),
        DatasetError::Store(_)
        | DatasetError::Sandbox(_)
        | DatasetError::Object(_)
        | DatasetError::Runner { .. } => ApiError::internal(&error).into(),
    }
}
