//! The lines of a section to keys: what has a key gets it, rules become a block, the rest stands in `lines`.

use std::collections::BTreeSet;

use portero_grammar::cfg::Line;
use portero_grammar::{Sources, Word, rules};

use super::comments;
use super::print::{Entries, Item, at, put};
use super::record;
use crate::config::APPLY;
use crate::config::toml::vocabulary::{Key, Kind, Off, Shape, is_proxy, keys, own_keys};

/// Keywords whose lines look at one another: as keys they come in this order, so they must be written in it.
const ORDERED: &[&[&str]] = &[
    &["default-server", "server", "server-template"],
    &["capture request header", "capture response header", "declare capture"],
    &["errorfile", "errorfiles", "errorloc", "errorloc302", "errorloc303", "http-error"],
    &["presetenv", "setenv", "unsetenv", "resetenv"],
    &["set-var", "set-var-fmt"],
];

/// Words of old, with what they are called now.
const RENAMED: &[(&str, &str)] = &[
    ("clitimeout", "timeout client"),
    ("contimeout", "timeout connect"),
    ("srvtimeout", "timeout server"),
    ("timeout clitimeout", "timeout client"),
    ("timeout contimeout", "timeout connect"),
    ("timeout srvtimeout", "timeout server"),
];

/// Words of old that are options now.
const OPTIONS_NOW: &[&str] = &["redispatch", "transparent"];

/// A section on its way to keys.
pub(super) struct Converter<'a> {
    pub(super) sources: &'a Sources,
    kind: &'a str,
}

/// A line with its key.
struct Found<'l> {
    key: &'static Key,
    /// The keyword it was found by is the other one, that says `false`.
    off: bool,
    args: &'l [Word],
}

impl<'a> Converter<'a> {
    pub(super) fn new(sources: &'a Sources, kind: &'a str) -> Self {
        Converter { sources, kind }
    }

