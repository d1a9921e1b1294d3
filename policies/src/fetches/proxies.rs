//! Fetches of the state of frontends and backends.

use std::sync::Arc;

use portero_api::{BadArg, ProxyState, Sample, SampleType::*, ServerState, clock};

use super::{Made, by, int, row};
use crate::vocabulary::{Args, FetchKind, Needs::*};

pub(super) static ROWS: &[FetchKind] = &[
    row("fe_name", &[], (0, 0), Str, Connection, "the name of the frontend", |_| {
        by(|x| Some(Sample::str(&*x.conn.frontend.name)))
    }),
    row("fe_id", &[], (0, 0), Int, Connection, "the number of the frontend", |_| {
        by(|x| Some(int(x.conn.frontend.id())))
    }),
    row("fe_conn", &[], (0, 1), Int, Nothing, "connections of a frontend", |a| {
        front(a, |p| i64::from(p.front_sessions.now()))
    }),
    row("fe_sess_rate", &[], (0, 1), Int, Nothing, "sessions per second of a frontend", |a| {
        front(a, |p| p.session_rate.per_second(clock::now()) as i64)
    }),
    row("fe_req_rate", &[], (0, 1), Int, Nothing, "HTTP requests per second of a frontend", |a| {
        front(a, |p| p.request_rate.per_second(clock::now()) as i64)
    }),
    row(
        "be_name",
        &[],
        (0, 0),
        Str,
        Nothing,
        "the name of the backend, of the frontend while none is chosen",
        |_| by(|x| Some(Sample::str(&*x.proxy().name))),
    ),
    row(
        "be_id",
        &[],
        (0, 0),
        Int,
        Nothing,
        "the number of the backend, of the frontend while none is chosen",
        |_| by(|x| Some(int(x.proxy().id()))),
    ),
    row("be_conn", &[], (0, 1), Int, Nothing, "connections of a backend", |a| {
        back(a, |p| i64::from(p.back_sessions.now()))
    }),
    row(
        "be_conn_free",
        &[],
        (0, 1),
        Int,
        Nothing,
        "free connections over a backend's usable servers, or -1",
        |a| back(a, free_connections),
    ),
    row("be_sess_rate", &[], (0, 1), Int, Nothing, "sessions per second of a backend", |a| {
        back(a, |p| p.back_rate.per_second(clock::now()) as i64)
    }),
    row("nbsrv", &[], (0, 1), Int, Nothing, "usable servers of a backend", |a| {
        back(a, |p| p.usable_servers() as i64)
    }),
    row(
        "connslots",
        &[],
        (0, 1),
        Int,
        Nothing,
        "free sessions and queue places over a backend's servers, or -1",
        |a| back(a, slots),
    ),
    row("fe_defbe", &[], (0, 0), Str, Connection, "the default backend of the frontend", |_| {
        by(|x| {
            let name = x.conn.frontend.default_backend();
            (!name.is_empty()).then(|| Sample::text(name.as_bytes()))
        })
    }),
    row("queue", &[], (0, 1), Int, Nothing, "requests waiting in a backend, its servers included", |a| {
        back(a, queued)
    }),
    row(
        "avg_queue",
        &[],
        (0, 1),
        Int,
        Nothing,
        "requests waiting in a backend for each usable server",
        |a| back(a, average_queue),
    ),
];

fn front(args: &Args<'_>, of: fn(&ProxyState) -> i64) -> Made {
    let proxy = named(args, false)?;
    by(move |_| Some(Sample::Int(of(&proxy))))
}

fn back(args: &Args<'_>, of: fn(&ProxyState) -> i64) -> Made {
    let proxy = named(args, true)?;
    by(move |_| Some(Sample::Int(of(&proxy))))
}

/// The proxy that the first argument names, or the one that the rule stands in.
fn named(args: &Args<'_>, back: bool) -> Result<Arc<ProxyState>, BadArg> {
    let side = if back { "backend" } else { "frontend" };
    match args.text(0) {
        Some(name) => args
            .context
            .directory
            .proxy(name, back)
            .ok_or_else(|| BadArg::at(0, format!("there is no {side} '{name}'"))),
        None => args.context.directory.proxy(args.context.proxy, back).ok_or_else(|| {
            BadArg::new(format!("the name of a {side} is needed: '{}' is none itself", args.context.proxy))
        }),
    }
}

fn queued(proxy: &ProxyState) -> i64 {
    let at_servers: i64 = proxy.servers().iter().map(|s| i64::from(s.queue.now())).sum();
    i64::from(proxy.queue.now()) + at_servers
}

/// With no usable server, twice the queue: one is expected back soon.
fn average_queue(proxy: &ProxyState) -> i64 {
    match proxy.usable_servers() as i64 {
        0 => queued(proxy) * 2,
        servers => (queued(proxy) + servers - 1) / servers,
    }
}

/// -1 where a server has no limit of either kind.
fn slots(proxy: &ProxyState) -> i64 {
    let of = |server: &ServerState| {
        let (sessions, queue) = (i64::from(server.max_sessions()), i64::from(server.max_queue()));
        let used = i64::from(server.sessions.now()) + i64::from(server.queue.now());
        (sessions > 0 && queue > 0).then_some((sessions + queue - used).max(0))
    };
    let servers = proxy.servers();
    servers.iter().filter(|s| s.usable()).try_fold(0, |sum, s| Some(sum + of(s)?)).unwrap_or(-1)
}

fn free_connections(proxy: &ProxyState) -> i64 {
    let servers = proxy.servers();
    let backup = !servers.iter().any(|s| !s.is_backup() && s.usable());
    let places = servers.iter().filter(|s| s.is_backup() == backup && s.usable()).map(|s| free_of(s));
    places.reduce(|sum, free| if sum < 0 || free < 0 { -1 } else { sum + free }).unwrap_or(0)
}

/// Free places of a server; -1 when it has no limit.
pub(super) fn free_of(server: &ServerState) -> i64 {
    match i64::from(server.max_sessions()) {
        0 => -1,
        max => (max - i64::from(server.sessions.now()) - i64::from(server.queue.now())).max(0),
    }
}
