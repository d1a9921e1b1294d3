//! What the system knows of a connected socket, for expressions that ask for it.

use std::io;
use std::os::fd::{AsFd, BorrowedFd};
use std::rc::Rc;

use portero_api::{Measured, Socket};

use super::tcp::Known;
use super::{Stream, sockopt};
use crate::listener::Slot;

/// A client's socket as expressions see it.
#[derive(Debug)]
pub struct ClientSocket {
    /// The socket.
    pub stream: Rc<Stream>,
    /// Where it came in.
    pub slot: Rc<Slot>,
    /// What a PROXY header said beside addresses.
    pub proxy_values: Option<Rc<Vec<u8>>>,
}

impl Socket for ClientSocket {
    fn measure(&self) -> Option<Measured> {
        match &*self.stream {
            Stream::Tcp(tcp) => measure(tcp.as_fd()),
            _ => None,
        }
    }

    fn first_packet(&self) -> Option<Vec<u8>> {
        match &*self.stream {
            Stream::Tcp(tcp) => first_packet(tcp.as_fd()),
            _ => None,
        }
    }

    fn siblings(&self) -> u32 {
        self.slot.inside()
    }

    fn proxy_values(&self) -> Option<&[u8]> {
        self.proxy_values.as_deref().map(Vec::as_slice)
    }
}

/// A server's socket as expressions see it, while the connection goes to whoever uses it next; none for what is not TCP.
pub fn server_socket(stream: &Stream) -> Option<Rc<dyn Socket>> {
    match stream {
        Stream::Tcp(tcp) => Some(tcp.known().clone()),
        _ => None,
    }
}

impl Socket for Known {
    fn measure(&self) -> Option<Measured> {
        measure(self.socket.as_fd())
    }

    fn first_packet(&self) -> Option<Vec<u8>> {
        None
    }

    fn siblings(&self) -> u32 {
        0
    }

    fn proxy_values(&self) -> Option<&[u8]> {
        None
    }
}

/// Makes the connections of a listening socket keep their first packet (`tcp-ss`).
pub fn keep_first_packets(socket: &impl AsFd, from: i32) -> io::Result<()> {
    sockopt::set(socket.as_fd(), libc::TCP_SAVE_SYN, from)
}

fn first_packet(socket: BorrowedFd<'_>) -> Option<Vec<u8>> {
    let mut packet = vec![0; 512];
    let length = sockopt::get(socket, libc::TCP_SAVED_SYN, &mut packet).ok().filter(|&length| length > 0)?;
    packet.truncate(length);
    Some(packet)
}

/// The places are those of Linux's `struct tcp_info`, which only ever grows at its end.
fn measure(socket: BorrowedFd<'_>) -> Option<Measured> {
    let mut info = [0; 104];
    let length = sockopt::get(socket, libc::TCP_INFO, &mut info).ok()?;
    let info = &info[..length];
    let at = |place: usize| Some(u32::from_ne_bytes(*info.get(place..)?.first_chunk()?));
    Some(Measured {
        unacked: at(24)?,
        sacked: at(28)?,
        lost: at(32)?,
        retransmitted: at(36)?,
        forward_acked: at(40)?,
        rtt: at(68)?,
        rtt_variance: at(72)?,
        reordering: at(88)?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::{TcpListener, TcpStream};

    #[test]
    fn a_connection_is_measured_and_its_first_packet_kept() {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        keep_first_packets(&listener, 1).expect("the system can keep them");
        let client = TcpStream::connect(listener.local_addr().expect("it is bound")).expect("it listens");
        let (server, _) = listener.accept().expect("a client came");
        let measured = measure(client.as_fd()).expect("it is TCP");
        assert!(measured.rtt > 0 && measured.reordering > 0, "{measured:?}");
        let packet = first_packet(server.as_fd()).expect("it was kept");
        assert_eq!((packet[0] >> 4, packet[9]), (4, 6), "IPv4 with TCP in it");
    }

    #[test]
    fn what_is_not_tcp_is_not_measured() {
        let (one, _other) = std::os::unix::net::UnixStream::pair().expect("a pair");
        assert_eq!(measure(one.as_fd()), None);
    }
}
