//! What rules ask of the road and not of the exchange: packets that are marked, interim responses.

use std::net::{IpAddr, SocketAddr};

use portero_api::{Deed, Packets, Timeout, Version};
use socket2::SockRef;

use super::finish::write_line;
use super::{Fail, Fault, Road, forward, phase};
use crate::net::Stream;

/// Marks the packets of a connection from now on. Without the privilege for it nothing is marked, as with HAProxy.
pub fn mark(stream: &Stream, packets: Packets) {
    if let Stream::Tcp(tcp) = stream
        && let Ok(peer) = tcp.peer_addr()
    {
        mark_socket(&SockRef::from(tcp), peer, packets);
    }
}

/// The same for a socket that is, or will be, connected to `peer`.
pub fn mark_socket(socket: &SockRef<'_>, peer: SocketAddr, packets: Packets) {
    if let Some(tos) = packets.tos {
        let _ = match peer.ip().to_canonical() {
            IpAddr::V4(_) => socket.set_tos_v4(u32::from(tos)),
            IpAddr::V6(_) => socket.set_tclass_v6(u32::from(tos)),
        };
    }
    if let Some(mark) = packets.mark {
        let _ = socket.set_mark(mark);
    }
}

/// Writes a log line in the middle of an exchange (`do-log`).
pub fn log_now(road: &mut Road<'_>) {
    if !road.fe.logger.is_empty() {
        write_line(road.worker, &road.fe, road.ex);
    }
}

/// Makes a connection disappear when it is closed: the reset gets no farther than `ttl` routers, so that the client
/// waits for a word in vain (`silent-drop`).
pub fn vanish(stream: &Stream, ttl: u8) {
    if let Stream::Tcp(tcp) = stream
        && let Ok(peer) = tcp.peer_addr()
    {
        let socket = SockRef::from(tcp);
        // where it cannot be set the client gets the reset
        let _ = match peer.ip().to_canonical() {
            IpAddr::V4(_) => socket.set_ttl_v4(u32::from(ttl)),
            IpAddr::V6(_) => socket.set_unicast_hops_v6(u32::from(ttl)),
        };
    }
    stream.reset_on_close();
}

/// `103 Early Hints` while its rules are evaluated.
#[derive(Default)]
pub struct Hints(Vec<u8>);

impl Hints {
    /// Does what a rule asks for; hints are kept until [`Hints::send`].
    pub fn take(&mut self, road: &mut Road<'_>, deed: Deed) {
        match deed {
            Deed::Mark(packets) => mark(&road.client.stream, packets),
            Deed::Log => log_now(road),
            // the connection stands, and has said who it is
            Deed::ExpectProxy => {}
            Deed::Hint(name, value) => {
                let line = [&name[..], b": ", &value, b"\r\n"];
                line.iter().for_each(|part| self.0.extend_from_slice(part));
            }
        }
    }

    /// Sends what has come together. HTTP/1.0 knows no interim responses (RFC 9110, 15.2).
    pub async fn send(&mut self, road: &mut Road<'_>) -> Result<(), Fail> {
        let fields = std::mem::take(&mut self.0);
        if fields.is_empty() || road.ex.request.version == Version::Http10 {
            return Ok(());
        }
        let head = road.client.lead.head();
        let parts = [b"HTTP/1.1 103 Early Hints\r\n", &fields[..], b"\r\n"];
        parts.iter().for_each(|part| head.extend_from_slice(part));
        forward::write_lead(road.client, road.time(Timeout::Client))
            .await
            .map_err(|_| Fail::silent(b'C', phase::REQUEST, Fault::ClientAbort))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn packets_carry_the_type_of_service() {
        for host in ["127.0.0.1", "::1"] {
            let listener = std::net::TcpListener::bind((host, 0)).expect("a free port");
            let peer = listener.local_addr().expect("it is bound");
            let client = std::net::TcpStream::connect(peer).expect("it listens");
            let socket = SockRef::from(&client);
            mark_socket(&socket, peer, Packets { tos: Some(0x10), mark: None });
            let tos = if peer.is_ipv4() { socket.tos_v4() } else { socket.tclass_v6() };
            assert_eq!(tos.expect("the option is there"), 0x10, "{host}");
        }
    }
}
