//! What the services of scripts have in common: what they read of the client, and what they say to it.
//!
//! Reading waits. What a script says is held up to a bound, and handed on when the script waits or ends: one that says
//! little never waits for that.

pub(crate) mod http;
mod read;
pub(crate) mod tcp;

use std::collections::VecDeque;
use std::io;
use std::sync::{Arc, Mutex, MutexGuard};
use std::task::{Context, Poll, ready};

use bstr::BString;
use mlua::{Lua, MultiValue};
use portero_api::{Client, Exchange, Message};

use scoped_tls_hkt::scoped_thread_local;

use crate::class::Ignored;
use crate::scene::Scene;
use crate::wish::{self, Wish};

scoped_thread_local!(static APPLET: Applet);

/// A service at work, as its script and the hook share it.
#[derive(Clone)]
pub(crate) struct Applet(Arc<Mutex<Talk>>);

/// What was said so far.
struct Talk {
    stage: Stage,
    /// What the client has not been handed yet.
    out: VecDeque<u8>,
    /// What was read of the client and not by the script.
    unread: Vec<u8>,
}

/// How far the response is.
enum Stage {
    /// Its head is being made.
    Head(Message),
    /// The script has begun it; the client has not been told.
    Started(Message),
    /// Bytes follow. In TCP mode they do from the beginning.
    Open,
}

/// Bytes that are held for the client before the script has to wait.
const HELD: usize = 16 * 1024;

impl Applet {
    /// A new one.
    pub(crate) fn new(http: bool) -> Applet {
        let stage = if http { Stage::Head(Message::new(200)) } else { Stage::Open };
        Applet(Arc::new(Mutex::new(Talk { stage, out: VecDeque::new(), unread: Vec::new() })))
    }

    /// The class of the object that the script is given. As of a transaction, the object is a name alone.
    pub(crate) fn class(http: bool) -> &'static str {
        if http { "AppletHTTP" } else { "AppletTCP" }
    }

    /// Is the service of the moment, for as long as a call lasts.
    pub(crate) fn lend<T>(&self, call: impl FnOnce() -> T) -> T {
        APPLET.set(self, call)
    }

    /// Hands on what the script has said.
    pub(crate) fn poll_out(
        &self,
        cx: &mut Context<'_>,
        exchange: &mut Exchange,
        client: &mut dyn Client,
    ) -> Poll<io::Result<()>> {
        self.talk().poll_out(cx, exchange, client)
    }

    fn talk(&self) -> MutexGuard<'_, Talk> {
        self.0.lock().unwrap_or_else(|e| e.into_inner())
    }
}

/// The service of the moment.
fn applet() -> mlua::Result<Applet> {
    with(Applet::clone)
}

fn with<T>(look: impl FnOnce(&Applet) -> T) -> mlua::Result<T> {
    match APPLET.is_set() {
        true => Ok(APPLET.with(look)),
        false => Err(mlua::Error::runtime("there is no service at work here")),
    }
}

impl Talk {
    fn poll_out(
        &mut self,
        cx: &mut Context<'_>,
        exchange: &mut Exchange,
        client: &mut dyn Client,
    ) -> Poll<io::Result<()>> {
        if let Stage::Started(_) = &self.stage
            && let Stage::Started(head) = std::mem::replace(&mut self.stage, Stage::Open)
        {
            client.begin(exchange, head)?;
        }
        while !self.out.is_empty() {
            let written = ready!(client.poll_write(cx, exchange, self.out.as_slices().0))?;
            self.out.drain(..written);
        }
        Poll::Ready(Ok(()))
    }
}

/// `send`: waits only when much is held already. Whether it does, and else how much it was.
fn send(_: &Lua, (_, text): (Ignored, BString)) -> mlua::Result<(bool, Option<usize>)> {
    let much = with(|applet| {
        let mut talk = applet.talk();
        if matches!(talk.stage, Stage::Head(_)) {
            return Err(mlua::Error::runtime("send: call start_response() before it"));
        }
        talk.out.extend(text.iter());
        Ok(talk.out.len() > HELD)
    })??;
    if much {
        wish::make(Sending { applet: applet()?, said: text.len() })?;
        return Ok((true, None));
    }
    Ok((false, Some(text.len())))
}

/// Waits until everything is handed on.
struct Sending {
    applet: Applet,
    said: usize,
}

impl Wish for Sending {
    fn poll(
        &mut self,
        cx: &mut Context<'_>,
        scene: &mut Scene<'_>,
        _: &Lua,
    ) -> Poll<mlua::Result<MultiValue>> {
        let (exchange, client) = scene.of_client()?;
        let sent = ready!(self.applet.talk().poll_out(cx, exchange, client));
        let said = MultiValue::from_iter([mlua::Value::Integer(self.said as i64)]);
        Poll::Ready(sent.map(|()| said).map_err(|why| mlua::Error::runtime(format!("send: {why}"))))
    }
}
