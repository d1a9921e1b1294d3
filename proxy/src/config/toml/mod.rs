//! The TOML door: `portero.toml` to the same lines that `haproxy.cfg` is made of.
//!
//! A file is parsed with the place of every key and value, and each key is lowered by its row in `vocabulary` to the
//! line of `haproxy.cfg` that means the same. So every keyword keeps its meaning in one place, `config::keywords`, and
//! messages point into the TOML text. The tree is walked by hand and not through serde's derive because that stops at
//! the first mistake, and knows no place but that one.
//!
//! The order of tables never matters but for what has a number by its place, proxies and servers. See docs/toml.md.

mod apply;
mod checks;
mod keys;
mod own;
mod record;
pub(crate) mod records;
mod schema;
mod section;
mod strings;
mod values;
pub(crate) mod vocabulary;

use portero_grammar::cfg::{self, Environment, Line};
use portero_grammar::{Diagnostic, Diagnostics, FileId, Sources, Span, Word};
use toml::de::{DeTable, DeValue};

use super::written::Written;
use records::PLUGIN;
use section::Section;
use values::{Name, Reader, Value};

pub use schema::schema;

/// The sections, by their names here and in `haproxy.cfg`.
const KINDS: &[(&str, &str)] = &[
    ("global", "global"),
    ("defaults", "defaults"),
    ("frontend", "frontend"),
    ("backend", "backend"),
    ("listen", "listen"),
    ("http_errors", "http-errors"),
    ("userlist", "userlist"),
    ("policy", "policy"),
    ("peers", "peers"),
    ("table", "table"),
];

/// The table of modules, `[plugin.NAME]`: each is a line of the section `global`.
const PLUGINS: &str = "plugin";

/// Reads TOML files in order. `[defaults]` holds in its file and in those behind it, until another one says more.
pub(super) fn read(sources: &mut Sources, files: &[FileId], env: &mut dyn Environment) -> Written {
    let (mut sections, mut diagnostics) = (Vec::new(), Diagnostics::default());
    let mut defaults = None;
    for &file in files {
        let text = sources.text(file).to_owned();
        let (table, errors) = DeTable::parse_recoverable(&text);
        for error in &errors {
            let range = error.span().unwrap_or(0..0);
            let span = Span { file, start: range.start as u32, end: range.end as u32 };
            diagnostics.push(Diagnostic::error(span, error.message().trim_end_matches('.')));
        }
        // what is left of a broken file is no ground for further messages
        if errors.is_empty() {
            let mut reader = Reader { sources, file, env: &mut *env, out: &mut diagnostics };
            sections.extend(file_sections(&mut reader, table.get_ref(), &mut defaults));
        }
    }
    Written { sections, diagnostics }
}

/// A table that becomes a section.
struct Table<'v, 'i> {
    kind: &'static str,
    /// Where the kind is written.
    at: Span,
    name: Option<&'v Name<'i>>,
    entries: Vec<(&'v Name<'i>, &'v Value<'i>)>,
}

/// The sections of a file, in the order in which they must be read: `[defaults]` behind the named ones, so that it is the
/// one that holds where no other is named.
fn file_sections(
    reader: &mut Reader<'_>,
    root: &DeTable<'_>,
    defaults: &mut Option<cfg::Section>,
) -> Vec<cfg::Section> {
    let (mut tables, mut plugins) = (Vec::new(), None);
    for (key, value) in root.iter() {
        match key.get_ref() == PLUGINS {
            true => plugins = Some(self::plugins(reader, key, value)),
            false => tables.extend(tables_of(reader, key, value)),
        }
    }
    let rank = |table: &Table<'_, '_>| match (table.kind, table.name) {
        ("defaults", Some(_)) => 1,
        ("defaults", None) => 2,
        (kind, _) if !vocabulary::is_proxy(kind) => 0,
        _ => 3,
    };
    tables.sort_by_key(|table| (rank(table), table.name.map_or(0, |name| name.span().start)));
    let (first, proxies): (Vec<_>, Vec<_>) = tables.into_iter().partition(|table| rank(table) < 3);
    let mut sections: Vec<_> = first.iter().map(|table| section(reader, table, false)).collect();
    // the paths of their files start from where 'default-path' says
    let globals = sections.iter().take_while(|section| section.header.keyword() == "global").count();
    sections.splice(globals..globals, plugins);
    let is_defaults = |section: &cfg::Section| section.header.keyword() == "defaults";
    if let Some(own) = sections.pop_if(|last| is_defaults(last) && last.header.words.len() == 1) {
        *defaults = Some(own);
    }
    // behind named ones something must stand that holds for the proxies that name none
    let has_named = sections.iter().any(is_defaults);
    let plain = defaults.clone().or_else(|| has_named.then(|| no_defaults(reader.file)));
    sections.extend(plain);
    sections.extend(proxies.iter().map(|table| section(reader, table, defaults.is_some())));
    sections
}

