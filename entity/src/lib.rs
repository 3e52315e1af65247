//! The tables, the typed ids and the closed vocabularies of Trainable.
//!
//! Everything above speaks in these types. This crate knows no query, no event and no rule.

pub mod ids;
pub mod principal;
pub mod vocab;

pub mod artifacts;
pub mod events;
pub mod experiments;
pub mod idempotency;
pub mod messages;
pub mod metric_buckets;
pub mod metric_series;
pub mod metrics;
pub mod processed_dataset_meta;
pub mod servers;
pub mod session_commands;
pub mod session_folds;
pub mod sessions;
pub mod stage_runs;
pub mod synced_objects;
pub mod tombstones;
pub mod uploads;
pub mod usage;
