//! Converters of texts as a whole.

use std::borrow::Cow;
use std::cmp::Ordering;

use portero_api::{BadArg, Convert, Exchange, Sample, SampleType::*, VarId};

use super::operand::{Operand, bytes, optional_variable, variable_bytes};
use super::{Made, by, row};
use crate::vocabulary::{Args, ConvertKind};

pub(super) static ROWS: &[ConvertKind] = &[
    row("lower", (0, 0), Str, Str, "in small letters", |_| {
        each_byte(u8::is_ascii_uppercase, u8::to_ascii_lowercase)
    }),
    row("upper", (0, 0), Str, Str, "in capital letters", |_| {
        each_byte(u8::is_ascii_lowercase, u8::to_ascii_uppercase)
    }),
    row("length", (0, 0), Str, Int, "the number of bytes", |_| {
        by(|s, _| Some(Sample::Int(bytes(s).len() as i64)))
    }),
    row("bytes", (1, 2), Bin, Bin, "so many bytes from a place on", slice),
    row("concat", (0, 3), Str, Str, "a text, a variable and a text appended", concat),
    row("add_item", (2, 3), Str, Str, "a list item appended behind a delimiter", add_item),
    row("ltrim", (1, 1), Str, Str, "without these characters at the start", |a| trim(a, true)),
    row("rtrim", (1, 1), Str, Str, "without these characters at the end", |a| trim(a, false)),
    row("cut_crlf", (0, 0), Str, Str, "up to the first line end", |_| {
        by(|s, _| Some(part(s, |text| text.split(|b| matches!(b, b'\r' | b'\n')).next().unwrap_or_default())))
    }),
    row("reverse", (0, 0), Str, Str, "the bytes in reverse order", |_| {
        by(|s, _| Some(Sample::text(bytes(s).iter().rev().copied().collect::<Vec<_>>())))
    }),
    row("reverse_dom", (0, 0), Str, Str, "the labels of a host name in reverse order", |_| {
        by(|s, _| reverse_dom(s))
    }),
    row("strcmp", (1, 1), Str, Int, "compared with a variable: 0 when both are the same", strcmp),
    row("secure_memcmp", (1, 1), Bin, Bool, "compared with a variable in constant time", secure_memcmp),
    row("iif", (0, 2), Bool, Str, "the first text if true, else the second", iif),
    row("has_ctl", (0, 1), Bin, Bool, "whether there is a control character of the mask", has_ctl),
];

fn each_byte(changes: fn(&u8) -> bool, to: fn(&u8) -> u8) -> Made {
    by(move |s, _| {
        let text = bytes(s);
        Some(Sample::Str(match text.iter().any(changes) {
            true => Cow::Owned(text.iter().map(to).collect()),
            false => text,
        }))
    })
}

/// A part of a text; borrowed when the text is.
pub(super) fn part<'a>(sample: Sample<'a>, of: impl for<'t> Fn(&'t [u8]) -> &'t [u8]) -> Sample<'a> {
    Sample::Str(part_of(bytes(sample), of))
}

fn part_of<'a>(text: Cow<'a, [u8]>, of: impl for<'t> Fn(&'t [u8]) -> &'t [u8]) -> Cow<'a, [u8]> {
    match text {
        Cow::Borrowed(text) => Cow::Borrowed(of(text)),
        Cow::Owned(text) => Cow::Owned(of(&text).to_vec()),
    }
}

fn slice(args: &Args<'_>) -> Made {
    let offset = Operand::required(args, 0)?;
    let length = Operand::from_arg(args, 1)?;
    if matches!(offset, Operand::Number(n) if n < 0) {
        return Err(BadArg::at(0, "an offset must not be negative"));
    }
    if matches!(length, Some(Operand::Number(n)) if n <= 0) {
        return Err(BadArg::at(1, "a length must be 1 or more"));
    }
    by(move |s, x| {
        let offset = offset.value(x)?;
        let length = length.map_or(Some(i64::MAX), |l| l.value(x))?;
        let cut = part_of(bytes(s), |text| {
            let rest = usize::try_from(offset).ok().and_then(|at| text.get(at..)).unwrap_or_default();
            &rest[..rest.len().min(usize::try_from(length).unwrap_or(0))]
        });
        Some(Sample::Bin(cut))
    })
}

fn concat(args: &Args<'_>) -> Made {
    let start = args.text(0).unwrap_or_default().as_bytes().to_vec();
    let variable = optional_variable(args, 1)?;
    let end = args.text(2).unwrap_or_default().as_bytes().to_vec();
    by(move |s, x| {
        let mut text = bytes(s).into_owned();
        text.extend(&start);
        text.extend(variable.and_then(|id| variable_bytes(x, id)).unwrap_or_default());
        text.extend(&end);
        Some(Sample::text(text))
    })
}

