//! The real binary, killed again and again while scripted models drive sessions in it: nothing that
//! anybody was told is lost, and everything ends as if nobody had killed anything.
//!
//! ```text
//! kills     the harness: kill, look at what is stored, start, compare
//! stopping  SIGTERM, with everything at work that could hold a server up
//! lane      one user with one session after another, and what they were told
//! part      what the model says and what its scripts do
//! keys      a keyed call that was cut off
//! asking    requests that may fail because a server is gone
//! watcher   a socket that comes back with its last sequence
//! moment    where in its work a session is
//! audit     what is compared after each end of a server
//! ended     a session that has come to its end
//! replay    the log folded anew, row by row
//! remains   processes, control groups and files of a dead server
//! ```

#[path = "../support/models/mod.rs"]
mod models;
#[path = "../support/mod.rs"]
mod support;

mod asking;
mod audit;
mod ended;
mod keys;
mod kills;
mod lane;
mod moment;
mod part;
mod remains;
mod replay;
mod stopping;
mod watcher;
