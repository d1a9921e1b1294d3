//! Addresses as configurations write them (HAProxy manual, section 2.9).

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::path::PathBuf;

use super::resolve::{Ip, Resolve};

/// An address as written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Written {
    /// What kind of socket a prefix asks for, when one does.
    pub(super) socket: Option<Socket>,
    /// Where it is.
    pub(super) place: Place,
}

/// What a prefix such as `tcp@` or `dgram+` forces.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Socket {
    Stream,
    Datagram,
}

/// The address behind the prefixes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Place {
    /// A host (a name, an address, `*`, or nothing) and a port.
    Net { host: String, family: Ip, port: Port },
    /// A unix socket by path.
    Unix(PathBuf),
    /// A unix socket in the abstract name space.
    Abstract(Vec<u8>),
    /// An inherited descriptor.
    Descriptor(i32),
}

/// What stands behind the host.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Port {
    /// Nothing.
    None,
    /// `:80`
    One(u16),
    /// `:8000-8010`
    Range(u16, u16),
    /// `:+100` or `:-100`
    Offset(i32),
}

/// Prefixes that name a transport which is not there yet.
const NOT_YET: &[&str] = &["quic", "quic4", "quic6", "mptcp", "mptcp4", "mptcp6", "sockpair", "rhttp"];

/// Bytes of the name of an abstract socket: `sun_path` less the NUL in front.
const ABSTRACT_NAME: usize = 107;

/// Reads an address. The error is a sentence that names the guilty part.
pub(super) fn parse(text: &str) -> Result<Written, String> {
    let (mut socket, mut rest) = (None, text);
    for (prefix, kind) in [("stream+", Socket::Stream), ("dgram+", Socket::Datagram)] {
        if let Some(behind) = rest.strip_prefix(prefix) {
            (socket, rest) = (Some(kind), behind);
        }
    }
    if rest.starts_with("quic+") {
        return Err(format!("'quic+' in '{text}' is not supported yet"));
    }
    if rest.starts_with('/') {
        return Ok(Written { socket, place: Place::Unix(rest.into()) });
    }
    let Some((prefix, behind)) = rest.split_once('@') else {
        return Ok(Written { socket, place: net(rest, Ip::Any)? });
    };
    let place = match prefix {
        "ipv4" | "tcp4" | "udp4" => net(behind, Ip::V4)?,
        "ipv6" | "tcp6" | "udp6" => net(behind, Ip::V6)?,
        "ip" | "tcp" | "udp" => net(behind, Ip::Any)?,
        "unix" | "uxst" | "uxdg" if !behind.is_empty() => Place::Unix(behind.into()),
        "abns" | "abnsz" if behind.len() > ABSTRACT_NAME => {
            return Err(format!("the name in '{text}' is longer than {ABSTRACT_NAME} bytes"));
        }
        // NULs up to the end are part of the name, as other programs that fill the whole address have it
        "abns" if !behind.is_empty() => Place::Abstract(padded(behind)),
        "abnsz" if !behind.is_empty() => Place::Abstract(behind.as_bytes().to_vec()),
        "fd" => Place::Descriptor(descriptor(behind)?),
        "unix" | "uxst" | "uxdg" | "abns" | "abnsz" => {
            return Err(format!("a path or name is missing behind '{prefix}@'"));
        }
        other if NOT_YET.contains(&other) => {
            return Err(format!("'{other}@' in '{text}' is not supported yet"));
        }
        other => return Err(format!("unknown address prefix '{other}@' in '{text}'")),
    };
    socket = match prefix {
        "tcp" | "tcp4" | "tcp6" | "uxst" => Some(Socket::Stream),
        "udp" | "udp4" | "udp6" | "uxdg" => Some(Socket::Datagram),
        _ => socket,
    };
    Ok(Written { socket, place })
}

/// The name of an abstract socket, filled with NULs.
fn padded(name: &str) -> Vec<u8> {
    let mut name = name.as_bytes().to_vec();
    name.resize(ABSTRACT_NAME, 0);
    name
}

