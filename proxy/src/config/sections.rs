//! Sections of lines to drafts: which section is read by which table, and what a proxy takes from its defaults.

use std::collections::BTreeMap;

use portero_grammar::cfg::{Line, SECTIONS, Section};
use portero_grammar::rules;
use portero_grammar::{Diagnostic, Span, Word};

use super::defaults::{DefaultsList, Origin};
use super::draft::Draft;
use super::keywords::global::{self, GlobalDraft};
use super::keywords::{
    Found, Place, Row, bind, find, global_others, http_errors, lua, peers, proxy, table, userlist, wasm,
};
use super::policy::APPLY;
use super::reading::Reading;
use super::rule_lines;
use super::tables::{PeersDraft, TableDraft};
use super::userlists::UserlistDraft;

/// What the sections say, read but not yet put together.
#[derive(Default)]
pub(super) struct Drafts {
    pub(super) global: GlobalDraft,
    pub(super) proxies: Vec<Draft>,
    pub(super) http_errors: BTreeMap<String, http_errors::Pages>,
    pub(super) userlists: BTreeMap<String, UserlistDraft>,
    pub(super) peers: Vec<PeersDraft>,
    pub(super) tables: Vec<TableDraft>,
    defaults: DefaultsList,
}

const GLOBAL: &[&[Row<GlobalDraft>]] =
    &[global::ROWS, lua::ROWS, wasm::ROWS, global_others::NOT_YET, global_others::MOOT, global_others::GONE];

impl Drafts {
    /// Reads a section.
    pub(super) fn read(&mut self, section: &Section, reading: &mut Reading) {
        let kind = match section.header.keyword() {
            "global" => return self.global(section, reading),
            "http-errors" => return self.error_pages(section, reading),
            "userlist" => return self.userlist(section, reading),
            "peers" => return self.peers(section, reading),
            "table" => return self.table(section, reading),
            "defaults" => Place::DEFAULTS,
            "frontend" => Place::FRONTEND,
            "backend" => Place::BACKEND,
            "listen" => Place::LISTEN,
            other => {
                let message = format!("section '{other}' is not supported yet");
                return reading.out.push(Diagnostic::error(section.header.words[0].span, message));
            }
        };
        let Some(mut draft) = self.begin(kind, &section.header, reading) else { return };
        for line in &section.lines {
            proxy_line(&mut draft, line, section.header.keyword(), reading);
        }
        if kind == Place::DEFAULTS {
            self.defaults.push(draft);
        } else {
            self.proxies.push(draft);
        }
    }

    fn global(&mut self, section: &Section, reading: &mut Reading) {
        no_more_words(&section.header, 1, reading);
        for line in &section.lines {
            if let Some(found) = reading.keep(find(GLOBAL, "global", line)) {
                found.run(line.span, &mut self.global, reading);
            }
        }
    }

    fn error_pages(&mut self, section: &Section, reading: &mut Reading) {
        let Some(name) = section.header.words.get(1) else {
            let error = Diagnostic::error(section.header.span, "an 'http-errors' section needs a name");
            return reading.out.push(error);
        };
        no_more_words(&section.header, 2, reading);
        let mut pages = http_errors::Pages::new();
        for line in &section.lines {
            if let Some(found) = reading.keep(find(&[http_errors::ROWS], "http-errors", line)) {
                found.run(line.span, &mut pages, reading);
            }
        }
        if self.http_errors.insert(name.text.clone(), pages).is_some() {
            let message = format!("there are two 'http-errors' sections named '{}'", name.text);
            reading.out.push(Diagnostic::error(name.span, message));
        }
    }

    fn userlist(&mut self, section: &Section, reading: &mut Reading) {
        let Some(name) = section.header.words.get(1) else {
            return reading
                .out
                .push(Diagnostic::error(section.header.span, "a 'userlist' section needs a name"));
        };
        no_more_words(&section.header, 2, reading);
        let mut list = UserlistDraft::default();
        for line in &section.lines {
            if let Some(found) = reading.keep(find(&[userlist::ROWS], "userlist", line)) {
                found.run(line.span, &mut list, reading);
            }
        }
        if self.userlists.insert(name.text.clone(), list).is_some() {
            let message = format!("there are two 'userlist' sections named '{}'", name.text);
            reading.out.push(Diagnostic::error(name.span, message));
        }
    }

    fn peers(&mut self, section: &Section, reading: &mut Reading) {
        let Some(name) = section.header.words.get(1) else {
            return reading
                .out
                .push(Diagnostic::error(section.header.span, "a 'peers' section needs a name"));
        };
        no_more_words(&section.header, 2, reading);
        let mut draft = PeersDraft { name: name.clone(), peers: Vec::new(), tables: Vec::new() };
        for line in &section.lines {
            if let Some(found) = reading.keep(find(&[peers::ROWS], "peers", line)) {
                found.run(line.span, &mut draft, reading);
            }
        }
        if self.peers.iter().any(|other| other.name.text == name.text) {
            let message = format!("there are two 'peers' sections named '{}'", name.text);
            reading.out.push(Diagnostic::error(name.span, message));
        }
        self.peers.push(draft);
    }

