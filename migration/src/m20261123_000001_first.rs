//! The first schema: six tables of facts and projections, and what the log, uploads and
//! idempotency need beside them.

use sea_orm_migration::{prelude::*, schema::*};

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, m: &SchemaManager) -> Result<(), DbErr> {
        for table in tables() {
            m.create_table(table).await?;
        }
        for index in indexes() {
            m.create_index(index).await?;
        }
        Ok(())
    }

    async fn down(&self, m: &SchemaManager) -> Result<(), DbErr> {
        for name in [
            "idempotency",
            "uploads",
            "usage",
            "processed_dataset_meta",
            "metrics",
            "artifacts",
            "messages",
            "stage_runs",
            "events",
            "sessions",
            "experiments",
        ] {
            m.drop_table(Table::drop().table(Alias::new(name)).to_owned()).await?;
        }
        Ok(())
    }
}

fn table(name: &'static str) -> TableCreateStatement {
    Table::create().table(Alias::new(name)).to_owned()
}

fn id(name: &'static str) -> ColumnDef {
    uuid(Alias::new(name))
}

/// A column `{name}` that points to `{table}.id` and goes with it.
fn belongs(
    from: &'static str,
    column: &'static str,
    to: &'static str,
) -> ForeignKeyCreateStatement {
    ForeignKey::create()
        .from(Alias::new(from), Alias::new(column))
        .to(Alias::new(to), Alias::new("id"))
        .on_delete(ForeignKeyAction::Cascade)
        .to_owned()
}

fn time(name: &'static str) -> ColumnDef {
    timestamp_with_time_zone(Alias::new(name))
}

