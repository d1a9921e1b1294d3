//! What may stand at a place: the list that an editor shows while somebody types.

mod arguments;
mod names;
mod rules;
#[cfg(test)]
mod tests;

use std::ops::Range;

use lsp_types::CompletionItemKind as Icon;
use portero_api::Plugin;
use portero_grammar::cfg::SECTIONS;
use portero_policies::Method;

use super::cursor::{Cursor, Place};
use super::document::{Document, Kind};
use super::page::Page;
use super::words;
use crate::config::{About, about};

/// Something that may stand at a place.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Suggestion {
    pub(super) label: String,
    pub(super) icon: Icon,
    /// One line beside it.
    pub(super) detail: String,
    /// The bytes that it takes the place of.
    pub(super) range: Range<usize>,
}

/// What may stand at a byte of a text.
pub(super) fn complete(
    document: &Document,
    page: &Page,
    offset: usize,
    plugins: &[Plugin],
) -> Vec<Suggestion> {
    let offset = document.text.floor_char_boundary(offset.min(document.text.len()));
    let Some(cursor) = Cursor::new(document, page, offset) else { return Vec::new() };
    let mut list = List { page, plugins, cursor: &cursor, range: cursor.start..offset, found: Vec::new() };
    list.fill(document.kind);
    list.found
}

struct List<'a> {
    page: &'a Page,
    plugins: &'a [Plugin],
    cursor: &'a Cursor<'a>,
    range: Range<usize>,
    found: Vec<Suggestion>,
}

impl List<'_> {
    fn fill(&mut self, kind: Kind) {
        let place = self.cursor.place();
        let rule_or_setting = matches!(place, Place::Argument(..) | Place::ActionWord(..) | Place::Table);
        if rule_or_setting && self.log_format() {
            return;
        }
        match place {
            Place::Header => self.all(SECTIONS.iter().copied(), Icon::MODULE, "section"),
            Place::Keyword(before) => self.keywords(&before, kind),
            Place::Defaults => self.sections(&["defaults"]),
            Place::Backend => self.sections(&["backend", "listen"]),
            Place::Policy => self.sections(&["policy"]),
            Place::Server => self.servers(),
            Place::Table => self.tables(),
            Place::Action(family) => self.actions(family),
            Place::ActionWord(family, action, index) => self.action_word(family, action, index),
            Place::AclName => self.acls(),
            Place::Condition => self.condition(),
            Place::Test => self.expression(true),
            Place::Expression => self.expression(false),
            Place::Pattern => self.flags(),
            Place::Method => self.all(Method::names(), Icon::ENUM_MEMBER, "way of matching"),
            Place::Argument(keyword, index) => self.argument(keyword, index),
            Place::Nothing => {}
        }
    }

    fn keywords(&mut self, before: &[&str], kind: Kind) {
        let section = self.cursor.section.kind.as_str();
        let is_proxy = matches!(section, "defaults" | "frontend" | "listen" | "backend");
        let has_rules = is_proxy || section == "policy" || kind == Kind::Rules;
        let head = before.iter().map(|word| format!("{word} ")).collect::<String>();
        let mut names: Vec<(String, String)> = Vec::new();
        if kind == Kind::Haproxy && !section.is_empty() && section != "policy" {
            let here = |row: &&About| !is_proxy || row.sections().any(|known| known == section);
            let rows = about(section);
            let known =
                rows.iter().filter(|row| row.remark.is_none() && !row.name.contains('*')).filter(here);
            names.extend(known.map(|row| (row.name.to_owned(), words::about_keyword(section, row))));
        }
        if has_rules {
            names.extend(words::FAMILY_WORDS.map(|(name, _, about)| (name.to_owned(), about.to_owned())));
        }
        for (name, about) in names {
            if let Some(rest) = name.strip_prefix(&*head) {
                self.add(rest, Icon::KEYWORD, about);
            }
        }
        if before.is_empty() && kind == Kind::Haproxy {
            self.all(SECTIONS.iter().copied(), Icon::MODULE, "section");
        }
    }

    fn add(&mut self, label: impl Into<String>, icon: Icon, detail: impl Into<String>) {
        let range = self.range.clone();
        self.found.push(Suggestion { label: label.into(), icon, detail: detail.into(), range });
    }

    fn all<'n>(&mut self, names: impl IntoIterator<Item = &'n str>, icon: Icon, detail: &str) {
        names.into_iter().for_each(|name| self.add(name, icon, detail));
    }
}
