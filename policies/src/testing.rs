//! What the tests of this crate share: exchanges made by hand.

use std::rc::Rc;
use std::sync::Arc;
use std::time::SystemTime;

use portero_api::{Conn, Exchange, Kind, Method, ProxyState};

/// An exchange whose request is the given head: `GET /a HTTP/1.1`, header lines below.
pub(crate) fn exchange(head: &str) -> Exchange {
    let conn = Conn {
        src: "192.0.2.7:40000".parse().ok(),
        dst: "198.51.100.1:80".parse().ok(),
        peer: "192.0.2.7:40000".parse().ok(),
        local: "198.51.100.1:80".parse().ok(),
        listener: Rc::from("door"),
        listener_id: 1,
        accepted_at: SystemTime::UNIX_EPOCH,
        requests: 1,
        ..Conn::of_nobody(Arc::new(ProxyState::new("web", 1, Kind::Listen, true)))
    };
    let mut exchange = Exchange::new(conn);
    let mut lines = head.lines().map(str::trim);
    let first = lines.next().unwrap_or_default();
    let mut words = first.split(' ');
    exchange.request.method = Method::from_bytes(words.next().unwrap_or("GET").as_bytes());
    exchange.request.target = words.next().unwrap_or("/").into();
    exchange.log.request_line = first.into();
    for (name, value) in lines.filter_map(|line| line.split_once(": ")) {
        exchange.request.headers.add(name.as_bytes(), value.as_bytes());
    }
    exchange
}
