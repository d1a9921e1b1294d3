//! Patterns that no value can match, that match every value, or that stand twice.

use std::collections::BTreeMap;

use portero_api::SampleType;
use portero_grammar::rules::{Acl, Cond, Test};
use portero_grammar::{Diagnostic, Diagnostics, Word};

use super::atoms::{Atom, Universe, Values, has_flag};
use super::{
    ALWAYS_MATCHES, DUPLICATE_PATTERN, HOST_LETTER_CASE, NEVER_MATCHES, SHADOWED_PREDEFINED, Subject,
};
use crate::compile::PREDEFINED;
use crate::matching::{Ints, Method, Operator};

pub(super) fn check(subject: &Subject<'_>, universe: &Universe<'_>, out: &mut Diagnostics) {
    let own: Vec<&Acl> = subject.acls.iter().filter(|acl| subject.is_own(acl.span)).collect();
    acl_names(&own, out);
    acl_lines(&own, universe, out);
    let mut tests: Vec<&Test> = own.iter().map(|acl| &acl.test).collect();
    let rules = subject.rules.values().flatten().filter(|rule| subject.is_own(rule.span));
    rules.filter_map(|rule| rule.condition.as_ref()).for_each(|c| anonymous(&c.cond, &mut tests));
    for test in tests {
        duplicates(test, out);
        if let Some(method) = universe.method_of(test) {
            Look { test, method, universe }.check(out);
        }
    }
}

/// The tests in braces.
fn anonymous<'a>(cond: &'a Cond, into: &mut Vec<&'a Test>) {
    match cond {
        Cond::Any(parts) | Cond::All(parts) => parts.iter().for_each(|part| anonymous(part, into)),
        Cond::Not(inner, _) => anonymous(inner, into),
        Cond::Test(test) => into.push(test),
        Cond::Named(_) => {}
    }
}

fn acl_names(acls: &[&Acl], out: &mut Diagnostics) {
    for acl in acls {
        if PREDEFINED.iter().any(|(name, _)| *name == acl.name.text) {
            let message = format!("'{}' is the name of a predefined ACL", acl.name.text);
            out.push(Diagnostic::lint(&SHADOWED_PREDEFINED, acl.name.span, message));
        }
    }
}

/// Lines of one ACL that say the same, or that a line which always holds stands beside.
fn acl_lines(acls: &[&Acl], universe: &Universe<'_>, out: &mut Diagnostics) {
    let mut by_name: BTreeMap<&str, Vec<(&Acl, Atom)>> = BTreeMap::new();
    for acl in acls {
        by_name.entry(&acl.name.text).or_default().push((acl, universe.atom(&acl.test)));
    }
    for lines in by_name.values().filter(|lines| lines.len() > 1) {
        for (place, (acl, atom)) in lines.iter().enumerate() {
            if lines[..place].iter().any(|(_, earlier)| earlier == atom) {
                let message = format!("the ACL '{}' has this line already", acl.name.text);
                out.push(Diagnostic::lint(&DUPLICATE_PATTERN, acl.span, message));
            } else if atom.subject == "always_true" && atom.values == Values::Bool {
                let message =
                    format!("with this line '{}' always holds, whatever its other lines say", acl.name.text);
                out.push(Diagnostic::lint(&ALWAYS_MATCHES, acl.span, message));
            }
        }
    }
}

fn duplicates(test: &Test, out: &mut Diagnostics) {
    let fold = |word: &Word| if has_flag(test, "-i") { word.text.to_lowercase() } else { word.text.clone() };
    if test.patterns.iter().any(|word| Operator::named(&word.text).is_some()) {
        return;
    }
    let mut seen = std::collections::BTreeSet::new();
    for word in &test.patterns {
        if !seen.insert(fold(word)) {
            let message = format!("the pattern '{}' stands here twice", word.text);
            out.push(Diagnostic::lint(&DUPLICATE_PATTERN, word.span, message));
        }
    }
}

/// A test, and what is known of the values that it looks at.
struct Look<'a> {
    test: &'a Test,
    method: Method,
    universe: &'a Universe<'a>,
}

