//! A host without a program behind it: a clock that the test moves, log lines that it reads.

use std::cell::{Cell, RefCell};
use std::future::poll_fn;
use std::rc::Rc;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use portero_api::{Compile, Dial, Exchange, Here, Host, HttpAsk, HttpFail, HttpTold, Local, LocalFuture};

use super::{Net, Plain};

/// A host for plugins under test.
#[derive(Default)]
pub struct Desk {
    net: RefCell<Rc<Net>>,
    now: Rc<Cell<Duration>>,
    /// Woken when time goes by.
    sleepers: Rc<RefCell<Vec<Waker>>>,
    log: RefCell<Vec<(u8, String)>>,
    spawned: RefCell<Vec<LocalFuture<'static, ()>>>,
    /// What it answers to HTTP calls; none: no connection.
    pub told: RefCell<Option<HttpTold>>,
    /// The HTTP calls that were made.
    pub asked: RefCell<Vec<HttpAsk>>,
}

impl Desk {
    /// A host in front of a network.
    pub fn new(net: Net) -> Rc<Desk> {
        Rc::new(Desk { net: RefCell::new(Rc::new(net)), ..Desk::default() })
    }

    /// The network that it dials into.
    pub fn net(&self) -> Rc<Net> {
        self.net.borrow().clone()
    }

    /// Puts it in front of another network.
    pub fn plug(&self, net: Rc<Net>) {
        self.net.replace(net);
    }

    /// A thread of this host.
    pub fn here(self: &Rc<Self>) -> Here {
        Here { host: self.clone(), local: Rc::new(Local::default()) }
    }

    /// Lets time go by, and those who were spawned go on.
    pub fn pass(&self, time: Duration) {
        self.now.set(self.now.get() + time);
        self.sleepers.take().into_iter().for_each(Waker::wake);
        let mut cx = Context::from_waker(Waker::noop());
        let mut all = std::mem::take(&mut *self.spawned.borrow_mut());
        all.retain_mut(|future| future.as_mut().poll(&mut cx).is_pending());
        self.spawned.borrow_mut().extend(all);
    }

    /// The log lines so far, with their levels.
    pub fn lines(&self) -> Vec<(u8, String)> {
        self.log.borrow().clone()
    }
}

impl Host for Desk {
    fn thread(&self) -> usize {
        1
    }

    fn dial(&self) -> Rc<dyn Dial> {
        self.net()
    }

    fn sleep(&self, time: Duration) -> LocalFuture<'static, ()> {
        let (now, until) = (self.now.clone(), self.now.get() + time);
        let sleepers = self.sleepers.clone();
        Box::pin(poll_fn(move |cx| {
            if now.get() >= until {
                return Poll::Ready(());
            }
            sleepers.borrow_mut().push(cx.waker().clone());
            Poll::Pending
        }))
    }

    fn spawn(&self, future: LocalFuture<'static, ()>) {
        self.spawned.borrow_mut().push(future);
    }

    fn call(&self, ask: HttpAsk) -> LocalFuture<'static, Result<HttpTold, HttpFail>> {
        self.asked.borrow_mut().push(ask);
        let told = self.told.borrow().clone().ok_or(HttpFail::Connect("refused".to_owned()));
        Box::pin(async move { told })
    }

    fn language(&self) -> Rc<dyn Compile> {
        Rc::new(Plain)
    }

    fn log(&self, level: u8, text: &str) {
        self.log.borrow_mut().push((level, text.to_owned()));
    }

    fn log_of(&self, _: &Exchange, level: u8, text: &str) {
        self.log(level, text);
    }
}
