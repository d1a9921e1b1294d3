//! Fetches from the `Authorization` header field (RFC 9110, 11.6.2): what the client says, not whether it is true.

use portero_api::{Exchange, Sample, SampleType::Str};

use super::{Made, Side, by, row};
use crate::converters::from_base64;
use crate::vocabulary::{Args, FetchKind, Needs::Request};

pub(super) static ROWS: &[FetchKind] = &[
    row("http_auth_type", &[], (0, 0), Str, Request, "the scheme: Basic or Bearer", |_| {
        by(|x| match credentials(x, b"authorization")? {
            (scheme, _) if scheme.eq_ignore_ascii_case(b"basic") => Some(Sample::str("Basic")),
            (scheme, _) if scheme.eq_ignore_ascii_case(b"bearer") => Some(Sample::str("Bearer")),
            _ => None,
        })
    }),
    row("http_auth_user", &[], (0, 0), Str, Request, "the user of the Basic scheme", |_| {
        by(|x| basic(x).map(|(user, _)| Sample::text(user)))
    }),
    row("http_auth_pass", &[], (0, 0), Str, Request, "the password of the Basic scheme", |_| {
        by(|x| basic(x).map(|(_, password)| Sample::text(password)))
    }),
    row("http_auth_bearer", &[], (0, 1), Str, Request, "the token of the Bearer scheme", bearer),
];

/// Scheme and the rest of the first field of that name.
fn credentials<'a>(x: &'a Exchange, field: &[u8]) -> Option<(&'a [u8], &'a [u8])> {
    let value = Side::Request.headers(x)?.get(field)?;
    let space = value.iter().position(|&b| b == b' ')?;
    Some((&value[..space], portero_api::trim(&value[space..])))
}

/// User and password (RFC 7617, 2).
fn basic(x: &Exchange) -> Option<(Vec<u8>, Vec<u8>)> {
    let (scheme, rest) = credentials(x, b"authorization")?;
    let pair = scheme.eq_ignore_ascii_case(b"basic").then(|| from_base64(rest))??;
    let colon = pair.iter().position(|&b| b == b':')?;
    Some((pair[..colon].to_vec(), pair[colon + 1..].to_vec()))
}

fn bearer(args: &Args<'_>) -> Made {
    let field = args.text(0).unwrap_or("authorization").as_bytes().to_vec();
    by(move |x| {
        let (scheme, token) = credentials(x, &field)?;
        scheme.eq_ignore_ascii_case(b"bearer").then(|| Sample::str(token))
    })
}
