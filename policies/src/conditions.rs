//! Rules that are no more than a condition: `monitor fail`, `force-persist`, `ignore-persist`, `force-be-switch`.

use std::rc::Rc;

use portero_api::Exchange;
use portero_api::trace::{SetName, Step};
use portero_grammar::rules::{self as tree, Family};

use crate::trace::{self, Outline, Written};
use crate::{Compiler, Cond, Stage};

/// Such rules in the order of the configuration.
#[derive(Default)]
pub struct Conditions {
    list: Box<[Item]>,
}

struct Item {
    family: Family,
    cond: Option<Cond>,
    written: Box<Written>,
    /// What traces call the set.
    name: Rc<SetName>,
}

impl Conditions {
    /// The family of the first rule whose condition holds.
    pub fn first(&self, exchange: &Exchange) -> Option<Family> {
        let holds = |item: &Item| match &exchange.trace {
            None => item.cond.as_ref().is_none_or(|cond| cond.holds(exchange)),
            Some(trace) => {
                trace.push(Step::Set(item.name.clone()));
                trace::holds(trace, &item.written, exchange, || "it applies".to_owned())
            }
        };
        self.list.iter().find(|item| holds(item)).map(|item| item.family)
    }

    /// The rules as they were written.
    pub fn outline(&self) -> impl Iterator<Item = Outline> + '_ {
        self.list.iter().map(|item| item.written.outline())
    }
}

impl std::fmt::Debug for Conditions {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Conditions").field("rules", &self.list.len()).finish_non_exhaustive()
    }
}

impl Compiler<'_> {
    /// Compiles such rules, in the order in which they are written. One with mistakes is left out.
    pub fn conditions<'t>(&self, rules: impl IntoIterator<Item = &'t tree::Rule>) -> Conditions {
        let mut rules: Vec<_> = rules.into_iter().collect();
        rules.sort_by_key(|rule| (rule.span.file.0, rule.span.start));
        let compile = |rule: &tree::Rule| {
            let family = rule.family;
            let cond = match &rule.condition {
                Some(cond) => Some(self.condition(cond, Stage::Rule(family))?),
                None => None,
            };
            let written = Box::new(self.written(rule, cond.as_ref()));
            Some(Item { family, cond, written, name: self.set_name(family) })
        };
        Conditions { list: rules.into_iter().filter_map(compile).collect() }
    }
}
