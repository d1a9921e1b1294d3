//! The API as text, from the rows that register it: definitions for LuaLS, and the reference in `docs/`.

use std::fmt::Write;

use crate::api::CLASSES;
use crate::class::{Class, Method};

/// Definitions of the whole API for LuaLS and what understands its comments.
pub fn definitions() -> String {
    let mut text = String::from(
        "---@meta\n-- Made from the rows that register the functions: `UPDATE_DOCS=1 cargo test -p portero-lua`.\n",
    );
    for class in CLASSES {
        define(class, &mut text).expect("a text takes everything");
    }
    text
}

/// The reference: a chapter for each class, a row for each function.
pub fn reference() -> String {
    let mut text = String::new();
    for class in CLASSES {
        describe(class, &mut text).expect("a text takes everything");
    }
    text
}

fn define(class: &Class, text: &mut String) -> std::fmt::Result {
    writeln!(text, "\n---{}", class.summary)?;
    writeln!(text, "---@class {}", class.name)?;
    for field in class.fields {
        writeln!(text, "---@field {} {} {}", field.name, field.kind, field.summary)?;
    }
    let local = if class.global { "" } else { "local " };
    writeln!(text, "{local}{} = {{}}", class.name)?;
    class.methods().try_for_each(|method| define_function(class, method, text))
}

fn define_function(class: &Class, method: &Method, text: &mut String) -> std::fmt::Result {
    let signature = Signature::parse(method.signature);
    writeln!(text, "\n---{}", method.summary)?;
    for (name, kind) in &signature.params {
        writeln!(text, "---@param {name} {kind}")?;
    }
    for result in &signature.results {
        writeln!(text, "---@return {result}")?;
    }
    let names: Vec<_> = signature.params.iter().map(|(name, _)| name.trim_end_matches('?')).collect();
    let mark = if signature.of_object { ':' } else { '.' };
    writeln!(text, "function {}{mark}{}({}) end", class.name, method.name, names.join(", "))
}

fn describe(class: &Class, text: &mut String) -> std::fmt::Result {
    let summary = class.summary;
    writeln!(text, "\n### {}\n\n{}{}.\n", class.name, summary[..1].to_uppercase(), &summary[1..])?;
    if !class.fields.is_empty() {
        writeln!(text, "| attribute | type | |\n|---|---|---|")?;
        for field in class.fields {
            writeln!(text, "| `{}` | `{}` | {} |", field.name, cell(field.kind), field.summary)?;
        }
        writeln!(text)?;
    }
    if class.methods().next().is_some() {
        writeln!(text, "| function | |\n|---|---|")?;
        for method in class.methods() {
            writeln!(text, "| `{}{}` | {} |", method.name, cell(method.signature), method.summary)?;
        }
    }
    Ok(())
}

/// A text that may stand in a table.
fn cell(text: &str) -> String {
    text.replace('|', "\\|")
}

/// A signature taken apart.
struct Signature<'a> {
    /// Whether it is called with a colon.
    of_object: bool,
    params: Vec<(&'a str, &'a str)>,
    results: Vec<&'a str>,
}

impl<'a> Signature<'a> {
    fn parse(signature: &'a str) -> Signature<'a> {
        let close = closing(signature);
        let params = split(&signature[1..close]).into_iter().map(|param| {
            let (name, kind) = param.split_once(':').unwrap_or((param, "any"));
            (name.trim(), kind.trim())
        });
        let mut params: Vec<_> = params.collect();
        let of_object = params.first().is_some_and(|(name, _)| *name == "self");
        if of_object {
            params.remove(0);
        }
        let results = signature[close + 1..].trim_start().trim_start_matches(':').trim();
        Signature { of_object, params, results: split(results) }
    }
}

/// Where the parenthesis that a signature begins with is closed.
fn closing(text: &str) -> usize {
    let mut depth = 0;
    let close = text.char_indices().find(|(_, c)| {
        depth += depth_of(*c);
        depth == 0
    });
    close.map_or(text.len().saturating_sub(1), |(at, _)| at)
}

/// The parts between commas that stand in no brackets.
fn split(text: &str) -> Vec<&str> {
    let (mut depth, mut from, mut parts) = (0, 0, Vec::new());
    for (at, c) in text.char_indices() {
        depth += depth_of(c);
        if c == ',' && depth == 0 {
            parts.push(text[from..at].trim());
            from = at + 1;
        }
    }
    parts.push(text[from..].trim());
    parts.retain(|part| !part.is_empty());
    parts
}

fn depth_of(c: char) -> i32 {
    match c {
        '(' | '{' | '[' | '<' => 1,
        ')' | '}' | ']' | '>' => -1,
        _ => 0,
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    /// Holds a file to what the rows say; `UPDATE_DOCS=1` writes it anew.
    fn held(path: &str, wanted: &str) {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(path);
        if std::env::var_os("UPDATE_DOCS").is_some() {
            std::fs::write(&path, wanted).expect("the file can be written");
        }
        let there = std::fs::read_to_string(&path).unwrap_or_default();
        assert!(there == wanted, "{} is not up to date: run with UPDATE_DOCS=1", path.display());
    }

    #[test]
    fn the_definitions_for_editors_are_those_of_the_rows() {
        held("types/portero.lua", &definitions());
    }

    #[test]
    fn the_reference_is_that_of_the_rows() {
        let intro = "# Lua: all classes\n\nMade from the rows that register the functions (`UPDATE_DOCS=1 cargo test -p portero-lua`). \
            How scripts are loaded and used: [lua.md](lua.md).\n";
        held("../../docs/lua-reference.md", &format!("{intro}{}", reference()));
    }

    #[test]
    fn definitions_are_lua() {
        let lua = mlua::Lua::new();
        lua.load(definitions()).exec().expect("the definitions run");
    }

    #[test]
    fn a_signature_is_taken_apart() {
        let parsed = Signature::parse(
            "(self: A, f: fun(a: string, b: table<string, integer>): any, n?: integer, ...: any): boolean, string?",
        );
        assert!(parsed.of_object);
        let names: Vec<_> = parsed.params.iter().map(|(name, _)| *name).collect();
        assert_eq!(names, ["f", "n?", "..."]);
        assert_eq!(parsed.params[0].1, "fun(a: string, b: table<string, integer>): any");
        assert_eq!(parsed.results, ["boolean", "string?"]);
        assert!(Signature::parse("()").params.is_empty());
    }
}
