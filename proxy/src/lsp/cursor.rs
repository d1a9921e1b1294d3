//! What is meant at a place in a text: which kind of word stands there, or may.

use portero_grammar::Word;
use portero_grammar::cfg::SECTIONS;
use portero_grammar::rules::{self, Family, Kind as RuleKind};

use super::document::{Document, Kind};
use super::page::{Page, Section};

/// A place in a text.
pub(super) struct Cursor<'p> {
    pub(super) section: &'p Section,
    /// The words of the line up to the one at the place, which is the last; empty where a new one would begin.
    pub(super) words: Vec<&'p str>,
    /// What the last word is up to the place, as it is written.
    pub(super) prefix: &'p str,
    /// Where the last word begins.
    pub(super) start: usize,
    kind: Kind,
}

/// What stands at a place.
#[derive(Debug, PartialEq)]
pub(super) enum Place<'p> {
    /// The header of a section, its kind.
    Header,
    /// A keyword: the words of it that are there, without the last.
    Keyword(Vec<&'p str>),
    /// The name of a `defaults` section.
    Defaults,
    /// The name of a policy that is applied.
    Policy,
    /// A word of a setting: the keyword's first word and which word behind it, from 1.
    Argument(&'p str, usize),
    /// An action of rules.
    Action(Family),
    /// A word behind an action: its name, and which word from 0.
    ActionWord(Family, &'p str, usize),
    /// The name of an ACL that is declared.
    AclName,
    /// A part of a condition outside of braces.
    Condition,
    /// An expression of a test, where `path_beg` may stand too.
    Test,
    /// A flag or a pattern of a test.
    Pattern,
    /// `-m`
    Method,
    Backend,
    Server,
    Table,
    /// An expression elsewhere.
    Expression,
    Nothing,
}

impl<'p> Cursor<'p> {
    /// What stands at a byte; none in a comment.
    pub(super) fn new(document: &'p Document, page: &'p Page, offset: usize) -> Option<Cursor<'p>> {
        let offset = document.text.floor_char_boundary(offset.min(document.text.len()));
        let section = page.section_at(offset);
        let (mut words, mut start) = (Vec::new(), offset);
        if let Some(line) = section.line_at(offset) {
            let before: Vec<&Word> = line.words.iter().filter(|w| (w.span.start as usize) < offset).collect();
            let here = before.last().filter(|w| w.span.end as usize >= offset);
            words.extend(before.iter().map(|w| w.text.as_str()));
            let behind = before.last().map_or(line.range.start, |w| w.span.end as usize);
            match here {
                Some(word) => start = word.span.start as usize,
                None if document.text[behind..offset].contains('#') => return None,
                None => words.push(""),
            }
        } else {
            let line = document.line(document.line_of(offset))?;
            if document.text.get(line.start..offset)?.contains('#') {
                return None;
            }
            words.push("");
        }
        let prefix = document.text.get(start..offset)?;
        Some(Cursor { section, words, prefix, start, kind: document.kind })
    }

    /// What stands there.
    pub(super) fn place(&self) -> Place<'p> {
        let words = match self.words.first() {
            Some(&("no" | "default")) if self.words.len() > 1 => &self.words[1..],
            _ => &self.words[..],
        };
        let last = words.len() - 1;
        match words[0] {
            _ if last == 0 => match (self.section.kind.as_str(), self.kind) {
                ("", Kind::Haproxy) => Place::Header,
                _ => Place::Keyword(Vec::new()),
            },
            first if self.kind == Kind::Haproxy && SECTIONS.contains(&first) => match words[last - 1] {
                "from" => Place::Defaults,
                _ => Place::Nothing,
            },
            "acl" if last == 1 => Place::AclName,
            "acl" => test(&words[2..]),
            _ => rule(words).unwrap_or_else(|| setting(words)),
        }
    }
}

