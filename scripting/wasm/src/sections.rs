//! The custom sections of a file, as far as they say who has made it
//! (<https://github.com/WebAssembly/tool-conventions/blob/main/ProducersSection.md>).

use crate::component;

/// What the section `producers` says: languages and tools, each with its version; nothing where it is not there, or broken.
pub(crate) fn producers(file: &[u8]) -> Vec<String> {
    let mut all = Vec::new();
    if let Some(section) = custom(file, b"producers") {
        // what was read up to a mistake holds
        let _ = fields(Bytes(section), &mut all);
    }
    all
}

/// The contents of a custom section.
fn custom<'a>(file: &'a [u8], name: &[u8]) -> Option<&'a [u8]> {
    let begins = [b"\0asm\x01\0\0\0", component::BEGIN];
    let mut rest = Bytes(begins.iter().find_map(|begin| file.strip_prefix(*begin))?);
    loop {
        let kind = rest.take(1)?[0];
        let size = rest.number()?;
        let mut section = Bytes(rest.take(size)?);
        if kind == 0 && section.text()? == name {
            return Some(section.0);
        }
    }
}

fn fields(mut section: Bytes<'_>, all: &mut Vec<String>) -> Option<()> {
    for _ in 0..section.number()? {
        section.text()?;
        for _ in 0..section.number()? {
            let (name, version) = (section.text()?, section.text()?);
            let said = format!("{} {}", String::from_utf8_lossy(name), String::from_utf8_lossy(version));
            all.push(said.trim_end().to_owned());
        }
    }
    Some(())
}

/// Bytes that are read from the front.
struct Bytes<'a>(&'a [u8]);

impl<'a> Bytes<'a> {
    fn take(&mut self, count: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(count)?;
        self.0 = rest;
        Some(taken)
    }

    /// A number in LEB128, of at most 32 bits.
    fn number(&mut self) -> Option<usize> {
        let mut number = 0_u64;
        for shift in (0..35).step_by(7) {
            let byte = self.take(1)?[0];
            number |= u64::from(byte & 0x7f) << shift;
            if byte & 0x80 == 0 {
                return usize::try_from(number).ok();
            }
        }
        None
    }

    fn text(&mut self) -> Option<&'a [u8]> {
        let length = self.number()?;
        self.take(length)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_has_made_a_file_is_read_from_its_section() {
        let section = b"\x09producers\x01\x08language\x01\x04Rust\x00";
        let file = [&b"\0asm\x01\0\0\0"[..], &[0, section.len() as u8], section].concat();
        assert_eq!(producers(&file), ["Rust"]);
        for end in 0..file.len() {
            producers(&file[..end]);
        }
        assert_eq!(producers(b"(module)"), Vec::<String>::new());
    }
}
