//! What is to be deleted is marked first, so that a deletion that broke off is finished later.

use sea_orm_migration::{prelude::*, schema::*};

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, m: &SchemaManager) -> Result<(), DbErr> {
        let table = Table::create()
            .table(Alias::new("tombstones"))
            .col(uuid(Alias::new("id")).primary_key())
            .col(text(Alias::new("kind")))
            .col(timestamp_with_time_zone(Alias::new("created_at")))
            .to_owned();
        m.create_table(table).await?;
        // What rests, by the day since when.
        let index = Index::create()
            .name("sessions_by_updated_at")
            .table(Alias::new("sessions"))
            .col(Alias::new("updated_at"))
            .to_owned();
        m.create_index(index).await
    }

    async fn down(&self, m: &SchemaManager) -> Result<(), DbErr> {
        let index =
            Index::drop().name("sessions_by_updated_at").table(Alias::new("sessions")).to_owned();
        m.drop_index(index).await?;
        m.drop_table(Table::drop().table(Alias::new("tombstones")).to_owned()).await
    }
}
