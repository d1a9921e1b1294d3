//! A line to words: quotes, escapes and variables taken away (HAProxy manual, sections 2.2 and 2.3).

use pest::Parser;
use pest::iterators::Pair;

use crate::syntax::unescape;
use crate::{Diagnostic, FileId, Span, Word};

#[derive(pest_derive::Parser)]
#[grammar = "cfg/cfg.pest"]
struct LineGrammar;

/// A line of a source, without its line end.
#[derive(Clone, Copy)]
pub(crate) struct RawLine<'a> {
    /// Its file.
    pub(crate) file: FileId,
    /// Offset of its first byte in the file.
    pub(crate) start: u32,
    /// Its text.
    pub(crate) text: &'a str,
}

impl RawLine<'_> {
    fn span(&self, start: usize, end: usize) -> Span {
        Span { file: self.file, start: self.start + start as u32, end: self.start + end as u32 }
    }
}

/// Cuts a line into words. `vars` gives the value of a variable, `None` where it does not exist.
///
/// The words are given even when there are errors, so that the caller can say more about the line; a word with an
/// error in it stands for what could be read of it.
pub(crate) fn cut(line: RawLine<'_>, vars: &dyn Fn(&str) -> Option<String>) -> (Vec<Word>, Vec<Diagnostic>) {
    let mut cutter = Cutter { line, vars, draft: Draft::default(), words: Vec::new(), errors: Vec::new() };
    match LineGrammar::parse(Rule::line, line.text) {
        Ok(pairs) => {
            let words = pairs.flat_map(Pair::into_inner).filter(|p| p.as_rule() == Rule::word);
            words.for_each(|word| cutter.word(word));
        }
        Err(_) => cutter.error(0, line.text.len(), "this line cannot be read"),
    }
    (cutter.words, cutter.errors)
}

/// Where the words of a line stand as they were written; nothing for a line with a mistake.
pub(crate) fn pieces(text: &str) -> Option<Vec<std::ops::Range<usize>>> {
    const MISTAKES: [Rule; 6] =
        [Rule::unclosed, Rule::bad_hex, Rule::bad_var, Rule::broken_var, Rule::nul, Rule::cr];
    let line = LineGrammar::parse(Rule::line, text).ok()?;
    let sound = !line.clone().flatten().any(|pair| MISTAKES.contains(&pair.as_rule()));
    let words = line.flat_map(Pair::into_inner).filter(|pair| pair.as_rule() == Rule::word);
    sound.then(|| words.map(|word| word.as_span().start()..word.as_span().end()).collect())
}

struct Cutter<'a> {
    line: RawLine<'a>,
    vars: &'a dyn Fn(&str) -> Option<String>,
    draft: Draft,
    words: Vec<Word>,
    errors: Vec<Diagnostic>,
}

/// A word in the making: its bytes, and for each of them the offset in the file that it came from.
#[derive(Default)]
struct Draft {
    bytes: Vec<u8>,
    map: Vec<u32>,
    quoted: bool,
    /// True when a `[*]` list with no value was all that stood in the word.
    vanishes: bool,
}