    /// The keys that mean the same as the lines.
    pub(super) fn entries<'l>(&self, lines: impl Iterator<Item = &'l Line> + Clone) -> Entries {
        let raw = self.not_as_keys(lines.clone());
        let (mut entries, mut block, mut options, mut rest) =
            (Entries::new(), Vec::new(), Vec::new(), Vec::new());
        for line in lines.clone() {
            if self.is_rule(line) {
                block.extend(comments::above(self.sources, line.span));
                block.push(self.written(line, 0));
            } else if let Some(option) = self.option(line) {
                options.push(Item::Text(option));
            } else {
                match self.find(line).filter(|found| !raw.contains(found.key.keyword)) {
                    Some(found) => self.add(&mut entries, line, &found),
                    None => rest.push(self.written(line, 0)),
                }
            }
        }
        if !options.is_empty() {
            if self.log_option_is_last(lines) {
                entries.retain(|(key, _)| key != "log_format");
            }
            entries.push(("options".to_owned(), Item::List(options)));
        }
        for (key, block) in [("lines", rest), ("rules", block)] {
            if !block.is_empty() {
                entries.push((key.to_owned(), Item::Block(block)));
            }
        }
        // servers are the last thing that one reads in a backend
        entries.sort_by_key(|(key, _)| key.starts_with("server"));
        entries
    }

    /// The keywords whose lines cannot all be keys, or not in the order they have.
    fn not_as_keys<'l>(&self, lines: impl Iterator<Item = &'l Line>) -> BTreeSet<&'static str> {
        let (mut raw, mut order) = (BTreeSet::new(), Vec::new());
        for line in lines {
            let name = &line.words[usize::from(is_inverted(line)).min(line.words.len() - 1)];
            match self.find(line) {
                Some(found) => {
                    if self.item(line, &found).is_none() {
                        raw.insert(found.key.keyword);
                    }
                    order.push(found.key.keyword);
                }
                None => raw.extend(keys(self.kind).iter().map(|k| k.keyword).filter(|k| *k == name.text)),
            }
        }
        for group in ORDERED {
            let mut seen: Vec<_> = order.iter().filter(|keyword| group.contains(keyword)).collect();
            seen.dedup();
            let distinct: BTreeSet<_> = seen.iter().collect();
            let defaults_first = seen.iter().position(|k| **k == "default-server").is_none_or(|at| at == 0);
            if distinct.len() < seen.len()
                || !defaults_first
                || group.iter().any(|keyword| raw.contains(keyword))
            {
                raw.extend(*group);
            }
        }
        raw
    }

    fn find<'l>(&self, line: &'l Line) -> Option<Found<'l>> {
        let words = &line.words[usize::from(is_inverted(line))..];
        let length = |keyword: &str| {
            let parts = keyword.split(' ');
            let same = parts.clone().zip(words).filter(|(part, word)| *part == word.text).count();
            (same == parts.count()).then_some(same)
        };
        let matching = keys(self.kind).iter().filter_map(|key| Some((length(key.keyword)?, key, false)));
        let others = keys(self.kind).iter().filter_map(|key| match key.shape {
            Shape::Switch(Off::Word(other)) => Some((length(other)?, key, true)),
            _ => None,
        });
        let renamed = RENAMED.iter().filter_map(|(old, new)| {
            Some((length(old)?, keys(self.kind).iter().find(|key| key.keyword == *new)?, false))
        });
        let (length, key, off) = matching.chain(others).chain(renamed).max_by_key(|(length, ..)| *length)?;
        Some(Found { key, off, args: &words[length..] })
    }

    fn add(&self, entries: &mut Entries, line: &Line, found: &Found<'_>) {
        let Some(item) = self.item(line, found) else { return };
        let path = found.key.path();
        match (&found.key.shape, item) {
            (Shape::Lines | Shape::Records(_), item) => append(entries, &path, item),
            (Shape::Map | Shape::Named(_), Item::Table(pairs)) => {
                for (name, item) in pairs {
                    if let Item::Table(inner) = at(entries, &path, || Item::Table(Vec::new())) {
                        inner.retain(|(known, _)| *known != name);
                        inner.push((name, item));
                    }
                }
            }
            (_, item) => put(entries, &path, item),
        }
    }

    /// The value of a key for one line; none where it cannot be said.
    fn item(&self, line: &Line, found: &Found<'_>) -> Option<Item> {
        let args = found.args;
        let behind = line.words.len() - args.len();
        let inverted = is_inverted(line);
        match (&found.key.shape, args) {
            (Shape::Switch(_), []) if found.off => Some(Item::Bool(false)),
            (Shape::Switch(Off::No), _) if inverted => Some(Item::Bool(false)),
            _ if inverted => None,
            (Shape::Switch(_) | Shape::SwitchOr(_), []) => Some(Item::Bool(true)),
            (Shape::Word(kind) | Shape::SwitchOr(kind), [word]) => self.word(word, *kind),
            // a description is as many words as one likes
            (Shape::Word(Kind::Text) | Shape::SwitchOr(_), [_, ..]) if is_sentence(found.key) => {
                let words: Option<Vec<_>> = args.iter().map(|word| self.plain(word)).collect();
                Some(Item::Text(words?.join(" ")))
            }
            (Shape::Words | Shape::Lines, [_, ..]) => Some(Item::Text(self.written(line, behind))),
            (Shape::Map, [name, word]) => {
                let item = self.word(word, Kind::Text)?;
                Some(Item::Table(vec![(self.plain(name)?.to_owned(), item)]))
            }
            (Shape::Record(record) | Shape::Records(record), [_, ..]) => {
                Some(record::item(self, record, args, || self.written(line, behind)))
            }
            (Shape::Named(record), [name, rest @ ..]) if !rest.is_empty() => {
                let item = record::item(self, record, rest, || self.written(line, behind + 1));
                Some(Item::Table(vec![(self.plain(name)?.to_owned(), item)]))
            }
            _ => None,
        }
    }

    /// A word as a string or number; none where it is more than its text.
    pub(super) fn word(&self, word: &Word, kind: Kind) -> Option<Item> {
        let text = self.plain(word)?;
        let number = text.parse::<i64>().ok().filter(|n| n.to_string() == text && kind != Kind::Text);
        Some(number.map_or_else(|| Item::Text(text.to_owned()), Item::Number))
    }

    /// The text of a word that has no variable and no odd bytes in it.
    pub(super) fn plain<'w>(&self, word: &'w Word) -> Option<&'w str> {
        let dollars = |text: &str| text.matches('$').count();
        let whole = word.raw.is_none() && dollars(&word.text) == dollars(self.sources.slice(word.span));
        whole.then_some(&*word.text)
    }

    /// A line from one of its words on, as it was written: quotes and variables stay.
    fn written(&self, line: &Line, from: usize) -> String {
        let Some(first) = line.words.get(from) else { return String::new() };
        self.sources.slice(first.span.to(line.span)).to_owned()
    }

    /// What stands behind `option`, with the `no` in front of it.
    fn option(&self, line: &Line) -> Option<String> {
        let inverted = usize::from(is_inverted(line));
        let word = line.words.get(inverted)?;
        let is_old = OPTIONS_NOW.contains(&&*word.text);
        let written = self.written(line, inverted + usize::from(!is_old));
        ((is_old || word.text == "option") && is_proxy(self.kind) && !written.is_empty()).then(|| {
            match inverted {
                0 => written,
                _ => format!("{} {written}", line.keyword()),
            }
        })
    }

    /// Whether `option httplog` or `option tcplog` stands below `log-format` and so replaces it. As a key it would not.
    fn log_option_is_last<'l>(&self, lines: impl Iterator<Item = &'l Line>) -> bool {
        let is_option = |line: &Line| {
            let option = self.option(line).unwrap_or_default();
            option.split_ascii_whitespace().any(|word| matches!(word, "httplog" | "tcplog"))
        };
        let formats = lines.filter(|line| line.keyword() == "log-format" || is_option(line));
        formats.last().is_some_and(|line| line.keyword() != "log-format")
    }

    /// Whether a line stands in `rules`.
    fn is_rule(&self, line: &Line) -> bool {
        let is_ours = rules::is_statement(&line.words).is_some() || line.keyword() == APPLY;
        is_ours && own_keys(self.kind).contains(&"rules")
    }
}

fn is_inverted(line: &Line) -> bool {
    matches!(line.keyword(), "no" | "default")
}

/// Whether the words behind a keyword are one text.
fn is_sentence(key: &Key) -> bool {
    matches!(key.keyword, "description" | "stats show-desc")
}

/// Adds to a list that stands for itself while it has one item.
fn append(entries: &mut Entries, path: &str, item: Item) {
    if let Some((table, rest)) = path.split_once('.') {
        if let Item::Table(inner) = at(entries, table, || Item::Table(Vec::new())) {
            append(inner, rest, item);
        }
        return;
    }
    match entries.iter_mut().find(|(key, _)| key == path) {
        None => entries.push((path.to_owned(), item)),
        Some((_, Item::List(items))) => items.push(item),
        Some((_, first)) => *first = Item::List(vec![first.clone(), item]),
    }
}
