//! An open text: its lines, and places in the two ways that they are counted. Editors count lines and UTF-16 units from
//! the start of a line, we count bytes from the start of the text.

use std::ops::Range;

use lsp_types::Position;

/// What a text is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// haproxy.cfg
    Haproxy,
    /// Lines of rules alone.
    Rules,
    /// portero.toml
    Toml,
}

/// An open text.
#[derive(Clone, Debug)]
pub(super) struct Document {
    /// Its path, as messages name it.
    pub(super) path: String,
    pub(super) kind: Kind,
    pub(super) text: String,
    /// Byte offset of the start of each line.
    lines: Vec<usize>,
}

impl Document {
    pub(super) fn new(path: impl Into<String>, text: impl Into<String>) -> Document {
        let (path, text) = (path.into(), text.into());
        let kind = match path.rsplit_once('.') {
            Some((_, "toml")) => Kind::Toml,
            Some((_, "rules")) => Kind::Rules,
            _ => Kind::Haproxy,
        };
        let lines = std::iter::once(0).chain(text.match_indices('\n').map(|(at, _)| at + 1)).collect();
        Document { path, kind, text, lines }
    }

    /// The place of a byte. One inside a character counts as its start, one behind the end as the end.
    pub(super) fn position(&self, offset: usize) -> Position {
        let offset = self.text.floor_char_boundary(offset.min(self.text.len()));
        let line = self.lines.partition_point(|&start| start <= offset) - 1;
        let before = &self.text[self.lines[line]..offset];
        Position { line: line as u32, character: before.encode_utf16().count() as u32 }
    }

    /// The byte of a place. One behind the end of its line is the end of the line, and so with lines.
    pub(super) fn offset(&self, position: Position) -> usize {
        let Some(line) = self.line(position.line as usize) else { return self.text.len() };
        let mut units = 0;
        for (at, character) in self.text[line.clone()].char_indices() {
            if units >= position.character as usize {
                return line.start + at;
            }
            units += character.len_utf16();
        }
        line.end
    }

    /// The bytes of a line without its end.
    pub(super) fn line(&self, index: usize) -> Option<Range<usize>> {
        let start = *self.lines.get(index)?;
        let end = self.lines.get(index + 1).map_or(self.text.len(), |next| next - 1);
        let end = if self.text[start..end].ends_with('\r') { end - 1 } else { end };
        Some(start..end)
    }

    /// Which line a byte stands in, from 0.
    pub(super) fn line_of(&self, offset: usize) -> usize {
        self.lines.partition_point(|&start| start <= offset).saturating_sub(1)
    }

    /// How many lines there are; a text that ends with a line end has an empty one behind it.
    pub(super) fn line_count(&self) -> usize {
        self.lines.len()
    }

    /// A range as editors count it.
    pub(super) fn range(&self, range: Range<usize>) -> lsp_types::Range {
        lsp_types::Range { start: self.position(range.start), end: self.position(range.end.max(range.start)) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn characters_outside_of_the_first_plane_count_twice() {
        let document = Document::new("a.cfg", "ü𝄞x\r\nsecond\n");
        let at = |offset| (document.position(offset).line, document.position(offset).character);
        assert_eq!((at(0), at(2), at(6), at(7)), ((0, 0), (0, 1), (0, 3), (0, 4)));
        assert_eq!(at(4), (0, 1), "inside of a character");
        assert_eq!((at(9), at(100)), ((1, 0), (2, 0)));
        let back = |line, character| document.offset(Position { line, character });
        assert_eq!((back(0, 0), back(0, 1), back(0, 3), back(0, 4)), (0, 2, 6, 7));
        assert_eq!((back(0, 99), back(1, 2), back(99, 0)), (7, 11, document.text.len()));
        assert_eq!(back(0, 2), 6, "inside of a pair");
    }

    #[test]
    fn an_empty_text_has_one_empty_line() {
        let document = Document::new("a.cfg", "");
        assert_eq!((document.line(0), document.line(1), document.line_count()), (Some(0..0), None, 1));
        assert_eq!(document.position(5), Position { line: 0, character: 0 });
    }
}
