//! Several words as one text, for the grammars that read across words, with the way back to the source.

use crate::{Span, Word};

/// Words written one behind the other, each followed by a separator.
pub(crate) struct Joined<'a> {
    /// What the grammar reads.
    pub(crate) text: String,
    words: &'a [Word],
    /// Where each word starts in `text`.
    starts: Vec<usize>,
}

impl<'a> Joined<'a> {
    /// Joins `words` (at least one), each shown to the grammar as `show` says; `show` must keep lengths.
    pub(crate) fn new(words: &'a [Word], separator: char, mut show: impl FnMut(&Word) -> String) -> Self {
        let mut text = String::new();
        let mut starts = Vec::with_capacity(words.len());
        for word in words {
            starts.push(text.len());
            text.push_str(&show(word));
            text.push(separator);
        }
        Joined { text, words, starts }
    }

    /// Which word a position of `text` lies in.
    pub(crate) fn index(&self, position: usize) -> usize {
        self.starts.partition_point(|&start| start <= position).saturating_sub(1)
    }

    /// The source place of `start..end` of `text`.
    pub(crate) fn span(&self, start: usize, end: usize) -> Span {
        let (first, last) = (self.index(start), self.index(end.max(start + 1) - 1));
        let head = self.part(first, start, end);
        if first == last { head } else { head.to(self.part(last, self.starts[last], end)) }
    }

    /// The place of what `start..end` covers of word `index`.
    fn part(&self, index: usize, start: usize, end: usize) -> Span {
        let Some(word) = self.words.get(index) else { return self.words[self.words.len() - 1].span };
        let (from, to) = (start - self.starts[index], end.saturating_sub(self.starts[index]));
        if from == 0 && to >= word.text.len() {
            return word.span;
        }
        word.part(from.min(word.text.len()), to.min(word.text.len()))
    }
}

/// Several words as one, joined by single spaces.
pub(crate) fn one_word(words: &[Word]) -> Option<Word> {
    let (first, last) = (words.first()?, words.last()?);
    let (mut text, mut map) = (String::new(), Vec::new());
    for (i, word) in words.iter().enumerate() {
        if i > 0 {
            text.push(' ');
            map.push(word.span.start.saturating_sub(1));
        }
        text.push_str(&word.text);
        map.extend((0..word.text.len()).map(|at| word.part(at, at + 1).start));
    }
    let quoted = words.iter().any(|w| w.quoted);
    Some(Word { text, span: first.span.to(last.span), quoted, map: Some(map.into_boxed_slice()), raw: None })
}
