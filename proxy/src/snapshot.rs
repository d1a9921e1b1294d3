//! A worker's own image of the configuration: rules compiled, plugins made, states and pools at hand.

use std::collections::{BTreeMap, HashMap};
use std::rc::Rc;
use std::sync::Arc;

use portero_api::{Balance, Candidates, Filter, ProxyState, Request, ServerState, Service};
use portero_policies::trace::Outline;
use portero_policies::{Cond, Conditions, Format, Page, RuleSet, Stick, Targets, Uses};

use crate::build::Builder;
use crate::config::checked::{self, Checked, Observe};
use crate::explain::live::Live;
use crate::health::{Observer, Seen};
use crate::http1;
use crate::log::Logger;
use crate::pool::Pool;
use crate::queue::Queue;
use crate::road::Forwarded;
use crate::tasks::Tasks;
use crate::worker::Worker;

/// The configuration as a worker runs it. Requests under way keep the one they began with.
pub struct Snapshot {
    /// What it was built from.
    pub checked: Arc<Checked>,
    /// The tasks of plugins on this worker.
    pub tasks: Tasks,
    proxies: Vec<Rc<Proxy>>,
    frontends: HashMap<Arc<str>, usize>,
    backends: HashMap<Arc<str>, usize>,
}

/// A proxy as a worker runs it.
pub struct Proxy {
    /// Its configuration.
    pub conf: Arc<checked::Proxy>,
    /// What all workers share of it.
    pub state: Arc<ProxyState>,
    /// Its rules.
    pub rules: Rules,
    /// `use_backend` rules.
    pub targets: Targets,
    /// `use-server` rules.
    pub use_server: Targets,
    /// `stick` rules.
    pub stick: Stick,
    /// Its balancer.
    pub balance: Box<dyn Balance>,
    /// Its servers.
    pub servers: Vec<Rc<Server>>,
    /// Their states, in the same order.
    pub states: Arc<[Arc<ServerState>]>,
    /// Requests that wait for a server.
    pub queue: Arc<Queue>,
    /// Its log targets.
    pub logger: Logger,
    /// The format of a line.
    pub log_format: Format,
    /// The format of a line about a failure.
    pub error_format: Option<Format>,
    /// How its lines of failed connections begin, without an `error-log-format`.
    pub failed_format: Format,
    /// The format of unique ids.
    pub unique_id: Option<Rc<dyn portero_api::Format>>,
    /// True when the request line as received must be kept for a log.
    pub needs_request_line: bool,
    /// What rules and formats look at, here or in any other proxy: a request may come through both.
    pub uses: Uses,
    /// Its statistics page.
    pub stats: Option<Stats>,
    /// Its filters, in the order of the configuration.
    pub filters: Vec<Box<dyn Filter>>,
    /// Which requests leave a trace.
    pub explain: Vec<Live>,
    /// `option forwarded`
    pub forwarded: Option<Forwarded>,
    /// Error pages that are made for each reply.
    pub made_pages: BTreeMap<u16, Page>,
    /// When the monitor is told of a failure (`monitor fail`).
    pub monitor_fail: Conditions,
    /// `force-persist` and `ignore-persist`, in order.
    pub persist_rules: Conditions,
    /// `force-be-switch` rules.
    pub switch_rules: Conditions,
}

impl Proxy {
    /// Its servers as they are for one try.
    pub fn candidates<'a>(&'a self, tried: &'a [usize]) -> Candidates<'a> {
        let candidates = Candidates::new(&self.states, tried, self.state.version());
        candidates.with_all_backups(self.conf.options.allbackups)
    }
}

/// The rules of a proxy by the moment they are evaluated.
pub struct Rules {
    /// `tcp-request connection`
    pub tcp_connection: RuleSet,
    /// `tcp-request session`
    pub tcp_session: RuleSet,
    /// `tcp-request content`
    pub tcp_content: RuleSet,
    /// `tcp-response content`
    pub tcp_response: RuleSet,
    /// `http-request`
    pub http_request: RuleSet,
    /// `redirect`, which come behind them
    pub redirect: RuleSet,
    /// `http-response`
    pub http_response: RuleSet,
    /// `http-after-response`
    pub http_after_response: RuleSet,
}

/// A server as a worker runs it.
#[derive(Debug)]
pub struct Server {
    /// Its configuration.
    pub conf: Arc<checked::Server>,
    /// What all workers share of it.
    pub state: Arc<ServerState>,
    /// This worker's idle connections to it.
    pub pool: Rc<Pool>,
    /// What its header of the PROXY protocol says beside addresses.
    pub proxy_values: Vec<(u8, Format)>,
    /// Told what traffic sees of it (`observe`).
    pub observer: Option<(Observe, Arc<Observer>)>,
}