/// The addresses that a host stands for. An empty host and `*` are every address of the machine.
pub(super) fn resolve(host: &str, family: Ip, resolver: &dyn Resolve) -> Result<Vec<IpAddr>, String> {
    if host.is_empty() || host == "*" {
        return Ok(vec![match family {
            Ip::V6 => Ipv6Addr::UNSPECIFIED.into(),
            Ip::Any | Ip::V4 => Ipv4Addr::UNSPECIFIED.into(),
        }]);
    }
    let found = match host.parse::<IpAddr>() {
        Ok(ip) => vec![ip],
        Err(_) => resolver.resolve(host).map_err(|why| format!("'{host}' cannot be resolved: {why}"))?,
    };
    let fitting: Vec<_> = found.into_iter().filter(|&ip| family.takes(ip)).collect();
    match fitting.is_empty() {
        true => Err(format!("'{host}' has no address of the family asked for")),
        false => Ok(fitting),
    }
}

/// A host and port, the host's first address taken.
pub(super) fn socket_addr(
    text: &str,
    default_port: u16,
    resolver: &dyn Resolve,
) -> Result<SocketAddr, String> {
    let Written { place: Place::Net { host, family, port }, .. } = parse(text)? else {
        return Err(format!("'{text}' is not an IP address or a host name"));
    };
    let port = match port {
        Port::One(port) => port,
        Port::None => default_port,
        Port::Range(..) => return Err(format!("'{text}': a range of ports is not supported yet")),
        Port::Offset(_) => return Err(format!("'{text}': a relative port cannot stand here")),
    };
    Ok(SocketAddr::new(resolve(&host, family, resolver)?[0], port))
}

/// A network: address and prefix length, `10.0.0.0/8` or one address.
pub(super) fn network(text: &str) -> Result<(IpAddr, u8), String> {
    let bad = || format!("'{text}' is not a network such as '10.0.0.0/8'");
    let (address, mask) = text.split_once('/').map_or((text, None), |(a, m)| (a, Some(m)));
    let address: IpAddr = address.parse().map_err(|_| bad())?;
    let longest = if address.is_ipv4() { 32 } else { 128 };
    let length = match mask {
        None => longest,
        Some(mask) => match mask.parse::<Ipv4Addr>() {
            Ok(dotted) if address.is_ipv4() => prefix_length(dotted).ok_or_else(bad)?,
            _ => mask.parse().map_err(|_| bad())?,
        },
    };
    if length > longest { Err(bad()) } else { Ok((address, length)) }
}

fn prefix_length(mask: Ipv4Addr) -> Option<u8> {
    let bits = u32::from(mask);
    let length = bits.leading_ones();
    (bits.count_ones() == length).then_some(length as u8)
}

fn descriptor(text: &str) -> Result<i32, String> {
    match text.parse() {
        Ok(number) if number >= 0 => Ok(number),
        _ => Err(format!("'{text}' is not the number of a descriptor")),
    }
}

/// Cuts host and port at the last colon; brackets may stand around an IPv6 address.
fn net(text: &str, family: Ip) -> Result<Place, String> {
    let place = |host: &str, port| Place::Net { host: host.to_owned(), family, port };
    if let Some(inside) = text.strip_prefix('[') {
        let Some((host, rest)) = inside.split_once(']') else {
            return Err(format!("the bracket in '{text}' is not closed"));
        };
        if host.parse::<Ipv6Addr>().is_err() {
            return Err(format!("'{host}' in brackets is not an IPv6 address"));
        }
        return match rest.strip_prefix(':') {
            Some(digits) => Ok(place(host, port(digits, text)?)),
            None if rest.is_empty() => Ok(place(host, Port::None)),
            None => Err(format!("unexpected '{rest}' behind the bracket in '{text}'")),
        };
    }
    match text.rsplit_once(':') {
        Some((host, digits)) => Ok(place(host, port(digits, text)?)),
        None => Ok(place(text, Port::None)),
    }
}

