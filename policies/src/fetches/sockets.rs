//! Fetches that ask the system about a socket, or the PROXY header that it began with (HAProxy manual, section 7.3.3).

use std::ops::ControlFlow;

use portero_api::{BadArg, Exchange, Fetch, Fetched, Measured, NotYet, Sample, SampleType::*, Socket};

use super::{Made, by, int, row};
use crate::vocabulary::{Args, FetchKind, Needs::*};

pub(super) static ROWS: &[FetchKind] = &[
    row("fc_rtt", &[], (0, 1), Int, Connection, "the client's round trip in ms or us", |a| {
        time(a, client, |m| m.rtt)
    }),
    row("fc_rttvar", &[], (0, 1), Int, Connection, "the variance of 'fc_rtt'", |a| {
        time(a, client, |m| m.rtt_variance)
    }),
    row("fc_unacked", &[], (0, 0), Int, Connection, "packets to the client not yet acknowledged", |_| {
        count(|m| m.unacked)
    }),
    row("fc_sacked", &[], (0, 0), Int, Connection, "packets to the client acknowledged out of order", |_| {
        count(|m| m.sacked)
    }),
    row("fc_lost", &[], (0, 0), Int, Connection, "packets to the client taken for lost", |_| {
        count(|m| m.lost)
    }),
    row("fc_retrans", &[], (0, 0), Int, Connection, "packets to the client sent again", |_| {
        count(|m| m.retransmitted)
    }),
    row("fc_fackets", &[], (0, 0), Int, Connection, "packets to the client acknowledged ahead", |_| {
        count(|m| m.forward_acked)
    }),
    row(
        "fc_reordering",
        &[],
        (0, 0),
        Int,
        Connection,
        "how far packets to the client come out of order",
        |_| count(|m| m.reordering),
    ),
    row(
        "fc_saved_syn",
        &[],
        (0, 0),
        Bin,
        Connection,
        "the first packet of the connection ('tcp-ss')",
        |_| by(|x| client(x)?.first_packet().map(Sample::bytes)),
    ),
    row("fc_rcvd_proxy", &[], (0, 0), Bool, Connection, "whether a PROXY header came first", |_| {
        by(|x| Some(Sample::Bool(client(x)?.proxy_values().is_some())))
    }),
    row(
        "fc_pp_tlv",
        &[],
        (1, 1),
        Str,
        Connection,
        "a value of the PROXY header by its number or name",
        |a| {
            let kind = kind(a.required(0, "a number or a name")?).map_err(|e| BadArg::at(0, e))?;
            Ok(Box::new(Said { kind, all: true }))
        },
    ),
    row("fc_pp_authority", &[], (0, 0), Str, Connection, "the host name that the PROXY header tells", |_| {
        Ok(Box::new(Said { kind: AUTHORITY, all: false }))
    }),
    row("fc_pp_unique_id", &[], (0, 0), Str, Connection, "the unique id that the PROXY header tells", |_| {
        Ok(Box::new(Said { kind: UNIQUE_ID, all: false }))
    }),
    row("dst_conn", &[], (0, 0), Int, Connection, "connections of the same listening socket", |_| {
        by(|x| client(x).map(|socket| int(socket.siblings())))
    }),
    row("bc_rtt", &[], (0, 1), Int, Server, "the server's round trip in ms or us", |a| {
        time(a, server, |m| m.rtt)
    }),
    row("bc_rttvar", &[], (0, 1), Int, Server, "the variance of 'bc_rtt'", |a| {
        time(a, server, |m| m.rtt_variance)
    }),
];

/// True for the fetches that need the sockets to be at hand.
pub(crate) fn asks_socket(name: &str) -> bool {
    ROWS.iter().any(|row| row.name == name)
}

fn client(exchange: &Exchange) -> Option<&dyn Socket> {
    exchange.sockets.client.as_deref()
}

fn server(exchange: &Exchange) -> Option<&dyn Socket> {
    exchange.sockets.server.as_deref()
}

type Of = fn(&Exchange) -> Option<&dyn Socket>;

/// Microseconds, by default as milliseconds.
fn time(args: &Args<'_>, socket: Of, of: fn(&Measured) -> u32) -> Made {
    let divisor = match args.text(0) {
        None | Some("ms") => 1000,
        Some("us") => 1,
        Some(other) => return Err(BadArg::at(0, format!("'{other}' is no unit: 'ms' and 'us' are"))),
    };
    by(move |x| socket(x)?.measure().map(|measured| int(of(&measured) / divisor)))
}

fn count(of: fn(&Measured) -> u32) -> Made {
    by(move |x| client(x)?.measure().map(|measured| int(of(&measured))))
}

/// Types of values in a PROXY header (proxy-protocol.txt, 2.2).
const NAMES: [(&str, u8); 12] = [
    ("ALPN", 0x01),
    ("AUTHORITY", AUTHORITY),
    ("CRC32", 0x03),
    ("NETNS", 0x30),
    ("NOOP", 0x04),
    ("SSL", 0x20),
    ("SSL_CIPHER", 0x23),
    ("SSL_CN", 0x22),
    ("SSL_KEY_ALG", 0x25),
    ("SSL_SIG_ALG", 0x24),
    ("SSL_VERSION", 0x21),
    ("UNIQUE_ID", UNIQUE_ID),
];
const AUTHORITY: u8 = 0x02;
const UNIQUE_ID: u8 = 0x05;

/// The type that a number, decimal or hexadecimal, or a name means; the error is a sentence.
fn kind(text: &str) -> Result<u8, String> {
    let number = match text.strip_prefix("0x").or_else(|| text.strip_prefix("0X")) {
        Some(digits) => u8::from_str_radix(digits, 16).ok(),
        None => text.parse().ok(),
    };
    let named = || NAMES.iter().find(|(name, _)| *name == text).map(|&(_, kind)| kind);
    number.or_else(named).ok_or_else(|| {
        let names: Vec<_> = NAMES.iter().map(|(name, _)| *name).collect();
        format!("'{text}' is neither a number from 0 to 255 nor one of {}", names.join(", "))
    })
}

/// The largest value that is handed out, in bytes.
const LARGEST: usize = 1024;

/// Values of a type in the PROXY header: all of them, or the first alone.
struct Said {
    kind: u8,
    all: bool,
}

impl Said {
    fn values<'a>(&self, exchange: &'a Exchange) -> impl Iterator<Item = Sample<'a>> + use<'a> {
        let mut rest = client(exchange).and_then(Socket::proxy_values).unwrap_or_default();
        let kind = self.kind;
        std::iter::from_fn(move || {
            let (&[kind, high, low], tail) = rest.split_first_chunk()?;
            let (value, tail) = tail.split_at_checked(usize::from(u16::from_be_bytes([high, low])))?;
            rest = tail;
            Some((kind, value))
        })
        .filter(move |(found, value)| *found == kind && value.len() <= LARGEST)
        .map(|(_, value)| Sample::str(value))
    }
}

impl Fetch for Said {
    fn fetch<'a>(&'a self, exchange: &'a Exchange) -> Fetched<'a> {
        Ok(self.values(exchange).next())
    }

    fn each<'a>(
        &'a self,
        exchange: &'a Exchange,
        visit: &mut dyn FnMut(Sample<'a>) -> ControlFlow<()>,
    ) -> Result<(), NotYet> {
        let most = if self.all { usize::MAX } else { 1 };
        let _ = self.values(exchange).take(most).try_for_each(visit);
        Ok(())
    }
}
