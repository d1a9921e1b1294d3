//! `wasm-load` to `[plugin.NAME]`.

use portero_grammar::Sources;
use portero_grammar::cfg::Line;

use super::section::Converter;
use super::{comments, print, record};
use crate::config::toml::records::PLUGIN;

/// The modules that lines of `global` load as tables, and the lines that stay what they are.
pub(super) fn tables<'l>(sources: &Sources, lines: Vec<&'l Line>) -> (Vec<String>, Vec<&'l Line>) {
    let (mut tables, mut rest) = (Vec::new(), Vec::new());
    for line in lines {
        match table(sources, line) {
            Some(table) => tables.push(table),
            None => rest.push(line),
        }
    }
    (tables, rest)
}

/// None where the line loads no module, or one of its words is more than its text.
fn table(sources: &Sources, line: &Line) -> Option<String> {
    let [keyword, name, words @ ..] = &line.words[..] else { return None };
    let entries = record::fields(&Converter::new(sources, "global"), &PLUGIN, words)?;
    let header = format!("plugin.{}", print::key(&name.text));
    (keyword.text == "wasm-load")
        .then(|| super::table(comments::above(sources, line.span), &header, &entries))
}
