//! Log-format strings: `%ci:%cp %{+Q}[req.hdr(host)]` (HAProxy manual, section 8.2.6).

use pest::Parser;
use pest::iterators::Pair;

use super::expr::{STRAY_PAREN, build};
use super::tree::{Cast, LogFlags, LogFormat, LogPart};
use crate::syntax::{Grammar, Rule};
use crate::{Diagnostic, Span, Word};

const FLAGS: &[&str] = &["Q", "X", "E", "M", "bin", "json", "cbor"];

/// Reads a log format. Whether an alias or a fetch exists is not asked here.
pub fn log_format(word: &Word) -> Result<LogFormat, Vec<Diagnostic>> {
    let Ok(parsed) = Grammar::parse(Rule::log_format, &word.text) else {
        return Err(vec![Diagnostic::error(word.span, "this log format cannot be read")]);
    };
    let mut reader =
        Reader { word, format: LogFormat::default(), flags: LogFlags::default(), errors: Vec::new() };
    for pair in parsed.flat_map(Pair::into_inner) {
        match pair.as_rule() {
            Rule::log_text => reader.text(&pair),
            Rule::percent => reader.push_text(b"%"),
            Rule::item => reader.item(pair),
            _ => {}
        }
    }
    if reader.errors.is_empty() { Ok(reader.format) } else { Err(reader.errors) }
}

struct Reader<'a> {
    word: &'a Word,
    format: LogFormat,
    /// What the `%o` read so far have set.
    flags: LogFlags,
    errors: Vec<Diagnostic>,
}

/// What stands before the name of an item.
#[derive(Default)]
struct Head {
    label: Option<String>,
    cast: Option<Cast>,
    /// `None` where none were written.
    flags: Option<LogFlags>,
}

