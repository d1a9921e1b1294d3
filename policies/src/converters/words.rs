//! Converters that cut texts at delimiters: `field`, `word`, `param`.

use portero_api::{BadArg, Sample, SampleType::*};

use super::operand::bytes;
use super::strings::part;
use super::{Made, by, row};
use crate::vocabulary::{Args, ConvertKind};

pub(super) static ROWS: &[ConvertKind] = &[
    row("field", (2, 3), Str, Str, "fields between delimiters, from the start or (negative) the end", |a| {
        let cut = Cut::from_args(a)?;
        by(move |s, _| cut.apply(s, &fields))
    }),
    row("word", (2, 3), Str, Str, "like 'field', empty ones not counted", |a| {
        let cut = Cut::from_args(a)?;
        by(move |s, _| cut.apply(s, &words))
    }),
    row("param", (1, 2), Str, Str, "the value of a parameter name=value", param),
];

/// Where pieces lie in a text.
type Places = Vec<(usize, usize)>;

/// Which pieces are wanted.
struct Cut {
    /// From 1 at the start or -1 at the end.
    index: i64,
    delimiters: Vec<u8>,
    /// How many; 0 for all that are left.
    count: usize,
}

impl Cut {
    fn from_args(args: &Args<'_>) -> Result<Cut, BadArg> {
        args.required(0, "an index")?;
        let index = args.int(0)?.unwrap_or(0);
        if index == 0 {
            return Err(BadArg::at(0, "'0' is no index: 1 is the first, -1 the last"));
        }
        let delimiters = args.required(1, "delimiters")?.as_bytes().to_vec();
        // a negative count means "all that are left", as in HAProxy
        let count = usize::try_from(args.int(2)?.unwrap_or(1)).unwrap_or(0);
        Ok(Cut { index, delimiters, count })
    }

    /// The text from the first to the last of the wanted pieces, delimiters between them kept.
    fn apply<'a>(&self, sample: Sample<'a>, places: &dyn Fn(&[u8], &[u8]) -> Places) -> Option<Sample<'a>> {
        let text = bytes(sample);
        let pieces = places(&text, &self.delimiters);
        let from = usize::try_from(self.index.unsigned_abs()).ok()?.checked_sub(1)?;
        let left = pieces.len().checked_sub(from).filter(|&left| left > 0)?;
        // asked for all or for more than there are, delimiters at the edge come along
        let open = self.count == 0 || self.count > left;
        let count = if open { left } else { self.count };
        let (start, end) = if self.index > 0 {
            (pieces[from].0, if open { text.len() } else { pieces[from + count - 1].1 })
        } else {
            (if open { 0 } else { pieces[left - count].0 }, pieces[left - 1].1)
        };
        Some(part(Sample::Str(text), |text| &text[start..end]))
    }
}

fn fields(text: &[u8], delimiters: &[u8]) -> Places {
    let mut start = 0;
    let ends = text.iter().enumerate().filter(|(_, b)| delimiters.contains(b)).map(|(at, _)| at);
    let mut places = Vec::new();
    for end in ends.chain([text.len()]) {
        places.push((start, end));
        start = end + 1;
    }
    places
}

fn words(text: &[u8], delimiters: &[u8]) -> Places {
    fields(text, delimiters).into_iter().filter(|(start, end)| start < end).collect()
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
