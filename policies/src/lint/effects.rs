//! Rules whose work is undone, and rules that come too early to see anything.

use portero_grammar::rules::{Cond, Family, Rule, Test};
use portero_grammar::{Diagnostic, Diagnostics};

use super::atoms::Universe;
use super::{MISSING_INSPECT_DELAY, OVERWRITTEN_VALUE, Subject};
use crate::vocabulary::Needs;

/// Actions that put one value in the place of another, and whether their first word says of what.
const SETTERS: &[(&str, bool)] = &[
    ("set-header", true),
    ("set-log-level", false),
    ("set-method", false),
    ("set-path", false),
    ("set-pathq", false),
    ("set-query", false),
    ("set-status", false),
    ("set-uri", false),
    ("set-var", false),
    ("set-var-fmt", false),
];

pub(super) fn check(subject: &Subject<'_>, universe: &Universe<'_>, out: &mut Diagnostics) {
    for pair in subject.rules.values().flat_map(|rules| rules.windows(2)) {
        if subject.is_own(pair[0].span) && overwrites(&pair[0], &pair[1]) {
            let line = subject.sources.line(pair[1].span);
            let message =
                format!("what this rule sets is replaced in line {line} before anything looks at it");
            out.push(Diagnostic::lint(&OVERWRITTEN_VALUE, pair[0].span, message));
        }
    }
    if !subject.http && !subject.inspects {
        let rules = subject.rules.get(&Family::TcpRequestContent).into_iter().flatten();
        rules
            .filter(|rule| subject.is_own(rule.span))
            .for_each(|rule| waits_for_nothing(subject, rule, universe, out));
    }
}

/// Whether the second of two neighbours always replaces what the first sets, without looking at it.
fn overwrites(first: &Rule, second: &Rule) -> bool {
    let name = &first.action.name.text;
    let Some((_, named)) = SETTERS.iter().find(|(setter, _)| setter == name) else { return false };
    if second.condition.is_some() || second.action.name.text != *name || params(first) != params(second) {
        return false;
    }
    let split = usize::from(*named).min(second.action.words.len());
    let (target, value) = second.action.words.split_at(split);
    let same = first.action.words.iter().zip(target).all(|(a, b)| a.text.eq_ignore_ascii_case(&b.text));
    let reads = |word: &str| word.contains('%') || word.contains("var(");
    same && !value.iter().any(|word| reads(&word.text))
}

/// What stands in the parentheses of an action.
fn params(rule: &Rule) -> Vec<&str> {
    rule.action.params.iter().flatten().map(|param| &*param.text).collect()
}

/// A rule on contents that looks at bytes which have hardly come when it is evaluated.
fn waits_for_nothing(subject: &Subject<'_>, rule: &Rule, universe: &Universe<'_>, out: &mut Diagnostics) {
    let Some(condition) = &rule.condition else { return };
    let mut tests = Vec::new();
    tests_of(&condition.cond, subject, &mut tests);
    let looks = |test: &&&Test| universe.needs(test) == Some(Needs::RequestBytes);
    if let Some(test) = tests.iter().find(looks) {
        let name = &test.expr.fetch.name;
        let message =
            format!("'{name}' looks at bytes of the client, and nothing waits until they are there");
        let lint = Diagnostic::lint(&MISSING_INSPECT_DELAY, condition.span, message);
        out.push(lint.help("add 'tcp-request inspect-delay 5s'"));
    }
}

/// The tests of a condition, those of its ACLs included.
fn tests_of<'a>(cond: &'a Cond, subject: &Subject<'a>, into: &mut Vec<&'a Test>) {
    match cond {
        Cond::Any(parts) | Cond::All(parts) => parts.iter().for_each(|part| tests_of(part, subject, into)),
        Cond::Not(inner, _) => tests_of(inner, subject, into),
        Cond::Test(test) => into.push(test),
        Cond::Named(name) => {
            let lines = subject.acls.iter().filter(|acl| acl.name.text == name.text);
            into.extend(lines.map(|acl| &acl.test));
        }
    }
}
