//! What is read well and yet hardly meant: names that lead nowhere, sockets that clash, time-outs that are missing.
//!
//! Lints have names: those of the rule language stand in [`portero_policies::lint`], those of whole configurations here.
//! A comment silences them where they are known and meant (`silence`); `docs/lints.md` lists them all.

mod sections;
mod silence;
mod whole;

use portero_grammar::Lint;

pub(super) use sections::{built, sections};
pub(super) use silence::silence;
pub(super) use whole::whole;

macro_rules! lints {
    ($($name:ident = $text:literal: $summary:literal;)*) => {
        $(pub(super) static $name: Lint = Lint { name: $text, summary: $summary };)*

        /// Every lint of whole configurations.
        static LINTS: &[&Lint] = &[$(&$name),*];
    };
}

lints! {
    UNUSED_BACKEND = "unused-backend": "a backend that no frontend names";
    LEADS_NOWHERE = "leads-nowhere": "a frontend with neither a backend nor a rule";
    UNUSED_SERVER_COOKIE = "unused-server-cookie": "a 'cookie' of a server whose backend has none";
    UNUSED_CHECK_WORD = "unused-check-word": "'inter', 'rise' and their kin on a server without 'check'";
    SHARED_ADDRESS = "shared-address": "two sockets that listen on the same address";
    UNUSED_PARAMETER = "unused-parameter": "a parameter that no line of its policy refers to";
    UNTRACKED_COUNTER = "untracked-counter": "a test of a counter that no rule tracks with";
    UNSTORED_COUNTER = "unstored-counter": "a test of what the tracked table does not store";
    UNFILLED_MAP = "unfilled-map": "a map without a file that nothing adds to";
    UNKNOWN_LINT = "unknown-lint": "a comment that allows a lint which does not exist";
}

/// Every lint there is.
pub fn all() -> impl Iterator<Item = &'static Lint> {
    LINTS.iter().chain(portero_policies::lint::LINTS).copied()
}

/// The lint of that name.
pub fn named(name: &str) -> Option<&'static Lint> {
    all().find(|lint| lint.name == name)
}
