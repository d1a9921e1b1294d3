//! What may stand at a place: the list that an editor shows while somebody types.

use std::ops::Range;

use lsp_types::CompletionItemKind as Icon;
use portero_api::Plugin;
use portero_grammar::cfg::SECTIONS;
use portero_grammar::rules::Family;
use portero_policies::{Method, Vocabulary, format, predefined_acls};

use super::cursor::{Cursor, Item, Part, Place, item, part};
use super::document::{Document, Kind};
use super::page::Page;
use super::words;
use crate::config::toml::vocabulary::{Form, Kind as WordKind, Record, Shape, keys};
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

impl<'a> List<'a> {
    fn add(&mut self, label: impl Into<String>, icon: Icon, detail: impl Into<String>) {
        let range = self.range.clone();
        self.found.push(Suggestion { label: label.into(), icon, detail: detail.into(), range });
    }

    fn all<'n>(&mut self, names: impl IntoIterator<Item = &'n str>, icon: Icon, detail: &str) {
        names.into_iter().for_each(|name| self.add(name, icon, detail));
    }

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

    fn sections(&mut self, kinds: &[&str]) {
        let names: Vec<_> =
            self.page.named(kinds).map(|(s, name)| (name.text.clone(), s.kind.clone())).collect();
        names.into_iter().for_each(|(name, kind)| self.add(name, Icon::MODULE, kind));
    }

    fn servers(&mut self) {
        let names: Vec<_> = self.cursor.section.servers().map(|(name, _)| name.text.clone()).collect();
        names.into_iter().for_each(|name| self.add(name, Icon::VARIABLE, "server"));
    }

    /// `backend/server`
    fn servers_of_all(&mut self) {
        for (section, backend) in self.page.named(&["backend", "listen"]) {
            for (server, _) in section.servers() {
                self.add(format!("{}/{}", backend.text, server.text), Icon::VARIABLE, "server");
            }
        }
    }

    /// The stick tables: of sections that have one, of peers, and sections of their own.
    fn tables(&mut self) {
        for section in &self.page.sections {
            let Some(name) = &section.name else { continue };
            let mut lines = section.lines.iter();
            if section.kind == "table" || lines.any(|line| line.words[0].text == "stick-table") {
                self.add(&name.text, Icon::STRUCT, "stick table");
            }
            let of_peers = section.lines.iter().filter(|line| line.words[0].text == "table");
            let of_peers = of_peers.filter(|_| section.kind == "peers").filter_map(|line| line.words.get(1));
            of_peers.for_each(|table| {
                self.add(format!("{}/{}", name.text, table.text), Icon::STRUCT, "stick table")
            });
        }
    }

    /// The maps and lists that the text names.
    fn maps(&mut self) {
        let words = || self.page.sections.iter().flat_map(|s| &s.lines).map(|line| &line.words);
        let mut names: Vec<&str> = Vec::new();
        for word in words().flatten() {
            for (at, _) in word.text.match_indices("map") {
                let behind = word.text[at..].split_once('(').filter(|(name, _)| !name.contains([',', '[']));
                names.extend(behind.and_then(|(_, args)| args.split([',', ')']).next()));
            }
        }
        let files = words().flat_map(|words| words.windows(2)).filter(|pair| pair[0].text == "-f");
        names.extend(files.map(|pair| pair[1].text.as_str()));
        let typed = self.cursor.prefix.rsplit(['(', ',']).next().unwrap_or_default();
        names.retain(|name| !name.is_empty() && *name != typed);
        names.sort_unstable();
        names.dedup();
        self.all(names, Icon::FILE, "map or list");
    }

    fn acls(&mut self) {
        let mut names: Vec<_> = self.cursor.section.acls().map(|(name, _)| name.text.as_str()).collect();
        names.sort_unstable();
        names.dedup();
        self.all(names, Icon::FUNCTION, "acl");
    }

    fn condition(&mut self) {
        let bare = self.cursor.prefix.trim_start_matches(['!', '(']);
        self.range.start = self.range.end - bare.len();
        self.acls();
        predefined_acls().for_each(|(name, test)| self.add(name, Icon::CONSTANT, test));
        self.add("{ ", Icon::SNIPPET, "a test without a name");
        self.all(["or"], Icon::OPERATOR, "one of both");
    }

    fn actions(&mut self, family: Family) {
        words::actions(family).for_each(|kind| self.add(kind.name, Icon::METHOD, kind.summary));
        for plugin in self.plugins.iter().filter(|plugin| plugin.action.is_some()) {
            self.add(plugin.name, Icon::METHOD, plugin.summary);
        }
    }

    fn action_word(&mut self, family: Family, action: &str, index: usize) {
        let name = action.split('(').next().unwrap_or(action);
        let wants_expression =
            ["set-var", "set-src", "set-dst", "set-src-port", "set-dst-port", "capture", "pause"];
        if index == 0 && (wants_expression.contains(&name) || name.starts_with("track-sc")) {
            self.expression(false);
        }
        let syntax = words::action(if family == Family::Redirect { "redirect" } else { name }, self.plugins);
        let mut words: Vec<_> = syntax.map(|said| literals(&said.syntax)).unwrap_or_default();
        words.retain(|word| word != name);
        words.iter().for_each(|word| self.add(word, Icon::KEYWORD, format!("of '{name}'")));
        self.all(["if", "unless"], Icon::KEYWORD, "when the rule applies");
    }

    fn flags(&mut self) {
        const FLAGS: [(&str, &str); 7] = [
            ("-i", "letters match without regard to case"),
            ("-m", "how to match"),
            ("-f", "patterns from a file"),
            ("-M", "the file is a map"),
            ("-n", "no look-up of names"),
            ("-u", "a number for the runtime API"),
            ("--", "the end of the flags"),
        ];
        FLAGS.iter().for_each(|(flag, about)| self.add(*flag, Icon::KEYWORD, *about));
        let inside = self.cursor.words.iter().any(|word| word.ends_with('{'));
        if inside && self.cursor.prefix.is_empty() {
            self.all(["}"], Icon::OPERATOR, "the end of the test");
        }
    }

    /// An item of a log format, when the word ends in one.
    fn log_format(&mut self) -> bool {
        match item(self.cursor.prefix) {
            Some(Item::Expression(start)) => self.expression_from(start, false),
            Some(Item::Alias(start)) => {
                self.range.start = self.cursor.start + start;
                format::about_aliases().for_each(|(name, about)| self.add(name, Icon::CONSTANT, about));
            }
            None => return false,
        }
        true
    }

    fn expression(&mut self, in_acl: bool) {
        self.expression_from(0, in_acl);
    }

    /// An expression that begins at that byte of the prefix.
    fn expression_from(&mut self, from: usize, in_acl: bool) {
        let text = &self.cursor.prefix[from..];
        let begin = self.cursor.start + from;
        match part(text) {
            Part::Fetch(start) => {
                self.range.start = begin + start;
                self.fetches(in_acl);
            }
            Part::Converter(start) => {
                self.range.start = begin + start;
                words::converters().for_each(|kind| self.add(kind.name, Icon::FUNCTION, kind.summary));
            }
            Part::Argument(name, index, start) => {
                self.range.start = begin + start;
                self.expression_argument(name, index);
            }
        }
    }

    fn fetches(&mut self, in_acl: bool) {
        words::fetches().for_each(|(name, kind)| self.add(name, Icon::FUNCTION, kind.summary));
        for plugin in self.plugins.iter().filter(|plugin| plugin.fetch.is_some()) {
            self.add(plugin.name, Icon::FUNCTION, plugin.summary);
        }
        if in_acl {
            let vocabulary = Vocabulary::new(self.plugins);
            vocabulary
                .acl_words()
                .for_each(|word| self.add(word, Icon::FUNCTION, "a fetch with a way of matching"));
        }
    }

    fn expression_argument(&mut self, name: &str, index: usize) {
        let is_table = name.contains("table_") || name.starts_with("sc_") || name.starts_with("src_");
        match (name, index) {
            ("var" | "set-var" | "unset-var", 0) => self.variables(),
            (
                "srv_conn" | "srv_is_up" | "srv_queue" | "srv_sess_rate" | "srv_weight" | "srv_conn_free",
                0,
            ) => {
                self.servers_of_all();
            }
            (
                "nbsrv" | "queue" | "avg_queue" | "connslots" | "be_conn" | "be_conn_free" | "be_sess_rate",
                0,
            ) => {
                self.sections(&["backend", "listen"]);
            }
            ("fe_conn" | "fe_sess_rate" | "fe_req_rate", 0) => self.sections(&["frontend", "listen"]),
            (map, 0) if map.starts_with("map") || map.starts_with("set-map") => self.maps(),
            _ if is_table => self.tables(),
            _ => {}
        }
    }

    /// The variables that the text names.
    fn variables(&mut self) {
        let texts = self.page.sections.iter().flat_map(|s| &s.lines).flat_map(|line| &line.words);
        let mut names: Vec<&str> = Vec::new();
        for word in texts {
            for (at, start) in word.text.match_indices("var(").chain(word.text.match_indices("var-fmt(")) {
                let behind = &word.text[at + start.len()..];
                names.extend(behind.split([')', ',']).next().filter(|name| name.contains('.')));
            }
        }
        names.sort_unstable();
        names.dedup();
        let typed = self.cursor.prefix.rsplit(['(', ',']).next().unwrap_or_default();
        names.retain(|name| *name != typed);
        self.all(names, Icon::VARIABLE, "variable");
    }

    /// A word behind a keyword: names where one is wanted, else what the vocabulary of portero.toml knows.
    fn argument(&mut self, keyword: &str, index: usize) {
        match keyword {
            "balance" if index == 1 => {
                let balancers: Vec<_> =
                    self.plugins.iter().filter(|plugin| plugin.balance.is_some()).collect();
                balancers.iter().for_each(|plugin| self.add(plugin.name, Icon::METHOD, plugin.summary));
            }
            "errorfiles" if index == 1 => self.sections(&["http-errors"]),
            "track" => self.servers_of_all(),
            _ => {}
        }
        let known = keys(&self.cursor.section.kind).iter().find(|key| {
            let words = key.keyword.split(' ').count();
            key.keyword == self.cursor.words[..words.min(self.cursor.words.len())].join(" ")
        });
        match known.map(|key| &key.shape) {
            Some(Shape::Word(WordKind::OneOf(choices)) | Shape::SwitchOr(WordKind::OneOf(choices))) => {
                self.all(choices.iter().copied(), Icon::ENUM_MEMBER, "");
            }
            Some(Shape::Record(record) | Shape::Records(record) | Shape::Named(record)) => {
                self.parameters(record)
            }
            _ => {}
        }
    }

    fn parameters(&mut self, record: &Record) {
        let before = self.cursor.words.len().checked_sub(2).map_or("", |at| self.cursor.words[at]);
        let fields = || record.params.iter().chain(record.tail);
        let of_field = fields().find(|field| field.word == before).map(|field| &field.form);
        match of_field {
            Some(Form::Value(WordKind::OneOf(choices))) => {
                self.all(choices.iter().copied(), Icon::ENUM_MEMBER, before);
            }
            _ => record.params.iter().for_each(|field| self.add(field.word, Icon::PROPERTY, "parameter")),
        }
        if before == "track" {
            self.servers_of_all();
        }
    }
}

