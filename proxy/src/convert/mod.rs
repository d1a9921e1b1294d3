//! `portero convert`: a `haproxy.cfg` to the TOML that means the same.
//!
//! What was written is kept where it can be: rules line by line, words with their quotes and variables, the inheritance of
//! `defaults`. Of `.if` the branch is taken that holds now. Comments above sections and
//! rules are kept.

mod checks;
mod comments;
mod defaults;
mod plugins;
mod print;
mod record;
mod section;

use std::path::PathBuf;
use std::process::ExitCode;

use portero_grammar::cfg::{Section, parse};
use portero_grammar::{Diagnostics, Sources};

use crate::config::checked::{Checked, Mode};
use crate::config::{environment, load};
use defaults::Defaults;
use print::{Entries, Item};
use section::Converter;

/// Prints the TOML, or what is wrong with the configuration.
pub fn main(paths: &[PathBuf]) -> ExitCode {
    if let Some(path) = paths.iter().find(|path| path.extension().is_some_and(|e| e == "toml")) {
        eprintln!("error: '{}' is TOML already", path.display());
        return ExitCode::FAILURE;
    }
    // a name that does not resolve here may well do so where the file is used
    let options = load::Options { ignore_unresolved: true, ..load::Options::default() };
    let loaded = load::load(paths, &options);
    let Some(checked) = loaded.checked else {
        eprintln!("{}", loaded.diagnostics.render(&loaded.sources, false));
        return ExitCode::FAILURE;
    };
    let (mut sources, mut diagnostics) = (Sources::default(), Diagnostics::default());
    let files = load::open(paths, &mut sources, &mut diagnostics);
    let written = parse(&sources, &files, &mut environment::process(None, false));
    let names: Vec<_> = files.iter().map(|&file| sources.name(file)).collect();
    print!("# Converted by 'portero convert' from {}.\n\n", names.join(", "));
    print!("{}", convert(&sources, &written.sections, &checked));
    ExitCode::SUCCESS
}

/// The TOML that means the same as these sections. `checked` is what they mean: it says which mode was assumed.
pub fn convert(sources: &Sources, sections: &[Section], checked: &Checked) -> String {
    let defaults = Defaults::new(sections);
    let (global, others): (Vec<_>, Vec<_>) =
        sections.iter().enumerate().partition(|(_, section)| section.header.keyword() == "global");
    let mut tables = Vec::new();
    if !global.is_empty() {
        // several of them are one
        let lines: Vec<_> = global.iter().flat_map(|(_, section)| &section.lines).collect();
        let comments = global.iter().flat_map(|(_, section)| comments::above(sources, section.header.span));
        let (plugins, lines) = plugins::tables(sources, lines);
        let entries = Converter::new(sources, "global").entries(lines.into_iter());
        tables.push(table(comments.collect(), "global", &entries));
        tables.extend(plugins);
    }
    for (place, section) in others {
        let comments = comments::above(sources, section.header.span);
        let (header, entries) = named(sources, section, place, checked, &defaults);
        tables.push(table(comments, &header, &entries));
    }
    tables.join("\n")
}

/// Header and keys of a section.
fn named(
    sources: &Sources,
    section: &Section,
    place: usize,
    checked: &Checked,
    defaults: &Defaults<'_>,
) -> (String, Entries) {
    let kind = section.header.keyword();
    let name = print::key(section.header.words.get(1).map_or("", |word| &word.text));
    let converter = Converter::new(sources, kind);
    let from = defaults.from(place);
    match kind {
        "http-errors" => (format!("http_errors.{name}"), converter.entries(section.lines.iter())),
        "userlist" | "policy" | "peers" | "table" => {
            (format!("{kind}.{name}"), converter.entries(section.lines.iter()))
        }
        "defaults" => (defaults.header(place), [from, converter.entries(section.lines.iter())].concat()),
        _ => {
            let entries = proxy(&converter, section, checked, from, defaults.has_mode(place));
            (format!("{kind}.{name}"), entries)
        }
    }
}

/// A table with the comments above it.
fn table(comments: Vec<String>, header: &str, entries: &Entries) -> String {
    let comments: String = comments.into_iter().map(|line| line + "\n").collect();
    comments + &print::table(header, entries)
}

/// The keys of a proxy.
fn proxy(
    converter: &Converter<'_>,
    section: &Section,
    checked: &Checked,
    from: Entries,
    has_mode: bool,
) -> Entries {
    let mut entries = from;
    if !has_mode && assumed(section, checked) == Some(Mode::Tcp) {
        entries.push(("mode".to_owned(), Item::Text("tcp".to_owned())));
    }
    let old = defaults::old_address(section);
    entries.extend(converter.entries(old.iter().chain(&section.lines)));
    checks::gather(&mut entries);
    entries
}

/// The mode of a proxy, whether written or not; none for one that is disabled.
fn assumed(section: &Section, checked: &Checked) -> Option<Mode> {
    checked.proxies.iter().find(|proxy| proxy.span == section.header.span).map(|proxy| proxy.mode)
}

#[cfg(test)]
mod tests;
