//! How far the large files of sessions are on their way to a bucket.

use sea_orm_migration::{prelude::*, schema::*};

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, m: &SchemaManager) -> Result<(), DbErr> {
        // SQLite adds one column at a time.
        m.alter_table(altered().add_column(text_null(checkpoint())).to_owned()).await?;
        m.alter_table(altered().add_column(string_null(of())).to_owned()).await
    }

    async fn down(&self, m: &SchemaManager) -> Result<(), DbErr> {
        m.alter_table(altered().drop_column(of()).to_owned()).await?;
        m.alter_table(altered().drop_column(checkpoint()).to_owned()).await
    }
}

fn altered() -> TableAlterStatement {
    Table::alter().table(Alias::new("synced_objects")).to_owned()
}

fn checkpoint() -> Alias {
    Alias::new("checkpoint")
}

fn of() -> Alias {
    Alias::new("checkpoint_of")
}