impl Look<'_> {
    fn check(&self, out: &mut Diagnostics) {
        match self.method {
            Method::Int | Method::Len => self.numbers(out),
            Method::Str | Method::Beg | Method::End | Method::Sub => self.texts(out),
            _ => {}
        }
    }

    /// Numbers outside of what the fetch can give.
    fn numbers(&self, out: &mut Diagnostics) {
        let (fetch, _) = self.universe.fetch(self.test);
        let bounds = match (self.method, fetch) {
            (Method::Len, _) => (0, i64::MAX),
            _ if !self.test.expr.converters.is_empty() => return,
            (_, "src_port" | "dst_port") => (0, 65535),
            (_, "status") => (100, 999),
            _ => return,
        };
        let (Values::Int(ints) | Values::Len(ints)) = self.universe.atom(self.test).values else { return };
        self.compare(&ints, bounds, out);
    }

    fn compare(&self, ints: &Ints, (least, most): (i64, i64), out: &mut Diagnostics) {
        let of = &self.test.expr.fetch.name;
        if self.test.patterns.is_empty() {
            // the compiler has said so
        } else if ints.misses(least, most) {
            let message = format!("this test never holds: '{of}' gives no such number");
            out.push(Diagnostic::lint(&NEVER_MATCHES, self.test.span, message));
        } else if ints.covers(least, most) {
            let message = format!("this test always holds: '{of}' gives no other number");
            out.push(Diagnostic::lint(&ALWAYS_MATCHES, self.test.span, message));
        }
    }

    fn texts(&self, out: &mut Diagnostics) {
        for word in &self.test.patterns {
            if word.text.is_empty() && self.method != Method::Str {
                let lint =
                    Diagnostic::lint(&ALWAYS_MATCHES, word.span, "an empty pattern matches every text");
                out.push(lint.help("'-m found' asks whether there is a value at all"));
            } else if let Some(why) = self.impossible(&word.text) {
                let message = format!("'{}' can never match: {why}", word.text);
                out.push(Diagnostic::lint(&NEVER_MATCHES, word.span, message));
            } else if self.is_host() && self.counts_letters() && has_capital(&word.text) {
                let message =
                    format!("'{}' is compared letter by letter, and browsers send small ones", word.text);
                out.push(Diagnostic::lint(&HOST_LETTER_CASE, word.span, message).help("add '-i'"));
            }
        }
    }

    /// Why a text can never be matched.
    fn impossible(&self, text: &str) -> Option<&'static str> {
        let (fetch, _) = self.universe.fetch(self.test);
        let last = self.test.expr.converters.last().map(|call| call.name.as_str());
        let exact = !has_flag(self.test, "-i");
        let plain = last.is_none();
        match (last, self.universe.output(&self.test.expr, fetch)) {
            (Some("lower"), _) if exact && has_capital(text) => Some("'lower' leaves no capitals"),
            (Some("upper"), _) if exact && text.contains(|c: char| c.is_ascii_lowercase()) => {
                Some("'upper' leaves no small letters")
            }
            (_, Some(SampleType::Int)) if text.contains(|c: char| !c.is_ascii_digit() && c != '-') => {
                Some("the text of a number has digits only")
            }
            (_, Some(SampleType::Ip))
                if text.contains(|c: char| !c.is_ascii_hexdigit() && c != '.' && c != ':') =>
            {
                Some("it cannot be part of an address")
            }
            (_, Some(SampleType::Bool)) if text != "0" && text != "1" => {
                Some("the text of a boolean is 0 or 1")
            }
            _ if plain && fetch == "method" && is_small_method(text) => {
                Some("methods are written in capitals")
            }
            _ if plain && fetch == "path" && self.is_anchored() && !text.starts_with(['/', '*']) => {
                Some("a path begins with '/'")
            }
            _ if self.is_host() && text.contains('/') => Some("there is no '/' in the name of a host"),
            _ => None,
        }
    }

    /// Whether the test looks at the `Host` header field.
    fn is_host(&self) -> bool {
        let args = self.test.expr.fetch.args.as_deref().unwrap_or_default();
        let (fetch, _) = self.universe.fetch(self.test);
        let field = args.first().is_some_and(|arg| arg.text.eq_ignore_ascii_case("host"));
        matches!(fetch, "hdr" | "req.hdr" | "req.fhdr") && field && self.test.expr.converters.is_empty()
    }

    fn is_anchored(&self) -> bool {
        matches!(self.method, Method::Str | Method::Beg)
    }

    fn counts_letters(&self) -> bool {
        !has_flag(self.test, "-i")
    }
}

fn has_capital(text: &str) -> bool {
    text.contains(|c: char| c.is_ascii_uppercase())
}

fn is_small_method(text: &str) -> bool {
    const METHODS: [&str; 9] =
        ["get", "head", "post", "put", "delete", "options", "connect", "trace", "patch"];
    METHODS.contains(&text)
}
