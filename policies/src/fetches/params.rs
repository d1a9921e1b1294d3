//! Fetches of parameters in the query string, and the scanning that bodies and cookies share.

use std::ops::ControlFlow;

use portero_api::{BadArg, Exchange, Fetch, Fetched, NotYet, Sample, SampleType::*};

use super::headers::leading_int;
use super::{Made, request, row};
use crate::vocabulary::{Args, FetchKind, Needs};

pub(super) static ROWS: &[FetchKind] = &[
    row("url_param", &["urlp"], (0, 3), Str, Needs::Request, "a parameter of the query string", |a| {
        url_param(a, |value| Sample::str(value))
    }),
    row("urlp_val", &[], (0, 3), Int, Needs::Request, "a parameter of the query string as an integer", |a| {
        url_param(a, |value| Sample::Int(leading_int(value)))
    }),
];

/// Parameters `name=value` of some text.
pub(super) struct Params {
    /// Where they stand.
    pub(super) text: fn(&Exchange, u8) -> Option<&[u8]>,
    /// The name; empty for any.
    pub(super) name: Box<[u8]>,
    /// What stands in front of the first one in an URL, and ends each beside `&` and `;`.
    pub(super) delimiter: u8,
    /// True to compare names without case.
    pub(super) ignore_case: bool,
    /// What is made of a value.
    pub(super) sample: fn(&[u8]) -> Sample<'_>,
}

fn url_param(args: &Args<'_>, sample: fn(&[u8]) -> Sample<'_>) -> Made {
    let name = args.text(0).unwrap_or_default().as_bytes().into();
    let delimiter = args.text(1).and_then(|text| text.bytes().next()).unwrap_or(b'?');
    Ok(Box::new(Params {
        text: after_delimiter,
        name,
        delimiter,
        ignore_case: ignore_case(args, 2)?,
        sample,
    }))
}

/// The flag `i`.
pub(super) fn ignore_case(args: &Args<'_>, index: usize) -> Result<bool, BadArg> {
    match args.text(index) {
        None => Ok(false),
        Some("i") => Ok(true),
        Some(other) => Err(BadArg::at(index, format!("'{other}' is no flag: 'i' is"))),
    }
}

/// What stands behind the first delimiter of path and query.
fn after_delimiter(exchange: &Exchange, delimiter: u8) -> Option<&[u8]> {
    let text = request(exchange)?.path_and_query();
    let at = text.iter().position(|&b| b == delimiter)?;
    Some(&text[at + 1..])
}

impl Params {
    fn values<'a>(&'a self, exchange: &'a Exchange) -> impl Iterator<Item = &'a [u8]> {
        let text = (self.text)(exchange, self.delimiter).into_iter();
        let parts = text.flat_map(|text| text.split(|&b| b == b'&' || b == b';' || b == self.delimiter));
        parts.filter_map(|part| {
            let equals = part.iter().position(|&b| b == b'=')?;
            let name = &part[..equals];
            let same =
                if self.ignore_case { name.eq_ignore_ascii_case(&self.name) } else { *name == *self.name };
            (self.name.is_empty() || same).then(|| &part[equals + 1..])
        })
    }
}

impl Fetch for Params {
    fn fetch<'a>(&'a self, exchange: &'a Exchange) -> Fetched<'a> {
        Ok(self.values(exchange).next().map(self.sample))
    }

    fn each<'a>(
        &'a self,
        exchange: &'a Exchange,
        visit: &mut dyn FnMut(Sample<'a>) -> ControlFlow<()>,
    ) -> Result<(), NotYet> {
        let _ = self.values(exchange).map(self.sample).try_for_each(visit);
        Ok(())
    }
}

/// The first place of one of two bytes outside double quotes; a backslash within them protects the next byte. Most
/// texts have no quotes: they are passed over eight bytes at a time, which takes bytes that the compiler knows.
pub(super) fn unquoted<const ONE: u8, const OTHER: u8>(text: &[u8]) -> Option<usize> {
    let counts = |b: &u8| (*b == ONE) | (*b == OTHER) | (*b == b'"');
    let (chunks, _) = text.as_chunks::<8>();
    let clear = |chunk: &&[u8; 8]| !chunk.iter().fold(false, |hit, b| hit | counts(b));
    let passed = 8 * chunks.iter().take_while(clear).count();
    let first = passed + text[passed..].iter().position(counts)?;
    match text[first] {
        b'"' => behind_quotes(&text[first..], |b| b == ONE || b == OTHER).map(|at| first + at),
        _ => Some(first),
    }
}

fn behind_quotes(text: &[u8], is_end: impl Fn(u8) -> bool) -> Option<usize> {
    let (mut quoted, mut escaped) = (false, false);
    text.iter().position(|&b| {
        let hit = !quoted && is_end(b);
        match b {
            _ if escaped => escaped = false,
            b'\\' if quoted => escaped = true,
            b'"' => quoted = !quoted,
            _ => {}
        }
        hit
    })
}

#[cfg(test)]
mod tests {
    use super::unquoted;

    #[test]
    fn quotes_protect_wherever_they_begin() {
        for before in 0..20 {
            let before = "x".repeat(before);
            let quoted = format!("{before}\"a,b\\\",\"c,d;");
            assert_eq!(unquoted::<b',', b';'>(quoted.as_bytes()), Some(before.len() + 9), "{quoted}");
            assert_eq!(unquoted::<b',', b';'>(format!("{before};,").as_bytes()), Some(before.len()));
            assert_eq!(unquoted::<b',', b','>(format!("{before}\",").as_bytes()), None);
        }
    }
}
