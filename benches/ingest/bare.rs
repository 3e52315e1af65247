//! The floor: the same rows, in the same commits, in a loop that does nothing else. Statements are prepared once and
//! take many rows; every row is written once, as it ended up.

use super::{path::Rows, support::temporary};
use chrono::{DateTime, Utc};
use entity::{ids::SessionId, sessions, vocab::SessionStateName};
use sea_orm::{
    ColumnTrait, ConnectionTrait, DatabaseTransaction, EntityTrait, IdenStatic, IntoActiveModel,
    Iterable, ModelTrait, QueryFilter, Statement, sea_query::Expr,
};
use std::{collections::BTreeMap, time::Instant};
use trainable::store::{self, Store};

/// Rows of one statement.
const MOST: usize = 256;

/// What one append wrote; its time tells it from others.
#[derive(Default)]
struct Append {
    events: Vec<entity::events::Model>,
    points: Vec<entity::metrics::Model>,
    series: Vec<entity::metric_series::Model>,
    buckets: Vec<entity::metric_buckets::Model>,
}

/// Points per second.
pub async fn round(rows: Rows) -> f64 {
    let folder = temporary();
    let store = Store::open_sqlite(&folder.path().join("t.db")).await.expect("a database");
    let session = session(&store, &rows).await;
    let points = rows.points.len();
    let mut appends: BTreeMap<DateTime<Utc>, Append> = BTreeMap::new();
    for row in rows.events {
        appends.entry(row.created_at).or_default().events.push(row);
    }
    for row in rows.points {
        appends.entry(row.created_at).or_default().points.push(row);
    }
    for row in rows.buckets {
        appends.entry(row.created_at).or_default().buckets.push(row);
    }
    // Buckets point to their series.
    appends.values_mut().next().expect("an append").series = rows.series;
    let clock = Instant::now();
    for append in appends.into_values() {
        let last = append.events.last().expect("an append has events").seq;
        let transaction = store.begin().await.expect("a transaction");
        insert::<entity::events::Entity>(&transaction, &append.events).await;
        insert::<entity::metrics::Entity>(&transaction, &append.points).await;
        insert::<entity::metric_series::Entity>(&transaction, &append.series).await;
        insert::<entity::metric_buckets::Entity>(&transaction, &append.buckets).await;
        let moved = sessions::Entity::update_many()
            .col_expr(sessions::Column::LastSeq, Expr::value(last))
            .filter(sessions::Column::Id.eq(session))
            .exec(&transaction);
        moved.await.expect("the session is moved on");
        transaction.commit().await.expect("it is durable");
    }
    points as f64 / clock.elapsed().as_secs_f64()
}

/// The session that the rows belong to.
async fn session(store: &Store, rows: &Rows) -> SessionId {
    store::experiments::insert(store, &rows.experiment, &[]).await.expect("an experiment");
    let id = rows.events.first().expect("events").session_id;
    let row = sessions::Model {
        id,
        experiment_id: rows.experiment.id,
        state: SessionStateName::EdaRunning,
        answering: false,
        last_seq: 0,
        owner_epoch: 0,
        owner_id: None,
        created_at: Utc::now(),
        updated_at: Utc::now(),
    };
    let row = row.into_active_model();
    let row = sea_orm::ActiveModelTrait::reset_all(row);
    sessions::Entity::insert(row).exec_without_returning(store.write()).await.expect("a session");
    id
}

async fn insert<E: EntityTrait>(transaction: &DatabaseTransaction, mut rows: &[E::Model])
where
    E::Model: ModelTrait<Entity = E>,
{
    let columns: Vec<&str> = E::Column::iter().map(|column| column.as_str()).collect();
    let places = format!("({})", vec!["?"; columns.len()].join(","));
    while !rows.is_empty() {
        // Few sizes, so that each text is prepared once.
        let (share, others) = rows.split_at(1 << rows.len().min(MOST).ilog2());
        let text = format!(
            "INSERT INTO {} ({}) VALUES {}",
            E::default().table_name(),
            columns.join(","),
            vec![places.as_str(); share.len()].join(","),
        );
        let values: Vec<_> =
            share.iter().flat_map(|row| E::Column::iter().map(|column| row.get(column))).collect();
        let backend = transaction.get_database_backend();
        let statement = Statement::from_sql_and_values(backend, text, values);
        transaction.execute_raw(statement).await.expect("the rows are written");
        rows = others;
    }
}
