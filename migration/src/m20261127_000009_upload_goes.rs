//! Uploads and imports that come in several goes.

use sea_orm_migration::{prelude::*, schema::*};

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, m: &SchemaManager) -> Result<(), DbErr> {
        for column in columns() {
            // SQLite adds one column at a time.
            m.alter_table(uploads().add_column(column).to_owned()).await?;
        }
        Ok(())
    }

    async fn down(&self, m: &SchemaManager) -> Result<(), DbErr> {
        for column in columns() {
            let name = Alias::new(column.get_column_name());
            m.alter_table(uploads().drop_column(name).to_owned()).await?;
        }
        Ok(())
    }
}

fn uploads() -> TableAlterStatement {
    Table::alter().table(Alias::new("uploads")).to_owned()
}

fn columns() -> [ColumnDef; 6] {
    [
        big_integer_null(Alias::new("length")),
        text_null(Alias::new("checkpoint")),
        uuid_null(Alias::new("holder")),
        text_null(Alias::new("source")),
        text_null(Alias::new("problem")),
        uuid_null(Alias::new("server_id")),
    ]
}
