//! The manager: starts the workers, keeps the sockets, swaps configurations, watches servers, obeys signals.

use std::collections::HashMap;
use std::path::PathBuf;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::time::Duration;

use portero_api::shard;
use tokio::sync::oneshot;

use crate::config::checked::{Checked, Listen};
use crate::config::load;
use crate::dial::Direct;
use crate::health::Health;
use crate::listener::Sockets;
use crate::log::LogSinks;
use crate::shared::Shared;
use crate::worker::{self, Handle, Order};
use crate::{registry, states};

/// The running daemon, seen from the manager's thread.
pub struct Daemon {
    /// What all workers share.
    pub shared: Arc<Shared>,
    /// The configuration in use.
    pub checked: Arc<Checked>,
    /// The checks of all servers.
    pub health: Health,
    /// Where the manager's own log lines go.
    pub sinks: LogSinks,
    source: Source,
    workers: Vec<Handle>,
    sockets: Sockets,
}

/// Where the configuration comes from, for reloads.
#[derive(Clone, Default)]
pub struct Source {
    /// Files and folders, as `-f` named them.
    pub paths: Vec<PathBuf>,
    /// How they are read.
    pub options: load::Options,
}

impl Daemon {
    /// Opens all sockets: after this the process needs no rights any more. `shard::set_workers` is called here, so no
    /// state may be made before.
    pub fn open(checked: Checked, source: Source) -> Result<Daemon, String> {
        let count = worker_count(&checked);
        shard::set_workers(count);
        let shared = Arc::new(Shared::new(registry::plugins()));
        let mut sockets = Sockets::default();
        open_sockets(&mut sockets, &checked, count)?;
        let sinks = LogSinks::new(shared.common.clone());
        let health = Health::new(shared.clone(), sinks.clone(), Rc::new(Direct));
        let checked = Arc::new(checked);
        Ok(Daemon { shared, checked, health, sinks, source, workers: Vec::new(), sockets })
    }

    /// Starts the workers and lets them accept.
    pub async fn start(&mut self) -> Result<(), String> {
        let sinks = self.sinks.clone();
        tokio::task::spawn_local(async move { sinks.run().await });
        let bufsize = self.checked.global.bufsize;
        for index in 0..worker_count(&self.checked) {
            let started = worker::start(index, self.shared.clone(), bufsize);
            self.workers.push(started.map_err(|e| format!("cannot start worker {index}: {e}"))?);
        }
        self.swap(self.checked.clone()).await
    }

    /// Reads the configuration again and uses it. A broken one leaves the old one running; the error says why.
    pub async fn reload(&mut self) -> Result<(), String> {
        let loaded = load::load(&self.source.paths, &self.source.options);
        let report = loaded.diagnostics.render(&loaded.sources, false);
        let Some(checked) = loaded.checked else { return Err(report) };
        if !report.is_empty() {
            tracing::info!("{report}");
        }
        let fresh = open_sockets(&mut self.sockets, &checked, self.workers.len());
        let swapped = match fresh {
            Ok(()) => self.swap(Arc::new(checked)).await,
            Err(error) => Err(error),
        };
        let used = self.checked.clone();
        self.sockets.retain(|address| binds(&used).any(|b| b.address == *address));
        swapped
    }

    /// Builds a configuration beside the one in use on every worker, and swaps only when all could.
    async fn swap(&mut self, checked: Arc<Checked>) -> Result<(), String> {
        states::apply(&self.shared, &checked);
        let prepared = self.ask_all(|answer| Order::Prepare(checked.clone(), answer)).await;
        if let Err(error) = prepared {
            self.workers.iter().for_each(|w| w.tell(Order::Forget));
            states::apply(&self.shared, &self.checked);
            return Err(error);
        }
        self.health.apply(&checked).map_err(|found| found.render(&checked.sources, false))?;
        for (index, worker) in self.workers.iter().enumerate() {
            let mut sockets = HashMap::new();
            for bind in binds(&checked) {
                let fd = self.sockets.for_worker(&bind.address, index);
                sockets.insert(bind.address.clone(), fd.map_err(|e| format!("cannot listen: {e}"))?);
            }
            let (answer, wait) = oneshot::channel();
            worker.tell(Order::Use(sockets, answer));
            wait.await.map_err(|_| format!("worker {index} is gone"))??;
        }
        states::forget_others(&self.shared, &checked);
        self.checked = checked;
        Ok(())
    }

    async fn ask_all(
        &self,
        order: impl Fn(oneshot::Sender<Result<(), String>>) -> Order,
    ) -> Result<(), String> {
        let ask = |worker: &Handle| {
            let (answer, wait) = oneshot::channel();
            worker.tell(order(answer));
            wait
        };
        let waits: Vec<_> = self.workers.iter().map(ask).collect();
        let mut result = Ok(());
        for (index, wait) in waits.into_iter().enumerate() {
            let answer = wait.await.unwrap_or_else(|_| Err(format!("worker {index} is gone")));
            result = result.and(answer);
        }
        result
    }

    /// Stops accepting and waits for the connections, at most for `hard-stop-after`.
    pub async fn soft_stop(&mut self) {
        self.shared.stopping.store(true, Relaxed);
        self.sockets = Sockets::default();
        let ask = |worker: &Handle| {
            let (answer, wait) = oneshot::channel();
            worker.tell(Order::Stop(answer));
            wait
        };
        let waits: Vec<_> = self.workers.iter().map(ask).collect();
        let all = async {
            for wait in waits {
                // a worker that is gone has no connections
                let _ = wait.await;
            }
        };
        match self.checked.global.hard_stop_after {
            Some(limit) => drop(tokio::time::timeout(limit, all).await),
            None => all.await,
        }
    }

    /// The sockets that clients can connect to: frontend and address.
    pub fn listening(&self) -> Vec<(Arc<str>, String)> {
        let mut list = Vec::new();
        for proxy in &self.checked.proxies {
            for bind in &proxy.binds {
                let text = match &bind.address {
                    Listen::Unix(path) => path.display().to_string(),
                    Listen::Abstract(name) => {
                        format!("abns@{}", String::from_utf8_lossy(name).trim_end_matches('\0'))
                    }
                    ip => self.sockets.local(ip).map_or_else(|| "?".to_owned(), |a| a.to_string()),
                };
                list.push((proxy.name.clone(), text));
            }
        }
        list
    }
}

fn open_sockets(sockets: &mut Sockets, checked: &Checked, workers: usize) -> Result<(), String> {
    let mut errors = Vec::new();
    for bind in binds(checked) {
        if let Err(error) = sockets.open(bind, workers) {
            let message = format!("cannot listen here: {error}");
            let said = portero_grammar::Diagnostic::error(bind.span, message);
            errors.push(said.render(&checked.sources, false));
        }
    }
    if errors.is_empty() { Ok(()) } else { Err(errors.join("\n\n")) }
}

fn binds(checked: &Checked) -> impl Iterator<Item = &crate::config::checked::Bind> {
    checked.proxies.iter().flat_map(|p| &p.binds)
}

fn worker_count(checked: &Checked) -> usize {
    let cores = || std::thread::available_parallelism().map_or(1, usize::from);
    checked.global.nbthread.unwrap_or_else(cores).max(1)
}

/// The longest that a stop by SIGTERM waits for log lines to leave.
pub const LAST_WORDS: Duration = Duration::from_millis(200);
