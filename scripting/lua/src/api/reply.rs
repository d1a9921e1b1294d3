//! The class `Reply`: what `txn:done` may answer with. A plain table of `status`, `reason`, `headers` and `body`.

use mlua::{Lua, LuaString, Table, Value};

use crate::api::http;
use crate::class::{Class, Method, field, now, object};

/// The class.
pub(crate) static CLASS: Class = Class {
    name: "Reply",
    summary: "a reply that a script puts together for `txn:done`",
    global: false,
    fields: &[
        field!("status", "integer", "the status code, 200 unless set"),
        field!("reason", "string", "the reason phrase; that of the status unless set"),
        field!("headers", "table<string, string[]>", "header fields: lists of values by name"),
        field!("body", "string", "the body"),
    ],
    functions: &[&[
        now!(
            "set_status",
            "(self: Reply, status: integer, reason?: string)",
            "sets status and reason phrase",
            set_status
        ),
        now!("add_header", "(self: Reply, name: string, value: string)", "adds a header field", add_header),
        now!("del_header", "(self: Reply, name: string)", "removes all header fields of a name", del_header),
        now!("set_body", "(self: Reply, body?: string)", "sets the body", set_body),
    ]],
};

/// What the class `TXN` has of it.
pub(crate) const TXN: &[Method] = &[now!(
    "reply",
    "(self: TXN, reply?: table): Reply",
    "a reply to be filled, from a table of its parts",
    reply
)];

fn reply(lua: &Lua, (_, from): (Value, Option<Table>)) -> mlua::Result<Table> {
    let reply = object(lua, "Reply")?;
    let part = |name: &str| from.as_ref().map_or(Ok(Value::Nil), |from| from.get::<Value>(name));
    let or = |value: Value, usual: Value| if value.is_nil() { usual } else { value };
    reply.raw_set("status", or(part("status")?, Value::Integer(200)))?;
    reply.raw_set("reason", part("reason")?)?;
    reply.raw_set("headers", or(part("headers")?, Value::Table(lua.create_table()?)))?;
    reply.raw_set("body", part("body")?)?;
    Ok(reply)
}

fn set_status(_: &Lua, (reply, status, reason): (Table, u16, Option<LuaString>)) -> mlua::Result<()> {
    reply.raw_set("status", status)?;
    reply.raw_set("reason", reason)
}

fn add_header(lua: &Lua, (reply, name, value): (Table, LuaString, LuaString)) -> mlua::Result<()> {
    http::check(&name.as_bytes(), &value.as_bytes())?;
    let headers: Table = reply.raw_get("headers")?;
    match headers.get::<Option<Table>>(&name)? {
        Some(values) => values.raw_push(value),
        None => headers.set(name, lua.create_sequence_from([value])?),
    }
}

fn del_header(_: &Lua, (reply, name): (Table, LuaString)) -> mlua::Result<()> {
    reply.raw_get::<Table>("headers")?.set(name, Value::Nil)
}

fn set_body(_: &Lua, (reply, body): (Table, Option<LuaString>)) -> mlua::Result<()> {
    reply.raw_set("body", body)
}
