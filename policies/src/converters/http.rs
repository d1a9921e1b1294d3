//! Converters of values of HTTP header fields.

use portero_api::{Convert, Exchange, Sample, SampleType::*, trim};

use super::operand::bytes;
use super::{Made, row};
use crate::vocabulary::{Args, ConvertKind};

pub(super) static ROWS: &[ConvertKind] =
    &[row("language", (1, 2), Str, Str, "the best of some languages by an Accept-Language field", language)];

/// Languages to choose from, handed out without a copy.
struct Language {
    known: Vec<Box<[u8]>>,
    default: Option<Box<[u8]>>,
}

fn language(args: &Args<'_>) -> Made {
    let known = args.required(0, "languages")?.split(';').map(|l| l.as_bytes().into()).collect();
    Ok(Box::new(Language { known, default: args.text(1).map(|l| l.as_bytes().into()) }))
}

impl Convert for Language {
    fn convert<'a>(&'a self, sample: Sample<'a>, _: &'a Exchange) -> Option<Sample<'a>> {
        let text = bytes(sample);
        let mut best: Option<(u32, &[u8])> = None;
        for part in text.split(|&b| b == b',') {
            let (range, quality) = range_and_quality(part);
            if quality > best.map_or(0, |(most, _)| most)
                && let Some(known) = self.known(range)
            {
                best = Some((quality, known));
            }
        }
        best.map(|(_, known)| known).or(self.default.as_deref()).map(Sample::str)
    }
}

impl Language {
    /// The known language that a range means: itself, else without its variant.
    fn known(&self, range: &[u8]) -> Option<&[u8]> {
        let base = range.split(|&b| b == b'-').next().unwrap_or_default();
        let find = |wanted: &[u8]| self.known.iter().find(|known| ***known == *wanted);
        find(range).or_else(|| find(base)).map(|known| &**known)
    }
}

/// `fr-ca;q=0.5` as language and thousandths.
fn range_and_quality(part: &[u8]) -> (&[u8], u32) {
    let mut pieces = part.split(|&b| b == b';').map(trim);
    let range = pieces.next().unwrap_or_default();
    let quality = pieces.find_map(|piece| piece.strip_prefix(b"q=").map(thousandths));
    (range, quality.unwrap_or(1000))
}

/// A quality value (RFC 9110, 12.4.2) in thousandths; 0 for none.
fn thousandths(text: &[u8]) -> u32 {
    let value = std::str::from_utf8(text).ok().and_then(|text| text.parse::<f32>().ok());
    value.filter(|q| (0.0..=1.0).contains(q)).map_or(0, |q| (q * 1000.0) as u32)
}
