//! The runtime API: commands over a socket, in HAProxy's words (HAProxy management manual, sections 9.3 and 9.4).
//!
//! Runs on the manager's thread. [`doors`] listens, [`session`] is one connection, [`talk`] what is said on it,
//! [`line`] a line, [`table`] the one list of all commands; [`plugged`] are those of plugins. What commands do stands in a file for each family: [`info`], [`stats`], [`servers`],
//! [`set_server`], [`proxies`], [`maps`], [`vars`], [`process`], [`master`].

mod call;
mod doors;
mod info;
mod line;
mod maps;
mod master;
mod plugged;
mod process;
mod proxies;
mod scripts;
mod servers;
mod session;
mod set_server;
mod stats;
mod table;
mod tables;
mod talk;
mod vars;

pub use doors::Doors;
pub use plugged::Plugged;
