//! The class `HTTPMessage`: a request or a response, in the callbacks of filters.

use bstr::BString;
use mlua::{Lua, LuaString, Table, Value};
use portero_api::Headers;

use super::http::{self, headers_table};
use super::piece::{self, Side, of_side};
use super::replace;
use crate::class::{Class, Ignored, Of, field, now};
use crate::scene;

/// The class.
pub(crate) static CLASS: Class = Class {
    name: "HTTPMessage",
    summary: "a request or a response that passes a filter",
    global: false,
    fields: &[field!("channel", "Channel", "its data, without what HTTP makes of them")],
    functions: &[HEAD, DATA, piece::ROWS, piece::EDITS],
};

const HEAD: &[crate::class::Method] = &[
    now!("add_header", "(self: HTTPMessage, name: string, value: string)", "adds a header field", add_header),
    now!("del_header", "(self: HTTPMessage, name: string)", "removes all fields of a name", del_header),
    now!(
        "get_headers",
        "(self: HTTPMessage): table<string, table<integer, string>>",
        "the fields by name, values from index 0",
        get_headers
    ),
    now!(
        "get_stline",
        "(self: HTTPMessage): table<string, string>",
        "method, uri and version of a request; version, code and reason of a response",
        get_stline
    ),
    now!(
        "rep_header",
        "(self: HTTPMessage, name: string, regex: string, replace: string)",
        "replaces the fields of a name that match; `\\1` is what the first group matched",
        rep_header
    ),
    now!(
        "rep_value",
        "(self: HTTPMessage, name: string, regex: string, replace: string)",
        "replaces the comma-separated values of the fields that match",
        rep_value
    ),
    now!(
        "set_header",
        "(self: HTTPMessage, name: string, value: string)",
        "replaces all fields of a name",
        set_header
    ),
    now!("set_method", "(self: HTTPMessage, method: string)", "changes the method", set_method),
    now!("set_path", "(self: HTTPMessage, path: string)", "changes the path, keeps the query", set_path),
    now!("set_query", "(self: HTTPMessage, query: string)", "changes the query, keeps the path", set_query),
    now!("set_uri", "(self: HTTPMessage, uri: string)", "changes the whole target", set_uri),
    now!(
        "set_status",
        "(self: HTTPMessage, status: integer, reason?: string)",
        "changes the status of a response",
        set_status
    ),
    now!(
        "set_body_len",
        "(self: HTTPMessage, length: integer|string): boolean",
        "says that the body changes: how it ends then follows from what passes",
        set_body_len
    ),
];

const DATA: &[crate::class::Method] = &[
    now!(
        "body",
        "(self: HTTPMessage, offset?: integer, length?: integer): string?",
        "some of the body, nil at its end",
        piece::data
    ),
    now!("eom", "(self: HTTPMessage): boolean", "all of the body has come", piece::eom),
    now!("set_eom", "(self: HTTPMessage)", "an error: the end follows from what passes", set_eom),
    now!("unset_eom", "(self: HTTPMessage)", "an error: the end follows from what passes", set_eom),
];

/// The object of a direction.
pub(crate) fn new(lua: &Lua, response: bool) -> mlua::Result<Table> {
    let message = of_side(lua, "HTTPMessage", response)?;
    message.raw_set("channel", of_side(lua, "Channel", response)?)?;
    Ok(message)
}

type NameValue = (Of<Side>, BString, BString);

fn add_header(_: &Lua, (Of(Side(response)), name, value): NameValue) -> mlua::Result<()> {
    http::edit(response, &name, &value, Headers::add)
}

fn set_header(_: &Lua, (Of(Side(response)), name, value): NameValue) -> mlua::Result<()> {
    http::edit(response, &name, &value, Headers::set)
}

type Replace = (Of<Side>, LuaString, LuaString, LuaString);

fn rep_header(_: &Lua, (Of(Side(response)), name, regex, by): Replace) -> mlua::Result<()> {
    replace::lines((Value::Nil, name, regex, by), response)
}

fn rep_value(_: &Lua, (Of(Side(response)), name, regex, by): Replace) -> mlua::Result<()> {
    replace::values((Value::Nil, name, regex, by), response)
}

fn del_header(_: &Lua, (Of(Side(response)), name): (Of<Side>, LuaString)) -> mlua::Result<()> {
    remove(response, &name.as_bytes())
}

fn remove(response: bool, name: &[u8]) -> mlua::Result<()> {
    scene::change(|exchange| {
        let headers = match response {
            true => &mut exchange.response.headers,
            false => &mut exchange.request.headers,
        };
        headers.remove(name);
    })
}

fn get_headers(lua: &Lua, Of(Side(response)): Of<Side>) -> mlua::Result<Table> {
    scene::see(|exchange| match response {
        true => headers_table(lua, &exchange.response.headers),
        false => headers_table(lua, &exchange.request.headers),
    })?
}

fn get_stline(lua: &Lua, Of(Side(response)): Of<Side>) -> mlua::Result<Table> {
    let line = lua.create_table()?;
    scene::see(|exchange| {
        let version = format!("HTTP/{}", exchange.request.version.digits());
        if response {
            line.raw_set("version", "HTTP/1.1")?;
            line.raw_set("code", exchange.response.status.to_string())?;
            return line.raw_set("reason", lua.create_string(&exchange.response.reason)?);
        }
        line.raw_set("method", lua.create_string(exchange.request.method.as_bytes())?)?;
        line.raw_set("uri", lua.create_string(&exchange.request.target)?)?;
        line.raw_set("version", version)
    })??;
    Ok(line)
}

/// Functions that only one direction has.
fn only(wanted: bool, Side(response): Side) -> mlua::Result<Ignored> {
    match (wanted, response) {
        (true, false) => Err(mlua::Error::runtime("this is a function of responses")),
        (false, true) => Err(mlua::Error::runtime("this is a function of requests")),
        _ => Ok(true),
    }
}

fn set_method(lua: &Lua, (Of(side), method): (Of<Side>, LuaString)) -> mlua::Result<()> {
    http::req_set_method(lua, (only(false, side)?, method))
}

fn set_path(lua: &Lua, (Of(side), path): (Of<Side>, LuaString)) -> mlua::Result<()> {
    http::req_set_path(lua, (only(false, side)?, path))
}

fn set_query(lua: &Lua, (Of(side), query): (Of<Side>, LuaString)) -> mlua::Result<()> {
    http::req_set_query(lua, (only(false, side)?, query))
}

fn set_uri(lua: &Lua, (Of(side), uri): (Of<Side>, LuaString)) -> mlua::Result<()> {
    http::req_set_uri(lua, (only(false, side)?, uri))
}

fn set_status(lua: &Lua, (Of(side), status, reason): (Of<Side>, u16, Option<LuaString>)) -> mlua::Result<()> {
    http::res_set_status(lua, (only(true, side)?, status, reason))
}

/// A filter that changes a body says so by this, or by taking the field away: behind it the length is not promised.
fn set_body_len(_: &Lua, (Of(Side(response)), length): (Of<Side>, Value)) -> mlua::Result<bool> {
    let known = match &length {
        Value::Integer(length) => *length >= 0,
        Value::String(word) => word.as_bytes() == *b"chunked",
        _ => false,
    };
    if known {
        remove(response, b"content-length")?;
    }
    Ok(known)
}

fn set_eom(_: &Lua, _: Of<Side>) -> mlua::Result<()> {
    let why = "set_eom and unset_eom are not supported: where a message ends follows from what passes";
    Err(mlua::Error::runtime(why))
}
