//! Where text comes from: files by number, and places in them.

use std::sync::Arc;

/// The number of a file in [`Sources`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct FileId(pub u32);

/// A piece of a source file, in bytes from its start; `end` is exclusive.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Span {
    /// The file.
    pub file: FileId,
    /// First byte.
    pub start: u32,
    /// One past the last byte.
    pub end: u32,
}

impl Span {
    /// The piece that reaches from the start of `self` to the end of `last` (same file).
    pub fn to(self, last: Span) -> Span {
        Span { file: self.file, start: self.start, end: last.end.max(self.start) }
    }
}

/// The texts that a configuration was read from. Cheap to clone; a [`Span`] is only meaningful beside it.
#[derive(Clone, Debug, Default)]
pub struct Sources {
    files: Vec<Arc<Source>>,
}

#[derive(Debug)]
struct Source {
    name: String,
    text: String,
    /// Byte offset of the start of each line.
    lines: Vec<u32>,
}

impl Sources {
    /// Adds a text under the name that messages show (its path as the user wrote it) and gives its number.
    pub fn add(&mut self, name: impl Into<String>, text: impl Into<String>) -> FileId {
        let text = text.into();
        let starts = text.bytes().enumerate().filter(|&(_, b)| b == b'\n').map(|(i, _)| i as u32 + 1);
        let lines = std::iter::once(0).chain(starts).collect();
        self.files.push(Arc::new(Source { name: name.into(), text, lines }));
        FileId(self.files.len() as u32 - 1)
    }

    /// The name of a file as messages show it.
    pub fn name(&self, file: FileId) -> &str {
        self.files.get(file.0 as usize).map_or("?", |f| &f.name)
    }

    /// The whole text of a file.
    pub fn text(&self, file: FileId) -> &str {
        self.files.get(file.0 as usize).map_or("", |f| &f.text)
    }

    /// The line of a span's start, counted from 1.
    pub fn line(&self, span: Span) -> u32 {
        let Some(file) = self.files.get(span.file.0 as usize) else { return 0 };
        file.lines.partition_point(|&start| start <= span.start) as u32
    }

    /// The text of a span.
    pub fn slice(&self, span: Span) -> &str {
        self.text(span.file).get(span.start as usize..span.end as usize).unwrap_or("")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_counted_from_one() {
        let mut sources = Sources::default();
        let file = sources.add("a.cfg", "one\ntwo\n");
        let at = |start| sources.line(Span { file, start, end: start });
        assert_eq!((at(0), at(3), at(4), at(8)), (1, 1, 2, 3));
    }
}
