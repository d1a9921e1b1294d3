//! Conditions of `.if`, `.elif` and `-cc` (HAProxy manual, section 2.4).

use pest::Parser;
use pest::error::{Error, InputLocation};
use pest::iterators::Pair;

use super::env::{Environment, Version};
use crate::call::call;
use crate::joined::one_word;
use crate::rules::Arg;
use crate::syntax::{Grammar, MAX_DEPTH, Rule, too_deep};
use crate::{Diagnostic, Word};

/// What `enabled()` may be asked.
const OPTIONS: &[&str] = &[
    "POLL",
    "EPOLL",
    "KQUEUE",
    "EVPORTS",
    "SPLICE",
    "GETADDRINFO",
    "REUSEPORT",
    "FAST-FORWARD",
    "SERVER-SSL-VERIFY-NONE",
];

/// A predicate, with how many arguments it takes.
struct Predicate {
    name: &'static str,
    args: usize,
    holds: fn(&dyn Environment, &[Arg]) -> Result<bool, Diagnostic>,
}

const PREDICATES: &[Predicate] = &[
    Predicate {
        name: "awslc_api_atleast",
        args: 1,
        holds: |env, args| Ok(awslc(env, &args[0])?.is_some_and(|(a, b)| a >= b)),
    },
    Predicate {
        name: "awslc_api_before",
        args: 1,
        holds: |env, args| Ok(awslc(env, &args[0])?.is_some_and(|(a, b)| a < b)),
    },
    Predicate { name: "defined", args: 1, holds: |env, args| Ok(env.var(&args[0].text).is_some()) },
    Predicate { name: "enabled", args: 1, holds: |env, args| enabled(env, &args[0]) },
    Predicate { name: "feature", args: 1, holds: |env, args| Ok(env.feature(&args[0].text)) },
    Predicate { name: "fips_mode", args: 0, holds: |env, _| Ok(env.fips_mode()) },
    Predicate {
        name: "openssl_version_atleast",
        args: 1,
        holds: |env, args| Ok(ssl(env, &args[0])?.is_some_and(|(a, b)| a >= b)),
    },
    Predicate {
        name: "openssl_version_before",
        args: 1,
        holds: |env, args| Ok(ssl(env, &args[0])?.is_some_and(|(a, b)| a < b)),
    },
    Predicate {
        name: "ssllib_name_startswith",
        args: 1,
        holds: |env, args| Ok(env.ssl_library().is_some_and(|(name, _)| name.starts_with(&args[0].text))),
    },
    Predicate { name: "streq", args: 2, holds: |_, args| Ok(args[0].text == args[1].text) },
    Predicate { name: "strneq", args: 2, holds: |_, args| Ok(args[0].text != args[1].text) },
    Predicate { name: "strstr", args: 2, holds: |_, args| Ok(args[0].text.contains(&args[1].text)) },
    Predicate {
        name: "version_atleast",
        args: 1,
        holds: |env, args| Ok(env.version() >= version(&args[0])?),
    },
    Predicate { name: "version_before", args: 1, holds: |env, args| Ok(env.version() < version(&args[0])?) },
];

/// Evaluates the condition that `words` make (as `.if` does: joined by single spaces). No words are false.
///
/// Every predicate is checked, also where its value no longer matters.
pub(crate) fn evaluate(words: &[Word], env: &dyn Environment) -> Result<bool, Diagnostic> {
    let Some(word) = one_word(words) else { return Ok(false) };
    if let Some(at) = too_deep(&word.text) {
        let message = format!("more than {MAX_DEPTH} parentheses inside one another");
        return Err(Diagnostic::error(word.part(at, at + 1), message));
    }
    let pairs = Grammar::parse(Rule::if_condition, &word.text).map_err(|e| unreadable(&e, &word))?;
    match pairs.flat_map(Pair::into_inner).find(|p| p.as_rule() == Rule::if_or) {
        Some(or) => Evaluation { env, word: &word }.any(or),
        None => Ok(false),
    }
}

struct Evaluation<'a> {
    env: &'a dyn Environment,
    word: &'a Word,
}

