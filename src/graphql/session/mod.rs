//! Sessions: the object and its queries.

mod snapshot;

use super::{
    artifact::ArtifactConnection,
    budgets::{Budgets, Spent},
    connection::{PageArguments, connection, cost},
    context::api,
    error::{ApiError, Code},
    event,
    event_types::SessionEvent,
    experiment::Experiment,
    file::{FileEntry, Report, report, volume},
    ids::{FromGlobal, Global},
    loaders::{ArtifactsOf, ArtifactsPage, RunsOf, SeriesOf, UsageOf, rows},
    message::MessageConnection,
    metric::{MetricBucket, MetricSeries},
    outcome::{self, ProcessedDataset, SessionResult, Usage},
    ready::{Ready, ReadyList},
    scalars::{Long, Time},
    stage_run::{StageStatus, statuses},
    vocab::{ArtifactType, Effort, SessionState, Stage},
};
use crate::{
    sandbox::VolumePath,
    session::SessionSnapshot,
    store::{self, artifacts, glance::Moment, series},
};
use async_graphql::{Context, ID, Object};
use entity::{
    ids::{SessionId, StageRunId},
    sessions,
};
pub use snapshot::{Chart, PlanStep};
use snapshot::{OpenQuestion, SessionAllows};
use tokio::sync::OnceCell;
use uuid::Uuid;

const BUCKETS: i32 = 600;
const MAX_BUCKETS: i32 = 2000;

connection!(
    /// A page of sessions.
    SessionConnection, SessionEdge, Session of sessions::Model, by id, total_count: Long
);

/// One pass through the pipeline.
///
/// The future of any field has room for that of the largest one, and is moved before it is polled. So what no list
/// shows is boxed where it is large: otherwise a list moves megabytes.
pub struct Session {
    row: sessions::Model,
    /// What its actor says, asked once however many fields want it.
    snapshot: OnceCell<SessionSnapshot>,
}

impl Session {
    pub fn new(row: sessions::Model) -> Self {
        Self { row, snapshot: OnceCell::new() }
    }

    fn moment(&self) -> Moment {
        Moment { session: self.row.id, last_seq: self.row.last_seq }
    }

    async fn snapshot(&self, context: &Context<'_>) -> Result<&SessionSnapshot, ApiError> {
        let ask = || Box::pin(api(context).directory.snapshot(self.row.id));
        Ok(self.snapshot.get_or_try_init(ask).await?)
    }
}

/// One pass through the pipeline.
#[Object]
impl Session {
    /// The id: opaque, and unique among all types.
    pub async fn id(&self) -> ID {
        Global::Session(self.row.id).id()
    }

    /// The experiment that it belongs to.
    async fn experiment(&self, context: &Context<'_>) -> Result<Experiment, ApiError> {
        let row = rows(context).load_one(self.row.experiment_id).await?;
        row.map(Experiment::new)
            .ok_or_else(|| ApiError::new(Code::NotFound, "the experiment was deleted meanwhile"))
    }

    /// How it stands.
    async fn state(&self) -> SessionState {
        self.row.state.into()
    }

    /// When it was made.
    async fn created_at(&self) -> Time {
        Time(self.row.created_at)
    }

    /// When its state last changed.
    async fn updated_at(&self) -> Time {
        Time(self.row.updated_at)
    }

    /// What it would accept now.
    async fn allows(&self, context: &Context<'_>) -> Result<SessionAllows, ApiError> {
        Ok(SessionAllows::of(self.snapshot(context).await?))
    }

    /// The provider of the session's own choice; null when it takes the server's default.
    async fn provider(&self, context: &Context<'_>) -> Result<Option<String>, ApiError> {
        let driver = &self.snapshot(context).await?.driver;
        Ok(driver.as_ref().map(|driver| driver.provider.clone()))
    }

