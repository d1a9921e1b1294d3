//! One word of a line, after quotes, escapes and variables have been taken away.

use crate::Span;

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

    /// The bytes that the word stands for.
    pub fn bytes(&self) -> &[u8] {
        self.raw.as_deref().unwrap_or(self.text.as_bytes())
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
