//! Actions that replace by regular expression: replace-header, replace-value, replace-path, replace-pathq, replace-uri.

use std::cell::RefCell;

use portero_api::{Action, Answer, Exchange, Request, trim};

use super::headers::Side;
use super::request::set_target;
use super::strict::no_room;
use super::text::Text;
use super::words::Words;
use super::{ActionKind, Made, families};
use crate::format::Escape;
use crate::matching::{Groups, Regex};

pub(super) static ROWS: &[ActionKind] = &[
    ActionKind {
        name: "replace-header",
        families: families::HTTP,
        syntax: "<name> <regex> <fmt>",
        summary: "replace the lines of a header field that match",
        ends: false,
        make: |words| fields(words, false),
    },
    ActionKind {
        name: "replace-value",
        families: families::HTTP,
        syntax: "<name> <regex> <fmt>",
        summary: "replace the comma-separated values of a header field that match",
        ends: false,
        make: |words| fields(words, true),
    },
    ActionKind {
        name: "replace-path",
        families: families::HTTP_REQUEST,
        syntax: "<regex> <fmt>",
        summary: "replace the path, without the query, when it matches",
        ends: false,
        make: |words| target(words, Part::Path),
    },
    ActionKind {
        name: "replace-pathq",
        families: families::HTTP_REQUEST,
        syntax: "<regex> <fmt>",
        summary: "replace path and query when they match",
        ends: false,
        make: |words| target(words, Part::PathAndQuery),
    },
    ActionKind {
        name: "replace-uri",
        families: families::HTTP_REQUEST,
        syntax: "<regex> <fmt>",
        summary: "replace the whole target of the request when it matches",
        ends: false,
        make: |words| target(words, Part::Uri),
    },
];

/// A regular expression and what takes the place of a text that it matches.
struct Replacement {
    regex: Regex,
    with: Text,
}

impl Replacement {
    fn read(words: &mut Words<'_, '_>) -> Result<Replacement, crate::Reported> {
        let regex = words.regex();
        let with = words.text("a replacement", Escape::Header);
        Ok(Replacement { regex: regex?, with: with? })
    }

    /// Appends what takes the place of the text; nothing and false where it does not match.
    fn apply(&self, text: &[u8], template: &[u8], into: &mut Vec<u8>) -> bool {
        match self.regex.groups(text, 0) {
            Some(groups) => {
                expand(template, text, &groups, into);
                true
            }
            None => false,
        }
    }
}

/// Appends a template with `\0` to `\9` and `\xHH` resolved; a backslash makes any other character stand for itself.
fn expand(template: &[u8], text: &[u8], groups: &Groups, into: &mut Vec<u8>) {
    let mut rest = template;
    while let Some((&byte, tail)) = rest.split_first() {
        rest = tail;
        if byte != b'\\' {
            into.push(byte);
            continue;
        }
        match rest {
            [digit @ b'0'..=b'9', tail @ ..] => {
                if let Some(&Some((start, end))) = groups.get(usize::from(digit - b'0')) {
                    into.extend_from_slice(&text[start..end]);
                }
                rest = tail;
            }
            [b'x', high, low, tail @ ..] if high.is_ascii_hexdigit() && low.is_ascii_hexdigit() => {
                let digit = |b: u8| (b as char).to_digit(16).unwrap_or(0) as u8;
                into.push(digit(*high) << 4 | digit(*low));
                rest = tail;
            }
            [other, tail @ ..] => {
                into.push(*other);
                rest = tail;
            }
            [] => into.push(b'\\'),
        }
    }
}

struct Fields {
    side: Side,
    name: Box<[u8]>,
    replacement: Replacement,
    /// True to look at each comma-separated value instead of the line.
    values: bool,
    buffer: RefCell<Vec<u8>>,
}

