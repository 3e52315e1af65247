//! Rows of an installation that no server wrote.

use chrono::Utc;
use entity::{
    events, experiments,
    ids::{ExperimentId, SessionId},
    principal::Principal,
    sessions,
    vocab::SessionStateName,
};
use sea_orm::{ActiveModelTrait, ConnectionTrait, EntityTrait, IntoActiveModel};
use serde_json::json;
use trainable::store::Store;

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
    let experiment = experiments::Model {
        id: experiment_id,
        owner: Principal::Local.owner().to_owned(),
        name: "things".into(),
        description: String::new(),
        dataset_ref: String::new(),
        instructions: String::new(),
        target_column: None,
        main_table: None,
        dataset: json!({"tables": []}),
        created_at: at,
    };
    insert::<experiments::Entity>(store, experiment).await;
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
