//! Conditions: `if { path /a } !local or admin` (HAProxy manual, section 7.2), with parentheses as our addition.
//!
//! A parenthesis is a word of its own, leads a word (`(a`, `!(a`) or ends one (`b)`). Braces keep HAProxy's rule: each is
//! a word of its own, and all that stands between them belongs to the test. A fetch with arguments is only possible
//! between braces, so no parenthesis outside of them can be meant as one of a call.

use pest::Parser;
use pest::iterators::Pair;

use super::test::test;
use super::tree::{Cond, Condition};
use crate::joined::Joined;
use crate::syntax::{Grammar, MAX_DEPTH, Rule, too_deep};
use crate::{Diagnostic, Word};

/// Reads `if ...` or `unless ...`; no words are no condition.
pub fn condition(words: &[Word]) -> Result<Option<Condition>, Vec<Diagnostic>> {
    let Some((keyword, rest)) = words.split_first() else { return Ok(None) };
    let unless = match keyword.text.as_str() {
        "if" if !keyword.quoted => false,
        "unless" if !keyword.quoted => true,
        other => {
            let error =
                Diagnostic::error(keyword.span, format!("'if' or 'unless' was expected, found '{other}'"));
            return Err(vec![error.did_you_mean(other, ["if", "unless"])]);
        }
    };
    if rest.is_empty() {
        let error =
            Diagnostic::error(keyword.span, format!("'{}' must be followed by a condition", keyword.text));
        return Err(vec![error.help("name ACLs, or write a test in braces: '{ path_beg /api }'")]);
    }
    let span = keyword.span.to(rest[rest.len() - 1].span);
    Ok(Some(Condition { unless, cond: cond(rest)?, span }))
}

/// Reads what stands behind `if` (at least one word).
fn cond(words: &[Word]) -> Result<Cond, Vec<Diagnostic>> {
    let mut mask = Mask { inside: false };
    let joined = Joined::new(words, '\0', |word| mask.show(word));
    let mut reader = Reader { words, joined, errors: Vec::new(), lost: false };
    if let Some(at) = too_deep(&reader.joined.text) {
        let message = format!("more than {MAX_DEPTH} parentheses inside one another");
        return Err(vec![Diagnostic::error(reader.joined.span(at, at + 1), message)]);
    }
    let text = reader.joined.text.clone();
    let Ok(parsed) = Grammar::parse(Rule::condition, &text) else {
        return Err(vec![Diagnostic::error(
            words[0].span.to(words[words.len() - 1].span),
            "this condition cannot be read",
        )]);
    };
    let mut found = None;
    for pair in parsed.flat_map(Pair::into_inner) {
        match pair.as_rule() {
            Rule::any if found.is_none() => found = reader.any(pair),
            Rule::stray_close => {
                let at = pair.as_span().start();
                reader.error(at, at + 1, "this ')' closes nothing");
                break;
            }
            _ => {}
        }
    }
    match found {
        Some(cond) if reader.errors.is_empty() => Ok(cond),
        _ => Err(reader.errors),
    }
}

/// What the grammar is shown of each word: those in quotes and those between braces as so many letters.
struct Mask {
    inside: bool,
}

impl Mask {
    fn show(&mut self, word: &Word) -> String {
        let braces = if word.quoted { "" } else { word.text.trim_start_matches(['!', '(']) };
        match (self.inside, braces) {
            (true, "}") if word.text == "}" => self.inside = false,
            (false, "{") => self.inside = true,
            (false, _) if !word.quoted => {}
            _ => return "w".repeat(word.text.len()),
        }
        // A NUL cannot come out of a file, but out of a word made by hand.
        word.text.replace('\0', "w")
    }
}

struct Reader<'a> {
    words: &'a [Word],
    joined: Joined<'a>,
    errors: Vec<Diagnostic>,
    /// A brace is missing, so that the words behind it cannot be told apart: no more is said about them.
    lost: bool,
}