/// The modules of `[plugin.NAME]`.
fn plugins(reader: &mut Reader<'_>, key: &Name<'_>, value: &Value<'_>) -> cfg::Section {
    let span = reader.span(key);
    let lines =
        Section::new(reader, "global", format!("[{PLUGINS}]")).named("wasm-load", PLUGINS, value, &PLUGIN);
    cfg::Section { header: Line { words: vec![Word::plain("global", span)], span }, lines }
}

/// A section `defaults` that says nothing, behind named ones.
fn no_defaults(file: FileId) -> cfg::Section {
    let span = Span { file, start: 0, end: 0 };
    cfg::Section { header: Line { words: vec![Word::plain("defaults", span)], span }, lines: Vec::new() }
}

/// The tables under a key of the file.
fn tables_of<'v, 'i>(reader: &mut Reader<'_>, key: &'v Name<'i>, value: &'v Value<'i>) -> Vec<Table<'v, 'i>> {
    let name = key.get_ref().as_ref();
    let Some(&(_, kind)) = KINDS.iter().find(|(known, _)| *known == name) else {
        unknown_section(reader, key);
        return Vec::new();
    };
    let Some(table) = reader.table(name, value) else { return Vec::new() };
    let at = reader.span(key);
    if kind == "global" {
        return vec![Table { kind, at, name: None, entries: table.iter().collect() }];
    }
    let (mut tables, mut plain) = (Vec::new(), Vec::new());
    for (name, value) in table.iter() {
        match value.get_ref() {
            DeValue::Table(inner) if kind != "defaults" || is_named_defaults(name, inner) => {
                tables.push(Table { kind, at, name: Some(name), entries: inner.iter().collect() });
            }
            _ if kind == "defaults" => plain.push((name, value)),
            _ => {
                let message =
                    format!("'{}' stands in no {kind}: write it in [{}.NAME]", name.get_ref(), key.get_ref());
                reader.error(name, message);
            }
        }
    }
    if kind == "defaults" && (!plain.is_empty() || tables.is_empty()) {
        tables.push(Table { kind, at, name: None, entries: plain });
    }
    tables
}

/// Whether a table below `[defaults]` is one of these itself, and no setting or mistyped setting.
fn is_named_defaults(name: &Name<'_>, table: &DeTable<'_>) -> bool {
    !section::is_key(name.get_ref(), "defaults") && section::is_section(table, "defaults")
}

fn unknown_section(reader: &mut Reader<'_>, key: &Name<'_>) {
    let (name, span) = (key.get_ref().as_ref(), reader.span(key));
    if let Some(section) = cfg::SECTIONS.iter().find(|section| vocabulary::snake(section) == name) {
        reader.out.push(Diagnostic::error(span, format!("section '{section}' is not supported yet")));
    } else {
        let error = Diagnostic::error(span, format!("unknown section '{name}'"));
        reader.out.push(error.did_you_mean(name, KINDS.iter().map(|(known, _)| *known).chain([PLUGINS])));
    }
}

/// Lowers a table. In TOML a proxy speaks HTTP unless it, or its defaults, say something else.
fn section(reader: &mut Reader<'_>, table: &Table<'_, '_>, has_defaults: bool) -> cfg::Section {
    let mut words = vec![Word::plain(table.kind, table.at)];
    words.extend(table.name.map(|name| Word::plain(name.get_ref().as_ref(), reader.span(name))));
    let from = table.entries.iter().find(|(name, _)| name.get_ref() == "from");
    if let Some((name, value)) = from
        && let Some(word) = reader.word("from", value)
    {
        words.extend([Word::plain("from", reader.span(name)), word]);
    }
    let span = words[usize::from(table.name.is_some())].span;
    let title = KINDS.iter().find(|(_, kind)| *kind == table.kind).map_or(table.kind, |(title, _)| title);
    let place = match table.name {
        Some(name) => format!("[{title}.{}]", name.get_ref()),
        None => format!("[{title}]"),
    };
    let mut lines = Section::new(reader, table.kind, place).read(table.entries.iter().copied());
    let is_proxy = vocabulary::is_proxy(table.kind);
    if is_proxy && from.is_none() && !has_defaults && !lines.iter().any(|line| line.keyword() == "mode") {
        let words = ["mode", "http"].map(|word| Word::plain(word, span)).to_vec();
        lines.insert(0, Line { words, span });
    }
    cfg::Section { header: Line { words, span }, lines }
}

#[cfg(test)]
mod tests;
