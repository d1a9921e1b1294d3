//! Regular expressions: `regex` in linear time, `fancy-regex` for look-around and back-references.

use super::pcre::translate;
use regex::bytes::{RegexBuilder, RegexSet, RegexSetBuilder};

/// A compiled regular expression with the places of its groups.
#[derive(Debug)]
pub(crate) enum Regex {
    Plain(regex::bytes::Regex),
    /// Works on text only: bytes that are no UTF-8 never match it.
    Fancy(Box<fancy_regex::Regex>),
}

/// The places of a match and of its groups; `None` for a group that took no part.
pub(crate) type Groups = Vec<Option<(usize, usize)>>;

impl Regex {
    /// Compiles a pattern; the error is a sentence for the user.
    pub(crate) fn new(pattern: &str, ignore_case: bool) -> Result<Regex, String> {
        let translated = translate(pattern);
        let plain = match translated.backtracks {
            false => builder(&translated.pattern, ignore_case).build().map(Regex::Plain),
            true => Err(regex::Error::Syntax("possessive quantifier".to_owned())),
        };
        plain.or_else(|error| {
            let case = if ignore_case { "(?i)" } else { "" };
            match fancy_regex::Regex::new(&format!("{case}{}", translated.pattern)) {
                Ok(regex) => Ok(Regex::Fancy(Box::new(regex))),
                Err(_) => Err(format!("regular expression '{pattern}' is invalid: {}", reason(&error))),
            }
        })
    }

    /// The pattern, where it can be run together with others.
    pub(crate) fn plain(&self) -> Option<&str> {
        match self {
            Regex::Plain(regex) => Some(regex.as_str()),
            Regex::Fancy(_) => None,
        }
    }

    pub(crate) fn matches(&self, text: &[u8]) -> bool {
        match self {
            Regex::Plain(regex) => regex.is_match(text),
            Regex::Fancy(regex) => {
                std::str::from_utf8(text).is_ok_and(|text| regex.is_match(text).unwrap_or(false))
            }
        }
    }

    /// The first match from an offset on and its groups.
    pub(crate) fn groups(&self, text: &[u8], from: usize) -> Option<Groups> {
        match self {
            Regex::Plain(regex) => {
                let mut places = regex.capture_locations();
                regex.captures_read_at(&mut places, text, from)?;
                Some((0..places.len()).map(|i| places.get(i)).collect())
            }
            Regex::Fancy(regex) => {
                let text = std::str::from_utf8(text).ok()?;
                let found = regex.captures_from_pos(text, from).ok()??;
                Some((0..found.len()).map(|i| found.get(i).map(|m| (m.start(), m.end()))).collect())
            }
        }
    }
}

/// Patterns of which one must match: what `regex` can do goes into one automaton.
#[derive(Debug, Default)]
pub(crate) struct Regexes {
    single: Vec<Regex>,
    set: Option<RegexSet>,
}

impl Regexes {
    /// Patterns with their flag for case; the error carries the index of the guilty one.
    pub(crate) fn new(patterns: &[(&str, bool)]) -> Result<Regexes, (usize, String)> {
        let mut plain = Vec::new();
        let mut single = Vec::new();
        for (index, &(pattern, ignore_case)) in patterns.iter().enumerate() {
            match Regex::new(pattern, ignore_case).map_err(|e| (index, e))? {
                Regex::Plain(regex) if ignore_case => plain.push((format!("(?i:{})", regex.as_str()), regex)),
                Regex::Plain(regex) => plain.push((regex.as_str().to_owned(), regex)),
                fancy => single.push(fancy),
            }
        }
        if plain.len() > 1
            && let Ok(set) = RegexSetBuilder::new(plain.iter().map(|(p, _)| p)).unicode(false).build()
        {
            return Ok(Regexes { single, set: Some(set) });
        }
        single.extend(plain.into_iter().map(|(_, regex)| Regex::Plain(regex)));
        Ok(Regexes { single, set: None })
    }

    pub(crate) fn matches(&self, text: &[u8]) -> bool {
        self.set.as_ref().is_some_and(|set| set.is_match(text)) || self.single.iter().any(|r| r.matches(text))
    }
}

fn builder(pattern: &str, ignore_case: bool) -> RegexBuilder {
    let mut builder = RegexBuilder::new(pattern);
    // Bytes, as PCRE sees them without its UTF mode.
    builder.unicode(false).case_insensitive(ignore_case);
    builder
}

/// The last line of the library's message says what is wrong; those before draw the place.
fn reason(error: &regex::Error) -> String {
    let text = error.to_string();
    let last = text.lines().last().unwrap_or_default();
    last.trim_start_matches("error: ").to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_of_many_patterns_is_enough() {
        let patterns = [("^/a", false), ("b$", true), ("(?!x)c", false)];
        let set = Regexes::new(&patterns).unwrap();
        for (text, expected) in [("/a", true), ("/A", false), ("xB", true), ("zc", true), ("q", false)] {
            assert_eq!(set.matches(text.as_bytes()), expected, "{text}");
        }
    }

    #[test]
    fn bytes_that_are_no_text_can_match() {
        assert!(Regex::new("a.b", false).unwrap().matches(b"a\xffb"));
    }

    #[test]
    fn back_references_work() {
        let regex = Regex::new(r"(a+)-\1$", false).unwrap();
        assert!(regex.matches(b"aa-aa") && !regex.matches(b"aa-b"));
    }

    #[test]
    fn the_reason_of_a_bad_pattern_is_one_line() {
        let error = Regex::new("(", false).unwrap_err();
        assert_eq!(error, "regular expression '(' is invalid: unclosed group");
    }
}
