//! Several servers on one database: who of them lives, who owns a session, and what one asks another.

use sea_orm_migration::{prelude::*, schema::*};

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, m: &SchemaManager) -> Result<(), DbErr> {
        let servers = Table::create()
            .table(Alias::new("servers"))
            .col(uuid(Alias::new("id")).primary_key())
            .col(uuid(Alias::new("seat")))
            .col(timestamp_with_time_zone(Alias::new("started_at")))
            .col(timestamp_with_time_zone(Alias::new("expires_at")))
            .to_owned();
        m.create_table(servers).await?;
        for table in ["sessions", "idempotency"] {
            let column = if table == "sessions" { "owner_id" } else { "server_id" };
            let column = ColumnDef::new(Alias::new(column)).uuid().null().to_owned();
            let table = Table::alter().table(Alias::new(table)).add_column(column).to_owned();
            m.alter_table(table).await?;
        }
        let commands = Table::create()
            .table(Alias::new("session_commands"))
            .col(uuid(Alias::new("id")).primary_key())
            .col(uuid(Alias::new("session_id")))
            .col(text(Alias::new("command")))
            .col(uuid_null(Alias::new("taken_by")))
            .col(text_null(Alias::new("answer")))
            .col(timestamp_with_time_zone(Alias::new("created_at")))
            .to_owned();
        m.create_table(commands).await
    }

    async fn down(&self, m: &SchemaManager) -> Result<(), DbErr> {
        for (table, column) in [("sessions", "owner_id"), ("idempotency", "server_id")] {
            let table =
                Table::alter().table(Alias::new(table)).drop_column(Alias::new(column)).to_owned();
            m.alter_table(table).await?;
        }
        for table in ["session_commands", "servers"] {
            m.drop_table(Table::drop().table(Alias::new(table)).to_owned()).await?;
        }
        Ok(())
    }
}
