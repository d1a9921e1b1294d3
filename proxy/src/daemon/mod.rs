//! The daemon as the manager's thread sees it: starts the workers, keeps the sockets, swaps configurations.

mod doors;
mod source;

use std::cell::{Cell, OnceCell, RefCell};
use std::collections::HashMap;
use std::os::fd::OwnedFd;
use std::path::PathBuf;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::time::Duration;

use portero_api::{Door, EventKind, shard};
use portero_policies::maps;
use tokio::sync::mpsc::UnboundedReceiver;
use tokio::sync::{Semaphore, SemaphorePermit, oneshot};

use crate::config::checked::{Bind, Checked, Level, Listen};
use crate::control::{self, Deed, Operator};
use crate::dial::Direct;
use crate::health::Health;
use crate::host::Program;
use crate::listener::Sockets;
use crate::log::LogSinks;
use crate::runtime;
use crate::shared::Shared;
use crate::worker::{self, Handle, Order};
use crate::{privileges, process_vars, states};

pub use doors::DoorError;
pub use source::{Limits, Source};

/// The sockets of a worker by their addresses.
type WorkerSockets = HashMap<Listen, OwnedFd>;

/// The longest that an end by SIGTERM waits for log lines to leave.
const LAST_WORDS: Duration = Duration::from_millis(200);

/// The running daemon. It never leaves the manager's thread.
pub struct Daemon {
    /// What all workers share.
    pub shared: Arc<Shared>,
    /// The checks of all servers.
    pub health: Health,
    /// What plugins ask of the program on the manager's thread.
    pub program: Rc<Program>,
    /// Where the manager's own log lines go.
    pub sinks: LogSinks,
    source: Source,
    checked: RefCell<Arc<Checked>>,
    workers: OnceCell<Vec<Handle>>,
    /// What plugins want, until the manager listens.
    deeds: Cell<Option<UnboundedReceiver<Deed>>>,
    sockets: RefCell<Sockets>,
    /// Where the runtime API listens.
    apis: RefCell<runtime::Doors>,
    /// The commands of plugins.
    plugged: RefCell<runtime::Plugged>,
    /// One swap at a time: the next waits for its turn.
    turns: Semaphore,
    reloads: Cell<Reloads>,
}

/// How reloads went so far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Reloads {
    /// The new configuration was used.
    pub done: u32,
    /// The old one stayed in use.
    pub failed: u32,
}

/// How often the tables are swept.
const SWEEP: Duration = Duration::from_millis(200);

/// Takes entries of tables away whose time is over, some at a time, as long as the process lives.
async fn sweep(shared: Arc<Shared>) {
    let mut tick = tokio::time::interval(SWEEP);
    tick.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        tick.tick().await;
        for table in shared.common.tables.all() {
            while table.sweep() {
                tokio::task::yield_now().await;
            }
        }
    }
}

impl Daemon {
    /// Opens all sockets: after this the process needs no rights any more. `shard::set_workers` is called here, so no
    /// state may be made before.
    pub fn open(checked: Checked, source: Source) -> Result<Rc<Daemon>, String> {
        let count = worker_count(&checked);
        shard::set_workers(count);
        let shared = Arc::new(Shared::new(source.options.common.clone()));
        let deeds = Operator::of(&shared.common).begin(&shared);
        shared.default_maxconn.store(privileges::default_maxconn(&checked, count, &source.limits), Relaxed);
        let mut sockets = Sockets::default();
        open_sockets(&mut sockets, &checked, count)?;
        let sinks = LogSinks::new(shared.common.clone());
        let program = Program::new(0, shared.clone(), sinks.clone());
        let health = Health::new(shared.clone(), sinks.clone(), Rc::new(Direct), program.clone());
        Ok(Rc::new(Daemon {
            shared,
            health,
            program,
            sinks,
            source,
            checked: RefCell::new(Arc::new(checked)),
            workers: OnceCell::new(),
            deeds: Cell::new(deeds),
            sockets: RefCell::new(sockets),
            apis: RefCell::default(),
            plugged: RefCell::default(),
            turns: Semaphore::new(1),
            reloads: Cell::default(),
        }))
    }

    /// Starts the workers and lets them accept.
    pub async fn start(self: &Rc<Self>) -> Result<(), String> {
        let sinks = self.sinks.clone();
        tokio::task::spawn_local(async move { sinks.run().await });
        tokio::task::spawn_local(sweep(self.shared.clone()));
        if let Some(deeds) = self.deeds.take() {
            tokio::task::spawn_local(control::obey(self.clone(), deeds));
        }
        let checked = self.checked();
        let start = |index| {
            let started = worker::start(index, self.shared.clone(), checked.global.bufsize);
            started.map_err(|e| format!("cannot start worker {index}: {e}"))
        };
        let workers = (0..worker_count(&checked)).map(start).collect::<Result<_, _>>()?;
        if self.workers.set(workers).is_err() {
            return Err("the daemon was started twice".to_owned());
        }
        self.swap(checked).await
    }

    /// Where the configuration is read from: files and folders.
    pub fn paths(&self) -> &[PathBuf] {
        &self.source.paths
    }

