//! Reading of the client: a line, so many bytes, all, or what is there.

use std::task::{Context, Poll};
use std::time::Duration;

use mlua::{Lua, MultiValue, Value};
use portero_api::LocalFuture;

use super::{Applet, applet};
use crate::class::Ignored;
use crate::scene::{self, Scene};
use crate::wish::{self, Begun, Wish};

/// What is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Wanted {
    /// A line with its end, or what is left.
    Line,
    /// So many bytes, or what is left.
    Bytes(usize),
    /// Everything up to the end.
    All,
    /// What is there now.
    Now,
}

/// Bytes that are asked of the client at once.
const PIECE: usize = 16 * 1024;

/// `getline`
pub(super) fn getline(_: &Lua, _: Ignored) -> mlua::Result<Begun> {
    read(Wanted::Line, None)
}

/// `receive` of HTTP.
pub(super) fn receive(_: &Lua, (_, size): (Ignored, Option<i64>)) -> mlua::Result<Begun> {
    read(wanted(size), None)
}

/// `receive` of TCP, with a longest wait in milliseconds.
pub(super) fn receive_within(
    _: &Lua,
    (_, size, time): (Ignored, Option<i64>, Option<u64>),
) -> mlua::Result<Begun> {
    let late = match time {
        Some(time) => Some(scene::host()?.sleep(Duration::from_millis(time))),
        None => None,
    };
    read(wanted(size), late)
}

/// `try_receive`
pub(super) fn try_receive(_: &Lua, _: Ignored) -> mlua::Result<Begun> {
    read(Wanted::Now, None)
}

/// As in HAProxy a negative size is none.
fn wanted(size: Option<i64>) -> Wanted {
    size.and_then(|size| usize::try_from(size).ok()).map_or(Wanted::All, Wanted::Bytes)
}

fn read(wanted: Wanted, late: Option<LocalFuture<'static, ()>>) -> mlua::Result<Begun> {
    wish::make(Reading { applet: applet()?, wanted, late })
}

struct Reading {
    applet: Applet,
    wanted: Wanted,
    late: Option<LocalFuture<'static, ()>>,
}

impl Wish for Reading {
    fn poll(
        &mut self,
        cx: &mut Context<'_>,
        scene: &mut Scene<'_>,
        lua: &Lua,
    ) -> Poll<mlua::Result<MultiValue>> {
        let (exchange, client) = scene.of_client()?;
        let mut talk = self.applet.talk();
        loop {
            if let Some(n) = self.enough(&talk.unread) {
                let rest = talk.unread.split_off(n);
                return Poll::Ready(text(lua, &std::mem::replace(&mut talk.unread, rest)));
            }
            // whoever waits for an answer of the client has said what it asks for
            if let Poll::Ready(Err(why)) = talk.poll_out(cx, exchange, client) {
                return Poll::Ready(Err(mlua::Error::runtime(format!("send: {why}"))));
            }
            match client.poll_read(cx, exchange, PIECE) {
                Poll::Ready(Ok(Some(bytes))) => talk.unread.extend_from_slice(&bytes),
                Poll::Ready(Ok(None)) => return Poll::Ready(text(lua, &std::mem::take(&mut talk.unread))),
                Poll::Ready(Err(why)) => {
                    return Poll::Ready(Err(mlua::Error::runtime(format!("receive: {why}"))));
                }
                Poll::Pending if self.wanted == Wanted::Now => return Poll::Ready(Ok(nothing())),
                Poll::Pending => match self.late.as_mut().map(|late| late.as_mut().poll(cx)) {
                    Some(Poll::Ready(())) if talk.unread.is_empty() => return Poll::Ready(Ok(nothing())),
                    Some(Poll::Ready(())) => {
                        return Poll::Ready(text(lua, &std::mem::take(&mut talk.unread)));
                    }
                    Some(Poll::Pending) | None => return Poll::Pending,
                },
            }
        }
    }
}

impl Reading {
    /// How much of what was read is what is wanted, once it is.
    fn enough(&self, unread: &[u8]) -> Option<usize> {
        match self.wanted {
            Wanted::Line => unread.iter().position(|&b| b == b'\n').map(|at| at + 1),
            Wanted::Bytes(n) => (unread.len() >= n).then_some(n),
            Wanted::Now => (!unread.is_empty()).then_some(unread.len()),
            Wanted::All => None,
        }
    }
}

fn text(lua: &Lua, bytes: &[u8]) -> mlua::Result<MultiValue> {
    Ok(MultiValue::from_iter([Value::String(lua.create_string(bytes)?)]))
}

fn nothing() -> MultiValue {
    MultiValue::from_iter([Value::Nil])
}
