//! Converters of the `Forwarded` header field (RFC 7239), as strict as HAProxy's: one element, names in small
//! letters, no white space, each parameter once.

use std::borrow::Cow;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use portero_api::{BadArg, Sample, SampleType::*};

use super::operand::bytes;
use super::{Made, by, row};
use crate::vocabulary::{Args, ConvertKind};

pub(super) static ROWS: &[ConvertKind] = &[
    row("rfc7239_is_valid", (0, 0), Str, Bool, "whether a Forwarded header field is well formed", |_| {
        by(|s, _| {
            let text = bytes(s);
            Some(Sample::Bool(!text.is_empty() && Fields::new(&text).all(|field| field.is_some())))
        })
    }),
    row(
        "rfc7239_field",
        (1, 1),
        Str,
        Str,
        "a parameter of a Forwarded header field: proto, host, for or by",
        field,
    ),
    row("rfc7239_n2nn", (0, 0), Str, Any, "the name of a node: an address, 'unknown' or '_name'", |_| {
        by(|s, _| {
            let text = bytes(s);
            Some(match node(&text)?.0 {
                Name::Ip(ip) => Sample::Ip(ip),
                Name::Text(name) => Sample::text(name),
            })
        })
    }),
    row("rfc7239_n2np", (0, 0), Str, Any, "the port of a node: a number or '_port'", |_| {
        by(|s, _| {
            let text = bytes(s);
            Some(match node(&text)?.1? {
                Port::Number(port) => Sample::Int(port.into()),
                Port::Hidden(port) => Sample::text(port),
            })
        })
    }),
    row("rfc7239_nn", (0, 0), Any, Str, "an address or a text as the name of a node", |_| {
        by(|s, _| node_name(s).map(Sample::text))
    }),
    row("rfc7239_np", (0, 0), Any, Str, "a number or a text as the port of a node", |_| {
        by(|s, _| match s {
            Sample::Int(port) => Some(Sample::text((port as u32).to_string())),
            other => hidden(&bytes(other)).map(Sample::text),
        })
    }),
];

fn field(args: &Args<'_>) -> Made {
    let name = args.required(0, "the name of a parameter")?.to_owned();
    if !NAMES.contains(&&*name) {
        return Err(BadArg::at(0, format!("'{name}' is no parameter: 'proto', 'host', 'for' and 'by' are")));
    }
    by(move |s, _| {
        let text = bytes(s);
        for field in Fields::new(&text) {
            let (found, value) = field?;
            if found == name {
                return Some(Sample::text(value.into_owned()));
            }
        }
        None
    })
}

const NAMES: [&str; 4] = ["proto", "host", "for", "by"];

/// The parameters of a field; `None` for one that is not well formed, which is the last.
struct Fields<'a> {
    rest: Option<&'a [u8]>,
    seen: [bool; NAMES.len()],
}

impl<'a> Fields<'a> {
    fn new(text: &'a [u8]) -> Self {
        Fields { rest: Some(text), seen: [false; NAMES.len()] }
    }

    fn parse(&mut self, text: &'a [u8]) -> Option<(&'static str, Cow<'a, [u8]>)> {
        let equals = text.iter().position(|&b| b == b'=')?;
        let index = NAMES.iter().position(|name| name.as_bytes() == &text[..equals])?;
        if std::mem::replace(&mut self.seen[index], true) {
            return None;
        }
        let (value, rest) = value(&text[equals + 1..])?;
        self.rest = match rest {
            [] => None,
            [b';', rest @ ..] => Some(rest),
            _ => return None,
        };
        is_valid(NAMES[index], &value).then_some((NAMES[index], value))
    }
}

impl<'a> Iterator for Fields<'a> {
    type Item = Option<(&'static str, Cow<'a, [u8]>)>;

    fn next(&mut self) -> Option<Self::Item> {
        let text = self.rest.take()?;
        let field = self.parse(text);
        if field.is_none() {
            self.rest = None;
        }
        Some(field)
    }
}

