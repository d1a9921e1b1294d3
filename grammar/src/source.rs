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
    /// The piece that reaches from the start of `self` to the end of `last`; `self`, where that lies in another file
    /// (a condition that `apply` adds to a rule of a policy).
    pub fn to(self, last: Span) -> Span {
        if last.file != self.file {
            return self;
        }
        Span { file: self.file, start: self.start, end: last.end.max(self.start) }
    }
}

/// The texts that a configuration was read from. Cheap to clone; a [`Span`] is only meaningful beside it.
#[derive(Clone, Debug, Default)]
pub struct Sources {
    files: Vec<File>,
}

/// A text that is meant in another place than where it is written: a group of lines applied under a name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Applied {
    /// What is applied, under a name that no other application has: `cors`, `cors#2`.
    pub name: Arc<str>,
    /// The line that applies it.
    pub at: Span,
}

impl Applied {
    /// The full name of an ACL that is written in this text. ACLs of one application are not those of another.
    pub fn acl(&self, name: &str) -> String {
        format!("{}/{name}", self.name)
    }

    /// The name without the number that tells it from others.
    pub fn policy(&self) -> &str {
        self.name.split('#').next().unwrap_or(&self.name)
    }
}

#[derive(Clone, Debug)]
struct File {
    source: Arc<Source>,
    /// The number of the file that was read.
    origin: FileId,
    applied: Option<Arc<Applied>>,
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
        let source = Arc::new(Source { name: name.into(), text, lines });
        let id = FileId(self.files.len() as u32);
        self.files.push(File { source, origin: id, applied: None });
        id
    }

    /// Gives a file one more number: places under it are the same text, as it is meant where it is applied. Messages
    /// about them show both places.
    pub fn apply(&mut self, file: FileId, applied: Applied) -> FileId {
        let Some(known) = self.files.get(file.0 as usize) else { return file };
        let again = File { applied: Some(Arc::new(applied)), ..known.clone() };
        self.files.push(again);
        FileId(self.files.len() as u32 - 1)
    }

    /// Where and as what the text under this number is applied; none for a file as it was read.
    pub fn applied(&self, file: FileId) -> Option<&Applied> {
        self.files.get(file.0 as usize)?.applied.as_deref()
    }

    /// The place in the file as it was read.
    pub fn origin(&self, span: Span) -> Span {
        self.files.get(span.file.0 as usize).map_or(span, |file| Span { file: file.origin, ..span })
    }

    /// The names of all of them, in order.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        (0..self.files.len() as u32).map(|number| self.name(FileId(number)))
    }

    /// The name of a file as messages show it.
    pub fn name(&self, file: FileId) -> &str {
        self.files.get(file.0 as usize).map_or("?", |f| &f.source.name)
    }

    /// The whole text of a file.
    pub fn text(&self, file: FileId) -> &str {
        self.files.get(file.0 as usize).map_or("", |f| &f.source.text)
    }

    /// The line of a span's start, counted from 1.
    pub fn line(&self, span: Span) -> u32 {
        let Some(file) = self.files.get(span.file.0 as usize) else { return 0 };
        file.source.lines.partition_point(|&start| start <= span.start) as u32
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

    #[test]
    fn an_applied_text_is_the_same_text_and_knows_where_it_is_applied() {
        let mut sources = Sources::default();
        let library = sources.add("library.cfg", "policy a\n deny\n");
        let user = sources.add("user.cfg", "frontend f\n apply a\n");
        let at = Span { file: user, start: 12, end: 19 };
        let applied = sources.apply(library, Applied { name: "a".into(), at });
        let place = Span { file: applied, start: 10, end: 14 };
        assert_eq!((sources.slice(place), sources.line(place)), ("deny", 2));
        assert_eq!(sources.applied(applied).map(|a| sources.slice(a.at)), Some("apply a"));
        assert_eq!(sources.origin(place).file, library);
        assert_eq!(sources.applied(library), None);
    }
}
