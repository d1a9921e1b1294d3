//! The class `AppletHTTP`: a service that answers a request.

use bstr::BString;
use mlua::{Lua, LuaString, Value};
use portero_api::{Exchange, Framing, Message};

use super::{Stage, read, send, with};
use crate::api::http::{check, headers_table};
use crate::api::txn;
use crate::class::{Class, Classes, Ignored, field, now, waits};
use crate::scene;

/// The class.
pub(crate) static CLASS: Class = Class {
    name: "AppletHTTP",
    summary: "a service that answers a request",
    global: false,
    fields: &[
        field!("f", "Fetches", "all fetches as functions, with typed values"),
        field!("sf", "Fetches", "the same, with strings"),
        field!("c", "Converters", "all converters as functions, with typed values"),
        field!("sc", "Converters", "the same, with strings"),
        field!("method", "string", "the method of the request"),
        field!("version", "string", "the version of the request: `HTTP/1.1`"),
        field!("path", "string", "the path of the request"),
        field!("qs", "string", "the query of the request"),
        field!("length", "integer", "the length of its body; of a chunked one what is there of it"),
        field!(
            "headers",
            "table<string, table<integer, string>>",
            "the request's fields by name in lower case, values from index 0"
        ),
    ],
    functions: &[&[
        now!(
            "set_status",
            "(self: AppletHTTP, code: integer, reason?: string): boolean",
            "sets the status of the response; false for what is none",
            set_status
        ),
        now!(
            "add_header",
            "(self: AppletHTTP, name: string, value: string): boolean",
            "adds a field to the response; `content-length` says how long its body is",
            add_header
        ),
        now!("start_response", "(self: AppletHTTP)", "begins the response", start_response),
        waits!(
            "getline",
            "(self: AppletHTTP): string",
            "reads a line of the body with its end; without one at the end of the body, empty behind it",
            read::getline
        ),
        waits!(
            "receive",
            "(self: AppletHTTP, size?: integer): string",
            "reads so many bytes of the body, or all up to the end",
            read::receive
        ),
        waits!("send", "(self: AppletHTTP, msg: string): integer", "sends a part of the body", send),
        now!(
            "set_var",
            "(self: AppletHTTP, var: string, value: any, ifexist?: boolean): boolean",
            "sets a variable",
            txn::set_var
        ),
        now!(
            "get_var",
            "(self: AppletHTTP, var: string): any",
            "the value of a variable, or nil",
            txn::get_var
        ),
        now!("unset_var", "(self: AppletHTTP, var: string)", "unsets a variable", txn::unset_var),
        now!(
            "set_priv",
            "(self: AppletHTTP, data: any)",
            "keeps a value with the transaction",
            txn::set_priv
        ),
        now!("get_priv", "(self: AppletHTTP): any", "the value that was kept", txn::get_priv),
    ]],
};

/// Puts what every applet has beside functions among them. What it has of the request is made when it is looked at.
pub(crate) fn finish(lua: &Lua, classes: &Classes) -> mlua::Result<()> {
    txn::languages(lua, classes, "AppletHTTP")?;
    let of_request = lua.create_table()?;
    of_request.raw_set(
        "__index",
        lua.create_function(|lua, (_, name): (Value, LuaString)| attribute(lua, &name))?,
    )?;
    classes.functions("AppletHTTP")?.set_metatable(Some(of_request))
}

fn attribute(lua: &Lua, name: &LuaString) -> mlua::Result<Value> {
    let text = |bytes: &[u8]| lua.create_string(bytes).map(Value::String);
    scene::see(|exchange| {
        let request = &exchange.request;
        match &*name.as_bytes() {
            b"method" => text(request.method.as_bytes()),
            b"version" => text(format!("HTTP/{}", request.version.digits()).as_bytes()),
            b"path" => text(request.path()),
            b"qs" => text(request.query()),
            b"length" => Ok(Value::Integer(length(exchange))),
            b"headers" => headers_table(lua, &request.headers).map(Value::Table),
            _ => Ok(Value::Nil),
        }
    })?
}

fn length(exchange: &Exchange) -> i64 {
    match exchange.request.framing {
        Framing::Length(length) => i64::try_from(length).unwrap_or(i64::MAX),
        _ => exchange.payload.data.len() as i64,
    }
}

/// The head that is being made.
fn with_head<T>(change: impl FnOnce(&mut Message) -> T) -> mlua::Result<T> {
    with(|applet| match &mut applet.talk().stage {
        Stage::Head(head) => Ok(change(head)),
        Stage::Started(_) | Stage::Open => Err(mlua::Error::runtime("the response was begun before")),
    })?
}

fn set_status(_: &Lua, (_, code, reason): (Ignored, i64, Option<String>)) -> mlua::Result<bool> {
    match u16::try_from(code) {
        Ok(code @ 100..=599) => with_head(|head| {
            head.status = code;
            head.reason = reason.map(Into::into);
            true
        }),
        _ => Ok(false),
    }
}

/// A number is a value as well: `content-length`.
fn add_header(_: &Lua, (_, name, value): (Ignored, BString, BString)) -> mlua::Result<bool> {
    check(&name, &value)?;
    with_head(|head| head.headers.push((Vec::from(name).into(), Vec::from(value).into())))?;
    Ok(true)
}

fn start_response(_: &Lua, _: Ignored) -> mlua::Result<()> {
    let head = with_head(std::mem::take)?;
    with(|applet| applet.talk().stage = Stage::Started(head))
}
