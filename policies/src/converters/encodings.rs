//! Converters between bytes and their written forms.

use portero_api::{BadArg, Sample, SampleType::*};

use super::operand::bytes;
use super::{Made, by, row};
use crate::vocabulary::{Args, ConvertKind};

pub(super) static ROWS: &[ConvertKind] = &[
    row("hex", (0, 0), Bin, Str, "two hexadecimal digits a byte", |_| {
        by(|s, _| Some(Sample::text(hex(&bytes(s)))))
    }),
    row("hex2i", (0, 0), Bin, Int, "hexadecimal digits as an integer", |_| {
        by(|s, _| hex_number(&bytes(s)).map(Sample::Int))
    }),
    row("base2", (0, 0), Bin, Str, "eight binary digits a byte", |_| {
        by(|s, _| Some(Sample::text(bytes(s).iter().map(|b| format!("{b:08b}")).collect::<String>())))
    }),
    row("base64", (0, 0), Bin, Str, "base64", |_| by(|s, _| Some(Sample::text(base64(&bytes(s)))))),
    row("b64dec", (0, 0), Str, Bin, "base64 undone", |_| {
        by(|s, _| from_base64(&bytes(s)).map(Sample::bytes))
    }),
    row("ub64enc", (0, 0), Bin, Str, "base64 of the URL alphabet, without padding", |_| {
        by(|s, _| Some(Sample::text(encode64(&bytes(s), URL, false))))
    }),
    row("ub64dec", (0, 0), Str, Bin, "base64 of the URL alphabet undone", |_| {
        by(|s, _| decode64(&bytes(s), URL).map(Sample::bytes))
    }),
    row("be2dec", (2, 3), Bin, Str, "chunks of bytes, highest first, as decimal numbers", |a| {
        decimal(a, true)
    }),
    row("le2dec", (2, 3), Bin, Str, "chunks of bytes, lowest first, as decimal numbers", |a| {
        decimal(a, false)
    }),
    row("be2hex", (0, 3), Bin, Str, "chunks of bytes as hexadecimal digits", be2hex),
    row("url_dec", (0, 1), Str, Str, "%HH undone; '+' is a space in a query or, with 1, everywhere", url_dec),
    row("url_enc", (0, 1), Str, Str, "all but letters, digits and -._~ as %HH", url_enc),
];

/// Two capital digits a byte.
pub(crate) fn hex(bytes: &[u8]) -> Vec<u8> {
    const DIGITS: &[u8; 16] = b"0123456789ABCDEF";
    bytes.iter().flat_map(|b| [DIGITS[usize::from(b >> 4)], DIGITS[usize::from(b & 15)]]).collect()
}

/// 0 for none; digits above 64 bits fall out at the top.
fn hex_number(digits: &[u8]) -> Option<i64> {
    digits.iter().try_fold(0i64, |n, &b| Some(n << 4 | i64::from(char::from(b).to_digit(16)?)))
}

const STANDARD: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
pub(super) const URL: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/// Base64 (RFC 4648, 4 and 5).
fn encode64(bytes: &[u8], alphabet: &[u8; 64], pad: bool) -> Vec<u8> {
    let mut out = Vec::with_capacity(bytes.len().div_ceil(3) * 4);
    for chunk in bytes.chunks(3) {
        let group = chunk.iter().fold(0u32, |n, &b| n << 8 | u32::from(b)) << (8 * (3 - chunk.len()));
        let digits = (0..=chunk.len()).map(|i| alphabet[(group >> (18 - 6 * i) & 63) as usize]);
        out.extend(digits);
        if pad {
            out.extend(std::iter::repeat_n(b'=', 3 - chunk.len()));
        }
    }
    out
}

/// Padded base64 text of the standard alphabet.
pub(super) fn base64(bytes: &[u8]) -> Vec<u8> {
    encode64(bytes, STANDARD, true)
}

/// The bytes of base64 text with or without padding; none when it is none.
pub(super) fn decode64(text: &[u8], alphabet: &[u8; 64]) -> Option<Vec<u8>> {
    let padding = text.iter().rev().take(2).take_while(|&&b| b == b'=').count();
    let text = &text[..text.len() - padding];
    let mut out = Vec::with_capacity(text.len() * 3 / 4);
    for chunk in text.chunks(4) {
        if chunk.len() == 1 {
            return None;
        }
        let mut group = 0u32;
        for digit in chunk {
            group = group << 6 | alphabet.iter().position(|a| a == digit)? as u32;
        }
        let group = group << (6 * (4 - chunk.len()));
        out.extend(&group.to_be_bytes()[1..chunk.len()]);
    }
    Some(out)
}

