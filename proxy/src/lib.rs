//! The daemon: the only crate of Portero that knows sockets.
//!
//! A request walks listener -> connection -> http -> road (exchange, frontend, backend, upstream, forward, finish).
//! The manager's thread opens sockets, swaps configurations, checks servers and obeys signals; ARCHITECTURE.md draws
//! the whole house.

pub mod cli;
pub mod config;
pub mod convert;
pub mod health;
pub mod http1;
pub mod log;
pub mod plugins;

mod build;
mod connection;
mod control;
mod daemon;
mod demo;
mod dial;
mod explain;
mod facts;
mod host;
mod http;
mod http_client;
mod inherit;
mod listener;
mod lsp;
mod lua_shell;
mod manager;
mod net;
mod offline;
mod policy_test;
mod pool;
mod privileges;
mod process_vars;
mod proxy_protocol;
mod queue;
mod registry;
mod road;
mod runtime;
mod sessions;
mod shared;
mod snapshot;
mod states;
mod tasks;
mod tcp;
mod watch;
mod worker;
