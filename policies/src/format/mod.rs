//! Log formats, compiled: literal text, aliases and expressions, each with its flags (HAProxy manual, section 8.2.6).

mod about;
mod alias;
mod build;
mod clock;
mod defaults;
mod encode;

use portero_api::{Exchange, Sample};
use portero_grammar::rules::{Cast, LogFlags};

use crate::Expr;
use crate::cast::{to_int, write_text};
pub use about::aliases as about_aliases;
pub use alias::names as aliases;
use alias::{Alias, Content};
pub use defaults::{CLF, ERROR, FAILED, HTTP, JSON, SHORT_HTTP, SHORT_TCP, TCP, TCP_CLF};
use encode::{cbor, escape_quotes, json, uri};

/// What happens to bytes that the reader of the text must not see.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Escape {
    /// Control characters as `#0A`, empty values as `-`, runs of spaces merged: log lines (section 8.6).
    Log,
    /// What a header field or a request line may not hold as `%0A`.
    Header,
    /// Nothing: bodies, variables.
    None,
}

/// A compiled log format.
pub struct Format {
    parts: Box<[Part]>,
    escape: Escape,
    encoding: Encoding,
    /// True when values keep bytes that are no text (`%{+bin}o`).
    binary: bool,
}

/// How the format as a whole is encoded (`%{+json}o`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Encoding {
    Plain,
    Json,
    Cbor,
}

enum Part {
    Text(Box<[u8]>),
    Item(Box<Item>),
}

struct Item {
    what: What,
    flags: LogFlags,
    label: Option<Box<str>>,
    cast: Option<Cast>,
}

enum What {
    Alias(Alias),
    Expr(Expr),
}

impl Format {
    /// The text, when it is always the same.
    pub fn constant(&self) -> Option<&[u8]> {
        match (&self.parts[..], self.encoding) {
            ([], Encoding::Plain) => Some(b""),
            ([Part::Text(text)], Encoding::Plain) => Some(text),
            _ => None,
        }
    }

    /// Appends the text for an exchange.
    pub fn write(&self, exchange: &Exchange, into: &mut Vec<u8>) {
        match self.encoding {
            Encoding::Plain if self.escape == Escape::Log => self.line(exchange, into),
            Encoding::Plain => self.parts.iter().for_each(|part| self.part(part, exchange, into)),
            Encoding::Json => self.json(exchange, into),
            Encoding::Cbor => self.cbor(exchange, into),
        }
    }

    /// A log line: between what is there stands one space, however much between them is not.
    fn line(&self, exchange: &Exchange, into: &mut Vec<u8>) {
        let mut spaced = true;
        for part in &self.parts {
            let before = into.len();
            match part {
                Part::Text(text) if spaced => {
                    into.extend_from_slice(text.strip_prefix(b" ").unwrap_or(text));
                }
                part => self.part(part, exchange, into),
            }
            if into.len() > before {
                spaced = matches!(part, Part::Text(text) if text.ends_with(b" "));
            }
        }
    }

    fn part(&self, part: &Part, exchange: &Exchange, into: &mut Vec<u8>) {
        match part {
            Part::Text(text) => into.extend_from_slice(text),
            Part::Item(item) if item.flags.json => item.encoded(exchange, Encoding::Json, into),
            Part::Item(item) if item.flags.cbor => {
                cbor::hex(into, |raw| item.encoded(exchange, Encoding::Cbor, raw));
            }
            Part::Item(item) => item.plain(exchange, self.escape, self.binary, into),
        }
    }

    /// `{"name": value, ...}` of the named items; everything else is left out.
    fn json(&self, exchange: &Exchange, into: &mut Vec<u8>) {
        into.push(b'{');
        let mut first = true;
        for (label, item) in self.named() {
            if !std::mem::take(&mut first) {
                into.extend_from_slice(b", ");
            }
            json::text(label.as_bytes(), into);
            into.extend_from_slice(b": ");
            item.encoded(exchange, Encoding::Json, into);
        }
        into.push(b'}');
    }

