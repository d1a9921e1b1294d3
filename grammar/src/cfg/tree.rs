//! The tree of a configuration file: sections of lines of words.

use crate::{Span, Word};

/// A section: its header line and the lines up to the next header.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Section {
    /// The header, for instance `frontend http_front` or `defaults http from base`.
    pub header: Line,
    /// The lines below it, empty ones left out.
    pub lines: Vec<Line>,
}

/// A line with at least one word.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// Its words, after quoting and variables.
    pub words: Vec<Word>,
    /// From the first word to the last.
    pub span: Span,
}

impl Line {
    /// The first word.
    pub fn keyword(&self) -> &str {
        self.words.first().map_or("", |w| &w.text)
    }
}
