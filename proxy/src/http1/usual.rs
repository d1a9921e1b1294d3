//! Heads in the form that nearly all have, read in one pass: single blanks in the first line, each field a token, a colon, blanks, a
//! value of visible bytes and blanks, CR LF.
//!
//! Whatever else a head holds, and whatever might be wrong with it, is none of this file's business: the answer is None, and the head is
//! read again by httparse, which then says what it means or what is wrong. So nothing is decided here that is not decided alike there
//! (`tests/splits.rs` holds that). Why twice: httparse takes 250 instructions for a field, this 100, which is a tenth of what a request costs.

use portero_api::{Headers, Version};
use wide::u8x16;

use super::fields::Field;
use super::head::is_token_byte;
use super::{Limits, Refusal};

/// `GET /path HTTP/1.1`, with its end.
pub(super) struct RequestLine<'b> {
    pub(super) method: &'b [u8],
    pub(super) target: &'b [u8],
    pub(super) version: Version,
    pub(super) len: usize,
}

/// `HTTP/1.1 200 OK`, with its end.
pub(super) struct StatusLine<'b> {
    pub(super) version: Version,
    pub(super) status: u16,
    pub(super) reason: &'b [u8],
    pub(super) len: usize,
}

/// Reads the first line of a request.
pub(super) fn request_line(bytes: &[u8]) -> Option<RequestLine<'_>> {
    let method = token(bytes, 0)?;
    let target = method + 1;
    let end = visible(bytes, target, b' ')?;
    if method == 0 || bytes[method] != b' ' || end == target {
        return None;
    }
    let version = match bytes.get(end..end + 11)? {
        b" HTTP/1.1\r\n" => Version::Http11,
        b" HTTP/1.0\r\n" => Version::Http10,
        _ => return None,
    };
    Some(RequestLine { method: &bytes[..method], target: &bytes[target..end], version, len: end + 11 })
}

/// Reads the first line of a response.
pub(super) fn status_line(bytes: &[u8]) -> Option<StatusLine<'_>> {
    let (first, reason) = (bytes.first_chunk::<13>()?, 13);
    let version = match &first[..9] {
        b"HTTP/1.1 " => Version::Http11,
        b"HTTP/1.0 " => Version::Http10,
        _ => return None,
    };
    let [a @ b'1'..=b'9', b @ b'0'..=b'9', c @ b'0'..=b'9', b' '] = first[9..] else { return None };
    let status = u16::from(a - b'0') * 100 + u16::from(b - b'0') * 10 + u16::from(c - b'0');
    let end = visible(bytes, reason, b'\r')?;
    (bytes.get(end + 1) == Some(&b'\n')).then(|| StatusLine {
        version,
        status,
        reason: &bytes[reason..end],
        len: end + 2,
    })
}

/// Takes the fields that begin at a place, and the empty line behind them, and shows those that mean something to a proxy. The answer is the
/// length of the whole head.
#[inline(always)]
pub(super) fn fields<'b>(
    bytes: &'b [u8],
    mut at: usize,
    limits: &Limits,
    into: &mut Headers,
    mut note: impl FnMut(Field, &'b [u8]) -> Result<(), Refusal>,
) -> Option<usize> {
    into.begin();
    for _ in 0..=limits.fields {
        if let Some(b"\r\n") = bytes.get(at..at + 2) {
            into.load(&bytes[..at + 2]);
            return Some(at + 2);
        }
        let colon = token(bytes, at)?;
        let (name, value) = (at..colon, colon + 2);
        let end = visible(bytes, value, b'\r')?;
        // one blank, a value that begins and ends with none
        let usual = !name.is_empty() && bytes[colon..value] == *b": " && end > value;
        if !usual || bytes[value] == b' ' || bytes[end - 1] == b' ' || bytes.get(end + 1) != Some(&b'\n') {
            return None;
        }
        let kind = Field::of(&bytes[name.clone()]);
        if kind != Field::Other {
            note(kind, &bytes[value..end]).ok()?;
        }
        into.place(name, value..end, kind.standing());
        at = end + 2;
    }
    None
}

/// Where a token ends that begins at a place; None when the bytes end before it. Letters, digits and hyphens, of which most names are made, are
/// judged sixteen at a time.
#[inline(always)]
fn token(bytes: &[u8], mut at: usize) -> Option<usize> {
    loop {
        at = find(bytes, at, |lane| !name_bytes(lane))?;
        if !is_token_byte(bytes[at]) {
            return Some(at);
        }
        at += 1;
    }
}

/// Where the first control character stands at or behind a place, or the first blank too when that is asked for; None unless it is that `end`.
#[inline(always)]
fn visible(bytes: &[u8], at: usize, end: u8) -> Option<usize> {
    let most = u8x16::splat(if end == b' ' { 0x20 } else { 0x1f });
    let delete = u8x16::splat(0x7f);
    let at = find(bytes, at, |lane| lane.min(most).simd_eq(lane) | lane.simd_eq(delete))?;
    (bytes[at] == end).then_some(at)
}

/// The first place, from one on, of a byte that is looked for: `among` says so for sixteen at a time, by all bits of each. The last sixteen bytes are
/// taken whole, of which some were looked at before: no head is shorter than that, and what is none of this file's business.
#[inline(always)]
fn find(bytes: &[u8], mut at: usize, among: impl Fn(u8x16) -> u8x16) -> Option<usize> {
    let last = bytes.len().checked_sub(LANE)?;
    loop {
        let from = at.min(last);
        let lane = u8x16::new(*bytes[from..].first_chunk()?);
        let found = among(lane).to_bitmask().checked_shr((at - from) as u32)?;
        if found != 0 {
            return Some(at + found.trailing_zeros() as usize);
        }
        if from == last {
            return None;
        }
        at = from + LANE;
    }
}

/// Bytes that are looked at together: every x86-64 and every ARM of 64 bits has registers for so many.
const LANE: usize = 16;

/// All bits of each byte that is a letter, a digit or a hyphen.
#[inline(always)]
fn name_bytes(lane: u8x16) -> u8x16 {
    let within = |lane: u8x16, least: u8, most: u8| {
        let above = lane - u8x16::splat(least);
        above.min(u8x16::splat(most - least)).simd_eq(above)
    };
    let letters = within(lane | u8x16::splat(b' '), b'a', b'z');
    letters | within(lane, b'0', b'9') | lane.simd_eq(u8x16::splat(b'-'))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Whether a byte between others is passed, by a function that looks at a line with the byte at each place of a word.
    fn passes(byte: u8, end: u8, look: impl Fn(&[u8]) -> Option<usize>) -> bool {
        let passed = |at: usize| {
            let mut line = *b"abcdefghijklmnop#.......";
            (line[at], line[16]) = (byte, end);
            match look(&line) {
                Some(16) => true,
                other => {
                    assert!(other.is_none_or(|found| found == at), "{byte} at {at}: {other:?}");
                    false
                }
            }
        };
        let first = passed(0);
        assert!((1..16).all(|at| passed(at) == first), "{byte} at every place alike");
        first
    }

    #[test]
    fn every_byte_is_judged_alike_at_every_place() {
        for byte in 0..=255 {
            assert_eq!(passes(byte, b':', |line| token(line, 0)), is_token_byte(byte), "{byte}");
            let is_text = byte >= b' ' && byte != 0x7f;
            assert_eq!(passes(byte, b'\r', |line| visible(line, 0, b'\r')), is_text, "{byte}");
            assert_eq!(passes(byte, b' ', |line| visible(line, 0, b' ')), is_text && byte != b' ', "{byte}");
        }
    }
}
