//! Conditions of `.if`, `.elif` and `-cc` (HAProxy manual, section 2.4).

use pest::Parser;
use pest::error::{Error, InputLocation};
use pest::iterators::Pair;

use super::env::{Environment, Version};
use crate::joined::Joined;
use crate::{Diagnostic, Span, Word};

#[derive(pest_derive::Parser)]
#[grammar = "cfg/condition.pest"]
struct ConditionGrammar;

/// How deep parentheses may nest.
const MAX_DEPTH: usize = 64;

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
    holds: fn(&dyn Environment, &[Arg]) -> Result<bool, (usize, String)>,
}

const PREDICATES: &[Predicate] = &[
    Predicate {
        name: "awslc_api_atleast",
        args: 1,
        holds: |env, args| Ok(awslc(env, args)?.is_some_and(|(a, b)| a >= b)),
    },
    Predicate {
        name: "awslc_api_before",
        args: 1,
        holds: |env, args| Ok(awslc(env, args)?.is_some_and(|(a, b)| a < b)),
    },
    Predicate { name: "defined", args: 1, holds: |env, args| Ok(env.var(&args[0].text).is_some()) },
    Predicate { name: "enabled", args: 1, holds: enabled },
    Predicate { name: "feature", args: 1, holds: |env, args| Ok(env.feature(&args[0].text)) },
    Predicate { name: "fips_mode", args: 0, holds: |env, _| Ok(env.fips_mode()) },
    Predicate {
        name: "openssl_version_atleast",
        args: 1,
        holds: |env, args| Ok(ssl(env, args)?.is_some_and(|(a, b)| a >= b)),
    },
    Predicate {
        name: "openssl_version_before",
        args: 1,
        holds: |env, args| Ok(ssl(env, args)?.is_some_and(|(a, b)| a < b)),
    },
    Predicate {
        name: "ssllib_name_startswith",
        args: 1,
        holds: |env, args| Ok(env.ssl_library().is_some_and(|(name, _)| name.starts_with(&args[0].text))),
    },
    Predicate { name: "streq", args: 2, holds: |_, args| Ok(args[0].text == args[1].text) },
    Predicate { name: "strneq", args: 2, holds: |_, args| Ok(args[0].text != args[1].text) },
    Predicate { name: "strstr", args: 2, holds: |_, args| Ok(args[0].text.contains(&args[1].text)) },
    Predicate { name: "version_atleast", args: 1, holds: |env, args| Ok(env.version() >= version(args)?) },
    Predicate { name: "version_before", args: 1, holds: |env, args| Ok(env.version() < version(args)?) },
];

struct Arg {
    text: String,
    start: usize,
    end: usize,
}

/// Evaluates the condition that `words` make (as `.if` does: joined by single spaces). No words are false.
///
/// Every predicate is checked, also where its value no longer matters.
pub(crate) fn evaluate(words: &[Word], env: &dyn Environment) -> Result<bool, Diagnostic> {
    if words.is_empty() {
        return Ok(false);
    }
    let joined = Joined::new(words, ' ', |w| w.text.clone());
    let place = |start: usize, end: usize| joined.span(start, end);
    if let Some(at) = too_deep(&joined.text) {
        let message = format!("more than {MAX_DEPTH} parentheses inside one another");
        return Err(Diagnostic::error(place(at, at + 1), message));
    }
    let pairs =
        ConditionGrammar::parse(Rule::condition, &joined.text).map_err(|e| unreadable(&e, &joined))?;
    match pairs.flat_map(Pair::into_inner).find(|p| p.as_rule() == Rule::or) {
        Some(or) => Evaluation { env, place: &place }.any(or),
        None => Ok(false),
    }
}

struct Evaluation<'a> {
    env: &'a dyn Environment,
    place: &'a dyn Fn(usize, usize) -> Span,
}