/// A place in a rule; none where the line is no rule.
fn rule<'p>(words: &[&'p str]) -> Option<Place<'p>> {
    let span = portero_grammar::Span { file: portero_grammar::FileId(0), start: 0, end: 0 };
    let plain: Vec<Word> = words.iter().map(|text| Word::plain(*text, span)).collect();
    let last = words.len() - 1;
    let (family, head) = match rules::is_statement(&plain)? {
        RuleKind::Rule(family, head) => (family, head),
        // `tcp-request ` alone: settings go on like this as well
        RuleKind::Invalid | RuleKind::Acl => return Some(Place::Keyword(words[..last].to_vec())),
    };
    if last < head {
        return Some(Place::Keyword(words[..last].to_vec()));
    }
    if let Some(at) = words[head..last].iter().position(|word| matches!(*word, "if" | "unless")) {
        return Some(condition(&words[head + at + 1..]));
    }
    Some(match (family, last - head) {
        (Family::UseBackend, 0) => Place::Backend,
        (Family::UseServer, 0) => Place::Server,
        (
            Family::StickOn | Family::StickMatch | Family::StickStoreRequest | Family::StickStoreResponse,
            at,
        ) => match (at, words[last - 1]) {
            (0, _) => Place::Expression,
            (_, "table") => Place::Table,
            _ => Place::ActionWord(family, "", at),
        },
        (Family::UseBackend | Family::UseServer | Family::Redirect, at) => Place::ActionWord(family, "", at),
        (_, 0) => Place::Action(family),
        (_, _) if words[last - 1] == "table" => Place::Table,
        (_, at) => Place::ActionWord(family, words[head], at - 1),
    })
}

/// A place behind `if`.
fn condition<'p>(words: &[&'p str]) -> Place<'p> {
    let last = words.len() - 1;
    let mut open = None;
    for (index, word) in words[..last].iter().enumerate() {
        match (open, word.trim_start_matches(['!', '('])) {
            (None, "{") => open = Some(index),
            (Some(_), "}") => open = None,
            _ => {}
        }
    }
    match open {
        Some(open) => test(&words[open + 1..]),
        None => Place::Condition,
    }
}

/// A place in a test.
fn test<'p>(words: &[&'p str]) -> Place<'p> {
    match words {
        [_] => Place::Test,
        [.., "-m", _] => Place::Method,
        [.., "-f" | "-u", _] => Place::Nothing,
        _ => Place::Pattern,
    }
}

/// A place in a line that is no rule.
fn setting<'p>(words: &[&'p str]) -> Place<'p> {
    let last = words.len() - 1;
    match words[0] {
        "default_backend" if last == 1 => Place::Backend,
        "apply" | "explain" => {
            match words[1..last].iter().position(|word| matches!(*word, "if" | "unless")) {
                Some(at) => condition(&words[at + 2..]),
                None if last == 1 && words[0] == "apply" => Place::Policy,
                None => Place::Argument(words[0], last),
            }
        }
        "option" | "timeout" | "stats" | "tcp-request" | "tcp-response" | "http-check" | "tcp-check"
        | "capture" | "declare" | "stick" | "monitor"
            if last == 1 =>
        {
            Place::Keyword(words[..last].to_vec())
        }
        first => Place::Argument(first, last),
    }
}

/// What an expression is at its end.
#[derive(Debug, PartialEq)]
pub(super) enum Part<'t> {
    /// The name of a fetch, from that byte of the text on.
    Fetch(usize),
    /// The name of a converter.
    Converter(usize),
    /// An argument of that name, which one from 0, and where it begins.
    Argument(&'t str, usize, usize),
}

/// What stands at the end of an expression that is cut off there.
pub(super) fn part(text: &str) -> Part<'_> {
    let (mut start, mut open, mut behind_comma): (usize, Option<(&str, usize, usize)>, bool) =
        (0, None, false);
    let mut quote = None;
    for (at, character) in text.char_indices() {
        match (quote, character, open) {
            (Some(end), c, _) if c == end => quote = None,
            (Some(_), _, _) => {}
            (None, '"' | '\'', Some(_)) => quote = Some(character),
            (None, '(', None) => open = Some((&text[start..at], 0, at + 1)),
            (None, ')', Some(_)) => open = None,
            (None, ',', Some((name, index, _))) => open = Some((name, index + 1, at + 1)),
            (None, ',', None) => (start, behind_comma) = (at + 1, true),
            _ => {}
        }
    }
    match (open, behind_comma) {
        (Some((name, index, start)), _) => Part::Argument(name, index, start),
        (None, true) => Part::Converter(start),
        (None, false) => Part::Fetch(start),
    }
}

