//! What binds a client's connection to servers: connections that no other client may use.

use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use portero_api::{Response, ServerState};

use crate::pool::{Aim, Pooled};
use crate::snapshot::Server;

/// What a client has of servers. Most have nothing, and then it takes no more than a pointer's room.
#[derive(Debug, Default)]
pub struct Bonds(Option<Box<Held>>);

#[derive(Debug, Default)]
struct Held {
    /// Idle connections that belong to this client: `http-reuse never`, or an authentication that holds for the
    /// connection (NTLM, Negotiate).
    bound: Vec<(Rc<Server>, Pooled)>,
    last: Option<Rc<Server>>,
}

/// How many a client may have; the oldest is closed for another (HAProxy manual, `max-session-srv-conns`).
const MOST: usize = 5;

impl Bonds {
    /// The connection to a server, if there is one that is fit for another request and, when `newest` says so, was in
    /// use as lately as that.
    pub fn take(&mut self, server: &Server, aim: Aim, newest: Option<Duration>) -> Option<Pooled> {
        let bound = &mut self.0.as_mut()?.bound;
        let leads_there =
            |(own, p): &(Rc<Server>, Pooled)| Arc::ptr_eq(&own.state, &server.state) && p.aim.to == aim.to;
        let (_, pooled) = bound.remove(bound.iter().rposition(leads_there)?);
        pooled.is_fit(aim, newest).then_some(pooled)
    }

    /// Keeps a connection for the client's next request.
    pub fn keep(&mut self, server: Rc<Server>, pooled: Pooled) {
        let bound = &mut self.0.get_or_insert_default().bound;
        if bound.len() == MOST {
            bound.remove(0);
        }
        bound.push((server, pooled));
    }

    /// Notes the server of the last exchange, for `option prefer-last-server`.
    pub fn note(&mut self, server: &Rc<Server>) {
        self.0.get_or_insert_default().last = Some(server.clone());
    }

    /// The server that the client was with last, if a connection to it is held: an own one, or any one when `preferred`.
    pub fn last(&self, preferred: bool) -> Option<&Arc<ServerState>> {
        let held = self.0.as_ref()?;
        let own = held.bound.last().map(|(server, _)| server);
        let pooled = || held.last.as_ref().filter(|server| preferred && !server.pool.is_empty());
        own.or_else(pooled).map(|server| &server.state)
    }
}

/// True when a response begins an authentication that holds for the connection and not for a request (RFC 4559): the
/// connection must then never carry another client's request.
pub fn are_asked_for(response: &Response) -> bool {
    let field: &[u8] = match response.status {
        401 => b"www-authenticate",
        407 => b"proxy-authenticate",
        _ => return false,
    };
    let schemes = [&b"NTLM"[..], b"Negotiate"];
    let named = |value: &[u8]| {
        schemes.iter().any(|s| value.get(..s.len()).is_some_and(|begin| begin.eq_ignore_ascii_case(s)))
    };
    response.headers.all(field).any(named)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asks(status: u16, field: &str, value: &str) -> bool {
        let mut response = Response { status, ..Response::default() };
        response.headers.add(field.as_bytes(), value.as_bytes());
        are_asked_for(&response)
    }

    #[test]
    fn only_authentications_of_connections_bind() {
        assert!(asks(401, "WWW-Authenticate", "NTLM"));
        assert!(asks(407, "Proxy-Authenticate", "negotiate abc"));
        assert!(!asks(401, "WWW-Authenticate", "Basic realm=NTLM"));
        assert!(!asks(200, "WWW-Authenticate", "NTLM"));
    }
}
