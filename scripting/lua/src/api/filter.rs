//! The class `filter`, and what `core` has to register filters.

use std::time::Duration;

use mlua::{Function, Lua, Table, Value};

use super::piece::{self, Side};
use crate::class::{Class, Method, Of, field, now};
use crate::state::{Purpose, inside};

/// The class.
pub(crate) static CLASS: Class = Class {
    name: "filter",
    summary: "what the callbacks of a filter answer, and what they may ask for",
    global: true,
    fields: &[
        field!("CONTINUE", "integer", "1: this step is done"),
        field!("WAIT", "integer", "0: more data, or something else, is waited for"),
        field!("ERROR", "integer", "-1: the message cannot go on"),
        field!("FLT_CFG_FL_HTX", "integer", "the filter can work on HTTP"),
    ],
    functions: &[&[
        now!(
            "register_data_filter",
            "(flt: table, chn: Channel)",
            "the filter wants the data of a direction",
            register_data
        ),
        now!(
            "unregister_data_filter",
            "(flt: table, chn: Channel)",
            "the filter wants them no more",
            unregister_data
        ),
        now!(
            "wake_time",
            "(milliseconds: integer)",
            "calls the callback again after so long, when it waits",
            wake_time
        ),
    ]],
};

/// Rows of `core`.
pub(crate) const CORE: &[Method] = &[
    now!(
        "register_filter",
        "(name: string, flt: table, func: fun(flt: table, args: string[]): table?)",
        "makes a class of callbacks a filter: `filter lua.NAME ARG...`",
        register_filter
    ),
    now!(
        "on_request_body",
        "(name: string, func: fun(txn: TXN, body: string, last: boolean): string?, how?: { whole?: boolean, max?: integer })",
        "makes a function that rewrites request bodies a filter, by piece or whole: `filter lua.NAME`",
        on_request_body
    ),
    now!(
        "on_response_body",
        "(name: string, func: fun(txn: TXN, body: string, last: boolean): string?, how?: { whole?: boolean, max?: integer })",
        "the same for response bodies",
        on_response_body
    ),
];

/// Sets the numbers.
pub(crate) fn finish(filter: &Table) -> mlua::Result<()> {
    [("CONTINUE", 1), ("WAIT", 0), ("ERROR", -1), ("FLT_CFG_FL_HTX", 1)]
        .into_iter()
        .try_for_each(|(name, value)| filter.raw_set(name, value))
}

fn register_data(_: &Lua, (_, Of(Side(response))): (Value, Of<Side>)) -> mlua::Result<()> {
    piece::with(|piece| piece.wanted[usize::from(response)] = true)
}

fn unregister_data(_: &Lua, (_, Of(Side(response))): (Value, Of<Side>)) -> mlua::Result<()> {
    piece::with(|piece| piece.wanted[usize::from(response)] = false)
}

fn wake_time(_: &Lua, milliseconds: u64) -> mlua::Result<()> {
    piece::with(|piece| piece.wake = Some(Duration::from_millis(milliseconds)))
}

fn register_filter(lua: &Lua, (name, class, parse): (String, Table, Function)) -> mlua::Result<()> {
    if !class.contains_key("new")? {
        return Err(mlua::Error::runtime(format!("register_filter: the class of '{name}' has no 'new'")));
    }
    inside(lua).register(&name, Purpose::Filter { class }, parse)
}

type Body = (String, Function, Option<Table>);

fn on_request_body(lua: &Lua, body: Body) -> mlua::Result<()> {
    on_body(lua, body, false)
}

fn on_response_body(lua: &Lua, body: Body) -> mlua::Result<()> {
    on_body(lua, body, true)
}

fn on_body(lua: &Lua, (name, function, how): Body, response: bool) -> mlua::Result<()> {
    let (mut whole, mut max) = (false, None);
    if let Some(how) = how {
        for pair in how.pairs::<String, Value>() {
            match pair? {
                (key, Value::Boolean(value)) if key == "whole" => whole = value,
                (key, Value::Integer(value)) if key == "max" => max = usize::try_from(value).ok(),
                (key, _) => {
                    let message = format!(
                        "'{key}' is nothing that a body filter can be told: 'whole' is true or false, 'max' a number of bytes"
                    );
                    return Err(mlua::Error::runtime(message));
                }
            }
        }
    }
    inside(lua).register(&name, Purpose::Body { response, whole, max }, function)
}
