//! Real models drive the agent: the proofs, on the real database, the real sandboxes and the real
//! loop, over real HTTP. The models' side is a scripted server that speaks both wire formats.

#[path = "../support/models/mod.rs"]
mod models;
#[path = "../support/mod.rs"]
mod support;

mod budgets;
mod crowd;
mod faults;
mod injection;
mod outside;
mod pipeline;
mod questions;
mod reading;
mod scene;
mod steering;
mod wrong;
