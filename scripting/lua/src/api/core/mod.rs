//! The class `core`: registers functions, logs, waits; what else it has stands in files of its own, one slice of rows each.

mod log;
mod net;
mod process;
mod register;
mod text;
mod time;
mod wait;

use mlua::Table;

use super::{events, filter, httpclient, map, patref, proxy, queue, socket};
use crate::class::{Class, field};

pub(crate) use log::write;
pub(crate) use process::thread;
pub(crate) use text::CONCAT;

/// The class.
pub(crate) static CLASS: Class = Class {
    name: "core",
    summary: "registers functions, logs, waits, and knows the proxies",
    global: true,
    fields: &[
        field!("silent", "integer", "log level -1: no line"),
        field!("emerg", "integer", "log level 0"),
        field!("alert", "integer", "log level 1"),
        field!("crit", "integer", "log level 2"),
        field!("err", "integer", "log level 3"),
        field!("warning", "integer", "log level 4"),
        field!("notice", "integer", "log level 5"),
        field!("info", "integer", "log level 6"),
        field!("debug", "integer", "log level 7"),
        field!("thread", "integer", "the number of the thread; 0 in the state that all threads share"),
        field!("shared", "Shared", "what all threads have in common, and what outlives a reload"),
        field!("proxies", "table<string, Proxy>", "all proxies by name"),
        field!("frontends", "table<string, Proxy>", "those that clients connect to"),
        field!("backends", "table<string, Proxy>", "those that have servers"),
        field!("tables", "table<string, StickTable>", "all stick tables: of proxies, and `PEERS/NAME`"),
    ],
    functions: &[
        register::CORE,
        filter::CORE,
        log::CORE,
        wait::CORE,
        text::CORE,
        time::CORE,
        net::CORE,
        process::CORE,
        proxy::CORE,
        socket::CORE,
        httpclient::CORE,
        map::CORE,
        patref::CORE,
        events::CORE,
        queue::CORE,
    ],
};

const LEVELS: [&str; 9] = ["silent", "emerg", "alert", "crit", "err", "warning", "notice", "info", "debug"];

/// Sets the log levels.
pub(crate) fn finish(core: &Table) -> mlua::Result<()> {
    LEVELS.iter().zip(-1i64..).try_for_each(|(name, value)| core.raw_set(*name, value))
}
