//! Entries by their whole key.

use std::borrow::Cow;
use std::hash::{BuildHasher, RandomState};

use super::entry::{Entry, Hits};
use super::table::Table;

/// How keys are compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Form {
    Plain,
    /// Without regard to case.
    Folded,
    /// Written in hexadecimal digits, meant as bytes (`-m bin`).
    Hex,
}

/// Entries by their whole key.
#[derive(Clone)]
pub(super) struct Exact {
    form: Form,
    hasher: RandomState,
    table: Table,
}

impl Exact {
    pub(super) fn new(form: Form) -> Exact {
        Exact { form, hasher: RandomState::new(), table: Table::default() }
    }

    /// How many entries there are.
    pub(super) fn len(&self) -> usize {
        self.table.len()
    }

    /// The entries of a key in its form: lower case where case does not matter, bytes where hexadecimal was written.
    pub(super) fn get(&self, key: &[u8]) -> Option<&Hits> {
        self.table.get(self.hasher.hash_one(key), same(self.form, key))
    }

    /// All entries, in no order.
    pub(super) fn iter(&self) -> impl Iterator<Item = &Entry> {
        self.table.iter()
    }

    pub(super) fn insert(&mut self, entry: Entry) {
        let key = in_form(self.form, entry.key()).into_owned();
        self.table.insert(self.hasher.hash_one(&key[..]), same(self.form, &key), entry);
    }

    /// Takes an entry out.
    pub(super) fn remove(&mut self, entry: &Entry) {
        let key = in_form(self.form, entry.key());
        self.table.remove(self.hasher.hash_one(&key[..]), same(self.form, &key), entry.id());
    }
}

fn same(form: Form, key: &[u8]) -> impl Fn(&Entry) -> bool {
    move |entry| match form {
        Form::Plain => entry.key() == key,
        Form::Folded => entry.key().eq_ignore_ascii_case(key),
        Form::Hex => in_form(form, entry.key()) == key,
    }
}

/// A key in the form that it is compared in. What is no hexadecimal was refused before it came here.
pub(super) fn in_form(form: Form, key: &[u8]) -> Cow<'_, [u8]> {
    match form {
        Form::Plain => Cow::Borrowed(key),
        Form::Folded => Cow::Owned(key.to_ascii_lowercase()),
        Form::Hex => Cow::Owned(hex(key).unwrap_or_default()),
    }
}

/// The bytes that an even number of hexadecimal digits means.
pub(super) fn hex(text: &[u8]) -> Option<Vec<u8>> {
    let digit = |byte: &u8| char::from(*byte).to_digit(16).map(|digit| digit as u8);
    let digits: Vec<u8> = text.iter().map(digit).collect::<Option<_>>()?;
    digits.len().is_multiple_of(2).then(|| digits.chunks(2).map(|pair| pair[0] << 4 | pair[1]).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thousands_of_keys_are_found_and_forgotten() {
        let mut table = Exact::new(Form::Plain);
        let entry = |i: u32| Entry::new(i, format!("key{i}").as_bytes(), None);
        (0..5000).for_each(|i| table.insert(entry(i)));
        let copy = table.clone();
        (0..5000).step_by(2).for_each(|i| table.remove(&entry(i)));
        for i in 0..5000 {
            let found = table.get(format!("key{i}").as_bytes()).map(|hits| hits.first().id());
            assert_eq!(found, (i % 2 == 1).then_some(i));
        }
        assert_eq!((table.len(), copy.len(), copy.iter().count()), (2500, 5000, 5000));
    }

    #[test]
    fn forms_say_what_is_equal() {
        let mut folded = Exact::new(Form::Folded);
        folded.insert(Entry::new(1, b"AbC", None));
        assert!(folded.get(b"abc").is_some());
        let mut bytes = Exact::new(Form::Hex);
        bytes.insert(Entry::new(1, b"0aFF", None));
        assert!(bytes.get(&[10, 255]).is_some() && bytes.get(b"0aFF").is_none());
    }
}
