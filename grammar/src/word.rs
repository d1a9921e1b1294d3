//! One word of a line, after quotes, escapes and variables have been taken away.

use crate::{FileId, Span};

/// A word as the configuration means it, with the way back to how it was written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Word {
    /// The text. Bytes that are no UTF-8 (from `\xHH`) stand as U+FFFD here and as themselves in [`Word::bytes`].
    pub text: String,
    /// The place of the whole word, quotes included.
    pub span: Span,
    /// True when any part of the word stood in quotes: `"if"` is never a keyword of ours.
    pub quoted: bool,
    /// Source offset of every byte of `text`, where it differs from `span.start + i`.
    pub map: Option<Box<[u32]>>,
    /// The bytes, where they are not those of `text`.
    pub raw: Option<Box<[u8]>>,
}

impl Word {
    /// A word that was written just as it is meant.
    pub fn plain(text: impl Into<String>, span: Span) -> Word {
        Word { text: text.into(), span, quoted: false, map: None, raw: None }
    }

    /// A whole file as one word.
    pub fn whole(text: impl Into<String>, file: FileId) -> Word {
        let text = text.into();
        let span = Span { file, start: 0, end: text.len() as u32 };
        Word::plain(text, span)
    }

    /// The bytes that the word stands for.
    pub fn bytes(&self) -> &[u8] {
        self.raw.as_deref().unwrap_or(self.text.as_bytes())
    }

    /// The bytes that `start..end` of `text` stand for; nothing where these are no bounds of characters.
    pub fn bytes_of(&self, start: usize, end: usize) -> &[u8] {
        match &self.raw {
            Some(raw) => raw.get(raw_offset(raw, start)..raw_offset(raw, end)).unwrap_or_default(),
            None => self.text.as_bytes().get(start..end).unwrap_or_default(),
        }
    }

    /// The source place of bytes `start..end` of `text`.
    pub fn part(&self, start: usize, end: usize) -> Span {
        let at = |i: usize| match &self.map {
            Some(map) => map.get(i).copied().unwrap_or(self.span.end),
            None => (self.span.start + i as u32).min(self.span.end),
        };
        let first = at(start);
        let last = if end > start { at(end - 1) + 1 } else { first };
        Span { file: self.span.file, start: first, end: last.max(first) }
    }
}

impl AsRef<str> for Word {
    fn as_ref(&self) -> &str {
        &self.text
    }
}

/// Where in `raw` the text's byte `at` comes from: what is no UTF-8 takes other lengths in the two.
fn raw_offset(raw: &[u8], at: usize) -> usize {
    let (mut text, mut offset) = (0, 0);
    for chunk in raw.utf8_chunks() {
        if at <= text + chunk.valid().len() {
            return offset + at.saturating_sub(text);
        }
        text += chunk.valid().len() + char::REPLACEMENT_CHARACTER.len_utf8();
        offset += chunk.valid().len() + chunk.invalid().len();
    }
    offset
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::FileId;

    #[test]
    fn a_piece_of_the_text_finds_its_bytes() {
        let span = Span { file: FileId(0), start: 0, end: 9 };
        let raw = Some(b"a\xff\xfebc".to_vec().into_boxed_slice());
        let word = Word { raw, ..Word::plain("a\u{fffd}\u{fffd}bc", span) };
        assert_eq!(word.bytes_of(0, 1), b"a");
        assert_eq!(word.bytes_of(1, 7), b"\xff\xfe");
        assert_eq!(word.bytes_of(7, 9), b"bc");
    }
}
