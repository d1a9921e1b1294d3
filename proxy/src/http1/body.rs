//! Bodies: the transfer coding is taken away here, byte by byte if need be (RFC 9112, 6 and 7).

use std::fmt;

use portero_api::{Framing, Headers};

use super::trailers::Trailers;

/// Reads one body. It keeps what it needs between calls, so every byte that was taken may be forgotten.
#[derive(Debug)]
pub enum BodyReader {
    /// All was read.
    Done,
    /// So many bytes are to come.
    Length(u64),
    /// Chunks are to come.
    Chunked(Chunked),
    /// All that comes up to the end of the connection is the body; tunnels too.
    UntilClose,
}

/// What one call of [`BodyReader::next`] found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Step<'b> {
    /// Bytes of the input that are done with.
    pub consumed: usize,
    /// Content among them.
    pub data: &'b [u8],
    /// The body has ended; what follows in the input is another message.
    pub end: bool,
}

/// Why a body cannot be read further. The connection cannot be used after it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BadBody {
    /// The status to answer a client with, if nothing was answered yet.
    pub status: u16,
    /// The reason, for the log.
    pub why: &'static str,
}

/// The state of a chunked body.
#[derive(Debug, Default)]
pub struct Chunked {
    at: At,
    /// Of the chunk: its size while it is read, then what is left of it.
    left: u64,
    /// Bytes of the size line.
    line: usize,
    trailers: Trailers,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum At {
    /// Before the first digit of a size.
    #[default]
    Size,
    /// Among the digits.
    Digits,
    /// In white space that must lead to an extension (BWS, RFC 9112, 7.1.1).
    Space,
    Extension,
    SizeLf,
    Data,
    DataCr,
    DataLf,
    Trailers,
}

/// The longest size line, zeros in front and extensions included: they are dropped, so they need no room.
const LINE: usize = 4096;

impl BodyReader {
    /// A reader for a body framed like this.
    pub fn new(framing: Framing) -> BodyReader {
        match framing {
            Framing::None | Framing::Length(0) => BodyReader::Done,
            Framing::Length(length) => BodyReader::Length(length),
            Framing::Chunked => BodyReader::Chunked(Chunked::default()),
            Framing::UntilClose | Framing::Tunnel => BodyReader::UntilClose,
        }
    }

    /// Takes the next piece. Call again with the rest of the input until it is used up or `end` is said; a call always
    /// takes something from an input that is not empty, unless the body has ended.
    ///
    /// # Errors
    /// [`BadBody`] when the chunks are broken or the trailers too long.
    pub fn next<'b>(&mut self, input: &'b [u8]) -> Result<Step<'b>, BadBody> {
        match self {
            BodyReader::Done => Ok(Step { consumed: 0, data: &[], end: true }),
            BodyReader::UntilClose => Ok(Step { consumed: input.len(), data: input, end: false }),
            BodyReader::Length(left) => {
                let taken = input.len().min(usize::try_from(*left).unwrap_or(usize::MAX));
                *left -= taken as u64;
                let end = *left == 0;
                if end {
                    *self = BodyReader::Done;
                }
                Ok(Step { consumed: taken, data: &input[..taken], end })
            }
            BodyReader::Chunked(chunked) => chunked.next(input),
        }
    }

    /// True when the body has ended: by its framing, or because the connection did and that is its end.
    pub fn is_complete(&self, connection_ended: bool) -> bool {
        match self {
            BodyReader::Done => true,
            BodyReader::Length(_) => false,
            BodyReader::Chunked(chunked) => chunked.trailers.is_complete(),
            BodyReader::UntilClose => connection_ended,
        }
    }

    /// The trailer fields, once the end was said: validated, without those that may not stand there.
    pub fn trailers(&self) -> Option<&Headers> {
        match self {
            BodyReader::Chunked(chunked) => chunked.trailers.fields(),
            _ => None,
        }
    }
}

impl Chunked {
    fn next<'b>(&mut self, input: &'b [u8]) -> Result<Step<'b>, BadBody> {
        if self.trailers.is_complete() {
            return Ok(Step { consumed: 0, data: &[], end: true });
        }
        let mut at = 0;
        while at < input.len() && self.at != At::Data {
            if self.at == At::Trailers {
                let (taken, end) = self.trailers.take(&input[at..])?;
                return Ok(Step { consumed: at + taken, data: &[], end });
            }
            self.control(input[at])?;
            at += 1;
        }
        if self.at != At::Data {
            return Ok(Step { consumed: at, data: &[], end: false });
        }
        let taken = (input.len() - at).min(usize::try_from(self.left).unwrap_or(usize::MAX));
        self.left -= taken as u64;
        if self.left == 0 {
            self.at = At::DataCr;
        }
        Ok(Step { consumed: at + taken, data: &input[at..at + taken], end: false })
    }

    /// One byte that is not content.
    fn control(&mut self, byte: u8) -> Result<(), BadBody> {
        self.line += 1;
        if self.line > LINE {
            return Err(BadBody::bad("the size line of a chunk is too long"));
        }
        self.at = match (self.at, byte) {
            (At::Size | At::Digits, digit) if digit.is_ascii_hexdigit() => {
                self.left = longer(self.left, digit)?;
                At::Digits
            }
            (At::Digits | At::Extension, b'\r') => At::SizeLf,
            (At::Digits | At::Space, b' ' | b'\t') => At::Space,
            (At::Digits | At::Space, b';') => At::Extension,
            (At::Extension, b'\t' | b' '..=b'~' | 0x80..) => At::Extension,
            (At::SizeLf, b'\n') if self.left == 0 => At::Trailers,
            (At::SizeLf, b'\n') => At::Data,
            (At::DataCr, b'\r') => At::DataLf,
            (At::DataLf, b'\n') => {
                self.line = 0;
                At::Size
            }
            (At::DataCr | At::DataLf, _) => return Err(BadBody::bad("no CRLF behind the data of a chunk")),
            (At::Extension | At::SizeLf, _) => {
                return Err(BadBody::bad("a control character in a size line"));
            }
            _ => return Err(BadBody::bad("a chunk size is no hexadecimal number")),
        };
        Ok(())
    }
}

/// Appends a digit to a size, which stays below 2^63.
fn longer(size: u64, digit: u8) -> Result<u64, BadBody> {
    let value = match digit {
        b'0'..=b'9' => digit - b'0',
        _ => (digit | 0x20) - b'a' + 10,
    };
    if size >> 59 != 0 {
        return Err(BadBody::bad("a chunk size above 2^63"));
    }
    Ok(size << 4 | u64::from(value))
}

impl BadBody {
    pub(super) const fn bad(why: &'static str) -> BadBody {
        BadBody { status: 400, why }
    }
}

impl fmt::Display for BadBody {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.why)
    }
}

impl std::error::Error for BadBody {}