    /// The same as a CBOR map (RFC 8949), in hexadecimal unless binary output is asked for.
    fn cbor(&self, exchange: &Exchange, into: &mut Vec<u8>) {
        let map = |raw: &mut Vec<u8>| {
            raw.push(cbor::MAP);
            for (label, item) in self.named() {
                cbor::text(label.as_bytes(), raw);
                item.encoded(exchange, Encoding::Cbor, raw);
            }
            raw.push(cbor::BREAK);
        };
        if self.binary { map(into) } else { cbor::hex(into, map) }
    }

    fn named(&self) -> impl Iterator<Item = (&str, &Item)> {
        self.parts.iter().filter_map(|part| match part {
            Part::Item(item) => item.label.as_deref().map(|label| (label, &**item)),
            Part::Text(_) => None,
        })
    }
}

impl portero_api::Format for Format {
    fn render(&self, exchange: &Exchange, into: &mut Vec<u8>) {
        self.write(exchange, into);
    }
}

impl std::fmt::Debug for Format {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Format").field("escape", &self.escape).finish_non_exhaustive()
    }
}

impl Item {
    fn plain(&self, exchange: &Exchange, escape: Escape, binary: bool, into: &mut Vec<u8>) {
        if matches!(&self.what, What::Alias(alias) if alias.is_absent(exchange)) {
            return;
        }
        let flags = self.flags;
        let quoted = flags.quote && self.quotable();
        if quoted {
            into.push(b'"');
        }
        let start = into.len();
        match &self.what {
            What::Alias(alias) => alias.write(exchange, flags, into),
            What::Expr(expr) => expression(expr, exchange, binary, into),
        }
        if into.len() == start && !quoted && (escape == Escape::Log || flags.mandatory) {
            into.push(b'-');
        }
        match escape {
            Escape::Log if matches!(self.what, What::Expr(_)) && !binary => uri::control(into, start, b'#'),
            Escape::Header => uri::control_but_tab(into, start, b'%'),
            _ => {}
        }
        if flags.escape {
            escape_quotes(into, start);
        }
        if quoted {
            into.push(b'"');
        }
    }

    /// The value in an encoding: of its own type, or of that in `%(name:type)`.
    fn encoded(&self, exchange: &Exchange, encoding: Encoding, into: &mut Vec<u8>) {
        let sample = match &self.what {
            What::Alias(alias) => match alias.list(exchange) {
                Some(slots) => return encode::list(&slots.all(), encoding, into),
                None => alias.sample(exchange, self.flags),
            },
            What::Expr(expr) => expr.get(exchange),
        };
        let sample = as_cast(sample.unwrap_or(Sample::str("")), self.cast);
        match encoding {
            Encoding::Cbor => cbor::value(&sample, into),
            Encoding::Json | Encoding::Plain => json::value(&sample, into),
        }
    }

    fn quotable(&self) -> bool {
        match &self.what {
            What::Alias(alias) => alias.content() == Content::Text,
            What::Expr(_) => true,
        }
    }
}

fn expression(expr: &Expr, exchange: &Exchange, binary: bool, into: &mut Vec<u8>) {
    match expr.get(exchange) {
        Some(Sample::Bin(bytes)) if binary => into.extend_from_slice(&bytes),
        Some(sample) => write_text(&sample, into),
        None => {}
    }
}

fn as_cast(sample: Sample<'_>, cast: Option<Cast>) -> Sample<'_> {
    match cast {
        Some(Cast::Sint) => Sample::Int(to_int(&sample).unwrap_or(0)),
        Some(Cast::Bool) => Sample::Bool(match &sample {
            Sample::Str(text) if &text[..] == b"true" => true,
            other => to_int(other).unwrap_or(0) != 0,
        }),
        Some(Cast::Str) => {
            let mut text = Vec::new();
            write_text(&sample, &mut text);
            Sample::text(text)
        }
        Some(Cast::Raw) | None => sample,
    }
}
