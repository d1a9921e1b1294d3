//! `policy` sections: what they are called, what they take, and their lines.

use std::collections::BTreeSet;

use portero_grammar::cfg::{Line, Section};
use portero_grammar::rules::{self, Family};
use portero_grammar::{Diagnostic, Word};

use portero_policies::is_predefined;

use super::value::{KINDS, Kind};
use super::{APPLY, fill};
use crate::config::keywords::choose;
use crate::config::lint::UNUSED_PARAMETER;
use crate::config::reading::Reading;

/// A policy as it is written.
pub(super) struct Policy {
    pub(super) name: Word,
    pub(super) params: Vec<Param>,
    /// Rules, ACLs and `apply` lines.
    pub(super) lines: Vec<Line>,
    /// `stick-table`: the table that each application has to itself.
    pub(super) table: Option<Line>,
}

/// `param NAME TYPE [default VALUE ...]`
pub(super) struct Param {
    pub(super) name: Word,
    pub(super) kind: Kind,
    /// Its value where none is given; without it one must be.
    pub(super) default: Option<Vec<Word>>,
}

/// The line that gives a policy a table.
const STICK_TABLE: &str = "stick-table";

/// The parameter that is the name of that table.
pub(super) const TABLE: &str = "table";

/// Words that cannot name a parameter: as keys of `apply = { ... }` in TOML they mean something else.
const RESERVED: &[&str] = &["policy", "if", "unless"];

impl Policy {
    /// Reads a section. What is wrong with it is reported, and left out.
    pub(super) fn read(section: &Section, reading: &mut Reading) -> Option<Policy> {
        let name = reading.keep(name(&section.header))?.clone();
        let mut policy = Policy { name, params: Vec::new(), lines: Vec::new(), table: None };
        let (params, lines): (Vec<_>, Vec<_>) =
            section.lines.iter().partition(|line| line.keyword() == "param");
        for line in params {
            if let Some(param) = reading.keep(policy.param(line)) {
                policy.params.push(param);
            }
        }
        let (tables, lines): (Vec<_>, Vec<_>) =
            lines.into_iter().partition(|line| line.keyword() == STICK_TABLE);
        if let Some(first) = tables.first() {
            // what rules call it
            policy.params.extend(reading.keep(policy.declared(
                &Word::plain(TABLE, first.span),
                Kind::Text,
                None,
            )));
        }
        for line in tables {
            if policy.table.is_some() {
                reading.out.push(Diagnostic::error(
                    line.words[0].span,
                    "a policy has one table, this is the second",
                ));
            } else if policy.knows_all(line, reading) {
                policy.table = Some(line.clone());
            }
        }
        for line in lines {
            if reading.keep(may_stand(line)).is_some() && policy.knows_all(line, reading) {
                policy.lines.push(line.clone());
            }
        }
        policy.check_all_used(section, reading);
        Some(policy)
    }

    /// The names of the parameters.
    pub(super) fn names(&self) -> impl Iterator<Item = &str> + Clone {
        self.params.iter().map(|param| &*param.name.text)
    }

    fn param(&self, line: &Line) -> Result<Param, Diagnostic> {
        let [_, name, kind, rest @ ..] = &line.words[..] else {
            let error = Diagnostic::error(line.span, "'param' needs a name and a type");
            return Err(error.help("for instance 'param rate int default 20'"));
        };
        if !fill::is_name(&name.text) {
            let message = format!("'{}' cannot name a parameter", name.text);
            return Err(Diagnostic::error(name.span, message).help("letters, digits, '-' and '_' can"));
        }
        let kind = choose("param", kind, KINDS)?;
        self.declared(name, kind, default(name, kind, rest)?)
    }

    fn declared(&self, name: &Word, kind: Kind, default: Option<Vec<Word>>) -> Result<Param, Diagnostic> {
        if RESERVED.contains(&&*name.text) || self.names().any(|known| known == name.text) {
            return Err(Diagnostic::error(name.span, format!("the name '{}' is taken", name.text)));
        }
        Ok(Param { name: name.clone(), kind, default })
    }

