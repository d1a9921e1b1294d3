//! One use of a keyword: what its handler is given.

use std::ops::RangeInclusive;
use std::time::Duration;

use portero_grammar::{Diagnostic, Span, Word};

use crate::config::reading::Reading;
use crate::config::time::{self, Unit};

/// What stands in front of a keyword.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::config) enum Form {
    Plain,
    /// `no`
    No,
    /// `default`
    Default,
}

/// A keyword with its words, and what it sets.
pub(in crate::config) struct Call<'c, T> {
    pub(in crate::config) target: &'c mut T,
    pub(in crate::config) reading: &'c mut Reading,
    /// The keyword as the table has it.
    pub(in crate::config) name: &'static str,
    /// The place of the keyword.
    pub(in crate::config) span: Span,
    /// The place of the whole line.
    pub(in crate::config) line: Span,
    pub(in crate::config) args: &'c [Word],
    pub(in crate::config) form: Form,
}

impl<'c, T> Call<'c, T> {
    /// An error that points at the keyword.
    pub(in crate::config) fn error(&self, message: impl Into<String>) -> Diagnostic {
        Diagnostic::error(self.span, message)
    }

    /// A word that must be there.
    pub(in crate::config) fn word(&self, index: usize) -> Result<&'c Word, Diagnostic> {
        let missing =
            || self.error(format!("'{}' needs {} more", self.name, words(index + 1 - self.args.len())));
        self.args.get(index).ok_or_else(missing)
    }

    /// The text of a word that must be there.
    pub(in crate::config) fn text(&self, index: usize) -> Result<&'c str, Diagnostic> {
        Ok(&self.word(index)?.text)
    }

    /// A time, in milliseconds where it has no unit.
    pub(in crate::config) fn time(&self, index: usize) -> Result<Duration, Diagnostic> {
        let word = self.word(index)?;
        time::duration(&word.text, Unit::Millis).map_err(|e| self.about(word, e))
    }

    /// A time, in seconds where it has no unit.
    pub(in crate::config) fn seconds(&self, index: usize) -> Result<Duration, Diagnostic> {
        let word = self.word(index)?;
        time::duration(&word.text, Unit::Seconds).map_err(|e| self.about(word, e))
    }

    /// A whole number within bounds.
    pub(in crate::config) fn number<N: TryFrom<i64>>(
        &self,
        index: usize,
        bounds: RangeInclusive<i64>,
    ) -> Result<N, Diagnostic> {
        let word = self.word(index)?;
        let number = time::number(&word.text, bounds).map_err(|e| self.about(word, e))?;
        N::try_from(number).map_err(|_| self.about(word, format!("'{number}' is too large")))
    }

    /// A size in bytes.
    pub(in crate::config) fn size(&self, index: usize) -> Result<u64, Diagnostic> {
        let word = self.word(index)?;
        time::size(&word.text).map_err(|e| self.about(word, e))
    }

    /// One of a list of words.
    pub(in crate::config) fn choice<V: Copy>(
        &self,
        index: usize,
        list: &[(&str, V)],
    ) -> Result<V, Diagnostic> {
        let word = self.word(index)?;
        choose(self.name, word, list)
    }

    /// Says what is wrong with one of the words.
    pub(in crate::config) fn about(&self, word: &Word, message: impl Into<String>) -> Diagnostic {
        Diagnostic::error(word.span, format!("'{}': {}", self.name, message.into()))
    }

    /// Says that a word of old versions is taken for a new one.
    pub(in crate::config) fn migrated(&mut self, new: &str) {
        let note = format!("'{}' is a word of old versions of HAProxy, '{new}' means the same", self.name);
        self.reading.out.push(Diagnostic::note(self.span, note).help(format!("write '{new}'")));
    }

    /// Refuses a word that HAProxy knows.
    pub(in crate::config) fn not_yet(&self, word: &Word) -> Diagnostic {
        let message = format!("'{}' of '{}' is not supported yet", word.text, self.name);
        Diagnostic::error(word.span, message)
    }

    pub(super) fn check_count(&self, (least, most): (usize, usize)) -> Result<(), Diagnostic> {
        let count = self.args.len();
        if count < least {
            return Err(self.error(format!("'{}' needs {} more", self.name, words(least - count))));
        }
        match self.args.get(most) {
            None => Ok(()),
            Some(extra) => {
                let message = match most {
                    0 => format!("'{}' takes no words behind it, found '{}'", self.name, extra.text),
                    _ => format!("unexpected '{}': '{}' takes {}", extra.text, self.name, words(most)),
                };
                Err(Diagnostic::error(extra.span, message))
            }
        }
    }
}

/// One of a list of words, else an error with a suggestion.
pub(in crate::config) fn choose<V: Copy>(
    keyword: &str,
    word: &Word,
    list: &[(&str, V)],
) -> Result<V, Diagnostic> {
    if let Some((_, value)) = list.iter().find(|(name, _)| *name == word.text) {
        return Ok(*value);
    }
    let names: Vec<_> = list.iter().map(|(name, _)| *name).collect();
    let error = Diagnostic::error(word.span, format!("unknown '{}' behind '{keyword}'", word.text));
    let error = error.help(format!("one of: {}", names.join(", ")));
    Err(error.did_you_mean(&word.text, names))
}

fn words(count: usize) -> String {
    if count == 1 { "1 word".to_owned() } else { format!("{count} words") }
}
