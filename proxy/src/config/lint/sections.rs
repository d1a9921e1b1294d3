//! Checks of the sections of a configuration against each other.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use portero_grammar::rules::Family;
use portero_grammar::{Diagnostic, Span};

use super::{LEADS_NOWHERE, SHARED_ADDRESS, UNUSED_BACKEND, UNUSED_CHECK_WORD, UNUSED_SERVER_COOKIE};
use crate::config::checked::{Listen, Proxy};
use crate::config::draft::Draft;
use crate::config::keywords::Place;
use crate::config::modes;
use crate::config::reading::Reading;

/// Checks of the sections against each other. `scripted`: scripts are loaded, which may name anything.
pub(in crate::config) fn sections(proxies: &[Draft], scripted: bool, reading: &mut Reading) {
    names_are_unique(proxies, reading);
    targets_exist(proxies, reading);
    if !scripted {
        backends_are_named(proxies, reading);
    }
    for draft in proxies {
        timeouts_are_there(draft, reading);
        frontends_listen(draft, reading);
        frontends_lead_somewhere(draft, reading);
        servers_make_sense(draft, reading);
    }
}

/// Checks of what was built.
pub(in crate::config) fn built(proxies: &[std::sync::Arc<Proxy>], reading: &mut Reading) {
    sockets_do_not_clash(proxies, reading);
    tracked_servers_exist(proxies, reading);
}

fn names_are_unique(proxies: &[Draft], reading: &mut Reading) {
    let mut seen: HashMap<&str, Span> = HashMap::new();
    for draft in proxies {
        if let Some(first) = seen.insert(draft.name(), draft.span) {
            let line = reading.sources.line(first);
            let message =
                format!("there are two proxies named '{}', the other is in line {line}", draft.name());
            let span = draft.name.as_ref().map_or(draft.span, |n| n.span);
            reading.out.push(Diagnostic::error(span, message));
        }
    }
    let mut ids: BTreeMap<u32, &str> = BTreeMap::new();
    for draft in proxies {
        if let Some((id, span)) = draft.id
            && let Some(other) = ids.insert(id, draft.name())
        {
            reading.out.push(Diagnostic::error(span, format!("'{other}' has the id {id} as well")));
        }
    }
}

fn targets_exist(proxies: &[Draft], reading: &mut Reading) {
    let all = || proxies.iter().filter(|d| d.section != Place::FRONTEND);
    let backends: BTreeSet<&str> = all().map(Draft::name).collect();
    let disabled: BTreeSet<&str> = all().filter(|d| d.disabled).map(Draft::name).collect();
    for word in proxies.iter().flat_map(modes::named) {
        if disabled.contains(&*word.text) {
            let message = format!("the backend '{}' is disabled, so requests for it fail", word.text);
            reading.out.push(Diagnostic::warning(word.span, message));
        }
        if !backends.contains(&*word.text) {
            let error = Diagnostic::error(word.span, format!("there is no backend '{}'", word.text));
            reading.out.push(error.did_you_mean(&word.text, backends.iter().copied()));
        }
    }
    proxies.iter().for_each(|draft| servers_exist(draft, reading));
}

/// What `use-server` names.
fn servers_exist(draft: &Draft, reading: &mut Reading) {
    let servers: BTreeSet<&str> =
        draft.servers.iter().filter_map(|s| Some(&*s.name.as_ref()?.text)).collect();
    for rule in draft.rules.get(&Family::UseServer).into_iter().flatten() {
        let Some(word) = rule.action.words.first().filter(|w| !w.text.contains('%')) else { continue };
        if !servers.contains(&*word.text) {
            let error = Diagnostic::error(
                word.span,
                format!("there is no server '{}' in '{}'", word.text, draft.name()),
            );
            reading.out.push(error.did_you_mean(&word.text, servers.iter().copied()));
        }
    }
}

/// A backend that nobody names can still be reached by a name made at run time, so nothing is said when there is one.
fn backends_are_named(proxies: &[Draft], reading: &mut Reading) {
    let dynamic = |d: &Draft| {
        let rules = d.rules.get(&Family::UseBackend).into_iter().flatten();
        rules.filter_map(|r| r.action.words.first()).any(|w| w.text.contains('%'))
    };
    if proxies.iter().any(dynamic) {
        return;
    }
    let named: BTreeSet<&str> = proxies.iter().flat_map(modes::named).map(|w| &*w.text).collect();
    let tracked: BTreeSet<&str> = proxies
        .iter()
        .flat_map(|d| &d.servers)
        .filter_map(|s| s.track.as_ref()?.text.split_once('/'))
        .map(|(backend, _)| backend)
        .collect();
    for draft in proxies.iter().filter(|d| d.section == Place::BACKEND && !d.disabled && d.table.is_none()) {
        if !named.contains(draft.name()) && !tracked.contains(draft.name()) {
            let span = draft.name.as_ref().map_or(draft.span, |n| n.span);
            reading.out.push(Diagnostic::lint(
                &UNUSED_BACKEND,
                span,
                format!("no frontend names the backend '{}'", draft.name()),
            ));
        }
    }
}