/// The bytes of padded base64 text of the standard alphabet.
pub(crate) fn from_base64(text: &[u8]) -> Option<Vec<u8>> {
    if text.len().is_multiple_of(4) { decode64(text, STANDARD) } else { None }
}

/// Where bytes are cut, and what stands between the pieces.
struct Chunks {
    separator: Vec<u8>,
    size: usize,
    /// True to leave out a piece that is shorter than the others.
    truncate: bool,
}

impl Chunks {
    fn from_args(args: &Args<'_>, most: i64) -> Result<Chunks, BadArg> {
        let separator = args.text(0).unwrap_or_default().as_bytes().to_vec();
        let size = args.int(1)?.unwrap_or(0);
        if !(1..=most).contains(&size) {
            return Err(BadArg::at(
                1,
                format!("'{size}' is no size of a chunk: it must be 1 or more, at most {most}"),
            ));
        }
        let truncate = args.int(2)?.unwrap_or(0) != 0;
        Ok(Chunks { separator, size: size as usize, truncate })
    }

    fn join(&self, bytes: &[u8], show: impl Fn(&[u8]) -> Vec<u8>) -> Vec<u8> {
        let whole = bytes.chunks(self.size).filter(|chunk| !self.truncate || chunk.len() == self.size);
        whole.map(show).collect::<Vec<_>>().join(&self.separator[..])
    }
}

fn decimal(args: &Args<'_>, highest_first: bool) -> Made {
    let chunks = Chunks::from_args(args, 8)?;
    by(move |s, _| {
        let show = |chunk: &[u8]| {
            let add = |n: u64, b: &u8| n << 8 | u64::from(*b);
            let number =
                if highest_first { chunk.iter().fold(0, add) } else { chunk.iter().rev().fold(0, add) };
            number.to_string().into_bytes()
        };
        Some(Sample::text(chunks.join(&bytes(s), show)))
    })
}

fn be2hex(args: &Args<'_>) -> Made {
    let chunks = match args.text(0).is_none() && args.text(1).is_none() {
        true => Chunks { separator: Vec::new(), size: 1, truncate: false },
        false => Chunks::from_args(args, i64::from(u32::MAX))?,
    };
    by(move |s, _| Some(Sample::text(chunks.join(&bytes(s), hex))))
}

fn url_dec(args: &Args<'_>) -> Made {
    let form = args.int(0)?.unwrap_or(0) != 0;
    by(move |s, _| {
        let text = bytes(s);
        match text.iter().any(|b| matches!(b, b'%' | b'+')) {
            true => decode_url(&text, form).map(Sample::text),
            false => Some(Sample::Str(text)),
        }
    })
}

/// None for a `%` that is not followed by two hexadecimal digits. Plus signs are spaces behind a question mark.
fn decode_url(text: &[u8], mut form: bool) -> Option<Vec<u8>> {
    let mut out = Vec::with_capacity(text.len());
    let mut rest = text;
    while let [first, tail @ ..] = rest {
        rest = tail;
        out.push(match first {
            b'+' if form => b' ',
            b'%' => {
                let digit = |index: usize| char::from(*tail.get(index)?).to_digit(16);
                rest = &tail[2.min(tail.len())..];
                (digit(0)? << 4 | digit(1)?) as u8
            }
            other => {
                form |= *other == b'?';
                *other
            }
        });
    }
    Some(out)
}

fn url_enc(args: &Args<'_>) -> Made {
    if let Some(other) = args.text(0).filter(|&kind| kind != "query") {
        return Err(BadArg::at(0, format!("'{other}' is no encoding: 'query' is")));
    }
    by(|s, _| {
        let mut out = Vec::new();
        for &byte in bytes(s).iter() {
            match byte {
                b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => out.push(byte),
                other => {
                    out.push(b'%');
                    out.extend(hex(&[other]));
                }
            }
        }
        Some(Sample::text(out))
    })
}
