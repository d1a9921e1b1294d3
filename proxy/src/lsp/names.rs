//! What a name means: where it is declared, and where else it stands.

use std::ops::Range;

use portero_grammar::Word;
use portero_grammar::rules::{Cond, Statement};

use super::cursor::{Cursor, Part, Place, part};
use super::document::Document;
use super::page::{Line, Page, range};

/// A name at a place.
#[derive(Debug, PartialEq)]
pub(super) struct Name<'d> {
    pub(super) text: &'d str,
    pub(super) range: Range<usize>,
    pub(super) of: Of,
}

/// What a name is one of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Of {
    Acl,
    /// A server of the same section.
    Server,
    /// A section of one of these kinds.
    Section(&'static [&'static str]),
}

const BACKENDS: Of = Of::Section(&["backend", "listen"]);
const TABLES: Of = Of::Section(&["backend", "listen", "frontend", "peers"]);

/// The end of the name that a byte stands in.
pub(super) fn end_of_name(text: &str, offset: usize) -> usize {
    let offset = text.floor_char_boundary(offset.min(text.len()));
    let is_part = |c: char| c.is_ascii_alphanumeric() || "_.-:+".contains(c);
    offset + text[offset..].find(|c| !is_part(c)).unwrap_or(text.len() - offset)
}

/// The name at a byte.
pub(super) fn name_at<'d>(document: &'d Document, page: &'d Page, offset: usize) -> Option<Name<'d>> {
    let end = end_of_name(&document.text, offset);
    let cursor = Cursor::new(document, page, end)?;
    let previous = cursor.words.len().checked_sub(2).map_or("", |at| cursor.words[at]);
    let mut start = cursor.start;
    let of = match cursor.place() {
        Place::AclName => Of::Acl,
        Place::Condition => {
            start = end - cursor.prefix.trim_start_matches(['!', '(']).len();
            Of::Acl
        }
        Place::Backend => BACKENDS,
        Place::Server => Of::Server,
        Place::Table => TABLES,
        Place::Defaults => Of::Section(&["defaults"]),
        Place::Argument("errorfiles", 1) => Of::Section(&["http-errors"]),
        Place::ActionWord(..) if previous == "errorfiles" => Of::Section(&["http-errors"]),
        Place::Policy => Of::Section(&["policy"]),
        Place::Test | Place::Expression | Place::ActionWord(..) | Place::Argument(..) => {
            let (argument, of) = argument(cursor.prefix)?;
            start += argument;
            of
        }
        _ => return None,
    };
    let text = document.text.get(start..end).filter(|text| !text.is_empty())?;
    Some(Name { text, range: start..end, of })
}

/// The argument of a fetch that names a section, at the end of a text.
fn argument(prefix: &str) -> Option<(usize, Of)> {
    let from = prefix.rfind("%[").map_or(0, |at| at + 2);
    match part(&prefix[from..]) {
        Part::Argument(
            "nbsrv" | "queue" | "avg_queue" | "connslots" | "be_conn" | "be_sess_rate",
            0,
            start,
        ) => Some((from + start, BACKENDS)),
        Part::Argument(name, _, start) if name.contains("table_") || name.starts_with("sc_") => {
            Some((from + start, TABLES))
        }
        _ => None,
    }
}

/// Where a name is declared.
pub(super) fn declarations(page: &Page, name: &Name<'_>) -> Vec<Range<usize>> {
    let own = page.section_at(name.range.start);
    let same = |word: &Word| word.text == name.text;
    match name.of {
        Of::Acl => own.acls().filter(|(word, _)| same(word)).map(|(word, _)| range(word.span)).collect(),
        Of::Server => {
            own.servers().filter(|(word, _)| same(word)).map(|(word, _)| range(word.span)).collect()
        }
        Of::Section(kinds) => {
            page.named(kinds).filter(|(_, word)| same(word)).map(|(_, word)| range(word.span)).collect()
        }
    }
}

