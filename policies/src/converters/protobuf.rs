//! Converters that look into Protocol Buffers messages, bare or behind the header of gRPC.

use portero_api::{BadArg, Sample, SampleType::*};

use super::operand::bytes;
use super::{by, row};
use crate::vocabulary::{Args, ConvertKind};

pub(super) static ROWS: &[ConvertKind] = &[
    row(
        "protobuf",
        (1, 2),
        Bin,
        Any,
        "a field of a Protocol Buffers message: 1.2 is field 2 of the message in 1",
        |a| {
            let query = Query::from_args(a)?;
            by(move |s, _| query.run(&bytes(s)))
        },
    ),
    row("ungrpc", (1, 2), Bin, Any, "a field of the first message in a gRPC body", |a| {
        let query = Query::from_args(a)?;
        by(move |s, _| query.run(grpc_message(&bytes(s))?))
    }),
];

/// Which field, and as what.
struct Query {
    path: Vec<u64>,
    kind: Option<Kind>,
}

/// The numeric types, by how they are written on the wire.
#[derive(Clone, Copy)]
enum Kind {
    Varint,
    Varint32,
    Bool,
    ZigZag,
    Fixed64,
    Double,
    Fixed32,
    SignedFixed32,
    Float,
}

const KINDS: [(&str, Kind); 14] = [
    ("int32", Kind::Varint),
    ("int64", Kind::Varint),
    ("uint32", Kind::Varint32),
    ("uint64", Kind::Varint),
    ("sint32", Kind::ZigZag),
    ("sint64", Kind::ZigZag),
    ("bool", Kind::Bool),
    ("enum", Kind::Varint),
    ("fixed64", Kind::Fixed64),
    ("sfixed64", Kind::Fixed64),
    ("double", Kind::Double),
    ("fixed32", Kind::Fixed32),
    ("sfixed32", Kind::SignedFixed32),
    ("float", Kind::Float),
];

/// The value of a field as it is on the wire.
enum Wire<'a> {
    Varint { value: u64, raw: &'a [u8] },
    Fixed64(&'a [u8; 8]),
    Bytes(&'a [u8]),
    Fixed32(&'a [u8; 4]),
}

impl Query {
    fn from_args(args: &Args<'_>) -> Result<Query, BadArg> {
        let text = args.required(0, "a field number")?;
        let path: Option<Vec<u64>> = text.split('.').map(|n| n.parse().ok().filter(|&n| n > 0)).collect();
        let path =
            path.ok_or_else(|| BadArg::at(0, format!("'{text}' is no field number: '1' and '1.2' are")))?;
        let Some(name) = args.text(1) else { return Ok(Query { path, kind: None }) };
        match KINDS.iter().find(|(known, _)| *known == name) {
            Some((_, kind)) => Ok(Query { path, kind: Some(*kind) }),
            None => {
                let known: Vec<&str> = KINDS.iter().map(|(known, _)| *known).collect();
                Err(BadArg::at(1, format!("'{name}' is no field type: {} are", known.join(", "))))
            }
        }
    }

    fn run(&self, message: &[u8]) -> Option<Sample<'static>> {
        let (&last, parents) = self.path.split_last()?;
        let mut message = message;
        for &number in parents {
            match find(message, number)? {
                Wire::Bytes(inner) => message = inner,
                _ => return None,
            }
        }
        let field = find(message, last)?;
        match self.kind {
            Some(kind) => integer(&field, kind).map(Sample::Int),
            None => Some(Sample::bytes(raw(&field))),
        }
    }
}

/// The first field of that number.
fn find(mut message: &[u8], wanted: u64) -> Option<Wire<'_>> {
    while !message.is_empty() {
        let (tag, _) = varint(&mut message)?;
        let field = match tag & 7 {
            0 => varint(&mut message).map(|(value, raw)| Wire::Varint { value, raw }),
            1 => array(&mut message).map(Wire::Fixed64),
            2 => {
                let length = usize::try_from(varint(&mut message)?.0).ok()?;
                let (bytes, rest) = message.split_at_checked(length)?;
                message = rest;
                Some(Wire::Bytes(bytes))
            }
            5 => array(&mut message).map(Wire::Fixed32),
            _ => None,
        }?;
        if tag >> 3 == wanted {
            return Some(field);
        }
    }
    None
}

/// Seven bits a byte, lowest first, and the bytes that were read.
fn varint<'a>(message: &mut &'a [u8]) -> Option<(u64, &'a [u8])> {
    let length = message.iter().take(10).position(|b| b & 0x80 == 0)? + 1;
    let (raw, rest) = message.split_at(length);
    *message = rest;
    Some((raw.iter().rev().fold(0, |n, b| n << 7 | u64::from(b & 0x7f)), raw))
}

fn array<'a, const N: usize>(message: &mut &'a [u8]) -> Option<&'a [u8; N]> {
    let (bytes, rest) = message.split_first_chunk()?;
    *message = rest;
    Some(bytes)
}

fn raw<'a>(field: &Wire<'a>) -> &'a [u8] {
    match field {
        Wire::Varint { raw, .. } => raw,
        Wire::Fixed64(bytes) => &bytes[..],
        Wire::Bytes(bytes) => bytes,
        Wire::Fixed32(bytes) => &bytes[..],
    }
}

/// None for a field that is written in another way than its type is.
fn integer(field: &Wire<'_>, kind: Kind) -> Option<i64> {
    Some(match (field, kind) {
        (Wire::Varint { value, .. }, Kind::Varint) => *value as i64,
        (Wire::Varint { value, .. }, Kind::Varint32) => i64::from(*value as u32),
        (Wire::Varint { value, .. }, Kind::Bool) => i64::from(*value != 0),
        (Wire::Varint { value, .. }, Kind::ZigZag) => (value >> 1) as i64 ^ -((value & 1) as i64),
        (Wire::Fixed64(bytes), Kind::Fixed64) => i64::from_le_bytes(**bytes),
        (Wire::Fixed64(bytes), Kind::Double) => f64::from_le_bytes(**bytes) as i64,
        (Wire::Fixed32(bytes), Kind::Fixed32) => i64::from(u32::from_le_bytes(**bytes)),
        (Wire::Fixed32(bytes), Kind::SignedFixed32) => i64::from(i32::from_le_bytes(**bytes)),
        (Wire::Fixed32(bytes), Kind::Float) => f32::from_le_bytes(**bytes) as i64,
        _ => return None,
    })
}

/// The message behind one byte for compression and four for the length; none when it is compressed or cut short.
fn grpc_message(body: &[u8]) -> Option<&[u8]> {
    let (header, rest) = body.split_first_chunk::<5>()?;
    let length = u32::from_be_bytes([header[1], header[2], header[3], header[4]]);
    (header[0] == 0).then(|| rest.get(..length as usize))?
}
