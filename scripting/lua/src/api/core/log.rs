//! `core.log` and its kin.

use mlua::Lua;

use crate::class::{Method, now};
use crate::scene;

/// The rows.
pub(crate) const CORE: &[Method] = &[
    now!("log", "(level: integer, message: string)", "writes a log line", log),
    now!("Debug", "(message: string)", "writes a log line of level debug", debug),
    now!("Info", "(message: string)", "writes a log line of level info", info),
    now!("Warning", "(message: string)", "writes a log line of level warning", warning),
    now!("Alert", "(message: string)", "writes a log line of level alert", alert),
];

fn log(_: &Lua, (level, text): (i64, mlua::LuaString)) -> mlua::Result<()> {
    to_all(level, &text)
}

fn debug(_: &Lua, text: mlua::LuaString) -> mlua::Result<()> {
    to_all(7, &text)
}

fn info(_: &Lua, text: mlua::LuaString) -> mlua::Result<()> {
    to_all(6, &text)
}

fn warning(_: &Lua, text: mlua::LuaString) -> mlua::Result<()> {
    to_all(4, &text)
}

fn alert(_: &Lua, text: mlua::LuaString) -> mlua::Result<()> {
    to_all(1, &text)
}

/// Writes a line for the log targets of the global section, whatever exchange is under way.
fn to_all(level: i64, text: &mlua::LuaString) -> mlua::Result<()> {
    line(level, text, scene::log_globally)
}

/// Writes a line for those of the exchange of the moment.
pub(crate) fn write(level: i64, text: &mlua::LuaString) -> mlua::Result<()> {
    line(level, text, scene::log)
}

/// A line of a level that there is; -1 is silence.
fn line(level: i64, text: &mlua::LuaString, write: fn(u8, &str)) -> mlua::Result<()> {
    match u8::try_from(level) {
        Ok(level @ 0..=7) => write(level, &text.to_string_lossy()),
        _ if level == -1 => {}
        _ => return Err(mlua::Error::runtime(format!("log levels are 0 to 7, not {level}"))),
    }
    Ok(())
}
