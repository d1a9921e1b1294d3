//! Where a guest runs: lends the exchange to the host functions that it calls, for as long as the call lasts.

use std::cell::RefCell;
use std::rc::Rc;

use portero_api::{Exchange, Here, Host};
use scoped_tls_hkt::scoped_thread_local;

use crate::guest::ROOT;

scoped_thread_local!(static mut CHANGED: Exchange);
scoped_thread_local!(static SEEN: Exchange);

thread_local! {
    static HERE: RefCell<Option<Here>> = const { RefCell::new(None) };
}

/// What is there beside the guest while it runs.
pub(crate) enum Scene<'a> {
    /// An exchange that it may change.
    Change(&'a mut Exchange),
    /// An exchange that it may look at (in fetches, converters and balancers).
    See(&'a Exchange),
    /// Nobody: a timer, or an answer to the root context.
    Alone,
}

impl Scene<'_> {
    /// The context that the exchange is lent to, for hooks that have no stream.
    pub(crate) fn context(&self) -> u32 {
        match self {
            Scene::Change(_) | Scene::See(_) => ROOT,
            Scene::Alone => 0,
        }
    }

    /// Whether somebody follows the exchange, and wants to be told who was there.
    pub(crate) fn is_followed(&self) -> bool {
        match self {
            Scene::Change(exchange) => exchange.trace.is_some(),
            Scene::See(exchange) => exchange.trace.is_some(),
            Scene::Alone => false,
        }
    }

    /// Calls something with the exchange lent, where there is one.
    pub(crate) fn lend<T>(&mut self, call: impl FnOnce() -> T) -> T {
        match self {
            Scene::Change(exchange) => CHANGED.set(exchange, call),
            Scene::See(exchange) => SEEN.set(exchange, call),
            Scene::Alone => call(),
        }
    }
}

/// Looks at the exchange; none where there is none.
pub(crate) fn see<T>(look: impl FnOnce(&Exchange) -> T) -> Option<T> {
    match () {
        () if CHANGED.is_set() => Some(CHANGED.with(|exchange| look(exchange))),
        () if SEEN.is_set() => Some(SEEN.with(look)),
        () => None,
    }
}

/// Changes the exchange; none where there is none, or it may only be looked at.
pub(crate) fn change<T>(change: impl FnOnce(&mut Exchange) -> T) -> Option<T> {
    CHANGED.is_set().then(|| CHANGED.with(change))
}

/// Says who hosts this thread.
pub(crate) fn settle(here: Option<&Here>) {
    if let Some(here) = here {
        HERE.with(|place| *place.borrow_mut() = Some(here.clone()));
    }
}

/// The program that hosts this thread; none while the configuration is checked.
pub(crate) fn host() -> Option<Rc<dyn Host>> {
    HERE.with(|place| place.borrow().as_ref().map(|here| here.host.clone()))
}

/// Writes a log line: for the exchange of the moment, or for the whole program.
pub(crate) fn log(level: u8, text: &str) {
    let Some(host) = host() else {
        // while the configuration is checked there is only the operator who reads along
        return tracing::info!("{text}");
    };
    if see(|exchange| host.log_of(exchange, level, text)).is_none() {
        host.log(level, text);
    }
}