/// Where in a text that is cut off an expression of a log format begins (`%[`), or the name of an alias (`%`).
#[derive(Debug, PartialEq)]
pub(super) enum Item {
    Expression(usize),
    Alias(usize),
}

/// What item of a log format a text ends in.
pub(super) fn item(text: &str) -> Option<Item> {
    let at = text.rfind('%')?;
    if text[..at].ends_with('%') {
        return None;
    }
    let mut behind = &text[at + 1..];
    for (open, close) in [('(', ')'), ('{', '}')] {
        if behind.starts_with(open) {
            behind = behind.split_once(close)?.1;
        }
    }
    let start = text.len() - behind.len();
    match behind.strip_prefix('[') {
        Some(expression) => (!expression.contains(']')).then_some(Item::Expression(start + 1)),
        None => behind.chars().all(|c| c.is_ascii_alphanumeric()).then_some(Item::Alias(start)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The place of the `|` in a text.
    fn place(text: &str) -> String {
        let (before, after) = text.split_once('|').expect("a cursor");
        let document = Document::new("a.cfg", format!("{before}{after}"));
        let page = Page::new(&document);
        let cursor = Cursor::new(&document, &page, before.len());
        cursor.map_or("comment".to_owned(), |cursor| format!("{:?}", cursor.place()))
    }

    #[test]
    fn every_kind_of_place_is_told() {
        for (text, expected) in [
            ("fr|", "Header"),
            ("frontend f\n    b|", "Keyword([])"),
            ("frontend f\n    no opt|", "Keyword([])"),
            ("frontend f\n    timeout |", "Keyword([\"timeout\"])"),
            ("frontend f\n    tcp-request |", "Keyword([\"tcp-request\"])"),
            ("frontend f\n    default_backend a|", "Backend"),
            ("frontend f\n    # a|", "comment"),
            ("frontend f\n    mode http # a|", "comment"),
            ("frontend f from |", "Defaults"),
            ("frontend f\n    http-request |", "Action(HttpRequest)"),
            ("frontend f\n    http-request set-header |", "ActionWord(HttpRequest, \"set-header\", 0)"),
            ("frontend f\n    http-request deny if |", "Condition"),
            ("frontend f\n    http-request deny if { pa|", "Test"),
            ("frontend f\n    http-request deny if !{ path -|", "Pattern"),
            ("frontend f\n    http-request deny if { path -m |", "Method"),
            ("frontend f\n    http-request deny if { path /a } |", "Condition"),
            ("frontend f\n    use_backend |", "Backend"),
            ("frontend f\n    acl |", "AclName"),
            ("frontend f\n    acl a hdr(|", "Test"),
            ("frontend f\n    apply |", "Policy"),
            ("frontend f\n    apply limit a=b if |", "Condition"),
            ("frontend f\n    bind :80 |", "Argument(\"bind\", 2)"),
            ("frontend f\n    http-request track-sc0 src table |", "Table"),
        ] {
            assert_eq!(place(text), expected, "{text}");
        }
    }

    #[test]
    fn the_end_of_an_expression_is_told() {
        assert_eq!(part("req.h"), Part::Fetch(0));
        assert_eq!(part("req.hdr(host),lo"), Part::Converter(14));
        assert_eq!(part("req.hdr(ho"), Part::Argument("req.hdr", 0, 8));
        assert_eq!(part("a,field(1,\",)"), Part::Argument("field", 1, 10));
        assert_eq!(item("x %[sr"), Some(Item::Expression(4)));
        assert_eq!(item("x %{+Q}c"), Some(Item::Alias(7)));
        assert_eq!(item("100%%a"), None);
        assert_eq!(item("%[src] "), None);
    }
}
