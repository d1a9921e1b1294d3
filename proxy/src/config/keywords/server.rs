//! `server`, `default-server` and `server-template` (HAProxy manual, sections 4.2 and 5.2).

use std::time::Duration;

use portero_grammar::{Diagnostic, Word};

use super::parameters::{Parameters, parameters};
use super::{Call, Place, Row, moot, not_yet, row, tls};
use crate::config::address::{self, Port};
use crate::config::checked::{OnError, PluginUse, ProxyHeader};
use crate::config::draft::{Draft, InitAddr, ServerDraft};
use crate::config::resolve::Ip;

const ANY: Place = Place::ANY;
const BIG: i64 = i32::MAX as i64;

#[rustfmt::skip]
const SERVER: &[Row<ServerDraft>] = &[
    row("addr", ANY, (1, 1), |c| { c.target.check.addr = Some(check_address(c)?); Ok(()) }),
    row("backup", ANY, (0, 0), |c| { c.target.backup = true; Ok(()) }),
    row("check", ANY, (0, 0), |c| { c.target.checked = true; Ok(()) }),
    row("check-send-proxy", ANY, (0, 0), |c| { c.target.check.send_proxy = true; Ok(()) }),
    row("cookie", ANY, (1, 1), |c| { c.target.cookie = Some(c.word(0)?.bytes().to_vec()); Ok(()) }),
    row("disabled", ANY, (0, 0), |c| { c.target.disabled = true; Ok(()) }),
    row("downinter", ANY, (1, 1), |c| { c.target.check.downinter = Some(interval(c)?); Ok(()) }),
    row("enabled", ANY, (0, 0), |c| { c.target.disabled = false; Ok(()) }),
    row("error-limit", ANY, (1, 1), |c| { c.target.error_limit = c.number(0, 1..=BIG)?; Ok(()) }),
    row("fall", ANY, (1, 1), |c| { c.target.check.fall = c.number(0, 1..=BIG)?; Ok(()) }),
    row("fastinter", ANY, (1, 1), |c| { c.target.check.fastinter = Some(interval(c)?); Ok(()) }),
    row("id", ANY, (1, 1), |c| { c.target.id = Some(c.number(0, 1..=BIG)?); Ok(()) }),
    row("init-addr", ANY, (1, 1), |c| { c.target.init_addr = init_addr(c)?; Ok(()) }),
    row("inter", ANY, (1, 1), |c| { c.target.check.inter = interval(c)?; Ok(()) }),
    row("lua.", ANY, (0, 0), probe),
    row("max-reuse", ANY, (1, 1), |c| { let n: i64 = c.number(0, -1..=BIG)?; c.target.max_reuse = u32::try_from(n).ok(); Ok(()) }),
    row("maxconn", ANY, (1, 1), |c| { c.target.maxconn = c.number(0, 0..=BIG)?; Ok(()) }),
    row("maxqueue", ANY, (1, 1), |c| { c.target.maxqueue = c.number(0, 0..=BIG)?; Ok(()) }),
    row("no-backup", ANY, (0, 0), |c| { c.target.backup = false; Ok(()) }),
    row("no-check", ANY, (0, 0), |c| { c.target.checked = false; Ok(()) }),
    row("no-send-proxy", ANY, (0, 0), |c| { c.target.send_proxy = None; Ok(()) }),
    row("no-send-proxy-v2", ANY, (0, 0), |c| { c.target.send_proxy = None; Ok(()) }),
    row("observe", ANY, (1, 1), |c| { c.target.observe = Some(c.choice(0, &[("layer4", false), ("layer7", true)])?); Ok(()) }),
    row("on-error", ANY, (1, 1), |c| { c.target.on_error = c.choice(0, ON_ERROR)?; Ok(()) }),
    row("on-marked-down", ANY, (1, 1), |c| { c.target.shutdown_sessions = c.choice(0, &[("shutdown-sessions", true)])?; Ok(()) }),
    row("on-marked-up", ANY, (1, 1), |c| { c.target.shutdown_backups = c.choice(0, &[("shutdown-backup-sessions", true)])?; Ok(()) }),
    row("pool-max-conn", ANY, (1, 1), |c| { let n: i64 = c.number(0, -1..=BIG)?; c.target.pool_max = usize::try_from(n).ok(); Ok(()) }),
    row("pool-purge-delay", ANY, (1, 1), |c| { c.target.pool_purge = c.time(0)?; Ok(()) }),
    row("port", ANY, (1, 1), |c| { c.target.check.port = Some(c.number(0, 1..=65_535)?); Ok(()) }),
    row("proto", ANY, (1, 1), |c| match c.text(0)? { "h1" | "none" => Ok(()), _ => Err(c.not_yet(c.word(0)?)) }),
    row("check-proto", ANY, (1, 1), |c| match c.text(0)? { "h1" | "none" => Ok(()), _ => Err(c.not_yet(c.word(0)?)) }),
    row("proxy-v2-options", ANY, (1, 1), proxy_options),
    row("redir", ANY, (1, 1), |c| { c.target.redirect = Some(c.word(0)?.bytes().to_vec()); Ok(()) }),
    row("resolve-prefer", ANY, (1, 1), |c| { c.target.prefer = c.choice(0, &[("ipv4", Ip::V4), ("ipv6", Ip::V6)])?; Ok(()) }),
    row("rise", ANY, (1, 1), |c| {
        c.target.check.rise = c.number(0, 1..=BIG)?;
        c.target.rise = Some(c.target.check.rise);
        Ok(())
    }),
    row("send-proxy", ANY, (0, 0), |c| { c.target.send_proxy = Some(ProxyHeader::V1); Ok(()) }),
    row("send-proxy-v2", ANY, (0, 0), |c| { c.target.send_proxy = Some(ProxyHeader::V2); Ok(()) }),
    row("set-proxy-v2-tlv-fmt(", ANY, (0, 1), proxy_value),
    row("slowstart", ANY, (1, 1), |c| { c.target.slowstart = Some(c.time(0)?); Ok(()) }),
    row("source", ANY, (1, 1), |c| { c.target.source = Some(source(c)?); Ok(()) }),
    row("track", ANY, (1, 1), |c| { c.target.track = Some(c.word(0)?.clone()); Ok(()) }),
    row("wasm.", ANY, (0, 0), probe),
    row("weight", ANY, (1, 1), |c| { c.target.weight = c.number(0, 0..=256)?; Ok(()) }),
    moot("no-tfo", ANY, "connections are opened with a full handshake").takes_none(),
    moot("tfo", ANY, "connections are opened with a full handshake").takes_none(),
    moot("guid", ANY, "it names the server in the stats file").takes_one(),
    moot("pool-low-conn", ANY, "idle connections are not shared between workers").takes_one(),
    moot("idle-ping", ANY, "it belongs to HTTP/2").takes_one(),
    moot("shard", ANY, "it belongs to peers").takes_one(),
    moot("strict-maxconn", ANY, "'maxconn' is always strict").takes_none(),
    moot("no-agent-check", ANY, "there are no agent checks").takes_none(),
    not_yet("agent-addr", ANY).takes_one(),
    not_yet("agent-check", ANY).takes_none(),
    not_yet("agent-inter", ANY).takes_one(),
    not_yet("agent-port", ANY).takes_one(),
    not_yet("agent-send", ANY).takes_one(),
    not_yet("cc", ANY).takes_one(),
    not_yet("check-pool-conn-name", ANY).takes_one(),
    not_yet("check-reuse-pool", ANY).takes_none(),
    not_yet("check-via-socks4", ANY).takes_none(),
    not_yet("hash-key", ANY).takes_one(),
    not_yet("healthcheck", ANY).takes_one(),
    not_yet("init-state", ANY).takes_one(),
    not_yet("log-bufsize", ANY).takes_one(),
    not_yet("log-proto", ANY).takes_one(),
    not_yet("minconn", ANY).takes_one(),
    not_yet("namespace", ANY).takes_one(),
    not_yet("no-check-reuse-pool", ANY).takes_none(),
    row("non-stick", ANY, (0, 0), |c| { c.target.non_stick = true; Ok(()) }),
    not_yet("pool-conn-name", ANY).takes_one(),
    not_yet("quic-cc-algo", ANY).takes_one(),
    not_yet("resolve-net", ANY).takes_one(),
    not_yet("resolve-opts", ANY).takes_one(),
    not_yet("resolvers", ANY).takes_one(),
    not_yet("send-proxy-v2-ssl", ANY).takes_none(),
    not_yet("send-proxy-v2-ssl-cn", ANY).takes_none(),
    not_yet("no-send-proxy-v2-ssl", ANY).takes_none(),
    not_yet("no-send-proxy-v2-ssl-cn", ANY).takes_none(),
    not_yet("socks4", ANY).takes_one(),
    row("stick", ANY, (0, 0), |c| { c.target.non_stick = false; Ok(()) }),
    not_yet("tcp-md5sig", ANY).takes_one(),
    not_yet("tcp-ut", ANY).takes_one(),
    not_yet("usesrc", ANY).takes_one(),
    not_yet("interface", ANY).takes_one(),
    not_yet("ws", ANY).takes_one(),
];

