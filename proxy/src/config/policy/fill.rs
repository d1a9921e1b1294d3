//! `$(NAME)` in the words of a policy, and what is put in its place.

use std::collections::BTreeMap;
use std::ops::Range;

use portero_grammar::{Diagnostic, Word};

use super::value::{Kind, Value};

/// The values of one application, by the names of the parameters.
pub(super) type Values = BTreeMap<String, Value>;

/// A piece of a word that gives way.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Reference<'w> {
    pub(super) range: Range<usize>,
    /// The parameter; none for the first dollar of `$$(`, which stands for the text `$(`.
    pub(super) name: Option<&'w str>,
}

/// The references of a text, from left to right. What stands in the parentheses must look like a name, so that a
/// regular expression such as `a$(b|c)` is left alone.
pub(super) fn references(text: &str) -> Vec<Reference<'_>> {
    let (mut found, mut from) = (Vec::new(), 0);
    while let Some(at) = text[from..].find("$(").map(|at| from + at) {
        from = at + 2;
        if at > 0 && text.as_bytes()[at - 1] == b'$' {
            found.push(Reference { range: at - 1..at, name: None });
        } else if let Some(name) = name_at(&text[from..]) {
            found.push(Reference { range: at..from + name.len() + 1, name: Some(name) });
        }
    }
    found
}

fn name_at(text: &str) -> Option<&str> {
    let name = text.split_once(')')?.0;
    is_name(name).then_some(name)
}

/// Whether a word can be the name of a parameter.
pub(super) fn is_name(name: &str) -> bool {
    !name.is_empty() && name.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_'))
}

/// A word with values in the place of references: several words where it is nothing but a list or a condition.
pub(super) fn fill(word: &Word, values: &Values) -> Result<Vec<Word>, Diagnostic> {
    let references = references(&word.text);
    if references.is_empty() {
        return Ok(vec![word.clone()]);
    }
    if let Some(words) = alone(word, &references, values) {
        return Ok(words);
    }
    for reference in &references {
        if let Some((name, Kind::Cond)) = reference.name.and_then(|name| Some((name, values.get(name)?.kind)))
        {
            let place = word.part(reference.range.start, reference.range.end);
            let error =
                Diagnostic::error(place, format!("'$({name})' is a condition, and stands here in a word"));
            return Err(error.help(format!("write it as a word of its own: 'if $({name})', '!$({name})'")));
        }
    }
    let filled = text(word, &references, values);
    match filled.text.is_empty() {
        true => Err(Diagnostic::error(word.span, "with these values this word is empty")),
        false => Ok(vec![filled]),
    }
}

/// The words of a list or a condition that a value is a reference to and nothing else.
pub(super) fn handed<'v>(word: &Word, values: &'v Values) -> Option<&'v [Word]> {
    let [Reference { range, name: Some(name) }] = &references(&word.text)[..] else { return None };
    let value = values.get(*name).filter(|value| value.kind.is_many())?;
    (range.len() == word.text.len()).then_some(&value.words)
}

