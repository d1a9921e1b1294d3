//! Tests in one form, so that two ways to write the same are equal: `path_beg /a` and `path -m beg /a`.

use std::collections::{BTreeMap, HashMap};

use portero_api::SampleType;
use portero_grammar::rules::{self as tree, Acl, Call, Test};
use portero_grammar::{FileId, Span, Word};

use super::formula::Formula;
use crate::Vocabulary;
use crate::compile::{PREDEFINED, derivative};
use crate::lookup::{ConvertWord, FetchWord};
use crate::matching::{Ints, Method, Net, Operator};
use crate::vocabulary::Needs;

/// Fetches that give at most one sample.
const SINGLE: &[&str] = &[
    "path",
    "pathq",
    "url",
    "base",
    "query",
    "method",
    "status",
    "src",
    "dst",
    "src_port",
    "dst_port",
    "req.ver",
    "res.ver",
    "fe_name",
    "fe_id",
    "so_id",
    "so_name",
    "fc_http_major",
    "req.ssl_sni",
    "ssl_fc",
    "ssl_fc_sni",
    "var",
];

/// Fetches that look at nothing that changes from one look to the next, although they look at no message.
const STEADY: &[&str] = &[
    "always_true",
    "always_false",
    "bool",
    "int",
    "str",
    "bin",
    "ipv4",
    "ipv6",
    "meth",
    "env",
    "hostname",
    "var",
];

/// How names of fetches and converters begin whose value changes from one look to the next.
const RESTLESS: &[&str] =
    &["sc_", "sc0_", "sc1_", "sc2_", "src_", "fc_rtt", "fc.", "table", "in_table", "set-", "unset-", "lua."];

/// A test.
#[derive(Debug, PartialEq)]
pub(super) struct Atom {
    /// What is looked at: `req.hdr(host),lower`.
    pub(super) subject: String,
    pub(super) values: Values,
    /// The subject has one value at most.
    pub(super) single: bool,
    /// Two looks at the subject see the same.
    pub(super) steady: bool,
}

/// Which values a test holds for.
#[derive(Debug, PartialEq)]
pub(super) enum Values {
    Found,
    Bool,
    Int(Ints),
    Len(Ints),
    Ip(Vec<Net>),
    Text {
        method: Method,
        ignore_case: bool,
        patterns: Vec<Vec<u8>>,
    },
    /// Patterns from files, and what is not looked into: equal to itself only.
    Opaque(String),
}

/// The ACLs of a proxy and the tests that were met, each by number.
pub(super) struct Universe<'a> {
    vocabulary: &'a Vocabulary,
    acls: BTreeMap<&'a str, Vec<&'a Test>>,
    pub(super) atoms: Vec<Atom>,
    known: HashMap<String, usize>,
}

impl<'a> Universe<'a> {
    pub(super) fn new(vocabulary: &'a Vocabulary, list: &'a [Acl]) -> Self {
        let mut acls: BTreeMap<&str, Vec<&Test>> = BTreeMap::new();
        for acl in list {
            acls.entry(&acl.name.text).or_default().push(&acl.test);
        }
        Universe { vocabulary, acls, atoms: Vec::new(), known: HashMap::new() }
    }

    /// What a name stands for: one of these tests must hold.
    pub(super) fn named(&mut self, name: &Word) -> Formula {
        match (name.text.as_str(), self.acls.get(name.text.as_str())) {
            (_, Some(tests)) => {
                let tests = tests.clone();
                Formula::any(tests.into_iter().map(|test| self.test(test)).collect())
            }
            ("TRUE", None) => Formula::Const(true),
            ("FALSE", None) => Formula::Const(false),
            (name, None) => match predefined(name) {
                Some(test) => self.test(&test),
                None => Formula::Atom(self.add(opaque(name.to_owned()))),
            },
        }
    }

    /// A test as a formula.
    pub(super) fn test(&mut self, test: &Test) -> Formula {
        let constant = test.expr.converters.is_empty() && test.flags.is_empty() && test.patterns.is_empty();
        match test.expr.fetch.name.as_str() {
            "always_true" if constant => Formula::Const(true),
            "always_false" if constant => Formula::Const(false),
            _ => {
                let atom = self.atom(test);
                Formula::Atom(self.add(atom))
            }
        }
    }

    /// The number of a test. One that is not steady is never met again.
    fn add(&mut self, atom: Atom) -> usize {
        let next = self.atoms.len();
        if atom.steady {
            let known = *self.known.entry(format!("{atom:?}")).or_insert(next);
            if known < next {
                return known;
            }
        }
        self.atoms.push(atom);
        next
    }

    /// A test in its one form.
    pub(super) fn atom(&self, test: &Test) -> Atom {
        let (fetch, implied) = self.fetch(test);
        let converters = &test.expr.converters;
        let mut subject = call(fetch, &test.expr.fetch);
        converters.iter().for_each(|c| subject = format!("{subject},{}", call(&c.name, c)));
        let values = values(test, self.method(test, fetch, implied));
        Atom { values, subject, single: SINGLE.contains(&fetch), steady: self.is_steady(test, fetch) }
    }

    /// How a test matches; none where a plugin makes its samples.
    pub(super) fn method_of(&self, test: &Test) -> Option<Method> {
        let (fetch, implied) = self.fetch(test);
        self.method(test, fetch, implied)
    }

    /// What must be there for a test to have a value.
    pub(super) fn needs(&self, test: &Test) -> Option<Needs> {
        match self.vocabulary.fetch(self.fetch(test).0)? {
            FetchWord::Ours(kind) => Some(kind.needs),
            FetchWord::Plugin(_) => None,
        }
    }

