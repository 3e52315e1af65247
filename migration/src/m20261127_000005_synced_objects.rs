//! Which files of sessions stand in a bucket.

use sea_orm_migration::{prelude::*, schema::*};

#[derive(DeriveMigrationName)]
pub struct Migration;

/// What is still to be sent: few rows where there is a bucket. Both databases take partial indexes, and the
/// query builder writes none.
const UNSYNCED: &str = "CREATE INDEX idx_artifacts_unsynced ON artifacts (session_id, stage_run_id) \
                        WHERE s3_path IS NULL AND NOT superseded";

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, m: &SchemaManager) -> Result<(), DbErr> {
        let session = ForeignKey::create()
            .from(Alias::new("synced_objects"), Alias::new("session_id"))
            .to(Alias::new("sessions"), Alias::new("id"))
            .on_delete(ForeignKeyAction::Cascade)
            .to_owned();
        let key = Index::create().col(Alias::new("session_id")).col(Alias::new("path")).to_owned();
        let table = Table::create()
            .table(Alias::new("synced_objects"))
            .col(uuid(Alias::new("session_id")))
            .col(text(Alias::new("path")))
            .col(big_integer(Alias::new("size")))
            .col(string(Alias::new("sha256")))
            .col(timestamp_with_time_zone(Alias::new("synced_at")))
            .primary_key(&mut key.clone())
            .foreign_key(&mut session.clone())
            .to_owned();
        m.create_table(table).await?;
        m.get_connection().execute_unprepared(UNSYNCED).await.map(drop)
    }

    async fn down(&self, m: &SchemaManager) -> Result<(), DbErr> {
        m.get_connection().execute_unprepared("DROP INDEX idx_artifacts_unsynced").await?;
        m.drop_table(Table::drop().table(Alias::new("synced_objects")).to_owned()).await
    }
}
