//! TCP headers (RFC 9293) and their options.

use portero_api::{Sample, SampleType::*};

use super::super::operand::bytes;
use super::{ConvertKind, by, long, number, row, short};

pub(in super::super) static ROWS: &[ConvertKind] = &[
    row("tcp.dst", (0, 0), Bin, Int, "the port that a TCP segment goes to", |_| {
        number(|s| short(fixed(s)?, 2).map(i64::from))
    }),
    row("tcp.flags", (0, 0), Bin, Int, "the flags of a TCP segment, FIN the lowest, CWR the highest", |_| {
        number(|s| flags(s).map(i64::from))
    }),
    row(
        "tcp.options.mss",
        (0, 0),
        Bin,
        Int,
        "the largest segment that the sender takes; 0 for none said",
        |_| number(|s| most(s).map(i64::from)),
    ),
    row("tcp.options.sack", (0, 0), Bin, Int, "1 when the sender permits selective acknowledgements", |_| {
        number(|s| has(s, SACK))
    }),
    row("tcp.options.tsopt", (0, 0), Bin, Int, "1 when there is a time stamp", |_| {
        number(|s| has(s, TIMESTAMP))
    }),
    row("tcp.options.tsval", (0, 0), Bin, Int, "the time stamp of the sender", |_| {
        number(|s| find(s, TIMESTAMP)?.map_or(Some(0), |value| long(value, 0).map(i64::from)))
    }),
    row("tcp.options.wscale", (0, 0), Bin, Int, "the scale of windows; 0 for none said", |_| {
        number(|s| Some(i64::from(scale(s)?.unwrap_or(0))))
    }),
    row("tcp.options.wsopt", (0, 0), Bin, Int, "1 when there is a scale of windows", |_| {
        number(|s| has(s, SCALE))
    }),
    row("tcp.options_list", (0, 0), Bin, Bin, "the kinds of the options in their order", |_| {
        by(|s, _| kinds(&bytes(s)).map(Sample::bytes))
    }),
    row("tcp.seq", (0, 0), Bin, Int, "the sequence number of a TCP segment", |_| {
        number(|s| long(fixed(s)?, 4).map(i64::from))
    }),
    row("tcp.src", (0, 0), Bin, Int, "the port that a TCP segment comes from", |_| {
        number(|s| short(fixed(s)?, 0).map(i64::from))
    }),
    row("tcp.win", (0, 0), Bin, Int, "the window of a TCP segment, not scaled", |_| {
        number(|s| window(s).map(i64::from))
    }),
];

/// Kinds of options.
const END: u8 = 0;
const NOTHING: u8 = 1;
const MSS: u8 = 2;
const SCALE: u8 = 3;
const SACK: u8 = 4;
const TIMESTAMP: u8 = 8;

/// The part of the header that every segment has.
fn fixed(segment: &[u8]) -> Option<&[u8]> {
    segment.get(..20)
}

/// The header with its options; none when it is cut short.
pub(super) fn header(segment: &[u8]) -> Option<&[u8]> {
    segment.get(..length(segment)?)
}

/// The length that the header says it has, 20 bytes at the least.
fn length(segment: &[u8]) -> Option<usize> {
    Some((usize::from(segment.get(12)? >> 4) * 4).max(20))
}

/// A kind and its value for each option. What is no option ends them.
pub(super) struct Options<'s>(&'s [u8]);

pub(super) fn options(segment: &[u8]) -> Option<Options<'_>> {
    header(segment).map(|header| Options(&header[20..]))
}

impl<'s> Iterator for Options<'s> {
    type Item = (u8, &'s [u8]);

    fn next(&mut self) -> Option<Self::Item> {
        let (&kind, rest) = self.0.split_first()?;
        let length = match kind {
            END => return None,
            NOTHING => 1,
            // a length counts kind and length; less has no meaning
            _ => usize::from(*rest.first()?).max(2),
        };
        let (option, rest) = self.0.split_at_checked(length)?;
        self.0 = rest;
        Some((kind, option.get(2..).unwrap_or_default()))
    }
}

/// The value of the first option of a kind. The outer none is for a header that is cut short.
fn find(segment: &[u8], wanted: u8) -> Option<Option<&[u8]>> {
    Some(options(segment)?.find(|(kind, _)| *kind == wanted).map(|(_, value)| value))
}

fn has(segment: &[u8], kind: u8) -> Option<i64> {
    Some(i64::from(find(segment, kind)?.is_some()))
}

pub(super) fn kinds(segment: &[u8]) -> Option<Vec<u8>> {
    Some(options(segment)?.map(|(kind, _)| kind).collect())
}

pub(super) fn flags(segment: &[u8]) -> Option<u8> {
    fixed(segment)?.get(13).copied()
}

pub(super) fn window(segment: &[u8]) -> Option<u16> {
    short(fixed(segment)?, 14)
}

pub(super) fn most(segment: &[u8]) -> Option<u16> {
    find(segment, MSS)?.map_or(Some(0), |value| short(value, 0))
}

/// The scale of windows, when there is one.
pub(super) fn scale(segment: &[u8]) -> Option<Option<u8>> {
    Some(find(segment, SCALE)?.and_then(|value| value.first().copied()))
}
