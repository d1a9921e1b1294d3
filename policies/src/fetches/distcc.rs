//! Fetches from the bytes of distcc: tokens of four letters and eight hexadecimal digits, some with a body behind them.

use portero_api::{BadArg, Exchange, Fetch, Fetched, NotYet, Sample, SampleType::*};

use super::payload::from_client;
use super::{Made, row};
use crate::vocabulary::{Args, FetchKind, Needs::RequestBytes};

pub(super) static ROWS: &[FetchKind] = &[
    row(
        "distcc_body",
        &[],
        (1, 2),
        Bin,
        RequestBytes,
        "the body of a token of distcc, of its first or so many-th place",
        |a| make(a, Part::Body),
    ),
    row(
        "distcc_param",
        &[],
        (1, 2),
        Int,
        RequestBytes,
        "the number of a token of distcc, of its first or so many-th place",
        |a| make(a, Part::Number),
    ),
];

/// The tokens whose number is the length of a body.
const WITH_BODY: [&[u8]; 10] =
    [b"ARGV", b"CDIR", b"DOTD", b"DOTI", b"DOTO", b"FILE", b"LINK", b"NAME", b"SERR", b"SOUT"];

#[derive(Clone, Copy, PartialEq)]
enum Part {
    Body,
    Number,
}

struct Token {
    name: [u8; 4],
    /// Which of several, from 1.
    place: i64,
    part: Part,
}

fn make(args: &Args<'_>, part: Part) -> Made {
    let text = args.required(0, "a token")?;
    let name = text
        .as_bytes()
        .try_into()
        .map_err(|_| BadArg::at(0, format!("'{text}' is no token of distcc: it has four letters")))?;
    let place = args.int(1)?.unwrap_or(1);
    if place < 1 {
        return Err(BadArg::at(1, format!("'{place}' is no place: the first is 1")));
    }
    Ok(Box::new(Token { name, place, part }))
}

impl Fetch for Token {
    fn fetch<'a>(&'a self, exchange: &'a Exchange) -> Fetched<'a> {
        let Some(payload) = from_client(exchange) else { return Ok(None) };
        match self.find(&payload.data) {
            Err(NotYet) if payload.complete => Ok(None),
            found => found,
        }
    }
}

impl Token {
    fn find<'a>(&self, mut bytes: &'a [u8]) -> Fetched<'a> {
        let mut left = self.place;
        loop {
            let Some((head, rest)) = bytes.split_first_chunk::<12>() else { return Err(NotYet) };
            let Some(number) = hexadecimal(&head[4..]) else { return Ok(None) };
            let name = &head[..4];
            left -= i64::from(name == self.name);
            if left == 0 && self.part == Part::Number {
                return Ok(Some(Sample::Int(i64::from(number))));
            }
            let length = if has_body(name) { number as usize } else { 0 };
            let Some((body, rest)) = rest.split_at_checked(length) else { return Err(NotYet) };
            if left == 0 {
                return Ok(has_body(name).then_some(Sample::Bin(body.into())));
            }
            bytes = rest;
        }
    }
}

fn has_body(name: &[u8]) -> bool {
    WITH_BODY.contains(&name)
}

fn hexadecimal(digits: &[u8]) -> Option<u32> {
    digits.iter().try_fold(0u32, |n, &b| Some(n << 4 | char::from(b).to_digit(16)?))
}
