//! Rules that are no more than a condition: `monitor fail`, `force-persist`, `ignore-persist`, `force-be-switch`.

use portero_api::Exchange;
use portero_grammar::rules::{self as tree, Family};

use crate::{Compiler, Cond, Stage};

/// Such rules in the order of the configuration.
#[derive(Debug, Default)]
pub struct Conditions {
    list: Box<[(Family, Option<Cond>)]>,
}

impl Conditions {
    /// The family of the first rule whose condition holds.
    pub fn first(&self, exchange: &Exchange) -> Option<Family> {
        let holds = |cond: &Option<Cond>| cond.as_ref().is_none_or(|cond| cond.holds(exchange));
        self.list.iter().find(|(_, cond)| holds(cond)).map(|(family, _)| *family)
    }
}

impl Compiler<'_> {
    /// Compiles such rules, in the order in which they are written. One with mistakes is left out.
    pub fn conditions<'t>(&self, rules: impl IntoIterator<Item = &'t tree::Rule>) -> Conditions {
        let mut rules: Vec<_> = rules.into_iter().collect();
        rules.sort_by_key(|rule| (rule.span.file.0, rule.span.start));
        let compile = |rule: &tree::Rule| {
            let cond = rule.condition.as_ref();
            match cond.map(|cond| self.condition(cond, Stage::Rule(rule.family))) {
                Some(None) => None,
                Some(cond) => Some((rule.family, cond)),
                None => Some((rule.family, None)),
            }
        };
        Conditions { list: rules.into_iter().filter_map(compile).collect() }
    }
}