impl Reader<'_> {
    fn any(&mut self, pair: Pair<'_, Rule>) -> Option<Cond> {
        let (ors, alls): (Vec<_>, Vec<_>) = pair.into_inner().partition(|p| p.as_rule() == Rule::or);
        let empty = |all: &Pair<'_, Rule>| all.as_str().is_empty();
        for (i, or) in ors.iter().enumerate() {
            if i == 0 && empty(&alls[0]) {
                self.operator(or, "before");
            }
            if empty(&alls[i + 1]) {
                self.operator(or, "behind");
            }
        }
        // All are read before any is given up, so that each of their mistakes is found.
        let parts: Vec<Option<Cond>> = alls.into_iter().map(|all| self.all(all)).collect();
        let mut parts: Vec<Cond> = parts.into_iter().collect::<Option<_>>()?;
        if parts.len() > 1 { Some(Cond::Any(parts)) } else { parts.pop() }
    }

    fn operator(&mut self, or: &Pair<'_, Rule>, side: &str) {
        let word = or.as_str().trim_end_matches('\0');
        let start = or.as_span().start();
        self.error(start, start + word.len(), format!("nothing stands {side} this '{word}'"));
    }

    fn all(&mut self, pair: Pair<'_, Rule>) -> Option<Cond> {
        let parts: Vec<Option<Cond>> = pair.into_inner().map(|term| self.term(term)).collect();
        let mut parts: Vec<Cond> = parts.into_iter().collect::<Option<_>>()?;
        if parts.len() > 1 { Some(Cond::All(parts)) } else { parts.pop() }
    }

    fn term(&mut self, pair: Pair<'_, Rule>) -> Option<Cond> {
        let (start, whole_end) = (pair.as_span().start(), pair.as_span().end());
        let mut negated = false;
        let mut cond = None;
        for part in pair.into_inner() {
            match part.as_rule() {
                Rule::not => negated = !negated,
                Rule::nothing => self.error(start, start + 1, "this '!' negates nothing"),
                Rule::test => cond = self.test(part),
                Rule::group => cond = self.group(part),
                Rule::bare_call => self.bare_call(&part),
                _ => cond = self.named(part),
            }
        }
        let cond = cond?;
        let end = self.joined.text[..whole_end].trim_end_matches('\0').len();
        Some(if negated { Cond::Not(Box::new(cond), self.joined.span(start, end)) } else { cond })
    }

    fn test(&mut self, pair: Pair<'_, Rule>) -> Option<Cond> {
        let open = pair.as_span().start();
        let first = self.joined.index(open) + 1;
        let mut count = 0;
        for part in pair.into_inner() {
            if part.as_rule() == Rule::unclosed {
                self.unclosed_brace(open, first);
                return None;
            }
            count += 1;
        }
        let place = self.joined.span(open, open + 1).to(self.words[first + count].span);
        match test(&self.words[first..first + count], place) {
            Ok(test) => Some(Cond::Test(test)),
            Err(errors) => {
                errors.into_iter().for_each(|error| self.report(error));
                None
            }
        }
    }

    fn unclosed_brace(&mut self, open: usize, first: usize) {
        let tight = |w: &&Word| w.text.starts_with('}') || (w.text.ends_with('}') && !w.text.contains('{'));
        let help = match self.words[first..].iter().find(tight) {
            Some(word) => format!("write a space on both sides of the brace in '{}'", word.text),
            None => "close it with ' }'".to_owned(),
        };
        let span = self.joined.span(open, open + 1);
        self.report(Diagnostic::error(span, "this '{' is never closed").help(help));
        self.lost = true;
    }

    fn group(&mut self, pair: Pair<'_, Rule>) -> Option<Cond> {
        let open = pair.as_span().start();
        let mut cond = None;
        for part in pair.into_inner() {
            match part.as_rule() {
                Rule::unclosed => {
                    self.error(open, open + 1, "this '(' is never closed");
                    return None;
                }
                _ if part.as_str().is_empty() => {
                    self.error(open, part.as_span().end() + 1, "nothing stands between these parentheses");
                    return None;
                }
                _ => cond = self.any(part),
            }
        }
        cond
    }

    fn bare_call(&mut self, pair: &Pair<'_, Rule>) {
        let (start, end) = (pair.as_span().start(), pair.as_span().end() - 1);
        let text = &self.joined.text[start..end];
        let error =
            Diagnostic::error(self.joined.span(start, end), format!("'{text}' is not the name of an ACL"));
        let help = format!("a test without a name stands in braces: '{{ {text} ... }}'");
        self.report(error.help(help));
    }

    fn named(&mut self, pair: Pair<'_, Rule>) -> Option<Cond> {
        let (start, end) = pair.into_inner().next().map(|p| (p.as_span().start(), p.as_span().end()))?;
        let word = &self.words[self.joined.index(start)];
        let span = self.joined.span(start, end);
        if span == word.span {
            return self.checked(word.clone());
        }
        self.checked(Word { quoted: word.quoted, ..Word::plain(&self.joined.text[start..end], span) })
    }

    fn checked(&mut self, name: Word) -> Option<Cond> {
        match acl_name(&name) {
            Ok(()) => Some(Cond::Named(name)),
            Err(error) => {
                self.report(error);
                self.lost |= name.text.starts_with('{');
                None
            }
        }
    }

    fn error(&mut self, start: usize, end: usize, message: impl Into<String>) {
        self.report(Diagnostic::error(self.joined.span(start, end.max(start + 1)), message));
    }

    fn report(&mut self, error: Diagnostic) {
        if !self.lost {
            self.errors.push(error);
        }
    }
}