fn add_item(args: &Args<'_>) -> Made {
    let delimiter = args.required(0, "a delimiter")?.as_bytes().to_vec();
    let variable = optional_variable(args, 1)?;
    let suffix = args.text(2).unwrap_or_default().as_bytes().to_vec();
    if variable.is_none() && suffix.is_empty() {
        return Err(BadArg::at(1, "a variable or a suffix is missing: there is nothing to add"));
    }
    by(move |s, x| {
        let mut text = bytes(s).into_owned();
        let mut item = variable.and_then(|id| variable_bytes(x, id)).unwrap_or_default();
        item.extend(&suffix);
        if !text.is_empty() && !item.is_empty() {
            text.extend(&delimiter);
        }
        text.extend(item);
        Some(Sample::text(text))
    })
}

fn trim(args: &Args<'_>, left: bool) -> Made {
    let chars = args.required(0, "the characters to take away")?.as_bytes().to_vec();
    by(move |s, _| {
        Some(part(s, |text| {
            let keep = |b: &u8| !chars.contains(b);
            if left {
                &text[text.iter().position(keep).unwrap_or(text.len())..]
            } else {
                &text[..text.iter().rposition(keep).map_or(0, |last| last + 1)]
            }
        }))
    })
}

/// One dot at the end is dropped; an empty label makes it fail.
fn reverse_dom(sample: Sample<'_>) -> Option<Sample<'_>> {
    let text = bytes(sample);
    let name = text.strip_suffix(b".").unwrap_or(&text);
    let labels: Vec<&[u8]> = name.rsplit(|&b| b == b'.').collect();
    (!labels.iter().any(|label| label.is_empty())).then(|| Sample::text(labels.join(&b'.')))
}

fn strcmp(args: &Args<'_>) -> Made {
    let id = args.var(0)?;
    by(move |s, x| {
        let order = (*bytes(s)).cmp(&variable_bytes(x, id)?[..]);
        Some(Sample::Int(match order {
            Ordering::Less => -1,
            Ordering::Equal => 0,
            Ordering::Greater => 1,
        }))
    })
}

fn secure_memcmp(args: &Args<'_>) -> Made {
    let id: VarId = args.var(0)?;
    by(move |s, x| {
        let (left, right) = (bytes(s), variable_bytes(x, id)?);
        let differences = left.iter().zip(&right).fold(0, |sum, (a, b)| std::hint::black_box(sum | (a ^ b)));
        Some(Sample::Bool(left.len() == right.len() && differences == 0))
    })
}

/// Two texts to choose from, handed out without a copy.
struct Choice {
    yes: Box<[u8]>,
    no: Box<[u8]>,
}

fn iif(args: &Args<'_>) -> Made {
    if args.len() < 2 {
        return Err(BadArg::at(args.len(), "'iif' takes two texts, for true and for false"));
    }
    let text = |index| args.text(index).unwrap_or_default().as_bytes().into();
    Ok(Box::new(Choice { yes: text(0), no: text(1) }))
}

impl Convert for Choice {
    fn convert<'a>(&'a self, sample: Sample<'a>, _: &'a Exchange) -> Option<Sample<'a>> {
        let yes = crate::cast::to_int(&sample)? != 0;
        Some(Sample::str(if yes { &self.yes } else { &self.no }))
    }
}

/// Bits 0 to 31 for the characters 0x00 to 0x1F, bit 32 for DEL.
fn has_ctl(args: &Args<'_>) -> Made {
    let mask = match args.text(0) {
        None => 0x1_FFFF_FDFF,
        Some("any") => 0x1_FFFF_FFFF,
        Some("http") => 0x2401,
        Some(text) => {
            let parsed = match text.strip_prefix("0x").or_else(|| text.strip_prefix("0X")) {
                Some(digits) => u64::from_str_radix(digits, 16),
                None => text.parse(),
            };
            let mask = parsed
                .map_err(|_| BadArg::at(0, format!("'{text}' is no mask: a number, 'any' or 'http' is")))?;
            if mask > 0x1_FFFF_FFFF {
                return Err(BadArg::at(0, format!("'{text}' has bits above the 33 of a mask")));
            }
            mask
        }
    };
    by(move |s, _| {
        let hit = |b: &u8| match b {
            0..0x20 => mask >> b & 1 == 1,
            0x7f => mask >> 32 == 1,
            _ => false,
        };
        Some(Sample::Bool(bytes(s).iter().any(hit)))
    })
}
