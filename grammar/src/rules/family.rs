//! Which lines belong to the rule language, by their first words.

use super::tree::Family;
use crate::{Diagnostic, Word, nearest};

/// What kind of statement a line is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// `acl ...`
    Acl,
    /// A rule, and how many words name its family.
    Rule(Family, usize),
    /// The first word is ours, but nothing is known that goes on like this, or it is a word of old that HAProxy itself
    /// no longer has: [`super::statement`] says what is wrong.
    Invalid,
}

/// How a family is written and what it wants.
pub(super) struct Shape {
    words: &'static [&'static str],
    pub(super) family: Family,
    /// True where an action's name follows: `http-request deny`.
    pub(super) action: bool,
    pub(super) condition: Wanted,
}

/// Whether a family takes `if` and `unless`.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Wanted {
    Never,
    Optional,
    Always,
}

const fn shape(words: &'static [&'static str], family: Family, action: bool, condition: Wanted) -> Shape {
    Shape { words, family, action, condition }
}

const SHAPES: &[Shape] = &[
    shape(&["tcp-request", "connection"], Family::TcpRequestConnection, true, Wanted::Optional),
    shape(&["tcp-request", "session"], Family::TcpRequestSession, true, Wanted::Optional),
    shape(&["tcp-request", "content"], Family::TcpRequestContent, true, Wanted::Optional),
    shape(&["tcp-response", "content"], Family::TcpResponseContent, true, Wanted::Optional),
    shape(&["http-request"], Family::HttpRequest, true, Wanted::Optional),
    shape(&["http-response"], Family::HttpResponse, true, Wanted::Optional),
    shape(&["http-after-response"], Family::HttpAfterResponse, true, Wanted::Optional),
    shape(&["use_backend"], Family::UseBackend, false, Wanted::Optional),
    shape(&["use-server"], Family::UseServer, false, Wanted::Always),
    shape(&["redirect"], Family::Redirect, false, Wanted::Optional),
    shape(&["stick", "on"], Family::StickOn, false, Wanted::Optional),
    shape(&["stick", "match"], Family::StickMatch, false, Wanted::Optional),
    shape(&["stick", "store-request"], Family::StickStoreRequest, false, Wanted::Optional),
    shape(&["stick", "store-response"], Family::StickStoreResponse, false, Wanted::Optional),
    shape(&["http-check"], Family::HttpCheck, true, Wanted::Never),
    shape(&["tcp-check"], Family::TcpCheck, true, Wanted::Never),
    shape(&["monitor", "fail"], Family::MonitorFail, false, Wanted::Always),
    shape(&["force-persist"], Family::ForcePersist, false, Wanted::Always),
    shape(&["ignore-persist"], Family::IgnorePersist, false, Wanted::Always),
    shape(&["force-be-switch"], Family::ForceBeSwitch, false, Wanted::Always),
];

/// Lines that begin like a rule but are settings of the section.
const SETTINGS: &[[&str; 2]] = &[["tcp-request", "inspect-delay"], ["tcp-response", "inspect-delay"]];

/// Words that HAProxy had once, and what to write instead.
const OBSOLETE: &[(&str, &str)] = &[
    ("block", "http-request deny"),
    ("reqadd", "http-request add-header"),
    ("reqallow", "http-request allow"),
    ("reqiallow", "http-request allow"),
    ("reqdel", "http-request del-header"),
    ("reqidel", "http-request del-header"),
    ("reqdeny", "http-request deny"),
    ("reqideny", "http-request deny"),
    ("reqpass", "http-request allow"),
    ("reqipass", "http-request allow"),
    ("reqrep", "http-request replace-header' or 'http-request replace-path"),
    ("reqirep", "http-request replace-header' or 'http-request replace-path"),
    ("reqtarpit", "http-request tarpit"),
    ("reqitarpit", "http-request tarpit"),
    ("reqsetbe", "use_backend"),
    ("reqisetbe", "use_backend"),
    ("rspadd", "http-response add-header"),
    ("rspdel", "http-response del-header"),
    ("rspidel", "http-response del-header"),
    ("rspdeny", "http-response deny"),
    ("rspideny", "http-response deny"),
    ("rsprep", "http-response replace-header"),
    ("rspirep", "http-response replace-header"),
];

/// Whether a line belongs to the rule language, and as what. `None` is for every other keyword of a section.
pub fn is_statement(words: &[Word]) -> Option<Kind> {
    let first = words.first()?.text.as_str();
    if first == "acl" {
        return Some(Kind::Acl);
    }
    let second = words.get(1).map_or("", |w| w.text.as_str());
    if SETTINGS.contains(&[first, second]) {
        return None;
    }
    let starts = |shape: &&Shape| {
        shape.words.iter().zip(words).filter(|(a, b)| **a == b.text).count() == shape.words.len()
    };
    if let Some(shape) = SHAPES.iter().find(starts) {
        return Some(Kind::Rule(shape.family, shape.words.len()));
    }
    let known = SHAPES.iter().any(|s| s.words[0] == first) || OBSOLETE.iter().any(|(old, _)| *old == first);
    known.then_some(Kind::Invalid)
}

/// The shape of a family.
pub(super) fn shape_of(family: Family) -> &'static Shape {
    SHAPES.iter().find(|s| s.family == family).unwrap_or(&SHAPES[0])
}

/// The first words of all statements, for suggestions.
pub fn keywords() -> impl Iterator<Item = &'static str> {
    std::iter::once("acl").chain(SHAPES.iter().map(|s| s.words[0]))
}

/// What is wrong with the first words of a line that is no statement.
pub(super) fn explain(words: &[Word]) -> Diagnostic {
    let Some((first, rest)) = words.split_first() else {
        return Diagnostic::error(None, "an empty statement");
    };
    let name = first.text.as_str();
    if let Some((_, instead)) = OBSOLETE.iter().find(|(old, _)| *old == name) {
        let error = Diagnostic::error(
            first.span,
            format!("'{name}' is not supported, HAProxy removed it in version 2.1"),
        );
        return error.help(format!("write '{instead}' instead"));
    }
    let families = SHAPES.iter().filter(|s| s.words[0] == name).filter_map(|s| s.words.get(1).copied());
    let settings = SETTINGS.iter().filter(|s| s[0] == name).map(|s| s[1]);
    let seconds: Vec<&str> = families.chain(settings).collect();
    if seconds.is_empty() {
        let error = Diagnostic::error(first.span, format!("'{name}' is no keyword of the rule language"));
        return error.did_you_mean(name, keywords());
    }
    let list = alternatives(&seconds);
    let Some(second) = rest.first() else {
        return Diagnostic::error(first.span, format!("'{name}' must be followed by {list}"));
    };
    let error = Diagnostic::error(
        second.span,
        format!("'{name}' must be followed by {list}, found '{}'", second.text),
    );
    match nearest(&second.text, seconds.iter().copied()) {
        Some(near) => error.help(format!("did you mean '{near}'?")),
        None if name.starts_with("tcp-") => {
            error.help(format!("did you mean '{name} content {}'?", second.text))
        }
        None => error,
    }
}

/// `'a', 'b' or 'c'`
fn alternatives(words: &[&str]) -> String {
    match words {
        [all @ .., last] if !all.is_empty() => format!("'{}' or '{last}'", all.join("', '")),
        _ => format!("'{}'", words.concat()),
    }
}
