//! Converters that cut texts at delimiters: `field`, `word`, `param`.

use std::ops::Range;

use portero_api::{BadArg, Sample, SampleType::*};

use super::operand::bytes;
use super::strings::part;
use super::{Made, by, row};
use crate::vocabulary::{Args, ConvertKind};

pub(super) static ROWS: &[ConvertKind] = &[
    row("field", (2, 3), Str, Str, "fields between delimiters, from the start or (negative) the end", |a| {
        let cut = Cut::from_args(a, true)?;
        by(move |s, _| cut.apply(s))
    }),
    row("word", (2, 3), Str, Str, "like 'field', empty ones not counted", |a| {
        let cut = Cut::from_args(a, false)?;
        by(move |s, _| cut.apply(s))
    }),
    row("param", (1, 2), Str, Str, "the value of a parameter name=value", param),
];

/// Which pieces are wanted.
struct Cut {
    /// From 1 at the start or -1 at the end.
    index: i64,
    delimiters: Vec<u8>,
    /// How many; 0 for all that are left.
    count: usize,
    /// Whether empty ones are counted.
    empty: bool,
}

impl Cut {
    fn from_args(args: &Args<'_>, empty: bool) -> Result<Cut, BadArg> {
        args.required(0, "an index")?;
        let index = args.int(0)?.unwrap_or(0);
        if index == 0 {
            return Err(BadArg::at(0, "'0' is no index: 1 is the first, -1 the last"));
        }
        let delimiters = args.required(1, "delimiters")?.as_bytes().to_vec();
        // a negative count means "all that are left", as in HAProxy
        let count = usize::try_from(args.int(2)?.unwrap_or(1)).unwrap_or(0);
        Ok(Cut { index, delimiters, count, empty })
    }

    /// The text from the first to the last of the wanted pieces, delimiters between them kept.
    fn apply<'a>(&self, sample: Sample<'a>) -> Option<Sample<'a>> {
        let text = bytes(sample);
        let before = usize::try_from(self.index.unsigned_abs()).ok()?.checked_sub(1)?;
        let mut pieces = self.places(&text);
        // asked for all or for more than there are, delimiters at the edge come along
        let (start, end) = if self.index > 0 {
            let first = pieces.nth(before)?;
            (first.start, self.furthest(first, pieces).map_or(text.len(), |last| last.end))
        } else {
            let mut pieces = pieces.rev();
            let last = pieces.nth(before)?;
            (self.furthest(last.clone(), pieces).map_or(0, |first| first.start), last.end)
        };
        Some(part(Sample::Str(text), |text| &text[start..end]))
    }

    /// Where the pieces of a text lie.
    fn places<'t>(&'t self, text: &'t [u8]) -> impl DoubleEndedIterator<Item = Range<usize>> + 't {
        let place = |piece: &[u8]| {
            let start = piece.as_ptr() as usize - text.as_ptr() as usize;
            start..start + piece.len()
        };
        // one after the other: `contains` is made for long lists
        let pieces = text.split(|byte| self.delimiters.iter().any(|delimiter| delimiter == byte));
        pieces.filter(|piece| self.empty || !piece.is_empty()).map(place)
    }

    /// The last of as many pieces as are wanted; none when that is all that are left, or more.
    fn furthest(
        &self,
        first: Range<usize>,
        mut rest: impl Iterator<Item = Range<usize>>,
    ) -> Option<Range<usize>> {
        match self.count {
            0 => None,
            1 => Some(first),
            count => rest.nth(count - 2),
        }
    }
}

fn param(args: &Args<'_>) -> Made {
    let name = args.required(0, "the name of a parameter")?.as_bytes().to_vec();
    let delimiter = match args.text(1) {
        None => b'&',
        Some(text) => delimiter(text).ok_or_else(|| {
            BadArg::at(1, format!("'{text}' is no delimiter: one character, or 0xHH for its code, is"))
        })?,
    };
    by(move |s, _| {
        let text = bytes(s);
        let place = text.split(|&b| b == delimiter).find_map(|segment| {
            let rest = segment.strip_prefix(&name[..])?;
            match rest {
                [] => Some(Vec::new()),
                [b'=', value @ ..] => Some(value.to_vec()),
                _ => None,
            }
        });
        place.map(Sample::text)
    })
}

fn delimiter(text: &str) -> Option<u8> {
    match text.as_bytes() {
        [one] => Some(*one),
        [b'0', b'x' | b'X', ..] if text.len() == 4 => u8::from_str_radix(&text[2..], 16).ok(),
        _ => None,
    }
}
