//! A table to the words of one line.

use portero_grammar::Word;
use toml::de::{DeTable, DeValue};

use super::records::CHECK;
use super::values::{Name, Reader, Value};
use super::vocabulary::{Field, Form, Off, Record};

/// The words of a record; none when something is wrong, which is reported.
pub(super) fn words(
    reader: &mut Reader<'_>,
    path: &str,
    table: &DeTable<'_>,
    value: &Value<'_>,
    record: &Record,
) -> Option<Vec<Word>> {
    let fields: Vec<&Field> = [record.head, record.params, record.tail].into_iter().flatten().collect();
    unknown_keys(reader, path, table, &fields);
    let mut words = placed(reader, path, table, value, record.head, record.head.len())?;
    words.extend(parameters(reader, path, table, record.params)?);
    let given =
        record.tail.iter().rposition(|field| entry(table, field).is_some()).map_or(0, |last| last + 1);
    words.extend(placed(reader, path, table, value, record.tail, given)?);
    Some(words)
}

/// What belongs to `check`, as words of a server.
pub(super) fn check_words(
    reader: &mut Reader<'_>,
    path: &str,
    table: &DeTable<'_>,
    known: &[&str],
) -> Option<Vec<Word>> {
    for name in table.keys().filter(|name| !CHECK.iter().any(|f| f.key() == name.get_ref().as_ref())) {
        if !known.contains(&name.get_ref().as_ref()) {
            let keys: Vec<_> = CHECK.iter().map(Field::key).collect();
            reader.unknown(
                name,
                &format!("'{path}'"),
                keys.iter().map(AsRef::as_ref).chain(known.iter().copied()),
            );
        }
    }
    parameters(reader, path, table, CHECK)
}

fn unknown_keys(reader: &mut Reader<'_>, path: &str, table: &DeTable<'_>, fields: &[&Field]) {
    let keys: Vec<_> = fields.iter().map(|field| field.key()).collect();
    for name in table.keys().filter(|name| !keys.iter().any(|key| key == name.get_ref())) {
        reader.unknown(name, &format!("'{path}'"), keys.iter().map(AsRef::as_ref));
    }
}

/// The first `count` of the words at fixed places.
fn placed(
    reader: &mut Reader<'_>,
    path: &str,
    table: &DeTable<'_>,
    value: &Value<'_>,
    fields: &[Field],
    count: usize,
) -> Option<Vec<Word>> {
    let mut words = Vec::new();
    for field in &fields[..count] {
        let Some((_, value)) = entry(table, field) else {
            reader.error(value, format!("'{path}' needs '{}'", field.key()));
            return None;
        };
        words.push(reader.word(&format!("{path}.{}", field.key()), value)?);
    }
    Some(words)
}

fn parameters(
    reader: &mut Reader<'_>,
    path: &str,
    table: &DeTable<'_>,
    fields: &[Field],
) -> Option<Vec<Word>> {
    let (mut words, mut sound) = (Vec::new(), true);
    for (name, value) in table.iter() {
        let Some(field) = fields.iter().find(|f| f.key() == name.get_ref().as_ref()) else { continue };
        match parameter(reader, &format!("{path}.{}", name.get_ref()), name, value, field) {
            Some(more) => words.extend(more),
            None => sound = false,
        }
    }
    sound.then_some(words)
}