/// A token or a quoted text (RFC 9110, 5.6.2 and 5.6.4) and what stands behind it.
fn value(text: &[u8]) -> Option<(Cow<'_, [u8]>, &[u8])> {
    let Some(quoted) = text.strip_prefix(b"\"") else {
        let end = text.iter().position(|b| !is_token(b)).unwrap_or(text.len());
        return (end > 0).then(|| (Cow::Borrowed(&text[..end]), &text[end..]));
    };
    let mut value = Vec::new();
    let mut bytes = quoted.iter();
    while let Some(&b) = bytes.next() {
        match b {
            b'"' => return Some((Cow::Owned(value), bytes.as_slice())),
            b'\\' => value.push(*bytes.next()?),
            b => value.push(b),
        }
    }
    None
}

fn is_token(b: &u8) -> bool {
    b.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(b)
}

fn is_valid(name: &str, value: &[u8]) -> bool {
    match name {
        "proto" => matches!(value, b"http" | b"https"),
        "host" => {
            !value.is_empty() && value.iter().all(|&b| b.is_ascii_graphic() && !b"/?#@\\\"<>".contains(&b))
        }
        _ => node(value).is_some(),
    }
}

/// The name of a node (RFC 7239, 6).
enum Name<'a> {
    Ip(IpAddr),
    Text(&'a [u8]),
}

/// Its port.
enum Port<'a> {
    Number(u16),
    Hidden(&'a [u8]),
}

/// `127.0.0.1:80`, `[::1]:_port`, `unknown`, `_name:80`.
fn node(text: &[u8]) -> Option<(Name<'_>, Option<Port<'_>>)> {
    let text = text.strip_prefix(b"\"").and_then(|t| t.strip_suffix(b"\"")).unwrap_or(text);
    let (name, rest) = if let Some(inner) = text.strip_prefix(b"[") {
        let end = inner.iter().position(|&b| b == b']')?;
        let ip: Ipv6Addr = std::str::from_utf8(&inner[..end]).ok()?.parse().ok()?;
        (Name::Ip(ip.into()), &inner[end + 1..])
    } else {
        let end = text.iter().position(|&b| b == b':').unwrap_or(text.len());
        let name = &text[..end];
        let named = name == b"unknown" || is_hidden(name);
        let ip = || std::str::from_utf8(name).ok()?.parse::<Ipv4Addr>().ok();
        (if named { Name::Text(name) } else { Name::Ip(ip()?.into()) }, &text[end..])
    };
    match rest {
        [] => Some((name, None)),
        [b':', port @ ..] if is_hidden(port) => Some((name, Some(Port::Hidden(port)))),
        [b':', port @ ..] if !port.is_empty() && port.iter().all(u8::is_ascii_digit) => {
            let number = std::str::from_utf8(port).ok()?.parse().ok()?;
            Some((name, Some(Port::Number(number))))
        }
        _ => None,
    }
}

/// True for an obfuscated identifier: an underscore, then letters, digits, dots, underscores and dashes.
fn is_hidden(text: &[u8]) -> bool {
    text.len() > 1 && text[0] == b'_' && text[1..].iter().all(is_hidden_byte)
}

fn is_hidden_byte(b: &u8) -> bool {
    b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b'-')
}

/// An obfuscated identifier made of a text; none for characters that it cannot have, or an empty text.
fn hidden(text: &[u8]) -> Option<Vec<u8>> {
    (!text.is_empty() && text.iter().all(is_hidden_byte)).then(|| [b"_", text].concat())
}

fn node_name(sample: Sample<'_>) -> Option<Vec<u8>> {
    match sample {
        Sample::Ip(IpAddr::V4(ip)) => Some(ip.to_string().into_bytes()),
        Sample::Ip(IpAddr::V6(ip)) => Some(format!("[{ip}]").into_bytes()),
        other => match &*bytes(other) {
            b"" => Some(b"unknown".to_vec()),
            text => hidden(text),
        },
    }
}
