//! Variables in addresses that are not quoted: `bind ${IP}:80`. Everywhere else a variable wants double quotes, but
//! HAProxy looks for them in every address (manual, section 2.9), and one that is not set is empty there.

use portero_grammar::Word;
use portero_grammar::cfg::{Environment, Line, Section};

/// Where addresses stand: the words of a keyword and how many words behind it.
const ADDRESSES: &[(&[&str], usize)] = &[
    (&["bind"], 0),
    (&["log"], 0),
    (&["peer"], 1),
    (&["server"], 1),
    (&["source"], 0),
    (&["stats", "socket"], 0),
];

/// Parameters that an address follows.
const PARAMETERS: &[&str] = &["addr", "source"];

/// Puts the values of variables into all addresses.
pub(super) fn fill(sections: &mut [Section], env: &dyn Environment) {
    for line in sections.iter_mut().flat_map(|section| &mut section.lines) {
        fill_line(line, env);
    }
}

fn fill_line(line: &mut Line, env: &dyn Environment) {
    let words = &mut line.words;
    let begins = |keyword: &[&str]| keyword.iter().zip(&words[..]).all(|(name, word)| *name == word.text);
    let Some((keyword, behind)) = ADDRESSES.iter().find(|(keyword, _)| begins(keyword)) else { return };
    let first = keyword.len() + behind;
    for at in first..words.len() {
        if at == first || PARAMETERS.contains(&words[at - 1].text.as_str()) {
            fill_word(&mut words[at], env);
        }
    }
}

fn fill_word(word: &mut Word, env: &dyn Environment) {
    if word.text.contains('$') {
        *word = Word { quoted: word.quoted, ..Word::plain(filled(&word.text, env), word.span) };
    }
}

/// The text with `$NAME` and `${NAME}` replaced. What is not closed stays as it is.
fn filled(text: &str, env: &dyn Environment) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some((before, behind)) = rest.split_once('$') {
        out.push_str(before);
        let (name, after) = match behind.strip_prefix('{').map(|inner| inner.split_once('}')) {
            None => behind.split_at(behind.find(|c| !is_of_name(c)).unwrap_or(behind.len())),
            Some(Some(parts)) => parts,
            Some(None) => ("", behind),
        };
        match name.is_empty() {
            true => out.push('$'),
            false => out.push_str(&env.var(name).unwrap_or_default()),
        }
        rest = after;
    }
    out + rest
}

fn is_of_name(c: char) -> bool {
    c.is_ascii_alphanumeric() || c == '_'
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::config::environment;

    #[test]
    fn variables_are_filled_in_and_those_that_are_not_set_are_empty() {
        let env = environment::settings(BTreeMap::from([("IP".to_owned(), "10.0.0.1".to_owned())]));
        for (text, expected) in [
            ("${IP}:80", "10.0.0.1:80"),
            ("$IP:80", "10.0.0.1:80"),
            ("${NONE}:80", ":80"),
            ("ipv4@${IP}", "ipv4@10.0.0.1"),
            ("${IP", "${IP"),
            ("a$:80", "a$:80"),
        ] {
            assert_eq!(filled(text, &env), expected, "{text}");
        }
    }
}
