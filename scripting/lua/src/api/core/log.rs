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
    write(level, &text)
}

fn debug(_: &Lua, text: mlua::LuaString) -> mlua::Result<()> {
    write(7, &text)
}

fn info(_: &Lua, text: mlua::LuaString) -> mlua::Result<()> {
    write(6, &text)
}

fn warning(_: &Lua, text: mlua::LuaString) -> mlua::Result<()> {
    write(4, &text)
}

fn alert(_: &Lua, text: mlua::LuaString) -> mlua::Result<()> {
    write(1, &text)
}

/// Writes a line; level -1 is silence.
pub(crate) fn write(level: i64, text: &mlua::LuaString) -> mlua::Result<()> {
    match u8::try_from(level) {
        Ok(level @ 0..=7) => scene::log(level, &text.to_string_lossy()),
        _ if level == -1 => {}
        _ => return Err(mlua::Error::runtime(format!("log levels are 0 to 7, not {level}"))),
    }
    Ok(())
}
