//! Encodings of values in log formats: quotes, `#XX` and `%XX`, JSON (RFC 8259), CBOR (RFC 8949).

use portero_api::CaptureSlot;

use super::Encoding;

/// Puts a backslash before `"`, `\` and `]` from `start` on (RFC 5424, 6.3.3).
pub(super) fn escape_quotes(into: &mut Vec<u8>, start: usize) {
    let special = |b: u8| matches!(b, b'"' | b'\\' | b']');
    if into[start..].iter().any(|&b| special(b)) {
        let raw = into.split_off(start);
        for b in raw {
            if special(b) {
                into.push(b'\\');
            }
            into.push(b);
        }
    }
}

/// Appends captured header fields as an array, `-` for an empty slot.
pub(super) fn list(slots: &[CaptureSlot], encoding: Encoding, into: &mut Vec<u8>) {
    into.push(if encoding == Encoding::Cbor { cbor::ARRAY } else { b'[' });
    let mut text = Vec::new();
    for (index, slot) in slots.iter().enumerate() {
        text.clear();
        match slot.value.as_deref() {
            None | Some([]) => text.push(b'-'),
            Some(value) => uri::header(value, &mut text),
        }
        if encoding == Encoding::Cbor {
            cbor::text(&text, into);
            continue;
        }
        if index > 0 {
            into.extend_from_slice(b", ");
        }
        json::text(&text, into);
    }
    into.push(if encoding == Encoding::Cbor { cbor::BREAK } else { b']' });
}

/// Bytes as a sign and two hexadecimal digits.
pub(super) mod uri {
    /// Control characters from `start` on.
    pub(crate) fn control(into: &mut Vec<u8>, start: usize, sign: u8) {
        rewrite(into, start, sign, |b| (b < 32) | (b == 127));
    }

    /// The same, tabs kept: what a header field may not hold (RFC 9110, 5.5).
    pub(crate) fn control_but_tab(into: &mut Vec<u8>, start: usize, sign: u8) {
        rewrite(into, start, sign, |b| ((b < 32) & (b != b'\t')) | (b == 127));
    }

    /// Appends a part of a request line to a log (section 8.6).
    pub(crate) fn request(text: &[u8], into: &mut Vec<u8>) {
        push(text, into, |b| !(32..127).contains(&b) || matches!(b, b'"' | b'#'));
    }

    /// Appends a captured header field to a log.
    pub(crate) fn header(text: &[u8], into: &mut Vec<u8>) {
        push(text, into, |b| !(32..127).contains(&b) || matches!(b, b'"' | b'#' | b'{' | b'|' | b'}'));
    }

    fn push(text: &[u8], into: &mut Vec<u8>, special: impl Fn(u8) -> bool) {
        for &b in text {
            if special(b) { code(b'#', b, into) } else { into.push(b) }
        }
    }

    fn rewrite(into: &mut Vec<u8>, start: usize, sign: u8, special: impl Fn(u8) -> bool) {
        // a look at all bytes at once, for hardly ever there is one
        if into[start..].iter().fold(false, |found, &b| found | special(b)) {
            let raw = into.split_off(start);
            for b in raw {
                if special(b) { code(sign, b, into) } else { into.push(b) }
            }
        }
    }

    fn code(sign: u8, byte: u8, into: &mut Vec<u8>) {
        const DIGITS: &[u8; 16] = b"0123456789ABCDEF";
        into.extend_from_slice(&[sign, DIGITS[usize::from(byte >> 4)], DIGITS[usize::from(byte & 15)]]);
    }
}

/// JSON values.
pub(super) mod json {
    use portero_api::Sample;

    use crate::cast::{write_int, write_text};

    pub(crate) fn value(sample: &Sample<'_>, into: &mut Vec<u8>) {
        match sample {
            Sample::Bool(true) => into.extend_from_slice(b"true"),
            Sample::Bool(false) => into.extend_from_slice(b"false"),
            Sample::Int(i) => write_int(*i, into),
            Sample::Str(t) | Sample::Method(t) => text(t, into),
            other => {
                let mut plain = Vec::new();
                write_text(other, &mut plain);
                text(&plain, into);
            }
        }
    }

    pub(crate) fn text(text: &[u8], into: &mut Vec<u8>) {
        into.push(b'"');
        for chunk in text.utf8_chunks() {
            chunk.valid().bytes().for_each(|b| byte(b, into));
            if !chunk.invalid().is_empty() {
                into.extend_from_slice("\u{fffd}".as_bytes());
            }
        }
        into.push(b'"');
    }