impl Reader<'_> {
    fn text(&mut self, pair: &Pair<'_, Rule>) {
        let word = self.word;
        self.push_text(word.bytes_of(pair.as_span().start(), pair.as_span().end()));
    }

    fn push_text(&mut self, bytes: &[u8]) {
        match self.format.parts.last_mut() {
            Some(LogPart::Text(text)) => text.extend_from_slice(bytes),
            _ => self.format.parts.push(LogPart::Text(bytes.to_vec())),
        }
    }

    fn item(&mut self, pair: Pair<'_, Rule>) {
        let (start, end) = (pair.as_span().start(), pair.as_span().end());
        let span = self.word.part(start, end);
        let mut head = Head::default();
        let before = self.errors.len();
        for part in pair.into_inner() {
            match part.as_rule() {
                Rule::label => self.label(part, &mut head),
                Rule::flags => self.item_flags(part, &mut head),
                Rule::alias => self.alias(part.as_str(), std::mem::take(&mut head), span),
                Rule::bracket => self.bracket(part, std::mem::take(&mut head), span),
                // A mistake in the name or the flags explains why nothing could follow.
                _ if self.errors.len() > before => {}
                _ => self.nameless(start, end),
            }
        }
    }

    /// `(name)`, `(name:type)`, `(:type)`
    fn label(&mut self, pair: Pair<'_, Rule>, head: &mut Head) {
        if self.unclosed(&pair, "this '(' is never closed", "a name is written '%(name)ci'") {
            return;
        }
        for part in pair.into_inner() {
            let (start, text) = (part.as_span().start(), part.as_str());
            let (name, kind) = text.split_once(':').map_or((text, None), |(name, kind)| (name, Some(kind)));
            if let Some((at, wrong)) =
                name.char_indices().find(|&(_, c)| !c.is_ascii_alphanumeric() && !"-_.".contains(c))
            {
                let at = start + at;
                self.error(
                    at,
                    at + wrong.len_utf8(),
                    format!("'{wrong}' cannot be part of the name of an item"),
                );
            }
            head.label = (!name.is_empty()).then(|| name.to_owned());
            if let Some(kind) = kind {
                head.cast = self.cast(kind, start + name.len() + 1);
            }
        }
    }

    fn cast(&mut self, kind: &str, at: usize) -> Option<Cast> {
        let known = [("str", Cast::Str), ("sint", Cast::Sint), ("bool", Cast::Bool), ("raw", Cast::Raw)];
        let found = known.iter().find(|(name, _)| *name == kind).map(|&(_, cast)| cast);
        if found.is_none() {
            self.error(at, at + kind.len(), format!("unknown type '{kind}'"))
                .help_last("the types are str, sint, bool and raw");
        }
        found
    }

    /// `{+Q,-X}`
    fn item_flags(&mut self, pair: Pair<'_, Rule>, head: &mut Head) {
        if self.unclosed(&pair, "these flags are not closed by '}'", "flags are written '%{+Q,-X}ci'") {
            return;
        }
        let mut flags = self.flags;
        pair.into_inner().for_each(|part| self.flag(&part, &mut flags));
        head.flags = Some(flags);
    }

    /// Reports what has no end; where that is the case nothing else in it is worth a word.
    fn unclosed(&mut self, pair: &Pair<'_, Rule>, message: &str, help: &str) -> bool {
        let open = pair.as_span().start();
        let unclosed = pair.clone().into_inner().any(|part| part.as_rule() == Rule::unclosed);
        if unclosed {
            self.error(open, open + 1, message).help_last(help);
        }
        unclosed
    }

    fn flag(&mut self, pair: &Pair<'_, Rule>, flags: &mut LogFlags) {
        let (start, end, text) = (pair.as_span().start(), pair.as_span().end(), pair.as_str());
        let (on, name) = match text.split_at_checked(1) {
            None | Some(("", _)) => return, // `%{}ci` and a last comma are allowed
            Some(("+", name)) => (true, name),
            Some(("-", name)) => (false, name),
            Some(_) => {
                let help = format!("write '+{text}' to set it, '-{text}' to clear it");
                self.error(start, end, format!("the flag '{text}' has no sign")).help_last(help);
                return;
            }
        };
        match name {
            "Q" => flags.quote = on,
            "X" => flags.hex = on,
            "E" => flags.escape = on,
            "M" => flags.mandatory = on,
            "json" => flags.json = on,
            "cbor" => flags.cbor = on,
            "bin" => flags.bin = on,
            _ => {
                let help = format!("the flags are {}", FLAGS.join(", "));
                self.error(start + 1, end, format!("unknown flag '{name}'")).help_last(help);
            }
        }
    }

    fn alias(&mut self, name: &str, head: Head, span: Span) {
        let flags = self.flags_of(&head, name == "o");
        if name != "o" {
            let Head { label, cast, .. } = head;
            self.format.parts.push(LogPart::Alias { name: name.to_owned(), flags, label, cast, span });
            return;
        }
        self.flags = flags;
        if self.format.parts.iter().all(|part| matches!(part, LogPart::Text(_))) {
            self.format.global = flags;
        }
    }

    /// `[expr]`
    fn bracket(&mut self, pair: Pair<'_, Rule>, head: Head, span: Span) {
        let open = pair.as_span().start();
        let flags = self.flags_of(&head, false);
        for part in pair.into_inner() {
            if part.as_rule() == Rule::bracket_junk {
                self.junk(&part, open);
                return;
            }
            match build(part, self.word) {
                Ok(expr) => {
                    let (label, cast) = (head.label.clone(), head.cast);
                    self.format.parts.push(LogPart::Expr { expr, flags, label, cast, span });
                }
                Err(error) => {
                    self.errors.push(error);
                    return;
                }
            }
        }
    }

    /// Only `%o` can set `bin` (section 8.2.6).
    fn flags_of(&self, head: &Head, all: bool) -> LogFlags {
        let flags = head.flags.unwrap_or(self.flags);
        if all { flags } else { LogFlags { bin: self.flags.bin, ..flags } }
    }

    /// What stands between an expression and its bracket.
    fn junk(&mut self, pair: &Pair<'_, Rule>, open: usize) {
        let start = pair.as_span().start();
        match pair.as_str().chars().next() {
            None => {
                self.error(open, open + 1, "this '[' is never closed");
            }
            Some(first) => {
                let help = match first {
                    ')' => STRAY_PAREN,
                    ' ' => "an expression has no spaces outside its arguments",
                    _ => "']' was expected here",
                };
                self.error(start, start + first.len_utf8(), format!("unexpected '{first}'")).help_last(help);
            }
        }
    }

    fn nameless(&mut self, start: usize, end: usize) {
        let (text, next) = self.word.text[start..].split_at(end - start);
        let error = match text {
            "%" => self.error(start, end, "a lone '%'"),
            _ => self.error(start, end, format!("'{text}' is followed by no item")),
        };
        if text.ends_with('}') && next.starts_with('(') {
            error.help_last("the name stands before the flags: '%(name){+Q}ci'");
        } else {
            error.help_last("an item is '%ci' or '%[src]'; for a percent sign write '%%'");
        }
    }

    fn error(&mut self, start: usize, end: usize, message: impl Into<String>) -> &mut Self {
        self.errors.push(Diagnostic::error(self.word.part(start, end), message));
        self
    }

    /// Gives the last error a help.
    fn help_last(&mut self, help: impl Into<String>) {
        if let Some(error) = self.errors.last_mut() {
            error.help = Some(help.into());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::FileId;

    fn read(text: &str) -> Result<LogFormat, Vec<Diagnostic>> {
        log_format(&Word::whole(text, FileId(0)))
    }

    #[test]
    fn text_aliases_and_expressions_stand_in_order() {
        let format = read("a %ci:%[src,lower] 100%%").expect("reads");
        let [
            LogPart::Text(a),
            LogPart::Alias { name, .. },
            LogPart::Text(colon),
            LogPart::Expr { expr, .. },
            LogPart::Text(end),
        ] = format.parts.as_slice()
        else {
            panic!("{format:?}")
        };
        assert_eq!(
            (a.as_slice(), name.as_str(), colon.as_slice(), end.as_slice()),
            (&b"a "[..], "ci", &b":"[..], &b" 100%"[..])
        );
        assert_eq!(expr.converters[0].name, "lower");
    }

    #[test]
    fn global_flags_hold_for_what_follows_and_an_item_may_change_them() {
        let format = read("%{+Q,+E}o %ci %{-Q,+X}cp %(n:sint)ST").expect("reads");
        assert!(format.global.quote && format.global.escape);
        let flags = format.parts.iter().filter_map(|part| match part {
            LogPart::Alias { flags, .. } => Some((flags.quote, flags.escape, flags.hex)),
            _ => None,
        });
        assert_eq!(
            flags.collect::<Vec<_>>(),
            [(true, true, false), (false, true, true), (true, true, false)]
        );
        let Some(LogPart::Alias { label, cast, .. }) = format.parts.last() else { panic!("{format:?}") };
        assert_eq!((label.as_deref(), *cast), (Some("n"), Some(Cast::Sint)));
    }

    #[test]
    fn brackets_inside_arguments_do_not_end_an_expression() {
        assert!(read("%[str(])]").is_ok());
        assert!(read(r#"%[str("]")]x"#).is_ok());
    }

    #[test]
    fn mistakes_are_shown_at_their_place() {
        let place = |text: &str| {
            let errors = read(text).expect_err(text);
            errors[0].span.map(|s| (s.start, s.end)).expect("a place")
        };
        assert_eq!(place("100% of"), (3, 4));
        assert_eq!(place("%{+Z}ci"), (3, 4));
        assert_eq!(place("%{Q}ci"), (2, 3));
        assert_eq!(place("%{+Q"), (1, 2));
        assert_eq!(place("x%[src"), (2, 3));
        assert_eq!(place("%[src ]"), (5, 6));
        assert_eq!(place("%[]"), (2, 3));
        assert_eq!(place("%(n:foo)ci"), (4, 7));
        assert_eq!(place("%(n"), (1, 2));
        assert_eq!(place("%{+Q}"), (0, 5));
    }
}
