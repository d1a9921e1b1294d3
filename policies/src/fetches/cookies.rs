//! Fetches of cookies (RFC 6265): the `Cookie` fields of the request, the `Set-Cookie` fields of the response.

use std::ops::ControlFlow;

use portero_api::{Exchange, Fetch, Fetched, Headers, NotYet, Sample, SampleType::*, trim};

use super::headers::{leading_int, separator};
use super::params::unquoted;
use super::{Made, Side, by, int, response, row};
use crate::vocabulary::{Args, FetchKind, Needs};

pub(super) static ROWS: &[FetchKind] = &[
    row("req.cook", &["cook", "req.cookie"], (0, 1), Str, Needs::Request, "a cookie of the request", |a| {
        cookie(a, Side::Request, text)
    }),
    row(
        "req.cook_cnt",
        &["cook_cnt"],
        (0, 1),
        Int,
        Needs::Request,
        "how many cookies the request has",
        |a| count(a, Side::Request),
    ),
    row(
        "req.cook_val",
        &["cook_val"],
        (0, 1),
        Int,
        Needs::Request,
        "a cookie of the request as an integer",
        |a| cookie(a, Side::Request, number),
    ),
    row("req.cook_names", &[], (0, 1), Str, Needs::Request, "the names of the request's cookies", |a| {
        names(a, Side::Request)
    }),
    row(
        "res.cook",
        &["scook", "set-cookie"],
        (0, 1),
        Str,
        Needs::Response,
        "a cookie that the response sets",
        |a| cookie(a, Side::Response, text),
    ),
    row(
        "res.cook_cnt",
        &["scook_cnt"],
        (0, 1),
        Int,
        Needs::Response,
        "how many cookies the response sets",
        |a| count(a, Side::Response),
    ),
    row(
        "res.cook_val",
        &["scook_val"],
        (0, 1),
        Int,
        Needs::Response,
        "a cookie that the response sets as an integer",
        |a| cookie(a, Side::Response, number),
    ),
    row(
        "res.cook_names",
        &[],
        (0, 1),
        Str,
        Needs::Response,
        "the names of the cookies the response sets",
        |a| names(a, Side::Response),
    ),
    row(
        "cookie",
        &[],
        (0, 1),
        Str,
        Needs::RequestKept,
        "'req.cook' in request rules, 'res.cook' in response rules",
        |a| cookie(a, Side::Current, text),
    ),
];

/// One cookie by name, or any.
struct Cookie {
    side: Side,
    /// Empty for any.
    name: Box<[u8]>,
    sample: fn(&[u8]) -> Sample<'_>,
}

fn cookie(args: &Args<'_>, side: Side, sample: fn(&[u8]) -> Sample<'_>) -> Made {
    Ok(Box::new(Cookie { side, name: args.text(0).unwrap_or_default().as_bytes().into(), sample }))
}

impl Cookie {
    fn values<'a>(&'a self, exchange: &'a Exchange) -> impl Iterator<Item = &'a [u8]> {
        all(self.side, exchange)
            .filter(|(name, _)| self.name.is_empty() || **name == *self.name)
            .map(|(_, v)| v)
    }
}

impl Fetch for Cookie {
    fn fetch<'a>(&'a self, exchange: &'a Exchange) -> Fetched<'a> {
        let mut values = self.values(exchange);
        let value = if self.name.is_empty() { values.next() } else { values.last() };
        Ok(value.map(self.sample))
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

fn text(value: &[u8]) -> Sample<'_> {
    Sample::str(value)
}

fn number(value: &[u8]) -> Sample<'_> {
    Sample::Int(leading_int(value))
}

fn count(args: &Args<'_>, side: Side) -> Made {
    let wanted: Box<[u8]> = args.text(0).unwrap_or_default().as_bytes().into();
    by(move |x| {
        side.headers(x)?;
        Some(int(all(side, x).filter(|(name, _)| wanted.is_empty() || **name == *wanted).count()))
    })
}

fn names(args: &Args<'_>, side: Side) -> Made {
    let separator = separator(args)?;
    by(move |x| {
        side.headers(x)?;
        let names: Vec<_> = all(side, x).map(|(name, _)| name).collect();
        Some(Sample::text(names.join(&separator)))
    })
}

/// Every cookie of a message as (name, value).
fn all(side: Side, exchange: &Exchange) -> impl Iterator<Item = (&[u8], &[u8])> {
    let set = side == Side::Response || side == Side::Current && response(exchange).is_some();
    let field: &[u8] = if set { b"set-cookie" } else { b"cookie" };
    let lines = side.headers(exchange).into_iter().flat_map(move |headers: &Headers| headers.all(field));
    lines.flat_map(move |line| Pairs { rest: Some(line), one: set })
}

/// The cookies of one line; attributes behind the first one of `Set-Cookie` are none.
struct Pairs<'a> {
    rest: Option<&'a [u8]>,
    one: bool,
}

impl<'a> Iterator for Pairs<'a> {
    type Item = (&'a [u8], &'a [u8]);

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            let rest = self.rest.take()?;
            let end = match self.one {
                true => unquoted::<b';', b';'>(rest),
                false => unquoted::<b';', b','>(rest),
            };
            let end = end.unwrap_or(rest.len());
            if !self.one {
                self.rest = rest.get(end + 1..);
            }
            let pair = &rest[..end];
            if let Some(equals) = pair.iter().position(|&b| b == b'=') {
                return Some((trim(&pair[..equals]), trim(&pair[equals + 1..])));
            }
        }
    }
}
