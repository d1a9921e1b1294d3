//! Sample expressions: `req.hdr(host),lower` (HAProxy manual, section 7.3).

use pest::Parser;
use pest::iterators::Pair;

use super::tree::{Call, Expr};
use crate::call::call;
use crate::syntax::{Grammar, Rule};
use crate::{Diagnostic, Word};

/// How to mend a `)` behind the end of the arguments.
pub(super) const STRAY_PAREN: &str =
    "remove it, or quote the argument it belongs to, and the word: 'regsub(\"(a|b)\",c)'";

/// Reads an expression. It is always one word: spaces inside arguments are quoted.
pub fn expr(word: &Word) -> Result<Expr, Vec<Diagnostic>> {
    let parsed = Grammar::parse(Rule::expression, &word.text).map_err(|_| vec![unreadable(word)])?;
    let mut found = Err(vec![unreadable(word)]);
    for pair in parsed.flat_map(Pair::into_inner) {
        match pair.as_rule() {
            Rule::expr => found = build(pair, word).map_err(|e| vec![e]),
            // A mistake inside the expression explains what follows it.
            Rule::junk if found.is_ok() => {
                return Err(vec![junk(&pair, word, "a ',' must stand between two converters")]);
            }
            _ => {}
        }
    }
    found
}

/// Reads an expression where HAProxy lets it go on in further words (`stick on src, ipmask(24) table x`): behind a comma at
/// the end of a word, and where the next word begins with the name of a converter. Gives the words behind it as well.
///
/// Tests ([`super::test`]) are not of that kind: there the words behind the first are flags and patterns.
pub fn exprs(
    words: &[Word],
    is_converter: impl Fn(&str) -> bool,
) -> Result<(Expr, &[Word]), Vec<Diagnostic>> {
    let Some((first, mut rest)) = words.split_first() else {
        return Err(vec![Diagnostic::error(None, "a sample expression is missing")]);
    };
    let (mut whole, mut open) = part(first, !rest.is_empty())?;
    while let Some((next, behind)) = rest.split_first() {
        let name = next.text.split(['(', ',']).next().unwrap_or_default();
        if !open && !is_converter(name) {
            break;
        }
        rest = behind;
        let more;
        (more, open) = part(next, !rest.is_empty())?;
        whole.span = whole.span.to(more.span);
        whole.converters.push(more.fetch);
        whole.converters.extend(more.converters);
    }
    Ok((whole, rest))
}

/// Reads one word of an expression, and whether a comma at its end says that it goes on.
fn part(word: &Word, may_go_on: bool) -> Result<(Expr, bool), Vec<Diagnostic>> {
    match word.text.strip_suffix(',') {
        Some(text) if may_go_on && !text.is_empty() => {
            let shorter = Word { text: text.to_owned(), ..word.clone() };
            Ok((expr(&shorter)?, true))
        }
        _ => Ok((expr(word)?, false)),
    }
}

/// Reads an action's name with its parameters: `set-var(txn.a)`.
pub(super) fn action(word: &Word) -> Result<Call, Diagnostic> {
    let parsed = Grammar::parse(Rule::action, &word.text).map_err(|_| unreadable(word))?;
    let mut found = Err(unreadable(word));
    for pair in parsed.flat_map(Pair::into_inner) {
        match pair.as_rule() {
            Rule::call => found = call(pair, word, "an action"),
            Rule::junk if found.is_ok() => {
                return Err(junk(&pair, word, "a space must stand behind the ')'"));
            }
            _ => {}
        }
    }
    found
}

/// Builds an expression that stands anywhere in a word.
pub(super) fn build(pair: Pair<'_, Rule>, word: &Word) -> Result<Expr, Diagnostic> {
    let span = word.part(pair.as_span().start(), pair.as_span().end());
    let mut calls = pair.into_inner();
    let fetch = match calls.next() {
        Some(pair) => call(pair, word, "a sample fetch")?,
        None => return Err(unreadable(word)),
    };
    let converters = calls.map(|pair| call(pair, word, "a converter")).collect::<Result<_, _>>()?;
    Ok(Expr { fetch, converters, span })
}