impl Cutter<'_> {
    fn word(&mut self, pair: Pair<'_, Rule>) {
        let (start, end) = (pair.as_span().start(), pair.as_span().end());
        for piece in pair.into_inner() {
            match piece.as_rule() {
                Rule::weak | Rule::strong => self.quotes(piece, end),
                _ => self.piece(piece, end),
            }
        }
        let span = self.line.span(start, end);
        self.finish(span);
    }

    fn quotes(&mut self, pair: Pair<'_, Rule>, word_end: usize) {
        self.draft.quoted = true;
        let opening = pair.as_span().start();
        for piece in pair.into_inner() {
            if piece.as_rule() == Rule::unclosed {
                let error =
                    Diagnostic::error(self.line.span(opening, opening + 1), "this quote is never closed");
                self.errors.push(error.help("close it on the same line, or write a backslash before it"));
            } else {
                self.piece(piece, word_end);
            }
        }
    }

    fn piece(&mut self, pair: Pair<'_, Rule>, word_end: usize) {
        let (start, end, text) = (pair.as_span().start(), pair.as_span().end(), pair.as_str());
        match pair.as_rule() {
            Rule::plain | Rule::weak_text | Rule::strong_text => self.literal(start, text),
            Rule::escape | Rule::weak_escape => self.byte(start, unescape(text.as_bytes()[1])),
            Rule::hex => self.hex(start, text),
            Rule::bad_hex => {
                self.error(start, end, format!("'{text}' is not '\\x' with two hexadecimal digits"))
            }
            Rule::bare_var | Rule::braced_var => self.variable(pair, word_end),
            Rule::broken_var => self.broken_variable(start, text),
            Rule::bad_var => self.bad_variable(start, end),
            Rule::nul => self.error(start, end, "a NUL byte cannot stand in a configuration"),
            Rule::cr => self.error(start, end, "a carriage return in the middle of a line"),
            _ => {}
        }
    }

    fn literal(&mut self, start: usize, text: &str) {
        let from = self.line.start + start as u32;
        self.draft.map.extend((from..).take(text.len()));
        self.draft.bytes.extend_from_slice(text.as_bytes());
    }

    fn byte(&mut self, start: usize, byte: u8) {
        self.draft.map.push(self.line.start + start as u32);
        self.draft.bytes.push(byte);
    }

    fn hex(&mut self, start: usize, text: &str) {
        match u8::from_str_radix(&text[2..], 16) {
            Ok(0) => self.error(start, start + text.len(), "'\\x00': a NUL byte cannot stand in a word"),
            Ok(byte) => self.byte(start, byte),
            Err(_) => self.error(start, start + text.len(), "two hexadecimal digits must follow '\\x'"),
        }
    }

    fn variable(&mut self, pair: Pair<'_, Rule>, word_end: usize) {
        let start = pair.as_span().start();
        let (mut value, mut list) = (None, false);
        for part in pair.into_inner() {
            match part.as_rule() {
                Rule::var_name => value = (self.vars)(part.as_str()),
                Rule::list => list = true,
                Rule::default => value = value.or_else(|| Some(part.as_str()[1..].to_owned())),
                _ => {}
            }
        }
        let value = value.unwrap_or_default();
        if let Some(at) = value.find('\0') {
            let name = &self.line.text[start..];
            let name: String = name.chars().take_while(|c| !matches!(c, '"' | '}')).collect();
            self.error(start, start + name.len(), format!("the value of '{name}' has a NUL byte at {at}"));
        } else if list {
            self.list(start, &value, word_end);
        } else {
            self.expanded(start, &value);
        }
    }

    fn expanded(&mut self, start: usize, value: &str) {
        value.bytes().for_each(|b| self.byte(start, b));
    }

    /// `${VAR[*]}`: each blank in the value starts a new word.
    fn list(&mut self, start: usize, value: &str, word_end: usize) {
        let mut items = value.split_ascii_whitespace();
        match items.next() {
            Some(first) => self.expanded(start, first),
            None => self.draft.vanishes = true,
        }
        for item in items {
            let span = self.line.span(start, word_end);
            self.finish(span);
            self.draft.quoted = true;
            self.expanded(start, item);
        }
    }

    fn broken_variable(&mut self, start: usize, text: &str) {
        let end = start + text.len();
        match text.find(|c: char| !c.is_ascii_alphanumeric() && !"${_.".contains(c)) {
            Some(at) if text.ends_with('}') && at + 1 < text.len() => {
                let error =
                    Diagnostic::error(self.line.span(start + at, end - 1), "unexpected text in a variable");
                self.errors.push(error.help("write '${NAME}', '${NAME-default}' or '${NAME[*]}'"));
            }
            _ => {
                let error =
                    Diagnostic::error(self.line.span(start, end), format!("'{text}' is not closed by '}}'"));
                self.errors.push(error);
            }
        }
    }

    fn bad_variable(&mut self, start: usize, end: usize) {
        let error = Diagnostic::error(
            self.line.span(start, end),
            "a '$' in double quotes must be followed by a name",
        );
        self.errors.push(error.help("for the character itself write '\\$', or use single quotes"));
    }

    fn error(&mut self, start: usize, end: usize, message: impl Into<String>) {
        self.errors.push(Diagnostic::error(self.line.span(start, end), message));
    }

    /// Ends the word in the making.
    fn finish(&mut self, span: Span) {
        let draft = std::mem::take(&mut self.draft);
        if draft.bytes.is_empty() && draft.vanishes {
            return;
        }
        self.words.push(draft.into_word(span));
    }
}

impl Draft {
    fn into_word(self, span: Span) -> Word {
        let Draft { bytes, map, quoted, .. } = self;
        let (text, map, raw) = match String::from_utf8(bytes) {
            Ok(text) => (text, map, None),
            Err(error) => {
                let bytes = error.into_bytes();
                let (text, map) = lossy(&bytes, &map);
                (text, map, Some(bytes.into_boxed_slice()))
            }
        };
        let as_written = map.iter().copied().eq((span.start..).take(map.len()));
        Word { text, span, quoted, map: (!as_written).then(|| map.into_boxed_slice()), raw }
    }
}