    /// The configuration in use.
    pub fn checked(&self) -> Arc<Checked> {
        self.checked.borrow().clone()
    }

    /// Reads the configuration again and uses it; gives back what there is to say about it. A broken one leaves
    /// everything as it was; the error says why.
    pub async fn reload(self: &Rc<Self>) -> Result<String, String> {
        let _turn = self.turn().await;
        let result = self.read_again().await;
        let Reloads { done, failed } = self.reloads.get();
        let (ok, not) = (u32::from(result.is_ok()), u32::from(result.is_err()));
        self.reloads.set(Reloads { done: done + ok, failed: failed + not });
        if result.is_ok() {
            self.shared.common.events.publish(EventKind::Reloaded);
        }
        result
    }

    /// Waits until nobody else swaps configurations.
    async fn turn(&self) -> SemaphorePermit<'_> {
        self.turns.acquire().await.expect("turns are never closed")
    }

    async fn read_again(self: &Rc<Self>) -> Result<String, String> {
        let loaded = self.source.load();
        let report = loaded.diagnostics.render(&loaded.sources, false);
        let Some(checked) = loaded.checked else { return Err(report) };
        let mut notes: Vec<String> = (!report.is_empty()).then_some(report).into_iter().collect();
        let opened = open_sockets(&mut self.sockets.borrow_mut(), &checked, self.workers().len());
        let swapped = match opened {
            Ok(more) => {
                notes.extend(more);
                notes.extend(self.note_threads(&checked));
                self.swap(Arc::new(checked)).await
            }
            Err(error) => {
                maps::store(&self.shared.common).abort();
                Err(error)
            }
        };
        let used = self.checked();
        let is_used = |address: &Listen| all_binds(&used).any(|b| b.address == *address);
        let apis = self.apis.borrow();
        self.sockets.borrow_mut().retain(|address| is_used(address) || apis.is_master(address));
        swapped.map(|()| notes.join("\n"))
    }

    /// Lets the master's runtime API listen, whatever configurations say.
    pub fn open_master_api(self: &Rc<Self>, bind: &Bind) -> Result<(), String> {
        let failed = |e: std::io::Error| format!("cannot listen for the master's runtime API: {e}");
        self.sockets.borrow_mut().open(bind, 1).map_err(failed)?;
        let fd = self.sockets.borrow().for_worker(&bind.address, 0).map_err(failed)?;
        self.apis.borrow_mut().open_master(self, bind, fd).map_err(failed)
    }

    fn note_threads(&self, checked: &Checked) -> Option<String> {
        let (now, wanted) = (self.workers().len(), worker_count(checked));
        let text = || format!("note: {wanted} threads take a restart; there are {now} until then");
        (now != wanted).then(text)
    }

    fn workers(&self) -> &[Handle] {
        self.workers.get().map_or(&[], Vec::as_slice)
    }

    /// Builds a configuration beside the one in use on every worker, and swaps only when all could.
    async fn swap(self: &Rc<Self>, checked: Arc<Checked>) -> Result<(), String> {
        let before = states::remember(&self.shared);
        states::apply(&self.shared, &checked);
        let lists = maps::store(&self.shared.common);
        lists.stage(checked.lists.clone());
        let deployed = match runtime::Plugged::new(&checked, &self.shared, &self.program) {
            Ok(plugged) => self.deploy(&checked).await.map(|()| plugged),
            Err(error) => Err(error),
        };
        match deployed {
            Ok(plugged) => drop(self.plugged.replace(plugged)),
            Err(error) => {
                self.program.turn_to(&self.checked());
                states::restore(&self.shared, before, &self.checked());
                lists.abort();
                self.keep_out();
                return Err(error);
            }
        }
        lists.commit();
        states::forget_others(&self.shared, &checked);
        self.checked.replace(checked);
        self.keep_out();
        self.serve_apis()
    }

    /// Gives a configuration to the workers once all of them can use it.
    async fn deploy(&self, checked: &Arc<Checked>) -> Result<(), String> {
        self.let_in(checked)?;
        let prepared = self.prepare(checked).await;
        if prepared.is_err() {
            self.workers().iter().for_each(|w| w.tell(Order::Forget));
        }
        let mut sockets = prepared?.into_iter();
        // before the first request that could look at them
        process_vars::begin(&self.program, checked);
        self.ask_all(|answer| Order::Use(sockets.next().unwrap_or_default(), answer)).await
    }

    /// All that can fail: snapshots on all workers, their sockets, checks.
    async fn prepare(&self, checked: &Arc<Checked>) -> Result<Vec<WorkerSockets>, String> {
        self.ask_all(|answer| Order::Prepare(checked.clone(), answer)).await?;
        let for_worker = |index| -> std::io::Result<WorkerSockets> {
            let sockets = self.sockets.borrow();
            let fd = |bind: &Bind| Ok((bind.address.clone(), sockets.for_worker(&bind.address, index)?));
            open_binds(&self.shared, checked).map(fd).collect()
        };
        let sockets = (0..self.workers().len()).map(for_worker).collect::<Result<_, _>>();
        let sockets = sockets.map_err(|e| format!("cannot listen: {e}"))?;
        self.health.apply(checked).map_err(|found| found.render(&checked.sources, false))?;
        Ok(sockets)
    }

    /// Lets the runtime API listen where the configuration says.
    fn serve_apis(self: &Rc<Self>) -> Result<(), String> {
        let sockets = self.sockets.borrow();
        let open = |bind: &Bind| sockets.for_worker(&bind.address, 0);
        let served = self.apis.borrow_mut().serve(self, &self.checked().global.stats_sockets, open);
        served.map_err(|e| format!("cannot listen for the runtime API: {e}"))
    }

    /// Gives all workers an order that they answer, and waits for all answers.
    async fn ask_all(
        &self,
        mut order: impl FnMut(oneshot::Sender<Result<(), String>>) -> Order,
    ) -> Result<(), String> {
        let ask = |worker: &Handle| {
            let (answer, wait) = oneshot::channel();
            worker.tell(order(answer));
            wait
        };
        let waits: Vec<_> = self.workers().iter().map(ask).collect();
        let mut result = Ok(());
        for (index, wait) in waits.into_iter().enumerate() {
            let answer = wait.await.unwrap_or_else(|_| Err(format!("worker {index} is gone")));
            result = result.and(answer);
        }
        result
    }

    /// Stops accepting and waits for the connections, at most for `hard-stop-after`.
    pub async fn soft_stop(&self) {
        self.shared.process.stop();
        self.shared.common.events.publish(EventKind::Stopping);
        let limit = self.checked().global.hard_stop_after;
        let addresses: Vec<_> = binds(&self.checked()).map(|b| b.address.clone()).collect();
        self.sockets.borrow_mut().retain(|address| !addresses.contains(address));
        let stopped = self.ask_all(Order::Stop);
        match limit {
            Some(limit) => drop(tokio::time::timeout(limit, stopped).await),
            // a worker that is gone has no connections
            None => drop(stopped.await),
        }
    }

    /// Sends the log lines that are waiting anywhere, as far as that is a matter of moments.
    pub async fn last_words(&self) {
        // lines of a worker that does not answer in time are lost with it
        let _ = tokio::time::timeout(LAST_WORDS, self.ask_all(Order::Flush)).await;
        self.sinks.flush();
    }

    /// The commands of plugins.
    pub fn plugged(&self) -> runtime::Plugged {
        self.plugged.borrow().clone()
    }

    /// How reloads went so far.
    pub fn reloads(&self) -> Reloads {
        self.reloads.get()
    }

    /// The sockets of the runtime API.
    pub fn runtime_sockets(&self) -> Vec<(Listen, Level)> {
        self.apis.borrow().list().map(|(address, level)| (address.clone(), level)).collect()
    }

    /// The sockets that clients can connect to: frontend and address.
    pub fn listening(&self) -> Vec<(Arc<str>, String)> {
        let sockets = self.sockets.borrow();
        let checked = self.checked();
        let with_name = |p: &Arc<crate::config::checked::Proxy>| {
            let text = |bind: &Bind| (p.name.clone(), sockets.name(&bind.address));
            p.binds.iter().map(text).collect::<Vec<_>>()
        };
        checked.proxies.iter().flat_map(with_name).collect()
    }
}

