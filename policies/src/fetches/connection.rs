//! Fetches of the client's connection (HAProxy manual, section 7.3.3).

use std::net::{SocketAddr, UdpSocket};

use portero_api::{ConnError, Exchange, Sample, SampleType::*, Version};

use super::{Made, by, int, request, row};
use crate::vocabulary::{FetchKind, Needs::*};

pub(super) static ROWS: &[FetchKind] = &[
    row("src", &[], (0, 0), Ip, Connection, "the client's address", |_| ip(|x| x.conn.src)),
    row("src_port", &[], (0, 0), Int, Connection, "the client's port", |_| port(|x| x.conn.src)),
    row("src_is_local", &[], (0, 0), Bool, Connection, "whether the client is on this machine", |_| {
        local(|x| x.conn.src)
    }),
    row("dst", &[], (0, 0), Ip, Connection, "the address the client connected to", |_| ip(|x| x.conn.dst)),
    row("dst_port", &[], (0, 0), Int, Connection, "the port the client connected to", |_| {
        port(|x| x.conn.dst)
    }),
    row("dst_is_local", &[], (0, 0), Bool, Connection, "whether that address is of this machine", |_| {
        local(|x| x.conn.dst)
    }),
    row("fc_src", &[], (0, 0), Ip, Connection, "the client's address as the socket knows it", |_| {
        ip(|x| x.conn.peer)
    }),
    row("fc_src_port", &[], (0, 0), Int, Connection, "the client's port as the socket knows it", |_| {
        port(|x| x.conn.peer)
    }),
    row("fc_src_is_local", &[], (0, 0), Bool, Connection, "whether 'fc_src' is of this machine", |_| {
        local(|x| x.conn.peer)
    }),
    row("fc_dst", &[], (0, 0), Ip, Connection, "the address connected to as the socket knows it", |_| {
        ip(|x| x.conn.local)
    }),
    row("fc_dst_port", &[], (0, 0), Int, Connection, "the port connected to as the socket knows it", |_| {
        port(|x| x.conn.local)
    }),
    row("fc_dst_is_local", &[], (0, 0), Bool, Connection, "whether 'fc_dst' is of this machine", |_| {
        local(|x| x.conn.local)
    }),
    row("fc_http_major", &[], (0, 0), Int, Connection, "the major version of HTTP the client speaks", |_| {
        by(|x| request(x).map(|r| major(r.version)))
    }),
    row(
        "internal.strm.is_htx",
        &[],
        (0, 0),
        Bool,
        Connection,
        "whether the exchange is HTTP, not raw TCP",
        |_| by(|x| Some(Sample::Bool(request(x).is_some()))),
    ),
    row("bc_src", &[], (0, 0), Ip, Server, "the address that the proxy connected to the server from", |_| {
        ip(|x| x.log.server_source)
    }),
    row(
        "bc_src_port",
        &[],
        (0, 0),
        Int,
        Server,
        "the port that the proxy connected to the server from",
        |_| port(|x| x.log.server_source),
    ),
    row("bc_dst", &[], (0, 0), Ip, Server, "the address of the server that was connected to", |_| {
        ip(|x| x.log.server_address)
    }),
    row("bc_dst_port", &[], (0, 0), Int, Server, "the port of the server that was connected to", |_| {
        port(|x| x.log.server_address)
    }),
    row(
        "fc_err",
        &[],
        (0, 0),
        Int,
        Connection,
        "why the client's connection failed, as a number; 0: it did not",
        |_| by(|x| Some(int(x.conn.error.code()))),
    ),
    row("fc_err_name", &[], (0, 0), Str, Connection, "the same as a word: PRX_EMPTY", |_| {
        by(|x| Some(Sample::str(x.conn.error.name())))
    }),
    row("fc_err_str", &[], (0, 0), Str, Connection, "the same as a sentence", |_| {
        by(|x| Some(Sample::str(x.conn.error.message())))
    }),
    row("bc_err", &[], (0, 0), Int, Server, "why the connection to the server failed, as a number", |_| {
        by(|x| server_error(x).map(|error| int(error.code())))
    }),
    row("bc_err_name", &[], (0, 0), Str, Server, "the same as a word: EREFUSED", |_| {
        by(|x| server_error(x).map(|error| Sample::str(error.name())))
    }),
    row("bc_err_str", &[], (0, 0), Str, Server, "the same as a sentence", |_| {
        by(|x| server_error(x).map(|error| Sample::str(error.message())))
    }),
    row("so_id", &[], (0, 0), Int, Connection, "the number of the listening socket", |_| {
        by(|x| Some(int(x.conn.listener_id)))
    }),
    row("so_name", &[], (0, 0), Str, Connection, "the name of the listening socket", |_| {
        by(|x| Some(Sample::str(&*x.conn.listener)).filter(|_| !x.conn.listener.is_empty()))
    }),
    row(
        "http_first_req",
        &[],
        (0, 0),
        Bool,
        RequestKept,
        "whether the request is the first of its connection",
        |_| by(|x| Some(Sample::Bool(x.conn.requests <= 1))),
    ),
];

type Of = fn(&Exchange) -> Option<SocketAddr>;

fn ip(of: Of) -> Made {
    by(move |x| of(x).map(|addr| Sample::Ip(addr.ip())))
}

fn port(of: Of) -> Made {
    by(move |x| of(x).map(|addr| int(addr.port())))
}

/// What became of the connection to the server; none where there was none.
fn server_error(x: &Exchange) -> Option<ConnError> {
    x.log.server_error.or(x.log.timers.connected.map(|_| ConnError::None))
}

/// A local address is one that can be bound. Peers on unix sockets are local.
fn local(of: Of) -> Made {
    by(move |x| Some(Sample::Bool(of(x).is_none_or(|addr| UdpSocket::bind((addr.ip(), 0)).is_ok()))))
}

fn major(version: Version) -> Sample<'static> {
    Sample::Int(match version {
        Version::Http10 | Version::Http11 => 1,
        Version::Http2 => 2,
        Version::Http3 => 3,
    })
}
