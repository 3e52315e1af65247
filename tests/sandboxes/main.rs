//! The sandbox port's conformance suite, and the local backend's attacks on itself; Modal's on a stand-in.

mod abuse;
mod conformance;
mod endings;
mod isolation;
mod modal;
mod packages;
mod records;
mod support;
mod volumes;
mod warm;
