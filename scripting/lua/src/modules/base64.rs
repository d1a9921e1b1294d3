//! The module `base64` (RFC 4648, section 4).

use mlua::{Lua, LuaString, Table};

const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/// `encode` and `decode`, and the short names that some libraries give them.
pub(super) fn module(lua: &Lua) -> mlua::Result<Table> {
    let encode = lua.create_function(|lua, text: LuaString| lua.create_string(encode(&text.as_bytes())))?;
    let decode = lua.create_function(|lua, text: LuaString| lua.create_string(decode(&text.as_bytes())))?;
    let names = [("encode", &encode), ("decode", &decode), ("enc", &encode), ("dec", &decode)];
    super::table(lua, names.map(|(name, function)| (name, function.clone())))
}

fn encode(bytes: &[u8]) -> Vec<u8> {
    let mut text = Vec::with_capacity(bytes.len().div_ceil(3) * 4);
    for group in bytes.chunks(3) {
        let byte = |at: usize| u32::from(group.get(at).copied().unwrap_or(0));
        let bits = byte(0) << 16 | byte(1) << 8 | byte(2);
        for digit in 0..4 {
            text.push(match digit <= group.len() {
                true => ALPHABET[(bits >> (18 - 6 * digit)) as usize & 63],
                false => b'=',
            });
        }
    }
    text
}

/// Reads both alphabets, with padding or without; passes over line ends and whatever else is no digit, as the libraries do
/// that scripts were written for.
fn decode(text: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(text.len() / 4 * 3 + 2);
    let (mut bits, mut held) = (0u32, 0);
    for byte in text.iter().take_while(|byte| **byte != b'=') {
        let digit = match byte {
            b'A'..=b'Z' => byte - b'A',
            b'a'..=b'z' => byte - b'a' + 26,
            b'0'..=b'9' => byte - b'0' + 52,
            b'+' | b'-' => 62,
            b'/' | b'_' => 63,
            _ => continue,
        };
        (bits, held) = (bits << 6 | u32::from(digit), held + 6);
        if held >= 8 {
            held -= 8;
            bytes.push((bits >> held) as u8);
            bits &= (1 << held) - 1;
        }
    }
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_examples_of_the_rfc_go_both_ways() {
        for (plain, coded) in [
            ("", ""),
            ("f", "Zg=="),
            ("fo", "Zm8="),
            ("foo", "Zm9v"),
            ("foob", "Zm9vYg=="),
            ("fooba", "Zm9vYmE="),
        ] {
            assert_eq!(encode(plain.as_bytes()), coded.as_bytes());
            assert_eq!(decode(coded.as_bytes()), plain.as_bytes());
        }
        assert_eq!(decode(b"_-\r\n8"), [0xff, 0xef]);
    }
}
