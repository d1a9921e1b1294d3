//! A table to the lines of a section.

use portero_grammar::cfg::Line;
use portero_grammar::{Diagnostic, Span, Word, nearest, rules};
use toml::de::{DeTable, DeValue};

use super::record;
use super::values::{Name, Reader, Value};
use super::vocabulary::{Key, Off, Record, Shape, keys, own_keys, snake};
use super::{apply, checks, own};
use crate::config::keywords;

/// A table on its way to lines.
pub(super) struct Section<'r, 'a> {
    pub(super) reader: &'r mut Reader<'a>,
    /// The kind of section, as `haproxy.cfg` has it.
    pub(super) kind: &'static str,
    /// What messages call it: `[frontend.web]`.
    pub(super) place: String,
    lines: Vec<Line>,
    /// What other lines add to or replace, wherever it is written: options, and what keys say about all servers.
    first: Vec<Line>,
}

impl<'r, 'a> Section<'r, 'a> {
    pub(super) fn new(reader: &'r mut Reader<'a>, kind: &'static str, place: String) -> Self {
        Section { reader, kind, place, lines: Vec::new(), first: Vec::new() }
    }

    /// The lines of a table.
    pub(super) fn read<'v, 'i: 'v>(
        mut self,
        entries: impl Iterator<Item = (&'v Name<'i>, &'v Value<'i>)>,
    ) -> Vec<Line> {
        self.entries("", entries);
        self.first.append(&mut self.lines);
        self.first
    }

    fn entries<'v, 'i: 'v>(
        &mut self,
        above: &str,
        entries: impl Iterator<Item = (&'v Name<'i>, &'v Value<'i>)>,
    ) {
        for (name, value) in entries {
            let path = format!("{above}{}", name.get_ref());
            if path == "lines" {
                own::lines(self, value);
                continue;
            }
            if own_keys(self.kind).contains(&&*path) && self.own(&path, name, value) {
                continue;
            }
            match keys(self.kind).iter().find(|key| key.path() == path) {
                Some(key) => self.key(key, name, value),
                None => self.no_key(&path, name, value),
            }
        }
    }

    /// A table of keys, or nothing that is known.
    fn no_key(&mut self, path: &str, name: &Name<'_>, value: &Value<'_>) {
        let below = format!("{path}.");
        if keys(self.kind).iter().any(|key| key.path().starts_with(&below)) {
            if let Some(table) = self.reader.table(path, value) {
                self.entries(&below, table.iter());
            }
        } else if let Some(keyword) = keywords::names(self.kind).find(|k| snake(k).replace(' ', ".") == path)
        {
            // what is refused by name, or changes nothing, is said by the keyword's own row
            self.push(keyword, self.reader.span(name), self.reader.span(value), Vec::new());
        } else {
            self.unknown(path, name);
        }
    }

    fn unknown(&mut self, path: &str, name: &Name<'_>) {
        let span = self.reader.span(name);
        let error = Diagnostic::error(span, format!("unknown key '{path}' in {}", self.place));
        let own = own_keys(self.kind);
        let paths: Vec<String> = keys(self.kind).iter().map(Key::path).collect();
        let tables = paths.iter().filter_map(|path| path.split_once('.')).map(|(table, _)| table);
        let known = paths.iter().map(String::as_str).chain(tables).chain(own.iter().copied());
        let error = match nearest(path, known) {
            Some(near) => error.help(format!("did you mean '{near}'?")),
            None if own.contains(&"rules") && rules::keywords().any(|k| snake(k) == path) => {
                error.help("rules stand in 'rules', line by line as in haproxy.cfg")
            }
            None => error,
        };
        self.reader.out.push(error);
    }

    /// The keys that are no keywords.
    fn own(&mut self, path: &str, name: &Name<'_>, value: &Value<'_>) -> bool {
        match path {
            "rules" => own::rules(self, value),
            "options" => own::options(self, name, value),
            "apply" => apply::apply(self, name, value),
            "check" => checks::check(self, name, value),
            "from" => {} // part of the header
            _ => return false,
        }
        true
    }

    fn key(&mut self, key: &Key, name: &Name<'_>, value: &Value<'_>) {
        let (at, keyword, path) = (self.reader.span(name), key.keyword, key.path());
        match (&key.shape, value.get_ref()) {
            (Shape::Switch(off), DeValue::Boolean(on)) => self.switch(keyword, at, value, *on, *off),
            (Shape::Switch(_), _) => {
                self.reader.refuse::<()>(&path, "true or false", value).unwrap_or_default()
            }
            (Shape::SwitchOr(_), DeValue::Boolean(on)) => self.switch(keyword, at, value, *on, Off::Silent),
            (Shape::Word(_) | Shape::SwitchOr(_), _) => {
                let word = self.reader.word(&path, value);
                self.push_some(keyword, at, value, word.map(|w| vec![w]));
            }
            (Shape::Words, DeValue::Boolean(true)) if keyword == "stats admin" => {
                let span = self.reader.span(value);
                self.push(keyword, at, span, ["if", "TRUE"].map(|w| Word::plain(w, span)).to_vec());
            }
            (Shape::Words, _) => {
                let words = self.reader.words(&path, value);
                self.push_some(keyword, at, value, words);
            }
            (Shape::Lines, _) => self.each(&path, value, |s, item| s.text_lines(keyword, at, &path, item)),
            (Shape::Map, _) => self.map(keyword, &path, value),
            (Shape::Record(record), _) => self.record(keyword, at, &path, &[], value, record),
            (Shape::Records(record), _) => {
                self.each(&path, value, |s, item| s.record(keyword, at, &path, &[], item, record));
            }
            (Shape::Named(record), _) => self.records(keyword, &path, value, record),
        }
    }

    /// The lines of a table of records by name.
    pub(super) fn named(
        mut self,
        keyword: &str,
        path: &str,
        value: &Value<'_>,
        record: &Record,
    ) -> Vec<Line> {
        self.records(keyword, path, value, record);
        self.lines
    }

    fn records(&mut self, keyword: &str, path: &str, value: &Value<'_>, record: &Record) {
        let Some(table) = self.reader.table(path, value) else { return };
        for (name, value) in table.iter() {
            let at = self.reader.span(name);
            let word = Word::plain(name.get_ref().as_ref(), at);
            self.record(keyword, at, &format!("{path}.{}", name.get_ref()), &[word], value, record);
        }
    }

    /// A value, or each value of a list.
    pub(super) fn each(
        &mut self,
        path: &str,
        value: &Value<'_>,
        mut does: impl FnMut(&mut Self, &Value<'_>),
    ) {
        match value.get_ref() {
            DeValue::Array(items) if items.is_empty() => {
                self.reader.error(value, format!("'{path}' is an empty list"));
            }
            DeValue::Array(items) => items.iter().for_each(|item| does(self, item)),
            _ => does(self, value),
        }
    }

    fn text_lines(&mut self, keyword: &str, at: Span, path: &str, value: &Value<'_>) {
        for words in self.reader.lines(path, value).unwrap_or_default() {
            self.push(keyword, at, self.reader.span(value), words);
        }
    }

    fn map(&mut self, keyword: &str, path: &str, value: &Value<'_>) {
        let Some(table) = self.reader.table(path, value) else { return };
        for (name, value) in table.iter() {
            let at = self.reader.span(name);
            if let Some(word) = self.reader.word(&format!("{path}.{}", name.get_ref()), value) {
                let words = vec![Word::plain(name.get_ref().as_ref(), at), word];
                self.push(keyword, at, self.reader.span(value), words);
            }
        }
    }

    /// A line whose words stand in a string, or in a table. `first` are words that stand before them.
    fn record(
        &mut self,
        keyword: &str,
        at: Span,
        path: &str,
        first: &[Word],
        value: &Value<'_>,
        shape: &Record,
    ) {
        let words = match value.get_ref() {
            DeValue::Table(table) => record::words(self.reader, path, table, value, shape),
            _ => self.reader.words(path, value),
        };
        self.push_some(keyword, at, value, words.map(|words| [first, &words].concat()));
    }

    fn switch(&mut self, keyword: &str, at: Span, value: &Value<'_>, on: bool, off: Off) {
        let span = self.reader.span(value);
        match (on, off) {
            (true, _) => self.push(keyword, at, span, Vec::new()),
            (false, Off::Silent) => {}
            (false, Off::No) => self.push(&format!("no {keyword}"), at, span, Vec::new()),
            (false, Off::Word(other)) => self.push(other, at, span, Vec::new()),
        }
    }

    fn push_some(&mut self, keyword: &str, at: Span, value: &Value<'_>, words: Option<Vec<Word>>) {
        if let Some(words) = words {
            self.push(keyword, at, self.reader.span(value), words);
        }
    }

    /// Adds a line: a keyword written at a place, and the words behind it, in a value that stands at another.
    pub(super) fn push(&mut self, keyword: &str, at: Span, value: Span, words: Vec<Word>) {
        let mut line: Vec<Word> = keyword.split(' ').map(|part| Word::plain(part, at)).collect();
        line.extend(words);
        let span = if at.file == value.file && at.start <= value.start { at.to(value) } else { at };
        let line = Line { words: line, span };
        match line.keyword() {
            "default-server" => self.line_first(line),
            _ => self.line(line),
        }
    }

    /// Adds a line as it was written.
    pub(super) fn line(&mut self, line: Line) {
        if let Err(error) = self.reader.env.line(self.kind, &line) {
            self.reader.out.push(error);
        }
        self.lines.push(line);
    }

    /// Adds a line before all those that are not so.
    pub(super) fn line_first(&mut self, line: Line) {
        self.first.push(line);
    }
}

/// Whether a table says anything that a section of this kind knows.
pub(super) fn is_section(table: &DeTable<'_>, kind: &str) -> bool {
    table.is_empty() || table.keys().any(|key| is_key(key.get_ref(), kind))
}

/// Whether a key of this name stands directly in a section of this kind.
pub(super) fn is_key(name: &str, kind: &str) -> bool {
    own_keys(kind).contains(&name) || keys(kind).iter().any(|key| key.path().split('.').next() == Some(name))
}
