//! The class `Regex`: regular expressions, in linear time (HAProxy's Lua manual, "Regex class").

use mlua::{IntoLuaMulti, Lua, LuaString, MultiValue};
use regex::bytes::{Regex, RegexBuilder};

use crate::class::{Class, Of, now, object_of};

/// The class.
pub(crate) static CLASS: Class = Class {
    name: "Regex",
    summary: "a regular expression, matched in linear time",
    global: true,
    fields: &[],
    functions: &[&[
        now!(
            "new",
            "(regex: string, case_sensitive?: boolean): boolean, Regex|string",
            "true and the compiled expression, or false and what is wrong with it",
            new
        ),
        now!("exec", "(self: Regex, text: string): boolean", "whether it matches", exec),
        now!(
            "match",
            "(self: Regex, text: string): boolean, string[]",
            "whether it matches; what matched as a whole, and of each group",
            matched
        ),
    ]],
};

/// Bytes that a compiled expression may take.
const SIZE: usize = 4 << 20;

/// Compiles an expression.
///
/// # Errors
///
/// What is wrong with it.
pub(crate) fn compile(text: &str, case_sensitive: bool) -> Result<Regex, String> {
    let built =
        RegexBuilder::new(text).case_insensitive(!case_sensitive).unicode(false).size_limit(SIZE).build();
    built.map_err(|why| format!("regex '{text}' is invalid: {why}"))
}

fn new(lua: &Lua, (text, case_sensitive): (LuaString, Option<bool>)) -> mlua::Result<MultiValue> {
    match compile(&text.to_string_lossy(), case_sensitive.unwrap_or(true)) {
        Ok(regex) => (true, object_of(lua, "Regex", regex)?).into_lua_multi(lua),
        Err(why) => (false, why).into_lua_multi(lua),
    }
}

fn exec(_: &Lua, (Of(regex), text): (Of<Regex>, LuaString)) -> mlua::Result<bool> {
    Ok(regex.is_match(&text.as_bytes()))
}

fn matched(lua: &Lua, (Of(regex), text): (Of<Regex>, LuaString)) -> mlua::Result<MultiValue> {
    let text = text.as_bytes();
    let groups = lua.create_table()?;
    let captures = regex.captures(&text);
    for group in captures.iter().flat_map(|captures| captures.iter()) {
        groups.raw_push(lua.create_string(group.map_or(&b""[..], |group| group.as_bytes()))?)?;
    }
    (captures.is_some(), groups).into_lua_multi(lua)
}
