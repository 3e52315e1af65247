//! The sandbox port's conformance suite, and the local backend's attacks on itself.

mod conformance;
mod isolation;
mod support;
mod volumes;
