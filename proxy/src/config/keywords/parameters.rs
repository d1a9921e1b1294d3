//! Lists of parameters behind an address: `bind :80 name web`, `server s 10.0.0.1:80 check inter 2s`.

use portero_grammar::{Diagnostic, Word};

use super::{Call, Form, Row, run};
use crate::config::reading::Reading;

/// The parameters that a line may have.
pub(super) struct Parameters<T: 'static> {
    /// What the line is, for messages.
    pub(super) what: &'static str,
    pub(super) rows: &'static [Row<T>],
    /// Words that matter under TLS only, with how many words each takes.
    pub(super) tls: &'static [(&'static str, usize)],
}

/// Reads parameters. Every unknown or unsupported one is reported, and what stands behind it read all the same.
pub(super) fn parameters<T>(known: &Parameters<T>, words: &[Word], target: &mut T, reading: &mut Reading) {
    let secure = words.iter().any(|w| matches!(&*w.text, "ssl" | "check-ssl"));
    let mut rest = words;
    while let [word, behind @ ..] = rest {
        let count = if let Some(row) = known.rows.iter().find(|r| fits(r.name, word)) {
            let (args, _) = behind.split_at(row.takes().min(behind.len()));
            let (span, form) = (word.span, Form::Plain);
            let mut call = Call { target, reading, name: row.name, span, line: span, args, form };
            if let Err(error) = run(row, &mut call) {
                reading.out.push(error);
            }
            args.len()
        } else if let Some((_, count)) = known.tls.iter().find(|(name, _)| *name == word.text) {
            reading.out.push(tls_word(word, secure));
            *count
        } else {
            reading.out.push(unknown(known, word));
            0
        };
        rest = &behind[count.min(behind.len())..];
    }
}

/// `set-proxy-v2-tlv-fmt(0x20)` is a name with something in parentheses, `lua.x` a plugin of a script; all others are
/// the word itself.
fn fits(name: &str, word: &Word) -> bool {
    word.text == name || name.ends_with(['(', '.']) && word.text.starts_with(name)
}

fn tls_word(word: &Word, secure: bool) -> Diagnostic {
    let name = &word.text;
    if secure || matches!(name.as_str(), "ssl" | "check-ssl") {
        return Diagnostic::error(word.span, format!("'{name}' is not supported yet"));
    }
    Diagnostic::note(word.span, format!("'{name}' changes nothing here: there is no 'ssl' on this line"))
}

fn unknown<T>(known: &Parameters<T>, word: &Word) -> Diagnostic {
    let names = known.rows.iter().map(|r| r.name).chain(known.tls.iter().map(|(name, _)| *name));
    let message = format!("unknown parameter '{}' of '{}'", word.text, known.what);
    Diagnostic::error(word.span, message).did_you_mean(&word.text, names)
}
