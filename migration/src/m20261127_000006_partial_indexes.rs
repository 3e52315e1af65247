//! What servers look for every few seconds is a handful of rows among all that there ever were.

use sea_orm_migration::prelude::*;

#[derive(DeriveMigrationName)]
pub struct Migration;

/// Both databases take partial indexes, and the query builder writes none.
const INDEXES: [(&str, &str); 3] = [
    ("idx_sessions_answering", "sessions (id) WHERE answering"),
    ("idx_sessions_owned", "sessions (owner_id) WHERE owner_id IS NOT NULL"),
    ("idx_idempotency_unfinished", "idempotency (server_id) WHERE result IS NULL"),
];

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, m: &SchemaManager) -> Result<(), DbErr> {
        for (name, on) in INDEXES {
            m.get_connection().execute_unprepared(&format!("CREATE INDEX {name} ON {on}")).await?;
        }
        Ok(())
    }

    async fn down(&self, m: &SchemaManager) -> Result<(), DbErr> {
        for (name, _) in INDEXES {
            m.get_connection().execute_unprepared(&format!("DROP INDEX {name}")).await?;
        }
        Ok(())
    }
}
