//! Bytes of files to text, and the order of the files of a folder.

use crate::{Diagnostic, FileId, Sources, Span};

/// Adds a file as it was read. Bytes that are no UTF-8 become U+FFFD; the first one is reported, as an error outside
/// a comment and as a warning inside one.
pub fn add_bytes(
    sources: &mut Sources,
    name: impl Into<String>,
    bytes: Vec<u8>,
) -> (FileId, Option<Diagnostic>) {
    let error = match String::from_utf8(bytes) {
        Ok(text) => return (sources.add(name, text), None),
        Err(error) => error,
    };
    let at = error.utf8_error().valid_up_to();
    let bytes = error.into_bytes();
    let file = sources.add(name, String::from_utf8_lossy(&bytes));
    let span = Span { file, start: at as u32, end: (at + char::REPLACEMENT_CHARACTER.len_utf8()) as u32 };
    let line_start = bytes[..at].iter().rposition(|&b| b == b'\n').map_or(0, |i| i + 1);
    let message = format!("this byte (0x{:02x}) is no UTF-8", bytes[at]);
    let diagnostic = if bytes[line_start..at].trim_ascii_start().starts_with(b"#") {
        Diagnostic::warning(span, message)
    } else {
        Diagnostic::error(span, message)
            .help(format!("save the file as UTF-8, or write the byte as '\\x{:02x}'", bytes[at]))
    };
    (file, Some(diagnostic))
}

/// Picks the files that `-f FOLDER` reads from the names in it: those that end in `.cfg` and are not hidden, in the
/// order of their bytes (HAProxy management guide, section 3).
pub fn order_folder(names: impl IntoIterator<Item = String>) -> Vec<String> {
    let mut names: Vec<String> =
        names.into_iter().filter(|n| n.ends_with(".cfg") && !n.starts_with('.')).collect();
    names.sort_unstable();
    names
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Severity;

    #[test]
    fn a_folder_gives_its_cfg_files_in_order() {
        let names = ["b.cfg", "a.cfg", ".c.cfg", "readme", "B.cfg", "d.cfg~"].map(String::from);
        assert_eq!(order_folder(names), ["B.cfg", "a.cfg", "b.cfg"]);
    }

    #[test]
    fn a_byte_that_is_no_text_is_an_error_but_in_a_comment_line() {
        let mut sources = Sources::default();
        let (_, error) = add_bytes(&mut sources, "a.cfg", b"global\n  user caf\xe9\n".to_vec());
        let error = error.expect("reported");
        assert_eq!((error.severity, error.span.map(|s| s.start)), (Severity::Error, Some(17)));
        let (_, warning) = add_bytes(&mut sources, "b.cfg", b"global\n  # caf\xe9\n".to_vec());
        assert_eq!(warning.expect("reported").severity, Severity::Warning);
        let (_, fine) = add_bytes(&mut sources, "c.cfg", "global # café\n".into());
        assert_eq!(fine, None);
    }
}
