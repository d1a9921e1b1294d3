//! What statistics are made of: one row for each frontend, server and backend.
//!
//! CSV, JSON and the page show the same rows; whoever shows statistics in another way (`show stat` of the runtime API)
//! takes them from here as well.

use std::sync::Arc;
use std::time::Instant;

use portero_api::{Admin, Counter, Counters, ProxyState, Rate, ServerState};

pub use super::fields::FIELDS;

/// What a row is about.
#[derive(Clone, Copy)]
pub enum Subject<'a> {
    /// A proxy's side towards clients.
    Front(&'a ProxyState),
    /// A proxy's side towards servers.
    Back(&'a ProxyState),
    /// A server of a proxy.
    Server(&'a ProxyState, &'a ServerState),
}

/// A column: its name and what it says of a subject (HAProxy management manual, 9.1).
pub struct Field {
    /// HAProxy's name.
    pub name: &'static str,
    /// Which subjects have it: letters of `FBS`.
    pub on: &'static str,
    /// Origin, nature and scope as `show stat json` gives them.
    pub tags: [&'static str; 3],
    /// The value, none where there is nothing to say.
    pub value: fn(&Subject<'_>, &View) -> Option<Stat>,
}

/// A value.
#[derive(Clone, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum Stat {
    U32(u32),
    U64(u64),
    Text(String),
}

/// How statistics are looked at.
#[derive(Clone, Copy, Debug)]
pub struct View {
    /// The moment.
    pub now: Instant,
    /// True to show addresses (`stats show-legends`, and always in the runtime API).
    pub legends: bool,
    /// Which rows there are.
    pub pick: Pick,
}

/// Which rows are wanted (`show stat` of the management manual, 9.3).
#[derive(Clone, Copy, Debug)]
pub struct Pick {
    /// Kinds of subjects, added: 1 for frontends, 2 for backends, 4 for servers.
    pub kinds: u32,
    /// The one server of each backend, by its number.
    pub server: Option<u32>,
    /// Servers that are down or in maintenance are left out.
    pub up: bool,
    /// Servers in maintenance are left out.
    pub no_maint: bool,
}

impl Default for Pick {
    fn default() -> Pick {
        Pick { kinds: u32::MAX, server: None, up: false, no_maint: false }
    }
}

impl Pick {
    fn takes(&self, subject: &Subject<'_>) -> bool {
        let (kind, fits) = match subject {
            Subject::Front(_) => (1, true),
            Subject::Back(_) => (2, true),
            Subject::Server(_, s) => (4, self.takes_server(s)),
        };
        self.kinds & kind != 0 && fits
    }

    fn takes_server(&self, server: &ServerState) -> bool {
        let in_maintenance = server.admin() == Admin::Maint;
        self.server.is_none_or(|id| id == server.id())
            && (!self.up || server.usable() && !in_maintenance)
            && (!self.no_maint || !in_maintenance)
    }
}

/// A row: a value for each of [`FIELDS`].
pub struct Row<'a> {
    /// What it is about.
    pub subject: Subject<'a>,
    /// Its values.
    pub values: Vec<Option<Stat>>,
}

impl Row<'_> {
    /// The value under a name, as text; empty when there is none.
    pub fn text(&self, name: &str) -> String {
        let at = FIELDS.iter().position(|field| field.name == name);
        at.and_then(|at| self.values[at].as_ref()).map_or(String::new(), Stat::to_string)
    }
}

/// One row: each column with its value.
pub fn row<'a>(
    subject: &'a Subject<'a>,
    view: &'a View,
) -> impl Iterator<Item = (&'static str, Option<Stat>)> + 'a {
    FIELDS.iter().map(|field| {
        let there = field.on.contains(subject.letter());
        (field.name, there.then(|| (field.value)(subject, view)).flatten())
    })
}

/// Calls `show` with the rows of these proxies, in HAProxy's order: frontend, servers, backend.
pub fn each_row(proxies: &[Arc<ProxyState>], view: &View, mut show: impl FnMut(Row<'_>)) {
    for proxy in proxies {
        let servers = proxy.servers();
        let front = proxy.kind.has_front().then_some(Subject::Front(proxy));
        let back = proxy.kind.has_back().then_some(Subject::Back(proxy));
        let servers = servers.iter().map(|server| Subject::Server(proxy, server));
        for subject in front.into_iter().chain(servers).chain(back).filter(|s| view.pick.takes(s)) {
            show(Row { subject, values: row(&subject, view).map(|(_, value)| value).collect() });
        }
    }
}

impl<'a> Subject<'a> {
    /// The letter of typed output.
    pub fn letter(&self) -> char {
        match self {
            Subject::Front(_) => 'F',
            Subject::Back(_) => 'B',
            Subject::Server(..) => 'S',
        }
    }

    /// HAProxy's word in JSON.
    pub fn object(&self) -> &'static str {
        match self {
            Subject::Front(_) => "Frontend",
            Subject::Back(_) => "Backend",
            Subject::Server(..) => "Server",
        }
    }

    /// HAProxy's number in the column `type`.
    pub fn number(&self) -> u32 {
        match self {
            Subject::Front(_) => 0,
            Subject::Back(_) => 1,
            Subject::Server(..) => 2,
        }
    }

    /// The proxy.
    pub fn proxy(&self) -> &'a ProxyState {
        match self {
            Subject::Front(proxy) | Subject::Back(proxy) | Subject::Server(proxy, _) => proxy,
        }
    }

    /// The server's number in its backend; 0 for proxies.
    pub fn id(&self) -> u32 {
        self.server().map_or(0, |server| server.id())
    }

    /// The server.
    pub fn server(&self) -> Option<&'a ServerState> {
        match self {
            Subject::Server(_, server) => Some(server),
            _ => None,
        }
    }

    /// A count of the subject.
    pub(super) fn count(&self, counter: Counter) -> Option<Stat> {
        let counters: &Counters = match self {
            Subject::Front(proxy) => &proxy.front,
            Subject::Back(proxy) => &proxy.back,
            Subject::Server(_, server) => &server.counters,
        };
        Some(Stat::U64(counters.get(counter)))
    }

    /// The sessions per second of the subject.
    pub(super) fn rate(&self) -> &'a Rate {
        match self {
            Subject::Front(proxy) => &proxy.session_rate,
            Subject::Back(proxy) => &proxy.back_rate,
            Subject::Server(_, server) => &server.rate,
        }
    }

    /// One number for each kind of subject.
    pub(super) fn by(
        &self,
        front: impl Fn(&ProxyState) -> u32,
        back: impl Fn(&ProxyState) -> u32,
        server: impl Fn(&ServerState) -> u32,
    ) -> Option<Stat> {
        Some(Stat::U32(match self {
            Subject::Front(proxy) => front(proxy),
            Subject::Back(proxy) => back(proxy),
            Subject::Server(_, s) => server(s),
        }))
    }
}

impl std::fmt::Display for Stat {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Stat::U32(number) => number.fmt(f),
            Stat::U64(number) => number.fmt(f),
            Stat::Text(text) => text.fmt(f),
        }
    }
}