/// The words of a syntax that are written as they stand: `code` of `[code 301|302]`.
fn literals(syntax: &str) -> Vec<String> {
    let mut plain = String::new();
    let mut depth = 0usize;
    for character in syntax.chars() {
        match character {
            '<' => depth += 1,
            '>' => depth = depth.saturating_sub(1),
            _ if depth > 0 => {}
            c if c.is_ascii_alphanumeric() || c == '-' => plain.push(c),
            _ => plain.push(' '),
        }
    }
    let words =
        plain.split_ascii_whitespace().filter(|word| word.starts_with(|c: char| c.is_ascii_alphanumeric()));
    let mut words: Vec<String> = words.map(str::to_owned).collect();
    words.sort_unstable();
    words.dedup();
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is suggested at the `|` of a text.
    fn at(path: &str, text: &str) -> Vec<String> {
        let (before, after) = text.split_once('|').expect("a cursor");
        let document = Document::new(path, format!("{before}{after}"));
        let page = Page::new(&document);
        let plugins = crate::registry::plugins();
        complete(&document, &page, before.len(), &plugins).into_iter().map(|s| s.label).collect()
    }

    fn has(text: &str, wanted: &[&str], unwanted: &[&str]) {
        let found = at("a.cfg", text);
        wanted
            .iter()
            .for_each(|word| assert!(found.iter().any(|f| f == word), "{word} at {text}: {found:?}"));
        unwanted.iter().for_each(|word| assert!(!found.iter().any(|f| f == word), "{word} at {text}"));
    }

    #[test]
    fn keywords_are_those_of_the_section() {
        has("gl|", &["global", "frontend"], &["bind"]);
        has(
            "frontend f\n    |",
            &["bind", "acl", "http-request", "default_backend"],
            &["server", "nbthread"],
        );
        has("backend b\n    |", &["server", "balance"], &["bind"]);
        has("global\n    |", &["nbthread", "maxconn"], &["bind", "acl"]);
        has("frontend f\n    timeout |", &["client"], &["bind"]);
        has("frontend f\n    tcp-request |", &["content", "connection", "inspect-delay"], &[]);
    }

    #[test]
    fn rules_know_actions_expressions_and_conditions() {
        has("frontend f\n    http-request |", &["deny", "set-header"], &["accept"]);
        has("frontend f\n    tcp-request connection |", &["accept", "reject"], &["deny"]);
        has("frontend f\n    http-request deny if { |", &["path", "path_beg", "src"], &["lower"]);
        has("frontend f\n    http-request deny if { path,|", &["lower"], &["path"]);
        has("frontend f\n    http-request deny if { path -m |", &["beg", "reg"], &["path"]);
        has("frontend f\n    http-request deny if { path |", &["-i", "-m", "}"], &[]);
        has("frontend f\n    acl a src\n    http-request deny if !|", &["a", "METH_GET", "{ "], &[]);
        has("frontend f\n    http-request set-header X %[|", &["src"], &["path_beg"]);
        has("frontend f\n    http-request set-header X \"%|\"", &["ci"], &["src"]);
        has("frontend f\n    http-request deny |", &["status", "if"], &["deny"]);
        has("frontend f\n http-request set-var(txn.a) src\n acl b var(|", &["txn.a"], &[]);
    }

    #[test]
    fn names_are_those_of_the_text() {
        let text = "backend b\n    server s1 1.1.1.1\nlisten l\nfrontend f\n    ";
        has(&format!("{text}use_backend |"), &["b", "l"], &["f", "s1"]);
        has(&format!("{text}default_backend |"), &["b"], &["f"]);
        has(&format!("{text}acl a nbsrv(|"), &["b"], &[]);
        has(&format!("{text}acl a srv_is_up(|"), &["b/s1"], &[]);
        has("backend b\n    server s1 1.1.1.1\n    use-server |", &["s1"], &[]);
        has("backend b\n    stick-table type ip size 1k\n    stick on src table |", &["b"], &[]);
        has("peers p\n table u type ip\nbackend b\n    stick on src table |", &["p/u"], &[]);
        has(
            "frontend f\n acl a path -f virt@l\n acl b path,map(a.map) -m found\n acl c path,map(|",
            &["virt@l", "a.map"],
            &[],
        );
        has("backend b\n    balance |", &["roundrobin"], &[]);
        has("backend b\n    server s1 1.1.1.1 |", &["check", "weight"], &[]);
        has("frontend f\n    mode |", &["http", "tcp"], &[]);
    }

    #[test]
    fn comments_are_left_in_peace_and_rules_need_no_section() {
        assert_eq!(at("a.cfg", "frontend f\n    # http-request |"), [""; 0]);
        assert!(at("a.rules", "|").contains(&"http-request".to_owned()));
        let toml = "[frontend.f]\nrules = \'\'\'\nhttp-request |\n\'\'\'\n";
        assert!(at("a.toml", toml).contains(&"deny".to_owned()));
        let toml =
            "[table.rates]\ntype = \"ip\"\n[frontend.f]\nrules = \'\'\'\nhttp-request track-sc0 src table |";
        assert_eq!(at("a.toml", toml), ["rates"]);
    }
}