    /// Whether the policy has all parameters that a line refers to.
    fn knows_all(&self, line: &Line, reading: &mut Reading) -> bool {
        let mut all = true;
        for word in &line.words {
            for reference in fill::references(&word.text) {
                let Some(name) = reference.name.filter(|name| !self.names().any(|known| known == *name))
                else {
                    continue;
                };
                let place = word.part(reference.range.start, reference.range.end);
                let message = format!("policy '{}' has no parameter '{name}'", self.name.text);
                let error = Diagnostic::error(place, message)
                    .help(format!("declare it with 'param {name} TYPE', or write '$$({name})' for the text"));
                reading.out.push(error.did_you_mean(name, self.names()));
                all = false;
            }
        }
        all
    }

    /// A parameter that no line refers to says nothing.
    fn check_all_used(&self, section: &Section, reading: &mut Reading) {
        let words = section.lines.iter().flat_map(|line| &line.words);
        let used: BTreeSet<&str> =
            words.flat_map(|word| fill::references(&word.text)).filter_map(|r| r.name).collect();
        for param in self.params.iter().filter(|param| !used.contains(&*param.name.text)) {
            let message = format!("parameter '{}' is never used", param.name.text);
            reading.out.push(Diagnostic::lint(&UNUSED_PARAMETER, param.name.span, message));
        }
    }
}

/// The name behind `policy`.
fn name(header: &Line) -> Result<&Word, Diagnostic> {
    let Some(name) = header.words.get(1) else {
        return Err(Diagnostic::error(header.span, "a 'policy' section needs a name"));
    };
    if let Some(extra) = header.words.get(2) {
        return Err(Diagnostic::error(
            extra.span,
            format!("unexpected '{}' in a section header", extra.text),
        ));
    }
    match name.text.chars().find(|c| !(c.is_ascii_alphanumeric() || "-_.".contains(*c))) {
        None => Ok(name),
        Some(bad) => {
            let message = format!("'{bad}' cannot stand in the name '{}'", name.text);
            Err(Diagnostic::error(name.span, message).help("letters, digits, '-', '_' and '.' can"))
        }
    }
}

/// What stands behind `default`.
fn default(name: &Word, kind: Kind, rest: &[Word]) -> Result<Option<Vec<Word>>, Diagnostic> {
    let Some((keyword, words)) = rest.split_first() else { return Ok(None) };
    if keyword.text != "default" {
        let message = format!("unexpected '{}' behind the type of '{}'", keyword.text, name.text);
        return Err(Diagnostic::error(keyword.span, message).did_you_mean(&keyword.text, ["default"]));
    }
    match words {
        [] if kind != Kind::List => Err(Diagnostic::error(keyword.span, "a value must follow 'default'")),
        [_, extra, ..] if !kind.is_many() => {
            let message = format!("unexpected '{}': '{}' takes one word", extra.text, name.text);
            Err(Diagnostic::error(extra.span, message).help("put the value in quotes"))
        }
        _ if words.iter().any(|word| !fill::references(&word.text).is_empty()) => Ok(Some(words.to_vec())),
        _ => {
            let at = words.first().map_or(keyword.span, |first| first.span.to(words[words.len() - 1].span));
            kind.check(&name.text, words, at)?;
            Ok(Some(words.to_vec()))
        }
    }
}

/// Rules of requests and responses, ACLs and `apply` can stand in a policy.
fn may_stand(line: &Line) -> Result<(), Diagnostic> {
    let first = &line.words[0];
    match rules::is_statement(&line.words) {
        Some(rules::Kind::Rule(Family::HttpCheck | Family::TcpCheck, _)) => {}
        Some(rules::Kind::Invalid) => {
            // says what is wrong with the first words, which no value can mend
            let errors = rules::statement(&line.words).err().unwrap_or_default();
            return errors.into_iter().next().map_or(Ok(()), Err);
        }
        Some(rules::Kind::Acl) if line.words.get(1).is_some_and(|name| is_predefined(&name.text)) => {
            let name = &line.words[1];
            let message = format!("'{}' is a predefined ACL", name.text);
            return Err(Diagnostic::error(name.span, message).help("give it another name"));
        }
        Some(_) => return Ok(()),
        None if first.text == APPLY => return Ok(()),
        None => {}
    }
    let error = Diagnostic::error(first.span, format!("'{}' cannot stand in a policy", first.text));
    let error = error.help("rules, 'acl', 'param', 'stick-table' and 'apply' can");
    Err(error.did_you_mean(&first.text, rules::keywords().chain(["param", STICK_TABLE, APPLY])))
}
