//! Converters between numbers since 1970 and written dates.

use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use jiff::{Timestamp, fmt::strtime};
use portero_api::{Sample, SampleType::*};

use super::operand::bytes;
use super::{Made, by, row};
use crate::cast::to_int;
use crate::fetches::Unit;
use crate::vocabulary::{Args, ConvertKind};

pub(super) static ROWS: &[ConvertKind] = &[
    row("http_date", (0, 2), Int, Str, "a date as in HTTP header fields (RFC 9110, 5.6.7)", http_date),
    row("date", (0, 0), Str, Int, "a date of an HTTP header field as seconds since 1970", |_| {
        by(|s, _| parse_http_date(&bytes(s)).map(Sample::Int))
    }),
    row("utime", (1, 2), Int, Str, "seconds in a format of strftime(3), in UTC", |a| {
        in_zone(a, Unit::Seconds, TimeZone::UTC)
    }),
    row("ltime", (1, 2), Int, Str, "seconds in a format of strftime(3), in local time", |a| {
        in_zone(a, Unit::Seconds, TimeZone::system())
    }),
    row("ms_utime", (1, 2), Int, Str, "milliseconds in a format of strftime(3), in UTC", |a| {
        in_zone(a, Unit::Millis, TimeZone::UTC)
    }),
    row("ms_ltime", (1, 2), Int, Str, "milliseconds in a format of strftime(3), in local time", |a| {
        in_zone(a, Unit::Millis, TimeZone::system())
    }),
    row("us_utime", (1, 2), Int, Str, "microseconds in a format of strftime(3), in UTC", |a| {
        in_zone(a, Unit::Micros, TimeZone::UTC)
    }),
    row("us_ltime", (1, 2), Int, Str, "microseconds in a format of strftime(3), in local time", |a| {
        in_zone(a, Unit::Micros, TimeZone::system())
    }),
];

fn moment(number: i64, unit: Unit) -> Option<Timestamp> {
    match unit {
        Unit::Seconds => Timestamp::from_second(number).ok(),
        Unit::Millis => Timestamp::from_millisecond(number).ok(),
        Unit::Micros => Timestamp::from_microsecond(number).ok(),
    }
}

fn http_date(args: &Args<'_>) -> Made {
    let offset = args.int(0)?.unwrap_or(0);
    let unit = Unit::from_arg(args, 1)?;
    let format = match unit {
        Unit::Seconds => "%a, %d %b %Y %H:%M:%S GMT",
        Unit::Millis => "%a, %d %b %Y %H:%M:%S%.3f GMT",
        Unit::Micros => "%a, %d %b %Y %H:%M:%S%.6f GMT",
    };
    by(move |s, _| {
        let at = moment(to_int(&s)?.checked_add(offset)?, unit)?;
        strtime::format(format, at).ok().map(Sample::text)
    })
}

/// IMF, RFC 850 and asctime dates.
fn parse_http_date(text: &[u8]) -> Option<i64> {
    let formats = ["%a, %d %b %Y %H:%M:%S GMT", "%A, %d-%b-%y %H:%M:%S GMT", "%a %b %e %H:%M:%S %Y"];
    let date = formats.iter().find_map(|format| DateTime::strptime(format, text).ok())?;
    Some(date.to_zoned(TimeZone::UTC).ok()?.timestamp().as_second())
}

fn in_zone(args: &Args<'_>, unit: Unit, zone: TimeZone) -> Made {
    let pieces = pieces(args.required(0, "a format")?, unit != Unit::Seconds);
    let offset = args.int(1)?.unwrap_or(0);
    by(move |s, _| {
        let at = moment(to_int(&s)?.checked_add(offset)?, unit)?.to_zoned(zone.clone());
        let mut text = String::new();
        for piece in &pieces {
            match piece {
                Piece::Text(plain) => text.push_str(plain),
                Piece::Date(format) => text.push_str(&strtime::format(format, &at).ok()?),
                Piece::Fraction(width) => text.push_str(&format!("{:09}", at.subsec_nanosecond())[..*width]),
            }
        }
        Some(Sample::text(text))
    })
}

/// A format cut up: what strftime(3) does not know stays as it is written.
enum Piece {
    Text(String),
    Date(String),
    /// `%3N`: so many digits of the fraction of a second.
    Fraction(usize),
}

fn pieces(format: &str, fractions: bool) -> Vec<Piece> {
    let mut pieces = Vec::new();
    let mut rest = format;
    while let Some(percent) = rest.find('%') {
        if percent > 0 {
            pieces.push(Piece::Text(rest[..percent].into()));
        }
        let (piece, length) = conversion(&rest[percent..], fractions);
        pieces.push(piece);
        rest = &rest[percent + length..];
    }
    if !rest.is_empty() {
        pieces.push(Piece::Text(rest.into()));
    }
    pieces
}

/// The piece that a text beginning with a percent sign starts with, and its length.
fn conversion(text: &str, fractions: bool) -> (Piece, usize) {
    const KNOWN: &[u8] = b"aAbBcCdDeFgGhHIjklmMnpPrRsStTuUVwWxXyYzZ";
    match text.as_bytes() {
        [_, b'%', ..] => (Piece::Text("%".into()), 2),
        [_, b'N', ..] if fractions => (Piece::Fraction(9), 2),
        [_, digit @ b'1'..=b'9', b'N', ..] if fractions => (Piece::Fraction(usize::from(digit - b'0')), 3),
        [_, letter, ..] if KNOWN.contains(letter) => (Piece::Date(text[..2].into()), 2),
        [_, b'-' | b'_' | b'0', letter, ..] if KNOWN.contains(letter) => (Piece::Date(text[..3].into()), 3),
        _ => (Piece::Text("%".into()), 1),
    }
}
