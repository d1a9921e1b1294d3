//! [`Host`]: what plugins may ask of the program, on each worker and on the manager's thread.

mod language;
mod lines;

pub use language::compile_apart;

use std::cell::RefCell;
use std::io;
use std::rc::{Rc, Weak};
use std::sync::Arc;
use std::task::{Context, Waker};
use std::time::Duration;

use portero_api::{
    Compile, Dial, Exchange, Here, Host, HttpAsk, HttpFail, HttpTold, LocalFuture, Target, Wire,
};
use portero_policies::{Compiler, Vocabulary};

use crate::config::checked::Checked;
use crate::dial::Named;
use crate::log::LogSinks;
use crate::shared::Shared;
use crate::{http_client, net};

use language::Language;
use lines::Lines;

/// What plugins are told who want to reach something offline.
const OFFLINE: &str = "nothing is reached offline";

/// The program as plugins see it from one thread.
pub struct Program {
    thread: usize,
    shared: Arc<Shared>,
    sinks: LogSinks,
    /// Nothing outside is reached, and waits move the clock.
    offline: bool,
    newest: RefCell<Option<Newest>>,
    /// What runs beside the connection, offline.
    beside: RefCell<Vec<LocalFuture<'static, ()>>>,
    /// Itself, for what it hands out.
    itself: Weak<Program>,
    local: Rc<portero_api::Local>,
}

/// The configuration that counts here.
struct Newest {
    checked: Arc<Checked>,
    vocabulary: Rc<Vocabulary>,
    lines: Lines,
}

impl Program {
    /// For a thread: workers from 1, the manager 0. `sinks` are those of the thread.
    pub fn new(thread: usize, shared: Arc<Shared>, sinks: LogSinks) -> Rc<Program> {
        Program::make(thread, shared, sinks, false)
    }

    /// For a thread that is offline.
    pub fn offline(thread: usize, shared: Arc<Shared>, sinks: LogSinks) -> Rc<Program> {
        Program::make(thread, shared, sinks, true)
    }

    fn make(thread: usize, shared: Arc<Shared>, sinks: LogSinks, offline: bool) -> Rc<Program> {
        Rc::new_cyclic(|itself| Program {
            thread,
            shared,
            sinks,
            offline,
            newest: RefCell::default(),
            beside: RefCell::default(),
            itself: itself.clone(),
            local: Rc::default(),
        })
    }

    /// What makers are given.
    pub fn here(&self) -> Here {
        let host = self.itself.upgrade().expect("it is made in an Rc and nowhere else");
        Here { host, local: self.local.clone() }
    }

    /// Lets a configuration count from now on, and gives its words.
    pub fn turn_to(&self, checked: &Arc<Checked>) -> Rc<Vocabulary> {
        let mut newest = self.newest.borrow_mut();
        if let Some(same) = newest.as_ref().filter(|newest| Arc::ptr_eq(&newest.checked, checked)) {
            return same.vocabulary.clone();
        }
        let vocabulary = Rc::new(Vocabulary::new(&checked.plugins));
        let lines = Lines::new(checked, &self.sinks, self.offline);
        *newest = Some(Newest { checked: checked.clone(), vocabulary: vocabulary.clone(), lines });
        vocabulary
    }
}

impl Program {
    /// Offline: lets what was begun beside the connection go on.
    pub fn go_on_beside(&self) {
        net::stir(false);
        let mut cx = Context::from_waker(Waker::noop());
        let mut all = self.beside.take();
        all.retain_mut(|future| future.as_mut().poll(&mut cx).is_pending());
        self.beside.borrow_mut().append(&mut all);
    }

    /// Lends a compiler of the newest configuration, for what stands in no proxy.
    pub fn with_compiler<T>(&self, work: impl FnOnce(&Compiler<'_>) -> T) -> T {
        self.words().with(work)
    }

    fn words(&self) -> Language {
        let newest = self.newest.borrow();
        let newest = newest.as_ref().expect("a program turns to a configuration before it is asked");
        let (checked, words) = (newest.checked.clone(), newest.vocabulary.clone());
        Language::new(self.shared.clone(), checked, words, self.here())
    }
}

impl Host for Program {
    fn thread(&self) -> usize {
        self.thread
    }

    fn dial(&self) -> Rc<dyn Dial> {
        match self.offline {
            true => Rc::new(Nowhere),
            false => Rc::new(Named),
        }
    }

    fn sleep(&self, time: Duration) -> LocalFuture<'static, ()> {
        Box::pin(net::pause(time))
    }

    fn spawn(&self, future: LocalFuture<'static, ()>) {
        match self.offline {
            true => {
                self.beside.borrow_mut().push(future);
                net::stir(true);
            }
            false => drop(tokio::task::spawn_local(future)),
        }
    }

    fn call(&self, ask: HttpAsk) -> LocalFuture<'static, Result<HttpTold, HttpFail>> {
        match self.offline {
            true => Box::pin(async { Err(HttpFail::Connect(OFFLINE.to_owned())) }),
            false => {
                let newest = self.newest.borrow();
                let settings = newest.as_ref().map(|newest| newest.checked.global.http_client);
                http_client::call(ask, settings.unwrap_or_default())
            }
        }
    }

    fn language(&self) -> Rc<dyn Compile> {
        Rc::new(self.words())
    }

    fn log(&self, level: u8, text: &str) {
        if let Some(newest) = &*self.newest.borrow() {
            newest.lines.write(level, text);
        }
    }

    fn log_of(&self, exchange: &Exchange, level: u8, text: &str) {
        if let Some(newest) = &*self.newest.borrow() {
            newest.lines.write_of(&exchange.conn.frontend.name, level, text);
        }
    }
}

impl std::fmt::Debug for Program {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Program(thread {})", self.thread)
    }
}

/// Connects to nobody: offline.
struct Nowhere;

impl Dial for Nowhere {
    fn connect<'a>(&'a self, _: &'a Target) -> LocalFuture<'a, io::Result<Box<dyn Wire>>> {
        let refused = io::Error::new(io::ErrorKind::ConnectionRefused, OFFLINE);
        Box::pin(async { Err(refused) })
    }
}
