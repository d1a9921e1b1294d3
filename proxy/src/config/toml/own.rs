//! Keys whose text is HAProxy's: `rules`, `options` and `lines`.

use std::path::Path;

use portero_grammar::cfg::{Line, SECTIONS};
use portero_grammar::{Diagnostic, Word, rules as grammar};
use toml::de::{DeTable, DeValue};

use super::section::Section;
use super::strings::Text;
use super::values::{Name, Value};
use crate::config::files;
use crate::config::policy::APPLY;

/// `rules`: lines of the rule language, in a string or in a file.
pub(super) fn rules(section: &mut Section<'_, '_>, value: &Value<'_>) {
    let lines = match value.get_ref() {
        DeValue::Table(table) => from_file(section, table, value),
        DeValue::String(_) => section.reader.lines("rules", value).unwrap_or_default(),
        _ => section.reader.refuse("rules", "a string, or a table with 'file'", value).unwrap_or_default(),
    };
    for words in lines {
        if grammar::is_statement(&words).is_some() || words[0].text == APPLY {
            section.line(whole(words));
        } else {
            let first = &words[0];
            let error = Diagnostic::error(first.span, format!("'{}' is no rule", first.text));
            let help = "other words have a key of their own; any line of haproxy.cfg can stand in 'lines'";
            section
                .reader
                .out
                .push(error.help(help).did_you_mean(&first.text, grammar::keywords().chain([APPLY])));
        }
    }
}

/// `rules = { file = "front.rules" }`, looked for beside the TOML file.
fn from_file(section: &mut Section<'_, '_>, table: &DeTable<'_>, value: &Value<'_>) -> Vec<Vec<Word>> {
    let reader = &mut *section.reader;
    let mut path = None;
    for (name, value) in table.iter() {
        match name.get_ref().as_ref() {
            "file" => path = reader.word("rules.file", value),
            _ => reader.unknown(name, "'rules'", ["file"]),
        }
    }
    let Some(path) = path else {
        reader.error(value, "'rules' needs 'file'");
        return Vec::new();
    };
    let folder = Path::new(reader.sources.name(reader.file)).parent().unwrap_or(Path::new("")).to_owned();
    match files::read(&folder.join(&path.text)) {
        Ok(bytes) => {
            let name = folder.join(&path.text).to_string_lossy().into_owned();
            let (file, diagnostic) = portero_grammar::cfg::add_bytes(reader.sources, name, bytes);
            reader.out.extend(diagnostic);
            Text::file(file, reader.sources).lines(reader.sources, reader.env, reader.out)
        }
        Err(message) => {
            reader.out.push(Diagnostic::error(path.span, message));
            Vec::new()
        }
    }
}

/// `options`: what stands behind `option`, each in a string; `no` in front turns one off.
pub(super) fn options(section: &mut Section<'_, '_>, name: &Name<'_>, value: &Value<'_>) {
    let items = match value.get_ref() {
        DeValue::Array(items) => items.iter().collect(),
        _ => vec![value],
    };
    for item in items {
        for words in section.reader.lines("options", item).unwrap_or_default() {
            let option = Word::plain("option", section.reader.span(name));
            let (no, rest) = words.split_at(usize::from(matches!(&*words[0].text, "no" | "default")));
            let span = words[0].span.to(words[words.len() - 1].span);
            section.line_first(Line { words: [no, &[option], rest].concat(), span });
        }
    }
}

/// `lines`: any lines of `haproxy.cfg`.
pub(super) fn lines(section: &mut Section<'_, '_>, value: &Value<'_>) {
    let items = match value.get_ref() {
        DeValue::Array(items) => items.iter().collect(),
        _ => vec![value],
    };
    for item in items {
        for words in section.reader.lines("lines", item).unwrap_or_default() {
            if SECTIONS.contains(&&*words[0].text) {
                let message = format!("'{}' starts a section, and 'lines' stand in one", words[0].text);
                section.reader.out.push(Diagnostic::error(words[0].span, message));
            } else {
                section.line(whole(words));
            }
        }
    }
}

fn whole(words: Vec<Word>) -> Line {
    let span = words[0].span.to(words[words.len() - 1].span);
    Line { words, span }
}
