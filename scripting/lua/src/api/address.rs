//! Addresses as scripts write them (HAProxy's Lua manual, Socket.connect).

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use portero_api::Address;

/// Bytes of the name of an abstract socket; shorter ones are filled with NULs.
const ABSTRACT_NAME: usize = 107;

/// The address that a text and perhaps a port stand for. A name is given on as `name:port`.
///
/// # Errors
///
/// What is wrong with it, and the prefixes that are not there yet.
pub(crate) fn parse(text: &str, port: Option<u16>) -> Result<Address, String> {
    if text.starts_with('/') {
        return Ok(Address::Unix(text.into()));
    }
    let Some((prefix, behind)) = text.split_once('@') else { return net(text, port, |_| true) };
    match prefix {
        "ipv4" | "tcp4" => net(behind, port, IpAddr::is_ipv4),
        "ipv6" | "tcp6" => net(behind, port, IpAddr::is_ipv6),
        "ip" | "tcp" => net(behind, port, |_| true),
        _ if behind.is_empty() => Err(format!("nothing stands behind '{prefix}@'")),
        "unix" => Ok(Address::Unix(behind.into())),
        "abns" | "abnsz" if behind.len() > ABSTRACT_NAME => {
            Err(format!("the name of a socket has {ABSTRACT_NAME} bytes at the most"))
        }
        "abns" => {
            let mut name = behind.as_bytes().to_vec();
            name.resize(ABSTRACT_NAME, 0);
            Ok(Address::Abstract(name))
        }
        "abnsz" => Ok(Address::Abstract(behind.as_bytes().to_vec())),
        "fd" | "sockpair" => Err(format!("'{prefix}@' is not supported yet for connections of scripts")),
        other => Err(format!("unknown address prefix '{other}@'")),
    }
}

fn net(text: &str, port: Option<u16>, fits: fn(&IpAddr) -> bool) -> Result<Address, String> {
    let (host, port) = match port {
        Some(port) => (text, port),
        None => {
            let missing = || format!("a port is missing in '{text}'");
            let (host, port) = text.rsplit_once(':').ok_or_else(missing)?;
            (host, port.parse().map_err(|_| format!("'{port}' in '{text}' is no port"))?)
        }
    };
    if port == 0 {
        return Err(format!("port 0 in '{text}' is none to connect to"));
    }
    let bare = host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host);
    match ip(bare) {
        Some(ip) if fits(&ip) => Ok(Address::Ip(SocketAddr::new(ip, port))),
        Some(_) => Err(format!("'{host}' is not of the family that its prefix names")),
        None if bare.is_empty() || bare.contains([' ', ':']) => Err(format!("'{host}' is no address")),
        None => Ok(Address::Unresolved(format!("{host}:{port}"))),
    }
}

/// An IP address as it is usually written.
pub(crate) fn ip(text: &str) -> Option<IpAddr> {
    let four = text.parse::<Ipv4Addr>().map(IpAddr::V4);
    four.or_else(|_| text.parse::<Ipv6Addr>().map(IpAddr::V6)).ok()
}

/// How scripts see the end of a connection: `127.0.0.1:80`, or the path.
pub(crate) fn shown(address: &Address) -> String {
    match address {
        Address::Unix(path) => path.display().to_string(),
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_have_their_port_inside_or_beside_them() {
        let tcp = |text: &str| Address::Ip(text.parse().expect("an address"));
        assert_eq!(parse("127.0.0.1", Some(80)), Ok(tcp("127.0.0.1:80")));
        assert_eq!(parse("127.0.0.1:80", None), Ok(tcp("127.0.0.1:80")));
        assert_eq!(parse("ipv4@127.0.0.1:80", None), Ok(tcp("127.0.0.1:80")));
        assert_eq!(parse("::1", Some(80)), Ok(tcp("[::1]:80")));
        assert_eq!(parse("ipv6@[::1]:80", None), Ok(tcp("[::1]:80")));
        assert_eq!(parse("ipv6@::1:80", None), Ok(tcp("[::1]:80")));
        assert_eq!(parse("web.test", Some(80)), Ok(Address::Unresolved("web.test:80".into())));
    }

    #[test]
    fn sockets_of_the_machine_have_a_path_or_a_name() {
        assert_eq!(parse("/run/a", None), Ok(Address::Unix("/run/a".into())));
        assert_eq!(parse("unix@/run/a", None), Ok(Address::Unix("/run/a".into())));
        let Ok(Address::Abstract(name)) = parse("abns@a", None) else { panic!("no abstract name") };
        assert_eq!((name.len(), name[0]), (ABSTRACT_NAME, b'a'));
        assert_eq!(parse("abnsz@a", None), Ok(Address::Abstract(b"a".to_vec())));
    }

    #[test]
    fn what_is_no_address_says_why() {
        for (text, port, why) in [
            ("127.0.0.1", None, "port is missing"),
            ("127.0.0.1:x", None, "no port"),
            ("ipv6@127.0.0.1", Some(80), "family"),
            ("fd@3", None, "not supported yet"),
            ("quic@a:1", None, "unknown address prefix"),
            ("unix@", None, "nothing stands behind"),
            ("a", Some(0), "port 0"),
        ] {
            let said = parse(text, port).expect_err(text);
            assert!(said.contains(why), "{said}");
        }
    }
}
