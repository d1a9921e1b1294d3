//! The class `Socket`: connections of scripts, after LuaSocket (HAProxy's Lua manual, "Socket class").

mod plug;

use std::sync::Arc;
use std::time::Duration;

use mlua::{Lua, LuaString, MultiValue, Table, Value};

use crate::api::address;
use crate::class::{Class, Method, Of, now, object_of, waits};
use crate::scene;
use crate::wish::{self, Begun};
use plug::{Fail, Handle, MOST, Pattern};

/// The class.
pub(crate) static CLASS: Class = Class {
    name: "Socket",
    summary: "a connection of the script's own, after LuaSocket",
    global: false,
    fields: &[],
    functions: &[&[
        waits!(
            "connect",
            "(self: Socket, address: string, port?: integer): integer?, string?",
            "connects: to a host and port, `host:port`, a path or `unix@`, `abns@`, `ipv4@`, `ipv6@`; 1, or nil and why not",
            connect
        ),
        now!(
            "connect_ssl",
            "(self: Socket, address: string, port?: integer): integer?, string?",
            "the same over TLS; not there yet",
            connect_ssl
        ),
        waits!(
            "send",
            "(self: Socket, data: string, first?: integer, last?: integer): integer?, string?, integer?",
            "sends a text or a part of it; the index of the last byte sent, or nil, why not and that index",
            send
        ),
        waits!(
            "receive",
            "(self: Socket, pattern?: string|integer, prefix?: string): string?, string?, string?",
            "reads a line (`*l`), up to the end (`*a`) or so many bytes; nil, `closed` or `timeout` and what came, else",
            receive
        ),
        now!(
            "settimeout",
            "(self: Socket, seconds?: number, mode?: string): integer",
            "the longest wait for the peer; nil: no limit",
            settimeout
        ),
        now!(
            "setoption",
            "(self: Socket, option: string, value?: any): integer",
            "there for scripts that call it; sets nothing",
            setoption
        ),
        now!("getpeername", "(self: Socket): string?", "the other end: `127.0.0.1:80`", getpeername),
        now!("getsockname", "(self: Socket): string?", "this end: `127.0.0.1:80`", getsockname),
        now!("close", "(self: Socket): integer", "closes the connection", close),
    ]],
};

/// What `core` has of it.
pub(crate) const CORE: &[Method] =
    &[now!("tcp", "(): Socket", "a socket that is to be connected: a connection of the script's own", tcp)];

/// The wait for a connection where the script sets none, as HAProxy has it.
const CONNECT: Duration = Duration::from_secs(5);

fn tcp(lua: &Lua, _: MultiValue) -> mlua::Result<Table> {
    object_of(lua, "Socket", Arc::new(Handle::new()))
}

/// The connection of an object.
type Socket = Of<Arc<Handle>>;

fn connect(_: &Lua, (socket, to, port): (Socket, String, Option<u16>)) -> mlua::Result<Begun> {
    let id = socket.0.id();
    let address = address::parse(&to, port);
    let address = address.map_err(|why| mlua::Error::runtime(format!("connect: {why}")))?;
    let dial = scene::dial()?;
    let connecting = async move {
        plug::used(id, async move |plug| {
            let timeout = plug.timeout.unwrap_or(CONNECT);
            plug.connect(&*dial, address, timeout).await
        })
        .await?
    };
    wish::future(Box::pin(connecting), |lua, connected: Result<(), Fail>| match connected {
        Ok(()) => Ok(MultiValue::from_iter([Value::Integer(1)])),
        Err(fail) => failed(lua, &fail, None),
    })
}

fn connect_ssl(_: &Lua, _: MultiValue) -> mlua::Result<()> {
    Err(mlua::Error::runtime("Socket:connect_ssl() is not supported yet: it comes with TLS"))
}