impl Evaluation<'_> {
    fn any(&self, or: Pair<'_, Rule>) -> Result<bool, Diagnostic> {
        or.into_inner().try_fold(false, |value, and| Ok(self.all(and)? || value))
    }

    fn all(&self, and: Pair<'_, Rule>) -> Result<bool, Diagnostic> {
        and.into_inner().try_fold(true, |value, term| Ok(self.term(term)? && value))
    }

    fn term(&self, term: Pair<'_, Rule>) -> Result<bool, Diagnostic> {
        let (mut negated, mut value) = (false, false);
        for part in term.into_inner() {
            match part.as_rule() {
                Rule::if_not => negated = !negated,
                Rule::integer => value = part.as_str().bytes().any(|b| matches!(b, b'1'..=b'9')),
                Rule::if_group => value = self.group(part)?,
                _ => value = self.predicate(part)?,
            }
        }
        Ok(value != negated)
    }

    fn group(&self, group: Pair<'_, Rule>) -> Result<bool, Diagnostic> {
        let mut inner = group.into_inner().filter(|p| p.as_rule() == Rule::if_or);
        inner.next().map_or(Ok(false), |or| self.any(or))
    }

    fn predicate(&self, pair: Pair<'_, Rule>) -> Result<bool, Diagnostic> {
        let call = call(pair, self.word, "a predicate")?;
        let name = call.name.as_str();
        let Some(predicate) = PREDICATES.iter().find(|p| p.name == name) else {
            let error = Diagnostic::error(call.name_span, format!("unknown predicate '{name}'"));
            return Err(error.did_you_mean(name, PREDICATES.iter().map(|p| p.name)));
        };
        let mut args = call.args.unwrap_or_default();
        if args.is_empty() && predicate.args == 1 && call.span != call.name_span {
            args.push(Arg::plain("", call.span)); // `defined()` asks for the empty name
        }
        if args.len() != predicate.args {
            let (wanted, found) = (predicate.args, args.len());
            let plural = if wanted == 1 { "" } else { "s" };
            return Err(Diagnostic::error(
                call.span,
                format!("'{name}' takes {wanted} argument{plural}, not {found}"),
            ));
        }
        (predicate.holds)(self.env, &args)
    }
}

fn version(arg: &Arg) -> Result<Version, Diagnostic> {
    let text = &arg.text;
    Version::parse(text).ok_or_else(|| {
        Diagnostic::error(arg.span, format!("'{text}' is not a version such as 2.4 or 3.5-dev1"))
    })
}

/// The versions to compare: that of the TLS library and the one asked for.
fn ssl(env: &dyn Environment, arg: &Arg) -> Result<Option<(Version, Version)>, Diagnostic> {
    let wanted = version(arg)?;
    Ok(env.ssl_library().map(|(_, ours)| (ours, wanted)))
}

fn awslc(env: &dyn Environment, arg: &Arg) -> Result<Option<(u32, u32)>, Diagnostic> {
    let text = &arg.text;
    let wanted = text
        .parse()
        .map_err(|_| Diagnostic::error(arg.span, format!("'{text}' is not an AWS-LC API number")))?;
    Ok(env.awslc_api().map(|ours| (ours, wanted)))
}

fn enabled(env: &dyn Environment, arg: &Arg) -> Result<bool, Diagnostic> {
    let option = arg.text.as_str();
    if !OPTIONS.contains(&option) {
        let error = Diagnostic::error(arg.span, format!("unknown option '{option}'"));
        let known = format!("the options are {}", OPTIONS.join(", "));
        return Err(error.help(known).did_you_mean(&option.to_ascii_lowercase(), OPTIONS.iter().copied()));
    }
    Ok(env.enabled(option))
}

fn unreadable(error: &Error<Rule>, word: &Word) -> Diagnostic {
    let at = match error.location {
        InputLocation::Pos(at) | InputLocation::Span((at, _)) => at,
    };
    let text = &word.text;
    let rest = text[at..].trim_start();
    let Some(found) = rest.chars().next() else {
        let end = text.trim_end().len();
        let open = text.matches('(').count() > text.matches(')').count();
        let message =
            if open { "a ')' is missing in this condition" } else { "this condition is not complete" };
        return Diagnostic::error(word.part(end.saturating_sub(1), end), message);
    };
    let at = text.len() - rest.len();
    let run = rest
        .find(|c: char| !c.is_ascii_alphanumeric() && c != '_')
        .unwrap_or(rest.len())
        .max(found.len_utf8());
    let (found, span) = (&rest[..run], word.part(at, at + run));
    let error = Diagnostic::error(span, format!("unexpected '{found}' in a condition"));
    error.help(match found {
        "and" | "AND" | "&" => "did you mean '&&'?",
        "or" | "OR" | "|" => "did you mean '||'?",
        _ => "a condition is made of integers, predicates such as 'defined(NAME)', '!', '&&', '||' and parentheses",
    })
}
