//! What a session can be told. Whether it accepts is its own business; see `Session.allows`.

use super::{
    context::{Caller, api, principal},
    error::{ApiError, Failure, UserError, outcome},
    idempotency::once,
    ids::FromGlobal,
    scalars::Long,
    session::Session,
    stage_run::StageRun,
    vocab::Stage,
};
use crate::{event::Budgets, session::StageRequest, store};
use async_graphql::{Context, ID, InputObject, Object, SimpleObject};
use entity::ids::{ExperimentId, SessionId, StageRunId};

/// Bytes of an answer to a question.
const MAX_ANSWER: usize = 32 * 1024;

/// What `createSession` takes.
#[derive(InputObject)]
pub struct CreateSessionInput {
    /// The experiment.
    experiment_id: ID,
    /// The same key answers the first result again.
    idempotency_key: Option<String>,
}

/// What `startStage` takes.
#[derive(InputObject)]
pub struct StartStageInput {
    /// The session.
    session_id: ID,
    /// The stage; one that was done before is run again.
    stage: Stage,
    /// The stage to continue to without being asked; `stage` itself by default.
    through: Option<Stage>,
    /// The model provider; the server's default when it is absent.
    provider: Option<String>,
    /// The model; the provider's default when it is absent.
    model: Option<String>,
    /// The seed of everything random, from 0; 42 by default.
    seed: Option<Long>,
    /// The most that it may take; what is absent takes its default.
    budgets: Option<BudgetsInput>,
    /// The same key answers the first result again.
    idempotency_key: Option<String>,
}

/// The most that a stage run may take.
#[derive(InputObject)]
pub struct BudgetsInput {
    /// Calls of the model: 1 to 1000; 30 by default.
    turns: Option<i32>,
    /// Wall-clock seconds of the stage: 10 to 86400; 3600 by default.
    stage_seconds: Option<i32>,
    /// Wall-clock seconds of one execution: 1 to 86400; 600 by default.
    execution_seconds: Option<i32>,
    /// MiB of memory of one execution: 256 to 1048576; 4096 by default.
    memory_mib: Option<i32>,
}

/// What `sendMessage` takes.
#[derive(InputObject)]
pub struct SendMessageInput {
    /// The session.
    session_id: ID,
    /// What to say; the agent reads it at its next turn.
    text: String,
    /// The same key answers the first result again.
    idempotency_key: Option<String>,
}

/// What `answerQuestion` takes.
#[derive(InputObject)]
pub struct AnswerQuestionInput {
    /// The session.
    session_id: ID,
    /// The `callId` of the question.
    call_id: String,
    /// One of its options, or any text.
    answer: String,
}

/// What `cancelSession` takes.
#[derive(InputObject)]
pub struct CancelSessionInput {
    /// The session.
    session_id: ID,
}

/// What `retryStage` takes.
#[derive(InputObject)]
pub struct RetryStageInput {
    /// The session.
    session_id: ID,
    /// The stage to continue to without being asked; what it was before by default.
    through: Option<Stage>,
    /// The same key answers the first result again.
    idempotency_key: Option<String>,
}

