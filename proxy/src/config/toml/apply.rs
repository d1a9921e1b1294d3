//! `apply`: policies that a proxy applies, each as a table or as a line.
//!
//! `{ policy = "limit", rate = 50, if = "is_api" }` is `apply limit rate=50 if is_api`. These lines come before those of
//! `rules`; where another order is meant, `apply` stands in `rules` itself.

use portero_grammar::cfg::Line;
use portero_grammar::{Diagnostic, Span, Word};
use toml::de::{DeTable, DeValue};

use super::section::Section;
use super::values::{Name, Reader, Value};
use crate::config::policy::APPLY;

/// Lowers `apply`.
pub(super) fn apply(section: &mut Section<'_, '_>, name: &Name<'_>, value: &Value<'_>) {
    let at = section.reader.span(name);
    section.each(APPLY, value, |section, item| {
        let words = match item.get_ref() {
            DeValue::Table(table) => words(section.reader, table, item),
            _ => section.reader.words(APPLY, item),
        };
        if let Some(words) = words {
            let span = section.reader.span(item);
            let words = [vec![Word::plain(APPLY, at)], words].concat();
            section.line_first(Line { words, span });
        }
    });
}

/// The words behind `apply`: policy, arguments, condition.
fn words(reader: &mut Reader<'_>, table: &DeTable<'_>, value: &Value<'_>) -> Option<Vec<Word>> {
    let (mut policy, mut args, mut condition) = (None, Vec::new(), Vec::new());
    for (name, value) in table.iter() {
        let key = name.get_ref().as_ref();
        match key {
            "policy" => policy = Some(reader.word("apply.policy", value)?),
            "if" | "unless" if !condition.is_empty() => {
                reader.error(name, "there are both 'if' and 'unless'");
                return None;
            }
            "if" | "unless" => {
                condition.push(Word::plain(key, reader.span(name)));
                condition.extend(reader.words(key, value)?);
            }
            _ => args.extend(arguments(reader, name, value)?),
        }
    }
    let Some(policy) = policy else {
        reader.error(value, "'apply' needs 'policy'");
        return None;
    };
    Some([vec![policy], args, condition].concat())
}

/// `PARAM=VALUE`, for each value of a list.
fn arguments(reader: &mut Reader<'_>, name: &Name<'_>, value: &Value<'_>) -> Option<Vec<Word>> {
    let at = reader.span(name);
    let items = match value.get_ref() {
        DeValue::Array(items) => items.iter().collect(),
        _ => vec![value],
    };
    let mut words = Vec::new();
    for item in items {
        let value = match item.get_ref() {
            DeValue::Boolean(on) => Word::plain(on.to_string(), reader.span(item)),
            DeValue::String(text) if text.is_empty() => Word::plain("", reader.span(item)),
            _ => reader.word(name.get_ref(), item)?,
        };
        words.push(argument(name.get_ref(), at, &value));
    }
    if words.is_empty() {
        reader
            .out
            .push(Diagnostic::error(reader.span(value), format!("'{}' is an empty list", name.get_ref())));
        return None;
    }
    Some(words)
}

/// One word of a key and a value, each byte of it in its place.
fn argument(name: &str, at: Span, value: &Word) -> Word {
    let places = (0..value.text.len()).map(|i| value.part(i, i + 1).start);
    let map = (at.start..).take(name.len()).chain([at.end]).chain(places).collect();
    Word { map: Some(map), quoted: true, ..Word::plain(format!("{name}={}", value.text), at.to(value.span)) }
}
