//! `uploads`.
