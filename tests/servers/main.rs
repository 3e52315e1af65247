//! Two real servers on one PostgreSQL: one is killed, paused or asked for what the other has; the database is away;
//! an installation moves.
//!
//! ```text
//! scene      two servers on one database and one folder of volumes
//! part       what the model says
//! handover   a server that dies, one that stops, one that sleeps
//! asked      commands for sessions of the other server
//! delay      how long a watcher of the other server waits
//! ownership  leases, takeovers, turns and keys, without a server around them
//! outage     the database restarts or cuts its connections
//! silence    a network that drops what is sent
//! wire       such a network
//! rows       a database with sessions in it
//! refusals   what is said when the database cannot be used
//! moving     `trainable admin copy`
//! ```

#[path = "../support/models/mod.rs"]
mod models;
#[path = "../support/mod.rs"]
mod support;

mod asked;
mod delay;
mod handover;
mod moving;
mod outage;
mod ownership;
mod part;
mod refusals;
mod rows;
mod scene;
mod silence;
mod wire;
