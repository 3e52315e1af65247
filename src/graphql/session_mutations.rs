//! What a session can be told. Whether it accepts is its own business; see `Session.allows`.

use super::{
    budgets::BudgetsInput,
    context::{Caller, api, principal},
    error::{ApiError, Failure, UserError, outcome},
    idempotency::once,
    ids::FromGlobal,
    scalars::Long,
    session::Session,
    stage_run::StageRun,
    vocab::{Effort, Stage},
};
use crate::{
    session::{DriverRequest, StageRequest},
    store,
};
use async_graphql::{Context, ID, InputObject, Object, SimpleObject};
use entity::ids::{ExperimentId, MessageId, SessionId, StageRunId};

/// Bytes of an answer to a question.
const MAX_ANSWER: usize = 32 * 1024;

/// What `createSession` takes.
#[derive(InputObject)]
pub struct CreateSessionInput {
    /// The experiment.
    experiment_id: ID,
    /// The model provider of its runs; the server's default when it is absent.
    provider: Option<String>,
    /// The model of its runs; the provider's default when it is absent.
    model: Option<String>,
    /// How hard the model thinks; its own default when it is absent.
    effort: Option<Effort>,
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
    /// The model provider; the session's own choice or the server's default when it is absent.
    provider: Option<String>,
    /// The model; the session's own choice or the provider's default when it is absent.
    model: Option<String>,
    /// How hard the model thinks; its own default when it is absent.
    effort: Option<Effort>,
    /// Ask before each later stage; false by default.
    approval: Option<bool>,
    /// Who drives later stages, where it is somebody else.
    choices: Option<Vec<StageChoiceInput>>,
    /// The seed of everything random, from 0; 42 by default.
    seed: Option<Long>,
    /// The most that it may take; what is absent takes its default.
    budgets: Option<BudgetsInput>,
    /// The same key answers the first result again.
    idempotency_key: Option<String>,
}

/// Who drives one stage of several.
#[derive(InputObject)]
pub struct StageChoiceInput {
    /// The stage.
    stage: Stage,
    /// The model provider; the one of the first stage when it is absent.
    provider: Option<String>,
    /// The model; the one of the first stage or the provider's default when it is absent.
    model: Option<String>,
    /// How hard the model thinks.
    effort: Option<Effort>,
}

/// What `sendMessage` takes.
#[derive(InputObject)]
pub struct SendMessageInput {
    /// The session.
    session_id: ID,
    /// What to say; the agent reads it at its next turn.
    text: String,
    /// Stop what runs first; false by default.
    interrupt: Option<bool>,
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

/// A payload with the session and what is wrong.
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

pub(super) use payload;

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

    /// Says something to the agent: it steers one that is at work. At rest it is answered in a
    /// follow-up, which changes no result, when the provider converses; otherwise it is kept for the
    /// next run.
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

    /// Runs the failed or cancelled stage again from its beginning, with what it was started with.
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
        let driver = DriverRequest {
            provider: input.provider.clone(),
            model: input.model.clone(),
            effort: input.effort.map(Into::into),
        };
        move |id| async move {
            let id = SessionId(id);
            api.directory.create(&principal, id, experiment, driver).await?;
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
    let default = api.directory.default_budgets();
    let request = StageRequest {
        id: StageRunId::new(),
        stage: input.stage.into(),
        through: input.through.map(Into::into),
        driver: DriverRequest {
            provider: input.provider.clone(),
            model: input.model.clone(),
            effort: input.effort.map(Into::into),
        },
        later: later(input.choices.as_deref().unwrap_or_default()),
        approval: input.approval.unwrap_or(false),
        seed: seed(input.seed)?,
        budgets: match &input.budgets {
            Some(given) => given.over(default, &default)?,
            None => default,
        },
    };
    let directory = api.directory.clone();
    let work = move |id| async move {
        let request = StageRequest { id: StageRunId(id), ..request };
        Ok(directory.start_stage(session, request).await?.to_string())
    };
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
    let work = move |id| async move {
        Ok(directory.retry(session, StageRunId(id), through).await?.to_string())
    };
    let key = input.idempotency_key.clone();
    let run = once(api, caller, "retryStage", key, &input, work).await?;
    started(context, session, &run).await
}

async fn send(context: &Context<'_>, input: SendMessageInput) -> Result<Session, Failure> {
    let (api, caller) = (api(context), context.data_unchecked::<Caller>());
    let session = owned(context, &input.session_id).await?;
    let (directory, text) = (api.directory.clone(), input.text.clone());
    let interrupt = input.interrupt.unwrap_or(false);
    let work = move |id| async move {
        let id = MessageId(id);
        directory.post_message(session, id, text, interrupt).await?;
        Ok(id.to_string())
    };
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
pub(super) async fn owned(context: &Context<'_>, id: &ID) -> Result<SessionId, Failure> {
    let missing = || UserError::not_found(&["sessionId"], "session");
    let id = SessionId::from_global(id).ok_or_else(missing)?;
    let db = api(context).store.read();
    store::sessions::owned(db, principal(context), id).await?.ok_or_else(missing)?;
    Ok(id)
}

/// The session as it is now.
pub(super) async fn found(context: &Context<'_>, id: SessionId) -> Result<Session, Failure> {
    let row = store::sessions::owned(api(context).store.read(), principal(context), id).await?;
    Ok(Session::new(row.ok_or_else(|| UserError::not_found(&["sessionId"], "session"))?))
}

pub(super) async fn started(
    context: &Context<'_>,
    session: SessionId,
    run: &str,
) -> Result<(Session, StageRun), Failure> {
    let run: StageRunId = run.parse().map_err(|error: uuid::Error| ApiError::internal(&error))?;
    let row = store::stage_runs::by_ids(api(context).store.read(), &[run]).await?.pop();
    let row = row.ok_or_else(|| UserError::not_found(&[], "stage run"))?;
    Ok((found(context, session).await?, StageRun::new(row)))
}

fn later(choices: &[StageChoiceInput]) -> Vec<(entity::vocab::Stage, DriverRequest)> {
    let driver = |choice: &StageChoiceInput| DriverRequest {
        provider: choice.provider.clone(),
        model: choice.model.clone(),
        effort: choice.effort.map(Into::into),
    };
    choices.iter().map(|choice| (choice.stage.into(), driver(choice))).collect()
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
