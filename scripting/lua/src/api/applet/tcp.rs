//! The class `AppletTCP`: a service that speaks with the client of a session.

use mlua::Lua;

use super::{read, send};
use crate::api::txn;
use crate::class::{Class, Classes, field, now, waits};

/// The class.
pub(crate) static CLASS: Class = Class {
    name: "AppletTCP",
    summary: "a service that speaks with the client of a TCP session",
    global: false,
    fields: &[
        field!("f", "Fetches", "all fetches as functions, with typed values"),
        field!("sf", "Fetches", "the same, with strings"),
        field!("c", "Converters", "all converters as functions, with typed values"),
        field!("sc", "Converters", "the same, with strings"),
    ],
    functions: &[&[
        waits!(
            "getline",
            "(self: AppletTCP): string",
            "reads a line with its end; without one at the end of the stream, empty behind it",
            read::getline
        ),
        waits!(
            "receive",
            "(self: AppletTCP, size?: integer, timeout?: integer): string?",
            "reads so many bytes, or all up to the end; after so many milliseconds what is there, or nil",
            read::receive_within
        ),
        waits!(
            "try_receive",
            "(self: AppletTCP): string?",
            "what is there now; nil when that is nothing, empty at the end of the stream",
            read::try_receive
        ),
        waits!("send", "(self: AppletTCP, msg: string): integer", "sends a text", send),
        now!(
            "set_var",
            "(self: AppletTCP, var: string, value: any, ifexist?: boolean): boolean",
            "sets a variable",
            txn::set_var
        ),
        now!(
            "get_var",
            "(self: AppletTCP, var: string): any",
            "the value of a variable, or nil",
            txn::get_var
        ),
        now!("unset_var", "(self: AppletTCP, var: string)", "unsets a variable", txn::unset_var),
        now!("set_priv", "(self: AppletTCP, data: any)", "keeps a value with the session", txn::set_priv),
        now!("get_priv", "(self: AppletTCP): any", "the value that was kept", txn::get_priv),
    ]],
};

/// Puts what every applet has beside functions among them.
pub(crate) fn finish(lua: &Lua, classes: &Classes) -> mlua::Result<()> {
    txn::languages(lua, classes, "AppletTCP")
}
