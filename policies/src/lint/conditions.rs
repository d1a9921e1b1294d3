//! Conditions that say nothing: they can never hold, always hold, or say the same twice.

use portero_grammar::rules::{Cond, Condition, Family, Rule};
use portero_grammar::{Diagnostic, Diagnostics, Span};

use super::atoms::Universe;
use super::formula::Formula;
use super::{CONTRADICTION, REPEATED_TERM, Subject, TAUTOLOGY};

pub(super) fn check(subject: &Subject<'_>, universe: &mut Universe<'_>, out: &mut Diagnostics) {
    let own = |rule: &&Rule| subject.is_own(rule.span);
    for rule in subject.rules.values().flatten().filter(own) {
        if let Some(condition) = &rule.condition {
            one(rule, condition, universe, out);
        }
    }
}

fn one(rule: &Rule, condition: &Condition, universe: &mut Universe<'_>, out: &mut Diagnostics) {
    let formula = universe.condition(condition);
    if formula.has_constant() {
        // `TRUE`, `always_false`: an on-off switch, meant as it is
        return;
    }
    if !universe.can_hold(&formula) {
        let message = "this rule never applies: its condition can never hold";
        return out.push(Diagnostic::lint(&CONTRADICTION, condition.span, message));
    }
    // Rules on contents wait for what they look at: `if HTTP or !HTTP` is a way to wait.
    let waits = matches!(rule.family, Family::TcpRequestContent | Family::TcpResponseContent);
    if !waits && !universe.can_hold(&formula.not()) {
        let message = "this condition always holds";
        let lint = Diagnostic::lint(&TAUTOLOGY, condition.span, message);
        return out.push(lint.help("leave it out, or write 'if TRUE' when that is meant"));
    }
    repeated(&condition.cond, universe, out);
}

/// The same part twice in an `and` or an `or`.
fn repeated(cond: &Cond, universe: &mut Universe<'_>, out: &mut Diagnostics) {
    match cond {
        Cond::Not(inner, _) => repeated(inner, universe, out),
        Cond::Named(_) | Cond::Test(_) => {}
        Cond::Any(parts) | Cond::All(parts) => {
            let formulas: Vec<Formula> = parts.iter().map(|part| universe.formula(part)).collect();
            for (place, formula) in formulas.iter().enumerate() {
                if formulas[..place].contains(formula) {
                    let message = "the same stands before in this condition";
                    out.push(Diagnostic::lint(&REPEATED_TERM, place_of(&parts[place]), message));
                }
            }
            parts.iter().for_each(|part| repeated(part, universe, out));
        }
    }
}

/// Where a part of a condition stands.
fn place_of(cond: &Cond) -> Option<Span> {
    match cond {
        Cond::Not(_, span) => Some(*span),
        Cond::Named(name) => Some(name.span),
        Cond::Test(test) => Some(test.span),
        Cond::Any(parts) | Cond::All(parts) => {
            let (first, last) = (place_of(parts.first()?)?, place_of(parts.last()?)?);
            Some(first.to(last))
        }
    }
}
