//! What one server asks another is of use until a time, and for as long as the asker lives.

use sea_orm_migration::{prelude::*, schema::*};

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, m: &SchemaManager) -> Result<(), DbErr> {
        // What is on its way right now is asked again: nobody would know until when it counts.
        m.drop_table(dropped()).await?;
        let commands = commands()
            .col(uuid(Alias::new("asked_by")))
            .col(timestamp_with_time_zone(Alias::new("until")))
            .to_owned();
        m.create_table(commands).await
    }

    async fn down(&self, m: &SchemaManager) -> Result<(), DbErr> {
        m.drop_table(dropped()).await?;
        m.create_table(commands()).await
    }
}

fn dropped() -> TableDropStatement {
    Table::drop().table(Alias::new("session_commands")).to_owned()
}

/// The table as it was before.
fn commands() -> TableCreateStatement {
    Table::create()
        .table(Alias::new("session_commands"))
        .col(uuid(Alias::new("id")).primary_key())
        .col(uuid(Alias::new("session_id")))
        .col(text(Alias::new("command")))
        .col(uuid_null(Alias::new("taken_by")))
        .col(text_null(Alias::new("answer")))
        .col(timestamp_with_time_zone(Alias::new("created_at")))
        .to_owned()
}
