//! Server drafts to servers: addresses, ports, numbers, checks.

use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;
use std::sync::Arc;

use portero_api::Address;
use portero_grammar::{Diagnostic, Span, Word};

use super::address::{self, Place, Port, Socket};
use super::checked::{Check, Observe, Server};
use super::draft::{Draft, InitAddr, ServerDraft};
use super::reading::Reading;
use super::resolve::Ip;

/// The servers of a backend, in the order written.
pub(super) fn servers(draft: &Draft, reading: &mut Reading) -> Vec<Arc<Server>> {
    let mut names: BTreeMap<&str, Span> = BTreeMap::new();
    let mut used: BTreeSet<u32> = draft.servers.iter().filter_map(|s| s.id).collect();
    let (mut servers, mut next) = (Vec::new(), 1);
    for server in &draft.servers {
        let (Some(name), Some(span)) = (&server.name, server.span) else { continue };
        if names.insert(&name.text, name.span).is_some() {
            let message = format!("there are two servers named '{}' in '{}'", name.text, draft.name());
            reading.out.push(Diagnostic::error(name.span, message));
        }
        let id = server.id.unwrap_or_else(|| number(&mut used, next));
        next += 1;
        if let Some(built) = build(draft, server, name, span, id, reading) {
            servers.push(Arc::new(built));
        }
    }
    servers
}

/// The first number from `next` on that nobody has.
pub(super) fn number(used: &mut BTreeSet<u32>, next: u32) -> u32 {
    let free = (next..).find(|n| !used.contains(n)).unwrap_or(next);
    used.insert(free);
    free
}

fn build(
    draft: &Draft,
    server: &ServerDraft,
    name: &Word,
    span: Span,
    id: u32,
    reading: &mut Reading,
) -> Option<Server> {
    let written = server.address.as_ref()?;
    let (address, port_offset) = reading.keep(locate(server, name, written, reading))?;
    Some(Server {
        name: name.text.as_str().into(),
        id,
        id_is_written: server.id.is_some(),
        written_rise: server.rise,
        check: check(draft, server, name, &address, port_offset, reading),
        address,
        port_offset,
        weight: server.weight,
        backup: server.backup,
        disabled: server.disabled,
        maxconn: server.maxconn,
        maxqueue: server.maxqueue,
        cookie: server.cookie.clone(),
        track: server.track.as_ref().map(|track| tracked(draft, track)),
        slowstart: server.slowstart.filter(|t| !t.is_zero()),
        send_proxy: server.send_proxy,
        proxy_values: server.proxy_values.clone(),
        source: server.source.or(draft.source),
        pool_max: server.pool_max,
        pool_purge: server.pool_purge,
        max_reuse: server.max_reuse,
        shutdown_sessions: server.shutdown_sessions,
        shutdown_backups: server.shutdown_backups,
        redirect: server.redirect.clone(),
        non_stick: server.non_stick,
        span,
    })
}

/// Where a server is, and how its port goes by the client's.
fn locate(
    server: &ServerDraft,
    name: &Word,
    written: &Word,
    reading: &Reading,
) -> Result<(Address, Option<i32>), Diagnostic> {
    let error =
        |message: String| Diagnostic::error(written.span, format!("server '{}': {message}", name.text));
    let parsed = address::parse(&written.text).map_err(error)?;
    if parsed.socket == Some(Socket::Datagram) {
        return Err(error(format!("'{}': servers for datagrams are not supported yet", written.text)));
    }
    let (host, family, port) = match parsed.place {
        Place::Unix(path) => return Ok((Address::Unix(path), None)),
        Place::Abstract(name) => return Ok((Address::Abstract(name), None)),
        Place::Descriptor(_) => {
            return Err(error(format!("'{}': a server cannot be a descriptor", written.text)));
        }
        Place::Net { host, family, port } => (host, family, port),
    };
    let (port, offset) = match port {
        Port::None | Port::One(0) => (0, Some(0)),
        Port::One(port) => (port, None),
        Port::Offset(offset) => (0, Some(offset)),
        Port::Range(..) => return Err(error(format!("'{}': a server has one port", written.text))),
    };
    Ok((resolve(server, &host, family, port, reading).map_err(error)?, offset))
}

/// Goes through the ways of `init-addr`.
fn resolve(
    server: &ServerDraft,
    host: &str,
    family: Ip,
    port: u16,
    reading: &Reading,
) -> Result<Address, String> {
    let at = |ip| Address::Ip(SocketAddr::new(ip, port));
    let unresolved = || Address::Unresolved(format!("{host}:{port}"));
    let mut why = None;
    for way in &server.init_addr {
        match way {
            InitAddr::Last => {}
            InitAddr::None => return Ok(unresolved()),
            InitAddr::Ip(ip) => return Ok(at(*ip)),
            InitAddr::Libc => match reading.addresses(host, family) {
                Ok(found) => {
                    return Ok(at(*found.iter().find(|ip| server.prefer.takes(**ip)).unwrap_or(&found[0])));
                }
                Err(message) => why = Some(message),
            },
        }
    }
    // An address that is written needs no way to be found.
    if let (None, Ok(ip)) = (&why, host.parse()) {
        return Ok(at(ip));
    }
    match reading.ignore_unresolved {
        true => Ok(unresolved()),
        false => {
            Err(why
                .unwrap_or_else(|| format!("'{host}' cannot be resolved in any way that 'init-addr' allows")))
        }
    }
}

fn check(
    draft: &Draft,
    server: &ServerDraft,
    name: &Word,
    address: &Address,
    port_offset: Option<i32>,
    reading: &mut Reading,
) -> Option<Check> {
    if !server.checked {
        return None;
    }
    if let Some(track) = &server.track {
        let message = format!("server '{}' cannot have both 'check' and 'track'", name.text);
        reading.out.push(Diagnostic::error(track.span, message));
    }
    let has_port = server.check.port.is_some()
        || port_offset.is_none()
        || matches!(server.check.addr, Some(Address::Ip(a)) if a.port() > 0);
    let connects = draft.check_lines.lines().iter().any(|l| l.get(1).is_some_and(|w| w.text == "connect"));
    if matches!(address, Address::Ip(_)) && !has_port && !connects {
        let message = format!("server '{}' has no port to check", name.text);
        reading.out.push(Diagnostic::error(name.span, message).help("add 'port PORT' behind 'check'"));
    }
    let observe =
        server.observe.map(|layer7| Observe { layer7, limit: server.error_limit, on_error: server.on_error });
    Some(Check { observe, ..server.check.clone() })
}

/// `track SERVER` means one of the same backend.
fn tracked(draft: &Draft, track: &Word) -> (String, String) {
    match track.text.split_once('/') {
        Some((backend, server)) => (backend.to_owned(), server.to_owned()),
        None => (draft.name().to_owned(), track.text.clone()),
    }
}
