//! Conditions as formulas over numbered tests, and whether a formula can hold.

use portero_grammar::rules::{Cond, Condition};

use super::atoms::Universe;
use super::relation::{excludes, implies};

/// Formulas over more tests than this are not looked into.
const MOST_TESTS: usize = 10;

/// A condition.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Formula {
    Const(bool),
    /// The test of this number.
    Atom(usize),
    Not(Box<Formula>),
    All(Vec<Formula>),
    Any(Vec<Formula>),
}

impl Formula {
    pub(super) fn any(mut parts: Vec<Formula>) -> Formula {
        if parts.len() == 1 { parts.remove(0) } else { Formula::Any(parts) }
    }

    pub(super) fn not(self) -> Formula {
        Formula::Not(Box::new(self))
    }

    /// Whether a part of it does not depend on any test.
    pub(super) fn has_constant(&self) -> bool {
        match self {
            Formula::Const(_) => true,
            Formula::Atom(_) => false,
            Formula::Not(inner) => inner.has_constant(),
            Formula::All(parts) | Formula::Any(parts) => parts.iter().any(Formula::has_constant),
        }
    }

    /// The numbers of its tests, each once.
    pub(super) fn atoms(&self) -> Vec<usize> {
        let mut atoms = Vec::new();
        self.collect(&mut atoms);
        atoms.sort_unstable();
        atoms.dedup();
        atoms
    }

    fn collect(&self, into: &mut Vec<usize>) {
        match self {
            Formula::Const(_) => {}
            Formula::Atom(atom) => into.push(*atom),
            Formula::Not(inner) => inner.collect(into),
            Formula::All(parts) | Formula::Any(parts) => parts.iter().for_each(|part| part.collect(into)),
        }
    }

    /// What it says when exactly the tests hold whose bit is set; bits are in the order of `atoms`.
    fn eval(&self, atoms: &[usize], bits: u32) -> bool {
        match self {
            Formula::Const(value) => *value,
            Formula::Atom(atom) => atoms.binary_search(atom).is_ok_and(|at| bits >> at & 1 == 1),
            Formula::Not(inner) => !inner.eval(atoms, bits),
            Formula::All(parts) => parts.iter().all(|part| part.eval(atoms, bits)),
            Formula::Any(parts) => parts.iter().any(|part| part.eval(atoms, bits)),
        }
    }
}

impl Universe<'_> {
    /// A condition as a formula.
    pub(super) fn condition(&mut self, condition: &Condition) -> Formula {
        let formula = self.formula(&condition.cond);
        if condition.unless { formula.not() } else { formula }
    }

    /// A part of a condition as a formula.
    pub(super) fn formula(&mut self, cond: &Cond) -> Formula {
        match cond {
            Cond::Any(parts) => Formula::Any(parts.iter().map(|part| self.formula(part)).collect()),
            Cond::All(parts) => Formula::All(parts.iter().map(|part| self.formula(part)).collect()),
            Cond::Not(inner, _) => self.formula(inner).not(),
            Cond::Named(name) => self.named(name),
            Cond::Test(test) => self.test(test),
        }
    }

    /// Whether a formula can hold; true where it is too large to say.
    pub(super) fn can_hold(&self, formula: &Formula) -> bool {
        let atoms = formula.atoms();
        if atoms.len() > MOST_TESTS {
            return true;
        }
        let rules = self.rules(&atoms);
        let possible = |bits: u32| rules.iter().all(|rule| rule.allows(bits));
        (0..1u32 << atoms.len()).any(|bits| possible(bits) && formula.eval(&atoms, bits))
    }

    /// Whether two tests say anything of one another.
    pub(super) fn related(&self, a: usize, b: usize) -> bool {
        let (first, second) = (&self.atoms[a], &self.atoms[b]);
        a == b || implies(first, second) || implies(second, first) || excludes(first, second)
    }

    /// What the tests say of one another.
    fn rules(&self, atoms: &[usize]) -> Vec<Between> {
        let mut rules = Vec::new();
        for (i, &a) in atoms.iter().enumerate() {
            for (j, &b) in atoms.iter().enumerate().filter(|(j, _)| *j != i) {
                let (first, second) = (&self.atoms[a], &self.atoms[b]);
                if implies(first, second) {
                    rules.push(Between::Implies(i, j));
                } else if i < j && excludes(first, second) {
                    rules.push(Between::Excludes(i, j));
                }
            }
        }
        rules
    }
}

/// What two tests, by their bits, say of one another.
enum Between {
    Implies(usize, usize),
    Excludes(usize, usize),
}

impl Between {
    fn allows(&self, bits: u32) -> bool {
        let holds = |at: usize| bits >> at & 1 == 1;
        match *self {
            Between::Implies(a, b) => !holds(a) || holds(b),
            Between::Excludes(a, b) => !holds(a) || !holds(b),
        }
    }
}
