//! Coverage: what the rules and ACLs of a configuration came to in all tests, and what none of them tried.

use std::collections::BTreeMap;
use std::rc::Rc;

use portero_api::trace::{Condition, ConditionKind, Place, RuleEnd, Step, Truth};
use portero_policies::trace::Outline;
use serde_json::{Value, json};

use crate::explain::paint::{Paint, Tone};

/// What was met so far. Rules are known by their place: one that several proxies have (`defaults`, `apply`) is one.
#[derive(Debug, Default)]
pub struct Coverage {
    rules: BTreeMap<Key, Rule>,
    tests: BTreeMap<Key, Test>,
}

/// Place and text: a policy may stand twice in a line.
type Key = (Place, Rc<str>);

#[derive(Debug, Default)]
struct Rule {
    conditional: bool,
    /// How often its condition did and did not hold.
    yes: u64,
    no: u64,
}

#[derive(Debug, Default)]
struct Test {
    /// The ACL it belongs to; none for a test in braces.
    acl: Option<Rc<str>>,
    yes: u64,
    no: u64,
}

/// What is missing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Never {
    Reached,
    True,
    False,
}

impl Coverage {
    /// Adds the rules of a configuration, once.
    pub fn expect(&mut self, outlines: Vec<Outline>) {
        for outline in outlines {
            for (acl, place, text) in outline.tests.into_iter().filter(|(_, place, _)| place.line > 0) {
                let test = self.tests.entry((place, text)).or_default();
                test.acl = acl.or_else(|| test.acl.take());
            }
            let rule = self.rules.entry((outline.place, outline.text)).or_default();
            rule.conditional = outline.conditional;
        }
    }

    /// Counts what a request met.
    pub fn count(&mut self, steps: &[Step]) {
        for step in steps {
            let Step::Rule(met) = step else { continue };
            if let Some(rule) = self.rules.get_mut(&(met.place.clone(), met.text.clone())) {
                match met.end {
                    RuleEnd::Open => {}
                    RuleEnd::Skipped => rule.no += 1,
                    _ => rule.yes += 1,
                }
            }
            if let Some(condition) = &met.condition {
                self.condition(condition);
            }
        }
    }

    fn condition(&mut self, condition: &Condition) {
        match &condition.kind {
            ConditionKind::All(parts) | ConditionKind::Any(parts) => {
                parts.iter().for_each(|part| self.condition(part));
            }
            ConditionKind::Not(inner) => self.condition(inner),
            ConditionKind::Acl(_, tests) => {
                for seen in tests {
                    let Some(test) = self.tests.get_mut(&(seen.place.clone(), seen.text.clone())) else {
                        continue;
                    };
                    match seen.truth {
                        Truth::Yes => test.yes += 1,
                        Truth::No => test.no += 1,
                        Truth::Later | Truth::Unasked => {}
                    }
                }
            }
        }
    }

    /// A table of what is missing, and how much is not.
    pub fn text(&self, paint: Paint) -> String {
        let missing = self.missing();
        let (rules, tests) = self.covered();
        let title = paint.of(Tone::Title, "coverage:");
        let mut out = format!(
            "{title} {rules} of {} rules, {tests} of {} lines of ACLs and tests\n",
            self.rules.len(),
            self.tests.len()
        );
        let width = missing.iter().map(|(place, ..)| at(place).len()).max().unwrap_or(0);
        for (place, never, what) in missing {
            let (place, never) = (at(place), format!("{:<13}", never.text()));
            let tone = if never.starts_with("never reached") { Tone::No } else { Tone::Strong };
            out.push_str(&format!(
                "  {} {}  {what}\n",
                paint.of(Tone::Gutter, &format!("{place:<width$}")),
                paint.of(tone, &never)
            ));
        }
        out
    }

    /// The same as JSON.
    pub fn json(&self) -> Value {
        let (rules, tests) = self.covered();
        let missing: Value = self
            .missing()
            .into_iter()
            .map(|(place, never, what)| json!({ "file": &*place.file, "line": place.line, "never": never.word(), "what": what }))
            .collect();
        json!({
            "rules": { "covered": rules, "all": self.rules.len() },
            "tests": { "covered": tests, "all": self.tests.len() },
            "missing": missing,
        })
    }

    /// Rules and tests that came to all that they can come to.
    fn covered(&self) -> (usize, usize) {
        let rules = self.rules.values().filter(|rule| rule.never().is_empty()).count();
        (rules, self.tests.values().filter(|test| test.never().is_empty()).count())
    }

    /// What is missing, in the order of the files.
    fn missing(&self) -> Vec<(&Place, Never, String)> {
        let mut all = Vec::new();
        for ((place, text), rule) in &self.rules {
            all.extend(rule.never().into_iter().map(|never| (place, never, text.to_string())));
        }
        for ((place, text), test) in &self.tests {
            let what = match &test.acl {
                Some(name) => format!("acl {name} {text}"),
                None => format!("{{ {text} }}"),
            };
            // the parts of a rule that was never reached were not either
            let alone = test.acl.is_some() || !self.unreached(place);
            all.extend(test.never().into_iter().filter(|_| alone).map(|never| (place, never, what.clone())));
        }
        all.sort_by(|a, b| a.0.cmp(b.0));
        all
    }

    fn unreached(&self, place: &Place) -> bool {
        let mut rules = self.rules.iter().filter(|((other, _), _)| other == place);
        rules.any(|(_, rule)| rule.never() == [Never::Reached])
    }
}

impl Rule {
    fn never(&self) -> Vec<Never> {
        match (self.yes, self.no) {
            (0, 0) => vec![Never::Reached],
            (0, _) => vec![Never::True],
            (_, 0) if self.conditional => vec![Never::False],
            _ => Vec::new(),
        }
    }
}

impl Test {
    fn never(&self) -> Vec<Never> {
        match (self.yes, self.no) {
            (0, 0) => vec![Never::Reached],
            (0, _) => vec![Never::True],
            (_, 0) => vec![Never::False],
            _ => Vec::new(),
        }
    }
}

impl Never {
    fn word(self) -> &'static str {
        match self {
            Never::Reached => "reached",
            Never::True => "true",
            Never::False => "false",
        }
    }

    fn text(self) -> String {
        format!("never {}", self.word())
    }
}

fn at(place: &Place) -> String {
    format!("{}:{}", place.file, place.line)
}
