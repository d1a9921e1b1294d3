//! How a transaction is handled: what `TXN` has of priorities, log levels and packets.

use mlua::Lua;
use portero_api::Packets;

use crate::api::act;
use crate::class::{Ignored, Method, now};
use crate::scene;

/// The rows of the class `TXN`.
pub(crate) const TXN: &[Method] = &[
    now!(
        "set_loglevel",
        "(self: TXN, level: integer)",
        "the level of the transaction's log line; -1 for none",
        set_loglevel
    ),
    now!(
        "set_priority_class",
        "(self: TXN, class: integer)",
        "its class in queues, -2047 to 2047: the lower, the sooner",
        set_priority_class
    ),
    now!(
        "set_priority_offset",
        "(self: TXN, offset: integer)",
        "its offset in queues in milliseconds, -524287 to 524287",
        set_priority_offset
    ),
    now!(
        "set_fc_tos",
        "(self: TXN, tos: integer)",
        "in actions: the type of service of packets to the client",
        set_fc_tos
    ),
    now!(
        "set_fc_mark",
        "(self: TXN, mark: integer)",
        "in actions: the mark of packets to the client, for the packet filter",
        set_fc_mark
    ),
    now!("set_tos", "(self: TXN, tos: integer)", "the older name of set_fc_tos", set_fc_tos),
    now!("set_mark", "(self: TXN, mark: integer)", "the older name of set_fc_mark", set_fc_mark),
];

fn set_loglevel(_: &Lua, (_, level): (Ignored, i64)) -> mlua::Result<()> {
    let level = match u8::try_from(level) {
        Ok(level @ 0..=7) => Some(level),
        _ if level == -1 => None,
        _ => return Err(mlua::Error::runtime(format!("log levels are -1 to 7, not {level}"))),
    };
    scene::change(|exchange| {
        exchange.log.silent = level.is_none();
        exchange.log.level = level;
    })
}

fn set_priority_class(_: &Lua, (_, class): (Ignored, i64)) -> mlua::Result<()> {
    let class = class.clamp(-2047, 2047) as i32;
    scene::change(|exchange| exchange.tune().priority.class = class)
}

fn set_priority_offset(_: &Lua, (_, offset): (Ignored, i64)) -> mlua::Result<()> {
    let offset = offset.clamp(-524_287, 524_287) as i32;
    scene::change(|exchange| exchange.tune().priority.offset = offset)
}

/// Of what is too large the lower bits count, as in the rule of that name.
fn set_fc_tos(_: &Lua, (_, tos): (Ignored, i64)) -> mlua::Result<()> {
    act::say(|said| said.packets.set(Packets { tos: Some(tos as u8), ..said.packets.get() }))
}

fn set_fc_mark(_: &Lua, (_, mark): (Ignored, i64)) -> mlua::Result<()> {
    act::say(|said| said.packets.set(Packets { mark: Some(mark as u32), ..said.packets.get() }))
}
