//! HTTP/1.0 and 1.1 as bytes: heads and bodies read strictly, heads and chunks written anew (RFC 9112).
//!
//! Nothing here knows a socket. [`request`] and [`response`] read a head once it is whole and decide its framing,
//! [`BodyReader`] takes the transfer coding from what follows, [`request_head`], [`response_head`] and the chunk
//! writers put the parsed form on the wire again. What the two sides of the proxy might understand differently is
//! refused; where the RFC leaves a choice HAProxy's is taken if its regression tests show one, else the stricter.
//! In the steady state of a connection nothing here allocates.

mod body;
mod fields;
mod head;
mod host;
mod reason;
mod request;
mod response;
#[cfg(test)]
mod tests;
mod trailers;
mod usual;
mod write;

use std::fmt;

pub use body::{BadBody, BodyReader, Step};
pub use head::Scan;
pub use reason::reason;
pub use request::request;
pub use response::response;
pub use write::{Connection, chunk, chunk_head, last_chunk, request_head, response_head};

/// What a head may be.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Bytes of a whole head, empty lines in front included (`tune.bufsize` less `tune.maxrewrite`).
    pub head: usize,
    /// Fields of a head (`tune.http.maxhdr`).
    pub fields: usize,
    /// `option accept-unsafe-violations-in-http-request` (or `-response`), as far as a head can be understood in one
    /// way only: a field whose name is no token is dropped; a target may hold a fragment and UTF-8; the authority of
    /// the target, Host and the WebSocket keys are not compared or asked for; lines may end in LF alone.
    pub unsafe_ok: bool,
    /// `h1-accept-payload-with-any-method`: GET, HEAD and DELETE may have a body in HTTP/1.0.
    pub any_payload: bool,
}

impl Default for Limits {
    fn default() -> Limits {
        Limits { head: 15_360, fields: 101, unsafe_ok: false, any_payload: false }
    }
}

/// What a head says beside the message itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Head {
    /// Bytes that the head took from the input, empty lines in front included.
    pub len: usize,
    /// The peer lets the connection live after this message: version and Connection (RFC 9112, 9.3).
    pub keep_alive: bool,
    /// The framing could be read in two ways (Transfer-Encoding beside Content-Length, or in HTTP/1.0): the message is
    /// good in the one way that the RFC prescribes, and both connections must end after it (RFC 9112, 6.1 and 6.3).
    pub suspect: bool,
    /// Connection names `upgrade` and Upgrade offers something else than HTTP/2.
    pub upgrade: bool,
    /// The client waits for `100 Continue` before it sends the body (RFC 9110, 10.1.1).
    pub expects_continue: bool,
}

/// Why a request is refused. The connection cannot be used after it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// The status to answer with.
    pub status: u16,
    /// The reason, for the log.
    pub why: &'static str,
}

/// Why a response is of no use (502). The connection cannot be used after it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BadResponse {
    /// The reason, for the log.
    pub why: &'static str,
}

impl Refusal {
    const fn bad(why: &'static str) -> Refusal {
        Refusal { status: 400, why }
    }
}

impl From<Refusal> for BadResponse {
    fn from(refusal: Refusal) -> BadResponse {
        BadResponse { why: refusal.why }
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({})", self.why, self.status)
    }
}

impl fmt::Display for BadResponse {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.why)
    }
}

impl std::error::Error for Refusal {}
impl std::error::Error for BadResponse {}
