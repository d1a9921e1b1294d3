//! The end of a head, and httparse with our limits.

use std::mem::MaybeUninit;
use std::ops::Range;

use httparse::{Header, ParserConfig};
use memchr::{memchr, memchr_iter};
use portero_api::{Headers, Standing};

use super::fields::Field;
use super::{Limits, Refusal};

/// How far the search for the end of a head got, so that a head that comes byte by byte costs no more than one that
/// comes whole. One per connection side: it is ready for the next head once one was found.
#[derive(Clone, Copy, Debug, Default)]
pub struct Scan {
    /// Where the first line begins, behind empty lines.
    start: usize,
    /// Everything before this was looked at.
    at: usize,
}

/// A line of a head ends in LF alone (RFC 9112, 2.2): two readers would not agree on where it ends.
pub(super) const BARE_LF: Refusal = Refusal::bad("a line ends in LF without CR");

/// How many fields have room without memory from the heap.
const INLINE: usize = 128;

/// What may be read as a head before its end was looked for: most heads come whole, and in the usual form ([`super::usual`]).
pub(super) fn at_once<'b>(buf: &'b [u8], scan: &Scan, limits: &Limits) -> Option<&'b [u8]> {
    (scan.at == 0 && scan.start == 0 && !limits.unsafe_ok).then(|| window(buf, limits))
}

fn window<'b>(buf: &'b [u8], limits: &Limits) -> &'b [u8] {
    &buf[..buf.len().min(limits.head)]
}

/// Finds a whole head: the range of its lines, the empty one included. None while bytes are missing. Each LF must stand
/// behind a CR; a CR without LF is left to httparse, which takes it nowhere.
pub(super) fn find(buf: &[u8], scan: &mut Scan, limits: &Limits) -> Result<Option<Range<usize>>, Refusal> {
    let window = window(buf, limits);
    while window[scan.start..].starts_with(b"\r\n") {
        scan.start += 2; // RFC 9112, 2.2
    }
    match window[scan.start..] {
        [] | [b'\r'] => {}
        [first, ..] if is_token_byte(first) => {}
        _ => return Err(Refusal::bad("the head does not begin with a token")),
    }
    let from = scan.at.max(scan.start);
    for lf in memchr_iter(b'\n', &window[from..]).map(|at| from + at) {
        let line = &window[scan.start..lf];
        let (line, bare) = match line.strip_suffix(b"\r") {
            Some(line) => (line, false),
            None => (line, true),
        };
        if bare && !limits.unsafe_ok {
            return Err(BARE_LF);
        }
        if line.is_empty() || line.ends_with(b"\n") {
            let head = scan.start..lf + 1;
            *scan = Scan::default();
            return Ok(Some(head));
        }
    }
    scan.at = window.len();
    if buf.len() >= limits.head { Err(too_long(&window[scan.start..])) } else { Ok(None) }
}

fn too_long(head: &[u8]) -> Refusal {
    match memchr(b'\n', head) {
        Some(_) => Refusal { status: 431, why: "the head is too long" },
        None => Refusal { status: 414, why: "the first line is too long" },
    }
}

/// Room for the fields of a head on the stack, or on the heap when a configuration allows very many.
pub(super) fn with_room<'b, R>(fields: usize, parse: impl FnOnce(&mut [MaybeUninit<Header<'b>>]) -> R) -> R {
    if fields <= INLINE {
        parse(&mut [const { MaybeUninit::uninit() }; INLINE][..fields])
    } else {
        parse(&mut vec![MaybeUninit::uninit(); fields])
    }
}

/// The strictest that httparse can be, less what the configuration lets through.
pub(super) fn config(limits: &Limits) -> ParserConfig {
    let mut config = ParserConfig::default();
    config.ignore_invalid_headers_in_requests(limits.unsafe_ok);
    config.ignore_invalid_headers_in_responses(limits.unsafe_ok);
    config
}

/// Says what httparse did not like.
pub(super) fn refusal(error: httparse::Error) -> Refusal {
    match error {
        httparse::Error::TooManyHeaders => Refusal { status: 431, why: "too many fields" },
        httparse::Error::HeaderName => Refusal::bad("a field name is no token"),
        httparse::Error::HeaderValue => Refusal::bad("a field value holds a control character"),
        httparse::Error::NewLine => Refusal::bad("a CR without LF"),
        httparse::Error::Version => Refusal::bad("no HTTP version"),
        httparse::Error::Status => Refusal::bad("no status line"),
        httparse::Error::Token => Refusal::bad("no request line"),
    }
}

/// Takes the fields of a parsed head, and shows those that mean something to a proxy.
pub(super) fn fields<'b>(
    head: &'b [u8],
    parsed: &[Header<'b>],
    into: &mut Headers,
    mut note: impl FnMut(Field, &'b [u8]) -> Result<(), Refusal>,
) -> Result<(), Refusal> {
    into.begin();
    for field in parsed {
        let (name, value) = places(head, field);
        let kind = Field::of(field.name.as_bytes());
        if kind != Field::Other {
            note(kind, field.value)?;
        }
        let standing = standing(head, &name, &value, kind);
        into.place(name, value, standing);
    }
    into.load(head);
    Ok(())
}

/// Where the name and the value of a field stand in a head.
pub(super) fn places(head: &[u8], field: &Header<'_>) -> (Range<usize>, Range<usize>) {
    let place = |part: &[u8]| {
        let start = part.as_ptr() as usize - head.as_ptr() as usize;
        start..start + part.len()
    };
    (place(field.name.as_bytes()), place(field.value))
}

/// What may become of the line of a field, by the form that it came in.
pub(super) fn standing(head: &[u8], name: &Range<usize>, value: &Range<usize>, kind: Field) -> Standing {
    let is_written_so =
        head.get(name.end..value.start) == Some(b": ") && head.get(value.end..value.end + 2) == Some(b"\r\n");
    if is_written_so { kind.standing() } else { Standing::Loose }
}

/// A byte of a token (RFC 9110, 5.6.2).
pub(super) const fn is_token_byte(byte: u8) -> bool {
    matches!(
        byte,
        b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9'
            | b'!' | b'#' | b'$' | b'%' | b'&' | b'\'' | b'*' | b'+' | b'-' | b'.' | b'^' | b'_' | b'`' | b'|' | b'~'
    )
}