fn parameter(
    reader: &mut Reader<'_>,
    path: &str,
    name: &Name<'_>,
    value: &Value<'_>,
    field: &Field,
) -> Option<Vec<Word>> {
    let at = reader.span(name);
    let plain = |word: &str| Word::plain(word, at);
    let each = |words: &str| words.split(' ').map(plain).collect();
    match (&field.form, value.get_ref()) {
        (Form::Flag(_) | Form::Check, DeValue::Boolean(true)) => Some(each(field.word)),
        (Form::Check, DeValue::Boolean(false)) => Some(vec![plain("no-check")]),
        (Form::Check, DeValue::Table(table)) => {
            let words = check_words(reader, path, table, &[])?;
            Some([vec![plain(field.word)], words].concat())
        }
        (Form::Check, _) => reader.refuse(path, "true, false or a table", value),
        (Form::Flag(off), DeValue::Boolean(false)) => match off {
            Off::Word(other) => Some(each(other)),
            Off::No | Off::Silent => Some(Vec::new()),
        },
        (Form::Flag(_), _) => reader.refuse(path, "true or false", value),
        (Form::Value(_), _) => Some(vec![plain(field.word), reader.word(path, value)?]),
        (Form::Many, DeValue::Array(items)) => {
            let words: Option<Vec<_>> = items.iter().map(|item| reader.word(path, item)).collect();
            Some(words?.into_iter().flat_map(|word| [plain(field.word), word]).collect())
        }
        (Form::Rest, DeValue::Array(items)) => {
            let words: Option<Vec<_>> = items.iter().map(|item| reader.word(path, item)).collect();
            Some([vec![plain(field.word)], words?].concat())
        }
        (Form::Rest, DeValue::Boolean(value)) => Some(vec![plain(field.word), plain(&value.to_string())]),
        (Form::Rest, _) => Some(vec![plain(field.word), reader.word(path, value)?]),
        (Form::Joined, DeValue::Array(items)) if !items.is_empty() => {
            let words: Option<Vec<_>> = items.iter().map(|item| reader.word(path, item)).collect();
            let joined = words?.into_iter().map(|word| word.text).collect::<Vec<_>>().join(",");
            Some(vec![plain(field.word), Word::plain(joined, reader.span(value))])
        }
        (Form::Pairs, _) => pairs(reader, path, value, field),
        (Form::Json, other) if !matches!(other, DeValue::String(_)) => {
            let json = json(reader, value)?.to_string();
            Some(vec![plain(field.word), Word::plain(json, reader.span(value))])
        }
        (Form::Many | Form::Joined | Form::Json, _) => {
            Some(vec![plain(field.word), reader.word(path, value)?])
        }
    }
}

/// A word, a name and a value for each entry of a table.
fn pairs(reader: &mut Reader<'_>, path: &str, value: &Value<'_>, field: &Field) -> Option<Vec<Word>> {
    let mut words = Vec::new();
    for (name, value) in reader.table(path, value)?.iter() {
        let at = reader.span(name);
        words.push(Word::plain(field.word, at));
        words.push(Word::plain(name.get_ref().as_ref(), at));
        words.push(reader.word(&format!("{path}.{}", name.get_ref()), value)?);
    }
    Some(words)
}

/// A value as JSON; dates are strings there.
fn json(reader: &mut Reader<'_>, value: &Value<'_>) -> Option<serde_json::Value> {
    Some(match value.get_ref() {
        DeValue::String(text) => text.as_ref().into(),
        DeValue::Boolean(on) => (*on).into(),
        DeValue::Datetime(date) => date.to_string().into(),
        DeValue::Integer(number) => match i64::from_str_radix(number.as_str(), number.radix()) {
            Ok(number) => number.into(),
            Err(_) => return reader.refuse("a number of JSON", "64 bits", value),
        },
        DeValue::Float(number) => match number.as_str().parse::<f64>() {
            Ok(number) if number.is_finite() => number.into(),
            _ => return reader.refuse("a number of JSON", "digits", value),
        },
        DeValue::Array(items) => {
            items.iter().map(|item| json(reader, item)).collect::<Option<Vec<_>>>()?.into()
        }
        DeValue::Table(table) => {
            let entries =
                table.iter().map(|(name, item)| Some((name.get_ref().to_string(), json(reader, item)?)));
            entries.collect::<Option<serde_json::Map<_, _>>>()?.into()
        }
    })
}

fn entry<'v, 'i>(table: &'v DeTable<'i>, field: &Field) -> Option<(&'v Name<'i>, &'v Value<'i>)> {
    table.iter().find(|(name, _)| field.key() == name.get_ref().as_ref())
}