/// What stands behind a finished expression or action.
fn junk(pair: &Pair<'_, Rule>, word: &Word, behind_paren: &str) -> Diagnostic {
    let (start, text) = (pair.as_span().start(), pair.as_str());
    let first = text.chars().next().unwrap_or(' ');
    let error =
        Diagnostic::error(word.part(start, start + first.len_utf8()), format!("unexpected '{first}'"));
    let before = &word.text[..start];
    match first {
        ')' => error.help(STRAY_PAREN),
        ' ' | '\t' => error.help("an expression has no spaces outside its arguments"),
        _ if before.ends_with(')') => error.help(behind_paren),
        _ => error.help("a name is made of letters, digits, '_', '.', '-', ':' and '+'"),
    }
}

fn unreadable(word: &Word) -> Diagnostic {
    Diagnostic::error(word.span, format!("'{}' cannot be read", word.text))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::FileId;
    use crate::cfg::words::{RawLine, cut};

    fn read(text: &str) -> Result<Expr, Vec<Diagnostic>> {
        expr(&Word::whole(text, FileId(0)))
    }

    fn args(text: &str) -> Vec<String> {
        let expr = read(text).expect(text);
        expr.fetch.args.expect("parentheses").into_iter().map(|a| a.text).collect()
    }

    #[test]
    fn an_expression_is_a_fetch_and_converters() {
        let expr = read("req.hdr(host,-1),lower,field(1,.)").expect("reads");
        assert_eq!(expr.fetch.name, "req.hdr");
        let names: Vec<_> = expr.converters.iter().map(|c| c.name.as_str()).collect();
        assert_eq!(names, ["lower", "field"]);
        assert_eq!(expr.converters[0].args, None);
        assert_eq!((expr.converters[1].span.start, expr.converters[1].span.end), (23, 33));
        assert_eq!(read("base32+src").expect("reads").fetch.name, "base32+src");
    }

    #[test]
    fn quotes_protect_and_empty_arguments_are_kept() {
        assert_eq!(args(r#"f("(a|b)",'c,"',d\ e\n)"#), ["(a|b)", "c,\"", "d e\n"]);
        assert_eq!(args("f(,x)"), ["", "x"]);
        assert_eq!(args("f()"), [""; 0]);
        assert_eq!(args(r#"f("")"#), [""]);
    }

    #[test]
    fn a_backslash_protects_no_comma() {
        assert_eq!(args(r"f(a\,b)"), ["a\\", "b"]);
    }

    #[test]
    fn an_expression_may_go_on_in_the_next_word() {
        let words = |text: &'static str| cut(RawLine { file: FileId(0), start: 0, text }, &|_| None).0;
        let read = |text| {
            let words = words(text);
            let (expr, rest) =
                exprs(&words, |name| name == "lower").unwrap_or_else(|e| panic!("{text}: {e:?}"));
            (expr.converters.iter().map(|c| c.name.clone()).collect::<Vec<_>>(), rest.len(), expr.span.end)
        };
        assert_eq!(read("src table x"), (vec![], 2, 3));
        assert_eq!(read("path, upper,lower table x"), (vec!["upper".into(), "lower".into()], 2, 17));
        assert_eq!(read("path lower table x"), (vec!["lower".into()], 2, 10));
        assert!(exprs(&words("path,"), |_| false).is_err());
        assert!(exprs(&[], |_| false).is_err());
    }

    #[test]
    fn mistakes_are_shown_at_their_place() {
        let place = |text: &str| {
            let errors = read(text).expect_err(text);
            let span = errors[0].span.expect("a place");
            (span.start, span.end)
        };
        assert_eq!(place("path,regsub((a|b),x,g)"), (21, 22));
        assert_eq!(place("path,"), (4, 5));
        assert_eq!(place("path,,lower"), (5, 6));
        assert_eq!(place("hdr(host"), (3, 4));
        assert_eq!(place("hdr(\"host)"), (4, 5));
        assert_eq!(place("hdr(a)b"), (6, 7));
        assert_eq!(place("é"), (0, 2));
    }
}
