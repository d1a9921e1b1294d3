//! `check`: how all servers of a backend are checked.
//!
//! `check = true` is `default-server check`; a table adds the timing to it. `http` and `expect` choose the probe: they
//! are `option httpchk` and `http-check expect`.

use portero_grammar::{Span, Word};
use toml::de::{DeTable, DeValue};

use super::record;
use super::section::Section;
use super::values::{Name, Value};

/// The keys of `check.http`, in the order of the words.
pub(crate) const HTTP: &[&str] = &["method", "path", "version", "host", "expect_status"];

/// Lowers `check`.
pub(super) fn check(section: &mut Section<'_, '_>, name: &Name<'_>, value: &Value<'_>) {
    let (at, span) = (section.reader.span(name), section.reader.span(value));
    match value.get_ref() {
        DeValue::Boolean(true) => section.push("default-server check", at, span, Vec::new()),
        DeValue::Boolean(false) => section.push("default-server no-check", at, span, Vec::new()),
        DeValue::Table(table) => {
            let words = record::check_words(section.reader, "check", table, &["http", "expect"]);
            section.push("default-server check", at, span, words.unwrap_or_default());
            probe(section, table);
        }
        _ => section.reader.refuse::<()>("check", "true, false or a table", value).unwrap_or_default(),
    }
}

fn probe(section: &mut Section<'_, '_>, table: &DeTable<'_>) {
    for (name, value) in table.iter() {
        let (at, span) = (section.reader.span(name), section.reader.span(value));
        match (name.get_ref().as_ref(), value.get_ref()) {
            ("http", DeValue::Boolean(true)) => section.push("option httpchk", at, span, Vec::new()),
            ("http", DeValue::Table(table)) => http(section, at, span, table),
            ("http", _) => {
                if let Some(words) = section.reader.words("check.http", value) {
                    section.push("option httpchk", at, span, words);
                }
            }
            ("expect", _) => {
                if let Some(words) = section.reader.words("check.expect", value) {
                    section.push("http-check expect", at, span, words);
                }
            }
            _ => {}
        }
    }
}

/// `http = { method, path, version, host, expect_status }`
fn http(section: &mut Section<'_, '_>, at: Span, span: Span, table: &DeTable<'_>) {
    let mut given: [Option<Word>; HTTP.len()] = Default::default();
    for (name, value) in table.iter() {
        match HTTP.iter().position(|key| key == name.get_ref()) {
            Some(place) => {
                given[place] = section.reader.word(&format!("check.http.{}", name.get_ref()), value)
            }
            None => section.reader.unknown(name, "'check.http'", HTTP.iter().copied()),
        }
    }
    let [method, path, version, host, status] = given;
    let or = |word: Option<Word>, default: &str| word.unwrap_or_else(|| Word::plain(default, at));
    let mut words = vec![or(method, "GET"), or(path, "/")];
    match host {
        Some(host) => words.extend([or(version, "HTTP/1.1"), host]),
        None => words.extend(version),
    }
    section.push("option httpchk", at, span, words);
    if let Some(status) = status {
        section.push("http-check expect", at, span, vec![Word::plain("status", at), status]);
    }
}
