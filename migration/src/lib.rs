//! The migrations of Trainable's database, oldest first. A released one is never edited.

pub use sea_orm_migration::prelude::*;

mod m20261123_000001_first;
mod m20261125_000001_follow_ups;
mod m20261126_000001_metric_levels;
mod m20261126_000003_session_folds;
mod m20261126_000004_tombstones;
mod m20261127_000001_servers;
mod m20261127_000005_synced_objects;
mod m20261127_000006_partial_indexes;
mod m20261127_000007_inbox;
mod m20261127_000008_sync_checkpoints;
mod m20261127_000009_upload_goes;

/// Runs the migrations.
pub struct Migrator;

#[async_trait::async_trait]
impl MigratorTrait for Migrator {
    fn migrations() -> Vec<Box<dyn MigrationTrait>> {
        vec![
            Box::new(m20261123_000001_first::Migration),
            Box::new(m20261125_000001_follow_ups::Migration),
            Box::new(m20261126_000001_metric_levels::Migration),
            Box::new(m20261126_000003_session_folds::Migration),
            Box::new(m20261126_000004_tombstones::Migration),
            Box::new(m20261127_000001_servers::Migration),
            Box::new(m20261127_000005_synced_objects::Migration),
            Box::new(m20261127_000006_partial_indexes::Migration),
            Box::new(m20261127_000007_inbox::Migration),
            Box::new(m20261127_000008_sync_checkpoints::Migration),
            Box::new(m20261127_000009_upload_goes::Migration),
        ]
    }
}