macro_rules! payload {
    ($(#[$doc:meta])* $name:ident $(, $(#[$fdoc:meta])* $field:ident: $ty:ty)?) => {
        $(#[$doc])*
        #[derive(SimpleObject)]
        pub struct $name {
            /// The session; null when there are errors.
            session: Option<Session>,
            $( $(#[$fdoc])* $field: Option<$ty>, )?
            /// What is wrong with the input, or why the session refused.
            user_errors: Vec<UserError>,
        }
    };
}

payload!(
    /// What `createSession` answers.
    CreateSessionPayload
);
payload!(
    /// What `startStage` answers.
    StartStagePayload,
    /// The stage run that began; null when there are errors.
    stage_run: StageRun
);
payload!(
    /// What `sendMessage` answers.
    SendMessagePayload
);
payload!(
    /// What `answerQuestion` answers.
    AnswerQuestionPayload
);
payload!(
    /// What `cancelSession` answers.
    CancelSessionPayload
);
payload!(
    /// What `retryStage` answers.
    RetryStagePayload,
    /// The stage run that began; null when there are errors.
    stage_run: StageRun
);

#[derive(Default)]
pub struct SessionMutation;

#[Object]
impl SessionMutation {
    /// Makes a session of an experiment. Nothing runs until a stage is started.
    async fn create_session(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "The experiment.")] input: CreateSessionInput,
    ) -> async_graphql::Result<CreateSessionPayload> {
        let (session, user_errors) = outcome(create(context, input).await)?;
        Ok(CreateSessionPayload { session, user_errors })
    }

    /// Starts a stage.
    async fn start_stage(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "The stage, and how to run it.")] input: StartStageInput,
    ) -> async_graphql::Result<StartStagePayload> {
        let (started, user_errors) = outcome(start(context, input).await)?;
        let (session, stage_run) = started.unzip();
        Ok(StartStagePayload { session, stage_run, user_errors })
    }

    /// Says something to the agent: it steers one that is at work, and waits for the next run
    /// otherwise.
    async fn send_message(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "The message.")] input: SendMessageInput,
    ) -> async_graphql::Result<SendMessagePayload> {
        let (session, user_errors) = outcome(send(context, input).await)?;
        Ok(SendMessagePayload { session, user_errors })
    }

    /// Answers the question that the agent waits with.
    async fn answer_question(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "The answer.")] input: AnswerQuestionInput,
    ) -> async_graphql::Result<AnswerQuestionPayload> {
        let (session, user_errors) = outcome(answer(context, input).await)?;
        Ok(AnswerQuestionPayload { session, user_errors })
    }

    /// Stops what runs, within a second.
    async fn cancel_session(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "The session.")] input: CancelSessionInput,
    ) -> async_graphql::Result<CancelSessionPayload> {
        let (session, user_errors) = outcome(cancel(context, input).await)?;
        Ok(CancelSessionPayload { session, user_errors })
    }

    /// Runs the failed or cancelled stage again, with the provider, model and seed that it had.
    async fn retry_stage(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "The session.")] input: RetryStageInput,
    ) -> async_graphql::Result<RetryStagePayload> {
        let (started, user_errors) = outcome(retry(context, input).await)?;
        let (session, stage_run) = started.unzip();
        Ok(RetryStagePayload { session, stage_run, user_errors })
    }
}

async fn create(context: &Context<'_>, input: CreateSessionInput) -> Result<Session, Failure> {
    let (api, caller) = (api(context), context.data_unchecked::<Caller>());
    let experiment = ExperimentId::from_global(&input.experiment_id)
        .ok_or_else(|| UserError::not_found(&["experimentId"], "experiment"))?;
    let work = {
        let (api, principal) = (api.clone(), caller.principal.clone());
        async move {
            let id = api.directory.create(&principal, experiment).await?;
            api.log.announce(experiment);
            Ok(id.to_string())
        }
    };
    let key = input.idempotency_key.clone();
    let id = once(api, caller, "createSession", key, &input, work).await?;
    let id = id.parse().map_err(|error: uuid::Error| ApiError::internal(&error))?;
    found(context, id).await
}

async fn start(
    context: &Context<'_>,
    input: StartStageInput,
) -> Result<(Session, StageRun), Failure> {
    let (api, caller) = (api(context), context.data_unchecked::<Caller>());
    let session = owned(context, &input.session_id).await?;
    let request = StageRequest {
        stage: input.stage.into(),
        through: input.through.map(Into::into),
        provider: input.provider.clone(),
        model: input.model.clone(),
        seed: seed(input.seed)?,
        budgets: budgets(api.directory.default_budgets(), input.budgets.as_ref())?,
    };
    let directory = api.directory.clone();
    let work = async move { Ok(directory.start_stage(session, request).await?.to_string()) };
    let key = input.idempotency_key.clone();
    let run = once(api, caller, "startStage", key, &input, work).await?;
    started(context, session, &run).await
}

async fn retry(
    context: &Context<'_>,
    input: RetryStageInput,
) -> Result<(Session, StageRun), Failure> {
    let (api, caller) = (api(context), context.data_unchecked::<Caller>());
    let session = owned(context, &input.session_id).await?;
    let (directory, through) = (api.directory.clone(), input.through.map(Into::into));
    let work = async move { Ok(directory.retry(session, through).await?.to_string()) };
    let key = input.idempotency_key.clone();
    let run = once(api, caller, "retryStage", key, &input, work).await?;
    started(context, session, &run).await
}