/// `check lua.NAME`, `check wasm.NAME`: the word is the name of the plugin.
fn probe(c: &mut Call<'_, ServerDraft>) -> Result<(), Diagnostic> {
    let name = Word::plain(c.reading.sources.slice(c.span), c.span);
    c.target.check.probe = Some(PluginUse { name, args: Vec::new(), lines: Vec::new() });
    Ok(())
}

const ON_ERROR: &[(&str, OnError)] = &[
    ("fastinter", OnError::Fastinter),
    ("fail-check", OnError::FailCheck),
    ("sudden-death", OnError::SuddenDeath),
    ("mark-down", OnError::MarkDown),
];

/// `server NAME ADDRESS [PARAMETER ...]`
pub(super) fn server(c: &mut Call<'_, Draft>) -> Result<(), Diagnostic> {
    let (name, address) = (c.word(0)?, c.word(1)?);
    check_name(name)?;
    let server = with_parameters(c, Some(name), Some(address), &c.args[2..]);
    c.target.servers.push(server);
    Ok(())
}

/// `default-server PARAMETER ...`: settings of the servers below it.
pub(super) fn default_server(c: &mut Call<'_, Draft>) -> Result<(), Diagnostic> {
    if let Some(id) = c.args.iter().find(|w| w.text == "id") {
        return Err(c.about(id, "'id' belongs to one server"));
    }
    c.target.default_server = with_parameters(c, None, None, c.args);
    Ok(())
}

