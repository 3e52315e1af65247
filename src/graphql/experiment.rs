//! Experiments: the object and its queries.

use super::{
    connection::{PageArguments, connection, cost},
    context::{api, principal},
    dataset::DatasetDescription,
    error::ApiError,
    ids::{FromGlobal, Global},
    loaders::{DatasetOf, FilesOf, SessionsOf, SessionsPage, rows},
    ready::Ready,
    scalars::{Long, Time},
    session::{Session, SessionConnection},
};
use crate::store::{self, experiments::Head, page::Page};
use async_graphql::{Context, ID, Object, SimpleObject};
use entity::ids::ExperimentId;
use uuid::Uuid;

connection!(
    /// A page of experiments.
    ExperimentConnection, ExperimentEdge, Experiment of Head, by id, total_count: Long
);

/// One dataset with the user's instructions.
#[derive(Clone)]
pub struct Experiment {
    row: Head,
}

/// A file that an experiment was made of.
#[derive(SimpleObject)]
pub struct DatasetFile {
    /// The name that the user gave it.
    name: String,
    /// Bytes.
    size: Long,
    /// SHA-256 of the bytes, lower-case hex.
    sha256: String,
}

impl Experiment {
    pub fn new(row: Head) -> Self {
        Self { row }
    }
}

/// One dataset with the user's instructions.
#[Object]
impl Experiment {
    /// The id: opaque, and unique among all types.
    pub async fn id(&self) -> ID {
        Global::Experiment(self.row.id).id()
    }

    /// Its name.
    async fn name(&self) -> &str {
        &self.row.name
    }

    /// What the user says that it is.
    async fn description(&self) -> &str {
        &self.row.description
    }

    /// What the user wants of it.
    async fn instructions(&self) -> &str {
        &self.row.instructions
    }

    /// The column to predict, when the user named it.
    async fn target(&self) -> Option<&str> {
        self.row.target_column.as_deref()
    }

    /// The table to train on, when the user named it.
    async fn main_table(&self) -> Option<&str> {
        self.row.main_table.as_deref()
    }

    /// When it was made.
    async fn created_at(&self) -> Time {
        Time(self.row.created_at)
    }

    /// The files that it was made of.
    async fn files(&self, context: &Context<'_>) -> Result<Vec<DatasetFile>, ApiError> {
        let files = rows(context).load_one(FilesOf(self.row.id)).await?.unwrap_or_default();
        Ok(files
            .into_iter()
            .map(|file| DatasetFile {
                name: file.file_name,
                size: file.size.unwrap_or(0).into(),
                sha256: file.sha256.unwrap_or_default(),
            })
            .collect())
    }

    /// What the server found in the files.
    async fn dataset(&self, context: &Context<'_>) -> Result<DatasetDescription, ApiError> {
        let found = rows(context).load_one(DatasetOf(self.row.id)).await?;
        Ok(found.map(DatasetDescription::from_json).unwrap_or_default())
    }

    /// Its sessions, newest first.
    #[graphql(complexity = "cost(first, last, child_complexity)")]
    async fn sessions(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "How many from the start: 1 to 100.")] first: Option<i32>,
        #[graphql(desc = "Only those after this cursor.")] after: Option<String>,
        #[graphql(desc = "How many from the end: 1 to 100.")] last: Option<i32>,
        #[graphql(desc = "Only those before this cursor.")] before: Option<String>,
    ) -> Result<Ready<SessionConnection>, ApiError> {
        let page = PageArguments { first, after, last, before }.page::<Uuid>()?;
        let rows = rows(context);
        let (total, slice) = tokio::try_join!(
            rows.load_one(SessionsOf(self.row.id)),
            rows.load_one(SessionsPage(self.row.id, page)),
        )?;
        let (total, slice) = (total.unwrap_or(0), slice.unwrap_or_default());
        Ok(Ready(SessionConnection::new(&page, slice, total.into())))
    }

    /// The newest session.
    async fn latest_session(
        &self,
        context: &Context<'_>,
    ) -> Result<Option<Ready<Session>>, ApiError> {
        let first = Page { after: None, before: None, limit: 1, from_end: false };
        let newest = rows(context).load_one(SessionsPage(self.row.id, first)).await?;
        let newest = newest.and_then(|slice| slice.rows.into_iter().next());
        Ok(newest.map(|row| Ready(Session::new(row))))
    }
}

#[derive(Default)]
pub struct ExperimentQuery;

#[Object]
impl ExperimentQuery {
    /// The experiments, newest first.
    #[graphql(complexity = "cost(first, last, child_complexity)")]
    async fn experiments(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "How many from the start: 1 to 100.")] first: Option<i32>,
        #[graphql(desc = "Only those after this cursor.")] after: Option<String>,
        #[graphql(desc = "How many from the end: 1 to 100.")] last: Option<i32>,
        #[graphql(desc = "Only those before this cursor.")] before: Option<String>,
        #[graphql(desc = "A part of the name, in any case.")] search: Option<String>,
    ) -> Result<ExperimentConnection, ApiError> {
        let page = PageArguments { first, after, last, before }.page::<Uuid>()?;
        let (db, principal) = (api(context).store.read(), principal(context));
        let search = search.as_deref().map(str::trim);
        let (total, slice) = tokio::try_join!(
            store::experiments::count(db, principal, search),
            store::experiments::page(db, principal, search, page),
        )?;
        Ok(ExperimentConnection::new(&page, slice, total.into()))
    }

    /// One experiment; null when there is none.
    async fn experiment(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "The experiment.")] id: ID,
    ) -> Result<Option<Experiment>, ApiError> {
        let Some(id) = ExperimentId::from_global(&id) else { return Ok(None) };
        Ok(rows(context).load_one(id).await?.map(Experiment::new))
    }
}
