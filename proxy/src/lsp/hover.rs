//! What is said of the word under the pointer.

use std::ops::Range;

use portero_api::Plugin;
use portero_policies::{Method, predefined_acls};

use super::cursor::{Cursor, Item, Part, Place, item, part};
use super::document::Document;
use super::names::{Of, declaring_lines, end_of_name, name_at};
use super::page::Page;
use super::words::{self, Said};

/// What to show, as Markdown, and the bytes that it is about.
pub(super) fn hover(
    document: &Document,
    page: &Page,
    offset: usize,
    plugins: &[Plugin],
) -> Option<(String, Range<usize>)> {
    let end = end_of_name(&document.text, offset);
    let cursor = Cursor::new(document, page, end)?;
    if let Some(found) = of_name(document, page, offset) {
        return Some(found);
    }
    let (said, start) = match cursor.place() {
        Place::Keyword(_) => (keyword(&cursor, end)?, cursor.start),
        Place::Action(_) => (words::action(cursor.prefix.split('(').next()?, plugins)?, cursor.start),
        Place::Method => (method(cursor.prefix)?, cursor.start),
        Place::Pattern => (flag(cursor.prefix)?, cursor.start),
        Place::Test => expression(&cursor, 0, plugins)?,
        Place::Expression => expression(&cursor, 0, plugins)?,
        Place::ActionWord(_, action, 0) if item(cursor.prefix).is_none() && action.contains("var(") => {
            expression(&cursor, 0, plugins)?
        }
        Place::ActionWord(..) | Place::Argument(..) | Place::Table => match item(cursor.prefix) {
            Some(Item::Expression(from)) => expression(&cursor, from, plugins)?,
            Some(Item::Alias(from)) => (alias(&cursor.prefix[from..])?, cursor.start + from),
            None => return None,
        },
        _ => return None,
    };
    Some((format!("```\n{}\n```\n{}", said.syntax, said.text), start..end))
}

/// The lines that declare a name.
fn of_name(document: &Document, page: &Page, offset: usize) -> Option<(String, Range<usize>)> {
    let name = name_at(document, page, offset)?;
    let lines = declaring_lines(document, page, &name);
    if lines.is_empty() {
        let (_, test) = predefined_acls().find(|(known, _)| name.of == Of::Acl && *known == name.text)?;
        return Some((format!("```\n{}\n```\nA predefined ACL: '{test}'.", name.text), name.range));
    }
    Some((format!("```\n{}\n```", lines.join("\n")), name.range))
}

/// A keyword, or the first words of a rule. The words behind the pointer may belong to it.
fn keyword(cursor: &Cursor<'_>, end: usize) -> Option<Said> {
    let line = cursor.section.line_at(end)?;
    let mut words: Vec<&str> = line.words.iter().map(|word| word.text.as_str()).collect();
    if matches!(words.first(), Some(&("no" | "default"))) {
        words.remove(0);
    }
    let two = words.iter().take(2).copied().collect::<Vec<_>>().join(" ");
    words::family(&two)
        .or_else(|| words::family(words.first()?))
        .or_else(|| words::keyword(&cursor.section.kind, &words))
}

/// The fetch or converter at the end of the prefix, from a byte of it on.
fn expression(cursor: &Cursor<'_>, from: usize, plugins: &[Plugin]) -> Option<(Said, usize)> {
    let text = &cursor.prefix[from..];
    let start = cursor.start + from;
    match part(text) {
        Part::Fetch(at) => Some((words::fetch(&text[at..], plugins)?, start + at)),
        Part::Converter(at) => Some((words::converter(&text[at..], plugins)?, start + at)),
        Part::Argument(..) => None,
    }
}

fn alias(name: &str) -> Option<Said> {
    let (known, about) = portero_policies::format::about_aliases().find(|(known, _)| *known == name)?;
    Some(Said { syntax: format!("%{known}"), text: words::sentence(about) })
}

fn method(name: &str) -> Option<Said> {
    let text = match Method::named(name)? {
        Method::Found => "Holds when there is a value.",
        Method::Bool => "Holds when the value is true, or not zero.",
        Method::Int => "The value is one of the integers, in a range, or behind an operator.",
        Method::Ip => "The address is in one of the networks.",
        Method::Bin => "The bytes are one of those, written in hexadecimal.",
        Method::Len => "The length is one of the integers.",
        Method::Str => "The text is one of the patterns.",
        Method::Sub => "The text contains one of the patterns.",
        Method::Reg => "The text matches one of the regular expressions.",
        Method::Beg => "The text begins with one of the patterns.",
        Method::End => "The text ends with one of the patterns.",
        Method::Dir => "The text contains a pattern between slashes.",
        Method::Dom => "The text contains a pattern between dots.",
    };
    Some(Said { syntax: format!("-m {name}"), text: text.to_owned() })
}

fn flag(name: &str) -> Option<Said> {
    let (syntax, text) = match name {
        "-i" => ("-i", "Letters match without regard to case, from here on."),
        "-f" => ("-f FILE", "Patterns from a file, one a line."),
        "-M" => ("-M", "The file is a map: only its first column counts."),
        "-m" => ("-m METHOD", "How to match; by default the type of the expression decides."),
        "-u" => ("-u ID", "A number for the runtime API."),
        _ => return None,
    };
    Some(Said { syntax: syntax.to_owned(), text: text.to_owned() })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Option<String> {
        let (before, after) = text.split_once('|').expect("a cursor");
        let document = Document::new("a.cfg", format!("{before}{after}"));
        let page = Page::new(&document);
        hover(&document, &page, before.len(), &[]).map(|(text, _)| text)
    }

    #[test]
    fn every_kind_of_word_is_told() {
        for (text, expected) in [
            ("frontend f\n    ti|meout client 5s", "timeout client"),
            ("frontend f\n    timeout cl|ient 5s", "timeout client"),
            ("frontend f\n    http-re|quest deny", "ACTION"),
            ("frontend f\n    http-request de|ny", "status"),
            ("frontend f\n    http-request set-v|ar(txn.a) src", "set-var"),
            ("frontend f\n    http-request set-var(txn.a) s|rc", "-> address"),
            ("frontend f\n    acl a req.h|dr(host),lower -m beg x", "req.hdr"),
            ("frontend f\n    acl a req.hdr(host),lo|wer -m beg x", "-> lower ->"),
            ("frontend f\n    acl a path -m b|eg x", "begins with"),
            ("frontend f\n    acl a path_be|g x", "-m beg"),
            ("frontend f\n    acl a path -|i x", "without regard to case"),
            ("frontend f\n    acl a path /x\n    use_backend b if |a", "acl a path /x"),
            ("frontend f\n    use_backend b if METH_|GET", "method GET HEAD"),
            ("frontend f\n    http-request set-header X %[sr|c]", "-> address"),
            ("frontend f\n    log-format \"%c|i\"", "%ci"),
            ("backend b # all\n    balance x\nfrontend f\n    default_backend |b", "backend b # all"),
        ] {
            let said = at(text).unwrap_or_default();
            assert!(said.contains(expected), "{text}: {said}");
        }
        assert_eq!(at("frontend f\n    # pa|th"), None);
        assert_eq!(at("frontend f\n    acl a path /x|y"), None);
    }
}
