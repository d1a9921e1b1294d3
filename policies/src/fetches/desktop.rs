//! Fetches of the cookie of remote desktop connections: `Cookie: mstshash=user` in the first packet (MS-RDPBCGR, 2.2.1.1).

use portero_api::{Exchange, Fetch, Fetched, NotYet, Sample, SampleType::*};

use super::payload::from_client;
use super::{Made, row};
use crate::vocabulary::{Args, FetchKind, Needs::RequestBytes};

pub(super) static ROWS: &[FetchKind] = &[
    row(
        "req.rdp_cookie",
        &["rdp_cookie"],
        (0, 1),
        Str,
        RequestBytes,
        "the cookie of a remote desktop connection, of that name or of any",
        |a| make(a, false),
    ),
    row(
        "req.rdp_cookie_cnt",
        &["rdp_cookie_cnt"],
        (0, 1),
        Int,
        RequestBytes,
        "1 when there is such a cookie, else 0",
        |a| make(a, true),
    ),
];

/// The bytes in front of the cookie: four of TPKT, seven of a connection request of X.224.
const HEAD: usize = 11;

/// The code of a connection request.
const REQUEST: u8 = 0xe0;

struct Cookie {
    name: Option<Box<[u8]>>,
    count: bool,
}

fn make(args: &Args<'_>, count: bool) -> Made {
    Ok(Box::new(Cookie { name: args.text(0).map(|name| name.as_bytes().into()), count }))
}

impl Fetch for Cookie {
    fn fetch<'a>(&'a self, exchange: &'a Exchange) -> Fetched<'a> {
        let Some(payload) = from_client(exchange) else { return Ok(None) };
        let found = match cookie(&payload.data) {
            Err(NotYet) if !payload.complete => return Err(NotYet),
            Err(NotYet) => None,
            Ok(found) => found,
        };
        let wanted =
            |name: &[u8]| self.name.as_deref().is_none_or(|wanted| wanted.eq_ignore_ascii_case(name));
        let value = found.filter(|(name, _)| wanted(name)).map(|(_, value)| value);
        Ok(match self.count {
            true => Some(Sample::Int(i64::from(value.is_some()))),
            false => value.map(Sample::str),
        })
    }
}

/// Name and value of the cookie; none for bytes that begin in another way.
fn cookie(bytes: &[u8]) -> Result<Option<(&[u8], &[u8])>, NotYet> {
    let Some(&code) = bytes.get(5) else { return Err(NotYet) };
    // the length behind the TPKT header counts what follows it
    let length = usize::from(bytes[4]) + 5;
    if code != REQUEST || length < HEAD {
        return Ok(None);
    }
    let text = bytes.get(HEAD..length).ok_or(NotYet)?;
    Ok(line(text))
}

fn line(text: &[u8]) -> Option<(&[u8], &[u8])> {
    let end = text.windows(2).position(|pair| pair == b"\r\n")?;
    let (label, rest) = text[..end].split_at_checked(8)?;
    let equals = memchr::memchr(b'=', rest)?;
    let (name, value) = (&rest[..equals], &rest[equals + 1..]);
    let good = label.eq_ignore_ascii_case(b"Cookie: ") && !name.is_empty() && !value.contains(&b' ');
    good.then_some((name, value))
}
