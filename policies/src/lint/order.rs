//! Rules that nothing is left for: an earlier one takes every request that they want.

use portero_grammar::rules::{Family, Rule};
use portero_grammar::{Diagnostic, Diagnostics, Span};

use super::atoms::Universe;
use super::formula::Formula;
use super::{SHADOWED_USE_BACKEND, Subject, UNREACHABLE_RULE};
use crate::actions;
use crate::stage::family_name;

/// Rules further apart than this are not compared.
const FARTHEST: usize = 200;

/// The families on the way of a request, in their order.
const ROAD: [Family; 9] = [
    Family::TcpRequestConnection,
    Family::TcpRequestSession,
    Family::TcpRequestContent,
    Family::HttpRequest,
    Family::Redirect,
    Family::UseBackend,
    Family::UseServer,
    Family::TcpResponseContent,
    Family::HttpResponse,
];

/// Actions that give the request an answer, or end its connection.
const ANSWERS: &[&str] = &["deny", "redirect", "reject", "return", "silent-drop", "tarpit"];

/// Actions that change nothing which a condition could see.
const HARMLESS: &[&str] = &["capture", "set-log-level", "set-mark", "set-nice", "set-tos"];

pub(super) fn check(subject: &Subject<'_>, universe: &mut Universe<'_>, out: &mut Diagnostics) {
    for (family, rules) in subject.rules {
        within(subject, *family, rules, universe, out);
    }
    across(subject, universe, out);
}

/// A rule with what is asked again and again of it.
struct Seen<'r> {
    rule: &'r Rule,
    formula: Formula,
    atoms: Vec<usize>,
    can_hold: bool,
}

/// Rules of one family whose condition only holds where that of an earlier one does.
fn within(
    subject: &Subject<'_>,
    family: Family,
    rules: &[Rule],
    universe: &mut Universe<'_>,
    out: &mut Diagnostics,
) {
    let mut earlier: Vec<Seen<'_>> = Vec::new();
    for rule in rules {
        if let Some(seen) = see(rule, universe) {
            if subject.is_own(rule.span)
                && let Some(other) = earlier.iter().rev().take(FARTHEST).find(|e| covers(universe, e, &seen))
            {
                let lint =
                    if family == Family::UseBackend { &SHADOWED_USE_BACKEND } else { &UNREACHABLE_RULE };
                let line = subject.sources.line(other.rule.span);
                let message =
                    format!("this rule is never reached: the one in line {line} applies wherever it would");
                out.push(Diagnostic::lint(lint, rule.span, message));
            }
            if ends(rule) {
                earlier.push(seen);
            }
        }
        if !ends(rule) && !HARMLESS.contains(&&*rule.action.name.text) {
            // what it changes may make the conditions of those before it say something else
            earlier.clear();
        }
    }
}

fn see<'r>(rule: &'r Rule, universe: &mut Universe<'_>) -> Option<Seen<'r>> {
    let formula = universe.condition(rule.condition.as_ref()?);
    Some(Seen { atoms: formula.atoms(), can_hold: universe.can_hold(&formula), formula, rule })
}

/// True when the condition of `first` holds wherever that of `second` does.
fn covers(universe: &Universe<'_>, first: &Seen<'_>, second: &Seen<'_>) -> bool {
    // two conditions whose tests have nothing to do with one another can always go apart
    let related = first.atoms.iter().any(|a| second.atoms.iter().any(|b| universe.related(*a, *b)));
    if !related || !second.can_hold || first.formula.has_constant() {
        return false;
    }
    let left = Formula::All(vec![second.formula.clone(), first.formula.clone().not()]);
    !universe.can_hold(&left)
}

/// Whether nothing behind a rule in its family is looked at once it applies. What `use-server` names may be down, and
/// a name that is made for each request may name nothing.
fn ends(rule: &Rule) -> bool {
    let action = &rule.action;
    match rule.family {
        Family::UseBackend => action.words.first().is_some_and(|w| !w.text.contains('%')),
        Family::UseServer => false,
        _ => actions::ends(action),
    }
}

/// Families that no request comes to, because a rule of an earlier one answers all of them.
fn across(subject: &Subject<'_>, universe: &mut Universe<'_>, out: &mut Diagnostics) {
    let rules_of = |family: Family| subject.rules.get(&family).map_or(&[][..], Vec::as_slice);
    let unreached = |span: Span, what: &str, by: &Rule, out: &mut Diagnostics| {
        let (line, name) = (subject.sources.line(by.span), family_name(by.family));
        let message =
            format!("{what} is never reached: the '{name}' rule in line {line} takes every request");
        out.push(Diagnostic::lint(&UNREACHABLE_RULE, span, message));
    };
    let mut last: Option<&Rule> = None;
    for family in ROAD {
        let own = rules_of(family).iter().find(|rule| subject.is_own(rule.span));
        match (last, own) {
            (Some(by), Some(rule)) => unreached(rule.span, "this rule", by, out),
            (Some(_), None) => {}
            (None, _) => last = answers_all(rules_of(family), universe),
        }
    }
    // the rules for responses of a frontend are its own, wherever it sends the request
    let sent = rules_of(Family::UseBackend).iter().find(|rule| ends(rule) && always(rule, universe));
    if let (Some(by), Some(span)) =
        (last.or(sent), subject.default_backend.filter(|span| subject.is_own(*span)))
    {
        unreached(span, "this backend", by, out);
    }
}

/// The rule of a family that answers whatever comes to it, when none before lets a request go on to the next family.
fn answers_all<'r>(rules: &'r [Rule], universe: &mut Universe<'_>) -> Option<&'r Rule> {
    let of_response = |rule: &Rule| matches!(rule.family, Family::TcpResponseContent | Family::HttpResponse);
    for rule in rules.iter().filter(|rule| ends(rule) && !of_response(rule)) {
        match rule.family == Family::Redirect || ANSWERS.contains(&&*rule.action.name.text) {
            true if always(rule, universe) => return Some(rule),
            true => {}
            false => return None,
        }
    }
    None
}

fn always(rule: &Rule, universe: &mut Universe<'_>) -> bool {
    match &rule.condition {
        None => true,
        Some(condition) => matches!(universe.condition(condition), Formula::Const(true)),
    }
}
