//! A configuration on an offline worker, and requests that walk through it.

use std::future::Future;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::pin::pin;
use std::rc::Rc;
use std::sync::Arc;
use std::task::{Context, Waker};
use std::time::Duration;

use portero_api::{ServerState, Trace, clock, process_vars, shard};
use portero_policies::Compiler;
use portero_policies::trace::Outline;
use tokio::task::LocalSet;

use super::outside::{Answer, Call, Outside, Seen};
use super::{Ask, CLIENT};
use crate::config::checked::{Bind, Checked, Level, Listen};
use crate::config::scripts;
use crate::listener::Slot;
use crate::net::{Memory, Stream, go_offline};
use crate::shared::Shared;
use crate::snapshot::{Proxy, Snapshot};
use crate::worker::Worker;
use crate::{connection, shared, states};

/// A configuration that runs without a socket, on the calling thread: everything in it is new, and the clock is the
/// system's.
pub struct Stage {
    /// What is outside.
    pub outside: Rc<Outside>,
    /// The state of the process.
    pub shared: Arc<Shared>,
    worker: Rc<Worker>,
    entries: Vec<Entry>,
    // the tasks of the worker are never run, but they need a place to stand in
    tasks: LocalSet,
    runtime: tokio::runtime::Runtime,
}

/// A way in: a listening socket of a frontend, if it had one.
#[derive(Clone)]
pub struct Entry {
    /// The frontend.
    pub frontend: Rc<Proxy>,
    /// The address that clients connect to.
    pub address: Option<SocketAddr>,
    slot: Rc<Slot>,
}

/// How a client's connection went.
#[derive(Debug)]
pub struct Outcome {
    /// What the client was sent.
    pub reply: Vec<u8>,
    /// True when the connection ended with a reset.
    pub reset: bool,
    /// True when something was waited for that never comes.
    pub stuck: bool,
    /// The exchanges on it.
    pub seen: Vec<Seen>,
    /// The connections to servers.
    pub calls: Vec<Call>,
    /// The lines of the log.
    pub log: Vec<String>,
    /// How far waits have moved the clock.
    pub waited: Duration,
}

/// Polls after which a connection that does not go on is given up.
const PATIENCE: usize = 64;

impl Stage {
    /// Builds a configuration; the error is a sentence. The thread is offline from then on.
    pub fn open(checked: Arc<Checked>) -> Result<Stage, String> {
        shard::set_workers(1);
        shard::enter(0);
        go_offline();
        clock::reset();
        process_vars().clear();
        let common = shared::common();
        let checked = scripts::anew(&checked, &common)?;
        let shared = Arc::new(Shared::new(common));
        states::apply(&shared, &checked);
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build();
        let runtime = runtime.map_err(|e| format!("cannot start: {e}"))?;
        let tasks = LocalSet::new();
        let outside = Rc::<Outside>::default();
        let worker = Worker::offline(shared.clone(), checked.global.bufsize, outside.clone());
        let snapshot = {
            let (_runtime, _tasks) = (runtime.enter(), tasks.enter());
            Rc::new(Snapshot::build(&worker, checked.clone())?)
        };
        worker.adopt(snapshot.clone());
        crate::process_vars::begin(&worker.program, &checked);
        let entries = snapshot.frontends().flat_map(|fe| entries(&shared, fe)).collect();
        Ok(Stage { outside, shared, worker, entries, tasks, runtime })
    }

    /// The way in that a client takes: the frontend of that name, else the one that listens at the address, else the
    /// first. The error is a sentence.
    pub fn enter(&self, frontend: Option<&str>, dst: Option<SocketAddr>) -> Result<Entry, String> {
        let all =
            || self.entries.iter().filter(|e| frontend.is_none_or(|name| *e.frontend.conf.name == *name));
        let at = |entry: &&Entry| match (entry.address, dst) {
            (Some(own), Some(dst)) => own.port() == dst.port(),
            _ => false,
        };
        let found = match (frontend, dst) {
            (None, Some(_)) => all().find(at),
            _ => all().find(at).or_else(|| all().next()),
        };
        found.cloned().ok_or_else(|| match (frontend, dst) {
            (Some(name), _) => format!("there is no frontend '{name}'"),
            (None, Some(dst)) => format!("no frontend listens on port {}", dst.port()),
            (None, None) => "the configuration has no frontend".to_owned(),
        })
    }

