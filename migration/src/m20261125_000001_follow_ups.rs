//! A session that rests may be answering a message: a server that starts must find it.

use sea_orm_migration::prelude::*;

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, m: &SchemaManager) -> Result<(), DbErr> {
        let answering =
            ColumnDef::new(Alias::new("answering")).boolean().not_null().default(false).to_owned();
        let table = Table::alter().table(Alias::new("sessions")).add_column(answering).to_owned();
        m.alter_table(table).await?;
        // A run's past is found by its run.
        let index = Index::create()
            .name("idx_events_run")
            .table(Alias::new("events"))
            .col(Alias::new("session_id"))
            .col(Alias::new("stage_run_id"))
            .col(Alias::new("seq"))
            .to_owned();
        m.create_index(index).await
    }

    async fn down(&self, m: &SchemaManager) -> Result<(), DbErr> {
        m.drop_index(Index::drop().name("idx_events_run").table(Alias::new("events")).to_owned())
            .await?;
        let table = Table::alter()
            .table(Alias::new("sessions"))
            .drop_column(Alias::new("answering"))
            .to_owned();
        m.alter_table(table).await
    }
}