/// Opens what a configuration needs and is not open yet; gives back notes about options that cannot change now.
fn open_sockets(sockets: &mut Sockets, checked: &Checked, workers: usize) -> Result<Vec<String>, String> {
    let (mut errors, mut notes) = (Vec::new(), Vec::new());
    for bind in all_binds(checked) {
        let said = |d: portero_grammar::Diagnostic| d.render(&checked.sources, false);
        match sockets.open(bind, workers) {
            Ok(None) => {}
            Ok(Some(note)) => notes.push(said(portero_grammar::Diagnostic::note(bind.span, note))),
            Err(error) => {
                let message = format!("cannot listen here: {error}");
                errors.push(said(portero_grammar::Diagnostic::error(bind.span, message)));
            }
        }
    }
    if errors.is_empty() { Ok(notes) } else { Err(errors.join("\n\n")) }
}

/// The sockets of frontends.
fn binds(checked: &Checked) -> impl Iterator<Item = &Bind> {
    checked.proxies.iter().flat_map(|p| &p.binds)
}

/// The sockets of frontends that take connections.
fn open_binds<'a>(shared: &'a Shared, checked: &'a Checked) -> impl Iterator<Item = &'a Bind> {
    let is_open = |name: &str| shared.directory.proxy(name, false).is_none_or(|p| p.door() == Door::Open);
    checked.proxies.iter().filter(move |p| p.kind.has_front() && is_open(&p.name)).flat_map(|p| &p.binds)
}

/// All sockets, those of the runtime API included.
fn all_binds(checked: &Checked) -> impl Iterator<Item = &Bind> {
    binds(checked).chain(&checked.global.stats_sockets)
}

fn worker_count(checked: &Checked) -> usize {
    let cores = || std::thread::available_parallelism().map_or(1, usize::from);
    checked.global.nbthread.unwrap_or_else(cores).max(1)
}