fn port(digits: &str, text: &str) -> Result<Port, String> {
    let bad = || format!("'{digits}' in '{text}' is not a port (0 to 65535)");
    let number = |digits: &str| digits.parse::<u16>().map_err(|_| bad());
    if digits.is_empty() {
        return Ok(Port::None);
    }
    if digits.starts_with(['+', '-']) {
        let offset: i32 = digits.parse().map_err(|_| bad())?;
        return if offset.abs() <= 65_535 { Ok(Port::Offset(offset)) } else { Err(bad()) };
    }
    match digits.split_once('-') {
        None => Ok(Port::One(number(digits)?)),
        Some((low, high)) => match (number(low)?, number(high)?) {
            (low, high) if low <= high => Ok(Port::Range(low, high)),
            (low, high) => Err(format!("the port range '{low}-{high}' in '{text}' goes backwards")),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn host(text: &str) -> (String, Port) {
        match parse(text).expect(text).place {
            Place::Net { host, port, .. } => (host, port),
            other => panic!("{text}: {other:?}"),
        }
    }

    #[test]
    fn hosts_and_ports_are_cut_at_the_last_colon() {
        for (text, name, port) in [
            ("*:80", "*", Port::One(80)),
            (":80", "", Port::One(80)),
            ("[::]:80", "::", Port::One(80)),
            (":::25", "::", Port::One(25)),
            ("web1:5000", "web1", Port::One(5000)),
            ("10.0.0.1", "10.0.0.1", Port::None),
            ("10.0.0.1:8000-8010", "10.0.0.1", Port::Range(8000, 8010)),
            ("web:+1000", "web", Port::Offset(1000)),
            ("web:-10", "web", Port::Offset(-10)),
            ("ipv6@::1:80", "::1", Port::One(80)),
            ("tcp@h:1", "h", Port::One(1)),
        ] {
            assert_eq!(host(text), (name.to_owned(), port), "{text}");
        }
    }

    #[test]
    fn prefixes_say_family_and_socket() {
        let written = |text: &str| parse(text).expect(text);
        assert_eq!(written("unix@a.sock").place, Place::Unix("a.sock".into()));
        assert_eq!(written("/run/a").place, Place::Unix("/run/a".into()));
        assert_eq!(written("abns@x").place, Place::Abstract(padded("x")));
        assert_eq!(written("abnsz@x").place, Place::Abstract(b"x".to_vec()));
        assert_eq!(
            written("stream+fd@5"),
            Written { socket: Some(Socket::Stream), place: Place::Descriptor(5) }
        );
        assert_eq!(written("udp@h:514").socket, Some(Socket::Datagram));
        assert!(matches!(written("ipv4@h:1").place, Place::Net { family: Ip::V4, .. }));
    }

    #[test]
    fn what_is_no_address_names_the_guilty_part() {
        for (text, part) in [
            ("h:99999", "'99999'"),
            ("h:80x", "'80x'"),
            ("h:20-10", "20-10"),
            ("[::1", "not closed"),
            ("[a]:1", "'a'"),
            ("fd@x", "'x'"),
            ("foo@h:1", "'foo@'"),
            ("quic4@h:1", "not supported yet"),
            ("unix@", "missing"),
        ] {
            let error = parse(text).expect_err(text);
            assert!(error.contains(part), "{text}: {error}");
        }
    }

    #[test]
    fn networks_have_lengths_or_masks() {
        assert_eq!(network("10.0.0.0/8"), Ok(("10.0.0.0".parse().expect("ip"), 8)));
        assert_eq!(network("10.0.0.0/255.255.0.0").map(|n| n.1), Ok(16));
        assert_eq!(network("::1").map(|n| n.1), Ok(128));
        for text in ["10.0.0.0/33", "x/8", "10.0.0.0/255.0.255.0", "::1/129"] {
            assert!(network(text).is_err(), "{text}");
        }
    }
}
