//! Fetches from the first TLS ClientHello of a raw stream (HAProxy manual, section 7.3.5; RFC 8446, 4.1.2).
//!
//! While the hello is not complete there is no verdict; bytes that cannot be one have no value.

use std::borrow::Cow;

use portero_api::{Exchange, Fetch, Fetched, NotYet, Payload, Sample, SampleType::*};

use super::payload::{from_client, from_server};
use super::{Made, int, row};
use crate::vocabulary::{FetchKind, Needs::*};

pub(super) static ROWS: &[FetchKind] = &[
    row(
        "req.ssl_hello_type",
        &["req_ssl_hello_type"],
        (0, 0),
        Int,
        RequestBytes,
        "1 for a TLS client hello",
        |_| hello(|_| Some(int(CLIENT_HELLO))),
    ),
    row(
        "req.ssl_ver",
        &["req_ssl_ver"],
        (0, 0),
        Int,
        RequestBytes,
        "the version of a client hello: 0x30003",
        |_| hello(|hello| Some(int(hello.version))),
    ),
    row(
        "req.ssl_sni",
        &["req_ssl_sni"],
        (0, 0),
        Str,
        RequestBytes,
        "the server name in a client hello",
        |_| hello(|hello| hello.server_name().map(Sample::str)),
    ),
    row(
        "req.ssl_alpn",
        &[],
        (0, 0),
        Str,
        RequestBytes,
        "the first protocol that a client hello offers",
        |_| {
            hello(|hello| {
                let mut names = Reader(hello.extension(ALPN)?).vector(2)?;
                names.vector(1).map(|name| Sample::str(name.0))
            })
        },
    ),
    row("req.ssl_ec_ext", &[], (0, 0), Bool, RequestBytes, "whether a client hello names groups", |_| {
        hello(|hello| Some(Sample::Bool(hello.extension(GROUPS).is_some())))
    }),
    row(
        "req.ssl_st_ext",
        &[],
        (0, 0),
        Int,
        RequestBytes,
        "1 for session tickets in a client hello, 2 with one",
        |_| {
            hello(|hello| {
                Some(Sample::Int(
                    hello.extension(TICKET).map_or(0, |ticket| 1 + i64::from(!ticket.is_empty())),
                ))
            })
        },
    ),
    row("req.ssl_cipherlist", &[], (0, 0), Bin, RequestBytes, "the ciphers of a client hello", |_| {
        hello(|hello| Some(bin(hello.ciphers)))
    }),
    row(
        "req.ssl_sigalgs",
        &[],
        (0, 0),
        Bin,
        RequestBytes,
        "the signature algorithms of a client hello",
        |_| hello(|hello| Reader(hello.extension(SIGNATURES)?).vector(2).map(|list| bin(list.0))),
    ),
    row("req.ssl_supported_groups", &[], (0, 0), Bin, RequestBytes, "the groups of a client hello", |_| {
        hello(|hello| Reader(hello.extension(GROUPS)?).vector(2).map(|list| bin(list.0)))
    }),
    row(
        "req.ssl_keyshare_groups",
        &[],
        (0, 0),
        Bin,
        RequestBytes,
        "the groups that a client hello has keys for",
        |_| hello(|hello| hello.key_groups().map(Sample::bytes)),
    ),
    row(
        "res.ssl_hello_type",
        &["rep_ssl_hello_type"],
        (0, 0),
        Int,
        ResponseBytes,
        "2 for a TLS server hello",
        |_| {
            Ok(Box::new(Hello {
                payload: from_server,
                kind: SERVER_HELLO,
                part: |_| Some(int(SERVER_HELLO)),
            }))
        },
    ),
];

const CLIENT_HELLO: u8 = 1;
const SERVER_HELLO: u8 = 2;
/// A record that carries handshake messages.
const HANDSHAKE: u8 = 22;

const SERVER_NAME: u64 = 0;
const GROUPS: u64 = 10;
const SIGNATURES: u64 = 13;
const ALPN: u64 = 16;
const TICKET: u64 = 35;
const KEY_SHARE: u64 = 51;

/// A part of the first handshake message.
struct Hello {
    payload: fn(&Exchange) -> Option<&Payload>,
    kind: u8,
    part: for<'a> fn(&Message<'a>) -> Option<Sample<'a>>,
}

