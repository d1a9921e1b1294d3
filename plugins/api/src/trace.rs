//! The trace of an exchange: what rules saw, what they did, and why, step by step.
//!
//! It is there only while somebody asked for it (`portero explain`, `explain` lines of a frontend, a policy test that
//! failed); without it each set of rules costs one branch more. Everything in it is text: it is made to be read.

use std::cell::RefCell;
use std::rc::Rc;

/// The steps of an exchange, in the order they were taken. Noting one needs no exclusive access.
#[derive(Debug, Default)]
pub struct Trace {
    steps: RefCell<Vec<Step>>,
}

/// One step.
#[derive(Clone, Debug, PartialEq)]
pub enum Step {
    /// A set of rules begins.
    Set(Rc<SetName>),
    /// A rule was met.
    Rule(RuleStep),
    /// The rest of a set was not looked at: so many rules.
    Rest(usize),
    /// The proxy itself did something.
    Did(Act),
    /// A server was chosen, or none.
    Choice(Choice),
}

/// What a set of rules is called.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SetName {
    /// The proxy whose rules they are.
    pub proxy: Rc<str>,
    /// The family, as it is written: `http-request`.
    pub family: &'static str,
}

/// Where something was written.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Place {
    /// The file, as messages name it; empty for what stands in none.
    pub file: Rc<str>,
    /// The line, from 1.
    pub line: u32,
}

/// A rule, and what became of it.
#[derive(Clone, Debug, PartialEq)]
pub struct RuleStep {
    /// Where it was written.
    pub place: Place,
    /// The rule as written.
    pub text: Rc<str>,
    /// Its condition; none where it has none.
    pub condition: Option<Condition>,
    /// What became of it.
    pub end: RuleEnd,
    /// What it changed.
    pub changes: Vec<Change>,
}

/// What became of a rule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RuleEnd {
    /// Its condition does not hold.
    Skipped,
    /// It looks at what has not arrived.
    Open,
    /// It acted, and the next rule follows.
    Done,
    /// It acted, and no other rule of the set follows: what it said.
    Ended(String),
    /// It acted, and something is waited for before the next rule.
    Waits(String),
}

/// What a condition or a part of it says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Truth {
    /// It holds.
    Yes,
    /// It does not.
    No,
    /// It hangs on what has not arrived.
    Later,
    /// It was not evaluated: what stands before it has decided.
    Unasked,
}

/// A condition as it was evaluated.
#[derive(Clone, Debug, PartialEq)]
pub struct Condition {
    /// What it says.
    pub truth: Truth,
    /// What it is made of.
    pub kind: ConditionKind,
}

/// What a condition is made of.
#[derive(Clone, Debug, PartialEq)]
pub enum ConditionKind {
    /// All must hold.
    All(Vec<Condition>),
    /// One must hold.
    Any(Vec<Condition>),
    /// It must not hold.
    Not(Box<Condition>),
    /// An ACL by its name (none for a test in braces): its lines.
    Acl(Option<Rc<str>>, Vec<Test>),
}

/// One line of an ACL as it was evaluated.
#[derive(Clone, Debug, PartialEq)]
pub struct Test {
    /// Where it was written.
    pub place: Place,
    /// The test as written.
    pub text: Rc<str>,
    /// What it says.
    pub truth: Truth,
    /// The samples it looked at, in order.
    pub samples: Vec<Sampled>,
    /// Why it can never match here, where that is so.
    pub never: Option<Rc<str>>,
}

/// A sample on its way from the fetch through the converters, and what it matched.
#[derive(Clone, Debug, PartialEq)]
pub struct Sampled {
    /// The words of the expression, each with the value behind it; none where there was no value.
    pub path: Vec<(Rc<str>, Option<String>)>,
    /// The pattern that matched.
    pub matched: Option<String>,
}

/// Something that changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// What: `request header`, `path`, `var txn.a`.
    pub what: String,
    /// What it was; none where it was not there.
    pub before: Option<String>,
    /// What it is; none where it is gone.
    pub after: Option<String>,
}

/// Something that the proxy itself did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Act {
    /// The part of the proxy: `backend`, `cookie`, `try`, `wait`, `reply`.
    pub part: &'static str,
    /// A sentence about it.
    pub text: String,
    /// What it changed.
    pub changes: Vec<Change>,
}

/// The choice of a server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Choice {
    /// The backend.
    pub backend: String,
    /// Who chose: `balance roundrobin`, `cookie SRV`, `use-server`.
    pub by: String,
    /// The servers there were.
    pub candidates: Vec<Candidate>,
    /// The place in `candidates` of the one chosen.
    pub chosen: Option<usize>,
}

/// A server as it was when one was chosen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Candidate {
    /// Its name.
    pub name: String,
    /// Its weight.
    pub weight: u32,
    /// Sessions it has.
    pub sessions: u32,
    /// Why it could not be chosen; none where it could.
    pub out: Option<&'static str>,
}

impl Trace {
    /// Adds a step.
    pub fn push(&self, step: Step) {
        self.steps.borrow_mut().push(step);
    }

    /// Adds what the proxy did, without changes.
    pub fn did(&self, part: &'static str, text: impl Into<String>) {
        self.push(Step::Did(Act { part, text: text.into(), changes: Vec::new() }));
    }

    /// True when the last step is a rule of that set that waits: it goes on, and does not begin anew.
    pub fn goes_on(&self, set: &Rc<SetName>) -> bool {
        let steps = self.steps.borrow();
        let waits = |step: &Step| match step {
            Step::Rule(rule) => Some(matches!(rule.end, RuleEnd::Waits(_) | RuleEnd::Open)),
            _ => None,
        };
        let begun = |step: &Step| matches!(step, Step::Set(other) if Rc::ptr_eq(other, set));
        steps.iter().rev().find_map(waits) == Some(true) && {
            let sets = |step: &&Step| matches!(step, Step::Set(_));
            steps.iter().rev().find(sets).is_some_and(begun)
        }
    }

    /// The steps so far.
    pub fn steps(&self) -> Vec<Step> {
        self.steps.borrow().clone()
    }

    /// Takes the steps out.
    pub fn take(&self) -> Vec<Step> {
        self.steps.take()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_set_whose_rule_waits_goes_on_and_another_begins() {
        let set = |family| Rc::new(SetName { proxy: "f".into(), family });
        let (first, second) = (set("http-request"), set("redirect"));
        let trace = Trace::default();
        trace.push(Step::Set(first.clone()));
        let place = Place { file: "a.cfg".into(), line: 1 };
        let end = RuleEnd::Waits("a pause".into());
        let rule = RuleStep { place, text: "x".into(), condition: None, end, changes: Vec::new() };
        trace.push(Step::Rule(rule));
        assert!(trace.goes_on(&first) && !trace.goes_on(&second));
        trace.push(Step::Set(second.clone()));
        assert!(!trace.goes_on(&first));
    }
}
