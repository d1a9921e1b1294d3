//! Actions on the addresses of a connection: set-src, set-src-port, set-dst, set-dst-port.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use portero_api::{Action, Answer, Exchange, Sample, SampleType};
use portero_grammar::rules::Family::{self, *};

use super::{ActionKind, Made};
use crate::Expr;
use crate::actions::words::Words;

const FAMILIES: &[Family] = &[TcpRequestConnection, TcpRequestSession, TcpRequestContent, HttpRequest];

pub(super) static ROWS: &[ActionKind] = &[
    row("set-src", "replace the client's address, keep its port", |words| make(words, End::Src, Part::Ip)),
    row("set-src-port", "replace the client's port", |words| make(words, End::Src, Part::Port)),
    row("set-dst", "replace the address the client connected to, keep its port", |words| {
        make(words, End::Dst, Part::Ip)
    }),
    row("set-dst-port", "replace the port the client connected to", |words| {
        make(words, End::Dst, Part::Port)
    }),
];

const fn row(name: &'static str, summary: &'static str, make: fn(&mut Words<'_, '_>) -> Made) -> ActionKind {
    ActionKind { name, families: FAMILIES, syntax: "<expr>", summary, ends: false, make }
}

#[derive(Clone, Copy)]
enum End {
    Src,
    Dst,
}

#[derive(Clone, Copy)]
enum Part {
    Ip,
    Port,
}

struct SetAddress {
    end: End,
    part: Part,
    expr: Expr,
}

impl Action for SetAddress {
    fn run(&self, exchange: &mut Exchange) -> Answer {
        let old = match self.end {
            End::Src => exchange.conn.src,
            End::Dst => exchange.conn.dst,
        };
        let new = match self.part {
            Part::Ip => match self.expr.get_as(exchange, SampleType::Ip) {
                Some(Sample::Ip(ip)) => SocketAddr::new(ip, old.map_or(0, |a| a.port())),
                _ => return Answer::Continue,
            },
            Part::Port => match self.expr.int(exchange).and_then(|port| u16::try_from(port).ok()) {
                Some(port) => {
                    SocketAddr::new(old.map_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED), |a| a.ip()), port)
                }
                None => return Answer::Continue,
            },
        };
        match self.end {
            End::Src => exchange.conn.src = Some(new),
            End::Dst => exchange.conn.dst = Some(new),
        }
        Answer::Continue
    }
}

fn make(words: &mut Words<'_, '_>, end: End, part: Part) -> Made {
    let expr = words.expr()?;
    Ok(Box::new(SetAddress { end, part, expr }))
}
