//! A connection for a request: one that is bound to the client, an idle one, or a new one.

use std::future::poll_fn;
use std::rc::Rc;
use std::task::Poll;
use std::time::Duration;

use portero_api::clock;

use portero_api::Timeout;

use super::abort::{self, Watch};
use super::upstream::{Upstream, aim, from_now};
use super::{Client, Fail, Fault, Road, filters, phase};
use crate::config::checked::Reuse;
use crate::health::Seen;
use crate::net::server_socket;
use crate::snapshot::Server;

/// A body that is still coming cannot be sent a second time: only a connection that was in use as lately as this is
/// taken for it, for the server has hardly closed it meanwhile.
const FRESH: Duration = Duration::from_secs(1);

/// A connection that can carry the request of the exchange.
pub async fn for_request(road: &mut Road<'_>, server: &Rc<Server>) -> Result<Upstream, Fail> {
    let whole = filters::has_whole_request(road);
    let newest = if whole { None } else { Some(FRESH) };
    if road.ex.log.retries == 0 && !is_marked(road) {
        let buffers = &road.worker.buffers;
        let aim = aim(server, road.ex);
        let bound = road.client.bonds.take(server, aim, newest);
        let found = match bound {
            Some(bound) => Some(Upstream::bound(server, bound, buffers)),
            None if may_share(road, server) => Upstream::pooled(server, aim, newest, buffers),
            None => None,
        };
        if let Some(up) = found {
            road.ex.log.timers.connected = Some(road.now);
            note_addresses(road, &up);
            return Ok(up);
        }
    }
    dial(road, server).await
}

/// Whether rules have marked the packets to the server: that is for a connection of the request's own.
fn is_marked(road: &Road<'_>) -> bool {
    road.ex.tuning.as_ref().is_some_and(|tuning| !tuning.server_packets.is_plain())
}

/// Whether an idle connection that others have used may carry this request: the first one of a client gets its own
/// unless told otherwise (`http-reuse safe`).
fn may_share(road: &Road<'_>, server: &Server) -> bool {
    let policy = match road.be.conf.reuse {
        Reuse::Never => false,
        Reuse::Safe => road.ex.conn.requests > 1,
        Reuse::Aggressive | Reuse::Always => true,
    };
    policy && server.conf.source.is_none()
}

/// What becomes of a connection behind its exchange: it stays with the client where no other may use it, else it goes
/// to the pool or is closed.
pub fn leave(road: &mut Road<'_>, up: Upstream, reusable: bool) {
    let buffers = &road.worker.buffers;
    if road.be.conf.options.prefer_last_server {
        road.client.bonds.note(up.server());
    }
    if reusable && (up.private || road.be.conf.reuse == Reuse::Never) {
        let server = up.server().clone();
        if let Some(bound) = up.unbind(road.now, buffers) {
            road.client.bonds.keep(server, bound);
        }
        return;
    }
    up.release(reusable, road.now, buffers);
}

/// A new connection to a server, within the connect time.
pub async fn dial(road: &mut Road<'_>, server: &Rc<Server>) -> Result<Upstream, Fail> {
    let until = from_now(road.time(Timeout::Connect));
    let on = abort::is_watched(road);
    road.client.buffer.rest();
    let worker = road.worker;
    let up = {
        let mut dial = std::pin::pin!(Upstream::dial(worker, server, road.ex));
        let deadline = &mut *road.server_deadline;
        let Client { stream, buffer, .. } = &mut *road.client;
        let mut watch = Watch::new(stream, buffer, on);
        poll_fn(|cx| {
            if let Poll::Ready(up) = dial.as_mut().poll(cx) {
                return Poll::Ready(up);
            }
            if watch.poll(cx).is_ready() {
                return Poll::Ready(Err(abort::left(phase::CONNECT)));
            }
            let late = || Fail::status(503, b's', phase::CONNECT, Fault::Connect).may_retry(true);
            deadline.poll(until, cx).map(|()| Err(late()))
        })
        .await
    };
    let up = up.inspect_err(|fail| road.ex.log.server_error = fail.connection)?;
    server.saw(Seen::Connected);
    if road.be.conf.options.server_keepalive {
        up.stream.keep_alive();
    }
    if road.be.conf.options.nolinger {
        up.stream.reset_on_close();
    }
    road.now = clock::now();
    road.ex.log.timers.connected = Some(road.now);
    note_addresses(road, &up);
    Ok(up)
}

/// Notes what is to be known of the connection: its ends and the socket itself only where something looks at them.
fn note_addresses(road: &mut Road<'_>, up: &Upstream) {
    road.ex.log.reused = up.reused;
    road.ex.log.server_error = None;
    if road.fe.uses.sockets {
        road.ex.sockets.server = server_socket(&up.stream);
    }
    if road.fe.uses.addresses {
        let log = &mut road.ex.log;
        (log.server_source, log.server_address) = up.ends();
    }
}
