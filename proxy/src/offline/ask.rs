//! A request as a client would send it.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};

/// What a client does: connects, sends these bytes, and reads until the end.
#[derive(Clone, Debug)]
pub struct Ask {
    /// Its address; `127.0.0.1:50000` where nothing is said.
    pub src: Option<SocketAddr>,
    /// The address it connects to; that of the entry where nothing is said.
    pub dst: Option<SocketAddr>,
    /// What it sends: heads and bodies.
    pub bytes: Vec<u8>,
}

impl Ask {
    /// A request made of its parts. `Host` is added where it is missing, and `Content-Length` where there is a body.
    pub fn http(line: &str, headers: &[(String, String)], body: &[u8]) -> Ask {
        let mut bytes = Vec::with_capacity(256 + body.len());
        bytes.extend_from_slice(line.as_bytes());
        bytes.extend_from_slice(b"\r\n");
        let has = |name: &str| headers.iter().any(|(n, _)| n.eq_ignore_ascii_case(name));
        let mut add = |name: &str, value: &str| {
            bytes.extend_from_slice(format!("{name}: {value}\r\n").as_bytes());
        };
        if !has("host") {
            add("Host", HOST);
        }
        headers.iter().for_each(|(name, value)| add(name, value));
        if !body.is_empty() && !has("content-length") && !has("transfer-encoding") {
            add("Content-Length", &body.len().to_string());
        }
        bytes.extend_from_slice(b"\r\n");
        bytes.extend_from_slice(body);
        Ask { src: None, dst: None, bytes }
    }
}

/// The client of a request that names none.
pub const CLIENT: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 50_000);

/// The host of a request that names none.
const HOST: &str = "localhost";
