//! The parser that pest makes of `rules.pest`.

/// The parser.
#[derive(pest_derive::Parser)]
#[grammar = "rules/rules.pest"]
pub(super) struct RuleGrammar;
