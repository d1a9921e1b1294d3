//! The words of an action, taken one by one.

use std::time::Duration;

use portero_grammar::rules::{self as tree, Arg, Family};
use portero_grammar::{Diagnostic, Span, Word};

use super::headers::is_name;
use super::text::Text;
use crate::format::Escape;
use crate::matching::Regex;
use crate::{Compiler, Expr, Reported, units};

/// A cursor over the words of one action.
pub(crate) struct Words<'c, 'a> {
    pub(crate) compiler: &'c Compiler<'a>,
    pub(crate) family: Family,
    action: &'c tree::Action,
    whole: Span,
    at: usize,
}

impl<'c, 'a> Words<'c, 'a> {
    pub(crate) fn new(compiler: &'c Compiler<'a>, rule: &'c tree::Rule) -> Self {
        Words { compiler, family: rule.family, action: &rule.action, whole: rule.span, at: 0 }
    }

    /// The action's name as messages call it.
    pub(crate) fn name(&self) -> &'c str {
        if self.action.name.text.is_empty() { "redirect" } else { &self.action.name.text }
    }

    /// The place of the action's name.
    pub(crate) fn span(&self) -> Span {
        if self.action.name.text.is_empty() { self.whole } else { self.action.name.span }
    }

    /// What stands in the parentheses behind the name.
    pub(crate) fn params(&self) -> &'c [Arg] {
        self.action.params.as_deref().unwrap_or_default()
    }

    /// The next word, not taken.
    pub(crate) fn peek(&self) -> Option<&'c Word> {
        self.action.words.get(self.at)
    }

    /// The next word, where there is one.
    pub(crate) fn next(&mut self) -> Option<&'c Word> {
        let word = self.action.words.get(self.at)?;
        self.at += 1;
        Some(word)
    }

    /// The next word, which must be there; `what` names it: `a header name`.
    pub(crate) fn need(&mut self, what: &str) -> Result<&'c Word, Reported> {
        let last = self.action.words.last().map_or(self.span(), |w| w.span);
        self.next().ok_or_else(|| self.compiler.error(last, format!("'{}': {what} is missing", self.name())))
    }

    /// Takes all words that are left.
    pub(crate) fn rest(&mut self) -> &'c [Word] {
        let rest = &self.action.words[self.at..];
        self.at = self.action.words.len();
        rest
    }

    /// Takes the next word when it is this one.
    pub(crate) fn take(&mut self, keyword: &str) -> bool {
        let hit = self.peek().is_some_and(|w| w.text == keyword);
        self.at += usize::from(hit);
        hit
    }

    /// Whether the next word begins as a number does.
    pub(crate) fn is_number(&self) -> bool {
        self.peek().is_some_and(|word| word.text.starts_with(|c: char| c.is_ascii_digit()))
    }

    /// An expression.
    pub(crate) fn expr(&mut self) -> Result<Expr, Reported> {
        let word = self.need("an expression")?;
        self.compiler.expr_of(word)
    }

    /// A log format, or a text that is always the same.
    pub(crate) fn text(&mut self, what: &str, escape: Escape) -> Result<Text, Reported> {
        let word = self.need(what)?;
        self.compiler.build_format(word, escape).map(Text::new)
    }

    /// A regular expression.
    pub(crate) fn regex(&mut self) -> Result<Regex, Reported> {
        let word = self.need("a regular expression")?;
        Regex::new(&word.text, false).map_err(|message| self.compiler.error(word.span, message))
    }

    /// The name of a header field (RFC 9110, 5.1).
    pub(crate) fn header_name(&mut self) -> Result<Box<[u8]>, Reported> {
        let word = self.need("a header name")?;
        match is_name(word.bytes()) {
            true => Ok(word.bytes().into()),
            false => {
                Err(self.compiler.error(word.span, format!("'{}' is no name of a header field", word.text)))
            }
        }
    }

    /// A status code within bounds.
    pub(crate) fn status(&mut self, least: u16, most: u16) -> Result<u16, Reported> {
        let word = self.need("a status code")?;
        match word.text.parse::<u16>() {
            Ok(code) if (least..=most).contains(&code) => Ok(code),
            _ => {
                let message = format!("'{}' is no status code from {least} to {most}", word.text);
                Err(self.compiler.error(word.span, message))
            }
        }
    }

    /// A time, in milliseconds where it has no unit.
    pub(crate) fn time(&mut self) -> Result<Duration, Reported> {
        let word = self.need("a time")?;
        units::time(&word.text).map_err(|message| self.compiler.error(word.span, message))
    }

    /// A size in bytes.
    pub(crate) fn size(&mut self) -> Result<u64, Reported> {
        let word = self.need("a size")?;
        units::size(&word.text).map_err(|message| self.compiler.error(word.span, message))
    }

    /// The bytes of the file that a word names.
    pub(crate) fn file(&mut self) -> Result<Vec<u8>, Reported> {
        let word = self.need("a file")?;
        let read = self.compiler.context.files.read(&word.text);
        read.map_err(|why| self.compiler.error(word.span, format!("cannot read '{}': {why}", word.text)))
    }

    /// Says that a word is not one of those that may stand here.
    pub(crate) fn unexpected<'w>(&self, word: &Word, known: impl IntoIterator<Item = &'w str>) -> Reported {
        let message = format!("unexpected '{}' in '{}'", word.text, self.name());
        self.compiler.fail(Diagnostic::error(word.span, message).did_you_mean(&word.text, known))
    }

    /// Says what is wrong with the action as a whole.
    pub(crate) fn fail(&self, message: impl std::fmt::Display) -> Reported {
        self.compiler.error(self.span(), format!("'{}': {message}", self.name()))
    }

    /// No words may be left.
    pub(crate) fn done(&self) -> Result<(), Reported> {
        match self.peek() {
            None => Ok(()),
            Some(word) => {
                let message = format!("unexpected '{}' behind '{}'", word.text, self.name());
                let error = Diagnostic::error(word.span, message);
                Err(self.compiler.fail(error.help("a condition begins with 'if' or 'unless'")))
            }
        }
    }
}