    /// The model of the session's own choice; null when it takes the server's default.
    async fn model(&self, context: &Context<'_>) -> Result<Option<String>, ApiError> {
        let driver = &self.snapshot(context).await?.driver;
        Ok(driver.as_ref().map(|driver| driver.model.clone()))
    }

    /// The effort of the session's own choice; null when it takes the model's default.
    async fn effort(&self, context: &Context<'_>) -> Result<Option<Effort>, ApiError> {
        let driver = &self.snapshot(context).await?.driver;
        Ok(driver.as_ref().and_then(|driver| driver.effort).map(Into::into))
    }

    /// The agent is answering a message; the state stays what it is meanwhile.
    async fn answering(&self) -> bool {
        self.row.answering
    }

    /// A message at rest is answered in a follow-up; otherwise it is kept for the next run.
    async fn converses(&self, context: &Context<'_>) -> Result<bool, ApiError> {
        Ok(self.snapshot(context).await?.converses)
    }

    /// The stage that waits for the user's word, in approval mode.
    async fn awaiting_approval(&self, context: &Context<'_>) -> Result<Option<Stage>, ApiError> {
        Ok(self.snapshot(context).await?.allows.approve.map(Stage::from))
    }

    /// The question that waits for an answer.
    async fn question(&self, context: &Context<'_>) -> Result<Option<OpenQuestion>, ApiError> {
        Ok(OpenQuestion::of(self.snapshot(context).await?))
    }

    /// The limits of the run at work, or of the one that can be resumed.
    async fn budgets(&self, context: &Context<'_>) -> Result<Option<Budgets>, ApiError> {
        Ok(self.snapshot(context).await?.budgets.map(Into::into))
    }

    /// What its runs have taken in all.
    async fn spent(&self, context: &Context<'_>) -> Result<Spent, ApiError> {
        Ok(self.snapshot(context).await?.spent.into())
    }

    /// Why files of finished stages are not in the object store yet, in one sentence; null while nothing is wrong.
    async fn sync_warning(&self, context: &Context<'_>) -> Option<String> {
        api(context).directory.syncing().warning(self.row.id)
    }

    /// Where its transcript can be fetched, below this server: JSON that provider `replay` plays.
    async fn transcript_url(&self) -> String {
        format!("/transcripts/{}", self.row.id)
    }

    /// Its stages, in the order of the pipeline.
    async fn stages(&self, context: &Context<'_>) -> Result<Vec<StageStatus>, ApiError> {
        let runs = rows(context).load_one(RunsOf(self.row.id)).await?.unwrap_or_default();
        Ok(statuses(&runs))
    }

