//! Heads in the form that nearly all have, read in one pass: single blanks in the first line, each field a token, a colon, blanks, a
//! value of visible bytes and blanks, CR LF.
//!
//! Whatever else a head holds, and whatever might be wrong with it, is none of this file's business: the answer is None, and the head is
//! read again by httparse, which then says what it means or what is wrong. So nothing is decided here that is not decided alike there
//! (`tests/splits.rs` holds that). Why twice: httparse takes 250 instructions for a field, this 100, which is a tenth of what a request costs.

use portero_api::{Headers, Version};

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
        into.place(name, value..end, kind == Field::Other);
        at = end + 2;
    }
    None
}

/// Where a token ends that begins at a place; None when the bytes end before it.
#[inline(always)]
fn token(bytes: &[u8], at: usize) -> Option<usize> {
    static TOKEN: [bool; 256] = {
        let (mut table, mut byte) = ([false; 256], 0u8);
        while byte < 128 {
            table[byte as usize] = is_token_byte(byte);
            byte += 1;
        }
        table
    };
    let len = bytes.get(at..)?.iter().position(|&byte| !TOKEN[usize::from(byte)])?;
    Some(at + len)
}

/// Where the first control character stands at or behind a place, or the first blank too when that is asked for; None unless it is that `end`.
/// Eight bytes at a time: in a word, the lowest byte for which a subtraction borrows is found exactly.
#[inline(always)]
fn visible(bytes: &[u8], mut at: usize, end: u8) -> Option<usize> {
    const ONES: u64 = u64::MAX / 255;
    let first_good = if end == b' ' { 0x21 } else { 0x20 };
    let below = |word: u64, least: u8| word.wrapping_sub(ONES * u64::from(least)) & !word;
    while let Some(eight) = bytes.get(at..).and_then(<[u8]>::first_chunk::<8>) {
        let word = u64::from_le_bytes(*eight);
        let stops = (below(word, first_good) | below(word ^ (ONES * 0x7f), 1)) & (ONES * 0x80);
        if stops != 0 {
            at += stops.trailing_zeros() as usize / 8;
            return (bytes[at] == end).then_some(at);
        }
        at += 8;
    }
    let rest = bytes.get(at..)?.iter().position(|&byte| byte < first_good || byte == 0x7f)?;
    (bytes[at + rest] == end).then_some(at + rest)
}
