//! What a filter is shown of a message: the data that have come and not passed. Lent to the functions that a callback
//! calls, as the exchange is.

use std::ops::Range;
use std::time::Duration;

use mlua::{Lua, LuaString, Table, Value};
use portero_api::Exchange;
use scoped_tls_hkt::scoped_thread_local;

use crate::api::marker;
use crate::class::{Classes, Method, Of, now, object_of, stand_for};
use crate::scene;

scoped_thread_local!(static mut PIECE: Piece);

/// The data of one direction, and what the callback said beside them.
#[derive(Debug, Default)]
pub(crate) struct Piece {
    /// Whether it is the response's.
    pub(crate) response: bool,
    /// All that the filter holds.
    pub(crate) data: Vec<u8>,
    /// How much of it the callback has forwarded.
    pub(crate) forwarded: usize,
    /// Nothing more will come.
    pub(crate) ended: bool,
    /// How much it may hold.
    pub(crate) limit: usize,
    /// Whose data the filter wants: the request's, the response's.
    pub(crate) wanted: [bool; 2],
    /// `filter.wake_time`
    pub(crate) wake: Option<Duration>,
}

/// A direction, as what a `Channel` and an `HTTPMessage` stand for. True: the response.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Side(pub(crate) bool);

/// What both classes have: the data that a filter holds.
pub(crate) const ROWS: &[Method] = &[
    now!("append", "(self, text: string): integer", "puts bytes behind the data", append),
    now!("forward", "(self, length: integer): integer", "lets data pass", forward),
    now!("input", "(self): integer", "bytes that have not passed", input),
    now!(
        "insert",
        "(self, text: string, offset?: integer): integer",
        "puts bytes at a place among the data",
        insert
    ),
    now!("is_full", "(self): boolean", "no more can come before some passes", is_full),
    now!("is_resp", "(self): boolean", "it is of the response", is_resp),
    now!("may_recv", "(self): boolean", "more may come", may_recv),
    now!("output", "(self): integer", "bytes that pass", output),
    now!("prepend", "(self, text: string): integer", "puts bytes before the data", prepend),
    now!(
        "set",
        "(self, text: string, offset?: integer, length?: integer): integer",
        "puts bytes in the place of some of the data",
        set
    ),
];

/// What a `Channel` has otherwise, for actions use it as well.
pub(crate) const EDITS: &[Method] = &[
    now!(
        "remove",
        "(self, offset?: integer, length?: integer): integer",
        "takes some of the data away",
        remove
    ),
    now!("send", "(self, text: string): integer", "lets bytes pass before the data", send),
];

/// The object of a class for a direction.
pub(crate) fn of_side(lua: &Lua, class: &str, response: bool) -> mlua::Result<Table> {
    object_of(lua, class, Side(response))
}

/// Lends a piece for the time of a call.
pub(crate) fn lend<T>(piece: &mut Piece, call: impl FnOnce() -> T) -> T {
    PIECE.set(piece, call)
}

/// The piece of the moment.
///
/// # Errors
///
/// No callback of a filter is at work.
pub(crate) fn with<T>(look: impl FnOnce(&mut Piece) -> T) -> mlua::Result<T> {
    match PIECE.is_set() {
        true => Ok(PIECE.with(look)),
        false => Err(mlua::Error::runtime("this can be done in the callbacks of filters only")),
    }
}

/// Whether a callback of a filter is at work.
pub(crate) fn is_lent() -> bool {
    PIECE.is_set()
}

/// Gives transactions their channels.
pub(crate) fn finish(lua: &Lua, classes: &Classes) -> mlua::Result<()> {
    let txn = classes.functions("TXN")?;
    for (name, response) in [("req", false), ("res", true)] {
        let channel = marker(lua, classes, "Channel")?;
        stand_for(lua, &channel, Side(response))?;
        txn.raw_set(name, channel)?;
    }
    Ok(())
}

/// Looks at the data of a direction: those that the filter of the moment holds, else, in rules of TCP, all that have come.
fn seen<T>(side: Side, look: impl FnOnce(&Piece) -> mlua::Result<T>) -> mlua::Result<T> {
    match PIECE.is_set() {
        true => of(side, |piece| look(piece)),
        false => look(&scene::see(|exchange| arrived(exchange, side))??),
    }
}

fn arrived(exchange: &Exchange, Side(response): Side) -> mlua::Result<Piece> {
    if exchange.conn.frontend.http {
        let why = "a channel is there in rules of TCP, and in filters: for HTTP see txn.http";
        return Err(mlua::Error::runtime(why));
    }
    let payload = if response { &exchange.response_payload } else { &exchange.payload };
    let (data, ended) = (payload.data.clone(), payload.complete);
    Ok(Piece { response, data, ended, ..Piece::default() })
}

/// The same, where it is of that direction.
fn of<T>(Side(response): Side, look: impl FnOnce(&mut Piece) -> mlua::Result<T>) -> mlua::Result<T> {
    with(|piece| match piece.response == response {
        true => look(piece),
        false => Err(mlua::Error::runtime("the data of the other direction are not at hand")),
    })?
}

impl Piece {
    fn incoming(&self) -> &[u8] {
        &self.data[self.forwarded.min(self.data.len())..]
    }

