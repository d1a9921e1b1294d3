//! The class `Channel`: the data of one direction, in the callbacks of filters and in actions of TCP rules. An action may wait
//! for more of what the client sends, take it away and speak with the client, before anything goes to a server.

use std::task::{Context, Poll, ready};

use bstr::BString;
use mlua::{IntoLuaMulti, Lua, LuaString, MultiValue, Value};
use portero_api::{Client, Exchange};

use super::piece::{self, Part, Side};
use crate::class::{Class, Of, waits};
use crate::meter;
use crate::scene::{self, Scene};
use crate::wish::{self, Begun, Wish};

/// The class.
pub(crate) static CLASS: Class = Class {
    name: "Channel",
    summary: "the data of one direction that have come and not passed",
    global: false,
    fields: &[],
    functions: &[
        &[
            waits!(
                "data",
                "(self: Channel, offset?: integer, length?: integer): string?",
                "some of the data, nil at the end; an action waits for so many",
                data
            ),
            waits!("dup", "(self: Channel): string?", "all data (old; better: data)", data),
            waits!("get", "(self: Channel): string?", "takes all data (old; better: data and remove)", get),
            waits!(
                "getline",
                "(self: Channel): string?",
                "takes a line (old; better: line and remove)",
                getline
            ),
            waits!(
                "line",
                "(self: Channel, offset?: integer, length?: integer): string?",
                "the first line of some of the data",
                line
            ),
            waits!(
                "remove",
                "(self: Channel, offset?: integer, length?: integer): integer",
                "takes some of the data away; an action takes from the front",
                remove
            ),
            waits!(
                "send",
                "(self: Channel, text: string): integer",
                "lets bytes pass before the data; in an action: txn.res:send says something to the client",
                send
            ),
        ],
        piece::ROWS,
    ],
};

/// How data are looked at.
type Look = fn(&Lua, Part) -> mlua::Result<Value>;

fn data(lua: &Lua, part: Part) -> mlua::Result<Begun> {
    look(lua, part, piece::data)
}

fn line(lua: &Lua, part: Part) -> mlua::Result<Begun> {
    look(lua, part, piece::line)
}

/// Looks at data, which an action may have to wait for.
fn look(lua: &Lua, part: Part, look: Look) -> mlua::Result<Begun> {
    let (Of(side), offset, length) = part;
    let wanted = Wanted { side, offset, length };
    match may_wait()? && scene::see(|exchange| wanted.lacks(exchange))? {
        true => wish::make(Looking { wanted, look }),
        false => Ok(Begun::Now(look(lua, (Of(side), offset, length))?.into_lua_multi(lua)?)),
    }
}

/// Whether an action is at work that may wait for the client: filters are shown what there is.
fn may_wait() -> mlua::Result<bool> {
    Ok(!piece::is_lent() && meter::may_wait() && scene::see(|exchange| !exchange.conn.frontend.http)?)
}

/// Data that are to be looked at.
#[derive(Clone, Copy)]
struct Wanted {
    side: Side,
    offset: Option<i64>,
    length: Option<i64>,
}

impl Wanted {
    /// Whether there are fewer, and more may come. A length of -1 is as much as there is room for.
    fn lacks(self, exchange: &Exchange) -> bool {
        let Side(response) = self.side;
        if response || exchange.payload.complete {
            return false;
        }
        let offset = self.offset.and_then(|offset| usize::try_from(offset).ok()).unwrap_or(0);
        let enough = match self.length {
            None => offset.saturating_add(1),
            Some(length) => offset.saturating_add(usize::try_from(length).unwrap_or(usize::MAX)),
        };
        exchange.payload.data.len() < enough
    }
}

/// Waits for data that are to be looked at.
struct Looking {
    wanted: Wanted,
    look: Look,
}

impl Wish for Looking {
    fn poll(
        &mut self,
        cx: &mut Context<'_>,
        scene: &mut Scene<'_>,
        lua: &Lua,
    ) -> Poll<mlua::Result<MultiValue>> {
        let (exchange, client) = scene.of_client()?;
        ready!(poll_enough(cx, exchange, client, |exchange| self.wanted.lacks(exchange)))?;
        let Wanted { side, offset, length } = self.wanted;
        let seen = scene.lend(|| (self.look)(lua, (Of(side), offset, length)));
        Poll::Ready(seen.and_then(|value| value.into_lua_multi(lua)))
    }
}

/// Waits until nothing is lacking, or no more comes.
fn poll_enough(
    cx: &mut Context<'_>,
    exchange: &mut Exchange,
    client: &mut dyn Client,
    lacks: impl Fn(&Exchange) -> bool,
) -> Poll<mlua::Result<()>> {
    while lacks(exchange) {
        match ready!(client.poll_more(cx, exchange)) {
            Ok(true) => {}
            Ok(false) => break,
            Err(why) => return Poll::Ready(Err(lost(&why))),
        }
    }
    Poll::Ready(Ok(()))
}

fn get(lua: &Lua, Of(side): Of<Side>) -> mlua::Result<Begun> {
    take(lua, side, How::All)
}

fn getline(lua: &Lua, Of(side): Of<Side>) -> mlua::Result<Begun> {
    take(lua, side, How::Line)
}