    fn table(&mut self, section: &Section, reading: &mut Reading) {
        let Some(name) = section.header.words.get(1) else {
            return reading
                .out
                .push(Diagnostic::error(section.header.span, "a 'table' section needs a name"));
        };
        reading.keep(check_name(name));
        let mut draft = TableDraft::new(name.text.clone(), section.header.span);
        for line in &section.lines {
            if line.keyword() == "type" {
                table::words(&mut draft, &line.words, reading);
            } else if let Some(found) = reading.keep(find(&[table::ROWS], "table", line)) {
                found.run(line.span, &mut draft, reading);
            }
        }
        self.tables.push(draft);
    }

    /// A new draft by its header: `KIND [NAME] [from DEFAULTS] [ADDRESS]`.
    fn begin(&mut self, kind: Place, header: &Line, reading: &mut Reading) -> Option<Draft> {
        let mut rest = &header.words[1..];
        let name = match rest {
            [name, behind @ ..] if name.text != "from" => {
                rest = behind;
                Some(name.clone())
            }
            _ => None,
        };
        if kind != Place::DEFAULTS {
            let message =
                || Diagnostic::error(header.span, format!("a '{}' section needs a name", header.keyword()));
            reading.keep(name.as_ref().ok_or_else(message))?;
        }
        if let Some(name) = &name {
            reading.keep(check_name(name));
        }
        let mut origin = Origin::Last;
        if let [from, behind @ ..] = rest
            && from.text == "from"
        {
            origin = behind.first().map_or(Origin::Unknown, Origin::Named);
            if behind.is_empty() {
                let message = "the name of a 'defaults' section must follow 'from'";
                reading.out.push(Diagnostic::error(from.span, message));
            }
            rest = behind.get(1..).unwrap_or(&[]);
        }
        let mut draft = self.defaults.begin(kind, name, header.span, origin, reading);
        old_address(&mut draft, rest, header.span, reading);
        Some(draft)
    }
}

/// A line of a proxy: a rule, or a setting.
fn proxy_line(draft: &mut Draft, line: &Line, section: &str, reading: &mut Reading) {
    let first = line.keyword();
    // Checks are lines of a plugin, and some words of old (`redispatch`) are ours to explain.
    if !matches!(first, "http-check" | "tcp-check") && rules::is_statement(&line.words).is_some() {
        return rule_lines::read(draft, line, reading);
    }
    let found = find(proxy::TABLES, section, line).map_err(|error| with_rules(error, line));
    let Some(found) = reading.keep(found) else { return };
    if may_stand(&found, draft, section, reading) {
        if found.is_http() && draft.section != Place::DEFAULTS && draft.http_word.is_none() {
            draft.http_word = Some((found.text(), found.span()));
        }
        found.run(line.span, draft, reading);
    }
}

/// Suggests a keyword of the rule language or a section, where that is nearer than any setting.
fn with_rules(error: Diagnostic, line: &Line) -> Diagnostic {
    match error.help {
        Some(_) => error,
        None => error
            .did_you_mean(line.keyword(), rules::keywords().chain([APPLY]).chain(SECTIONS.iter().copied())),
    }
}

/// HAProxy refuses what cannot be a default, and passes over with a warning what has no meaning in this kind of proxy.
fn may_stand(found: &Found<'_, '_, Draft>, draft: &Draft, section: &str, reading: &mut Reading) -> bool {
    if found.place().allows(draft.section) {
        return true;
    }
    let name = found.text();
    if draft.section == Place::DEFAULTS {
        let message = format!("'{name}' cannot stand in a 'defaults' section");
        reading.out.push(Diagnostic::error(found.span(), message));
    } else {
        let message = format!("'{name}' means nothing in a '{section}' section and is left out");
        reading.out.push(Diagnostic::warning(found.span(), message));
    }
    false
}

/// `listen NAME ADDRESS`: a bind of old.
fn old_address(draft: &mut Draft, rest: &[Word], header: Span, reading: &mut Reading) {
    let Some((address, params)) = rest.split_first() else { return };
    if draft.section == Place::LISTEN || draft.section == Place::FRONTEND {
        let note = format!(
            "an address in the header is the form of old, 'bind {}' below it means the same",
            address.text
        );
        reading.out.push(Diagnostic::note(address.span, note));
        draft.binds.extend(bind::sockets(address, params, header, reading));
    } else {
        reading.out.push(Diagnostic::error(
            address.span,
            format!("unexpected '{}' in a section header", address.text),
        ));
    }
}

fn no_more_words(header: &Line, count: usize, reading: &mut Reading) {
    if let Some(extra) = header.words.get(count) {
        reading
            .out
            .push(Diagnostic::error(extra.span, format!("unexpected '{}' in a section header", extra.text)));
    }
}

fn check_name(name: &Word) -> Result<(), Diagnostic> {
    match name.text.chars().find(|c| !(c.is_ascii_alphanumeric() || "-_.:".contains(*c))) {
        None => Ok(()),
        Some(bad) => {
            let message = format!("'{bad}' cannot stand in the name '{}'", name.text);
            Err(Diagnostic::error(name.span, message).help("letters, digits, '-', '_', '.' and ':' can"))
        }
    }
}
