//! HAProxy's Lua API, and what goes beyond it: one file per class, each a table of rows.

pub(crate) mod act;
mod address;
mod applet;
mod certs;
mod channel;
mod core;
mod debug;
mod event_data;
mod events;
mod fetches;
mod filter;
mod http;
mod httpclient;
mod listener;
mod map;
pub(crate) mod message;
mod patref;
pub(crate) mod piece;
mod proxy;
mod queue;
mod regex;
mod replace;
mod reply;
mod server;
mod shared;
mod socket;
mod stick_table;
mod tuning;
mod txn;

use mlua::{Lua, Table};

use crate::class::{Class, Classes};
use crate::state::inside;

pub(crate) use applet::Applet;
pub(crate) use server::server_object;
pub(crate) use txn::{Ending, new_txn};

/// All classes.
pub(crate) const CLASSES: &[&Class] = &[
    &core::CLASS,
    &act::CLASS,
    &txn::CLASS,
    &http::CLASS,
    &fetches::FETCHES,
    &fetches::CONVERTERS,
    &proxy::CLASS,
    &server::CLASS,
    &socket::CLASS,
    &core::CONCAT,
    &regex::CLASS,
    &reply::CLASS,
    &certs::CERT_CACHE,
    &certs::ACME,
    &shared::SHARED,
    &shared::COUNTER,
    &shared::DICT,
    &debug::CLASS,
    &httpclient::CLASS,
    &listener::CLASS,
    &applet::http::CLASS,
    &applet::tcp::CLASS,
    &map::CLASS,
    &patref::CLASS,
    &stick_table::CLASS,
    &events::CLASS,
    &queue::CLASS,
    &filter::CLASS,
    &message::CLASS,
    &channel::CLASS,
];

/// What classes have that is no function: made once per state, behind their functions.
pub(crate) fn finish(lua: &Lua, classes: &Classes) -> mlua::Result<()> {
    core::finish(&classes.functions("core")?)?;
    http::finish(lua)?;
    act::finish(&classes.functions("act")?)?;
    filter::finish(&classes.functions("filter")?)?;
    proxy::finish(lua, &classes.functions("core")?)?;
    map::finish(&classes.functions("Map")?)?;
    patref::finish(lua, classes)?;
    fetches::finish(lua, classes)?;
    shared::finish(lua, classes)?;
    debug::finish(lua, inside(lua).settings.openlibs.debug)?;
    applet::http::finish(lua, classes)?;
    applet::tcp::finish(lua, classes)?;
    txn::finish(lua, classes)?;
    piece::finish(lua, classes)
}

/// An object without anything of its own: its functions ask the scene.
pub(crate) fn marker(lua: &Lua, classes: &Classes, class: &str) -> mlua::Result<Table> {
    let table = lua.create_table()?;
    table.set_metatable(Some(classes.metatable(class)?))?;
    Ok(table)
}

#[cfg(test)]
mod tests;
