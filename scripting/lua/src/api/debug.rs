//! The library `debug`, without what could break a state: Lua's own is no part of ours.

use mlua::debug::Debug;
use mlua::{Function, IntoLuaMulti, Lua, LuaString, MultiValue, Table, Value};

use crate::class::{Class, now};

/// The class.
pub(crate) static CLASS: Class = Class {
    name: "debug",
    summary: "where a script is; what would change how it runs is refused",
    global: true,
    fields: &[],
    functions: &[&[
        now!(
            "traceback",
            "(message?: any, level?: integer): any",
            "a message and where the script is",
            traceback
        ),
        now!(
            "getinfo",
            "(where: integer|function, what?: string): table?",
            "what is known of a function, or of the one so many calls up: source, lines, names",
            getinfo
        ),
        now!(
            "getmetatable",
            "(table: table): table?",
            "the metatable, even where it is hidden",
            getmetatable
        ),
        now!("gethook", "(): nil", "there is none of a script's", gethook),
        now!("sethook", "(...: any)", "not supported: the budget of scripts is kept by the hook", sethook),
        now!("getlocal", "(...: any)", "not supported", getlocal),
        now!("setlocal", "(...: any)", "not supported", setlocal),
        now!("getupvalue", "(...: any)", "not supported", getupvalue),
        now!("setupvalue", "(...: any)", "not supported", setupvalue),
        now!("getregistry", "(...: any)", "not supported", getregistry),
        now!("setmetatable", "(...: any)", "not supported", setmetatable),
    ]],
};

/// Takes the library away where the configuration does not give it to scripts.
pub(crate) fn finish(lua: &Lua, wanted: bool) -> mlua::Result<()> {
    if wanted { Ok(()) } else { lua.globals().raw_set("debug", Value::Nil) }
}

fn traceback(lua: &Lua, (message, level): (Value, Option<usize>)) -> mlua::Result<MultiValue> {
    let text = match &message {
        Value::Nil => None,
        Value::String(text) => Some(text.to_string_lossy()),
        Value::Integer(number) => Some(number.to_string()),
        Value::Number(number) => Some(number.to_string()),
        Value::Thread(_) => return Err(refused("traceback() of another coroutine")),
        // whatever else is raised as an error is given on as it is
        _ => return message.into_lua_multi(lua),
    };
    lua.traceback(text.as_deref(), level.unwrap_or(1))?.into_lua_multi(lua)
}

fn getinfo(lua: &Lua, (at, _): (Value, Option<LuaString>)) -> mlua::Result<Option<Table>> {
    match at {
        Value::Function(function) => of_function(lua, function).map(Some),
        Value::Thread(_) => Err(refused("getinfo() of another coroutine")),
        level => {
            let level = level.as_usize();
            let level =
                level.ok_or_else(|| mlua::Error::runtime("debug.getinfo() takes a function or a level"))?;
            lua.inspect_stack(level, |found| of_call(lua, found)).transpose()
        }
    }
}

fn of_function(lua: &Lua, function: Function) -> mlua::Result<Table> {
    let info = function.info();
    let table = lua.create_table()?;
    table.raw_set("what", info.what)?;
    table.raw_set("source", info.source)?;
    table.raw_set("short_src", info.short_src)?;
    table.raw_set("linedefined", info.line_defined.map_or(-1, |line| line as i64))?;
    table.raw_set("lastlinedefined", info.last_line_defined.map_or(-1, |line| line as i64))?;
    table.raw_set("currentline", -1)?;
    table.raw_set("nups", info.num_upvalues)?;
    table.raw_set("nparams", info.num_params)?;
    table.raw_set("isvararg", info.is_vararg)?;
    table.raw_set("namewhat", "")?;
    table.raw_set("func", function)?;
    Ok(table)
}

/// What is known of a call is what is known of its function, and where the call is.
fn of_call(lua: &Lua, call: &Debug<'_>) -> mlua::Result<Table> {
    let table = of_function(lua, call.function())?;
    let names = call.names();
    table.raw_set("name", names.name)?;
    table.raw_set("namewhat", names.name_what.unwrap_or(""))?;
    table.raw_set("currentline", call.current_line().map_or(-1, |line| line as i64))?;
    table.raw_set("istailcall", call.is_tail_call())?;
    Ok(table)
}

fn getmetatable(_: &Lua, value: Value) -> mlua::Result<Option<Table>> {
    Ok(value.as_table().and_then(Table::metatable))
}

fn gethook(_: &Lua, _: MultiValue) -> mlua::Result<()> {
    Ok(())
}

fn refused(name: &str) -> mlua::Error {
    mlua::Error::runtime(format!("debug.{name} is not supported"))
}

fn sethook(_: &Lua, _: MultiValue) -> mlua::Result<()> {
    Err(refused("sethook()"))
}

fn getlocal(_: &Lua, _: MultiValue) -> mlua::Result<()> {
    Err(refused("getlocal()"))
}

fn setlocal(_: &Lua, _: MultiValue) -> mlua::Result<()> {
    Err(refused("setlocal()"))
}

fn getupvalue(_: &Lua, _: MultiValue) -> mlua::Result<()> {
    Err(refused("getupvalue()"))
}

fn setupvalue(_: &Lua, _: MultiValue) -> mlua::Result<()> {
    Err(refused("setupvalue()"))
}

fn getregistry(_: &Lua, _: MultiValue) -> mlua::Result<()> {
    Err(refused("getregistry()"))
}

fn setmetatable(_: &Lua, _: MultiValue) -> mlua::Result<()> {
    Err(refused("setmetatable()"))
}