    /// The fetch of a test by its first name, and the method that an ACL word (`path_beg`) brings.
    pub(super) fn fetch<'t>(&self, test: &'t Test) -> (&'t str, Option<Method>) {
        let name = test.expr.fetch.name.as_str();
        let (name, implied) = match (self.vocabulary.fetch(name), derivative(name)) {
            (None, Some((fetch, method))) => (fetch, Some(method)),
            _ => (name, None),
        };
        match self.vocabulary.fetch(name) {
            Some(FetchWord::Ours(kind)) => (kind.name, implied),
            _ => (name, implied),
        }
    }

    fn method(&self, test: &Test, fetch: &str, implied: Option<Method>) -> Option<Method> {
        let method = explicit(test).or(implied.filter(|_| test.expr.converters.is_empty()));
        method.or_else(|| Method::default_for(self.output(&test.expr, fetch)?))
    }

    /// Whether two looks see the same.
    fn is_steady(&self, test: &Test, fetch: &str) -> bool {
        let restless = |name: &str| RESTLESS.iter().any(|start| name.starts_with(start));
        let looks_at_message = match self.vocabulary.fetch(fetch) {
            Some(FetchWord::Ours(kind)) => kind.needs != Needs::Nothing,
            _ => false,
        };
        let fixed = ["src_port", "src_is_local"].contains(&fetch) || !restless(fetch);
        let known = |name: &str| matches!(self.vocabulary.converter(name), Some(ConvertWord::Ours(_)));
        let converters_are_steady = test.expr.converters.iter().all(|c| known(&c.name) && !restless(&c.name));
        converters_are_steady && (STEADY.contains(&fetch) || looks_at_message && fixed)
    }

    /// The type of an expression; none where a plugin makes it.
    pub(super) fn output(&self, expr: &tree::Expr, fetch: &str) -> Option<SampleType> {
        let mut kind = match self.vocabulary.fetch(fetch)? {
            FetchWord::Ours(kind) => kind.output,
            FetchWord::Plugin(_) => return None,
        };
        for call in &expr.converters {
            kind = match self.vocabulary.converter(&call.name)? {
                ConvertWord::Ours(row) if row.output == SampleType::Any => kind,
                ConvertWord::Ours(row) => row.output,
                ConvertWord::Plugin(_) => return None,
            };
        }
        Some(kind)
    }
}

/// The method that `-m` names.
pub(super) fn explicit(test: &Test) -> Option<Method> {
    let mut named = test.flags.iter().filter(|flag| flag.name.text == "-m");
    Method::named(&named.next()?.arg.as_ref()?.text)
}

/// Whether the test has this flag.
pub(super) fn has_flag(test: &Test, name: &str) -> bool {
    test.flags.iter().any(|flag| flag.name.text == name)
}

/// The integers that patterns mean; those that cannot be read were reported.
pub(super) fn ints(patterns: &[Word]) -> Ints {
    let mut operator = Operator::Eq;
    let mut ranges = Vec::new();
    for word in patterns {
        match Operator::named(&word.text) {
            Some(next) => operator = next,
            None => ranges.extend(Ints::parse(operator, &word.text).ok()),
        }
    }
    Ints::new(ranges)
}

fn values(test: &Test, method: Option<Method>) -> Values {
    let whole = || {
        let flags = test.flags.iter().map(|f| (&f.name.text, f.arg.as_ref().map(|a| &a.text)));
        let patterns: Vec<_> = test.patterns.iter().map(|w| &w.text).collect();
        Values::Opaque(format!("{:?} {patterns:?}", flags.collect::<Vec<_>>()))
    };
    let Some(method) = method.filter(|_| !has_flag(test, "-f") && !has_flag(test, "-M")) else {
        return whole();
    };
    match method {
        Method::Found => Values::Found,
        Method::Bool => Values::Bool,
        Method::Int => Values::Int(ints(&test.patterns)),
        Method::Len => Values::Len(ints(&test.patterns)),
        Method::Ip => Values::Ip(test.patterns.iter().filter_map(|w| Net::parse(&w.text)).collect()),
        Method::Bin => whole(),
        _ => {
            let ignore_case = has_flag(test, "-i");
            let text = |w: &Word| match ignore_case && method != Method::Reg {
                true => w.bytes().to_ascii_lowercase(),
                false => w.bytes().to_vec(),
            };
            let mut patterns: Vec<_> = test.patterns.iter().map(text).collect();
            patterns.sort_unstable();
            patterns.dedup();
            Values::Text { method, ignore_case, patterns }
        }
    }
}

/// A name with its arguments.
fn call(name: &str, call: &Call) -> String {
    let args: Vec<_> = call.args.iter().flatten().map(|arg| format!("{:?}", arg.text)).collect();
    if args.is_empty() { name.to_owned() } else { format!("{name}({})", args.join(",")) }
}

fn predefined(name: &str) -> Option<Test> {
    let (_, text) = PREDEFINED.iter().find(|(known, _)| *known == name)?;
    let nowhere = Span { file: FileId(u32::MAX), start: 0, end: 0 };
    let words: Vec<Word> = text.split(' ').map(|w| Word::plain(w, nowhere)).collect();
    tree::test(&words, nowhere).ok()
}

fn opaque(subject: String) -> Atom {
    Atom { values: Values::Opaque(subject.clone()), subject, single: false, steady: false }
}