/// `server-template PREFIX COUNT|LOW-HIGH ADDRESS [PARAMETER ...]`: many servers of one name.
///
/// Without `resolvers` they all have the address that the name has at start, as with HAProxy.
pub(super) fn server_template(c: &mut Call<'_, Draft>) -> Result<(), Diagnostic> {
    let (prefix, range, address) = (c.word(0)?, c.word(1)?, c.word(2)?);
    check_name(prefix)?;
    let bad = || c.about(range, format!("'{}' is not a count such as '5' or '1-5'", range.text));
    let (low, high): (u32, u32) = match range.text.split_once('-') {
        None => (1, range.text.parse().map_err(|_| bad())?),
        Some((low, high)) => (low.parse().map_err(|_| bad())?, high.parse().map_err(|_| bad())?),
    };
    if low > high || high - low >= 65_536 {
        return Err(bad());
    }
    let pattern = with_parameters(c, Some(prefix), Some(address), &c.args[3..]);
    if address.text.starts_with('_') {
        let message = format!("'{}' is a DNS SRV record, which is not supported yet", address.text);
        return Err(Diagnostic::error(address.span, message));
    }
    let numbered = (low..=high).map(|number| {
        let name = Word::plain(format!("{}{number}", prefix.text), prefix.span);
        ServerDraft { name: Some(name), ..pattern.clone() }
    });
    c.target.servers.extend(numbered);
    Ok(())
}

fn with_parameters(
    c: &mut Call<'_, Draft>,
    name: Option<&Word>,
    address: Option<&Word>,
    words: &[Word],
) -> ServerDraft {
    let mut draft = c.target.default_server.clone();
    draft.name = name.cloned();
    draft.address = address.cloned();
    draft.span = Some(c.line);
    let words = match words {
        [from, origin, ..] if from.text == "from" => {
            let error =
                Diagnostic::error(from.span.to(origin.span), "'from' of a server is not supported yet");
            c.reading.out.push(error);
            &words[2..]
        }
        _ => words,
    };
    let known = Parameters { what: c.name, rows: SERVER, tls: tls::SERVER };
    parameters(&known, words, &mut draft, c.reading);
    if let (Some(probe), Some(_), false) = (&draft.check.probe, name, draft.checked) {
        let message = format!("'{}' says how the server is checked, but not that it is", probe.name.text);
        c.reading.out.push(Diagnostic::error(probe.name.span, message).help("write 'check' in front of it"));
    }
    draft
}

