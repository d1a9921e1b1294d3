//! Files of maps and lists: entries, one a line (HAProxy manual, section 7.3.1, "map").

/// How many columns a file has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Columns {
    /// The whole line is a pattern (`-f`).
    Key,
    /// A key, blanks and a value up to the end of the line (maps, `-M`).
    KeyAndValue,
}

/// The entries of a file: number of the line, key, value.
///
/// Lines that begin with `#` are comments; blanks in front of a key are taken away, and those behind a value.
pub fn entries(content: &[u8], columns: Columns) -> impl Iterator<Item = (u32, &[u8], Option<&[u8]>)> {
    let lines = content.split(|&byte| byte == b'\n').zip(1..);
    lines.filter_map(move |(line, number)| {
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        if line.first() == Some(&b'#') {
            return None;
        }
        let start = line.iter().position(|byte| !is_blank(*byte))?;
        let text = &line[start..];
        match columns {
            Columns::Key => Some((number, text, None)),
            Columns::KeyAndValue => {
                let (key, value) = key_and_value(text);
                Some((number, key, Some(value)))
            }
        }
    })
}

/// Cuts a text behind its first word.
pub fn key_and_value(text: &[u8]) -> (&[u8], &[u8]) {
    let end = text.iter().position(|&byte| is_blank(byte)).unwrap_or(text.len());
    let (key, rest) = text.split_at(end);
    let start = rest.iter().position(|&byte| !is_blank(byte)).unwrap_or(rest.len());
    let end = rest.iter().rposition(|&byte| !is_blank(byte)).map_or(start, |last| last + 1);
    (key, &rest[start..end])
}

fn is_blank(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(content: &str, columns: Columns) -> Vec<(u32, String, Option<String>)> {
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        entries(content.as_bytes(), columns).map(|(n, k, v)| (n, text(k), v.map(text))).collect()
    }

    #[test]
    fn lines_are_read_as_haproxy_reads_them() {
        let file = "# comment\n\n  \t a  value one \t\r\n  # key\nlone\n b c d\n\r\n  \r";
        let entry = |n, k: &str, v: &str| (n, k.to_owned(), Some(v.to_owned()));
        assert_eq!(
            read(file, Columns::KeyAndValue),
            [entry(3, "a", "value one"), entry(4, "#", "key"), entry(5, "lone", ""), entry(6, "b", "c d")]
        );
    }

    #[test]
    fn a_list_keeps_the_line_as_it_is_behind_the_leading_blanks() {
        let all = read("a b  \r\n\t x\n#no\n", Columns::Key);
        assert_eq!(all, [(1, "a b  ".to_owned(), None), (2, "x".to_owned(), None)]);
    }
}
