//! The class `act`: what an action may return.

use mlua::{Lua, Table, Value};

use crate::class::{Class, field, now};

/// The class.
pub(crate) static CLASS: Class = Class {
    name: "act",
    summary: "what an action may return",
    global: true,
    fields: &[
        field!("CONTINUE", "integer", "goes on with the next rule; what an action without a result means"),
        field!("STOP", "integer", "ends this set of rules"),
        field!("YIELD", "integer", "comes back to the same rule later"),
        field!("ERROR", "integer", "an internal error: 500"),
        field!("DONE", "integer", "the message is dealt with"),
        field!("DENY", "integer", "refuses: 403 for a request, 502 for a response"),
        field!("ABORT", "integer", "ends the transaction without a reply"),
        field!("INVALID", "integer", "the message is invalid: 400 for a request, 502 for a response"),
    ],
    functions: &[&[now!(
        "wake_time",
        "(self: act, milliseconds: integer)",
        "when an action that answers act.YIELD is called again at the latest",
        wake_time
    )]],
};

const VALUES: [&str; 8] = ["CONTINUE", "STOP", "YIELD", "ERROR", "DONE", "DENY", "ABORT", "INVALID"];

/// Sets the values.
pub(crate) fn finish(act: &Table) -> mlua::Result<()> {
    VALUES.iter().zip(0i64..).try_for_each(|(name, value)| act.raw_set(*name, value))
}

fn wake_time(_: &Lua, _: (Value, u64)) -> mlua::Result<()> {
    Err(mlua::Error::runtime("act:wake_time() is not supported yet"))
}
