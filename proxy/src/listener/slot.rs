//! A listener on one worker, and the places of its connections.

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::sync::Arc;
use std::task::{Context, Poll};

use crate::config::checked::Bind;
use crate::shared::{Gate, Shared};
use crate::snapshot::Proxy;
use crate::worker::Worker;

/// A listener on one worker. Its frontend changes with a reload, its socket does not.
pub struct Slot {
    bind: RefCell<Bind>,
    fe: RefCell<Rc<Proxy>>,
    name: RefCell<Rc<str>>,
    /// The frontend's limit, and the socket's own.
    gates: RefCell<[Arc<Gate>; 2]>,
    stopped: Cell<bool>,
    waker: RefCell<Option<std::task::Waker>>,
}

impl std::fmt::Debug for Slot {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Slot").field("id", &self.id()).finish_non_exhaustive()
    }
}

impl Slot {
    /// The slot of a bind line of a frontend.
    pub fn new(bind: &Bind, fe: Rc<Proxy>, gates: [Arc<Gate>; 2]) -> Rc<Slot> {
        let name = listener_name(bind);
        Rc::new(Slot {
            bind: RefCell::new(bind.clone()),
            fe: RefCell::new(fe),
            name: RefCell::new(name),
            gates: RefCell::new(gates),
            stopped: Cell::new(false),
            waker: RefCell::default(),
        })
    }

    /// Hands the slot to the frontend of a new configuration.
    pub fn update(&self, bind: &Bind, fe: Rc<Proxy>, gates: [Arc<Gate>; 2]) {
        *self.name.borrow_mut() = listener_name(bind);
        *self.bind.borrow_mut() = bind.clone();
        *self.fe.borrow_mut() = fe;
        *self.gates.borrow_mut() = gates;
    }

    /// Ends accepting.
    pub fn stop(&self) {
        self.stopped.set(true);
        if let Some(waker) = self.waker.borrow_mut().take() {
            waker.wake();
        }
    }

    /// The frontend now.
    pub fn frontend(&self) -> Rc<Proxy> {
        self.fe.borrow().clone()
    }

    /// The name of the socket.
    pub fn name(&self) -> Rc<str> {
        self.name.borrow().clone()
    }

    /// Its number.
    pub fn id(&self) -> u32 {
        self.bind.borrow().id
    }

    /// Connections that came in here and are there now.
    pub fn inside(&self) -> u32 {
        self.gates.borrow()[1].inside()
    }

    /// Whether a PROXY header must come first.
    pub fn accept_proxy(&self) -> bool {
        self.bind.borrow().accept_proxy
    }

    /// Takes a place for a connection.
    pub fn enter(&self, shared: &Arc<Shared>) -> Seat {
        let seat = Seat { shared: shared.clone(), gates: self.gates.borrow().clone() };
        shared.process.enter();
        shared.clients.enter();
        seat.gates.iter().for_each(|gate| gate.enter());
        seat
    }

    /// Whether connections to any address come in here (`transparent`).
    pub(super) fn is_transparent(&self) -> bool {
        self.bind.borrow().transparent
    }

    /// Waits until process and frontend take another connection: false once accepting has ended.
    pub(super) fn poll_open(&self, worker: &Worker, cx: &mut Context<'_>) -> Poll<bool> {
        if self.stopped.get() {
            return Poll::Ready(false);
        }
        *self.waker.borrow_mut() = Some(cx.waker().clone());
        let shut = worker.shared.clients.is_shut(cx.waker())
            || self.gates.borrow().iter().any(|gate| gate.is_shut(cx.waker()));
        if shut { Poll::Pending } else { Poll::Ready(true) }
    }
}

/// A connection's place within the limits of process, frontend and socket, whatever a reload makes of them. Given
/// back when dropped.
#[derive(Debug)]
pub struct Seat {
    shared: Arc<Shared>,
    gates: [Arc<Gate>; 2],
}

impl Drop for Seat {
    fn drop(&mut self) {
        self.shared.process.leave();
        self.shared.clients.leave();
        self.gates.iter().for_each(|gate| gate.leave());
    }
}

fn listener_name(bind: &Bind) -> Rc<str> {
    bind.name.as_deref().unwrap_or_default().into()
}
