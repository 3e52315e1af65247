//! Opening a session costs what is new in its log, not its whole history.

use sea_orm_migration::{prelude::*, schema::*};

#[derive(DeriveMigrationName)]
pub struct Migration;

/// Both databases take partial indexes, and the query builder writes none.
const LATEST: &str = "CREATE INDEX idx_events_latest ON events (session_id, kind, seq) \
                      WHERE kind IN ('plan_updated', 'chart_config')";

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, m: &SchemaManager) -> Result<(), DbErr> {
        let session = ForeignKey::create()
            .from(Alias::new("session_folds"), Alias::new("session_id"))
            .to(Alias::new("sessions"), Alias::new("id"))
            .on_delete(ForeignKeyAction::Cascade)
            .to_owned();
        let table = Table::create()
            .table(Alias::new("session_folds"))
            .col(uuid(Alias::new("session_id")).primary_key())
            .col(big_integer(Alias::new("seq")))
            .col(string(Alias::new("code")))
            .col(text(Alias::new("state")))
            .foreign_key(&mut session.clone())
            .to_owned();
        m.create_table(table).await?;
        m.get_connection().execute_unprepared(LATEST).await.map(drop)
    }

    async fn down(&self, m: &SchemaManager) -> Result<(), DbErr> {
        m.get_connection().execute_unprepared("DROP INDEX idx_events_latest").await?;
        m.drop_table(Table::drop().table(Alias::new("session_folds")).to_owned()).await
    }
}