async fn send(context: &Context<'_>, input: SendMessageInput) -> Result<Session, Failure> {
    let (api, caller) = (api(context), context.data_unchecked::<Caller>());
    let session = owned(context, &input.session_id).await?;
    let (directory, text) = (api.directory.clone(), input.text.clone());
    let work = async move { Ok(directory.post_message(session, text).await?.to_string()) };
    let key = input.idempotency_key.clone();
    once(api, caller, "sendMessage", key, &input, work).await?;
    found(context, session).await
}

async fn answer(context: &Context<'_>, input: AnswerQuestionInput) -> Result<Session, Failure> {
    let session = owned(context, &input.session_id).await?;
    if input.answer.len() > MAX_ANSWER {
        let message = format!("the answer is longer than {MAX_ANSWER} bytes");
        return Err(UserError::invalid(&["answer"], message).into());
    }
    api(context).directory.answer(session, input.call_id, input.answer).await?;
    found(context, session).await
}

async fn cancel(context: &Context<'_>, input: CancelSessionInput) -> Result<Session, Failure> {
    let session = owned(context, &input.session_id).await?;
    api(context).directory.cancel(session).await?;
    found(context, session).await
}

/// The session that an input names, when it is the principal's.
async fn owned(context: &Context<'_>, id: &ID) -> Result<SessionId, Failure> {
    let missing = || UserError::not_found(&["sessionId"], "session");
    let id = SessionId::from_global(id).ok_or_else(missing)?;
    let db = api(context).store.read();
    store::sessions::owned(db, principal(context), id).await?.ok_or_else(missing)?;
    Ok(id)
}

/// The session as it is now.
async fn found(context: &Context<'_>, id: SessionId) -> Result<Session, Failure> {
    let row = store::sessions::owned(api(context).store.read(), principal(context), id).await?;
    Ok(Session::new(row.ok_or_else(|| UserError::not_found(&["sessionId"], "session"))?))
}

async fn started(
    context: &Context<'_>,
    session: SessionId,
    run: &str,
) -> Result<(Session, StageRun), Failure> {
    let run: StageRunId = run.parse().map_err(|error: uuid::Error| ApiError::internal(&error))?;
    let row = store::stage_runs::by_ids(api(context).store.read(), &[run]).await?.pop();
    let row = row.ok_or_else(|| UserError::not_found(&[], "stage run"))?;
    Ok((found(context, session).await?, StageRun::new(row)))
}

fn seed(given: Option<Long>) -> Result<Option<u64>, Failure> {
    let parse = |seed: Long| {
        // What NumPy and scikit-learn take.
        u32::try_from(seed.0).map(u64::from).map_err(|_| {
            UserError::invalid(&["seed"], "a seed is a whole number from 0 to 4294967295")
        })
    };
    Ok(given.map(parse).transpose()?)
}

/// What was asked for, within what the operator allows.
fn budgets(allowed: Budgets, given: Option<&BudgetsInput>) -> Result<Budgets, Failure> {
    let mut budgets = allowed;
    let Some(given) = given else { return Ok(budgets) };
    let checked = |field: &str, value: Option<i32>, from: i32, to: i32| match value {
        Some(value) if !(from..=to).contains(&value) => {
            let message = format!("`{field}` goes from {from} to {to}");
            Err(UserError::invalid(&["budgets", field], message))
        }
        Some(value) => Ok(Some(value.unsigned_abs())),
        None => Ok(None),
    };
    let turns = checked("turns", given.turns, 1, 1000)?;
    let stage = checked("stageSeconds", given.stage_seconds, 10, 86_400)?;
    let execution = checked("executionSeconds", given.execution_seconds, 1, 86_400)?;
    let memory = checked(
        "memoryMib",
        given.memory_mib,
        256,
        i32::try_from(allowed.memory_mib).unwrap_or(i32::MAX),
    )?;
    budgets.turns = turns.unwrap_or(budgets.turns);
    budgets.stage_seconds = stage.map_or(budgets.stage_seconds, u64::from);
    budgets.execution_seconds = execution.map_or(budgets.execution_seconds, u64::from);
    budgets.memory_mib = memory.map_or(budgets.memory_mib, u64::from);
    Ok(budgets)
}
