//! The configuration as it is meant: every name resolved, every default applied. Built from the written model, and the
//! only thing that the daemon reads. Plain data: each worker compiles its own snapshot from it.

mod bind;
mod explain;
mod log;
mod lua;
mod proxy;
mod server;
mod table;
mod wasm;

pub use bind::{Bind, Level, Listen};
pub use explain::{Explain, ExplainTo};
pub use log::{Log, LogHeader, LogSink, LogStyle, LogTarget};
pub use lua::{HttpClient, Lua};
pub use proxy::{
    Cookie, CookieMode, ForwardFor, Forwarded, ForwardedBy, Mode, Options, PluginUse, Proxy, RetryOn, Reuse,
    Stats, Timeouts, UnusualNames,
};
pub use server::{Check, Observe, OnError, ProxyHeader, ProxyValues, Server};
pub use table::Table;
pub use wasm::Wasm;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use portero_api::tables::Statuses;
use portero_api::{Message, Plugin};
use portero_grammar::rules as tree;
use portero_grammar::{Sources, Span, Word};
use portero_policies::maps::Lists;
use portero_policies::users::Userlist;

use super::files::{DefaultPath, ProxyFiles};

/// What the names of plugins that come from scripts and modules begin with.
const SCRIPTED: [&str; 2] = ["lua.", "wasm."];

/// A whole configuration that can be run.
#[derive(Clone, Debug)]
pub struct Checked {
    /// The texts it came from: rules still point into them.
    pub sources: Sources,
    /// What holds for the process.
    pub global: Global,
    /// All proxies that are not disabled, in the order of the configuration; a proxy's id is its place plus what the
    /// configuration says with `id`.
    pub proxies: Vec<Arc<Proxy>>,
    /// Stick tables, in the order of their names.
    pub tables: Vec<Arc<Table>>,
    /// `http-errors` sections: name, status, page.
    pub http_errors: BTreeMap<String, BTreeMap<u16, Arc<Message>>>,
    /// `userlist` sections by name.
    pub userlists: BTreeMap<String, Arc<Userlist>>,
    /// What relative paths in the configuration start from.
    pub default_path: DefaultPath,
    /// The environment of the process with what `setenv` and its like changed: scripts and `env()` see it so.
    pub environment: Arc<BTreeMap<String, String>>,
    /// The plugins that it may name: those that ship, and those of its scripts.
    pub plugins: Arc<[Plugin]>,
    /// Maps and lists of patterns as their files were when the configuration was read.
    pub lists: Arc<Lists>,
}

impl Checked {
    /// True when it loads scripts: what they will look at is not known before.
    pub fn has_scripts(&self) -> bool {
        !self.global.lua.loads.is_empty() || !self.global.wasm.loads.is_empty()
    }

    /// True when a plugin of that name comes from a script.
    pub fn is_scripted(&self, name: &str) -> bool {
        self.has_scripts() && SCRIPTED.iter().any(|prefix| name.starts_with(prefix))
    }

    /// The files that the rules of a proxy name: paths relative as `default-path` says, pages of `http-errors`.
    pub fn files(&self, proxy: &Proxy) -> ProxyFiles {
        self.files_at(proxy.span)
    }

    /// The same for a place in the configuration.
    pub fn files_at(&self, at: Span) -> ProxyFiles {
        ProxyFiles {
            default_path: self.default_path.clone(),
            sources: self.sources.clone(),
            at,
            pages: self.http_errors.clone(),
            userlists: self.userlists.clone(),
            environment: self.environment.clone(),
        }
    }
}

/// Section `global`.
#[derive(Clone, Debug)]
pub struct Global {
    /// Worker threads; the number of cores where absent.
    pub nbthread: Option<usize>,
    /// Client connections of the whole process at the most; 0: as the descriptors allow.
    pub maxconn: u32,
    /// User and group to become once the sockets are open, by number.
    pub uid: Option<u32>,
    /// See `uid`.
    pub gid: Option<u32>,
    /// The folder to lock the process into.
    pub chroot: Option<PathBuf>,
    /// Where the process number is written.
    pub pidfile: Option<PathBuf>,
    /// Go to the background (`daemon`).
    pub daemon: bool,
    /// The longest soft stop.
    pub hard_stop_after: Option<Duration>,
    /// Where `log global` goes.
    pub logs: Vec<LogTarget>,
    /// `log-tag`.
    pub log_tag: Arc<str>,
    /// `log-send-hostname`: the host name in syslog headers; none: not sent.
    pub log_hostname: Option<Arc<str>>,
    /// `node`, shown by the statistics.
    pub node: Option<Arc<str>>,
    /// `description`.
    pub description: Option<Arc<str>>,
    /// `stats socket`: where the runtime API listens.
    pub stats_sockets: Vec<Bind>,
    /// `stats timeout`.
    pub stats_timeout: Duration,
    /// `spread-checks`, in percent of the interval.
    pub spread_checks: u32,
    /// `max-spread-checks`.
    pub max_spread_checks: Option<Duration>,
    /// `h1-accept-payload-with-any-method`: GET, HEAD and DELETE of HTTP/1.0 may have a body.
    pub any_payload: bool,
    /// `tune.bufsize`: bytes of a head or a buffered body at the most.
    pub bufsize: usize,
    /// `tune.maxrewrite`: bytes of `bufsize` kept for rules that add headers.
    pub maxrewrite: usize,
    /// `tune.http.maxhdr`: header fields of a message at the most.
    pub max_headers: usize,
    /// `http-err-codes`, `http-fail-codes`: what is counted as whose error.
    pub statuses: Statuses,
    /// `tune.stick-counters`: how many entries an exchange or a connection may track.
    pub stick_counters: u8,
    /// Scripts.
    pub lua: Lua,
    /// WASM modules.
    pub wasm: Wasm,
    /// `httpclient`
    pub http_client: HttpClient,
    /// `set-var` and `set-var-fmt` lines: evaluated at start. Name, format text as a word.
    pub set_vars: Vec<(Word, SetVar)>,
}

/// What a global variable is set to.
#[derive(Clone, Debug)]
pub enum SetVar {
    /// An expression (`set-var`).
    Expr(tree::Expr),
    /// A format (`set-var-fmt`).
    Format(tree::LogFormat),
}