/// Takes data away, and gives them.
fn take(lua: &Lua, side: Side, how: How) -> mlua::Result<Begun> {
    if piece::is_lent() {
        let part = || (Of(side), None, None);
        let taken = if how == How::Line { piece::line(lua, part())? } else { piece::data(lua, part())? };
        if let Value::String(taken) = &taken {
            piece::remove(lua, (Of(side), None, Some(taken.as_bytes().len() as i64)))?;
        }
        return Ok(Begun::Now(taken.into_lua_multi(lua)?));
    }
    of_client(side)?;
    wish::make(Taking { how, taken: Vec::new(), left: None })
}

fn remove(lua: &Lua, (Of(side), offset, length): Part) -> mlua::Result<Begun> {
    if piece::is_lent() {
        return Ok(Begun::Now(piece::remove(lua, (Of(side), offset, length))?.into_lua_multi(lua)?));
    }
    of_client(side)?;
    if offset.unwrap_or(0) != 0 {
        return Err(mlua::Error::runtime("an action takes data from the front only: the offset is 0"));
    }
    let there = scene::see(|exchange| exchange.payload.data.len())?;
    let left = length.and_then(|length| usize::try_from(length).ok()).map_or(there, |n| n.min(there));
    wish::make(Taking { how: How::Count, taken: Vec::new(), left: Some(left) })
}

/// What an action may change: what the client has sent and no server has seen.
fn of_client(Side(response): Side) -> mlua::Result<()> {
    if response || !may_wait()? {
        let why = "data can be taken in the callbacks of filters, and by actions of 'tcp-req' from what the client sent";
        return Err(mlua::Error::runtime(why));
    }
    Ok(())
}

/// What is taken, or said of what was.
#[derive(Clone, Copy, PartialEq, Eq)]
enum How {
    All,
    Line,
    /// How much it was.
    Count,
}

/// Takes data away.
struct Taking {
    how: How,
    taken: Vec<u8>,
    /// How much is still to be taken; none until that is known.
    left: Option<usize>,
}

impl Taking {
    fn lacks(&self, exchange: &Exchange) -> bool {
        let payload = &exchange.payload;
        let there = match self.how {
            How::Line => payload.data.contains(&b'\n'),
            How::All | How::Count => !payload.data.is_empty(),
        };
        self.left.is_none() && !there && !payload.complete
    }

    /// How much of what is there is taken.
    fn amount(&self, data: &[u8]) -> usize {
        let line = || data.iter().position(|&byte| byte == b'\n').map(|at| at + 1);
        if self.how == How::Line { line().unwrap_or(data.len()) } else { data.len() }
    }
}

impl Wish for Taking {
    fn poll(
        &mut self,
        cx: &mut Context<'_>,
        scene: &mut Scene<'_>,
        lua: &Lua,
    ) -> Poll<mlua::Result<MultiValue>> {
        let (exchange, client) = scene.of_client()?;
        ready!(poll_enough(cx, exchange, client, |exchange| self.lacks(exchange)))?;
        let mut left = self.left.unwrap_or_else(|| self.amount(&exchange.payload.data));
        while left > 0 {
            self.left = Some(left);
            match ready!(client.poll_read(cx, exchange, left)) {
                Ok(Some(bytes)) => {
                    left -= bytes.len();
                    self.taken.extend_from_slice(&bytes);
                }
                Ok(None) => break,
                Err(why) => return Poll::Ready(Err(lost(&why))),
            }
        }
        Poll::Ready(match self.how {
            How::Count => self.taken.len().into_lua_multi(lua),
            _ if self.taken.is_empty() => Value::Nil.into_lua_multi(lua),
            _ => lua.create_string(&self.taken).and_then(|text| text.into_lua_multi(lua)),
        })
    }
}

fn send(lua: &Lua, (Of(side), text): (Of<Side>, LuaString)) -> mlua::Result<Begun> {
    if piece::is_lent() {
        return Ok(Begun::Now(piece::send(lua, (Of(side), text))?.into_lua_multi(lua)?));
    }
    let Side(response) = side;
    if !response || !may_wait()? {
        let why = "bytes can be sent in the callbacks of filters, and by actions in rules of TCP to the client (txn.res)";
        return Err(mlua::Error::runtime(why));
    }
    wish::make(Sending { text: BString::from(&*text.as_bytes()), sent: 0 })
}

/// Says something to the client.
struct Sending {
    text: BString,
    sent: usize,
}

impl Wish for Sending {
    fn poll(
        &mut self,
        cx: &mut Context<'_>,
        scene: &mut Scene<'_>,
        lua: &Lua,
    ) -> Poll<mlua::Result<MultiValue>> {
        let (exchange, client) = scene.of_client()?;
        while self.sent < self.text.len() {
            match ready!(client.poll_write(cx, exchange, &self.text[self.sent..])) {
                Ok(n) => self.sent += n,
                Err(why) => return Poll::Ready(Err(lost(&why))),
            }
        }
        // who is answered is to hear it now: the action may wait for what it says then
        match ready!(client.poll_flush(cx, exchange)) {
            Ok(()) => Poll::Ready(self.sent.into_lua_multi(lua)),
            Err(why) => Poll::Ready(Err(lost(&why))),
        }
    }
}

fn lost(why: &std::io::Error) -> mlua::Error {
    mlua::Error::runtime(format!("the client: {why}"))
}
