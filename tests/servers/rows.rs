//! Databases with rows, and logs in them, without a server around them.

use super::support::experiment;
use chrono::Utc;
use entity::{
    events, experiments,
    ids::{ExperimentId, SessionId},
    sessions,
    vocab::SessionStateName,
};
use sea_orm::{
    ActiveModelTrait, ConnectOptions, ConnectionTrait, Database, DatabaseConnection, DbBackend,
    EntityTrait, IntoActiveModel, Statement,
};
use trainable::{
    event::{Draft, Entry, Event, Fact, SessionEvent},
    log::{AppendError, EventLog},
    store::{self, Store},
};

pub struct Rows {
    pub store: Store,
    pub log: EventLog,
    experiment: ExperimentId,
}

impl Rows {
    pub async fn open(url: &str) -> Self {
        let store = Store::open_postgres(url).await.expect("the database opens");
        let row = experiment();
        store::experiments::insert(&store, &row, &[]).await.expect("an experiment");
        Self { log: EventLog::start(store.clone()), store, experiment: row.id }
    }

    /// A session that nobody owns.
    pub async fn session(&self) -> SessionId {
        let id = SessionId::new();
        let created = SessionEvent::SessionCreated { experiment_id: self.experiment, driver: None };
        self.append(id, 0, Event::Session(created)).await.expect("a session");
        id
    }

    /// Appends one event after a sequence, under the first epoch.
    pub async fn append(
        &self,
        id: SessionId,
        after: i64,
        event: Event,
    ) -> Result<Vec<Entry>, AppendError> {
        let draft = Draft { stage_run: None, event };
        self.log.append(id, 0, after, Utc::now(), vec![draft]).await
    }
}

pub fn notice() -> Event {
    Event::Fact(Fact::Notice { text: "n".into(), for_people: false })
}

/// One connection of somebody else's, without any limits.
pub async fn bare(url: &str) -> DatabaseConnection {
    let mut options = ConnectOptions::new(url);
    options.max_connections(1).sqlx_logging(false);
    Database::connect(options).await.expect("a connection")
}

/// Runs a statement about one id.
pub async fn run(db: &impl ConnectionTrait, text: &str, id: uuid::Uuid) -> u64 {
    let statement = Statement::from_sql_and_values(DbBackend::Postgres, text, [id.into()]);
    let done = db.execute_raw(statement).await;
    done.unwrap_or_else(|error| panic!("{text}: {error}")).rows_affected()
}

pub async fn opened(url: &str) -> Store {
    Store::open_postgres(url).await.expect("the database opens")
}

pub async fn insert<E: EntityTrait>(store: &Store, row: E::Model)
where
    E::Model: IntoActiveModel<E::ActiveModel>,
{
    let row = row.into_active_model().reset_all();
    E::insert(row).exec_without_returning(store.write()).await.expect("a row");
}

pub async fn execute(store: &Store, statement: &str) {
    store.write().execute_unprepared(statement).await.expect("it is done");
}

/// A session at rest, with its first event; its row says how many there are.
pub async fn at_rest(store: &Store, last_seq: i64) -> SessionId {
    let (experiment_id, id, at) = (ExperimentId::new(), SessionId::new(), Utc::now());
    let row = experiments::Model { id: experiment_id, ..experiment() };
    insert::<experiments::Entity>(store, row).await;
    let session = sessions::Model {
        id,
        experiment_id,
        state: SessionStateName::Created,
        answering: false,
        last_seq,
        owner_epoch: 0,
        owner_id: None,
        created_at: at,
        updated_at: at,
    };
    insert::<sessions::Entity>(store, session).await;
    insert::<events::Entity>(store, event(id, 1)).await;
    id
}

pub fn event(session_id: SessionId, seq: i64) -> events::Model {
    let (kind, payload) = ("created".to_owned(), "{}".to_owned());
    let created_at = Utc::now();
    events::Model { session_id, seq, kind, version: 1, stage_run_id: None, payload, created_at }
}
