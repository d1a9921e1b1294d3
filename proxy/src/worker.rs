//! A worker: one thread, one event loop, its own snapshot, pools and buffers. Workers share nothing on the hot path.

use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::future::Future;
use std::rc::{Rc, Weak};
use std::sync::Arc;
use std::time::Duration;

use portero_api::{Door, ServerState, shard};
use tokio::sync::{mpsc, oneshot};
use tokio::task::{LocalSet, spawn_local};

use crate::config::checked::{Checked, Listen, Mode};
use crate::health::Shutdown;
use crate::host::Program;
use crate::listener::{Listener, Slot, accept_loop};
use crate::log::LogSinks;
use crate::net::{Alarms, Buffers};
use crate::offline::Outside;
use crate::pool::Pool;
use crate::shared::Shared;
use crate::snapshot::Snapshot;

/// Where a worker says that an order is carried out, or why not.
pub type Done = oneshot::Sender<Result<(), String>>;

/// What a worker is told by the manager.
#[derive(Debug)]
pub enum Order {
    /// Build a snapshot of this configuration and say whether that worked; do not use it yet.
    Prepare(Arc<Checked>, Done),
    /// Use the snapshot that was prepared, with these sockets for its listeners.
    Use(HashMap<Listen, std::os::fd::OwnedFd>, Done),
    /// Forget the snapshot that was prepared.
    Forget,
    /// Send the log lines that are waiting, and say when that is done.
    Flush(Done),
    /// Accept no more, end idle connections, and say when the last one has gone.
    Stop(Done),
}

/// The state of a worker. It never leaves its thread.
pub struct Worker {
    /// Its number, from 0.
    index: usize,
    /// What all workers share.
    pub shared: Arc<Shared>,
    /// Its buffers.
    pub buffers: Buffers,
    /// Its log sockets.
    pub sinks: LogSinks,
    /// The alarms of its idle connections.
    pub alarms: Alarms,
    /// Client connections now.
    pub connections: Cell<usize>,
    /// What plugins ask of the program.
    pub program: Rc<Program>,
    /// What stands in the place of the network, for a worker that is offline.
    pub outside: Option<Rc<Outside>>,
    snapshot: RefCell<Option<Rc<Snapshot>>>,
    prepared: RefCell<Option<Rc<Snapshot>>>,
    slots: RefCell<HashMap<Listen, Rc<Slot>>>,
    pools: RefCell<Vec<(Arc<ServerState>, Duration, Rc<Pool>)>>,
    line: RefCell<Vec<u8>>,
}

/// The manager's end of a worker.
#[derive(Debug)]
pub struct Handle {
    orders: mpsc::UnboundedSender<Order>,
}

impl Handle {
    /// Tells the worker something.
    pub fn tell(&self, order: Order) {
        // a worker that is gone takes no orders: the manager sees that by its silence
        let _ = self.orders.send(order);
    }
}

/// Starts a worker's thread.
pub fn start(index: usize, shared: Arc<Shared>, bufsize: usize) -> std::io::Result<Handle> {
    let (orders, inbox) = mpsc::unbounded_channel();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let body = move || {
        shard::enter(index);
        let local = LocalSet::new();
        local.block_on(&runtime, async move {
            let worker = Rc::new(Worker::new(index, shared, bufsize));
            worker.run(inbox).await;
        });
    };
    std::thread::Builder::new().name(format!("worker {index}")).spawn(body)?;
    Ok(Handle { orders })
}

impl Worker {
    fn new(index: usize, shared: Arc<Shared>, bufsize: usize) -> Worker {
        let sinks = LogSinks::new(shared.common.clone());
        let program = Program::new(index + 1, shared.clone(), sinks.clone());
        Worker {
            index,
            shared,
            buffers: Buffers::new(bufsize),
            sinks,
            alarms: Alarms::default(),
            connections: Cell::new(0),
            program,
            outside: None,
            snapshot: RefCell::default(),
            prepared: RefCell::default(),
            slots: RefCell::default(),
            pools: RefCell::default(),
            line: RefCell::default(),
        }
    }

    /// A worker that serves no socket.
    pub fn offline(shared: Arc<Shared>, bufsize: usize, outside: Rc<Outside>) -> Rc<Worker> {
        let worker = Worker::new(0, shared.clone(), bufsize);
        let program = Program::offline(1, shared, worker.sinks.clone());
        Rc::new(Worker { outside: Some(outside), program, ..worker })
    }

    /// Uses a snapshot from now on.
    pub fn adopt(&self, snapshot: Rc<Snapshot>) {
        let before = self.snapshot.replace(Some(snapshot));
        if let Some(before) = before {
            before.tasks.end();
        }
    }

    /// True for one of all workers.
    pub fn is_first(&self) -> bool {
        self.index == 0
    }

    /// The configuration in use.
    pub fn snapshot(&self) -> Rc<Snapshot> {
        self.snapshot.borrow().clone().expect("connections come only after the first snapshot")
    }

    /// Runs a task of this worker.
    pub fn spawn(&self, task: impl Future<Output = ()> + 'static) {
        spawn_local(task);
    }

