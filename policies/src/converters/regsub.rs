//! The converter `regsub`: a substitution as in sed.

use portero_api::{BadArg, Sample, SampleType::Str};

use super::operand::bytes;
use super::{Made, by, row};
use crate::matching::{Groups, Regex};
use crate::vocabulary::{Args, ConvertKind};

pub(super) static ROWS: &[ConvertKind] = &[row(
    "regsub",
    (2, 3),
    Str,
    Str,
    "the first match of a regex replaced; flags g (all) and i (no case)",
    regsub,
)];

fn regsub(args: &Args<'_>) -> Made {
    let pattern = args.required(0, "a regex")?;
    if args.len() < 2 {
        return Err(BadArg::at(1, "argument 2 (the replacement, which may be empty) is missing"));
    }
    let flags = args.text(2).unwrap_or_default();
    if let Some(other) = flags.chars().find(|flag| !matches!(flag, 'g' | 'i')) {
        return Err(BadArg::at(2, format!("'{other}' is no flag of 'regsub': 'g' and 'i' are")));
    }
    let regex = Regex::new(pattern, flags.contains('i')).map_err(|e| BadArg::at(0, e))?;
    let replacement = Replacement::parse(args.text(1).unwrap_or_default()).map_err(|e| BadArg::at(1, e))?;
    let all = flags.contains('g');
    by(move |s, _| {
        let text = bytes(s);
        Some(match substitute(&regex, &replacement, &text, all) {
            Some(changed) => Sample::text(changed),
            None => Sample::Str(text),
        })
    })
}

/// What a match is replaced by: text and groups.
#[derive(Debug)]
pub(crate) struct Replacement(Vec<Piece>);

#[derive(Debug)]
enum Piece {
    Text(Vec<u8>),
    Group(usize),
}

impl Replacement {
    /// Reads `\1` as a group, `\xHH` as a byte and a backslash before anything else as that itself.
    /// The error is a sentence for the user.
    pub(crate) fn parse(text: &str) -> Result<Replacement, String> {
        let mut pieces = Vec::new();
        let mut rest = text.as_bytes();
        while let [first, tail @ ..] = rest {
            let (piece, tail) = match (first, tail) {
                (b'\\', [digit @ b'0'..=b'9', tail @ ..]) => (Piece::Group(usize::from(digit - b'0')), tail),
                (b'\\', [b'x', tail @ ..]) => {
                    let byte = tail.get(..2).and_then(|hex| std::str::from_utf8(hex).ok());
                    let byte = byte.and_then(|hex| u8::from_str_radix(hex, 16).ok());
                    (
                        Piece::Text(vec![byte.ok_or("'\\x' must be followed by two hexadecimal digits")?]),
                        &tail[2..],
                    )
                }
                (b'\\', [other, tail @ ..]) => (Piece::Text(vec![*other]), tail),
                (b'\\', []) => return Err("a backslash at the end protects nothing".into()),
                (other, tail) => (Piece::Text(vec![*other]), tail),
            };
            match (pieces.last_mut(), piece) {
                (Some(Piece::Text(text)), Piece::Text(more)) => text.extend(more),
                (_, piece) => pieces.push(piece),
            }
            rest = tail;
        }
        Ok(Replacement(pieces))
    }

    /// Appends the replacement of a match; groups that took no part are empty.
    pub(crate) fn expand(&self, text: &[u8], groups: &Groups, into: &mut Vec<u8>) {
        for piece in &self.0 {
            match piece {
                Piece::Text(plain) => into.extend(plain),
                Piece::Group(number) => {
                    if let Some(&Some((start, end))) = groups.get(*number) {
                        into.extend(&text[start..end]);
                    }
                }
            }
        }
    }
}

/// Replaces matches as PCRE finds them: behind a match an empty one may follow at the same place. None without any.
fn substitute(regex: &Regex, replacement: &Replacement, text: &[u8], all: bool) -> Option<Vec<u8>> {
    let mut next = Some(regex.groups(text, 0)?);
    let mut out = Vec::with_capacity(text.len());
    let mut at = 0;
    while let Some(groups) = next {
        let Some(&Some((start, end))) = groups.first() else { break };
        out.extend(&text[at..start]);
        replacement.expand(text, &groups, &mut out);
        at = end;
        if start == end {
            let Some(&byte) = text.get(at) else { break };
            out.push(byte);
            at += 1;
        }
        next = if all { regex.groups(text, at) } else { None };
    }
    out.extend(&text[at..]);
    Some(out)
}
