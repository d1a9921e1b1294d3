//! The words of rules: actions and theirs, conditions, expressions, log formats.

use portero_grammar::rules::Family;
use portero_policies::{Vocabulary, format, predefined_acls};

use super::super::cursor::{Item, Part, item, part};
use super::super::words;
use super::{Icon, List};

impl List<'_> {
    pub(super) fn condition(&mut self) {
        let bare = self.cursor.prefix.trim_start_matches(['!', '(']);
        self.range.start = self.range.end - bare.len();
        self.acls();
        predefined_acls().for_each(|(name, test)| self.add(name, Icon::CONSTANT, test));
        self.add("{ ", Icon::SNIPPET, "a test without a name");
        self.all(["or"], Icon::OPERATOR, "one of both");
    }

    pub(super) fn actions(&mut self, family: Family) {
        words::actions(family).for_each(|kind| self.add(kind.name, Icon::METHOD, kind.summary));
        for plugin in self.plugins.iter().filter(|plugin| plugin.action.is_some()) {
            self.add(&*plugin.name, Icon::METHOD, &*plugin.summary);
        }
    }

    pub(super) fn action_word(&mut self, family: Family, action: &str, index: usize) {
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

    pub(super) fn flags(&mut self) {
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
    pub(super) fn log_format(&mut self) -> bool {
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

    pub(super) fn expression(&mut self, in_acl: bool) {
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
            self.add(&*plugin.name, Icon::FUNCTION, &*plugin.summary);
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
