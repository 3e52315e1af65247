//! What a run can be told beside being started: go on, take more, begin the next stage.

use super::{
    budgets::BudgetsInput,
    context::{Caller, api},
    error::{Failure, UserError, outcome},
    idempotency::once,
    session::Session,
    session_mutations::{found, owned, payload, started},
    stage_run::StageRun,
    vocab::Effort,
};
use crate::session::DriverRequest;
use async_graphql::{Context, ID, InputObject, Object, SimpleObject};

/// What `resumeStage` takes.
#[derive(InputObject)]
pub struct ResumeStageInput {
    /// The session.
    session_id: ID,
    /// The model provider; what it was before when it is absent.
    provider: Option<String>,
    /// The model; what it was before, or another provider's default, when it is absent.
    model: Option<String>,
    /// How hard the model thinks; what it was before when it is absent.
    effort: Option<Effort>,
    /// The most that it may take; what is absent stays as it was.
    budgets: Option<BudgetsInput>,
    /// The same key answers the first result again.
    idempotency_key: Option<String>,
}

/// What `setBudgets` takes.
#[derive(InputObject)]
pub struct SetBudgetsInput {
    /// The session.
    session_id: ID,
    /// The limits; what is absent stays as it was.
    budgets: BudgetsInput,
}

/// What `approveStage` takes.
#[derive(InputObject)]
pub struct ApproveStageInput {
    /// The session.
    session_id: ID,
    /// True lets the stage begin; false leaves the session at rest.
    approve: bool,
}

payload!(
    /// What `resumeStage` answers.
    ResumeStagePayload,
    /// The stage run that goes on; null when there are errors.
    stage_run: StageRun
);
payload!(
    /// What `setBudgets` answers.
    SetBudgetsPayload
);
payload!(
    /// What `approveStage` answers.
    ApproveStagePayload
);

#[derive(Default)]
pub struct RunMutation;

#[Object]
impl RunMutation {
    /// Lets the failed or cancelled stage go on from its last finished tool call, with its files and
    /// its conversation as they were.
    async fn resume_stage(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "The session, and what is to be different.")] input: ResumeStageInput,
    ) -> async_graphql::Result<ResumeStagePayload> {
        let (resumed, user_errors) = outcome(resume(context, input).await)?;
        let (session, stage_run) = resumed.unzip();
        Ok(ResumeStagePayload { session, stage_run, user_errors })
    }

    /// Changes the limits of the run at work, at once, or of the one that can be resumed.
    async fn set_budgets(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "The session and the limits.")] input: SetBudgetsInput,
    ) -> async_graphql::Result<SetBudgetsPayload> {
        let (session, user_errors) = outcome(limit(context, input).await)?;
        Ok(SetBudgetsPayload { session, user_errors })
    }

    /// Gives the user's word on the stage that approval mode asks about.
    async fn approve_stage(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "The session and the word.")] input: ApproveStageInput,
    ) -> async_graphql::Result<ApproveStagePayload> {
        let (session, user_errors) = outcome(approve(context, input).await)?;
        Ok(ApproveStagePayload { session, user_errors })
    }
}

async fn resume(
    context: &Context<'_>,
    input: ResumeStageInput,
) -> Result<(Session, StageRun), Failure> {
    let (api, caller) = (api(context), context.data_unchecked::<Caller>());
    let session = owned(context, &input.session_id).await?;
    let driver = DriverRequest {
        provider: input.provider.clone(),
        model: input.model.clone(),
        effort: input.effort.map(Into::into),
    };
    let default = api.directory.default_budgets();
    let budgets = match &input.budgets {
        Some(given) => {
            let now = api.directory.snapshot(session).await?.budgets.unwrap_or(default);
            Some(given.over(now, &default)?)
        }
        None => None,
    };
    let directory = api.directory.clone();
    // It makes nothing new: the run is the one that had ended.
    let work = move |_| async move {
        Ok(directory.resume_stage(session, driver, budgets).await?.to_string())
    };
    let key = input.idempotency_key.clone();
    let run = once(api, caller, "resumeStage", key, &input, work).await?;
    started(context, session, &run).await
}

async fn limit(context: &Context<'_>, input: SetBudgetsInput) -> Result<Session, Failure> {
    let session = owned(context, &input.session_id).await?;
    let directory = &api(context).directory;
    let default = directory.default_budgets();
    let now = directory.snapshot(session).await?.budgets.unwrap_or(default);
    directory.set_budgets(session, input.budgets.over(now, &default)?).await?;
    found(context, session).await
}

async fn approve(context: &Context<'_>, input: ApproveStageInput) -> Result<Session, Failure> {
    let session = owned(context, &input.session_id).await?;
    api(context).directory.approve(session, input.approve).await?;
    found(context, session).await
}