/// Checks that a word can be the name of an ACL: letters, digits, `-`, `_`, `.` and `:`.
pub(super) fn acl_name(name: &Word) -> Result<(), Diagnostic> {
    let text = name.text.as_str();
    let Some((at, wrong)) =
        text.char_indices().find(|&(_, c)| !c.is_ascii_alphanumeric() && !"-_.:".contains(c))
    else {
        return if text.is_empty() {
            Err(Diagnostic::error(name.span, "the name of an ACL is empty"))
        } else {
            Ok(())
        };
    };
    let place = name.part(at, at + wrong.len_utf8());
    Err(match wrong {
        '}' if text == "}" => Diagnostic::error(name.span, "this '}' closes nothing"),
        '{' | '}' => Diagnostic::error(place, format!("'{wrong}' must be a word of its own"))
            .help("write a space on both sides of each brace"),
        '|' if text == "|" => Diagnostic::error(name.span, "unknown operator '|'").help("did you mean '||'?"),
        '|' => Diagnostic::error(place, "'||' must be a word of its own")
            .help("write a space on both sides of it"),
        '&' => Diagnostic::error(place, format!("'{wrong}' is no operator in a condition"))
            .help("leave it out: what stands side by side must all hold"),
        ',' => Diagnostic::error(place, "unexpected ',' in a condition")
            .help("leave it out between ACLs, or write 'or'; an expression stands in braces"),
        _ => Diagnostic::error(place, format!("'{wrong}' cannot be part of the name of an ACL"))
            .help("a name is made of letters, digits, '-', '_', '.' and ':'"),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cfg::words::{RawLine, cut};
    use crate::{FileId, Span};

    fn words(text: &str) -> Vec<Word> {
        cut(RawLine { file: FileId(0), start: 0, text }, &|_| None).0
    }

    /// A condition in short: `&(..)`, `|(..)`, `!`, names, and the fetch of a test in braces.
    fn short(cond: &Cond) -> String {
        let list = |parts: &[Cond]| parts.iter().map(short).collect::<Vec<_>>().join(" ");
        match cond {
            Cond::Any(parts) => format!("|({})", list(parts)),
            Cond::All(parts) => format!("&({})", list(parts)),
            Cond::Not(inner, _) => format!("!{}", short(inner)),
            Cond::Named(name) => name.text.clone(),
            Cond::Test(test) => format!("{{{}/{}}}", test.expr.fetch.name, test.patterns.len()),
        }
    }

    fn read(text: &str) -> String {
        let condition = condition(&words(text)).unwrap_or_else(|e| panic!("{text}: {e:?}"));
        short(&condition.expect("a condition").cond)
    }

    fn mistake(text: &str) -> (u32, u32) {
        let errors = condition(&words(text)).expect_err(text);
        errors[0].span.map(|s| (s.start, s.end)).expect("a place")
    }

    #[test]
    fn or_binds_weaker_than_side_by_side_and_not_binds_strongest() {
        assert_eq!(read("if a !b or c || ! d e"), "|(&(a !b) c &(!d e))");
        assert_eq!(read("unless !!a ! ! ! b"), "&(a !b)");
        assert_eq!(read("if !{ path -i /a /b } or { src 1.1.1.1 }"), "|(!{path/2} {src/1})");
    }

    #[test]
    fn parentheses_group() {
        assert_eq!(read("if ( a or b ) !c"), "&(|(a b) !c)");
        assert_eq!(read("if (a or !(b or c)) d"), "&(|(a !|(b c)) d)");
        assert_eq!(read("if !( { path ) } or a)"), "!|({path/1} a)");
    }

    #[test]
    fn an_or_may_be_written_large() {
        assert_eq!(read("if a OR b Or c"), "|(a b c)");
        assert_eq!(read("if a ORb"), "&(a ORb)");
    }

    #[test]
    fn what_is_in_quotes_or_braces_is_no_operator() {
        assert_eq!(read(r#"if { path "}" or ( ! { "if" }"#), "{path/6}");
        assert_eq!(read(r#"if "or" or 'or'"#), "|(or or)");
    }

    #[test]
    fn the_span_of_a_part_is_its_own() {
        let condition = condition(&words("if a !b")).expect("reads").expect("a condition");
        let Cond::All(parts) = condition.cond else { panic!("all") };
        let Cond::Not(inner, span) = &parts[1] else { panic!("not") };
        assert_eq!(*span, Span { file: FileId(0), start: 5, end: 7 });
        assert!(matches!(&**inner, Cond::Named(word) if word.span.start == 6 && word.text == "b"));
    }

    #[test]
    fn mistakes_are_shown_at_their_place() {
        assert_eq!(mistake("if"), (0, 2));
        assert_eq!(mistake("if or a"), (3, 5));
        assert_eq!(mistake("if a or or b"), (5, 7));
        assert_eq!(mistake("if a ||"), (5, 7));
        assert_eq!(mistake("if a !"), (5, 6));
        assert_eq!(mistake("if a { path /b"), (5, 6));
        assert_eq!(mistake("if a }"), (5, 6));
        assert_eq!(mistake("if { }"), (3, 6));
        assert_eq!(mistake("if {path /}"), (3, 4));
        assert_eq!(mistake("if ( a"), (3, 4));
        assert_eq!(mistake("if a )"), (5, 6));
        assert_eq!(mistake("if ( ) a"), (3, 6));
        assert_eq!(mistake("if hdr(host) -i a"), (3, 12));
        assert_eq!(mistake("if a||b"), (4, 5));
        assert_eq!(mistake("if a && b"), (5, 6));
        assert_eq!(mistake("when a"), (0, 4));
    }

    #[test]
    fn nesting_is_limited() {
        assert!(condition(&words(&format!("if {}a{}", "(".repeat(64), ")".repeat(64)))).is_ok());
        assert!(condition(&words(&format!("if {}a{}", "(".repeat(65), ")".repeat(65)))).is_err());
        assert!(condition(&words(&format!("if {}", "(".repeat(200_000)))).is_err());
        assert!(condition(&words(&format!("if {} a", "!".repeat(200_001)))).is_ok());
        assert!(condition(&words(&format!("if a {}", ") ".repeat(10_000)))).is_err());
    }
}
