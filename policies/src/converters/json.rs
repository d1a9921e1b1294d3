//! Converters to and from JSON (RFC 8259).

use std::collections::HashMap;

use portero_api::{BadArg, Sample, SampleType::*};
use serde_json::value::RawValue;

use super::encodings::{URL, decode64};
use super::operand::bytes;
use super::{Made, by, row};
use crate::vocabulary::{Args, ConvertKind};

pub(super) static ROWS: &[ConvertKind] = &[
    row(
        "json",
        (0, 1),
        Str,
        Str,
        "escaped for a JSON string; ascii, utf8, utf8s, utf8p or utf8ps says how to read",
        json,
    ),
    row("json_query", (1, 2), Str, Any, "what stands at a path such as $.a.b[0] of a JSON text", json_query),
    row(
        "jwt_header_query",
        (0, 2),
        Str,
        Any,
        "the header of a JSON Web Token, or what stands at a path in it",
        |a| token(a, 0, &[3, 5]),
    ),
    row(
        "jwt_payload_query",
        (0, 2),
        Str,
        Any,
        "the payload of a JSON Web Token, or what stands at a path in it",
        |a| token(a, 1, &[3]),
    ),
];

/// How the input is read.
#[derive(Clone, Copy)]
enum Input {
    Ascii,
    Utf8 {
        /// Errors are left out, else they make it fail.
        skip: bool,
        /// Characters written longer than needed are taken.
        permissive: bool,
    },
}

fn json(args: &Args<'_>) -> Made {
    let input = match args.text(0) {
        None | Some("ascii") => Input::Ascii,
        Some("utf8") => Input::Utf8 { skip: false, permissive: false },
        Some("utf8s") => Input::Utf8 { skip: true, permissive: false },
        Some("utf8p") => Input::Utf8 { skip: false, permissive: true },
        Some("utf8ps") => Input::Utf8 { skip: true, permissive: true },
        Some(other) => {
            let known = "'ascii', 'utf8', 'utf8s', 'utf8p' and 'utf8ps' are";
            return Err(BadArg::at(0, format!("'{other}' is no input code: {known}")));
        }
    };
    by(move |s, _| escaped(&bytes(s), input).map(Sample::text))
}

fn escaped(text: &[u8], input: Input) -> Option<Vec<u8>> {
    let mut out = Vec::with_capacity(text.len());
    let mut rest = text;
    while !rest.is_empty() {
        let (character, length) = match input {
            Input::Ascii => (Some(u32::from(rest[0])), 1),
            Input::Utf8 { permissive, .. } => {
                let (character, length) = decode(rest, permissive);
                // four hexadecimal digits are all that an escape holds
                (character.filter(|&c| c <= 0xffff), length)
            }
        };
        rest = &rest[length..];
        match (character, input) {
            (Some(character), _) => escape(character, &mut out),
            (None, Input::Utf8 { skip: true, .. }) => {}
            (None, _) => return None,
        }
    }
    Some(out)
}

fn escape(character: u32, out: &mut Vec<u8>) {
    match u8::try_from(character) {
        Ok(b @ (b'"' | b'\\' | b'/')) => out.extend([b'\\', b]),
        Ok(8) => out.extend(b"\\b"),
        Ok(12) => out.extend(b"\\f"),
        Ok(b'\n') => out.extend(b"\\n"),
        Ok(b'\r') => out.extend(b"\\r"),
        Ok(b'\t') => out.extend(b"\\t"),
        Ok(b @ b' '..=b'~') => out.push(b),
        _ => out.extend(format!("\\u{character:04x}").bytes()),
    }
}

/// The character that some bytes begin with, none for an error, and how many bytes it or the error takes.
fn decode(bytes: &[u8], permissive: bool) -> (Option<u32>, usize) {
    let first = bytes[0];
    let (length, least, bits) = match first {
        0..0x80 => return (Some(u32::from(first)), 1),
        0xc0..0xe0 => (2, 0x80, first & 0x1f),
        0xe0..0xf0 => (3, 0x800, first & 0x0f),
        0xf0..0xf8 => (4, 0x1_0000, first & 0x07),
        _ => return (None, 1),
    };
    let followers = bytes[1..].iter().take(length - 1).take_while(|&&b| b & 0xc0 == 0x80).count();
    if followers + 1 < length {
        return (None, followers + 1);
    }
    let character = bytes[1..length].iter().fold(u32::from(bits), |c, &b| c << 6 | u32::from(b & 0x3f));
    let forbidden = matches!(character, 0xd800..=0xdfff | 0xfffe | 0xffff);
    ((!forbidden && (permissive || character >= least)).then_some(character), length)
}

