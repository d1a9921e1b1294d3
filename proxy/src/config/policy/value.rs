//! Parameters' types, and values of them.

use portero_grammar::{Diagnostic, Span, Word, rules};

use crate::config::time::{self, Unit};

/// What a parameter takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// Any text.
    Text,
    /// A whole number.
    Int,
    /// `500ms`, `30s`, `2h`
    Time,
    /// `16384`, `100k`, `1m`
    Size,
    /// `true` or `false`
    Bool,
    /// A sample expression: `src`, `req.hdr(x-api-key),lower`
    Expr,
    /// Several words.
    List,
    /// A condition, as it stands behind `if`. It sees the ACLs of the place where it is written.
    Cond,
}

/// The types by their names.
pub(super) const KINDS: &[(&str, Kind)] = &[
    ("text", Kind::Text),
    ("int", Kind::Int),
    ("time", Kind::Time),
    ("size", Kind::Size),
    ("bool", Kind::Bool),
    ("expr", Kind::Expr),
    ("list", Kind::List),
    ("cond", Kind::Cond),
];

/// The names of the types.
pub(in crate::config) const NAMES: [&str; KINDS.len()] = {
    let mut names = [""; KINDS.len()];
    let mut at = 0;
    while at < names.len() {
        names[at] = KINDS[at].0;
        at += 1;
    }
    names
};

/// What a parameter stands for in one application.
#[derive(Clone, Debug)]
pub(super) struct Value {
    pub(super) kind: Kind,
    /// One word but for lists and conditions.
    pub(super) words: Vec<Word>,
}

impl Kind {
    /// Whether a value may be several words.
    pub(super) fn is_many(self) -> bool {
        matches!(self, Kind::List | Kind::Cond)
    }

    /// Says what is wrong with a value of the named parameter, written at a place.
    pub(super) fn check(self, name: &str, words: &[Word], at: Span) -> Result<(), Diagnostic> {
        let about = |why: String| Diagnostic::error(at, format!("parameter '{name}': {why}"));
        let text = words.first().map_or("", |word| word.text.as_str());
        match self {
            Kind::Text | Kind::List => Ok(()),
            Kind::Int => time::number(text, i64::MIN..=i64::MAX).map(drop).map_err(about),
            Kind::Time => time::duration(text, Unit::Millis).map(drop).map_err(about),
            Kind::Size => time::size(text).map(drop).map_err(about),
            Kind::Bool if matches!(text, "true" | "false") => Ok(()),
            Kind::Bool => Err(about(format!("'{text}' is neither 'true' nor 'false'"))),
            Kind::Expr => {
                first_of(words.first().map(rules::expr), || about("an expression is missing".into()))
            }
            Kind::Cond => {
                let keyword = [Word::plain("if", at)];
                first_of(Some(rules::condition(&[&keyword, words].concat())), || about("nothing".into()))
            }
        }
    }
}

/// The first mistake of something that was read.
fn first_of<T>(
    read: Option<Result<T, Vec<Diagnostic>>>,
    missing: impl FnOnce() -> Diagnostic,
) -> Result<(), Diagnostic> {
    match read {
        Some(Ok(_)) => Ok(()),
        Some(Err(errors)) => Err(errors.into_iter().next().unwrap_or_else(missing)),
        None => Err(missing()),
    }
}
