//! Why an exchange ends before its time: whose fault it is, what the client is told, whether another try is safe.

use std::io;

use portero_api::{Close, ConnError, Reply};
use rustix::io::Errno;

use crate::health::Ended;

/// The end of the straight road. The outer road turns it into a reply and a line in the log.
#[derive(Debug)]
pub struct Fail {
    /// What the client is told.
    pub answer: Tell,
    /// What ended it, for the log: the first letter of the termination state.
    pub cause: u8,
    /// Where it was: the second letter.
    pub phase: u8,
    /// Whose fault it was, for the counters.
    pub fault: Fault,
    /// Whether another try is safe.
    pub retry: Retry,
    /// Why there is no connection to the server, where that is the failure.
    pub connection: Option<ConnError>,
}

/// Whether another try is safe: the server has certainly not acted on the request, or may act on it twice without harm.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Retry {
    /// It is not.
    No,
    /// It is, and the server is to blame.
    Yes,
    /// It is, and only the connection is to blame: it had waited idle, and the server has closed it meanwhile.
    Stale,
}

/// What the client is told.
#[derive(Debug)]
pub enum Tell {
    /// This reply.
    Reply(Reply),
    /// Nothing: the response is under way already, or the client has gone.
    Nothing,
    /// Nothing, and the connection ends as a rule said.
    Close(Close),
}

/// Whose fault a failure was.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// A rule refused the request.
    DeniedRequest,
    /// A rule refused the response.
    DeniedResponse,
    /// A rule could not do its work.
    Internal,
    /// A rule or a service gave the answer: nobody's fault.
    Intercepted,
    /// The client sent nonsense, or was too slow.
    BadRequest,
    /// The client left.
    ClientAbort,
    /// The server could not be reached.
    Connect,
    /// The server sent nonsense, or was too slow.
    BadResponse,
    /// The server left in the middle of a response.
    ServerAbort,
}

/// The phases of an exchange, as the second letter of the termination state names them.
pub mod phase {
    #![allow(missing_docs)]
    pub const REQUEST: u8 = b'R';
    pub const QUEUE: u8 = b'Q';
    pub const CONNECT: u8 = b'C';
    pub const HEADERS: u8 = b'H';
    pub const DATA: u8 = b'D';
    pub const TARPIT: u8 = b'T';
}

impl Fail {
    /// A failure that ends with the error page of a status.
    pub fn status(status: u16, cause: u8, phase: u8, fault: Fault) -> Fail {
        Fail {
            answer: Tell::Reply(Reply::Status(status)),
            cause,
            phase,
            fault,
            retry: Retry::No,
            connection: None,
        }
    }

    /// A failure that the client is told nothing of.
    pub fn silent(cause: u8, phase: u8, fault: Fault) -> Fail {
        Fail { answer: Tell::Nothing, cause, phase, fault, retry: Retry::No, connection: None }
    }

    /// The end of all sessions with the server (`on-marked-down shutdown-sessions`, the operator's word).
    pub fn ended(why: Ended, response_begun: bool) -> Fail {
        match response_begun {
            true => Fail::silent(why as u8, phase::DATA, Fault::ServerAbort),
            false => Fail::status(503, why as u8, phase::HEADERS, Fault::ServerAbort),
        }
    }

    /// A reply that a rule or a service gave.
    pub fn reply(reply: Reply, cause: u8, phase: u8, fault: Fault) -> Fail {
        Fail { answer: Tell::Reply(reply), cause, phase, fault, retry: Retry::No, connection: None }
    }

    /// A service has answered: there is nothing left to be told.
    pub fn served() -> Fail {
        Fail::silent(b'L', phase::REQUEST, Fault::Intercepted)
    }

    /// The end that a rule made of the connection.
    pub fn close(close: Close, phase: u8) -> Fail {
        Fail {
            answer: Tell::Close(close),
            cause: b'P',
            phase,
            fault: Fault::DeniedRequest,
            retry: Retry::No,
            connection: None,
        }
    }

    /// Says that another try is safe.
    pub fn may_retry(mut self, retry: bool) -> Fail {
        self.retry = if retry { Retry::Yes } else { Retry::No };
        self
    }

    /// Says that an idle connection was to blame, and that another try is safe.
    pub fn stale(self) -> Fail {
        Fail { retry: Retry::Stale, ..self }
    }
}

/// What the system says of a connection to a server. An address that is not to be had is one of the configuration
/// (`source`) or one that the system should have found.
pub fn conn_error(error: &io::Error, bound: bool) -> ConnError {
    match Errno::from_io_error(error) {
        Some(Errno::CONNREFUSED) => ConnError::Refused,
        Some(Errno::CONNRESET) => ConnError::Reset,
        Some(Errno::NETUNREACH | Errno::HOSTUNREACH) => ConnError::Unreachable,
        Some(Errno::PIPE) => ConnError::Pipe,
        Some(Errno::MFILE) => ConnError::ProcessSockets,
        Some(Errno::NFILE) => ConnError::SystemSockets,
        Some(Errno::NOBUFS | Errno::NOMEM) => ConnError::Memory,
        Some(Errno::AFNOSUPPORT | Errno::PROTONOSUPPORT) => ConnError::Protocol,
        Some(Errno::ADDRINUSE) => ConnError::AddressInUse,
        Some(Errno::ADDRNOTAVAIL) if bound => ConnError::CannotBind,
        Some(Errno::ADDRNOTAVAIL | Errno::AGAIN) => ConnError::SourcePorts,
        _ => ConnError::Socket,
    }
}