/// The bytes as text with U+FFFD for what is no UTF-8, and the map stretched to it.
fn lossy(bytes: &[u8], map: &[u32]) -> (String, Vec<u32>) {
    let (mut text, mut stretched, mut at) = (String::new(), Vec::new(), 0);
    for chunk in bytes.utf8_chunks() {
        text.push_str(chunk.valid());
        stretched.extend_from_slice(&map[at..at + chunk.valid().len()]);
        at += chunk.valid().len();
        if !chunk.invalid().is_empty() {
            text.push(char::REPLACEMENT_CHARACTER);
            stretched.extend([map[at]; char::REPLACEMENT_CHARACTER.len_utf8()]);
            at += chunk.invalid().len();
        }
    }
    (text, stretched)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn vars(name: &str) -> Option<String> {
        match name {
            "A" => Some("one".into()),
            "LIST" => Some(" a b  c ".into()),
            "EMPTY" => Some(String::new()),
            _ => None,
        }
    }

    fn words(text: &str) -> Vec<Word> {
        let (words, errors) = cut(RawLine { file: FileId(0), start: 100, text }, &vars);
        assert_eq!(errors, [], "{text}");
        words
    }

    fn texts(text: &str) -> Vec<String> {
        words(text).into_iter().map(|w| w.text).collect()
    }

    fn messages(text: &str) -> Vec<(u32, u32, String)> {
        let (_, errors) = cut(RawLine { file: FileId(0), start: 0, text }, &vars);
        let place = |d: &Diagnostic| d.span.map_or((0, 0), |s| (s.start, s.end));
        errors.iter().map(|d| (place(d).0, place(d).1, d.message.clone())).collect()
    }

    #[test]
    fn blanks_part_words_and_a_hash_ends_the_line() {
        assert_eq!(texts("  bind\t*:80 # listen"), ["bind", "*:80"]);
        assert_eq!(texts("global#this is it"), ["global"]);
        assert_eq!(texts("# nothing"), [""; 0]);
    }

    #[test]
    fn quotes_escapes_and_pieces_make_one_word() {
        assert_eq!(texts(r##"a"b c"'d "#e'f\ g\#\\\q"##), [r##"ab cd "#ef g#\\q"##]);
        assert_eq!(texts(r#"\x41\n "\x42\$\t" '\x43'"#), ["A\n", "B$\t", r"\x43"]);
        assert_eq!(texts(r#"a\$b$A"#), [r"a\$b$A"]);
    }

    #[test]
    fn variables_are_read_in_double_quotes_only() {
        assert_eq!(
            texts(r#""$A-${A}" '$A' ${A} "${NONE-x y}" "${A-x}" "${EMPTY-x}""#),
            ["one-one", "$A", "${A}", "x y", "one", ""]
        );
    }

    #[test]
    fn a_list_becomes_several_words() {
        assert_eq!(texts(r#"x "<${LIST[*]}>" "${NONE[*]}" y"#), ["x", "<a", "b", "c>", "y"]);
    }

    #[test]
    fn every_byte_of_a_word_knows_its_place() {
        let word = &words(r#"a\ "b\x41$A"c"#)[0];
        assert_eq!(word.text, "a bAonec");
        assert_eq!((word.span.start, word.span.end), (100, 113));
        let starts: Vec<u32> = (0..8).map(|i| word.part(i, i + 1).start - 100).collect();
        assert_eq!(starts, [0, 1, 4, 5, 9, 9, 9, 12]);
        assert!(words("plain")[0].map.is_none());
    }

    #[test]
    fn bytes_that_are_no_text_are_kept_beside_the_text() {
        let word = &words(r"a\xffb")[0];
        assert_eq!((word.text.as_str(), word.bytes()), ("a\u{fffd}b", &b"a\xffb"[..]));
        assert_eq!(word.part(4, 5).start, 105);
    }

    #[test]
    fn each_mistake_of_a_line_is_found_at_its_place() {
        assert_eq!(
            messages(r"\x4 \xZZ 'a"),
            [
                (0, 3, r"'\x4' is not '\x' with two hexadecimal digits".to_owned()),
                (4, 8, r"'\xZZ' is not '\x' with two hexadecimal digits".to_owned()),
                (9, 10, "this quote is never closed".to_owned()),
            ]
        );
        assert_eq!(messages(r#""$1 ${A.b} ${A""#)[0].0, 1);
        assert_eq!(messages("a\0b\rc").len(), 2);
    }
}
