//! Actions on the packets of a connection: set-fc-tos, set-fc-mark, set-bc-tos, set-bc-mark.

use portero_api::{Action, Answer, Deed, Exchange, Packets};
use portero_grammar::Diagnostic;
use portero_grammar::rules::Family::{self, *};

use super::words::Words;
use super::{ActionKind, Made};
use crate::Expr;

const CLIENT: &[Family] = &[
    TcpRequestConnection,
    TcpRequestSession,
    TcpRequestContent,
    TcpResponseContent,
    HttpRequest,
    HttpResponse,
];
const SERVER: &[Family] = &[TcpRequestContent, HttpRequest];

pub(super) static ROWS: &[ActionKind] = &[
    row("set-fc-tos", CLIENT, "<tos> | <expr>", "the type of service of packets to the client", |words| {
        make(words, CLIENT_TOS)
    }),
    row(
        "set-fc-mark",
        CLIENT,
        "<mark> | <expr>",
        "the mark of packets to the client, for the packet filter; needs privileges",
        |words| make(words, CLIENT_MARK),
    ),
    row(
        "set-bc-tos",
        SERVER,
        "<tos> | <expr>",
        "the type of service of packets to the server, on a connection of its own",
        |words| make(words, SERVER_TOS),
    ),
    row(
        "set-bc-mark",
        SERVER,
        "<mark> | <expr>",
        "the mark of packets to the server, on a connection of its own",
        |words| make(words, SERVER_MARK),
    ),
    row("set-tos", CLIENT, "<tos> | <expr>", "the older name of 'set-fc-tos'", |words| {
        old(words, "set-fc-tos", CLIENT_TOS)
    }),
    row("set-mark", CLIENT, "<mark> | <expr>", "the older name of 'set-fc-mark'", |words| {
        old(words, "set-fc-mark", CLIENT_MARK)
    }),
];

const fn row(
    name: &'static str,
    families: &'static [Family],
    syntax: &'static str,
    summary: &'static str,
    make: fn(&mut Words<'_, '_>) -> Made,
) -> ActionKind {
    ActionKind { name, families, syntax, summary, ends: false, make }
}

/// Whose packets are marked, and with what.
#[derive(Clone, Copy)]
struct What {
    client: bool,
    tos: bool,
}

const CLIENT_TOS: What = What { client: true, tos: true };
const CLIENT_MARK: What = What { client: true, tos: false };
const SERVER_TOS: What = What { client: false, tos: true };
const SERVER_MARK: What = What { client: false, tos: false };

enum Number {
    Fixed(u32),
    Asked(Expr),
}

struct Mark {
    what: What,
    number: Number,
}

impl Action for Mark {
    fn run(&self, exchange: &mut Exchange) -> Answer {
        let number = match &self.number {
            Number::Fixed(number) => *number,
            // of what is too large the lower bits count, as in every C program
            Number::Asked(expr) => match expr.int(exchange) {
                Some(number) => number as u32,
                None => return Answer::Continue,
            },
        };
        let (tos, mark) = if self.what.tos { (Some(number as u8), None) } else { (None, Some(number)) };
        if self.what.client {
            return Answer::Do(Deed::Mark(Packets { tos, mark }));
        }
        let packets = &mut exchange.tune().server_packets;
        *packets = Packets { tos: tos.or(packets.tos), mark: mark.or(packets.mark) };
        Answer::Continue
    }
}

fn make(words: &mut Words<'_, '_>, what: What) -> Made {
    if !words.is_number() {
        return Ok(Box::new(Mark { what, number: Number::Asked(words.expr()?) }));
    }
    let word = words.need("a number")?;
    let most = if what.tos { u32::from(u8::MAX) } else { u32::MAX };
    let number = match word.text.strip_prefix("0x") {
        Some(digits) => u32::from_str_radix(digits, 16).ok(),
        None => word.text.parse().ok(),
    };
    match number.filter(|&number| number <= most) {
        Some(number) => Ok(Box::new(Mark { what, number: Number::Fixed(number) })),
        None => {
            Err(words.compiler.error(word.span, format!("'{}' is no number from 0 to {most:#x}", word.text)))
        }
    }
}

fn old(words: &mut Words<'_, '_>, new: &str, what: What) -> Made {
    let note = format!("'{}' is the older name of '{new}'", words.name());
    words.compiler.push(Diagnostic::note(words.span(), note).help(format!("write '{new}'")));
    make(words, what)
}
