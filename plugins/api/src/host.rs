//! `Host`: what a plugin may ask of the program, on the thread that it runs on.

use std::any::{Any, TypeId};
use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::{Rc, Weak};
use std::time::Duration;

use bytes::Bytes;

use crate::{Address, Compile, Dial, Exchange, LocalFuture};

/// The thread that runs an instance. Given to makers when a configuration is put to use; absent while one is checked.
#[derive(Clone)]
pub struct Here {
    /// The program.
    pub host: Rc<dyn Host>,
    /// What instances on this thread share.
    pub local: Rc<Local>,
}

/// The program, as seen from one of its threads.
pub trait Host {
    /// The number of the thread: workers from 1, the manager 0.
    fn thread(&self) -> usize;

    /// Makes connections.
    fn dial(&self) -> Rc<dyn Dial>;

    /// Ends when the time is over.
    fn sleep(&self, time: Duration) -> LocalFuture<'static, ()>;

    /// Runs a future beside the traffic until it ends, or the thread does.
    fn spawn(&self, future: LocalFuture<'static, ()>);

    /// Asks an HTTP server.
    fn call(&self, ask: HttpAsk) -> LocalFuture<'static, Result<HttpTold, HttpFail>>;

    /// The rule language.
    fn language(&self) -> Rc<dyn Compile>;

    /// A line for the log targets of the global section, and for stderr while there is none. `level` is 0 (emerg) to 7
    /// (debug), as in RFC 5424.
    fn log(&self, level: u8, text: &str);

    /// The same for the log targets of an exchange's frontend.
    fn log_of(&self, exchange: &Exchange, level: u8, text: &str);
}

/// An HTTP request of a plugin's own.
#[derive(Clone, Debug)]
pub struct HttpAsk {
    /// The method.
    pub method: String,
    /// Where: `http://host:port/path?query`.
    pub url: String,
    /// Header fields; `Host` comes from the URL when it is not among them.
    pub headers: Vec<(Box<[u8]>, Box<[u8]>)>,
    /// The body.
    pub body: Bytes,
    /// Trailer fields. Where there are any, the body goes in chunks, and `Trailer` names them.
    pub trailers: Vec<(Box<[u8]>, Box<[u8]>)>,
    /// Where to connect to instead of the host of the URL.
    pub dst: Option<Address>,
    /// The longest wait for the connection, and for each step behind it.
    pub timeout: Duration,
    /// Further tries when no connection is made; none: as many as the configuration says.
    pub retries: Option<u32>,
}

/// The answer to it.
#[derive(Clone, Debug)]
pub struct HttpTold {
    /// The status code.
    pub status: u16,
    /// The reason phrase.
    pub reason: String,
    /// Header fields in the order they came, names in lower case.
    pub headers: Vec<(Box<[u8]>, Box<[u8]>)>,
    /// The whole body.
    pub body: Bytes,
    /// Trailer fields, names in lower case.
    pub trailers: Vec<(Box<[u8]>, Box<[u8]>)>,
}

/// Why there is none.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum HttpFail {
    /// The request cannot be sent: its URL or a field is malformed.
    Bad(String),
    /// No connection.
    Connect(String),
    /// The time was over.
    Timeout,
    /// The server broke off, or said what is no HTTP.
    Response(String),
}

/// What instances on one thread share, by name: as long as one of them holds it.
#[derive(Default)]
pub struct Local(RefCell<HashMap<(String, TypeId), Weak<dyn Any>>>);

impl Local {
    /// The value of type `T` under a name, made when nobody on this thread has it.
    ///
    /// # Errors
    ///
    /// Those of `make`.
    pub fn get<T: 'static, E>(&self, name: &str, make: impl FnOnce() -> Result<T, E>) -> Result<Rc<T>, E> {
        let key = (name.to_owned(), TypeId::of::<T>());
        let there = self.0.borrow().get(&key).and_then(Weak::upgrade);
        if let Some(there) = there.and_then(|any| any.downcast().ok()) {
            return Ok(there);
        }
        let made = Rc::new(make()?);
        let any: Rc<dyn Any> = made.clone();
        let mut all = self.0.borrow_mut();
        all.retain(|_, held| held.strong_count() > 0);
        all.insert(key, Rc::downgrade(&any));
        Ok(made)
    }
}

impl std::fmt::Debug for Local {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Local")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::convert::Infallible;

    #[test]
    fn a_local_value_lives_as_long_as_somebody_holds_it() {
        let local = Local::default();
        let get = |value: u32| local.get::<u32, Infallible>("a", || Ok(value)).expect("it cannot fail");
        let first = get(1);
        assert_eq!(*get(2), 1, "the first one still holds it");
        drop(first);
        assert_eq!(*get(3), 3);
    }
}
