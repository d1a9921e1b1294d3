//! Names with arguments, quoted as on the second level (HAProxy manual, section 2.2).

use pest::iterators::Pair;

use crate::rules::{Arg, Call};
use crate::syntax::{Rule, unescape};
use crate::{Diagnostic, Word};

/// Reads a call that stands anywhere in a word; `what` says in a message what it should have been.
pub(crate) fn call(pair: Pair<'_, Rule>, word: &Word, what: &str) -> Result<Call, Diagnostic> {
    let (start, end) = (pair.as_span().start(), pair.as_span().end());
    let mut call = Call {
        name: String::new(),
        name_span: word.part(start, start),
        args: None,
        span: word.part(start, end),
    };
    for part in pair.into_inner() {
        let (start, end) = (part.as_span().start(), part.as_span().end());
        match part.as_rule() {
            Rule::name if part.as_str().is_empty() => return Err(nameless(word, start, what)),
            Rule::name => (call.name, call.name_span) = (part.as_str().to_owned(), word.part(start, end)),
            _ => call.args = Some(args(part, word, &call.name)?),
        }
    }
    Ok(call)
}

fn args(pair: Pair<'_, Rule>, word: &Word, name: &str) -> Result<Vec<Arg>, Diagnostic> {
    let open = pair.as_span().start();
    let mut args = Vec::new();
    for part in pair.into_inner() {
        match part.as_rule() {
            Rule::arg => args.push(arg(part, word)?),
            _ => {
                return Err(Diagnostic::error(
                    word.part(open, open + 1),
                    format!("the arguments of '{name}' are not closed"),
                )
                .help("a ')' is missing; a word ends at the first space that is not quoted"));
            }
        }
    }
    if let [only] = args.as_slice()
        && only.span.start == only.span.end
    {
        args.clear(); // `f()` has no argument
    }
    Ok(args)
}

fn arg(pair: Pair<'_, Rule>, word: &Word) -> Result<Arg, Diagnostic> {
    let span = word.part(pair.as_span().start(), pair.as_span().end());
    let mut text = Text { word, text: String::new(), raw: Vec::new() };
    for piece in pair.into_inner() {
        let start = piece.as_span().start();
        match piece.as_rule() {
            Rule::quoted | Rule::strong => {
                for inner in piece.into_inner() {
                    if inner.as_rule() == Rule::unclosed {
                        let error = Diagnostic::error(
                            word.part(start, start + 1),
                            "this quote inside an argument is never closed",
                        );
                        return Err(error.help("to have the quote itself write a backslash before it"));
                    }
                    text.push(&inner);
                }
            }
            _ => text.push(&piece),
        }
    }
    let Text { text, raw, .. } = text;
    Ok(Arg { text, span, raw: word.raw.is_some().then(|| raw.into()) })
}

/// An argument as far as it has been read: as text, and as the bytes that the word has in its place.
struct Text<'w> {
    word: &'w Word,
    text: String,
    raw: Vec<u8>,
}

impl Text<'_> {
    fn push(&mut self, piece: &Pair<'_, Rule>) {
        match piece.as_rule() {
            Rule::escape => {
                let byte = unescape(piece.as_str().as_bytes()[1]);
                self.text.push(byte as char);
                self.raw.push(byte);
            }
            _ => {
                self.text.push_str(piece.as_str());
                let place = piece.as_span();
                self.raw.extend_from_slice(self.word.bytes_of(place.start(), place.end()));
            }
        }
    }
}

fn nameless(word: &Word, at: usize, what: &str) -> Diagnostic {
    match word.text[at..].chars().next() {
        Some(found) if found != ',' && found != ']' => {
            let message = format!("{what} was expected, found '{found}'");
            Diagnostic::error(word.part(at, at + found.len_utf8()), message)
        }
        Some(found) => {
            Diagnostic::error(word.part(at, at + 1), format!("{what} is missing before '{found}'"))
        }
        None if at == 0 => Diagnostic::error(word.span, format!("{what} is missing")),
        None => Diagnostic::error(word.part(at - 1, at), format!("{what} is missing at the end"))
            .help("no space may stand behind a ','"),
    }
}