fn hello(part: for<'a> fn(&Message<'a>) -> Option<Sample<'a>>) -> Made {
    Ok(Box::new(Hello { payload: from_client, kind: CLIENT_HELLO, part }))
}

impl Fetch for Hello {
    fn fetch<'a>(&'a self, exchange: &'a Exchange) -> Fetched<'a> {
        let Some(payload) = (self.payload)(exchange) else { return Ok(None) };
        match message(&payload.data, self.kind) {
            Err(NotYet) if !payload.complete => Err(NotYet),
            Err(NotYet) => Ok(None),
            Ok(message) => Ok(message.and_then(|message| (self.part)(&message))),
        }
    }
}

/// What a hello says.
struct Message<'a> {
    version: u32,
    ciphers: &'a [u8],
    extensions: &'a [u8],
}

/// The hello that a stream begins with; none for bytes that are no hello of that kind.
fn message(data: &[u8], kind: u8) -> Result<Option<Message<'_>>, NotYet> {
    let prefix = [HANDSHAKE, 3];
    if !data.iter().zip(&prefix).all(|(byte, expected)| byte == expected) {
        return Ok(None);
    }
    let mut record = Reader(data.get(3..).ok_or(NotYet)?);
    let mut body = record.vector(2).ok_or(NotYet)?;
    if body.number(1) != Some(kind.into()) {
        return Ok(None);
    }
    let Some(mut hello) = body.vector(3) else { return Ok(None) };
    Ok(if kind == CLIENT_HELLO { client(&mut hello) } else { server(&mut hello) })
}

fn client<'a>(hello: &mut Reader<'a>) -> Option<Message<'a>> {
    let version = version(hello)?;
    hello.take(32)?;
    hello.vector(1)?;
    let ciphers = hello.vector(2)?.0;
    hello.vector(1)?;
    let extensions = hello.vector(2).map_or(&b""[..], |extensions| extensions.0);
    Some(Message { version, ciphers, extensions })
}

fn server<'a>(hello: &mut Reader<'a>) -> Option<Message<'a>> {
    let version = version(hello)?;
    hello.take(32)?;
    hello.vector(1)?;
    let ciphers = hello.take(2)?;
    Some(Message { version, ciphers, extensions: b"" })
}

/// Major version times 65536 plus the minor one.
fn version(hello: &mut Reader<'_>) -> Option<u32> {
    let major = hello.number(1)?;
    let minor = hello.number(1)?;
    Some((major << 16 | minor) as u32)
}

impl<'a> Message<'a> {
    fn extension(&self, wanted: u64) -> Option<&'a [u8]> {
        let mut all = Reader(self.extensions);
        loop {
            let kind = all.number(2)?;
            let data = all.vector(2)?;
            if kind == wanted {
                return Some(data.0);
            }
        }
    }

    /// The first name of type host (RFC 6066, 3).
    fn server_name(&self) -> Option<&'a [u8]> {
        let mut names = Reader(self.extension(SERVER_NAME)?).vector(2)?;
        loop {
            let kind = names.number(1)?;
            let name = names.vector(2)?;
            if kind == 0 {
                return Some(name.0);
            }
        }
    }

    fn key_groups(&self) -> Option<Vec<u8>> {
        let mut shares = Reader(self.extension(KEY_SHARE)?).vector(2)?;
        let mut groups = Vec::new();
        while let Some(group) = shares.take(2) {
            groups.extend(group);
            shares.vector(2)?;
        }
        Some(groups)
    }
}

fn bin(bytes: &[u8]) -> Sample<'_> {
    Sample::Bin(Cow::Borrowed(bytes))
}

/// Reads numbers and vectors of TLS (RFC 8446, 3) off the front of some bytes.
struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    fn take(&mut self, count: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(count)?;
        self.0 = rest;
        Some(taken)
    }

    /// A number of so many bytes.
    fn number(&mut self, width: usize) -> Option<u64> {
        Some(self.take(width)?.iter().fold(0, |n, &b| n << 8 | u64::from(b)))
    }

    /// Bytes behind their count, which is so wide.
    fn vector(&mut self, width: usize) -> Option<Reader<'a>> {
        let count = usize::try_from(self.number(width)?).ok()?;
        self.take(count).map(Reader)
    }
}
