//! Drafts to the checked configuration.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use portero_api::Kind;
use portero_grammar::rules as tree;
use portero_grammar::{Diagnostic, Word};
use portero_policies::MadePage;

use super::checked::{Checked, Log, LogHeader, LogStyle, LogTarget, Mode, PluginUse, Proxy, Stats};
use super::draft::{Draft, ErrorPage, LogLine};
use super::keywords::Place;
use super::keywords::http_errors::Pages;
use super::reading::Reading;
use super::sections::Drafts;
use super::{filters, lint, modes, servers, tables, userlists};

/// What statistics are shown under when nothing else is said (HAProxy manual, section 4.2, `stats uri`).
const STATS_URI: &[u8] = b"/haproxy?stats";

/// What they are called when they ask for a password.
const STATS_REALM: &str = "HAProxy Statistics";

/// The health check that only connects, by its name in the registry.
const CONNECT: &str = "tcp";

/// The balancer of a backend that names none, as in HAProxy.
const BALANCER: &str = "roundrobin";

/// Puts the drafts together. With errors in `reading` the result is not to be used.
pub(super) fn build(mut drafts: Drafts, reading: &mut Reading) -> Checked {
    modes::settle(&mut drafts.proxies, reading);
    let global = &drafts.global.global;
    let scripted = !global.lua.loads.is_empty() || !global.wasm.loads.is_empty();
    lint::sections(&drafts.proxies, scripted, reading);
    let mut global = drafts.global.global;
    global.logs = targets(&drafts.global.logs, &[], global.log_hostname.is_some());
    let context = Shared {
        logs: &global.logs,
        send_hostname: global.log_hostname.is_some(),
        http_errors: &drafts.http_errors,
        places: places(&drafts.proxies),
    };
    let ids = numbers(&drafts.proxies);
    let live = drafts.proxies.iter().zip(ids).filter(|(draft, _)| !draft.disabled);
    let proxies: Vec<_> = live.map(|(draft, id)| Arc::new(context.proxy(draft, id, reading))).collect();
    lint::built(&proxies, reading);
    if proxies.iter().all(|p| p.binds.is_empty()) && global.stats_sockets.is_empty() {
        reading.out.push(Diagnostic::warning(None, "no frontend listens anywhere"));
    }
    let sources = reading.sources.clone();
    let default_path = reading.default_path.clone();
    let local_peer = drafts.global.local_peer.clone().unwrap_or_else(|| reading.local_peer.clone());
    let tables = tables::build(
        &tables::Parts {
            proxies: &drafts.proxies,
            peers: &drafts.peers,
            own: &drafts.tables,
            local_peer: &local_peer,
        },
        reading,
    );
    let userlists = userlists::build(&drafts.userlists, reading);
    Checked {
        sources,
        global,
        proxies,
        tables,
        http_errors: drafts.http_errors,
        userlists,
        default_path,
        environment: Arc::default(),
        plugins: Arc::default(),
        lists: Arc::default(),
    }
}

/// What all proxies look at.
struct Shared<'a> {
    logs: &'a [LogTarget],
    send_hostname: bool,
    http_errors: &'a BTreeMap<String, Pages>,
    /// The place of each live backend among the live proxies.
    places: BTreeMap<String, usize>,
}

