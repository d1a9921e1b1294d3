//! `expect` lines: what is looked at, and what it should be.

use portero_grammar::rules::expr;
use portero_grammar::{Diagnostic, Span, Word};
use regex::bytes::Regex;

use super::tables::{self, Place};
use super::tree::{Expect, Is, Subject};
use super::words::{Mistake, Words, choose, mistake};

/// Makes a subject; it may take words of its own.
type Make = fn(&mut Words<'_>) -> Result<Subject, Mistake>;

const SUBJECTS: [(&str, Make); 16] = [
    ("backend", |_| Ok(Subject::Backend)),
    ("server", |_| Ok(Subject::Server)),
    ("status", |_| Ok(Subject::Status)),
    ("header", |words| Ok(Subject::Header(words.need("the name of a header")?.text.clone()))),
    ("body", |_| Ok(Subject::Body)),
    ("sent", sent),
    ("var", |words| {
        let name = words.need("the name of a variable")?;
        value(name, &format!("var({})", name.text), &format!("var {}", name.text))
    }),
    ("value", |words| {
        let word = words.need("an expression")?;
        value(word, &word.text, &word.text)
    }),
    ("table", table),
    ("log", |_| Ok(Subject::Log)),
    ("termination", |_| Ok(Subject::Termination)),
    ("waited", |_| Ok(Subject::Waited)),
    ("tried", |_| Ok(Subject::Tried)),
    ("closed", |_| Ok(Subject::Closed)),
    ("reset", |_| Ok(Subject::Reset)),
    ("location", |_| Ok(Subject::Header("location".into()))),
];

const SENT: [(&str, fn(String) -> Subject); 5] = [
    ("header", Subject::SentHeader),
    ("method", |_| Subject::SentMethod),
    ("target", |_| Subject::SentTarget),
    ("path", |_| Subject::SentPath),
    ("body", |_| Subject::SentBody),
];

/// Reads what stands behind `expect`.
pub fn read(words: &mut Words<'_>) -> Result<Expect, Mistake> {
    let span = words.span();
    let make: Make = words.one_of("something to expect", &SUBJECTS)?;
    let subject = make(words)?;
    let (is, value) = match subject {
        Subject::Closed | Subject::Reset => (Is::Present, span),
        Subject::Waited => waited(words)?,
        _ => is(words)?,
    };
    Ok(Expect { span, value, subject, is })
}

/// `table NAME key KEY [DATA]`
fn table(words: &mut Words<'_>) -> Result<Subject, Mistake> {
    let mut place = Place::read(words)?;
    let mut ahead = words.clone();
    if let Some(word) = ahead.take() {
        place.slot = tables::slot(word)?;
    }
    if place.slot.is_some() {
        *words = ahead;
    }
    Ok(Subject::Table(place))
}

fn sent(words: &mut Words<'_>) -> Result<Subject, Mistake> {
    let word = words.need("a part of the request as the server gets it")?;
    let make = choose(word, "a part of the request as the server gets it", &SENT)?;
    let name =
        if word.text == "header" { words.need("the name of a header")?.text.clone() } else { String::new() };
    Ok(make(name))
}

/// The value of an expression; the text is read as if it stood where the word does.
fn value(word: &Word, text: &str, name: &str) -> Result<Subject, Mistake> {
    let read = if text == word.text { expr(word) } else { expr(&Word::plain(text, word.span)) };
    match read {
        Ok(expr) => Ok(Subject::Value(name.to_owned(), Box::new(expr))),
        Err(errors) => {
            let first = errors.into_iter().next();
            Err(Box::new(
                first.unwrap_or_else(|| Diagnostic::error(word.span, "this expression cannot be read")),
            ))
        }
    }
}

/// `waited 5s`: a time, in milliseconds.
fn waited(words: &mut Words<'_>) -> Result<(Is, Span), Mistake> {
    let bounds: [(&str, fn(i64) -> Is); 2] = [("at-least", Is::AtLeast), ("at-most", Is::AtMost)];
    let span = words.span();
    let mut ahead = words.clone();
    let bound = ahead.take().and_then(|word| bounds.iter().find(|(name, _)| *name == word.text));
    if bound.is_some() {
        *words = ahead;
    }
    let millis = words.time()?.as_millis() as i64;
    Ok((bound.map_or_else(|| Is::Equal(millis.to_string()), |(_, make)| make(millis)), span))
}

/// What a value should be: `VALUE`, or a word that says how it is compared.
fn is(words: &mut Words<'_>) -> Result<(Is, Span), Mistake> {
    let word = words.need("what it should be")?;
    let text = |words: &mut Words<'_>| Ok::<_, Mistake>(words.need("a text")?.text.clone());
    let is = match word.text.as_str() {
        _ if word.quoted => Is::Equal(word.text.clone()),
        "is" => Is::Equal(text(words)?),
        "not" => {
            let (inner, span) = is(words)?;
            return Ok((Is::Not(Box::new(inner)), word.span.to(span)));
        }
        "in" => Is::OneOf(words.rest("values")?.iter().map(|w| w.text.clone()).collect()),
        "present" => Is::Present,
        "absent" => Is::Absent,
        "contains" => Is::Contains(text(words)?),
        "begins" => Is::Begins(text(words)?),
        "ends" => Is::Ends(text(words)?),
        "at-least" => Is::AtLeast(words.number("a whole number")?),
        "at-most" => Is::AtMost(words.number("a whole number")?),
        "matches" => {
            let pattern = words.need("a regular expression")?;
            let regex = Regex::new(&pattern.text);
            Is::Matches(regex.map_err(|e| mistake(pattern.span, last_line(&e.to_string())))?)
        }
        _ => Is::Equal(word.text.clone()),
    };
    Ok((is, word.span.to(words.last())))
}

/// What a message of several lines comes to.
fn last_line(text: &str) -> String {
    text.lines().last().unwrap_or_default().trim_start_matches("error: ").to_owned()
}
