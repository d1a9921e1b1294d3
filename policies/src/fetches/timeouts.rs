//! Fetches of time-outs in milliseconds (0: none), of tries, and of the place in queues: as configured (`be_`, `fe_`) and
//! as rules have left them (`cur_`).

use portero_api::{Exchange, Sample, SampleType::Int, Timeout};

use super::{Made, by, int, row};
use crate::vocabulary::{FetchKind, Needs};

pub(super) static ROWS: &[FetchKind] = &[
    row("fe_client_timeout", &[], (0, 0), Int, Needs::Connection, "'timeout client' of the frontend", |_| {
        of_frontend(Timeout::Client)
    }),
    row("fe_tarpit_timeout", &[], (0, 0), Int, Needs::Connection, "'timeout tarpit' of the frontend", |_| {
        of_frontend(Timeout::Tarpit)
    }),
    row("be_connect_timeout", &[], (0, 0), Int, Needs::Nothing, "'timeout connect' of the backend", |_| {
        of_backend(Timeout::Connect)
    }),
    row("be_queue_timeout", &[], (0, 0), Int, Needs::Nothing, "'timeout queue' of the backend", |_| {
        of_backend(Timeout::Queue)
    }),
    row("be_server_timeout", &[], (0, 0), Int, Needs::Nothing, "'timeout server' of the backend", |_| {
        of_backend(Timeout::Server)
    }),
    row("be_tarpit_timeout", &[], (0, 0), Int, Needs::Nothing, "'timeout tarpit' of the backend", |_| {
        of_backend(Timeout::Tarpit)
    }),
    row("be_tunnel_timeout", &[], (0, 0), Int, Needs::Nothing, "'timeout tunnel' of the backend", |_| {
        of_backend(Timeout::Tunnel)
    }),
    row(
        "cur_client_timeout",
        &[],
        (0, 0),
        Int,
        Needs::Connection,
        "'timeout client' as rules left it",
        |_| current(Timeout::Client),
    ),
    row(
        "cur_connect_timeout",
        &[],
        (0, 0),
        Int,
        Needs::Connection,
        "'timeout connect' as rules left it",
        |_| current(Timeout::Connect),
    ),
    row("cur_queue_timeout", &[], (0, 0), Int, Needs::Connection, "'timeout queue' as rules left it", |_| {
        current(Timeout::Queue)
    }),
    row(
        "cur_server_timeout",
        &[],
        (0, 0),
        Int,
        Needs::Connection,
        "'timeout server' as rules left it",
        |_| current(Timeout::Server),
    ),
    row(
        "cur_tarpit_timeout",
        &[],
        (0, 0),
        Int,
        Needs::Connection,
        "'timeout tarpit' as rules left it",
        |_| current(Timeout::Tarpit),
    ),
    row(
        "cur_tunnel_timeout",
        &[],
        (0, 0),
        Int,
        Needs::Connection,
        "'timeout tunnel' as rules left it",
        |_| current(Timeout::Tunnel),
    ),
    row("be_max_retries", &[], (0, 0), Int, Needs::Nothing, "'retries' of the backend", |_| {
        by(|x| Some(int(x.proxy().retries())))
    }),
    row("cur_max_retries", &[], (0, 0), Int, Needs::Connection, "'retries' as rules left it", |_| {
        by(|x| Some(int(x.tuning.as_ref().and_then(|t| t.retries).unwrap_or_else(|| x.proxy().retries()))))
    }),
    row("prio_class", &[], (0, 0), Int, Needs::Connection, "the class of the request in queues", |_| {
        by(|x| Some(int(x.tuning.as_ref().map_or(0, |t| t.priority.class))))
    }),
    row(
        "prio_offset",
        &[],
        (0, 0),
        Int,
        Needs::Connection,
        "how many milliseconds later the request queues",
        |_| by(|x| Some(int(x.tuning.as_ref().map_or(0, |t| t.priority.offset)))),
    ),
];

fn of_frontend(which: Timeout) -> Made {
    by(move |x: &Exchange| Some(millis(x.conn.frontend.timeout(which))))
}

fn of_backend(which: Timeout) -> Made {
    by(move |x: &Exchange| Some(millis(x.proxy().timeout(which))))
}

fn current(which: Timeout) -> Made {
    by(move |x: &Exchange| Some(millis(x.timeout(which))))
}

fn millis(time: Option<std::time::Duration>) -> Sample<'static> {
    int(time.map_or(0, |time| time.as_millis()))
}
