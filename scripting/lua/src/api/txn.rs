//! The class `TXN`: the transaction of the moment.

use std::sync::Arc;

use mlua::{Lua, LuaString, Table, Value};
use portero_api::{Message, Scope, VarId, process_vars};

use crate::api::{core, marker, reply, tuning};
use crate::class::{Class, Classes, Ignored, field, now, object};
use crate::scene;
use crate::state::inside;
use crate::values;

/// The class.
pub(crate) static CLASS: Class = Class {
    name: "TXN",
    summary: "a transaction: one request and its response, or one TCP session",
    global: false,
    fields: &[
        field!("f", "Fetches", "all fetches as functions, with typed values"),
        field!("sf", "Fetches", "the same, with strings"),
        field!("c", "Converters", "all converters as functions, with typed values"),
        field!("sc", "Converters", "the same, with strings"),
        field!("http", "HTTP", "the heads of request and response"),
        field!("req", "Channel", "what comes from the client: in filters, and to look at in rules of TCP"),
        field!("res", "Channel", "the same of the server"),
    ],
    functions: &[
        &[
            now!(
                "set_var",
                "(self: TXN, var: string, value: any, ifexist?: boolean): boolean",
                "sets a variable",
                set_var
            ),
            now!("get_var", "(self: TXN, var: string): any", "the value of a variable, or nil", get_var),
            now!("unset_var", "(self: TXN, var: string)", "unsets a variable", unset_var),
            now!("set_priv", "(self: TXN, data: any)", "keeps a value with the transaction", set_priv),
            now!("get_priv", "(self: TXN): any", "the value that was kept", get_priv),
            now!("log", "(self: TXN, level: integer, message: string)", "writes a log line", log),
            now!("deflog", "(self: TXN, message: string)", "writes a log line of the usual level", deflog),
            now!("Debug", "(self: TXN, message: string)", "writes a log line of level debug", debug),
            now!("Info", "(self: TXN, message: string)", "writes a log line of level info", info),
            now!("Warning", "(self: TXN, message: string)", "writes a log line of level warning", warning),
            now!("Alert", "(self: TXN, message: string)", "writes a log line of level alert", alert),
            now!("done", "(self: TXN, reply?: Reply)", "ends the transaction, with a reply or without", done),
        ],
        reply::TXN,
        tuning::TXN,
    ],
};

/// How `done` ends a script.
#[derive(Clone, Debug)]
pub(crate) enum Ending {
    /// The script alone.
    Quiet,
    /// The transaction as well.
    Abort,
    /// The transaction, with this reply.
    Reply(Arc<Message>),
}

impl std::fmt::Display for Ending {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("the script is done")
    }
}

impl std::error::Error for Ending {}

/// Puts what every transaction has beside functions among them.
pub(crate) fn finish(lua: &Lua, classes: &Classes) -> mlua::Result<()> {
    languages(lua, classes, "TXN")?;
    classes.functions("TXN")?.raw_set("http", marker(lua, classes, "HTTP")?)
}

/// Gives a class the rule language: `f`, `sf`, `c`, `sc`.
pub(crate) fn languages(lua: &Lua, classes: &Classes, class: &str) -> mlua::Result<()> {
    let functions = classes.functions(class)?;
    for (name, class, safe) in [
        ("f", "Fetches", false),
        ("sf", "Fetches", true),
        ("c", "Converters", false),
        ("sc", "Converters", true),
    ] {
        let marker = marker(lua, classes, class)?;
        marker.raw_set("__safe", safe)?;
        functions.raw_set(name, marker)?;
    }
    Ok(())
}

/// A new object: what a script puts into it is gone with the call.
pub(crate) fn new_txn(lua: &Lua) -> mlua::Result<Table> {
    object(lua, "TXN")
}

/// A variable that somebody has used before. A name that is none is none: scripts get nil or false for it, as in HAProxy.
fn known(name: &str) -> Option<VarId> {
    VarId::find(name).ok().flatten()
}

