//! Lints of the rule language: what reads well and yet cannot be meant. Every one is a [`Lint`] with a stable name.
//!
//! Conditions become formulas over tests (`atoms`, `formula`); what two tests say of one another (`path_beg /a` holds
//! wherever `path_beg /ab` does) is in `relation`. Whether a rule can be reached is then a question of whether a
//! formula can hold. Only what is sure is said: a test whose value may change between two looks is never equal to another.

mod atoms;
mod conditions;
mod effects;
mod formula;
mod order;
mod patterns;
mod relation;

use std::collections::BTreeMap;

use portero_grammar::rules::{Acl, Family, Rule};
use portero_grammar::{Diagnostics, Lint, Sources, Span};

use crate::Vocabulary;
use atoms::Universe;

macro_rules! lints {
    ($($(#[$doc:meta])* $name:ident = $text:literal: $summary:literal;)*) => {
        $($(#[$doc])* pub static $name: Lint = Lint { name: $text, summary: $summary };)*

        /// Every lint of the rule language.
        pub static LINTS: &[&Lint] = &[$(&$name),*];
    };
}

lints! {
    /// Pushed by the compiler, which knows what was looked up.
    UNUSED_ACL = "unused-acl": "an ACL that no condition names";
    /// Pushed by the compiler as well, for rules behind one without a condition.
    UNREACHABLE_RULE = "unreachable-rule": "a rule that an earlier one always takes the request away from";
    #[allow(missing_docs)]
    SHADOWED_USE_BACKEND = "shadowed-use-backend":
        "a 'use_backend' or 'use-server' whose condition never holds where those before it do not";
    #[allow(missing_docs)]
    NEVER_MATCHES = "never-matches": "a pattern that no value can match";
    #[allow(missing_docs)]
    ALWAYS_MATCHES = "always-matches": "a test that holds for every value, in a test or beside others of one ACL";
    #[allow(missing_docs)]
    CONTRADICTION = "contradiction": "a condition that can never hold: 'a !a'";
    #[allow(missing_docs)]
    TAUTOLOGY = "tautology": "a condition that always holds: 'a or !a'";
    #[allow(missing_docs)]
    REPEATED_TERM = "repeated-term": "the same test twice in one condition";
    #[allow(missing_docs)]
    SHADOWED_PREDEFINED = "shadowed-predefined-acl": "an ACL with the name of a predefined one";
    #[allow(missing_docs)]
    DUPLICATE_PATTERN = "duplicate-pattern": "the same pattern twice in one test, or the same line twice in one ACL";
    #[allow(missing_docs)]
    HOST_LETTER_CASE = "host-letter-case": "a host name with capitals, compared letter by letter";
    #[allow(missing_docs)]
    OVERWRITTEN_VALUE = "overwritten-value": "a value that the next rule replaces before anything could see it";
    #[allow(missing_docs)]
    MISSING_INSPECT_DELAY = "missing-inspect-delay": "a rule that looks at bytes which nothing waits for";
}

/// The rules of one proxy, as they stand in the configuration.
#[derive(Clone, Copy)]
pub struct Subject<'a> {
    /// The texts that it was read from.
    pub sources: &'a Sources,
    /// Where its section begins: what stands before was inherited from its defaults.
    pub header: Span,
    /// True in HTTP mode.
    pub http: bool,
    /// True where `tcp-request inspect-delay` is set.
    pub inspects: bool,
    /// Its ACLs.
    pub acls: &'a [Acl],
    /// Its rules.
    pub rules: &'a BTreeMap<Family, Vec<Rule>>,
    /// The name of its default backend, and where it is written.
    pub default_backend: Option<Span>,
}

impl Subject<'_> {
    /// True for what stands in the section itself, or in a policy that is applied there.
    pub fn is_own(&self, mut span: Span) -> bool {
        while let Some(applied) = self.sources.applied(span.file) {
            span = applied.at;
        }
        span.file == self.header.file && span.start >= self.header.start
    }
}

/// Says what is suspicious about the rules of a proxy. They must compile: no mistake is looked for a second time.
pub fn check(subject: &Subject<'_>, vocabulary: &Vocabulary, out: &mut Diagnostics) {
    let mut universe = Universe::new(vocabulary, subject.acls);
    patterns::check(subject, &universe, out);
    conditions::check(subject, &mut universe, out);
    order::check(subject, &mut universe, out);
    effects::check(subject, &universe, out);
}
