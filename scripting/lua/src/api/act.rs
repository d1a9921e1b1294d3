//! The class `act`: what an action may return, and what it says beside.

use std::cell::Cell;
use std::time::Duration;

use mlua::{Lua, Table};
use portero_api::Packets;
use scoped_tls_hkt::scoped_thread_local;

use crate::class::{Class, Ignored, field, now};

scoped_thread_local!(static SAID: Said);

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

/// What `act.YIELD` is.
pub(crate) const YIELD: i64 = 2;

/// What an action says beside what it returns.
#[derive(Debug, Default)]
pub(crate) struct Said {
    /// `act:wake_time`
    pub(crate) wake: Cell<Option<Duration>>,
    /// `TXN:set_fc_tos`, `TXN:set_fc_mark`
    pub(crate) packets: Cell<Packets>,
}

impl Said {
    /// Listens to the action of the moment, for as long as a call lasts.
    pub(crate) fn lend<T>(&self, call: impl FnOnce() -> T) -> T {
        SAID.set(self, call)
    }
}

/// Notes what the action of the moment says.
///
/// # Errors
///
/// None is at work.
pub(crate) fn say(note: impl FnOnce(&Said)) -> mlua::Result<()> {
    if !SAID.is_set() {
        return Err(mlua::Error::runtime("this can be done in actions only"));
    }
    SAID.with(note);
    Ok(())
}

fn wake_time(_: &Lua, (_, milliseconds): (Ignored, u64)) -> mlua::Result<()> {
    say(|said| said.wake.set(Some(Duration::from_millis(milliseconds))))
}
