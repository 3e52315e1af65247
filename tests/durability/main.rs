//! What is kept: read within bounds, written on bad days, deleted whole, and carried to newer schemas.

#[path = "../support/mod.rs"]
mod support;

mod bad_days;
mod ground;
mod pages;
mod wal;
