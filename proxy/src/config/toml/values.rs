//! Values of TOML to words, and what is said when a value is of the wrong kind.

use portero_grammar::cfg::Environment;
use portero_grammar::{Diagnostic, Diagnostics, FileId, Sources, Span, Word};
use toml::Spanned;
use toml::de::{DeString, DeTable, DeValue};

use super::strings::Text;

/// A value with its place.
pub(super) type Value<'i> = Spanned<DeValue<'i>>;
/// A key with its place.
pub(super) type Name<'i> = Spanned<DeString<'i>>;

/// What is at hand while a file is read.
pub(super) struct Reader<'a> {
    pub(super) sources: &'a mut Sources,
    pub(super) file: FileId,
    pub(super) env: &'a mut dyn Environment,
    pub(super) out: &'a mut Diagnostics,
}

impl Reader<'_> {
    /// The place of a key or value.
    pub(super) fn span<T>(&self, at: &Spanned<T>) -> Span {
        let range = at.span();
        Span { file: self.file, start: range.start as u32, end: range.end as u32 }
    }

    /// Reports what is wrong with a key or value.
    pub(super) fn error<T>(&mut self, at: &Spanned<T>, message: impl Into<String>) {
        self.out.push(Diagnostic::error(self.span(at), message));
    }

    /// A string, or a report that there is none.
    pub(super) fn text<'v>(&mut self, what: &str, value: &'v Value<'_>) -> Option<Text<'v>> {
        match value.get_ref() {
            DeValue::String(text) => Some(Text::value(text, self.span(value), self.sources)),
            _ => self.refuse(what, "a string", value),
        }
    }

    /// One word: a string, which stands as it is, or a whole number.
    pub(super) fn word(&mut self, what: &str, value: &Value<'_>) -> Option<Word> {
        match value.get_ref() {
            DeValue::Integer(number) => match i64::from_str_radix(number.as_str(), number.radix()) {
                Ok(number) => Some(Word::plain(number.to_string(), self.span(value))),
                Err(_) => self.refuse(what, "a smaller number", value),
            },
            DeValue::String(text) if text.is_empty() => {
                self.error(value, format!("'{what}' is empty"));
                None
            }
            DeValue::String(_) => Some(self.text(what, value)?.word()),
            _ => self.refuse(what, "a string or a number", value),
        }
    }

    /// The words of a line: a string that is cut as in `haproxy.cfg`, a number, or a list of words.
    pub(super) fn words(&mut self, what: &str, value: &Value<'_>) -> Option<Vec<Word>> {
        let words = match value.get_ref() {
            DeValue::String(_) => {
                let mut lines = self.lines(what, value)?;
                if lines.len() > 1 {
                    self.error(value, format!("'{what}' is one line, and these are {}", lines.len()));
                }
                lines.pop()?
            }
            DeValue::Array(items) => {
                items.iter().map(|item| self.word(what, item)).collect::<Option<Vec<_>>>()?
            }
            _ => vec![self.word(what, value)?],
        };
        if words.is_empty() {
            self.error(value, format!("'{what}' is empty"));
        }
        Some(words).filter(|words| !words.is_empty())
    }

    /// The lines of a string, each cut into words.
    pub(super) fn lines(&mut self, what: &str, value: &Value<'_>) -> Option<Vec<Vec<Word>>> {
        let text = self.text(what, value)?;
        let lines = text.lines(self.sources, self.env, self.out);
        if lines.is_empty() {
            self.error(value, format!("'{what}' is empty"));
        }
        Some(lines)
    }

    /// A table, or a report that there is none.
    pub(super) fn table<'v, 'i>(&mut self, what: &str, value: &'v Value<'i>) -> Option<&'v DeTable<'i>> {
        match value.get_ref() {
            DeValue::Table(table) => Some(table),
            _ => self.refuse(what, "a table", value),
        }
    }

    /// Reports a value of the wrong kind.
    pub(super) fn refuse<T>(&mut self, what: &str, wanted: &str, value: &Value<'_>) -> Option<T> {
        self.error(value, format!("'{what}' takes {wanted}, not {}", kind(value.get_ref())));
        None
    }

    /// Reports a key that does not exist.
    pub(super) fn unknown<'n>(
        &mut self,
        key: &Name<'_>,
        place: &str,
        known: impl IntoIterator<Item = &'n str>,
    ) {
        let error = Diagnostic::error(self.span(key), format!("unknown key '{}' in {place}", key.get_ref()));
        self.out.push(error.did_you_mean(key.get_ref(), known));
    }
}

/// A value's kind in words.
fn kind(value: &DeValue<'_>) -> &'static str {
    match value {
        DeValue::String(_) => "a string",
        DeValue::Integer(_) => "a number",
        DeValue::Float(_) => "a number with a fraction",
        DeValue::Boolean(_) => "true or false",
        DeValue::Datetime(_) => "a date",
        DeValue::Array(_) => "a list",
        DeValue::Table(_) => "a table",
    }
}
