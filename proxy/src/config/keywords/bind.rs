//! `bind` lines and `stats socket`: an address list and parameters (HAProxy manual, sections 4.2 and 5.1).

use std::net::SocketAddr;

use portero_grammar::{Diagnostic, Span, Word};

use super::parameters::{Parameters, parameters};
use super::{Call, Place, Row, moot, not_yet, row, tls};
use crate::config::accounts;
use crate::config::address::{self, Port, Socket, Written};
use crate::config::checked::{Bind, Level, Listen};
use crate::config::reading::Reading;

const ANY: Place = Place::ANY;

#[rustfmt::skip]
const BIND: &[Row<Bind>] = &[
    row("accept-proxy", ANY, (0, 0), |c| { c.target.accept_proxy = true; Ok(()) }),
    row("backlog", ANY, (1, 1), |c| { c.target.backlog = Some(c.number(0, 1..=i32::MAX.into())?); Ok(()) }),
    row("gid", ANY, (1, 1), |c| { c.target.unix_gid = Some(c.number(0, 0..=u32::MAX.into())?); Ok(()) }),
    row("group", ANY, (1, 1), |c| {
        let word = c.word(0)?;
        c.target.unix_gid = Some(accounts::group(&word.text).ok_or_else(|| c.about(word, format!("there is no group '{}'", word.text)))?);
        Ok(())
    }),
    row("id", ANY, (1, 1), |c| { c.target.id = c.number(0, 1..=i32::MAX.into())?; Ok(()) }),
    row("interface", ANY, (1, 1), |c| { c.target.interface = Some(c.text(0)?.to_owned()); Ok(()) }),
    row("level", ANY, (1, 1), |c| { c.target.level = c.choice(0, LEVELS)?; Ok(()) }),
    row("maxconn", ANY, (1, 1), |c| { c.target.maxconn = c.number(0, 0..=i32::MAX.into())?; Ok(()) }),
    row("mode", ANY, (1, 1), |c| {
        let word = c.word(0)?;
        let mode = u32::from_str_radix(&word.text, 8).ok().filter(|m| *m <= 0o7777);
        c.target.unix_mode = Some(mode.ok_or_else(|| c.about(word, format!("'{}' is not an octal mode such as 660", word.text)))?);
        Ok(())
    }),
    row("mss", ANY, (1, 1), |c| {
        if c.text(0)?.starts_with('-') {
            return Err(c.not_yet(c.word(0)?));
        }
        c.target.mss = Some(c.number(0, 1..=65_535)?);
        Ok(())
    }),
    row("name", ANY, (1, 1), |c| { c.target.name = Some(c.text(0)?.into()); Ok(()) }),
    row("tcp-ss", ANY, (1, 1), |c| { c.target.save_syn = c.number(0, 0..=2)?; Ok(()) }),
    row("transparent", ANY, (0, 0), |c| { c.target.transparent = true; Ok(()) }),
    row("uid", ANY, (1, 1), |c| { c.target.unix_uid = Some(c.number(0, 0..=u32::MAX.into())?); Ok(()) }),
    row("user", ANY, (1, 1), |c| {
        let word = c.word(0)?;
        c.target.unix_uid = Some(accounts::user(&word.text).ok_or_else(|| c.about(word, format!("there is no user '{}'", word.text)))?);
        Ok(())
    }),
    row("v4v6", ANY, (0, 0), |c| { c.target.v6only = Some(false); Ok(()) }),
    row("v6only", ANY, (0, 0), |c| { c.target.v6only = Some(true); Ok(()) }),
    row("proto", ANY, (1, 1), |c| match c.text(0)? {
        "h1" | "none" => Ok(()),
        _ => Err(c.not_yet(c.word(0)?)),
    }),
    moot("defer-accept", ANY, "a connection is accepted at once and read when its first bytes have come").takes_none(),
    moot("tfo", ANY, "connections are opened with a full handshake").takes_none(),
    moot("expose-fd", ANY, "a reload keeps the sockets in the same process").takes_one(),
    moot("nice", ANY, "requests have no priorities in the scheduler").takes_one(),
    moot("process", ANY, "there is one process").takes_one(),
    moot("thread", ANY, "every worker listens on every socket").takes_one(),
    moot("shards", ANY, "every worker has its own listening socket").takes_one(),
    moot("severity-output", ANY, "answers of the runtime API carry no severity").takes_one(),
    moot("idle-ping", ANY, "it belongs to HTTP/2").takes_one(),
    moot("guid-prefix", ANY, "it names entries of the stats file").takes_one(),
    moot("label", ANY, "it names the socket for other programs").takes_one(),
    not_yet("accept-netscaler-cip", ANY).takes_one(),
    not_yet("cc", ANY).takes_one(),
    not_yet("namespace", ANY).takes_one(),
    not_yet("nbconn", ANY).takes_one(),
    not_yet("quic-cc-algo", ANY).takes_one(),
    not_yet("quic-force-retry", ANY).takes_none(),
    not_yet("quic-socket", ANY).takes_one(),
    not_yet("tcp-md5sig", ANY).takes_one(),
    not_yet("tcp-ut", ANY).takes_one(),
];

