//! The words of one line, taken one after the other.

use portero_api::{BadArg, Expression, Format, Setup};

/// A line and how far it was read; knows where the guilty word of an error stands.
pub(super) struct Words<'a> {
    setup: &'a Setup<'a>,
    line: usize,
    words: &'a [String],
    at: usize,
}

impl<'a> Words<'a> {
    /// The line of this number, from its second word on.
    pub(super) fn new(setup: &'a Setup<'a>, line: usize) -> Words<'a> {
        Words { setup, line, words: &setup.lines[line], at: 1 }
    }

    /// The next word.
    pub(super) fn next(&mut self) -> Option<&'a str> {
        let word = self.words.get(self.at)?;
        self.at += 1;
        Some(word)
    }

    /// The next word, without taking it.
    pub(super) fn peek(&self) -> Option<&'a str> {
        self.words.get(self.at).map(String::as_str)
    }

    /// The word that belongs to the one before it.
    pub(super) fn value(&mut self) -> Result<&'a str, BadArg> {
        let name = &self.words[self.at - 1];
        self.next().ok_or_else(|| BadArg::in_line(self.line, self.at - 1, format!("'{name}' needs a value")))
    }

    /// An error about the word that was taken last.
    pub(super) fn bad(&self, message: impl Into<String>) -> BadArg {
        BadArg::in_line(self.line, self.at - 1, message)
    }

    /// An error about the word that was taken last, which is none of those known.
    pub(super) fn unknown(&self, known: &str) -> BadArg {
        self.bad(format!("'{}' is not known here: {known} are", self.words[self.at - 1]))
    }

    /// Refuses words that are left over.
    pub(super) fn end(&mut self) -> Result<(), BadArg> {
        match self.next() {
            Some(word) => Err(self.bad(format!("'{word}' is one word too many"))),
            None => Ok(()),
        }
    }

    /// The value is a log format.
    pub(super) fn format(&mut self) -> Result<Box<dyn Format>, BadArg> {
        let text = self.value()?;
        self.setup.compile.format(text).map_err(|error| self.bad(error.message))
    }

    /// The value is a sample expression.
    pub(super) fn expression(&mut self) -> Result<Box<dyn Expression>, BadArg> {
        let text = self.value()?;
        self.setup.compile.expression(text).map_err(|error| self.bad(error.message))
    }

    /// The value is a regular expression over bytes.
    pub(super) fn regex(&mut self) -> Result<regex::bytes::Regex, BadArg> {
        self.regex_of(false)
    }

    /// The same; case is no difference where `caseless`.
    pub(super) fn regex_of(&mut self, caseless: bool) -> Result<regex::bytes::Regex, BadArg> {
        let text = self.value()?;
        let made = regex::bytes::RegexBuilder::new(text).unicode(false).case_insensitive(caseless).build();
        made.map_err(|error| self.bad(format!("'{text}' is no regular expression: {error}")))
    }

    /// The value is a string of pairs of hexadecimal digits.
    pub(super) fn hex(&mut self) -> Result<Vec<u8>, BadArg> {
        let text = self.value()?;
        from_hex(text.as_bytes()).ok_or_else(|| self.bad(format!("'{text}' is no even number of hex digits")))
    }
}

/// The bytes that pairs of hexadecimal digits stand for.
pub(super) fn from_hex(text: &[u8]) -> Option<Vec<u8>> {
    let digit = |b: u8| char::from(b).to_digit(16).map(|d| d as u8);
    let pairs = text.chunks(2).map(|pair| match pair {
        [high, low] => Some(digit(*high)? << 4 | digit(*low)?),
        _ => None,
    });
    pairs.collect()
}