fn timeouts_are_there(draft: &Draft, reading: &mut Reading) {
    let mut missing = Vec::new();
    if draft.section != Place::BACKEND && !draft.binds.is_empty() && draft.timeouts.client.is_none() {
        missing.push("client");
    }
    if draft.section != Place::FRONTEND && !draft.servers.is_empty() {
        let named = [("connect", draft.timeouts.connect), ("server", draft.timeouts.server)];
        missing.extend(named.iter().filter(|(_, time)| time.is_none()).map(|(name, _)| *name));
    }
    if missing.is_empty() || draft.disabled {
        return;
    }
    let list: Vec<_> = missing.iter().map(|name| format!("'timeout {name}'")).collect();
    let message = format!(
        "'{}' has no {}: a peer that falls silent is waited for without end",
        draft.name(),
        list.join(" and no ")
    );
    let lines: Vec<_> = missing.iter().map(|name| format!("timeout {name} 30s")).collect();
    reading.out.push(
        Diagnostic::warning(draft.span, message).help(format!("for instance '{}'", lines.join("', '"))),
    );
}

fn frontends_listen(draft: &Draft, reading: &mut Reading) {
    if draft.section == Place::FRONTEND && draft.binds.is_empty() && !draft.disabled {
        let message = format!("the frontend '{}' has no 'bind', so nobody can reach it", draft.name());
        reading.out.push(Diagnostic::warning(draft.span, message));
    }
}

/// A frontend that neither names a backend nor answers by itself gives 503 to all, or closes.
fn frontends_lead_somewhere(draft: &Draft, reading: &mut Reading) {
    let answers = draft.stats.wanted.is_some() || draft.monitor_uri.is_some() || !draft.rules.is_empty();
    if draft.section == Place::FRONTEND
        && !draft.binds.is_empty()
        && draft.default_backend.is_none()
        && !answers
        && !draft.disabled
    {
        let message =
            format!("the frontend '{}' names no backend, so nothing can be reached through it", draft.name());
        reading
            .out
            .push(Diagnostic::lint(&LEADS_NOWHERE, draft.span, message).help("add 'default_backend NAME'"));
    }
}

fn servers_make_sense(draft: &Draft, reading: &mut Reading) {
    let kind = draft.check.as_ref().map_or("", |c| &*c.name.text);
    for line in draft.check_lines.lines() {
        let wanted = if line[0].text == "http-check" { "httpchk" } else { "tcp-check" };
        let owned = draft.section != Place::DEFAULTS && !draft.servers.is_empty();
        if kind != wanted
            && owned
            && line[0].span.file == draft.span.file
            && line[0].span.start > draft.span.start
        {
            let message = format!("'{}' is not looked at without 'option {wanted}'", line[0].text);
            reading.out.push(Diagnostic::warning(line[0].span, message));
        }
    }
    for server in &draft.servers {
        let (Some(name), Some(span)) = (&server.name, server.span) else { continue };
        if let (Some(_), false) = (server.observe, server.checked) {
            let message = format!("'observe' of server '{}' means nothing without 'check'", name.text);
            reading.out.push(Diagnostic::warning(span, message));
        }
        if server.cookie.is_some() && draft.cookie.is_none() {
            let message = format!("server '{}' has a 'cookie', but '{}' has none", name.text, draft.name());
            reading.out.push(Diagnostic::lint(&UNUSED_SERVER_COOKIE, span, message));
        }
        if let (false, None, Some(word)) = (server.checked, &server.track, check_word(span, reading)) {
            let message = format!("'{word}' of server '{}' means nothing without 'check'", name.text);
            reading.out.push(Diagnostic::lint(&UNUSED_CHECK_WORD, span, message));
        }
    }
}

/// A word on the line itself that only a check looks at.
fn check_word(span: Span, reading: &Reading) -> Option<String> {
    const WORDS: &[&str] = &["inter", "fastinter", "downinter", "rise", "fall"];
    let text = reading.sources.slice(span);
    text.split_ascii_whitespace().find(|w| WORDS.contains(w)).map(str::to_owned)
}

/// Two sockets with one address share its connections at random. HAProxy lets it pass.
fn sockets_do_not_clash(proxies: &[std::sync::Arc<Proxy>], reading: &mut Reading) {
    let mut seen: HashMap<&Listen, (&str, Span)> = HashMap::new();
    for proxy in proxies {
        for bind in &proxy.binds {
            let Some((other, first)) = seen.insert(&bind.address, (&proxy.name, bind.span)) else { continue };
            let line = reading.sources.line(first);
            let message = format!("'{other}' listens on the same address, in line {line}");
            reading.out.push(Diagnostic::lint(&SHARED_ADDRESS, bind.span, message));
        }
    }
}

fn tracked_servers_exist(proxies: &[std::sync::Arc<Proxy>], reading: &mut Reading) {
    let find = |(backend, server): &(String, String)| {
        let proxy = proxies.iter().find(|p| *p.name == **backend)?;
        proxy.servers.iter().find(|s| *s.name == **server)
    };
    let servers: usize = proxies.iter().map(|p| p.servers.len()).sum();
    for server in proxies.iter().flat_map(|p| &p.servers) {
        let Some(track) = &server.track else { continue };
        let mut at = track;
        let mut steps = 0;
        let message = loop {
            match find(at) {
                None => break Some(format!("there is no server '{}/{}' to track", at.0, at.1)),
                Some(next) if next.check.is_some() => break None,
                Some(_) if steps > servers => {
                    break Some(format!("server '{}' tracks itself in the end", server.name));
                }
                Some(next) => match &next.track {
                    Some(further) => (at, steps) = (further, steps + 1),
                    None => break Some(format!("the tracked server '{}/{}' is not checked", at.0, at.1)),
                },
            }
        };
        if let Some(message) = message {
            reading.out.push(Diagnostic::error(server.span, message));
        }
    }
}
