//! Exchanges as a client at 127.0.0.1 would begin them.

use std::rc::Rc;
use std::sync::Arc;

use portero_api::{Conn, Exchange, Kind, ProxyState, Transport};

/// An exchange with a `GET` of this target and a `Host: example.com`.
pub fn exchange(target: &str) -> Exchange {
    let client = Some(([127, 0, 0, 1], 40000).into());
    let proxy = Some(([127, 0, 0, 1], 80).into());
    let mut exchange = Exchange::new(Conn {
        src: client,
        dst: proxy,
        peer: client,
        local: proxy,
        listener: Rc::from("listener"),
        listener_id: 1,
        requests: 1,
        ..Conn::of_nobody(Arc::new(ProxyState::new("front", 1, Kind::Frontend, true)))
    });
    exchange.request.target = target.into();
    exchange.request.headers.add(b"Host", b"example.com");
    exchange
}

/// An exchange that has next to nothing: a TCP session over a unix socket, without addresses, request or headers.
pub fn bare() -> Exchange {
    let mut bare = exchange("");
    bare.request.clear();
    bare.conn.frontend = Arc::new(ProxyState::new("front", 1, Kind::Frontend, false));
    bare.conn.transport = Transport::Unix;
    (bare.conn.src, bare.conn.dst, bare.conn.peer, bare.conn.local) = (None, None, None, None);
    bare
}
