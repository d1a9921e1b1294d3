//! A text as sections of lines of words, however broken it is: what the answers to an editor are looked up in.

use std::ops::Range;

use portero_grammar::cfg::{begins_section, cut_line};
use portero_grammar::rules::{self, Kind as RuleKind, Statement};
use portero_grammar::{FileId, Span, Word};

use super::document::{Document, Kind};

/// The sections of a text. The first holds what stands before any header.
pub(super) struct Page {
    pub(super) sections: Vec<Section>,
}

/// A section, or what stands before the first.
pub(super) struct Section {
    /// `frontend`; empty before the first header.
    pub(super) kind: String,
    pub(super) name: Option<Word>,
    /// From its header to the next one.
    pub(super) range: Range<usize>,
    /// Its lines with words, the header among them in haproxy.cfg.
    pub(super) lines: Vec<Line>,
}

/// A line with at least one word.
pub(super) struct Line {
    pub(super) words: Vec<Word>,
    /// The line without its end.
    pub(super) range: Range<usize>,
}

impl Page {
    pub(super) fn new(document: &Document) -> Page {
        let first =
            Section { kind: String::new(), name: None, range: 0..document.text.len(), lines: Vec::new() };
        let mut page = Page { sections: vec![first] };
        for range in (0..document.line_count()).filter_map(|index| document.line(index)) {
            let text = &document.text[range.clone()];
            if let Some(section) = header(document.kind, text, range.clone()) {
                page.begin(section, range.start, document.text.len());
            }
            let (words, _) = cut_line(FileId(0), range.start as u32, text, &|_| None);
            if let (Some(section), false) = (page.sections.last_mut(), words.is_empty()) {
                section.lines.push(Line { words, range });
            }
        }
        page
    }

    fn begin(&mut self, (kind, name): (String, Option<Word>), start: usize, end: usize) {
        if let Some(before) = self.sections.last_mut() {
            before.range.end = start;
        }
        self.sections.push(Section { kind, name, range: start..end, lines: Vec::new() });
    }

    /// The section that a byte stands in.
    pub(super) fn section_at(&self, offset: usize) -> &Section {
        let after = self.sections.partition_point(|section| section.range.start <= offset);
        // the one without a header begins at 0 as well, when a header does
        &self.sections[after.saturating_sub(1)]
    }

    /// The sections of these kinds that have a name.
    pub(super) fn named<'p>(&'p self, kinds: &'p [&str]) -> impl Iterator<Item = (&'p Section, &'p Word)> {
        let of_kind = self.sections.iter().filter(move |section| kinds.contains(&&*section.kind));
        of_kind.filter_map(|section| Some((section, section.name.as_ref()?)))
    }
}

impl Section {
    /// The line that a byte stands in, when it has words.
    pub(super) fn line_at(&self, offset: usize) -> Option<&Line> {
        self.lines.iter().find(|line| line.range.start <= offset && offset <= line.range.end)
    }

    /// The ACLs that are declared in it, by the words of their lines: name and line.
    pub(super) fn acls(&self) -> impl Iterator<Item = (&Word, &Line)> {
        let declared = self.lines.iter().filter(|line| line.words[0].text == "acl");
        declared.filter_map(|line| Some((line.words.get(1)?, line)))
    }

    /// The servers of its lines.
    pub(super) fn servers(&self) -> impl Iterator<Item = (&Word, &Line)> {
        let lines = self.lines.iter().filter(|line| line.words[0].text == "server");
        lines.filter_map(|line| Some((line.words.get(1)?, line)))
    }
}

impl Line {
    /// The statement of the rule language that the line is.
    pub(super) fn statement(&self) -> Option<Statement> {
        rules::is_statement(&self.words).filter(|kind| *kind != RuleKind::Invalid)?;
        rules::statement(&self.words).ok()
    }
}

/// The bytes of a span.
pub(super) fn range(span: Span) -> Range<usize> {
    span.start as usize..span.end.max(span.start) as usize
}

/// The kind and the name of the section that a line begins.
fn header(kind: Kind, text: &str, range: Range<usize>) -> Option<(String, Option<Word>)> {
    match kind {
        Kind::Rules => None,
        Kind::Haproxy => {
            let (words, _) = cut_line(FileId(0), range.start as u32, text, &|_| None);
            let first = words.first().filter(|word| begins_section(&word.text, words.len()))?.text.clone();
            let name = words.get(1).filter(|word| word.text != "from").cloned();
            Some((first, name))
        }
        Kind::Toml => {
            let inside = text.trim_end().strip_prefix('[')?.strip_suffix(']')?;
            let mut parts = inside.splitn(3, '.');
            let kind = parts.next()?.trim().replace('_', "-");
            let name = parts.next().filter(|_| parts.next().is_none()).map(|name| {
                let start = range.start + 1 + inside.len() - name.len();
                Word::plain(name.trim_matches('"'), span(start..start + name.len()))
            });
            begins_section(&kind, 2).then_some((kind, name))
        }
    }
}

fn span(range: Range<usize>) -> Span {
    Span { file: FileId(0), start: range.start as u32, end: range.end as u32 }
}