impl Action for Fields {
    fn run(&self, exchange: &mut Exchange) -> Answer {
        self.replacement.with.with(exchange, |exchange, template| {
            let mut new = self.buffer.borrow_mut();
            for index in 0..self.side.headers(exchange).len() {
                let Some((name, value)) = self.side.headers(exchange).at(index) else { break };
                if !name.eq_ignore_ascii_case(&self.name) {
                    continue;
                }
                new.clear();
                let changed = match self.values {
                    true => self.each_value(value, template, &mut new),
                    false => self.replacement.apply(value, template, &mut new),
                };
                if !changed {
                    continue;
                }
                let longer = new.len().saturating_sub(value.len());
                if longer > 0 && !self.side.may_grow(exchange, longer) {
                    return no_room(exchange);
                }
                self.side.headers(exchange).set_at(index, &new);
            }
            Answer::Continue
        })
    }
}

impl Fields {
    /// Replaces the values that match, each with the blanks in front of it, and keeps everything else.
    fn each_value(&self, line: &[u8], template: &[u8], into: &mut Vec<u8>) -> bool {
        let mut changed = false;
        for (index, piece) in split_values(line).enumerate() {
            if index > 0 {
                into.push(b',');
            }
            let value = trim(piece);
            if !value.is_empty() && self.replacement.apply(value, template, into) {
                changed = true;
            } else {
                into.extend_from_slice(piece);
            }
        }
        changed
    }
}

/// The pieces between the commas that stand in no quotes.
fn split_values(line: &[u8]) -> impl Iterator<Item = &[u8]> {
    let (mut quoted, mut escaped) = (false, false);
    line.split(move |&b| {
        let comma = b == b',' && !quoted;
        match b {
            _ if escaped => escaped = false,
            b'\\' if quoted => escaped = true,
            b'"' => quoted = !quoted,
            _ => {}
        }
        comma
    })
}

fn fields(words: &mut Words<'_, '_>, values: bool) -> Made {
    let name = words.header_name();
    let replacement = Replacement::read(words);
    let (side, buffer) = (Side::of(words.family), RefCell::default());
    Ok(Box::new(Fields { side, name: name?, replacement: replacement?, values, buffer }))
}

/// The part of a request's target that is replaced.
#[derive(Clone, Copy)]
pub(super) enum Part {
    Path,
    PathAndQuery,
    Uri,
}

impl Part {
    /// The part as it is.
    pub(super) fn of(self, request: &Request) -> &[u8] {
        match self {
            Part::Path => request.path(),
            Part::PathAndQuery => request.path_and_query(),
            Part::Uri => &request.target,
        }
    }
}

struct Target {
    part: Part,
    replacement: Replacement,
    buffer: RefCell<Vec<u8>>,
}

impl Action for Target {
    fn run(&self, exchange: &mut Exchange) -> Answer {
        self.replacement.with.with(exchange, |exchange, template| {
            let mut new = self.buffer.borrow_mut();
            new.clear();
            match self.replacement.apply(self.part.of(&exchange.request), template, &mut new) {
                true => set_target(exchange, self.part, &new),
                false => Answer::Continue,
            }
        })
    }
}

fn target(words: &mut Words<'_, '_>, part: Part) -> Made {
    let replacement = Replacement::read(words)?;
    Ok(Box::new(Target { part, replacement, buffer: RefCell::default() }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn templates_name_groups_bytes_and_characters() {
        let regex = Regex::new("(.)=(.)", false).unwrap();
        let groups = regex.groups(b"a=1", 0).unwrap();
        let mut out = Vec::new();
        expand(br"\2=\1\\\x41\.\0\9", b"a=1", &groups, &mut out);
        assert_eq!(out, br"1=a\A.a=1");
    }

    #[test]
    fn quoted_commas_part_nothing() {
        let pieces: Vec<_> = split_values(br#"a, "b,\"c" ,d"#).collect();
        assert_eq!(pieces, [&b"a"[..], br#" "b,\"c" "#, b"d"]);
    }
}
