//! The sandbox port's conformance suite, and the local backend's attacks on itself.

mod abuse;
mod conformance;
mod endings;
mod isolation;
mod packages;
mod records;
mod support;
mod volumes;
mod warm;