    /// The conversation, oldest first.
    #[graphql(complexity = "cost(first, last, child_complexity)")]
    async fn messages(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "How many from the start: 1 to 100.")] first: Option<i32>,
        #[graphql(desc = "Only those after this cursor.")] after: Option<String>,
        #[graphql(desc = "How many from the end: 1 to 100.")] last: Option<i32>,
        #[graphql(desc = "Only those before this cursor.")] before: Option<String>,
    ) -> Result<MessageConnection, ApiError> {
        let page = PageArguments { first, after, last, before }.page::<i64>()?;
        let read = store::messages::page(api(context).store.read(), self.row.id, page);
        Ok(MessageConnection::new(&page, Box::pin(read).await?))
    }

    /// The files that its stages reported, oldest first, without those of superseded runs.
    #[graphql(complexity = "cost(first, last, child_complexity)")]
    #[allow(clippy::too_many_arguments, reason = "they are the arguments of a connection")]
    async fn artifacts(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "How many from the start: 1 to 100.")] first: Option<i32>,
        #[graphql(desc = "Only those after this cursor.")] after: Option<String>,
        #[graphql(desc = "How many from the end: 1 to 100.")] last: Option<i32>,
        #[graphql(desc = "Only those before this cursor.")] before: Option<String>,
        #[graphql(desc = "Only those of this stage.")] stage: Option<Stage>,
        #[graphql(desc = "Only those of this type.", name = "type")] kind: Option<ArtifactType>,
    ) -> Result<Ready<ArtifactConnection>, ApiError> {
        let page = PageArguments { first, after, last, before }.page::<Uuid>()?;
        let wanted = artifacts::Wanted { stage: stage.map(Into::into), kind: kind.map(Into::into) };
        let rows = rows(context);
        // A list often shows the count alone.
        let shown = |field: &&str| context.look_ahead().field(field).exists();
        let slice = async {
            match ["edges", "nodes", "pageInfo"].iter().any(shown) {
                true => rows.load_one(ArtifactsPage(self.row.id, wanted, page)).await,
                false => Ok(None),
            }
        };
        let total = rows.load_one(ArtifactsOf(self.moment(), wanted));
        let (total, slice) = tokio::try_join!(total, slice)?;
        let (total, slice) = (total.unwrap_or(0), slice.unwrap_or_default());
        Ok(Ready(ArtifactConnection::new(&page, slice, total.into())))
    }

    /// Its files as they are now, sorted by path.
    // As if of a thousand files: what is dear for one, text or a preview, is asked of `file(path)`.
    #[graphql(complexity = "20 + 1000 * child_complexity")]
    async fn files(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "Only those in the folder of this stage.")] stage: Option<Stage>,
    ) -> Result<Vec<FileEntry>, ApiError> {
        let folder = match stage {
            Some(stage) => {
                let stage = entity::vocab::Stage::from(stage);
                Some(
                    VolumePath::parse(stage.as_str())
                        .map_err(|error| ApiError::internal(&error))?,
                )
            }
            None => None,
        };
        let listing = volume(context, self.row.id).await?.list(folder.as_ref()).await?;
        let shown = listing.files.into_iter().filter(|stat| !stat.path.is_hidden());
        Ok(shown.map(|stat| FileEntry::new(self.row.id, stat)).collect())
    }

    /// One of its files as it is now; null when there is none.
    async fn file(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "Relative to the session's folder.")] path: String,
    ) -> Result<Option<FileEntry>, ApiError> {
        let path =
            VolumePath::parse(&path).map_err(|error| ApiError::bad_input(error.to_string()))?;
        let stat = volume(context, self.row.id).await?.stat(&path).await?;
        Ok(stat.map(|stat| FileEntry::new(self.row.id, stat)))
    }

    /// The report of a stage; null before there is one.
    #[graphql(complexity = "20 + child_complexity")]
    async fn report(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "The stage.")] stage: Stage,
    ) -> Result<Option<Report>, ApiError> {
        report(context, self.row.id, stage.into()).await
    }

    /// Latest and best of every metric series, without those of superseded runs: of each stage run the first 1,000
    /// that it logged. Any other is there by its name, see `metric`.
    #[graphql(complexity = "50 + 20 * child_complexity")]
    async fn metric_series(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "Only those of this stage.")] stage: Option<Stage>,
    ) -> Result<ReadyList<MetricSeries>, ApiError> {
        let shown = |field: &&str| context.look_ahead().field(field).exists();
        let extent = MetricSeries::OF_EXTENT.iter().any(shown);
        let key = SeriesOf(self.moment(), stage.map(Into::into), extent);
        let found = rows(context).load_one(key).await?.unwrap_or_default();
        Ok(ReadyList(found.iter().cloned().map(Into::into).collect()))
    }

    /// Points of one series by step, in buckets that the server makes of them: as many as `buckets`
    /// allows, of steps `from` to `to`. It costs what is shown, at any zoom.
    #[graphql(complexity = "200 + child_complexity")]
    #[allow(clippy::too_many_arguments, reason = "a chart has this many")]
    async fn metric(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "The name of the series.")] name: String,
        #[graphql(desc = "The tag of the run; absent for points without one.")] run: Option<String>,
        #[graphql(desc = "The stage run; absent for those that are not superseded.")]
        stage_run_id: Option<ID>,
        #[graphql(desc = "The first step that is wanted; absent for the series' first.")]
        from: Option<Long>,
        #[graphql(desc = "The last step that is wanted; absent for the series' last.")] to: Option<
            Long,
        >,
        #[graphql(desc = "How many buckets at most: 1 to 2000; 600 by default.")] buckets: Option<
            i32,
        >,
    ) -> Result<Vec<MetricBucket>, ApiError> {
        let buckets = buckets.unwrap_or(BUCKETS);
        if !(1..=MAX_BUCKETS).contains(&buckets) {
            return Err(ApiError::bad_input(format!("`buckets` goes from 1 to {MAX_BUCKETS}")));
        }
        let stage_run = match stage_run_id {
            Some(id) => match StageRunId::from_global(&id) {
                Some(id) => Some(id),
                None => return Ok(Vec::new()),
            },
            None => None,
        };
        let wanted = series::Wanted {
            session: self.row.id,
            name,
            run,
            stage_run,
            from: from.map(|step| step.0),
            to: to.map(|step| step.0),
            buckets: buckets.into(),
        };
        let found = Box::pin(series::bucketed(api(context).store.read(), &wanted)).await?;
        Ok(found.into_iter().map(Into::into).collect())
    }

    /// The dashboard as it was last laid out.
    async fn charts(&self, context: &Context<'_>) -> Result<Vec<Chart>, ApiError> {
        Ok(self.snapshot(context).await?.charts.iter().cloned().map(Into::into).collect())
    }

    /// The agent's plan as it was last given.
    async fn plan(&self, context: &Context<'_>) -> Result<Vec<PlanStep>, ApiError> {
        Ok(self.snapshot(context).await?.plan.iter().cloned().map(Into::into).collect())
    }

    /// What Prep made; null before.
    async fn processed_dataset(
        &self,
        context: &Context<'_>,
    ) -> Result<Option<ProcessedDataset>, ApiError> {
        let found = store::processed::of_session(api(context).store.read(), self.row.id);
        Ok(Box::pin(found).await?.map(Into::into))
    }

    /// The headline of the finished model, as the agent's metadata claims it; null before Train is done.
    #[graphql(complexity = "20 + child_complexity")]
    async fn result(&self, context: &Context<'_>) -> Result<Option<SessionResult>, ApiError> {
        outcome::result(context, self.row.id).await
    }

    /// What it consumed.
    async fn usage(&self, context: &Context<'_>) -> Result<Usage, ApiError> {
        Ok(rows(context).load_one(UsageOf(self.row.id)).await?.into())
    }

    /// The log itself, oldest first. Large events make a page shorter than asked for, never empty:
    /// the end is reached where the last sequence is `lastSeq`.
    #[graphql(complexity = "cost(first, None, child_complexity)")]
    async fn events(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "Only those after this sequence.")] after: Option<Long>,
        #[graphql(desc = "How many: 1 to 100; 20 by default.")] first: Option<i32>,
    ) -> Result<Vec<SessionEvent>, ApiError> {
        let page = PageArguments { first, after: None, last: None, before: None }.page::<i64>()?;
        let after = after.map_or(0, |after| after.0.max(0));
        let entries = Box::pin(api(context).log.since(self.row.id, after, page.limit)).await?;
        Ok(entries.into_iter().map(|entry| event::entry(self.row.id, entry)).collect())
    }

    /// The sequence of the last event.
    async fn last_seq(&self) -> Long {
        self.row.last_seq.into()
    }
}

#[derive(Default)]
pub struct SessionQuery;

#[Object]
impl SessionQuery {
    /// One session; null when there is none.
    async fn session(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "The session.")] id: ID,
    ) -> Result<Option<Session>, ApiError> {
        let Some(id) = SessionId::from_global(&id) else { return Ok(None) };
        Ok(rows(context).load_one(id).await?.map(Session::new))
    }
}