    /// A part of the incoming data: an offset below 0 counts from the end; without a length, or with -1, it is all that
    /// follows.
    fn part(&self, offset: Option<i64>, length: Option<i64>) -> mlua::Result<Range<usize>> {
        let len = self.incoming().len();
        let offset = offset.unwrap_or(0);
        let start = match usize::try_from(offset) {
            Ok(start) => start,
            Err(_) => len.saturating_sub(usize::try_from(offset.unsigned_abs()).unwrap_or(usize::MAX)),
        };
        if start > len {
            return Err(mlua::Error::runtime(format!("offset {offset} is behind the end of {len} bytes")));
        }
        let end = match length.unwrap_or(-1) {
            -1 => len,
            length => {
                let bad = |_| mlua::Error::runtime(format!("{length} is no length"));
                start.saturating_add(usize::try_from(length).map_err(bad)?).min(len)
            }
        };
        Ok(start..end)
    }

    fn replace(&mut self, part: Range<usize>, with: &[u8]) -> i64 {
        let at = self.forwarded.min(self.data.len());
        self.data.splice(at + part.start..at + part.end, with.iter().copied());
        with.len() as i64
    }
}

/// Bytes that have come and were not forwarded.
pub(crate) fn input(_: &Lua, Of(side): Of<Side>) -> mlua::Result<usize> {
    seen(side, |piece| Ok(piece.incoming().len()))
}

/// Bytes that the callback has forwarded.
pub(crate) fn output(_: &Lua, Of(side): Of<Side>) -> mlua::Result<usize> {
    seen(side, |piece| Ok(piece.forwarded.min(piece.data.len())))
}

/// Whether no more can come before some passes.
pub(crate) fn is_full(_: &Lua, Of(side): Of<Side>) -> mlua::Result<bool> {
    of(side, |piece| Ok(piece.data.len() >= piece.limit))
}

/// Whether more may come.
pub(crate) fn may_recv(_: &Lua, Of(side): Of<Side>) -> mlua::Result<bool> {
    seen(side, |piece| Ok(!piece.ended))
}

/// Whether all has come.
pub(crate) fn eom(_: &Lua, Of(side): Of<Side>) -> mlua::Result<bool> {
    of(side, |piece| Ok(piece.ended))
}

/// Whether it is the response's.
pub(crate) fn is_resp(_: &Lua, Of(Side(response)): Of<Side>) -> mlua::Result<bool> {
    Ok(response)
}

/// A part of the data of a direction: offset and length.
pub(crate) type Part = (Of<Side>, Option<i64>, Option<i64>);
type Insert = (Of<Side>, LuaString, Option<i64>);

/// Some of the incoming data; nil when there are none and none will come.
pub(crate) fn data(lua: &Lua, (Of(side), offset, length): Part) -> mlua::Result<Value> {
    seen(side, |piece| {
        if piece.incoming().is_empty() && piece.ended {
            return Ok(Value::Nil);
        }
        let part = piece.part(offset, length)?;
        lua.create_string(&piece.incoming()[part]).map(Value::String)
    })
}

/// The first line of some of the incoming data, or all of it where there is none.
pub(crate) fn line(lua: &Lua, (Of(side), offset, length): Part) -> mlua::Result<Value> {
    seen(side, |piece| {
        if piece.incoming().is_empty() && piece.ended {
            return Ok(Value::Nil);
        }
        let bytes = &piece.incoming()[piece.part(offset, length)?];
        let end = bytes.iter().position(|&byte| byte == b'\n').map_or(bytes.len(), |at| at + 1);
        lua.create_string(&bytes[..end]).map(Value::String)
    })
}

/// Puts bytes behind the incoming data.
pub(crate) fn append(_: &Lua, (Of(side), text): (Of<Side>, LuaString)) -> mlua::Result<i64> {
    of(side, |piece| {
        piece.data.extend_from_slice(&text.as_bytes());
        Ok(text.as_bytes().len() as i64)
    })
}

/// Puts bytes before them.
pub(crate) fn prepend(_: &Lua, (Of(side), text): (Of<Side>, LuaString)) -> mlua::Result<i64> {
    of(side, |piece| Ok(piece.replace(0..0, &text.as_bytes())))
}

/// Puts bytes at a place among them.
pub(crate) fn insert(_: &Lua, (Of(side), text, offset): Insert) -> mlua::Result<i64> {
    of(side, |piece| {
        let at = piece.part(offset, Some(0))?;
        Ok(piece.replace(at, &text.as_bytes()))
    })
}

/// Puts bytes in the place of some of them.
pub(crate) fn set(
    _: &Lua,
    (Of(side), text, offset, length): (Of<Side>, LuaString, Option<i64>, Option<i64>),
) -> mlua::Result<i64> {
    of(side, |piece| {
        let part = piece.part(offset, length)?;
        Ok(piece.replace(part, &text.as_bytes()))
    })
}

/// Takes some of them away.
pub(crate) fn remove(_: &Lua, (Of(side), offset, length): Part) -> mlua::Result<usize> {
    of(side, |piece| {
        let part = piece.part(offset, length)?;
        let removed = part.len();
        piece.replace(part, b"");
        Ok(removed)
    })
}

/// Puts bytes before them and forwards them.
pub(crate) fn send(_: &Lua, (Of(side), text): (Of<Side>, LuaString)) -> mlua::Result<i64> {
    of(side, |piece| {
        let sent = piece.replace(0..0, &text.as_bytes());
        piece.forwarded += text.as_bytes().len();
        Ok(sent)
    })
}

/// Forwards some of them; how many there were.
pub(crate) fn forward(_: &Lua, (Of(side), length): (Of<Side>, usize)) -> mlua::Result<usize> {
    of(side, |piece| {
        let forwarded = length.min(piece.incoming().len());
        piece.forwarded += forwarded;
        Ok(forwarded)
    })
}
