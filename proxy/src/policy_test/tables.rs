//! Stick tables in tests: what is in them to begin with, and what is found in them.

use std::sync::Arc;

use portero_api::tables::{Data, DataKind, Entry, KeyBuf, KeyType, Slot, Table};
use portero_grammar::{Diagnostic, Word};

use super::words::{Mistake, Words};
use crate::offline::Stage;

/// A value of an entry, or the entry itself.
#[derive(Clone, Debug)]
pub struct Place {
    /// The table.
    pub table: String,
    /// The key as it was written.
    pub key: String,
    /// The value; none for the entry.
    pub slot: Option<Slot>,
}

impl Place {
    /// `NAME key KEY`
    pub fn read(words: &mut Words<'_>) -> Result<Place, Mistake> {
        let table = words.need("the name of a table")?.text.clone();
        words.one_of("'key' and a key", &[("key", ())])?;
        let key = words.need("a key")?.text.clone();
        Ok(Place { table, key, slot: None })
    }

    /// The value of it, where there is one; the error is a sentence.
    pub fn get(&self, stage: &Stage) -> Result<Option<String>, String> {
        let table = self.table(stage)?;
        let key = key(&table, &self.key)?;
        let Some(entry) = table.find(key.as_key()).filter(|entry| !is_over(entry)) else { return Ok(None) };
        Ok(match self.slot {
            None => Some(self.key.clone()),
            Some(slot) if slot.data.kind() == DataKind::Text => entry.text(slot).map(|text| text.to_string()),
            Some(slot) => entry.get(slot).map(|value| value.to_string()),
        })
    }

    /// Puts an entry there with these values; the error is a sentence.
    pub fn put(&self, stage: &Stage, values: &[(Slot, String)]) -> Result<(), String> {
        let table = self.table(stage)?;
        let key = key(&table, &self.key)?;
        let entry = table.enter(key.as_key()).ok_or_else(|| format!("table '{}' is full", self.table))?;
        for (slot, value) in values {
            let stored = match slot.data.kind() {
                DataKind::Text => entry.set_text(*slot, value),
                _ => {
                    let number = value.parse().map_err(|_| format!("'{value}' is not a number"))?;
                    entry.set(*slot, number).is_some()
                }
            };
            if !stored {
                return Err(format!("table '{}' does not store '{}'", self.table, slot.data.name()));
            }
        }
        Ok(())
    }

    /// What messages call it.
    pub fn name(&self) -> String {
        let value = self.slot.map(name).unwrap_or_default();
        format!("table {} key {}{value}", self.table, self.key)
    }

    fn table(&self, stage: &Stage) -> Result<Arc<dyn Table>, String> {
        let tables = &stage.shared.common.tables;
        tables.get(&self.table).ok_or_else(|| {
            let all: Vec<_> = tables.all().iter().map(|table| format!("'{}'", table.schema().name)).collect();
            match all.is_empty() {
                true => format!("there is no table '{}', and no other either", self.table),
                false => format!("there is no table '{}', there are {}", self.table, all.join(", ")),
            }
        })
    }
}

/// A data type, `gpc(2)` with its index; none when the word is no data type.
pub fn slot(word: &Word) -> Result<Option<Slot>, Mistake> {
    let (name, index) = match word.text.strip_suffix(')').and_then(|text| text.split_once('(')) {
        Some((name, index)) => (name, Some(index)),
        None => (word.text.as_str(), None),
    };
    let Some(data) = Data::parse(name) else { return Ok(None) };
    match index.map(str::parse::<u8>) {
        None => Ok(Some(data.into())),
        Some(Ok(index)) if data.is_array() => Ok(Some(Slot::at(data, index))),
        Some(_) => {
            let message =
                format!("'{}' is not of the form gpc(INDEX), gpc_rate(INDEX) or gpt(INDEX)", word.text);
            Err(Box::new(Diagnostic::error(word.span, message)))
        }
    }
}

/// Data types with their values, as many as there are.
pub fn values(words: &mut Words<'_>) -> Result<Vec<(Slot, String)>, Mistake> {
    let mut all = Vec::new();
    while let Some(word) = words.take() {
        let Some(slot) = slot(word)? else {
            let error = Diagnostic::error(word.span, format!("'{}' is no data type of a table", word.text));
            return Err(Box::new(error.did_you_mean(&word.text, Data::all().map(Data::name))));
        };
        all.push((slot, words.need("a value")?.text.clone()));
    }
    Ok(all)
}

fn name(slot: Slot) -> String {
    match slot.data.is_array() {
        true => format!(" {}({})", slot.data.name(), slot.index),
        false => format!(" {}", slot.data.name()),
    }
}

fn is_over(entry: &Entry) -> bool {
    entry.expires_in().is_some_and(|left| left.is_zero())
}

/// A key as the table has it; the error is a sentence.
fn key(table: &Arc<dyn Table>, text: &str) -> Result<KeyBuf, String> {
    let kind = table.schema().key;
    let bad = || format!("'{text}' is no key of type '{}'", kind.name());
    Ok(match kind {
        KeyType::Ip | KeyType::Ipv6 => KeyBuf::Ip(text.parse().map_err(|_| bad())?),
        KeyType::Integer => KeyBuf::Integer(text.parse().map_err(|_| bad())?),
        KeyType::String(_) => KeyBuf::String(text.into()),
        KeyType::Binary(_) => KeyBuf::Binary(bytes(text).ok_or_else(bad)?),
    })
}

/// The bytes of hexadecimal digits.
fn bytes(digits: &str) -> Option<Vec<u8>> {
    let pairs = digits.as_bytes().chunks(2);
    pairs.map(|pair| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use portero_grammar::{FileId, Span};

    #[test]
    fn data_types_are_read_with_their_index() {
        let read = |text: &str| slot(&Word::plain(text, Span { file: FileId(0), start: 0, end: 0 }));
        assert_eq!(read("gpc0").expect("good"), Some(Data::Gpc0.into()));
        assert_eq!(read("gpc(3)").expect("good"), Some(Slot::at(Data::Gpc, 3)));
        assert_eq!(read("at-least").expect("good"), None);
        assert!(read("conn_cnt(1)").is_err());
    }

    #[test]
    fn digits_are_bytes() {
        assert_eq!((bytes("0aff"), bytes("0g")), (Some(vec![10, 255]), None));
    }
}