impl Shared<'_> {
    fn proxy(&self, draft: &Draft, id: u32, reading: &mut Reading) -> Proxy {
        let mode = draft.mode.unwrap_or(Mode::Tcp);
        let (error_pages, made_pages) = self.error_pages(draft, reading);
        let default_backend = draft.default_backend.as_ref().filter(|_| draft.section != Place::BACKEND);
        Proxy {
            name: draft.name().into(),
            id,
            id_is_written: draft.id.is_some(),
            kind: kind(draft.section),
            mode,
            span: draft.span,
            binds: binds(draft),
            maxconn: draft.maxconn,
            default_backend_span: default_backend.map(|word| word.span),
            default_backend: default_backend.and_then(|w| self.places.get(&w.text).copied()),
            acls: draft.acls.clone(),
            rules: draft.rules.clone(),
            inspect_delay: draft.inspect_delay,
            response_inspect_delay: draft.response_inspect_delay,
            timeouts: draft.timeouts,
            options: draft.options,
            balance: balance(draft),
            servers: servers::servers(draft, reading),
            check: check(draft),
            retries: draft.retries,
            redispatch: draft.redispatch,
            retry_on: draft.retry_on.clone(),
            error_pages,
            made_pages,
            log: self.log(draft, mode, reading),
            stats: stats(draft, mode, reading),
            unpublished: draft.unpublished,
            forwardfor: draft.forwardfor.clone(),
            bandwidth: draft.bandwidth.clone(),
            filters: draft.filters.clone(),
            filter_order: filters::order(draft, reading),
            forwarded: draft.forwarded.clone().filter(|_| draft.section != Place::FRONTEND),
            originalto: draft.originalto.clone(),
            monitor_uri: draft.monitor_uri.clone(),
            explain: draft.explain.clone(),
            request_captures: draft.request_captures.clone(),
            response_captures: draft.response_captures.clone(),
            unique_id_format: draft.unique_id_format.clone(),
            unique_id_header: draft.unique_id_header.clone(),
            cookie: draft.cookie.clone(),
            reuse: draft.reuse,
            description: draft.description.clone(),
        }
    }

    /// Pages that are always the same, and those that are made for each reply. The last one said for a status holds.
    fn error_pages(&self, draft: &Draft, reading: &mut Reading) -> (Pages, BTreeMap<u16, MadePage>) {
        let (mut pages, mut made) = (Pages::new(), BTreeMap::new());
        for page in &draft.error_pages {
            match page {
                ErrorPage::One(status, message) => {
                    made.remove(status);
                    pages.insert(*status, message.clone());
                }
                ErrorPage::Made(status, page) => {
                    pages.remove(status);
                    made.insert(*status, MadePage::clone(page));
                }
                ErrorPage::Builtin(status) => {
                    made.remove(status);
                    pages.remove(status);
                }
                ErrorPage::Section(name, statuses) => match self.http_errors.get(&name.text) {
                    Some(section) => {
                        let wanted = |status: &u16| statuses.is_empty() || statuses.contains(status);
                        for (status, message) in section.iter().filter(|(status, _)| wanted(status)) {
                            made.remove(status);
                            pages.insert(*status, message.clone());
                        }
                    }
                    None => {
                        let error = Diagnostic::error(
                            name.span,
                            format!("there is no 'http-errors' section '{}'", name.text),
                        );
                        let names = self.http_errors.keys().map(String::as_str);
                        reading.out.push(error.did_you_mean(&name.text, names));
                    }
                },
            }
        }
        (pages, made)
    }

    fn log(&self, draft: &Draft, mode: Mode, reading: &mut Reading) -> Log {
        let mut format = draft.log_style.as_ref().map(|(style, _)| style.clone());
        if let (Some((LogStyle::Http | LogStyle::Clf, span)), Mode::Tcp) = (&draft.log_style, mode)
            && draft.section != Place::BACKEND
        {
            let message = format!(
                "'option httplog' needs 'mode http', '{}' logs as with 'option tcplog'",
                draft.name()
            );
            reading.out.push(Diagnostic::warning(*span, message));
            format = Some(LogStyle::Tcp);
        }
        Log {
            targets: targets(&draft.logs, self.logs, self.send_hostname),
            format,
            error_format: draft.error_log_format.clone(),
            tag: draft.log_tag.clone(),
        }
    }
}

fn kind(section: Place) -> Kind {
    match section {
        Place::FRONTEND => Kind::Frontend,
        Place::BACKEND => Kind::Backend,
        _ => Kind::Listen,
    }
}

fn places(drafts: &[Draft]) -> BTreeMap<String, usize> {
    let live = drafts.iter().filter(|d| !d.disabled).enumerate();
    let backends = live.filter(|(_, d)| d.section != Place::FRONTEND);
    backends.map(|(place, d)| (d.name().to_owned(), place)).collect()
}

