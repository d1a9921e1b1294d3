//! Casts between sample types (HAProxy manual, section 7.1, the matrix; section 7.3.1, "implicit casts").

use std::borrow::Cow;
use std::io::Write;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use portero_api::{Sample, SampleType};

/// True when a sample of type `from` can be cast to `to`; what is only known when evaluated can be tried.
pub fn castable(from: SampleType, to: SampleType) -> bool {
    use SampleType::{Any, Bin, Bool, Int, Ip, Method, Str};
    matches!(
        (from, to),
        (Any, _)
            | (_, Any | Str | Bin)
            | (Bool | Int | Str, Bool)
            | (Bool | Int | Ip | Str, Int)
            | (Int | Ip | Str | Bin, Ip)
            | (Str | Method | Bin, Method)
    )
}

/// The sample as another type; none where its value has no such form (`abc` as an integer).
pub fn cast(sample: Sample<'_>, to: SampleType) -> Option<Sample<'_>> {
    if sample.kind() == to || to == SampleType::Any {
        return Some(sample);
    }
    match to {
        SampleType::Bool => to_int(&sample).map(|i| Sample::Bool(i != 0)),
        SampleType::Int => to_int(&sample).map(Sample::Int),
        SampleType::Ip => to_ip(&sample).map(Sample::Ip),
        SampleType::Str => Some(Sample::Str(into_text(sample))),
        SampleType::Bin => Some(Sample::Bin(into_bytes(sample))),
        SampleType::Method => Some(Sample::Method(into_text(sample))),
        SampleType::Any => Some(sample),
    }
}

/// Appends a sample as text: integers in decimal, booleans as 0 or 1, bytes up to the first NUL.
pub fn write_text(sample: &Sample<'_>, into: &mut Vec<u8>) {
    match sample {
        Sample::Bool(b) => into.push(b'0' + u8::from(*b)),
        Sample::Int(i) => write_int(*i, into),
        Sample::Ip(ip) => {
            let _ = write!(into, "{ip}");
        }
        Sample::Bin(bytes) => into.extend_from_slice(until_nul(bytes)),
        Sample::Str(text) | Sample::Method(text) => into.extend_from_slice(text),
    }
}

/// Appends an integer in decimal, without a detour over the heap.
pub fn write_int(value: i64, into: &mut Vec<u8>) {
    if value < 0 {
        into.push(b'-');
    }
    write_uint(value.unsigned_abs(), into);
}

/// Appends a number in decimal.
pub fn write_uint(mut value: u64, into: &mut Vec<u8>) {
    let mut digits = [0u8; 20];
    let mut at = digits.len();
    loop {
        at -= 1;
        digits[at] = b'0' + (value % 10) as u8;
        value /= 10;
        if value == 0 {
            break;
        }
    }
    into.extend_from_slice(&digits[at..]);
}

/// The integer that a sample stands for.
pub fn to_int(sample: &Sample<'_>) -> Option<i64> {
    match sample {
        Sample::Bool(b) => Some(i64::from(*b)),
        Sample::Int(i) => Some(*i),
        Sample::Ip(IpAddr::V4(ip)) => Some(i64::from(u32::from(*ip))),
        Sample::Ip(IpAddr::V6(_)) | Sample::Method(_) => None,
        Sample::Str(text) | Sample::Bin(text) => parse_int(text),
    }
}

fn to_ip(sample: &Sample<'_>) -> Option<IpAddr> {
    match sample {
        Sample::Ip(ip) => Some(*ip),
        // the low 32 bits, as HAProxy takes them
        Sample::Int(i) => Some(IpAddr::V4(Ipv4Addr::from(*i as u32))),
        Sample::Str(text) => ip_of_text(text),
        Sample::Bin(bytes) => match bytes.len() {
            4 => <[u8; 4]>::try_from(&bytes[..]).ok().map(|b| IpAddr::V4(Ipv4Addr::from(b))),
            16 => <[u8; 16]>::try_from(&bytes[..]).ok().map(|b| IpAddr::V6(Ipv6Addr::from(b))),
            _ => None,
        },
        Sample::Bool(_) | Sample::Method(_) => None,
    }
}

/// An address at the beginning of a text: behind an IPv4 address anything may follow but more of it (`10.1.2.3:80`), and
/// leading zeros mean nothing, as in HAProxy.
fn ip_of_text(text: &[u8]) -> Option<IpAddr> {
    if text.contains(&b':')
        && let Some(ip) = std::str::from_utf8(text).ok().and_then(|text| text.parse().ok())
    {
        return Some(IpAddr::V6(ip));
    }
    let end = text.iter().position(|b| !b.is_ascii_digit() && *b != b'.').unwrap_or(text.len());
    let mut octets = [0_u8; 4];
    let mut parts = text[..end].split(|&b| b == b'.');
    for octet in &mut octets {
        let digits = std::str::from_utf8(parts.next()?).ok()?;
        *octet = digits.parse().ok()?;
    }
    parts.next().is_none().then(|| IpAddr::V4(octets.into()))
}

fn into_text(sample: Sample<'_>) -> Cow<'_, [u8]> {
    match sample {
        Sample::Str(text) | Sample::Method(text) => text,
        Sample::Bin(Cow::Borrowed(bytes)) => Cow::Borrowed(until_nul(bytes)),
        other => {
            let mut text = Vec::new();
            write_text(&other, &mut text);
            Cow::Owned(text)
        }
    }
}

fn into_bytes(sample: Sample<'_>) -> Cow<'_, [u8]> {
    match sample {
        Sample::Str(bytes) | Sample::Method(bytes) | Sample::Bin(bytes) => bytes,
        Sample::Bool(b) => Cow::Owned(u64::from(b).to_be_bytes().into()),
        Sample::Int(i) => Cow::Owned(i.to_be_bytes().into()),
        Sample::Ip(IpAddr::V4(ip)) => Cow::Owned(ip.octets().into()),
        Sample::Ip(IpAddr::V6(ip)) => Cow::Owned(ip.octets().into()),
    }
}

/// The bytes in front of the first NUL: as text, binary data ends there.
pub(crate) fn until_nul(bytes: &[u8]) -> &[u8] {
    let end = memchr::memchr(0, bytes).unwrap_or(bytes.len());
    &bytes[..end]
}

/// The integer that a text begins with: 0 when with none, nothing when the text is empty; it saturates.
fn parse_int(text: &[u8]) -> Option<i64> {
    let (negative, digits) = match text {
        [] => return None,
        [b'-', rest @ ..] => (true, rest),
        [b'+', rest @ ..] => (false, rest),
        rest => (false, rest),
    };
    let digits = digits.iter().take_while(|b| b.is_ascii_digit()).map(|b| i64::from(b - b'0'));
    Some(digits.fold(0i64, |value, digit| {
        let value = value.saturating_mul(10);
        if negative { value.saturating_sub(digit) } else { value.saturating_add(digit) }
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_possible_cast_gives_the_documented_value() {
        use SampleType::{Bool, Int, Ip, Str};
        let cases: [(Sample<'static>, SampleType, Option<Sample<'static>>); 14] = [
            (Sample::str("17"), Int, Some(Sample::Int(17))),
            (Sample::str("-3"), Int, Some(Sample::Int(-3))),
            (Sample::str("1x"), Int, Some(Sample::Int(1))),
            (Sample::str(""), Int, None),
            (Sample::Bool(true), Str, Some(Sample::str("1"))),
            (Sample::Int(0), Bool, Some(Sample::Bool(false))),
            (Sample::bytes(*b"ab\0c"), Str, Some(Sample::str("ab"))),
            (Sample::str("010.1.2.3:80"), Ip, Some(Sample::Ip("10.1.2.3".parse().unwrap()))),
            (Sample::str("10.1.2.3.4"), Ip, None),
            (Sample::str("10.1.2"), Ip, None),
            (Sample::Int(-1), Ip, Some(Sample::Ip("255.255.255.255".parse().unwrap()))),
            (Sample::str("::1"), Ip, Some(Sample::Ip("::1".parse().unwrap()))),
            (Sample::Ip("0.0.1.2".parse().unwrap()), Int, Some(Sample::Int(258))),
            (Sample::bytes([127, 0, 0, 1]), Ip, Some(Sample::Ip("127.0.0.1".parse().unwrap()))),
        ];
        for (from, to, expected) in cases {
            assert_eq!(cast(from.clone(), to), expected, "{from:?} as {to:?}");
        }
    }

    #[test]
    fn what_is_not_castable_never_casts() {
        let samples =
            [Sample::Bool(true), Sample::Int(1), Sample::Ip("::1".parse().unwrap()), Sample::str("1")];
        for sample in samples {
            for to in [SampleType::Bool, SampleType::Int, SampleType::Ip] {
                if !castable(sample.kind(), to) {
                    assert_eq!(cast(sample.clone(), to), None, "{sample:?} as {to:?}");
                }
            }
        }
    }

    #[test]
    fn numbers_are_written_in_decimal() {
        let mut out = Vec::new();
        for i in [0, -7, i64::MIN, i64::MAX] {
            out.clear();
            write_int(i, &mut out);
            assert_eq!(out, i.to_string().as_bytes());
        }
    }
}