    /// Lends a compiler for what stands in no proxy.
    pub fn with_compiler<T>(&self, work: impl FnOnce(&Compiler<'_>) -> T) -> T {
        self.worker.program.with_compiler(work)
    }

    /// All rules of the configuration.
    pub fn outline(&self) -> Vec<Outline> {
        self.worker.snapshot().outline()
    }

    /// A server by the names of its backend and itself.
    pub fn server(&self, backend: &str, server: &str) -> Option<Arc<ServerState>> {
        let backend = self.shared.directory.proxy(backend, true)?;
        backend.servers().iter().find(|s| *s.name == *server).cloned()
    }

    /// Lets a client connect and ask, and tells how it went.
    pub fn ask(&self, entry: &Entry, ask: &Ask, answers: Vec<Answer>, trace: Option<Rc<Trace>>) -> Outcome {
        self.outside.begin(answers, trace);
        let before = clock::ahead();
        let peer = ask.src.unwrap_or(CLIENT);
        let local = ask.dst.or(entry.address);
        let client = Memory::new(ask.bytes.clone(), local);
        let stuck = self.serve(entry, client.clone(), (Some(peer), local));
        let notes = self.outside.take();
        Outcome {
            reply: client.sent(),
            reset: client.is_reset(),
            stuck,
            seen: notes.seen,
            calls: notes.calls,
            log: notes.log,
            waited: clock::ahead().saturating_sub(before),
        }
    }

    /// Serves a connection as the listener would; true when it never ends.
    fn serve(&self, entry: &Entry, client: Memory, ends: connection::Ends) -> bool {
        let (_runtime, _tasks) = (self.runtime.enter(), self.tasks.enter());
        let seat = entry.slot.enter(&self.shared);
        let stream = Stream::Memory(client);
        let session = connection::open(&self.worker, entry.slot.clone(), stream, ends, seat);
        let Some(session) = session else { return false };
        let mut served = pin!(connection::serve(session));
        let mut cx = Context::from_waker(Waker::noop());
        (0..PATIENCE).all(|_| {
            let waits = served.as_mut().poll(&mut cx).is_pending();
            self.worker.program.go_on_beside();
            waits
        })
    }
}

impl std::fmt::Debug for Stage {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Stage").finish_non_exhaustive()
    }
}

/// The ways into a frontend: its sockets, or one that stands for them where it has none.
fn entries(shared: &Shared, fe: &Rc<Proxy>) -> Vec<Entry> {
    let binds = &fe.conf.binds;
    let none = [no_bind(fe)];
    let binds = if binds.is_empty() { &none[..] } else { &binds[..] };
    let entry = |bind: &Bind| {
        let gates = [shared.gate(&fe.conf.name), Arc::default()];
        Entry {
            frontend: fe.clone(),
            address: reachable(&bind.address),
            slot: Slot::new(bind, fe.clone(), gates),
        }
    };
    binds.iter().map(entry).collect()
}

/// The address that a client on this machine connects to.
fn reachable(listen: &Listen) -> Option<SocketAddr> {
    let Listen::Ip(address) = listen else { return None };
    let local = IpAddr::V4(Ipv4Addr::LOCALHOST);
    let ip = if address.ip().is_unspecified() { local } else { address.ip() };
    Some(SocketAddr::new(ip, address.port()))
}

fn no_bind(fe: &Proxy) -> Bind {
    Bind {
        address: Listen::Ip(SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 80)),
        name: None,
        id: 1,
        maxconn: 0,
        backlog: None,
        accept_proxy: false,
        v6only: None,
        transparent: false,
        interface: None,
        mss: None,
        save_syn: 0,
        unix_mode: None,
        unix_uid: None,
        unix_gid: None,
        level: Level::default(),
        span: fe.conf.span,
    }
}
