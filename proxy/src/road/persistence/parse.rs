//! The pairs of a `Cookie` or `Set-Cookie` field (RFC 6265, 4).

use portero_api::trim;

/// One piece between semicolons.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Piece<'a> {
    /// The whole piece.
    pub(super) text: &'a [u8],
    /// What stands before the first `=`; the whole piece without one.
    pub(super) name: &'a [u8],
    /// What stands behind it.
    pub(super) value: &'a [u8],
    /// Where the piece ends in the line.
    pub(super) end: usize,
}

/// The pieces of a line, in order; empty ones are left out. A semicolon in quotes does not end a piece.
pub(super) fn pieces(line: &[u8]) -> impl Iterator<Item = Piece<'_>> {
    let mut at = 0;
    std::iter::from_fn(move || {
        while at < line.len() {
            let end = at + length(&line[at..]);
            let text = trim(&line[at..end]);
            at = end + 1;
            if text.is_empty() {
                continue;
            }
            let (name, value) = match text.iter().position(|&b| b == b'=') {
                Some(equals) => (trim(&text[..equals]), trim(&text[equals + 1..])),
                None => (text, &b""[..]),
            };
            return Some(Piece { text, name, value, end });
        }
        None
    })
}

/// Appends a piece to a `Cookie` field.
pub(super) fn push(line: &mut Vec<u8>, parts: &[&[u8]]) {
    if !line.is_empty() {
        line.extend_from_slice(b"; ");
    }
    parts.iter().for_each(|part| line.extend_from_slice(part));
}

fn length(rest: &[u8]) -> usize {
    let mut quoted = false;
    let end = rest.iter().position(|&byte| {
        quoted ^= byte == b'"';
        byte == b';' && !quoted
    });
    end.unwrap_or(rest.len())
}
