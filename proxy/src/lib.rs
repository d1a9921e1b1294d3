//! The daemon.

pub mod config;
pub mod http1;
pub mod log;