    /// Lends a buffer for a log line.
    pub fn with_line(&self, make: impl FnOnce(&mut Vec<u8>)) {
        let mut line = self.line.borrow_mut();
        line.clear();
        make(&mut line);
    }

    /// The pool of connections to a server; the same over reloads.
    pub fn pool(&self, server: &Arc<ServerState>, purge: Duration) -> Rc<Pool> {
        let mut pools = self.pools.borrow_mut();
        if let Some((_, delay, pool)) = pools.iter_mut().find(|(s, _, _)| Arc::ptr_eq(s, server)) {
            *delay = purge;
            return pool.clone();
        }
        let pool = Rc::new(Pool::new(server.clone()));
        let shutdown = Shutdown::of(server, &self.shared.common);
        pool.listen(spawn_local(end_sessions_when_told(Rc::downgrade(&pool), shutdown)).abort_handle());
        pools.push((server.clone(), purge, pool.clone()));
        pool
    }

    async fn run(self: Rc<Self>, mut inbox: mpsc::UnboundedReceiver<Order>) {
        let (sinks, sweeper) = (self.sinks.clone(), self.clone());
        spawn_local(async move { sinks.run().await });
        let ringer = self.clone();
        spawn_local(async move { ringer.alarms.run().await });
        spawn_local(async move { sweeper.sweep().await });
        while let Some(order) = inbox.recv().await {
            match order {
                Order::Prepare(checked, answer) => {
                    let built = Snapshot::build(&self, checked).map(|snapshot| {
                        *self.prepared.borrow_mut() = Some(Rc::new(snapshot));
                    });
                    let _ = answer.send(built);
                }
                Order::Use(sockets, answer) => {
                    let _ = answer.send(self.use_prepared(sockets));
                }
                Order::Forget => self.forget(),
                Order::Flush(answer) => {
                    self.sinks.flush();
                    let _ = answer.send(Ok(()));
                }
                Order::Stop(answer) => {
                    self.stop_accepting();
                    let worker = self.clone();
                    spawn_local(async move {
                        worker.drained().await;
                        worker.sinks.flush();
                        let _ = answer.send(Ok(()));
                    });
                }
            }
        }
        self.sinks.flush();
    }

    /// Closes pooled connections that were idle for too long, and pools that nobody uses.
    async fn sweep(self: Rc<Self>) {
        let mut tick = tokio::time::interval(Duration::from_secs(1));
        loop {
            tick.tick().await;
            self.buffers.trim();
            let mut pools = self.pools.borrow_mut();
            pools.iter().for_each(|(_, delay, pool)| pool.purge(*delay));
            pools.retain(|(server, _, pool)| Rc::strong_count(pool) > 1 || Arc::strong_count(server) > 2);
        }
    }

    /// Forgets what was prepared: what is in use counts again.
    fn forget(&self) {
        *self.prepared.borrow_mut() = None;
        if let Some(used) = &*self.snapshot.borrow() {
            self.program.turn_to(&used.checked);
        }
    }

    fn use_prepared(
        self: &Rc<Self>,
        mut sockets: HashMap<Listen, std::os::fd::OwnedFd>,
    ) -> Result<(), String> {
        let Some(snapshot) = self.prepared.borrow_mut().take() else { return Ok(()) };
        // their first steps come before the first connection of a new socket
        snapshot.tasks.begin();
        let mut slots = self.slots.borrow_mut();
        let mut kept = HashMap::new();
        for fe in snapshot.frontends() {
            for bind in fe.conf.binds.iter().filter(|_| fe.state.door() == Door::Open) {
                let gates = [self.shared.gate(&fe.conf.name), self.shared.socket_gate(&bind.address)];
                let slot = match slots.remove(&bind.address) {
                    Some(slot) => {
                        slot.update(bind, fe.clone(), gates);
                        slot
                    }
                    None => {
                        let Some(fd) = sockets.remove(&bind.address) else { continue };
                        let listener = Listener::new(fd).map_err(|e| format!("cannot listen: {e}"))?;
                        if fe.conf.mode == Mode::Http {
                            listener.spare_acknowledgements();
                        }
                        let slot = Slot::new(bind, fe.clone(), gates);
                        spawn_local(accept_loop(self.clone(), slot.clone(), listener));
                        slot
                    }
                };
                kept.insert(bind.address.clone(), slot);
            }
        }
        slots.drain().for_each(|(_, slot)| slot.stop());
        *slots = kept;
        self.adopt(snapshot);
        Ok(())
    }

    fn stop_accepting(&self) {
        self.slots.borrow_mut().drain().for_each(|(_, slot)| slot.stop());
        self.alarms.wake_all();
    }

    async fn drained(&self) {
        while self.connections.get() > 0 {
            self.alarms.wake_all();
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }
}

/// Ends the sessions of a server whenever the manager says so, as long as the pool is there.
async fn end_sessions_when_told(pool: Weak<Pool>, shutdown: Arc<Shutdown>) {
    let mut word = shutdown.subscribe();
    while word.changed().await.is_ok() {
        let Some(pool) = pool.upgrade() else { return };
        pool.end_sessions(*word.borrow_and_update());
    }
}
