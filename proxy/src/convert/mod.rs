//! `portero convert`: a `haproxy.cfg` to the TOML that means the same.
//!
//! What was written is kept where it can be: rules line by line, words with their quotes and variables, the inheritance of
//! `defaults`. Of `.if` the branch is taken that holds now, and comments are left behind.

mod checks;
mod defaults;
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
    let mut tables = Vec::new();
    let mut global = sections.iter().filter(|section| section.header.keyword() == "global").peekable();
    if global.peek().is_some() {
        let lines = global.flat_map(|section| &section.lines);
        tables.push(print::table(
            "global",
            &Converter::new(sources, "global").entries(lines.collect::<Vec<_>>().into_iter()),
        ));
    }
    for (index, section) in sections.iter().enumerate() {
        let kind = section.header.keyword();
        let name = section.header.words.get(1).map_or("", |word| &word.text);
        let converter = Converter::new(sources, kind);
        match kind {
            "global" => continue,
            "http-errors" => {
                let entries = converter.entries(section.lines.iter());
                tables.push(print::table(&format!("http_errors.{}", print::key(name)), &entries));
            }
            "defaults" => {
                let entries = [defaults.from(index), converter.entries(section.lines.iter())].concat();
                tables.push(print::table(&defaults.header(index), &entries));
            }
            _ => {
                let entries =
                    proxy(&converter, section, checked, defaults.from(index), defaults.has_mode(index));
                tables.push(print::table(&format!("{kind}.{}", print::key(name)), &entries));
            }
        }
    }
    tables.join("\n")
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