/// The lines that declare a name, for a hint beside it.
pub(super) fn declaring_lines<'d>(document: &'d Document, page: &Page, name: &Name<'_>) -> Vec<&'d str> {
    let lines =
        declarations(page, name).into_iter().filter_map(|at| document.line(document.line_of(at.start)));
    lines.map(|line| document.text[line].trim()).collect()
}

/// All places of an ACL in its section, its declarations among them.
pub(super) fn places_of_acl(page: &Page, name: &Name<'_>) -> Vec<Range<usize>> {
    let section = page.section_at(name.range.start);
    let mut places = declarations(page, name);
    section.lines.iter().for_each(|line| uses(line, name.text, &mut places));
    places.sort_by_key(|place| place.start);
    places.dedup();
    places
}

fn uses(line: &Line, name: &str, into: &mut Vec<Range<usize>>) {
    if let Some(Statement::Rule(rule)) = line.statement()
        && let Some(condition) = &rule.condition
    {
        in_condition(&condition.cond, name, into);
    }
}

fn in_condition(cond: &Cond, name: &str, into: &mut Vec<Range<usize>>) {
    match cond {
        Cond::Any(parts) | Cond::All(parts) => parts.iter().for_each(|part| in_condition(part, name, into)),
        Cond::Not(inner, _) => in_condition(inner, name, into),
        Cond::Named(word) if word.text == name && !word.quoted => into.push(range(word.span)),
        Cond::Named(_) | Cond::Test(_) => {}
    }
}

/// Whether a text can be the name of an ACL.
pub(super) fn is_acl_name(text: &str) -> bool {
    let good = |c: char| c.is_ascii_alphanumeric() || "-_.:".contains(c);
    !text.is_empty() && !text.eq_ignore_ascii_case("or") && text.chars().all(good)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The lines, from 0, where the name at the `|` is declared.
    fn declared(text: &str) -> Vec<usize> {
        let (before, after) = text.split_once('|').expect("a cursor");
        let document = Document::new("a.cfg", format!("{before}{after}"));
        let page = Page::new(&document);
        let name = name_at(&document, &page, before.len());
        let places = name.map_or(Vec::new(), |name| declarations(&page, &name));
        places.into_iter().map(|place| document.line_of(place.start)).collect()
    }

    #[test]
    fn a_name_leads_to_where_it_is_declared() {
        let acls =
            "frontend e\n acl a src\nfrontend f\n acl a src 1.1.1.1\n acl a path /\n http-request deny if ";
        assert_eq!(declared(&format!("{acls}|a")), [3, 4]);
        assert_eq!(declared(&format!("{acls}{{ src 1.1.1.1 }} !a|")), [3, 4]);
        let farm = "backend app\n server s1 1.1.1.1\n use-server s|1 if TRUE\n";
        assert_eq!(declared(farm), [1]);
        for line in ["use_backend a|pp if TRUE", "default_backend app|", "acl x nbsrv(ap|p) lt 1"] {
            assert_eq!(declared(&format!("backend app\nfrontend f\n {line}\n")), [0], "{line}");
        }
        assert_eq!(declared("policy limit\nfrontend f\n apply li|mit\n"), [0]);
        assert_eq!(declared("defaults base\nfrontend f from b|ase\n"), [0]);
        assert_eq!(declared("http-errors own\nfrontend f\n errorfiles o|wn\n"), [0]);
        assert_eq!(declared("frontend f\n # use_backend f|\n"), [0usize; 0]);
    }

    #[test]
    fn an_acl_is_found_wherever_it_stands_in_its_section() {
        let text = "frontend f\n acl a src\n http-request deny if !a or ( b a )\nfrontend g\n http-request deny if a\n";
        let document = Document::new("a.cfg", text);
        let page = Page::new(&document);
        let name = name_at(&document, &page, text.find("a src").expect("it is there")).expect("a name");
        let places = places_of_acl(&page, &name);
        assert_eq!(places.len(), 3);
        assert!(places.iter().all(|place| &text[place.clone()] == "a"));
    }
}
