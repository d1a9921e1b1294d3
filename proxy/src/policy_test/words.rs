//! The words of one line, taken one after the other, with messages that point at them.

use std::net::SocketAddr;
use std::time::Duration;

use portero_grammar::{Diagnostic, Span, Word};

use crate::config::{address_of, test_time};

/// The words of a line behind its keyword.
#[derive(Clone)]
pub struct Words<'a> {
    line: &'a [Word],
    next: usize,
}

/// A mistake: the message with its place.
pub type Mistake = Box<Diagnostic>;

impl<'a> Words<'a> {
    /// The words of a line; the first is its keyword.
    pub fn new(line: &'a [Word]) -> Words<'a> {
        Words { line, next: 1 }
    }

    /// The whole line.
    pub fn span(&self) -> Span {
        self.line[0].span.to(self.line[self.line.len() - 1].span)
    }

    /// The next word, when there is one.
    pub fn take(&mut self) -> Option<&'a Word> {
        let word = self.line.get(self.next)?;
        self.next += 1;
        Some(word)
    }

    /// The next word; `what` says what it should be.
    pub fn need(&mut self, what: &str) -> Result<&'a Word, Mistake> {
        let last = &self.line[self.next - 1];
        self.take().ok_or_else(|| mistake(last.span, format!("'{}' needs {what} behind it", last.text)))
    }

    /// All that is left; at least one.
    pub fn rest(&mut self, what: &str) -> Result<&'a [Word], Mistake> {
        self.need(what)?;
        let rest = &self.line[self.next - 1..];
        self.next = self.line.len();
        Ok(rest)
    }

    /// Where the last word that was taken stands.
    pub fn last(&self) -> Span {
        self.line[self.next - 1].span
    }

    /// No word may be left.
    pub fn end(&self) -> Result<(), Mistake> {
        match self.line.get(self.next) {
            None => Ok(()),
            Some(extra) => Err(Box::new(
                Diagnostic::error(extra.span, format!("unexpected '{}' at the end of the line", extra.text))
                    .help("a value with blanks in it stands in quotes"),
            )),
        }
    }

    /// One of a few words.
    pub fn one_of<T: Clone>(&mut self, what: &str, table: &[(&str, T)]) -> Result<T, Mistake> {
        let word = self.need(what)?;
        choose(word, what, table)
    }

    /// A whole number.
    pub fn number<T: std::str::FromStr>(&mut self, what: &str) -> Result<T, Mistake> {
        let word = self.need(what)?;
        word.text.parse().map_err(|_| mistake(word.span, format!("'{}' is not {what}", word.text)))
    }

    /// A time such as `10s`.
    pub fn time(&mut self) -> Result<Duration, Mistake> {
        let word = self.need("a time")?;
        test_time(&word.text).map_err(|why| mistake(word.span, why))
    }

    /// An address, with a port or without.
    pub fn address(&mut self, port: u16) -> Result<SocketAddr, Mistake> {
        let word = self.need("an address")?;
        address_of(&word.text, port).map_err(|why| mistake(word.span, why))
    }
}

/// The entry of a table that a word names.
pub fn choose<T: Clone>(word: &Word, what: &str, table: &[(&str, T)]) -> Result<T, Mistake> {
    let found = table.iter().find(|(name, _)| *name == word.text);
    found.map(|(_, value)| value.clone()).ok_or_else(|| {
        let names: Vec<_> = table.iter().map(|&(name, _)| format!("'{name}'")).collect();
        let error = Diagnostic::error(word.span, format!("'{}' is not {what}", word.text));
        let near = portero_grammar::nearest(&word.text, table.iter().map(|&(name, _)| name));
        Box::new(match near {
            Some(near) => error.help(format!("did you mean '{near}'?")),
            None => error.help(format!("there are {}", names.join(", "))),
        })
    })
}

/// An error at a place.
pub fn mistake(span: Span, message: impl Into<String>) -> Mistake {
    Box::new(Diagnostic::error(span, message))
}