const KNOWN: Parameters<Bind> = Parameters { what: "bind", rows: BIND, tls: tls::BIND };

const LEVELS: &[(&str, Level)] =
    &[("user", Level::User), ("operator", Level::Operator), ("admin", Level::Admin)];

/// The sockets of a line `ADDRESS[,ADDRESS...] [PARAMETER ...]`, one for each port.
pub(in crate::config) fn sockets(
    address: &Word,
    params: &[Word],
    line: Span,
    reading: &mut Reading,
) -> Vec<Bind> {
    let mut pattern = blank(line);
    let unix = &reading.unix;
    (pattern.unix_mode, pattern.unix_uid, pattern.unix_gid) = (unix.mode, unix.uid, unix.gid);
    parameters(&KNOWN, params, &mut pattern, reading);
    listens(address, reading).into_iter().map(|address| Bind { address, ..pattern.clone() }).collect()
}

/// The addresses of a comma list. What cannot be read is reported and left out.
fn listens(word: &Word, reading: &mut Reading) -> Vec<Listen> {
    let (mut found, mut start) = (Vec::new(), 0);
    for part in word.text.split(',') {
        let span = word.part(start, start + part.len());
        start += part.len() + 1;
        match listen(part, reading) {
            Ok(listens) => found.extend(listens),
            Err(message) => reading.out.push(Diagnostic::error(span, message)),
        }
    }
    found
}

fn listen(text: &str, reading: &Reading) -> Result<Vec<Listen>, String> {
    let Written { socket, place } = address::parse(text)?;
    if socket == Some(Socket::Datagram) {
        return Err(format!("'{text}': listening for datagrams is not supported yet"));
    }
    let (host, family, port) = match place {
        address::Place::Unix(path) => {
            let path = format!("{}{}", reading.unix.prefix, path.display());
            return Ok(vec![Listen::Unix(path.into())]);
        }
        address::Place::Abstract(name) => return Ok(vec![Listen::Abstract(name)]),
        address::Place::Descriptor(fd) => return Ok(vec![Listen::Descriptor(fd)]),
        address::Place::Net { host, family, port } => (host, family, port),
    };
    let (low, high) = match port {
        Port::One(port) => (port, port),
        Port::Range(low, high) => (low, high),
        Port::None => return Err(format!("'{text}' needs a port, for instance '{text}:80'")),
        Port::Offset(_) => return Err(format!("'{text}': a socket cannot listen on a relative port")),
    };
    let ips = reading.addresses(&host, family)?;
    let ports = |ip| (low..=high).map(move |port| Listen::Ip(SocketAddr::new(ip, port)));
    Ok(ips.into_iter().flat_map(ports).collect())
}

/// `unix-bind [prefix PATH] [mode MODE] [user NAME] [uid UID] [group NAME] [gid GID]` of the section `global`.
pub(super) fn unix_sockets<T>(c: &mut Call<'_, T>) -> Result<(), Diagnostic> {
    let mut words = Vec::new();
    for pair in c.args.chunks(2) {
        match pair {
            [name, value] if name.text == "prefix" => c.reading.unix.prefix = value.text.clone(),
            [name, _] if matches!(&*name.text, "mode" | "user" | "uid" | "group" | "gid") => {
                words.extend_from_slice(pair)
            }
            [name, ..] => {
                let error =
                    Diagnostic::error(name.span, format!("unknown '{}' behind 'unix-bind'", name.text));
                return Err(error.did_you_mean(&name.text, ["prefix", "mode", "user", "uid", "group", "gid"]));
            }
            [] => {}
        }
    }
    let mut bind = blank(c.line);
    parameters(&KNOWN, &words, &mut bind, c.reading);
    let unix = &mut c.reading.unix;
    (unix.mode, unix.uid, unix.gid) = (bind.unix_mode, bind.unix_uid, bind.unix_gid);
    Ok(())
}

fn blank(span: Span) -> Bind {
    Bind {
        address: Listen::Descriptor(-1),
        name: None,
        id: 0,
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
        level: Level::Operator,
        span,
    }
}
