//! A database with its log and sessions of one experiment, without a server around them.

use super::support::experiment;
use chrono::Utc;
use entity::ids::{ExperimentId, SessionId};
use sea_orm::{
    ConnectOptions, ConnectionTrait, Database, DatabaseConnection, DbBackend, Statement,
};
use trainable::{
    event::{Draft, Entry, Event, Fact, SessionEvent},
    log::{AppendError, EventLog},
    store::{Store, experiments},
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
        experiments::insert(&store, &row, &[]).await.expect("an experiment");
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
