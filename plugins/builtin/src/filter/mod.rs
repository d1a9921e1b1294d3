//! Filters: what sees messages pass.

pub mod trace;
