//! Lines of the runtime API: commands between semicolons, words between spaces.

/// A line, cut.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Line {
    /// The commands, each a list of words; empty ones left out.
    pub(super) commands: Vec<Vec<String>>,
    /// What ends the payload that follows, when one does: the word behind `<<`, an empty line where there is none.
    pub(super) payload: Option<String>,
}

/// The longest word behind `<<`.
const MAX_PATTERN: usize = 64;

/// Cuts a line. A backslash takes away the meaning of the space, semicolon or backslash behind it.
pub(super) fn cut(line: &str) -> Line {
    let mut commands = vec![Vec::new()];
    let mut word: Option<String> = None;
    let mut chars = line.chars();
    while let Some(c) = chars.next() {
        match c {
            '\\' => {
                let next = chars.next();
                let text = word.get_or_insert_default();
                match next {
                    Some(c @ (' ' | ';' | '\\' | '\t')) => text.push(c),
                    other => text.extend(std::iter::once('\\').chain(other)),
                }
            }
            ' ' | '\t' | '\r' | ';' => {
                let last = commands.last_mut().expect("there is one from the start");
                last.extend(word.take());
                if c == ';' {
                    commands.push(Vec::new());
                }
            }
            c => word.get_or_insert_default().push(c),
        }
    }
    let last = commands.last_mut().expect("there is one from the start");
    last.extend(word);
    let pattern = last.last().and_then(|w| w.strip_prefix("<<")).filter(|p| p.len() <= MAX_PATTERN);
    let payload = pattern.map(str::to_owned);
    if payload.is_some() {
        last.pop();
    }
    commands.retain(|words| !words.is_empty());
    Line { commands, payload }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(line: &str) -> Vec<Vec<String>> {
        cut(line).commands
    }

    #[test]
    fn semicolons_part_commands_and_spaces_words() {
        assert_eq!(words("show  info;; show stat "), [["show", "info"], ["show", "stat"]]);
        assert_eq!(words(" \r"), Vec::<Vec<String>>::new());
    }

    #[test]
    fn a_backslash_takes_the_meaning_away() {
        assert_eq!(words(r"add acl f Mon\ User\ Agent\;"), [["add", "acl", "f", "Mon User Agent;"]]);
        assert_eq!(words(r"set var proc.x str(a\\b\n)"), [["set", "var", "proc.x", r"str(a\b\n)"]]);
    }

    #[test]
    fn a_payload_is_announced_at_the_end_of_the_line() {
        let line = cut("set ssl cert f <<%EOF%");
        assert_eq!((line.commands[0].len(), line.payload.as_deref()), (4, Some("%EOF%")));
        assert_eq!(cut("add map m <<").payload.as_deref(), Some(""));
        assert_eq!(cut("add map m<<").payload, None);
    }
}