/// A step into a JSON text.
enum Step {
    Key(String),
    Index(usize),
}

fn json_query(args: &Args<'_>) -> Made {
    args.required(0, "a path")?;
    let query = Query::from_args(args)?;
    by(move |s, _| query.run(&bytes(s)))
}

/// Where to look and what to make of it.
struct Query {
    steps: Vec<Step>,
    integer: bool,
}

impl Query {
    fn from_args(args: &Args<'_>) -> Result<Query, BadArg> {
        let text = args.text(0).unwrap_or("$");
        let steps = path(text).ok_or_else(|| {
            BadArg::at(0, format!("'{text}' is no path: '$', '$.name' and '$.name[0].other' are"))
        })?;
        match args.text(1) {
            None => Ok(Query { steps, integer: false }),
            Some("int") => Ok(Query { steps, integer: true }),
            Some(other) => Err(BadArg::at(1, format!("'{other}' is no output type: 'int' is"))),
        }
    }

    fn run(&self, text: &[u8]) -> Option<Sample<'static>> {
        let mut value: &RawValue = serde_json::from_slice(text).ok()?;
        for step in &self.steps {
            value = enter(value, step)?;
        }
        sample(value.get(), self.integer)
    }
}

/// A part of a JSON Web Token in compact form (RFC 7519, 3) that has one of these numbers of parts.
fn token(args: &Args<'_>, part: usize, parts: &'static [usize]) -> Made {
    let query = args.text(0).map(|_| Query::from_args(args)).transpose()?;
    by(move |s, _| {
        let text = bytes(s);
        let all: Vec<&[u8]> = text.split(|&b| b == b'.').collect();
        let json = parts.contains(&all.len()).then(|| decode64(all[part], URL))??;
        match &query {
            Some(query) => query.run(&json),
            None => Some(Sample::text(json)),
        }
    })
}

/// Reads `$.name`, `$.with\.dot`, `$[0]` and chains of them.
fn path(text: &str) -> Option<Vec<Step>> {
    let mut rest = text.strip_prefix('$')?;
    let mut steps = Vec::new();
    while !rest.is_empty() {
        if let Some(index) = rest.strip_prefix('[') {
            let (index, tail) = index.split_once(']')?;
            steps.push(Step::Index(index.parse().ok()?));
            rest = tail;
            continue;
        }
        let mut chars = rest.strip_prefix('.')?.char_indices();
        let mut key = String::new();
        let mut end = rest.len();
        while let Some((at, c)) = chars.next() {
            match c {
                '\\' => key.push(chars.next()?.1),
                '.' | '[' => {
                    end = at + 1;
                    break;
                }
                c => key.push(c),
            }
        }
        if key.is_empty() {
            return None;
        }
        steps.push(Step::Key(key));
        rest = &rest[end..];
    }
    Some(steps)
}

fn enter<'a>(value: &'a RawValue, step: &Step) -> Option<&'a RawValue> {
    match step {
        Step::Key(key) => serde_json::from_str::<HashMap<String, &RawValue>>(value.get()).ok()?.remove(key),
        Step::Index(index) => serde_json::from_str::<Vec<&RawValue>>(value.get()).ok()?.get(*index).copied(),
    }
}

/// Arrays as they are written; nothing for objects and null.
fn sample(raw: &str, integer: bool) -> Option<Sample<'static>> {
    match raw.as_bytes().first()? {
        b'"' => serde_json::from_str::<String>(raw).ok().map(Sample::text),
        b't' => Some(Sample::Bool(true)),
        b'f' => Some(Sample::Bool(false)),
        b'[' => Some(Sample::text(raw)),
        b'-' | b'0'..=b'9' => {
            let whole = raw.parse::<i64>().ok();
            match (whole, integer) {
                (Some(whole), true) => Some(Sample::Int(whole)),
                (Some(_), false) => Some(Sample::text(raw)),
                (None, true) => Some(Sample::Int(raw.parse::<f64>().ok()? as i64)),
                (None, false) => Some(Sample::text(raw.parse::<f64>().ok()?.to_string())),
            }
        }
        _ => None,
    }
}
