//! What the proxy itself adds to a request before it goes to a server: where it came from, and its unique id.

use std::io::Write;
use std::net::IpAddr;

use super::Road;
use crate::config::checked::ForwardFor;

/// The longest text of an address: IPv6 with an IPv4 tail.
const ADDRESS: usize = 48;

/// Adds the fields that the options of frontend and backend ask for, once for all tries.
pub fn prepare(road: &mut Road<'_>) {
    let (fe, be) = (road.fe.clone(), road.be.clone());
    if let Some(src) = road.ex.conn.src {
        tell_address(road, [&be.conf.forwardfor, &fe.conf.forwardfor], src.ip());
    }
    if let Some(dst) = road.ex.conn.dst {
        tell_address(road, [&be.conf.originalto, &fe.conf.originalto], dst.ip());
    }
    if let Some(forwarded) = &be.forwarded {
        forwarded.tell(road.ex);
    }
    if let Some(name) = &fe.conf.unique_id_header {
        tell_unique_id(road, name);
    }
}

/// `option forwardfor`, `option originalto`: one of backend and frontend is enough to ask for the field, the backend's
/// name for it goes first, and only when no one who asks insists on it does `if-none` count.
fn tell_address(road: &mut Road<'_>, [of_be, of_fe]: [&Option<ForwardFor>; 2], ip: IpAddr) {
    let asking = || of_be.iter().chain(of_fe);
    let Some(first) = asking().next() else { return };
    let name = &asking().find(|o| o.named).unwrap_or(first).header;
    let headers = &mut road.ex.request.headers;
    if asking().flat_map(|o| &o.except).any(|&(net, len)| in_network(ip, net, len))
        || asking().all(|o| o.if_none) && headers.contains(name)
    {
        return;
    }
    let mut text = [0u8; ADDRESS];
    let mut rest = &mut text[..];
    // an address always has room
    let _ = write!(rest, "{}", ip.to_canonical());
    let len = ADDRESS - rest.len();
    headers.add(name, &text[..len]);
}

/// `unique-id-header`
fn tell_unique_id(road: &mut Road<'_>, name: &[u8]) {
    let ex = &mut *road.ex;
    if let Some(id) = ex.log.unique_id.get(ex) {
        ex.request.headers.set(name, id);
    }
}

fn in_network(ip: IpAddr, net: IpAddr, len: u8) -> bool {
    use IpAddr::{V4, V6};
    match (ip.to_canonical(), net) {
        (V4(a), V4(b)) => {
            let mask = u32::MAX.checked_shl(32 - u32::from(len)).unwrap_or(0);
            (a.to_bits() ^ b.to_bits()) & mask == 0
        }
        (V6(a), V6(b)) => {
            let mask = u128::MAX.checked_shl(128 - u32::from(len)).unwrap_or(0);
            (a.to_bits() ^ b.to_bits()) & mask == 0
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn networks_hold_their_addresses() {
        let ip = |s: &str| s.parse().expect("an address");
        assert!(in_network(ip("127.9.9.9"), ip("127.0.0.0"), 8));
        assert!(!in_network(ip("128.0.0.1"), ip("127.0.0.0"), 8));
        assert!(in_network(ip("8.8.8.8"), ip("0.0.0.0"), 0));
        assert!(!in_network(ip("::1"), ip("127.0.0.0"), 8));
    }
}
