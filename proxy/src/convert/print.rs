//! TOML text: values, tables that fit a line or are spelled out key by key, strings in the quotes that need no escapes.

use std::fmt::Write;

/// The widest line that is not broken up.
const WIDTH: usize = 100;

/// A value to print.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Item {
    Bool(bool),
    Number(i64),
    Text(String),
    List(Vec<Item>),
    Table(Vec<(String, Item)>),
    /// Lines of a text.
    Block(Vec<String>),
}

/// Keys of a table with their values, in order.
pub(super) type Entries = Vec<(String, Item)>;

/// A table under its header.
pub(super) fn table(header: &str, entries: &Entries) -> String {
    let mut text = format!("[{header}]\n");
    for (key, item) in entries {
        entry(&mut text, &self::key(key), item);
    }
    text
}

/// A key as TOML writes it.
pub(super) fn key(name: &str) -> String {
    let bare = !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '-'));
    if bare { name.to_owned() } else { string(name) }
}

/// Puts an item under a path of keys joined by dots.
pub(super) fn put(entries: &mut Entries, path: &str, item: Item) {
    let Some((table, rest)) = path.split_once('.') else {
        entries.retain(|(key, _)| key != path);
        return entries.push((path.to_owned(), item));
    };
    if let Item::Table(inner) = at(entries, table, || Item::Table(Vec::new())) {
        put(inner, rest, item);
    }
}

/// The item under a key, made where there is none.
pub(super) fn at<'e>(entries: &'e mut Entries, key: &str, make: impl FnOnce() -> Item) -> &'e mut Item {
    let place = entries.iter().position(|(known, _)| known == key).unwrap_or_else(|| {
        entries.push((key.to_owned(), make()));
        entries.len() - 1
    });
    &mut entries[place].1
}

fn entry(text: &mut String, path: &str, item: &Item) {
    // servers stand one below another, as they do in haproxy.cfg
    let spread = matches!(path, "param" | "server" | "server_template");
    match item {
        Item::Table(inner) if spread || inner.len() == 1 || path.len() + inline(item).len() > WIDTH => {
            for (name, item) in inner {
                entry(text, &format!("{path}.{}", key(name)), item);
            }
        }
        Item::List(items) if items.len() > 1 && path.len() + inline(item).len() > WIDTH => {
            let _ = writeln!(text, "{path} = [");
            for item in items {
                let _ = writeln!(text, "    {},", inline(item));
            }
            text.push_str("]\n");
        }
        _ => {
            let _ = writeln!(text, "{path} = {}", inline(item));
        }
    }
}

fn inline(item: &Item) -> String {
    match item {
        Item::Bool(value) => value.to_string(),
        Item::Number(value) => value.to_string(),
        Item::Text(value) => string(value),
        Item::List(items) => format!("[{}]", items.iter().map(inline).collect::<Vec<_>>().join(", ")),
        Item::Table(entries) => {
            let pairs: Vec<_> =
                entries.iter().map(|(name, item)| format!("{} = {}", key(name), inline(item))).collect();
            format!("{{ {} }}", pairs.join(", "))
        }
        Item::Block(lines) => block(lines),
    }
}

/// Lines in triple quotes, indented so that they stand out.
fn block(lines: &[String]) -> String {
    let text: String = lines.iter().map(|line| format!("    {line}\n")).collect();
    match text.contains("'''") || text.chars().any(is_control) {
        false => format!("'''\n{text}'''"),
        true => format!("\"\"\"\n{}\"\"\"", escaped(&text)),
    }
}

/// A string, in single quotes where escapes would hide what it says.
fn string(text: &str) -> String {
    let special = text.chars().any(|c| matches!(c, '"' | '\\'));
    let literal = !text.contains(['\'', '\n']) && !text.chars().any(is_control);
    if special && literal {
        format!("'{text}'")
    } else {
        format!("\"{}\"", escaped(text).replace('\n', "\\n"))
    }
}

fn escaped(text: &str) -> String {
    let mut out = String::new();
    for char in text.chars() {
        match char {
            '"' | '\\' => out.extend(['\\', char]),
            c if is_control(c) => {
                let _ = write!(out, "\\u{:04X}", u32::from(c));
            }
            c => out.push(c),
        }
    }
    out
}

/// What cannot stand in a TOML string by itself.
fn is_control(char: char) -> bool {
    char.is_control() && !matches!(char, '\n' | '\t')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn strings_are_quoted_so_that_they_read_well() {
        assert_eq!(string("a b"), "\"a b\"");
        assert_eq!(string(r#""$A" \d"#), r#"'"$A" \d'"#);
        assert_eq!(string("it's \"\u{1}"), "\"it's \\\"\\u0001\"");
    }

    #[test]
    fn a_table_that_is_too_wide_is_spelled_out() {
        let wide = |n: usize| {
            Item::Table((0..n).map(|i| (format!("key{i}"), Item::Text("value".repeat(4)))).collect())
        };
        assert_eq!(table("x", &vec![("a".into(), wide(2))]).lines().count(), 2);
        let text = table("x", &vec![("a".into(), wide(5))]);
        assert!(text.contains("\na.key4 = "), "{text}");
    }
}
