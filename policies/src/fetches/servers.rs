//! Fetches of the state of servers.

use std::sync::Arc;

use portero_api::{BadArg, Oper, Sample, SampleType::*, ServerState, clock};

use super::proxies::free_of;
use super::{Made, by, int, row};
use crate::vocabulary::{Args, FetchKind, Needs::*};

pub(super) static ROWS: &[FetchKind] = &[
    row("srv_name", &[], (0, 0), Str, Server, "the name of the server", |_| {
        by(|x| x.server.as_ref().map(|s| Sample::str(&*s.name)))
    }),
    row("srv_id", &[], (0, 0), Int, Server, "the number of the server in its backend", |_| {
        by(|x| x.server.as_ref().map(|s| int(s.id())))
    }),
    row("srv_conn", &[], (1, 1), Int, Nothing, "sessions in flight at a server", |a| {
        number(a, |s| i64::from(s.sessions.now()))
    }),
    row("srv_conn_free", &[], (1, 1), Int, Nothing, "free sessions of a server, or -1", |a| {
        number(a, free_of)
    }),
    row("srv_is_up", &[], (1, 1), Bool, Nothing, "whether a server is up", |a| {
        let server = named(a)?;
        by(move |_| Some(Sample::Bool(is_up(&server))))
    }),
    row("srv_queue", &[], (1, 1), Int, Nothing, "requests waiting for a server", |a| {
        number(a, |s| i64::from(s.queue.now()))
    }),
    row("srv_sess_rate", &[], (1, 1), Int, Nothing, "sessions per second of a server", |a| {
        number(a, |s| s.rate.per_second(clock::now()) as i64)
    }),
    row("srv_weight", &[], (1, 1), Int, Nothing, "the weight of a server now", |a| {
        number(a, |s| i64::from(s.weight()))
    }),
    row("srv_iweight", &[], (1, 1), Int, Nothing, "the weight of a server in the configuration", |a| {
        number(a, |s| i64::from(s.initial_weight()))
    }),
    row("srv_uweight", &[], (1, 1), Int, Nothing, "the weight of a server as the user sees it", |a| {
        number(a, |s| i64::from(s.weight()))
    }),
];

fn number(args: &Args<'_>, of: fn(&ServerState) -> i64) -> Made {
    let server = named(args)?;
    by(move |_| Some(Sample::Int(of(&server))))
}

/// Up and not taken out by the operator.
pub(crate) fn is_up(server: &ServerState) -> bool {
    server.oper() != Oper::Down && server.admin() != portero_api::Admin::Maint
}

/// The server that `[backend/]server` names.
fn named(args: &Args<'_>) -> Result<Arc<ServerState>, BadArg> {
    let text = args.required(0, "a server")?;
    let (backend, name) = text.split_once('/').unwrap_or((args.context.proxy, text));
    let proxy = args
        .context
        .directory
        .proxy(backend, true)
        .ok_or_else(|| BadArg::at(0, format!("there is no backend '{backend}'")))?;
    let server = proxy.servers().iter().find(|s| *s.name == *name).cloned();
    server.ok_or_else(|| BadArg::at(0, format!("there is no server '{name}' in backend '{backend}'")))
}