    fn byte(byte: u8, into: &mut Vec<u8>) {
        match byte {
            b'"' | b'\\' => into.extend_from_slice(&[b'\\', byte]),
            b'\n' => into.extend_from_slice(b"\\n"),
            b'\r' => into.extend_from_slice(b"\\r"),
            b'\t' => into.extend_from_slice(b"\\t"),
            0..32 | 127 => into.extend_from_slice(format!("\\u{byte:04x}").as_bytes()),
            _ => into.push(byte),
        }
    }
}

/// CBOR values.
pub(super) mod cbor {
    use std::io::Write;

    use portero_api::Sample;

    use crate::cast::write_text;

    /// The start of a map of unknown length.
    pub(crate) const MAP: u8 = 0xbf;
    /// The start of an array of unknown length.
    pub(crate) const ARRAY: u8 = 0x9f;
    /// The end of what has unknown length.
    pub(crate) const BREAK: u8 = 0xff;

    pub(crate) fn value(sample: &Sample<'_>, into: &mut Vec<u8>) {
        match sample {
            Sample::Bool(b) => into.push(0xf4 + u8::from(*b)),
            Sample::Int(i) if *i >= 0 => head(0, *i as u64, into),
            Sample::Int(i) => head(1, !*i as u64, into),
            Sample::Str(t) | Sample::Method(t) => text(t, into),
            Sample::Bin(bytes) => {
                head(2, bytes.len() as u64, into);
                into.extend_from_slice(bytes);
            }
            other @ Sample::Ip(_) => {
                let mut plain = Vec::new();
                write_text(other, &mut plain);
                text(&plain, into);
            }
        }
    }

    pub(crate) fn text(text: &[u8], into: &mut Vec<u8>) {
        head(3, text.len() as u64, into);
        into.extend_from_slice(text);
    }

    /// Appends in hexadecimal what `write` makes.
    pub(crate) fn hex(into: &mut Vec<u8>, write: impl FnOnce(&mut Vec<u8>)) {
        let mut raw = Vec::new();
        write(&mut raw);
        for byte in raw {
            let _ = write!(into, "{byte:02X}");
        }
    }

    /// Major type and length in the fewest bytes (RFC 8949, 3).
    fn head(major: u8, value: u64, into: &mut Vec<u8>) {
        let major = major << 5;
        match value {
            0..24 => into.push(major | value as u8),
            24..0x100 => into.extend_from_slice(&[major | 24, value as u8]),
            0x100..0x1_0000 => {
                into.push(major | 25);
                into.extend_from_slice(&(value as u16).to_be_bytes());
            }
            0x1_0000..0x1_0000_0000 => {
                into.push(major | 26);
                into.extend_from_slice(&(value as u32).to_be_bytes());
            }
            _ => {
                into.push(major | 27);
                into.extend_from_slice(&value.to_be_bytes());
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use portero_api::Sample;

    fn made(write: impl FnOnce(&mut Vec<u8>)) -> String {
        let mut out = Vec::new();
        write(&mut out);
        String::from_utf8_lossy(&out).into_owned()
    }

    #[test]
    fn log_text_cannot_forge_fields_or_lines() {
        assert_eq!(made(|o| uri::request(b"/a\"#\n\xe9{", o)), "/a#22#23#0A#E9{");
        assert_eq!(made(|o| uri::header(b"a|b{}", o)), "a#7Cb#7B#7D");
    }

    #[test]
    fn json_is_valid_whatever_the_bytes() {
        assert_eq!(
            made(|o| json::value(&Sample::str("a\"\\\n\u{1}\u{e9}"), o)),
            "\"a\\\"\\\\\\n\\u0001\u{e9}\""
        );
        assert_eq!(made(|o| json::value(&Sample::str(b"\xff"), o)), "\"\u{fffd}\"");
        assert_eq!(made(|o| json::value(&Sample::Int(-3), o)), "-3");
    }

    #[test]
    fn cbor_uses_the_shortest_form() {
        for (sample, hex) in [
            (Sample::Int(-3), "22"),
            (Sample::Int(200), "18C8"),
            (Sample::Int(70000), "1A00011170"),
            (Sample::Bool(true), "F5"),
            (Sample::str("ab"), "626162"),
        ] {
            assert_eq!(made(|o| cbor::hex(o, |raw| cbor::value(&sample, raw))), hex, "{sample:?}");
        }
    }

    #[test]
    fn structured_data_is_escaped() {
        assert_eq!(
            made(|o| {
                o.extend_from_slice(b"keep]a\"b]\\");
                escape_quotes(o, 5);
            }),
            "keep]a\\\"b\\]\\\\"
        );
    }
}