/// The words of a list or a condition that is all of an unquoted word, but for `!` in front of a condition.
fn alone(word: &Word, references: &[Reference<'_>], values: &Values) -> Option<Vec<Word>> {
    let [Reference { range, name: Some(name) }] = references else { return None };
    let before = &word.text[..range.start];
    let value = values.get(*name)?;
    if word.quoted || range.end != word.text.len() {
        return None;
    }
    match value.kind {
        Kind::List if before.is_empty() => Some(value.words.clone()),
        Kind::Cond if before.bytes().all(|b| b == b'!') => {
            let mark = |text: &str| Word::plain(text, word.span);
            let mut words: Vec<Word> = before.bytes().map(|_| mark("!")).collect();
            words.push(mark("("));
            words.extend(value.words.iter().cloned());
            words.push(mark(")"));
            Some(words)
        }
        _ => None,
    }
}

/// One word with text in the place of the references. It counts as quoted: no value is ever a keyword.
fn text(word: &Word, references: &[Reference<'_>], values: &Values) -> Word {
    let mut filled = Filled::default();
    let mut from = 0;
    for reference in references {
        filled.keep(word, from..reference.range.start);
        if let Some(value) = reference.name.and_then(|name| values.get(name)) {
            filled.put(word, &reference.range, &value.words);
        }
        from = reference.range.end;
    }
    filled.keep(word, from..word.text.len());
    let is_text = filled.bytes == filled.text.as_bytes();
    Word {
        text: filled.text,
        span: word.span,
        quoted: true,
        map: Some(filled.map.into_boxed_slice()),
        raw: (!is_text).then(|| filled.bytes.into_boxed_slice()),
    }
}

/// A word in the making.
#[derive(Default)]
struct Filled {
    text: String,
    bytes: Vec<u8>,
    map: Vec<u32>,
}

impl Filled {
    /// Adds a piece of the word as it is.
    fn keep(&mut self, word: &Word, piece: Range<usize>) {
        self.text.push_str(&word.text[piece.clone()]);
        self.bytes.extend_from_slice(word.bytes_of(piece.start, piece.end));
        self.map.extend(piece.map(|at| word.part(at, at + 1).start));
    }

    /// Adds a value; its bytes stand where the reference does, from its first character to its last.
    fn put(&mut self, word: &Word, reference: &Range<usize>, value: &[Word]) {
        let place = word.part(reference.start, reference.end);
        let start = self.text.len();
        for (number, part) in value.iter().enumerate() {
            if number > 0 {
                self.text.push(' ');
                self.bytes.push(b' ');
            }
            self.text.push_str(&part.text);
            self.bytes.extend_from_slice(part.bytes());
        }
        self.map.resize(self.text.len(), place.start);
        if self.text.len() > start + 1
            && let Some(last) = self.map.last_mut()
        {
            *last = place.end.saturating_sub(1);
        }
    }
}

#[cfg(test)]
mod tests {
    use portero_grammar::{FileId, Span};

    use super::*;

    fn word(text: &str) -> Word {
        Word::plain(text, Span { file: FileId(0), start: 100, end: 100 + text.len() as u32 })
    }

    fn values() -> Values {
        let value = |kind, words: &[&str]| Value { kind, words: words.iter().map(|w| word(w)).collect() };
        BTreeMap::from([
            ("n".to_owned(), value(Kind::Int, &["50"])),
            ("l".to_owned(), value(Kind::List, &["a", "b"])),
            ("none".to_owned(), value(Kind::List, &[])),
            ("c".to_owned(), value(Kind::Cond, &["x", "or", "y"])),
        ])
    }

    fn filled(text: &str) -> Vec<String> {
        fill(&word(text), &values()).expect(text).into_iter().map(|word| word.text).collect()
    }

    #[test]
    fn only_what_looks_like_a_name_is_a_reference() {
        let names =
            |text| references(text).into_iter().map(|r| r.name.map(str::to_owned)).collect::<Vec<_>>();
        assert_eq!(names("a$(b)c$(d-e_1)"), [Some("b".to_owned()), Some("d-e_1".to_owned())]);
        assert_eq!(names("^x$(y|z) $() $(a ${A} %[src]"), []);
        assert_eq!(names("$$(b)"), [None]);
    }

    #[test]
    fn values_stand_in_the_place_of_their_names() {
        assert_eq!(filled("<$(n)/$(l)>"), ["<50/a b>"]);
        assert_eq!(filled("$$(n)$(n)"), ["$(n)50"]);
        assert_eq!(filled("$(l)"), ["a", "b"]);
        assert_eq!(filled("$(none)"), [""; 0]);
        assert_eq!(filled("!$(c)"), ["!", "(", "x", "or", "y", ")"]);
    }

    #[test]
    fn a_quoted_list_is_one_word_and_a_condition_stands_alone() {
        let quoted = Word { quoted: true, ..word("$(l)") };
        assert_eq!(fill(&quoted, &values()).expect("a word")[0].text, "a b");
        assert!(fill(&word("a$(c)"), &values()).is_err());
        assert!(fill(&word("$(none)$(none)"), &values()).is_err());
    }

    #[test]
    fn the_bytes_of_a_value_stand_where_its_name_does() {
        let words = fill(&word("a=$(n)!"), &values()).expect("a word");
        let part = words[0].part(2, 4);
        assert_eq!((part.start, part.end), (102, 106));
        assert_eq!(words[0].part(4, 5).start, 106);
    }
}