impl Server {
    /// Notes what a session saw of it.
    pub fn saw(&self, seen: Seen) {
        if let Some((observe, observer)) = &self.observer {
            observer.note(observe, seen);
        }
    }
}

/// The statistics page of a proxy.
pub struct Stats {
    /// Where it is.
    pub uri: Vec<u8>,
    /// What logs call it.
    pub name: Rc<str>,
    /// Who makes it.
    pub service: Box<dyn Service>,
    /// `stats http-request` rules.
    pub rules: RuleSet,
    /// `stats admin`: whose requests may change servers.
    pub admin: Vec<Cond>,
}

impl Stats {
    /// True when a request is meant for the page: its target begins with the page's path.
    pub fn matches(&self, request: &Request) -> bool {
        request.path_and_query().starts_with(&self.uri)
    }
}

impl Snapshot {
    /// Compiles a configuration for a worker. The configuration was checked as a whole before: an error here is one
    /// that only a plugin's instance can meet.
    pub fn build(worker: &Rc<Worker>, checked: Arc<Checked>) -> Result<Snapshot, String> {
        let builder = Builder::new(worker, &checked);
        let mut proxies = checked.proxies.iter().map(|p| builder.proxy(p)).collect::<Result<Vec<_>, _>>()?;
        let before = if checked.has_scripts() { Uses::ALL } else { Uses::default() };
        let uses = proxies.iter().fold(before, |all, proxy| all.and(proxy.uses));
        for proxy in &mut proxies {
            proxy.uses = uses;
            proxy.needs_request_line |= uses.request_line;
        }
        let proxies: Vec<_> = proxies.into_iter().map(Rc::new).collect();
        let by_name = |wanted: fn(&checked::Proxy) -> bool| {
            let named = proxies.iter().enumerate().filter(|(_, p)| wanted(&p.conf));
            named.map(|(i, p)| (p.conf.name.clone(), i)).collect()
        };
        let frontends = by_name(|p| p.kind.has_front());
        let backends = by_name(|p| p.kind.has_back());
        let tasks = Tasks::new(builder.tasks()?, worker.is_first());
        drop(builder);
        Ok(Snapshot { checked, tasks, proxies, frontends, backends })
    }

    /// All rules of all proxies as they were written.
    pub fn outline(&self) -> Vec<Outline> {
        let mut all = Vec::new();
        for proxy in &self.proxies {
            let rules = &proxy.rules;
            let sets = [
                &rules.tcp_connection,
                &rules.tcp_session,
                &rules.tcp_content,
                &rules.tcp_response,
                &rules.http_request,
                &rules.redirect,
                &rules.http_response,
                &rules.http_after_response,
            ];
            all.extend(
                sets.into_iter()
                    .chain(proxy.stats.as_ref().map(|stats| &stats.rules))
                    .flat_map(RuleSet::outline),
            );
            all.extend([&proxy.targets, &proxy.use_server].into_iter().flat_map(Targets::outline));
            all.extend(proxy.stick.outline());
            all.extend(
                [&proxy.monitor_fail, &proxy.persist_rules, &proxy.switch_rules]
                    .into_iter()
                    .flat_map(Conditions::outline),
            );
        }
        all
    }

    /// The proxy at a place.
    pub fn proxy(&self, index: usize) -> Option<Rc<Proxy>> {
        self.proxies.get(index).cloned()
    }

    /// The frontend of that name.
    pub fn frontend(&self, name: &str) -> Option<Rc<Proxy>> {
        self.frontends.get(name).and_then(|&i| self.proxy(i))
    }

    /// The backend of that name.
    pub fn backend(&self, name: &str) -> Option<Rc<Proxy>> {
        self.backends.get(name).and_then(|&i| self.proxy(i))
    }

    /// All frontends.
    pub fn frontends(&self) -> impl Iterator<Item = &Rc<Proxy>> {
        self.proxies.iter().filter(|p| p.conf.kind.has_front())
    }

    /// What a request head to a frontend may be.
    pub fn request_limits(&self, fe: &Proxy) -> http1::Limits {
        self.limits(fe.conf.options.unsafe_requests)
    }

    /// What a response head from a backend's server may be.
    pub fn response_limits(&self, be: &Proxy) -> http1::Limits {
        self.limits(be.conf.options.unsafe_responses)
    }

    fn limits(&self, unsafe_ok: bool) -> http1::Limits {
        let global = &self.checked.global;
        http1::Limits {
            head: global.bufsize.saturating_sub(global.maxrewrite),
            fields: global.max_headers,
            unsafe_ok,
            any_payload: global.any_payload,
        }
    }
}
