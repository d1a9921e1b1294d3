//! Trailer fields: what may follow the last chunk (RFC 9112, 7.1.2; RFC 9110, 6.5).

use httparse::{EMPTY_HEADER, Status};
use portero_api::Headers;

use super::body::BadBody;
use super::fields::Field;
use super::head;

/// The trailer section of one body.
#[derive(Debug, Default)]
pub(super) struct Trailers {
    /// What came of it; stays empty, and without memory, when there are no fields.
    section: Vec<u8>,
    fields: Headers,
    complete: bool,
}

/// Bytes of a trailer section.
const SECTION: usize = 8192;
/// Fields of it.
const FIELDS: usize = 64;

impl Trailers {
    /// Takes bytes up to the empty line: how many, and whether that was the end.
    pub(super) fn take(&mut self, input: &[u8]) -> Result<(usize, bool), BadBody> {
        if self.complete {
            return Ok((0, true));
        }
        for (at, &byte) in input.iter().enumerate() {
            self.section.push(byte);
            match byte {
                b'\n' if !self.section.ends_with(b"\r\n") => {
                    return Err(BadBody::bad("a trailer line ends in LF"));
                }
                b'\n' if self.section == b"\r\n" || self.section.ends_with(b"\n\r\n") => {
                    self.parse()?;
                    return Ok((at + 1, true));
                }
                _ if self.section.len() >= SECTION => return Err(TOO_LONG),
                _ => {}
            }
        }
        Ok((input.len(), false))
    }

    /// The fields, when the section has ended and there are any.
    pub(super) fn fields(&self) -> Option<&Headers> {
        (self.complete && !self.fields.is_empty()).then_some(&self.fields)
    }

    pub(super) fn is_complete(&self) -> bool {
        self.complete
    }

    fn parse(&mut self) -> Result<(), BadBody> {
        let section = &self.section[..];
        let mut room = [EMPTY_HEADER; FIELDS];
        match httparse::parse_headers(section, &mut room) {
            Ok(Status::Complete((len, fields))) if len == section.len() => {
                self.fields.begin();
                for field in fields.iter().filter(|f| is_allowed(f.name.as_bytes())) {
                    let (name, value) = head::places(section, field);
                    let standing = head::standing(section, &name, &value, Field::Other);
                    self.fields.place(name, value, standing);
                }
                self.fields.load(section);
            }
            Ok(_) => return Err(BadBody::bad("the trailers end before their empty line")),
            Err(httparse::Error::TooManyHeaders) => return Err(TOO_LONG),
            Err(_) => return Err(BadBody::bad("a trailer is no field")),
        }
        self.complete = true;
        Ok(())
    }
}

const TOO_LONG: BadBody = BadBody { status: 431, why: "the trailers are too long" };

/// False for what decides on framing, routing, authority or the reading of the content (RFC 9110, 6.5.1).
fn is_allowed(name: &[u8]) -> bool {
    const NEVER: [&[u8]; 18] = [
        b"age",
        b"authorization",
        b"cache-control",
        b"content-encoding",
        b"content-range",
        b"content-type",
        b"cookie",
        b"date",
        b"expires",
        b"location",
        b"max-forwards",
        b"proxy-authenticate",
        b"proxy-authorization",
        b"range",
        b"set-cookie",
        b"trailer",
        b"vary",
        b"www-authenticate",
    ];
    Field::of(name) == Field::Other && !NEVER.iter().any(|never| name.eq_ignore_ascii_case(never))
}