fn send(
    _: &Lua,
    (socket, data, first, last): (Socket, LuaString, Option<i64>, Option<i64>),
) -> mlua::Result<Begun> {
    let id = socket.0.id();
    let data = data.as_bytes();
    let (from, to) = part(data.len(), first.unwrap_or(1), last.unwrap_or(-1));
    let bytes = data.get(from..to).unwrap_or_default().to_vec();
    let host = scene::host()?;
    let sending = async move {
        let mut sent = 0;
        let done = plug::used(id, async |plug| plug.send(&*host, &bytes, &mut sent).await)
            .await
            .and_then(|done| done);
        (done, from + sent)
    };
    wish::future(Box::pin(sending), |lua, (done, at): (Result<(), Fail>, usize)| match done {
        Ok(()) => Ok(MultiValue::from_iter([Value::Integer(at as i64)])),
        Err(fail) => failed(lua, &fail, Some(Value::Integer(at as i64))),
    })
}

/// The bytes that `string.sub` would give for these positions: from where to behind where.
fn part(length: usize, first: i64, last: i64) -> (usize, usize) {
    let length = length as i64;
    let from = if first < 0 { (length + first + 1).max(1) } else { first.max(1) };
    let to = if last < 0 { length + last + 1 } else { last.min(length) };
    let from = (from - 1).min(length);
    (from as usize, to.max(from) as usize)
}

fn receive(_: &Lua, (socket, pattern, prefix): (Socket, Value, Option<LuaString>)) -> mlua::Result<Begun> {
    let id = socket.0.id();
    let pattern = read_pattern(&pattern)?;
    let prefix = prefix.map(|prefix| prefix.as_bytes().to_vec()).unwrap_or_default();
    let host = scene::host()?;
    let receiving = async move {
        let used = plug::used(id, async |plug| plug.receive(&*host, pattern).await).await;
        let (done, came) = used.unwrap_or_else(|fail| (Err(fail), Vec::new()));
        (done, [prefix, came].concat())
    };
    wish::future(Box::pin(receiving), |lua, (done, came): (Result<(), Fail>, Vec<u8>)| {
        let came = Value::String(lua.create_string(came)?);
        match done {
            Ok(()) => Ok(MultiValue::from_iter([came])),
            Err(fail) => failed(lua, &fail, Some(came)),
        }
    })
}

fn read_pattern(pattern: &Value) -> mlua::Result<Pattern> {
    match pattern {
        Value::Nil => Ok(Pattern::Line),
        Value::String(text) if text == "*l" => Ok(Pattern::Line),
        Value::String(text) if text == "*a" => Ok(Pattern::All),
        number => match number.as_i64().and_then(|count| usize::try_from(count).ok()) {
            Some(count) if count <= MOST => Ok(Pattern::Bytes(count)),
            Some(_) => Err(mlua::Error::runtime(format!("receive: {MOST} bytes are the most at once"))),
            None => Err(mlua::Error::runtime("receive: a pattern is '*l', '*a' or a number of bytes")),
        },
    }
}

fn settimeout(_: &Lua, (socket, seconds): (Socket, Option<f64>)) -> mlua::Result<i64> {
    let time = match seconds.map(Duration::try_from_secs_f64) {
        None => None,
        // nothing comes in no time at all
        Some(Ok(time)) => Some(time.max(Duration::from_millis(1))),
        Some(Err(_)) => return Err(mlua::Error::runtime("settimeout: this is no time to wait")),
    };
    plug::change(socket.0.id(), |plug| plug.timeout = time);
    Ok(1)
}

fn setoption(_: &Lua, (_, _, _): (Socket, Value, Value)) -> mlua::Result<i64> {
    Ok(1)
}

fn getpeername(_: &Lua, socket: Socket) -> mlua::Result<Option<String>> {
    Ok(plug::change(socket.0.id(), |plug| plug.peer().as_ref().map(address::shown)).flatten())
}

fn getsockname(_: &Lua, socket: Socket) -> mlua::Result<Option<String>> {
    Ok(plug::change(socket.0.id(), |plug| plug.local().as_ref().map(address::shown)).flatten())
}

fn close(_: &Lua, socket: Socket) -> mlua::Result<i64> {
    plug::close(socket.0.id());
    Ok(1)
}

/// How LuaSocket says that something failed: nil, why, and what was done of it.
fn failed(lua: &Lua, fail: &Fail, part: Option<Value>) -> mlua::Result<MultiValue> {
    let why = Value::String(lua.create_string(fail.to_string())?);
    Ok([Some(Value::Nil), Some(why), part].into_iter().flatten().collect())
}

#[cfg(test)]
mod tests;
