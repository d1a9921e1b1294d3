//! TOML strings to words whose places are those in the file.

use portero_grammar::cfg::{self, Environment};
use portero_grammar::{Diagnostic, Diagnostics, FileId, Sources, Span, Word};

/// A string of the file, with the place of each of its bytes.
pub(super) struct Text<'a> {
    text: &'a str,
    /// The whole value, quotes included.
    pub(super) span: Span,
    /// Offset in the file of each byte of `text`, and of its end.
    places: Vec<u32>,
}

impl<'a> Text<'a> {
    /// A value of a TOML file, decoded as `text`.
    pub(super) fn value(text: &'a str, span: Span, sources: &Sources) -> Text<'a> {
        let raw = sources.slice(span);
        let places = places(text, raw, span.start).unwrap_or_else(|| vec![span.start; text.len() + 1]);
        Text { text, span, places }
    }

    /// The text of a whole file.
    pub(super) fn file(file: FileId, sources: &'a Sources) -> Text<'a> {
        let text = sources.text(file);
        let end = text.len() as u32;
        Text { text, span: Span { file, start: 0, end }, places: (0..=end).collect() }
    }

    /// The string as one word: nothing in it is cut or replaced.
    pub(super) fn word(&self) -> Word {
        let map = self.places[..self.text.len()].into();
        Word { map: Some(map), ..Word::plain(self.text, self.span) }
    }

    /// The words of each line: cut, unquoted and with variables replaced as in `haproxy.cfg`. Empty lines are left out.
    pub(super) fn lines(
        &self,
        sources: &Sources,
        env: &dyn Environment,
        out: &mut Diagnostics,
    ) -> Vec<Vec<Word>> {
        let (mut lines, mut start) = (Vec::new(), 0);
        for full in self.text.split_inclusive('\n') {
            let line = full.trim_end_matches(['\n', '\r']);
            let words = self.cut(line, start, sources, env, out);
            start += full.len();
            if !words.is_empty() {
                lines.push(words);
            }
        }
        lines
    }

    fn cut(
        &self,
        line: &str,
        start: usize,
        sources: &Sources,
        env: &dyn Environment,
        out: &mut Diagnostics,
    ) -> Vec<Word> {
        let number = || sources.line(self.span(start as u32, start as u32)).to_string();
        let vars = |name: &str| match name {
            ".FILE" => Some(sources.name(self.span.file).to_owned()),
            ".LINE" => Some(number()),
            name => env.var(name),
        };
        let (words, errors) = cfg::cut_line(self.span.file, start as u32, line, &vars);
        let sound = errors.is_empty();
        out.extend(
            errors.into_iter().map(|e| Diagnostic { span: e.span.map(|s| self.span(s.start, s.end)), ..e }),
        );
        let mut words: Vec<_> = words.into_iter().map(|word| self.placed(word)).collect();
        if sound {
            cfg::drop_empty(sources, &mut words, out);
        }
        words
    }

    /// A word whose places are offsets in `text`.
    fn placed(&self, word: Word) -> Word {
        let at = |i: usize| self.place(word.part(i, i + 1).start);
        let map = (0..word.text.len()).map(at).collect();
        Word { span: self.span(word.span.start, word.span.end), map: Some(map), ..word }
    }

    fn span(&self, start: u32, end: u32) -> Span {
        Span { file: self.span.file, start: self.place(start), end: self.place(end) }
    }

    fn place(&self, at: u32) -> u32 {
        self.places.get(at as usize).copied().unwrap_or(self.span.end)
    }
}

/// Where each byte of a decoded string stands in the file. None where that cannot be said.
fn places(text: &str, raw: &str, start: u32) -> Option<Vec<u32>> {
    let delimiter = ["\"\"\"", "'''", "\"", "'"].into_iter().find(|d| raw.starts_with(d))?;
    let mut inner = raw.strip_prefix(delimiter)?.strip_suffix(delimiter)?;
    if delimiter.len() == 3 {
        inner = inner.strip_prefix('\n').or_else(|| inner.strip_prefix("\r\n")).unwrap_or(inner);
    }
    let mut at = raw.len() - delimiter.len() - inner.len();
    let mut places = Vec::with_capacity(text.len() + 1);
    let mut rest = inner;
    for char in text.chars() {
        let length = if delimiter.starts_with('"') { escape(&mut rest, &mut at)? } else { None };
        let length = length.or_else(|| written(rest, char))?;
        places.extend((0..char.len_utf8()).map(|i| start + (at + i.min(length - 1)) as u32));
        at += length;
        rest = rest.get(length..)?;
    }
    places.push(start + at as u32);
    Some(places)
}

/// How long the escape is that stands here, if one does. Line continuations before it are passed over.
fn escape(rest: &mut &str, at: &mut usize) -> Option<Option<usize>> {
    while let Some(behind) = rest.strip_prefix('\\') {
        let length = match behind.chars().next()? {
            'x' => 4,
            'u' => 6,
            'U' => 10,
            c if c.is_ascii_whitespace() => {
                let next = behind.trim_ascii_start();
                *at += rest.len() - next.len();
                *rest = next;
                continue;
            }
            _ => 2,
        };
        return Some(Some(length));
    }
    Some(None)
}

/// How many bytes a character takes as written; a line end may be two.
fn written(rest: &str, char: char) -> Option<usize> {
    match rest.starts_with(char) {
        true => Some(char.len_utf8()),
        false => (char == '\n' && rest.starts_with("\r\n")).then_some(2),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(text: &str, raw: &str) -> Option<Vec<u32>> {
        places(text, raw, 100)
    }

    #[test]
    fn every_byte_of_a_string_knows_its_place() {
        assert_eq!(shown("ab", "'ab'"), Some(vec![101, 102, 103]));
        assert_eq!(shown("a\"b", r#""a\"b""#), Some(vec![101, 102, 104, 105]));
        assert_eq!(shown("é", r#""\u00e9""#), Some(vec![101, 102, 107]));
        assert_eq!(shown("a\nb", "'''\na\r\nb'''"), Some(vec![104, 105, 107, 108]));
        assert_eq!(shown("ab", "\"\"\"a\\\n  b\"\"\""), Some(vec![103, 108, 109]));
        assert_eq!(shown("ab", "12"), None);
    }
}
