//! `option forwarded`: where a request came from, as RFC 7239 says it.

use std::net::IpAddr;

use portero_api::{Exchange, Headers, Sample, trim};
use portero_policies::{Compiler, Expr, Stage};

use crate::config::checked;

/// The parameters that a backend asks for, ready to be written.
pub struct Forwarded {
    proto: bool,
    host: Option<Source>,
    by: Option<Node>,
    for_: Option<Node>,
}

/// `by` or `for`: a name and perhaps a port.
struct Node {
    name: Source,
    port: Option<Source>,
}

/// What stands in a parameter.
enum Source {
    /// What the proxy itself knows.
    Own,
    Asked(Expr),
}

impl Forwarded {
    /// Compiles the option. Mistakes are pushed to the compiler.
    pub fn new(conf: &checked::Forwarded, compiler: &Compiler<'_>) -> Forwarded {
        let source = |source: &Option<checked::ForwardedBy>| match source.as_ref()? {
            checked::ForwardedBy::Own => Some(Source::Own),
            checked::ForwardedBy::Expr(expr) => compiler.expr(expr, Stage::Request).map(Source::Asked),
        };
        let node = |[name, port]: [&Option<checked::ForwardedBy>; 2]| {
            Some(Node { name: source(name)?, port: source(port) })
        };
        Forwarded {
            proto: conf.proto,
            host: source(&conf.host),
            by: node([&conf.by, &conf.by_port]),
            for_: node([&conf.for_, &conf.for_port]),
        }
    }

    /// Adds the field to a request, behind what proxies before have said.
    pub fn tell(&self, exchange: &mut Exchange) {
        let mut said = Vec::new();
        if self.proto {
            said.extend_from_slice(b"proto=http;");
        }
        if let Some(host) = &self.host {
            said.extend_from_slice(b"host=\"");
            write_host(host, exchange, &mut said);
            said.extend_from_slice(b"\";");
        }
        let (src, dst) = (exchange.conn.src, exchange.conn.dst);
        for (name, node, own) in [("by=", &self.by, dst), ("for=", &self.for_, src)] {
            if let Some(node) = node {
                said.extend_from_slice(name.as_bytes());
                node.write(exchange, own.map(|a| (a.ip().to_canonical(), a.port())), &mut said);
                said.push(b';');
            }
        }
        said.pop();
        if !said.is_empty() {
            put(&mut exchange.request.headers, &said);
        }
    }
}

impl Node {
    /// Writes name and port; in quotes where a colon stands or may stand in them (RFC 7239, 6).
    fn write(&self, exchange: &Exchange, own: Option<(IpAddr, u16)>, into: &mut Vec<u8>) {
        let name = match &self.name {
            Source::Own => own.map_or_else(unknown, |(ip, _)| node_name(&Sample::Ip(ip))),
            Source::Asked(expr) => expr.get(exchange).map_or_else(unknown, |sample| node_name(&sample)),
        };
        let quoted = self.port.is_some() || name.starts_with(b"[");
        let quote: &[u8] = if quoted { b"\"" } else { b"" };
        into.extend_from_slice(quote);
        into.extend_from_slice(&name);
        let port = self.port.as_ref().and_then(|port| match port {
            Source::Own => own.map(|(_, port)| port.to_string().into_bytes()),
            Source::Asked(expr) => expr.get(exchange).and_then(|sample| node_port(&sample)),
        });
        if let Some(port) = port {
            into.push(b':');
            into.extend_from_slice(&port);
        }
        into.extend_from_slice(quote);
    }
}

fn unknown() -> Vec<u8> {
    b"unknown".to_vec()
}

fn node_name(sample: &Sample<'_>) -> Vec<u8> {
    match sample {
        Sample::Ip(IpAddr::V4(ip)) => ip.to_string().into_bytes(),
        Sample::Ip(IpAddr::V6(ip)) => format!("[{ip}]").into_bytes(),
        other => {
            let text = as_text(other);
            let is_name = text == b"unknown" || is_ipv4(&text);
            if is_name { text } else { obfuscated(text).unwrap_or_else(unknown) }
        }
    }
}

