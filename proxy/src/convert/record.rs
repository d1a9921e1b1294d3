//! The words of a line to a table, where each of them has a key; else they stay a string.

use portero_grammar::Word;

use super::print::{Entries, Item};
use super::section::Converter;
use crate::config::toml::vocabulary::{Field, Form, Kind, Off, Record};

/// A line as a table, or as the string that it was written as.
pub(super) fn item(
    converter: &Converter<'_>,
    record: &Record,
    words: &[Word],
    written: impl FnOnce() -> String,
) -> Item {
    // lines that are short and well known read better as they are
    if !record.tail.is_empty() || words.len() <= record.head.len() || is_positional(record) {
        return Item::Text(written());
    }
    match fields(converter, record, words) {
        Some(entries) => Item::Table(entries),
        None => Item::Text(written()),
    }
}

/// `balance`: its first word is a plugin's name, and the words behind it are the plugin's.
fn is_positional(record: &Record) -> bool {
    record.head.first().is_some_and(|field| field.word == "algorithm")
}

/// The same as a table; none where it has to stay as it was written.
pub(super) fn fields(converter: &Converter<'_>, record: &Record, words: &[Word]) -> Option<Entries> {
    let mut entries = Entries::new();
    let (head, mut rest) = words.split_at_checked(record.head.len())?;
    for (field, word) in record.head.iter().zip(head) {
        add(&mut entries, field, converter.word(word, Kind::Text)?)?;
    }
    while let [word, behind @ ..] = rest {
        let (field, on) = find(record.params, &word.text)?;
        rest = behind;
        let item = match field.form {
            Form::Flag(_) | Form::Check => Item::Bool(on),
            Form::Value(kind) => converter.word(take(&mut rest)?, kind)?,
            Form::Rest => rest_of(converter, std::mem::take(&mut rest))?,
            Form::Many | Form::Json => converter.word(take(&mut rest)?, Kind::Text)?,
            Form::Joined => joined(converter, take(&mut rest)?)?,
            Form::Pairs => {
                let name = converter.plain(take(&mut rest)?)?.to_owned();
                Item::Table(vec![(name, converter.word(take(&mut rest)?, Kind::Text)?)])
            }
        };
        add(&mut entries, field, item)?;
    }
    Some(entries)
}

/// All words to the end of a line: one as itself, several as a list.
fn rest_of(converter: &Converter<'_>, words: &[Word]) -> Option<Item> {
    let items: Option<Vec<_>> = words.iter().map(|word| converter.word(word, Kind::Number)).collect();
    match <[Item; 1]>::try_from(items?) {
        Ok([one]) => Some(one),
        Err(several) => Some(Item::List(several)),
    }
}

/// The parts of a word as a list.
fn joined(converter: &Converter<'_>, word: &Word) -> Option<Item> {
    Some(Item::List(converter.plain(word)?.split(',').map(|part| Item::Text(part.to_owned())).collect()))
}

fn take<'w>(rest: &mut &'w [Word]) -> Option<&'w Word> {
    let (word, behind) = rest.split_first()?;
    *rest = behind;
    Some(word)
}

/// The field of a word, and whether the word turns it on.
fn find(fields: &'static [Field], word: &str) -> Option<(&'static Field, bool)> {
    let off = |field: &Field| match field.form {
        Form::Flag(Off::Word(other)) => other == word,
        Form::Check => word == "no-check",
        _ => false,
    };
    fields.iter().find_map(|field| match field.word == word {
        true => Some((field, true)),
        false => off(field).then_some((field, false)),
    })
}

/// Adds a value; none where the key is taken, since the order of the two would be lost.
fn add(entries: &mut Entries, field: &Field, item: Item) -> Option<()> {
    let key = field.key();
    match entries.iter_mut().find(|(known, _)| *known == key) {
        None => entries.push((key.into_owned(), item)),
        Some((_, Item::List(items))) if matches!(field.form, Form::Many) => items.push(item),
        Some((_, first)) if matches!(field.form, Form::Many) => {
            *first = Item::List(vec![first.clone(), item])
        }
        Some((_, Item::Table(pairs))) if matches!(field.form, Form::Pairs) => {
            let Item::Table(more) = item else { return None };
            if more.iter().any(|(name, _)| pairs.iter().any(|(known, _)| known == name)) {
                return None;
            }
            pairs.extend(more);
        }
        Some(_) => return None,
    }
    Some(())
}
