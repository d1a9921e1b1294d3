//! Where a script runs: lends the exchange to the functions that it calls, for as long as the call lasts.
//!
//! The objects that a script holds (`txn`, `txn.http`, `applet`) carry nothing of the exchange; their functions ask here for
//! the one of the moment. So nothing can be kept longer than it lives.

use std::cell::RefCell;
use std::rc::Rc;

use portero_api::{Client, Dial, Exchange, Here, Host};
use scoped_tls_hkt::scoped_thread_local;

scoped_thread_local!(static mut CHANGED: Exchange);
scoped_thread_local!(static SEEN: Exchange);
scoped_thread_local!(static DIAL: Rc<dyn Dial>);

thread_local! {
    static HERE: RefCell<Option<Here>> = const { RefCell::new(None) };
}

/// What is there beside the script while it runs.
pub(crate) enum Scene<'a> {
    /// An exchange and its client.
    Exchange(&'a mut Exchange, &'a mut dyn Client),
    /// Nobody: a task, or a check.
    Alone,
}

impl Scene<'_> {
    /// The exchange and its client, for what waits for one.
    ///
    /// # Errors
    ///
    /// There is none: a task or a check is at work.
    pub(crate) fn of_client(&mut self) -> mlua::Result<(&mut Exchange, &mut dyn Client)> {
        match self {
            Scene::Exchange(exchange, client) => Ok((&mut **exchange, &mut **client)),
            Scene::Alone => Err(mlua::Error::runtime("there is no client here")),
        }
    }

    /// Calls something with the exchange lent, where there is one.
    pub(crate) fn lend<T>(&mut self, call: impl FnOnce() -> T) -> T {
        match self {
            Scene::Exchange(exchange, _) => CHANGED.set(exchange, call),
            Scene::Alone => call(),
        }
    }
}

/// Lends an exchange that may be looked at.
pub(crate) fn lend<T>(exchange: &Exchange, call: impl FnOnce() -> T) -> T {
    SEEN.set(exchange, call)
}

/// Looks at the exchange.
///
/// # Errors
///
/// There is none here.
pub(crate) fn see<T>(look: impl FnOnce(&Exchange) -> T) -> mlua::Result<T> {
    match () {
        () if CHANGED.is_set() => Ok(CHANGED.with(|exchange| look(exchange))),
        () if SEEN.is_set() => Ok(SEEN.with(look)),
        () => Err(mlua::Error::runtime("there is no transaction here")),
    }
}

/// Changes the exchange.
///
/// # Errors
///
/// There is none here, or it may only be looked at (in fetches, converters and balancers).
pub(crate) fn change<T>(change: impl FnOnce(&mut Exchange) -> T) -> mlua::Result<T> {
    match CHANGED.is_set() {
        true => Ok(CHANGED.with(change)),
        false if SEEN.is_set() => Err(mlua::Error::runtime("the transaction cannot be changed here")),
        false => Err(mlua::Error::runtime("there is no transaction here")),
    }
}

/// Says who hosts this thread.
pub(crate) fn settle(here: Option<&Here>) {
    if let Some(here) = here {
        HERE.with(|place| *place.borrow_mut() = Some(here.clone()));
    }
}

/// The program that hosts this thread.
///
/// # Errors
///
/// There is none yet: the configuration is being read.
pub(crate) fn host() -> mlua::Result<Rc<dyn Host>> {
    hosted().ok_or_else(|| mlua::Error::runtime("this cannot be done while the configuration is read"))
}

/// Lends what makes the connections of sockets.
pub(crate) fn lend_dial<T>(dial: &Rc<dyn Dial>, call: impl FnOnce() -> T) -> T {
    DIAL.set(dial, call)
}

/// What makes the connections of sockets: the host, where nothing else was lent.
///
/// # Errors
///
/// There is none yet: the configuration is being read.
pub(crate) fn dial() -> mlua::Result<Rc<dyn Dial>> {
    match DIAL.is_set() {
        true => Ok(DIAL.with(Rc::clone)),
        false => host().map(|host| host.dial()),
    }
}

/// The same, where there is one.
pub(crate) fn hosted() -> Option<Rc<dyn Host>> {
    HERE.with(|place| place.borrow().as_ref().map(|here| here.host.clone()))
}

/// Writes a log line for the whole program.
pub(crate) fn log_globally(level: u8, text: &str) {
    match hosted() {
        Some(host) => host.log(level, text),
        None => tracing::info!("{text}"),
    }
}

/// Writes a log line: for the exchange of the moment, or for the whole program.
pub(crate) fn log(level: u8, text: &str) {
    let Some(host) = hosted() else {
        // while the configuration is read there is only the operator who reads along
        return tracing::info!("{text}");
    };
    if see(|exchange| host.log_of(exchange, level, text)).is_err() {
        host.log(level, text);
    }
}