fn tables() -> Vec<TableCreateStatement> {
    let a = Alias::new;
    vec![
        table("experiments")
            .col(id("id").primary_key())
            .col(text(a("owner")))
            .col(text(a("name")))
            .col(text(a("description")))
            .col(text(a("dataset_ref")))
            .col(text(a("instructions")))
            .col(text_null(a("target_column")))
            .col(text_null(a("main_table")))
            .col(json_binary(a("dataset")))
            .col(time("created_at"))
            .to_owned(),
        table("sessions")
            .col(id("id").primary_key())
            .col(id("experiment_id"))
            .col(text(a("state")))
            .col(big_integer(a("last_seq")))
            .col(big_integer(a("owner_epoch")))
            .col(time("created_at"))
            .col(time("updated_at"))
            .foreign_key(&mut belongs("sessions", "experiment_id", "experiments"))
            .to_owned(),
        table("events")
            .col(id("session_id"))
            .col(big_integer(a("seq")))
            .col(text(a("kind")))
            .col(integer(a("version")))
            .col(uuid_null(a("stage_run_id")))
            .col(text(a("payload")))
            .col(time("created_at"))
            .primary_key(Index::create().col(a("session_id")).col(a("seq")))
            .foreign_key(&mut belongs("events", "session_id", "sessions"))
            .to_owned(),
        table("stage_runs")
            .col(id("id").primary_key())
            .col(id("session_id"))
            .col(text(a("stage")))
            .col(text(a("state")))
            .col(text(a("through")))
            .col(text(a("provider")))
            .col(text(a("model")))
            .col(big_integer(a("seed")))
            .col(text_null(a("error")))
            .col(boolean(a("superseded")))
            .col(time("started_at"))
            .col(timestamp_with_time_zone_null(a("ended_at")))
            .foreign_key(&mut belongs("stage_runs", "session_id", "sessions"))
            .to_owned(),
        table("messages")
            .col(id("id").primary_key())
            .col(id("session_id"))
            .col(uuid_null(a("stage_run_id")))
            .col(big_integer(a("seq")))
            .col(text(a("role")))
            .col(text(a("content")))
            .col(json_binary(a("metadata")))
            .col(time("created_at"))
            .foreign_key(&mut belongs("messages", "session_id", "sessions"))
            .to_owned(),
        table("artifacts")
            .col(id("id").primary_key())
            .col(id("session_id"))
            .col(id("stage_run_id"))
            .col(text(a("stage")))
            .col(text(a("type")))
            .col(text(a("name")))
            .col(text(a("path")))
            .col(text_null(a("s3_path")))
            .col(big_integer(a("size")))
            .col(text(a("sha256")))
            .col(json_binary(a("metadata")))
            .col(boolean(a("superseded")))
            .col(time("created_at"))
            .col(time("updated_at"))
            .foreign_key(&mut belongs("artifacts", "session_id", "sessions"))
            .to_owned(),
        table("metrics")
            .col(id("id").primary_key())
            .col(id("session_id"))
            .col(id("stage_run_id"))
            .col(text(a("stage")))
            .col(big_integer(a("seq")))
            .col(integer(a("ordinal")))
            .col(big_integer(a("step")))
            .col(text(a("name")))
            .col(double_null(a("value")))
            .col(text(a("kind")))
            .col(text_null(a("run_tag")))
            .col(boolean(a("superseded")))
            .col(time("created_at"))
            .foreign_key(&mut belongs("metrics", "session_id", "sessions"))
            .to_owned(),
        table("processed_dataset_meta")
            .col(id("id").primary_key())
            .col(id("session_id").unique_key())
            .col(id("experiment_id"))
            .col(json_binary(a("columns")))
            .col(text(a("feature_columns")))
            .col(text(a("target_column")))
            .col(big_integer(a("total_rows")))
            .col(big_integer(a("train_rows")))
            .col(big_integer(a("val_rows")))
            .col(big_integer(a("test_rows")))
            .col(json_binary(a("quality_stats")))
            .col(boolean(a("s3_synced")))
            .foreign_key(&mut belongs("processed_dataset_meta", "session_id", "sessions"))
            .foreign_key(&mut belongs("processed_dataset_meta", "experiment_id", "experiments"))
            .to_owned(),
        table("usage")
            .col(id("session_id"))
            .col(big_integer(a("seq")))
            .col(id("stage_run_id"))
            .col(integer(a("turn")))
            .col(big_integer(a("input_tokens")))
            .col(big_integer(a("output_tokens")))
            .col(big_integer(a("cache_read_tokens")))
            .col(big_integer(a("cache_write_tokens")))
            .col(double_null(a("cost_usd")))
            .col(time("created_at"))
            .primary_key(Index::create().col(a("session_id")).col(a("seq")))
            .foreign_key(&mut belongs("usage", "session_id", "sessions"))
            .to_owned(),
        table("uploads")
            .col(id("id").primary_key())
            .col(text(a("owner")))
            .col(text(a("file_name")))
            .col(text(a("state")))
            .col(big_integer_null(a("size")))
            .col(text_null(a("sha256")))
            .col(uuid_null(a("experiment_id")))
            .col(time("created_at"))
            .col(timestamp_with_time_zone_null(a("stored_at")))
            .to_owned(),
        table("idempotency")
            .col(text(a("principal")))
            .col(text(a("key")))
            .col(text(a("operation")))
            .col(text(a("input_digest")))
            .col(text_null(a("result")))
            .col(time("created_at"))
            .primary_key(Index::create().col(a("principal")).col(a("key")))
            .to_owned(),
    ]
}

fn indexes() -> Vec<IndexCreateStatement> {
    let index = |table: &'static str, columns: &[&'static str]| {
        let mut made = Index::create()
            .name(format!("{}_by_{}", table, columns.join("_")))
            .table(Alias::new(table))
            .to_owned();
        for column in columns {
            made.col(Alias::new(*column));
        }
        made
    };
    vec![
        // The last plan and dashboard of a session.
        index("events", &["session_id", "kind", "seq"]),
        index("experiments", &["owner", "id"]),
        index("sessions", &["experiment_id", "id"]),
        // The running sessions, which a starting server takes up again.
        index("sessions", &["state"]),
        index("stage_runs", &["session_id", "id"]),
        index("messages", &["session_id", "seq"]),
        index("artifacts", &["session_id", "id"]),
        // One live row per path: FileChanged updates what FileCreated made.
        index("artifacts", &["stage_run_id", "path"]).unique().to_owned(),
        // Hydrates the log's ranges.
        index("metrics", &["session_id", "seq", "ordinal"]).unique().to_owned(),
        // Draws one series.
        index("metrics", &["stage_run_id", "name", "run_tag", "step"]),
        index("uploads", &["experiment_id"]),
    ]
}