pub(crate) fn set_var(
    _: &Lua,
    (_, name, value, if_exists): (Ignored, String, Value, Option<bool>),
) -> mlua::Result<bool> {
    let only_known = if_exists == Some(true) && name.starts_with("proc.");
    let Some(id) = (if only_known { known(&name) } else { VarId::of_script(&name).ok() }) else {
        return Ok(false);
    };
    let Some(sample) = values::from_lua(&value) else {
        unset(id)?;
        return Ok(true);
    };
    match id.scope {
        Scope::Proc => process_vars().set(id, sample),
        scope => {
            return scene::see(|exchange| {
                let vars = exchange.vars_of(scope);
                vars.map(|vars| vars.set(id, portero_api::Value::from_sample(&sample))).is_some()
            });
        }
    }
    Ok(true)
}

pub(crate) fn get_var(lua: &Lua, (_, name): (Ignored, String)) -> mlua::Result<Value> {
    let Some(id) = known(&name) else { return Ok(Value::Nil) };
    let bools = inside(lua).settings.bool_conversion;
    let sample = match id.scope {
        Scope::Proc => process_vars().get(id),
        scope => scene::see(|exchange| Some(exchange.vars_of(scope)?.get(id)?.to_sample()))?,
    };
    sample.map_or(Ok(Value::Nil), |sample| values::to_lua(lua, &sample, bools))
}

pub(crate) fn unset_var(_: &Lua, (_, name): (Ignored, String)) -> mlua::Result<()> {
    known(&name).map_or(Ok(()), unset)
}

fn unset(id: VarId) -> mlua::Result<()> {
    match id.scope {
        Scope::Proc => drop(process_vars().unset(id)),
        scope => scene::see(|exchange| {
            if let Some(vars) = exchange.vars_of(scope) {
                vars.unset(id);
            }
        })?,
    }
    Ok(())
}

pub(crate) fn set_priv(lua: &Lua, (_, data): (Ignored, Value)) -> mlua::Result<()> {
    let key = inside(lua).id;
    scene::change(|exchange| exchange.attached.set(key, data))
}

pub(crate) fn get_priv(lua: &Lua, _: Ignored) -> mlua::Result<Value> {
    let key = inside(lua).id;
    scene::see(|exchange| exchange.attached.get::<Value>(key).cloned().unwrap_or(Value::Nil))
}

fn log(_: &Lua, (_, level, text): (Ignored, i64, LuaString)) -> mlua::Result<()> {
    core::write(level, &text)
}

fn deflog(_: &Lua, (_, text): (Ignored, LuaString)) -> mlua::Result<()> {
    core::write(6, &text)
}

fn debug(_: &Lua, (_, text): (Ignored, LuaString)) -> mlua::Result<()> {
    core::write(7, &text)
}

fn info(_: &Lua, (_, text): (Ignored, LuaString)) -> mlua::Result<()> {
    core::write(6, &text)
}

fn warning(_: &Lua, (_, text): (Ignored, LuaString)) -> mlua::Result<()> {
    core::write(4, &text)
}

fn alert(_: &Lua, (_, text): (Ignored, LuaString)) -> mlua::Result<()> {
    core::write(1, &text)
}

fn done(_: &Lua, (_, reply): (Ignored, Option<Table>)) -> mlua::Result<()> {
    let ending = match reply {
        None => Ending::Abort,
        Some(reply) => Ending::Reply(Arc::new(message(&reply)?)),
    };
    Err(mlua::Error::external(ending))
}

/// The reply that a table describes: `status`, `reason`, `headers`, `body`, all of them optional.
pub(crate) fn message(reply: &Table) -> mlua::Result<Message> {
    let mut message = Message::new(reply.get::<Option<u16>>("status")?.unwrap_or(200));
    message.reason = reply.get::<Option<String>>("reason")?.map(Into::into);
    if let Some(headers) = reply.get::<Option<Table>>("headers")? {
        for pair in headers.pairs::<LuaString, Value>() {
            let (name, values) = pair?;
            let mut add = |value: &LuaString| {
                message.headers.push((name.as_bytes()[..].into(), value.as_bytes()[..].into()))
            };
            match values {
                Value::Table(values) => {
                    for value in values.sequence_values::<LuaString>() {
                        add(&value?);
                    }
                }
                Value::String(value) => add(&value),
                other => {
                    let kind = other.type_name();
                    return Err(mlua::Error::runtime(format!(
                        "the values of a header are strings, not {kind}"
                    )));
                }
            }
        }
    }
    if let Some(body) = reply.get::<Option<LuaString>>("body")? {
        message.body = body.as_bytes().to_vec().into();
    }
    Ok(message)
}
