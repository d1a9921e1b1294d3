//! What names and values may be made of that a guest sets.

use crate::abi::{Answer, Status};

/// A field must not be able to begin another, or end the head; a request line has no blanks in it.
///
/// # Errors
///
/// [`Status::BadArgument`].
pub(crate) fn check(name: &[u8], value: &[u8]) -> Answer {
    let (plain, refused) = match name.strip_prefix(b":") {
        Some(plain) => (plain, NOT_IN_LINES),
        None => (name, NOT_IN_VALUES),
    };
    let are_without = |bytes: &[u8], kind| bytes.iter().all(|byte| BYTES[usize::from(*byte)] & kind == 0);
    let named = !plain.is_empty() && are_without(plain, NOT_IN_NAMES);
    let empty = value.is_empty() && matches!(name, b":path" | b":method" | b":status");
    match named && !empty && are_without(value, refused) {
        true => Ok(()),
        false => Err(Status::BadArgument),
    }
}

/// Bytes that are not in names (`tchar`, RFC 9110, 5.6.2).
const NOT_IN_NAMES: u8 = 1;

/// Bytes that are not in values (RFC 9110, 5.5).
const NOT_IN_VALUES: u8 = 2;

/// Bytes that are not in what pseudo fields stand for.
const NOT_IN_LINES: u8 = 4;

/// Where each byte must not be.
static BYTES: [u8; 256] = {
    let mut table = [0; 256];
    let mut at = 0;
    while at < 256 {
        let byte = at as u8;
        let token = byte.is_ascii_alphanumeric() || is_mark(byte);
        let value = !matches!(byte, b'\r' | b'\n' | 0);
        let line = value && byte > b' ' && byte != 0x7f;
        table[at] = if token { 0 } else { NOT_IN_NAMES }
            | if value { 0 } else { NOT_IN_VALUES }
            | if line { 0 } else { NOT_IN_LINES };
        at += 1;
    }
    table
};

const fn is_mark(byte: u8) -> bool {
    matches!(
        byte,
        b'!' | b'#'
            | b'$'
            | b'%'
            | b'&'
            | b'\''
            | b'*'
            | b'+'
            | b'-'
            | b'.'
            | b'^'
            | b'_'
            | b'`'
            | b'|'
            | b'~'
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_field_can_neither_begin_another_nor_break_its_line() {
        for (name, value) in [(&b"x-y"[..], &b"a \x7f \xff"[..]), (b"X~1", b""), (b":path", b"/a?\xff")] {
            assert_eq!(check(name, value), Ok(()), "{name:?}");
        }
        let bad: [(&[u8], &[u8]); 9] = [
            (b"", b"a"),
            (b":", b"a"),
            (b"a b", b"a"),
            (b"a:", b"a"),
            (b"a\xe9", b"a"),
            (b"a", b"b\r\nc: d"),
            (b"a", b"\0"),
            (b":path", b"/a b"),
            (b":path", b""),
        ];
        for (name, value) in bad {
            assert_eq!(check(name, value), Err(Status::BadArgument), "{name:?}: {value:?}");
        }
    }
}