fn check_name(name: &Word) -> Result<(), Diagnostic> {
    match name.text.chars().find(|c| !(c.is_ascii_alphanumeric() || "-_.:".contains(*c))) {
        None => Ok(()),
        Some(bad) => {
            let message = format!("'{bad}' cannot stand in the server name '{}'", name.text);
            Err(Diagnostic::error(name.span, message).help("letters, digits, '-', '_', '.' and ':' can"))
        }
    }
}

fn interval(c: &Call<'_, ServerDraft>) -> Result<Duration, Diagnostic> {
    let time = c.time(0)?;
    if time.is_zero() { Err(c.about(c.word(0)?, "an interval of 0 is not possible")) } else { Ok(time) }
}

/// `proxy-v2-options OPTION,OPTION`
fn proxy_options(c: &mut Call<'_, ServerDraft>) -> Result<(), Diagnostic> {
    const TLS: [&str; 6] = ["ssl", "cert-cn", "ssl-cipher", "cert-sig", "cert-key", "authority"];
    let word = c.word(0)?;
    for option in word.text.split(',') {
        match option {
            "crc32c" => c.target.proxy_values.checksum = true,
            "unique-id" => c.target.proxy_values.unique_id = true,
            other if TLS.contains(&other) => {
                return Err(c.about(word, format!("'{other}' is not supported yet: it tells of TLS")));
            }
            other => {
                let error = c.about(word, format!("unknown option '{other}'"));
                return Err(error.did_you_mean(other, ["crc32c", "unique-id"].into_iter().chain(TLS)));
            }
        }
    }
    Ok(())
}

/// `set-proxy-v2-tlv-fmt(TYPE) FORMAT`; at the end of a line without a format the value is empty.
fn proxy_value(c: &mut Call<'_, ServerDraft>) -> Result<(), Diagnostic> {
    let written = c.reading.sources.slice(c.span);
    let number = written.split_once('(').and_then(|(_, rest)| rest.strip_suffix(')')).unwrap_or_default();
    let kind = match number.strip_prefix("0x") {
        Some(digits) => u8::from_str_radix(digits, 16).ok(),
        None => number.parse().ok(),
    };
    let Some(kind) = kind else {
        return Err(Diagnostic::error(c.span, format!("'{number}' is no type of a value from 0 to 0xff")));
    };
    let format = c.args.first().cloned().unwrap_or_else(|| Word::plain("", c.span));
    if let Err(errors) = portero_grammar::rules::log_format(&format) {
        c.reading.out.extend(errors);
    }
    c.target.proxy_values.formats.push((kind, format));
    Ok(())
}

fn init_addr(c: &Call<'_, ServerDraft>) -> Result<Vec<InitAddr>, Diagnostic> {
    let word = c.word(0)?;
    let way = |text: &str| match text {
        "last" => Ok(InitAddr::Last),
        "libc" => Ok(InitAddr::Libc),
        "none" => Ok(InitAddr::None),
        other => other
            .parse()
            .map(InitAddr::Ip)
            .map_err(|_| c.about(word, format!("'{other}' is not 'last', 'libc', 'none' or an IP address"))),
    };
    word.text.split(',').map(way).collect()
}

fn source(c: &Call<'_, ServerDraft>) -> Result<std::net::SocketAddr, Diagnostic> {
    let word = c.word(0)?;
    address::socket_addr(&word.text, 0, &*c.reading.resolver).map_err(|e| c.about(word, e))
}

fn check_address(c: &Call<'_, ServerDraft>) -> Result<portero_api::Address, Diagnostic> {
    let word = c.word(0)?;
    let written = address::parse(&word.text).map_err(|e| c.about(word, e))?;
    let (host, family, port) = match written.place {
        address::Place::Unix(path) => return Ok(portero_api::Address::Unix(path)),
        address::Place::Abstract(name) => return Ok(portero_api::Address::Abstract(name)),
        address::Place::Descriptor(_) => return Err(c.not_yet(word)),
        address::Place::Net { host, family, port } => (host, family, port),
    };
    let port = match port {
        Port::One(port) => port,
        Port::None => 0,
        Port::Range(..) | Port::Offset(_) => return Err(c.about(word, "one port, or none, may stand here")),
    };
    let ips = c.reading.addresses(&host, family).map_err(|e| c.about(word, e))?;
    Ok(portero_api::Address::Ip((ips[0], port).into()))
}
