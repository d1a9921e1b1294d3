//! What the system knows of the sockets of an exchange, asked for only where something looks at it.

use std::fmt::Debug;
use std::rc::Rc;

/// The sockets of an exchange; none where nothing in the configuration asks for them.
#[derive(Debug, Default)]
pub struct Sockets {
    /// The client's.
    pub client: Option<Rc<dyn Socket>>,
    /// The server's, once there is a connection.
    pub server: Option<Rc<dyn Socket>>,
}

/// A connected socket, seen from outside.
pub trait Socket: Debug {
    /// Measurements of the connection as they stand now; none where it is not TCP.
    fn measure(&self) -> Option<Measured>;

    /// The packet that the connection began with, where the listening socket keeps it (`tcp-ss`). The system may give it
    /// away once only.
    fn first_packet(&self) -> Option<Vec<u8>>;

    /// Connections that came in through the same listening socket and are there now, itself included; 0 for a connection
    /// to a server.
    fn siblings(&self) -> u32;

    /// What a PROXY protocol header said beside addresses (type, length and value each); empty for a header that said
    /// nothing more, none where there was none.
    fn proxy_values(&self) -> Option<&[u8]>;
}

/// Measurements of a TCP connection, as Linux has them (`struct tcp_info`): times in microseconds, the rest in packets.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[allow(missing_docs)]
pub struct Measured {
    /// The round trip, smoothed.
    pub rtt: u32,
    /// Its variance.
    pub rtt_variance: u32,
    pub unacked: u32,
    pub sacked: u32,
    pub lost: u32,
    pub retransmitted: u32,
    pub forward_acked: u32,
    /// How far packets may be out of order.
    pub reordering: u32,
}
