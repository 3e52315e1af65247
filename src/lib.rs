//! Trainable: from a table to a trained, checked model.
//!
//! Modules in reading order, and the layers in which imports point down only:
//!
//! ```text
//! main, http  ->  graphql  ->  session  ->  agent, autopilot, dataset  ->  stage  ->  tool
//! graphql, session  ->  log  ->  store  ->  event     tool and above  ->  event, llm, sandbox, objects  ->  entity
//! ```

pub mod agent;
pub mod autopilot;
pub mod backup;
pub mod cli;
pub mod config;
pub mod dataset;
pub mod event;
pub mod graphql;
pub mod http;
pub mod llm;
pub mod log;
pub mod objects;
pub mod sandbox;
pub mod session;
pub mod stage;
pub mod store;
pub mod tool;