fn is_ipv4(text: &[u8]) -> bool {
    std::str::from_utf8(text).is_ok_and(|text| text.parse::<std::net::Ipv4Addr>().is_ok())
}

fn node_port(sample: &Sample<'_>) -> Option<Vec<u8>> {
    let text = as_text(sample);
    let number = std::str::from_utf8(&text).ok().and_then(|text| text.parse::<u16>().ok());
    match number {
        Some(number) => Some(number.to_string().into_bytes()),
        None => obfuscated(text),
    }
}

/// What is neither address nor port begins with an underscore (RFC 7239, 6.3).
fn obfuscated(mut text: Vec<u8>) -> Option<Vec<u8>> {
    if text.is_empty() || !text.iter().all(|b| b.is_ascii_alphanumeric() || b"._-".contains(b)) {
        return None;
    }
    if text[0] != b'_' {
        text.insert(0, b'_');
    }
    Some(text)
}

fn as_text(sample: &Sample<'_>) -> Vec<u8> {
    match sample {
        Sample::Int(number) => number.to_string().into_bytes(),
        Sample::Bool(is) => u8::from(*is).to_string().into_bytes(),
        Sample::Ip(ip) => ip.to_string().into_bytes(),
        Sample::Str(text) | Sample::Bin(text) | Sample::Method(text) => text.to_vec(),
    }
}

/// What would leave the quotes is left out.
fn write_host(host: &Source, exchange: &Exchange, into: &mut Vec<u8>) {
    let text = match host {
        Source::Own => exchange.request.headers.get(b"host").map(<[u8]>::to_vec),
        Source::Asked(expr) => expr.get(exchange).map(|sample| as_text(&sample)),
    };
    let fits = |text: &Vec<u8>| text.iter().all(|b| b.is_ascii_graphic() && !b"\"\\".contains(b));
    into.extend_from_slice(&text.filter(fits).unwrap_or_default());
}

/// One field that holds what all proxies have said.
fn put(headers: &mut Headers, said: &[u8]) {
    let name = b"forwarded";
    let last = headers.iter().enumerate().filter(|(_, (is, _))| is.eq_ignore_ascii_case(name)).last();
    match last.map(|(index, (_, value))| (index, [trim(value), b",", said].concat())) {
        Some((index, value)) => headers.set_at(index, &value),
        None => headers.add(name, said),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nodes_are_addresses_or_names_of_their_own() {
        let text = |text: &'static str| Sample::str(text);
        for (sample, name) in [
            (Sample::Ip("::1".parse().expect("an address")), "[::1]"),
            (Sample::Ip("1.2.3.4".parse().expect("an address")), "1.2.3.4"),
            (text("1.2.3.4"), "1.2.3.4"),
            (text("unknown"), "unknown"),
            (text("abc"), "_abc"),
            (text("_x.y-z"), "_x.y-z"),
            (text("a b"), "unknown"),
            (text(""), "unknown"),
            (text("\""), "unknown"),
            (Sample::Int(3), "_3"),
        ] {
            assert_eq!(String::from_utf8_lossy(&node_name(&sample)), name, "{sample:?}");
        }
    }

    #[test]
    fn ports_are_numbers_or_names_of_their_own() {
        for (text, port) in [
            ("80", Some("80")),
            ("999999", Some("_999999")),
            ("id", Some("_id")),
            ("-1", Some("_-1")),
            ("a b", None),
        ] {
            let found = node_port(&Sample::str(text)).map(|port| String::from_utf8_lossy(&port).into_owned());
            assert_eq!(found.as_deref(), port, "{text}");
        }
    }

    #[test]
    fn what_other_proxies_said_stays_in_front() {
        let mut headers = Headers::new();
        headers.add(b"Forwarded", b"for=1.1.1.1");
        put(&mut headers, b"for=2.2.2.2");
        assert_eq!(headers.get(b"forwarded"), Some(&b"for=1.1.1.1,for=2.2.2.2"[..]));
    }
}
