//! Lua values to JSON.

use mlua::{Table, Value};

use super::{ARRAY, DEPTH, Style};

/// Bytes of a text at the most.
const MOST: usize = 64 * 1024 * 1024;

/// Further places that an array may have for each value in it, and the size up to which that does not matter.
const SPARSE: (usize, usize) = (2, 10);

/// The text of a value.
///
/// # Errors
///
/// What has no place in JSON: functions, numbers that are none, tables in themselves; a text that is too long.
pub(super) fn encode(value: &Value, style: Style) -> Result<Vec<u8>, String> {
    let mut text = Vec::new();
    write(value, style, 0, &mut text)?;
    Ok(text)
}

fn write(value: &Value, style: Style, depth: usize, text: &mut Vec<u8>) -> Result<(), String> {
    if text.len() > MOST {
        return Err(format!("the JSON text is longer than {MOST} bytes"));
    }
    match value {
        Value::Nil => text.extend_from_slice(b"null"),
        null if *null == Value::NULL => text.extend_from_slice(b"null"),
        Value::Boolean(value) => text.extend_from_slice(if *value { b"true" } else { b"false" }),
        Value::Integer(number) => text.extend_from_slice(number.to_string().as_bytes()),
        Value::Number(number) if number.is_finite() => text.extend_from_slice(shortened(*number).as_bytes()),
        Value::Number(_) => return Err("JSON has no infinite numbers and no NaN".to_owned()),
        Value::String(string) => quote(&string.as_bytes(), text),
        Value::Table(_) if depth == DEPTH => return Err(format!("more than {DEPTH} tables in each other")),
        Value::Table(table) => write_table(table, style, depth + 1, text)?,
        other => return Err(format!("JSON has nothing for a {}", other.type_name())),
    }
    Ok(())
}

/// A number with 14 significant digits, as Lua itself writes it.
fn shortened(number: f64) -> String {
    let rounded = format!("{number:.13e}").parse().unwrap_or(number);
    match f64::abs(rounded) {
        0.0 => "0".to_owned(),
        1e-5..1e15 => format!("{rounded}"),
        _ => format!("{rounded:e}"),
    }
}

fn write_table(table: &Table, style: Style, depth: usize, text: &mut Vec<u8>) -> Result<(), String> {
    match array_length(table, style)? {
        Some(length) => {
            text.push(b'[');
            for index in 1..=length {
                let value = table.raw_get::<Value>(index).map_err(|error| error.to_string())?;
                separate(index > 1, text);
                write(&value, style, depth, text)?;
            }
            text.push(b']');
        }
        None => {
            text.push(b'{');
            let mut is_next = false;
            for pair in table.pairs::<Value, Value>() {
                let (key, value) = pair.map_err(|error| error.to_string())?;
                separate(std::mem::replace(&mut is_next, true), text);
                match key {
                    Value::String(key) => quote(&key.as_bytes(), text),
                    Value::Integer(key) => quote(key.to_string().as_bytes(), text),
                    Value::Number(key) => quote(shortened(key).as_bytes(), text),
                    other => return Err(format!("names in JSON are texts, not a {}", other.type_name())),
                }
                text.push(b':');
                write(&value, style, depth, text)?;
            }
            text.push(b'}');
        }
    }
    Ok(())
}

fn separate(is_next: bool, text: &mut Vec<u8>) {
    if is_next {
        text.push(b',');
    }
}

/// How long a table is as an array; none when it is an object.
fn array_length(table: &Table, style: Style) -> Result<Option<usize>, String> {
    let marked = table.metatable().and_then(|meta| meta.raw_get::<bool>(ARRAY).ok()).unwrap_or(false);
    let (mut count, mut last) = (0usize, 0usize);
    for pair in table.pairs::<Value, Value>() {
        let (key, _) = pair.map_err(|error| error.to_string())?;
        match key.as_integer().and_then(|key| usize::try_from(key).ok()).filter(|key| *key > 0) {
            Some(key) => (count, last) = (count + 1, last.max(key)),
            None => return Ok(None),
        }
    }
    let (ratio, small) = SPARSE;
    match count {
        0 if marked || !style.null => Ok(Some(0)),
        0 => Ok(None),
        _ if last > small && last > count.saturating_mul(ratio) => {
            Err("the table is an array with too many holes".to_owned())
        }
        _ => Ok(Some(last)),
    }
}

fn quote(string: &[u8], text: &mut Vec<u8>) {
    text.push(b'"');
    for &byte in string {
        match byte {
            b'"' | b'\\' => text.extend_from_slice(&[b'\\', byte]),
            b'\n' => text.extend_from_slice(b"\\n"),
            b'\r' => text.extend_from_slice(b"\\r"),
            b'\t' => text.extend_from_slice(b"\\t"),
            0..0x20 | 0x7f => text.extend_from_slice(format!("\\u{byte:04x}").as_bytes()),
            _ => text.push(byte),
        }
    }
    text.push(b'"');
}