/// Numbers by place, those that `id` gives to others left out. They begin with 2: the first is HAProxy's own, for its
/// runtime API.
fn numbers(drafts: &[Draft]) -> Vec<u32> {
    let mut used: BTreeSet<u32> = drafts.iter().filter_map(|d| Some(d.id?.0)).collect();
    let number = |(draft, place): (&Draft, u32)| match draft.id {
        Some((id, _)) => id,
        None => servers::number(&mut used, place),
    };
    drafts.iter().zip(2..).map(number).collect()
}

fn binds(draft: &Draft) -> Vec<super::checked::Bind> {
    let mut used: BTreeSet<u32> = draft.binds.iter().map(|b| b.id).filter(|&id| id > 0).collect();
    let mut binds = draft.binds.clone();
    for (bind, place) in binds.iter_mut().zip(1..) {
        if bind.id == 0 {
            bind.id = servers::number(&mut used, place);
        }
        bind.backlog = bind.backlog.or(draft.backlog);
    }
    binds
}

fn balance(draft: &Draft) -> PluginUse {
    let default =
        || PluginUse { name: Word::plain(BALANCER, draft.span), args: Vec::new(), lines: Vec::new() };
    let balance = draft.balance.clone().unwrap_or_else(default);
    PluginUse { lines: draft.hash_lines.lines().to_vec(), ..balance }
}

/// Without any `option` a check connects and no more.
fn check(draft: &Draft) -> PluginUse {
    let default =
        || PluginUse { name: Word::plain(CONNECT, draft.span), args: Vec::new(), lines: Vec::new() };
    let Some(check) = draft.check.clone() else { return default() };
    let keyword = match check.name.text.as_str() {
        "httpchk" => "http-check",
        "tcp-check" => "tcp-check",
        _ => return check,
    };
    let lines = draft.check_lines.lines().iter().filter(|l| l[0].text == keyword).cloned().collect();
    PluginUse { lines, ..check }
}

/// Log targets, `log global` put in place of itself.
fn targets(lines: &[LogLine], global: &[LogTarget], send_hostname: bool) -> Vec<LogTarget> {
    let mut targets = Vec::new();
    for line in lines {
        match line {
            LogLine::Global => targets.extend_from_slice(global),
            LogLine::Target(target, header_written) => {
                let mut target = target.clone();
                if send_hostname && !header_written {
                    target.header = LogHeader::Rfc3164;
                }
                targets.push(target);
            }
        }
    }
    targets
}

fn stats(draft: &Draft, mode: Mode, reading: &mut Reading) -> Option<Stats> {
    let wanted = draft.stats.wanted?;
    if mode == Mode::Tcp && draft.http_word.is_some() {
        // Its own words were reported already.
        return None;
    }
    if mode == Mode::Tcp {
        let message = format!("statistics need 'mode http', '{}' shows none", draft.name());
        reading.out.push(Diagnostic::warning(wanted, message));
        return None;
    }
    Some(Stats {
        uri: draft.stats.uri.clone().unwrap_or_else(|| STATS_URI.to_vec()),
        lines: draft.stats.lines.clone(),
        admin: draft.stats.admin.clone(),
        rules: draft.stats.rules.iter().map(|rule| with_realm(rule, draft)).collect(),
    })
}

/// `stats http-request auth` without a realm asks for that of the page.
fn with_realm(rule: &tree::Rule, draft: &Draft) -> tree::Rule {
    let mut rule = rule.clone();
    if rule.action.name.text == "auth" && rule.action.words.is_empty() {
        let own = draft.stats.lines.iter().rfind(|line| line[0].text == "realm").and_then(|line| line.get(1));
        let realm = own.map_or(STATS_REALM, |word| &word.text);
        rule.action.words = ["realm", realm].map(|text| Word::plain(text, rule.action.span)).to_vec();
    }
    rule
}
