//! Bytes both ways without looking at them: after an upgrade, after CONNECT, and in TCP mode.

use std::future::poll_fn;
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use portero_api::{Direction, Timeout, clock};

use super::filters::{self, Stop, Through};
use super::flow::Flow;
use super::upstream::Upstream;
use super::{Client, Fail, Fault, Road, phase};
use crate::net::{Buffer, Deadline, Stream};

/// How a tunnel ended.
#[derive(Debug)]
pub enum End {
    /// Both sides closed, or one broke after the other had closed.
    Done,
    /// The client broke.
    Client,
    /// The server broke.
    Server,
    /// Nothing moved for too long; true when the client was waited for.
    Idle(bool),
    /// A filter lets it go no further, in this direction.
    Filter(Stop, Direction),
}

/// The times of a tunnel.
#[derive(Clone, Copy, Debug)]
pub struct Times {
    /// The longest silence of the client, then of the server.
    pub idle: (Option<Duration>, Option<Duration>),
    /// The same once the other side has closed (`client-fin`, `server-fin`).
    pub half_closed: (Option<Duration>, Option<Duration>),
    /// What is sent to a side does not count as its sign of life (`option independent-streams`).
    pub independent: (bool, bool),
}

/// Moves what can be moved at once from one side to the other.
pub fn push_once(cx: &mut Context<'_>, (from, buffer): (&Stream, &mut Buffer), to: &Stream) {
    // how it went is found out by the tunnel that follows
    let _ = Flow::default().straight(cx, (from, buffer), to);
}

/// Moves bytes until both sides have closed. Gives back the bytes from the client and from the server.
pub async fn relay(
    client: (&Stream, &mut Buffer, &mut Deadline),
    server: (&Stream, &mut Buffer, &mut Deadline),
    times: Times,
    (up, down): (Flow, Flow),
    (filters, ex): Through<'_>,
) -> (End, u64, u64) {
    let (client, client_buffer, client_deadline) = client;
    let (server, server_buffer, server_deadline) = server;
    let (mut up, mut down) = (up, down);
    up.moved = client_buffer.len() as u64;
    down.moved = server_buffer.len() as u64;
    let mut seen = (0, 0);
    let (mut client_since, mut server_since) = (clock::now(), clock::now());
    let end = poll_fn(|cx| {
        let sent = up.poll(cx, (client, client_buffer), server, (filters, ex));
        let received = down.poll(cx, (server, server_buffer), client, (filters, ex));
        let broken = match (sent, received) {
            (Poll::Ready(Ok(())), Poll::Ready(Ok(()))) => Some(End::Done),
            (Poll::Ready(Err(broken)), _) => Some(broken.end(End::Client, End::Server)),
            (_, Poll::Ready(Err(broken))) => Some(broken.end(End::Server, End::Client)),
            _ => None,
        };
        if let Some(end) = broken {
            return Poll::Ready(end);
        }
        client_buffer.rest();
        server_buffer.rest();
        if seen != (up.moved, down.moved) {
            let now = clock::now();
            let (from_client, from_server) = (seen.0 != up.moved, seen.1 != down.moved);
            if from_client || !times.independent.0 {
                client_since = now;
            }
            if from_server || !times.independent.1 {
                server_since = now;
            }
            seen = (up.moved, down.moved);
        }
        if up.held || down.held {
            // who is held back is not idle
            (client_since, server_since) = (clock::now(), clock::now());
        }
        let idle = |since: Instant, usual: Option<Duration>, fin: Option<Duration>, half: bool| {
            (if half { fin.or(usual) } else { usual }).map(|t| since + t)
        };
        let at = idle(client_since, times.idle.0, times.half_closed.0, down.closing);
        if client_deadline.poll(at, cx).is_ready() {
            return Poll::Ready(End::Idle(true));
        }
        let at = idle(server_since, times.idle.1, times.half_closed.1, up.closing);
        server_deadline.poll(at, cx).map(|()| End::Idle(false))
    })
    .await;
    (end, up.moved, down.moved)
}

/// The tunnel that an upgraded exchange becomes; its response head is still to be written.
pub async fn run(road: &mut Road<'_>, up: &mut Upstream) -> Result<(), Fail> {
    let head = road.client.lead.before().len() as u64;
    super::forward::write_lead(road.client, road.time(Timeout::Client))
        .await
        .map_err(|_| Fail::silent(b'C', phase::DATA, Fault::ClientAbort))?;
    let (client, server) = (&road.fe.conf.timeouts, &road.be.conf.timeouts);
    let tunnel = road.time(Timeout::Tunnel);
    let times = Times {
        idle: (tunnel.or(road.time(Timeout::Client)), tunnel.or(road.time(Timeout::Server))),
        half_closed: (client.client_fin, server.server_fin),
        independent: (road.fe.conf.options.independent_streams, road.be.conf.options.independent_streams),
    };
    if let Some(filters) = &mut road.filters {
        filters.become_tunnel();
    }
    let flows = (Flow::new(road, Direction::Request), Flow::new(road, Direction::Response));
    let Client { stream, buffer, deadline, .. } = &mut *road.client;
    let waiting = up.buffer.len() as u64;
    let there = (&up.stream, &mut up.buffer, &mut *road.server_deadline);
    let through = (&mut road.filters, &mut *road.ex);
    let (end, sent, received) = relay((stream, buffer, deadline), there, times, flows, through).await;
    up.sent += sent;
    up.received += received - waiting;
    road.ex.log.bytes_in += sent;
    road.ex.log.bytes_out += head + received;
    road.keep_alive = false;
    match end {
        End::Done => Ok(()),
        End::Client => Err(Fail::silent(b'C', phase::DATA, Fault::ClientAbort)),
        End::Server => Err(Fail::silent(b'S', phase::DATA, Fault::ServerAbort)),
        End::Filter(stop, at) => Err(filters::stopped(stop, at, phase::DATA, true)),
        End::Idle(true) => Err(Fail::silent(b'c', phase::DATA, Fault::ClientAbort)),
        End::Idle(false) => Err(Fail::silent(b's', phase::DATA, Fault::ServerAbort)),
    }
}
