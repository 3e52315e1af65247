//! The transport, from outside: documents by name, clients' limits, other sites, raw sockets.

#[path = "../support/server.rs"]
mod server;
#[path = "../support/mod.rs"]
mod support;

mod clients;
mod close_codes;
mod compression;
mod cross_site;
mod documents;
mod frames;
mod raw;
mod trusted;