impl Evaluation<'_> {
    fn any(&self, or: Pair<'_, Rule>) -> Result<bool, Diagnostic> {
        or.into_inner().try_fold(false, |value, and| Ok(self.all(and)? || value))
    }

    fn all(&self, and: Pair<'_, Rule>) -> Result<bool, Diagnostic> {
        and.into_inner().try_fold(true, |value, term| Ok(self.term(term)? && value))
    }

    fn term(&self, term: Pair<'_, Rule>) -> Result<bool, Diagnostic> {
        let mut negated = false;
        for part in term.into_inner() {
            let value = match part.as_rule() {
                Rule::not => {
                    negated = !negated;
                    continue;
                }
                Rule::integer => part.as_str().bytes().any(|b| matches!(b, b'1'..=b'9')),
                Rule::group => part.into_inner().try_fold(false, |_, or| self.any(or))?,
                _ => self.call(part)?,
            };
            return Ok(value != negated);
        }
        Ok(negated)
    }

    fn call(&self, call: Pair<'_, Rule>) -> Result<bool, Diagnostic> {
        let whole = (self.place)(call.as_span().start(), call.as_span().end());
        let (mut name, mut name_span, mut args) = ("", whole, Vec::new());
        for part in call.into_inner() {
            let (start, end) = (part.as_span().start(), part.as_span().end());
            match part.as_rule() {
                Rule::name => (name, name_span) = (part.as_str(), (self.place)(start, end)),
                Rule::arg => args.push(Arg { text: unquote(part), start, end }),
                _ => {}
            }
        }
        let Some(predicate) = PREDICATES.iter().find(|p| p.name == name) else {
            let error = Diagnostic::error(name_span, format!("unknown predicate '{name}'"));
            return Err(error.did_you_mean(name, PREDICATES.iter().map(|p| p.name)));
        };
        if args.len() == 1 && args[0].start == args[0].end {
            args.truncate(predicate.args); // `fips_mode()` has no argument, `defined()` an empty one
        }
        if args.len() != predicate.args {
            let (wanted, found) = (predicate.args, args.len());
            let message = format!(
                "'{name}' takes {wanted} argument{}, not {found}",
                if wanted == 1 { "" } else { "s" }
            );
            return Err(Diagnostic::error(whole, message));
        }
        (predicate.holds)(self.env, &args)
            .map_err(|(i, message)| Diagnostic::error((self.place)(args[i].start, args[i].end), message))
    }
}

fn version(args: &[Arg]) -> Result<Version, (usize, String)> {
    let text = &args[0].text;
    Version::parse(text).ok_or_else(|| (0, format!("'{text}' is not a version such as 2.4 or 3.5-dev1")))
}

fn ssl(env: &dyn Environment, args: &[Arg]) -> Result<Option<(Version, Version)>, (usize, String)> {
    let wanted = version(args)?;
    Ok(env.ssl_library().map(|(_, ours)| (ours, wanted)))
}

fn awslc(env: &dyn Environment, args: &[Arg]) -> Result<Option<(u32, u32)>, (usize, String)> {
    let text = &args[0].text;
    let wanted = text.parse().map_err(|_| (0, format!("'{text}' is not an AWS-LC API number")))?;
    Ok(env.awslc_api().map(|ours| (ours, wanted)))
}

fn enabled(env: &dyn Environment, args: &[Arg]) -> Result<bool, (usize, String)> {
    let option = &args[0].text;
    if !OPTIONS.contains(&option.as_str()) {
        return Err((0, format!("unknown option '{option}', known are: {}", OPTIONS.join(", "))));
    }
    Ok(env.enabled(option))
}

fn unquote(arg: Pair<'_, Rule>) -> String {
    let mut text = String::new();
    for piece in arg.into_inner().flatten() {
        match piece.as_rule() {
            Rule::escape => text.push(match piece.as_str().as_bytes()[1] {
                b'n' => '\n',
                b'r' => '\r',
                b't' => '\t',
                other => other as char,
            }),
            Rule::arg_text | Rule::quoted_text | Rule::strong_text => text.push_str(piece.as_str()),
            _ => {}
        }
    }
    text
}

/// The first parenthesis that nests too deep. Those in quoted arguments are counted as well: nobody needs so many.
fn too_deep(text: &str) -> Option<usize> {
    let mut depth = 0usize;
    for (at, byte) in text.bytes().enumerate() {
        match byte {
            b'(' => depth += 1,
            b')' => depth = depth.saturating_sub(1),
            _ => {}
        }
        if depth > MAX_DEPTH {
            return Some(at);
        }
    }
    None
}

fn unreadable(error: &Error<Rule>, joined: &Joined<'_>) -> Diagnostic {
    let at = match error.location {
        InputLocation::Pos(at) | InputLocation::Span((at, _)) => at,
    };
    let rest = joined.text[at..].trim_start();
    if rest.is_empty() {
        let end = joined.text.trim_end().len();
        let open = joined.text.matches('(').count() > joined.text.matches(')').count();
        let message =
            if open { "a ')' is missing in this condition" } else { "this condition is not complete" };
        return Diagnostic::error(joined.span(end.saturating_sub(1), end), message);
    }
    let at = joined.text.len() - rest.len();
    let len = rest.chars().next().map_or(1, char::len_utf8);
    let error =
        Diagnostic::error(joined.span(at, at + len), format!("unexpected '{}' in a condition", &rest[..len]));
    error.help("a condition is made of integers, predicates such as 'defined(NAME)', '!', '&&', '||' and parentheses")
}
