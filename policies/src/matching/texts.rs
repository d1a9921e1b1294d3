//! Text patterns: str, beg, end, sub, dir, dom, bin, each with and without regard to case (HAProxy manual, section 7.1.3).

use std::collections::HashSet;

use aho_corasick::{AhoCorasick, packed};
use memchr::memmem;

use super::Method;

/// From so many patterns on a hash or an automaton beats looking at each.
const MANY: usize = 8;

/// Patterns of one method.
pub(crate) struct Texts {
    method: Method,
    exact: Patterns,
    folded: Patterns,
}

/// Patterns of one method that agree on case.
#[derive(Default)]
enum Patterns {
    #[default]
    None,
    Few(Box<[Box<[u8]>]>),
    /// str, beg, end, dir and dom: by hash, one look for each length that occurs (and each delimiter).
    Hashed {
        set: HashSet<Box<[u8]>>,
        lengths: Box<[usize]>,
    },
    /// sub: one pattern.
    Finder(Box<memmem::Finder<'static>>),
    /// sub: a few dozen at once, many bytes of the text at a time.
    Packed(Box<packed::Searcher>),
    /// sub: all at once.
    Automaton(Box<AhoCorasick>),
}

impl Texts {
    /// Patterns with their flag for case.
    pub(crate) fn new(method: Method, patterns: Vec<(Vec<u8>, bool)>) -> Texts {
        let (mut exact, mut folded) = (Vec::new(), Vec::new());
        for (mut pattern, ignore_case) in patterns {
            if method == Method::Dom || method == Method::Dir {
                pattern = strip(&pattern, method).to_vec();
            }
            if ignore_case {
                pattern.make_ascii_lowercase();
                folded.push(pattern);
            } else {
                exact.push(pattern);
            }
        }
        Texts { method, exact: build(method, exact), folded: build(method, folded) }
    }

    #[inline]
    pub(crate) fn matches(&self, text: &[u8]) -> bool {
        self.exact.are_some() && self.exact.matches(self.method, text, false)
            || self.folded.are_some() && self.folded.matches(self.method, text, true)
    }
}

impl Patterns {
    fn are_some(&self) -> bool {
        !matches!(self, Patterns::None)
    }

    fn matches(&self, method: Method, text: &[u8], fold: bool) -> bool {
        match self {
            Patterns::None => false,
            Patterns::Few(patterns) => patterns.iter().any(|p| one(method, text, p, fold)),
            all => all.at_once(method, text, fold),
        }
    }

    /// All but the few: patterns without regard to case are asked for a text in small letters.
    #[inline(never)] // the few need none of the room that this one makes
    fn at_once(&self, method: Method, text: &[u8], fold: bool) -> bool {
        match self {
            Patterns::None | Patterns::Few(_) => false,
            _ if fold => lowered(text, |lower| self.at_once(method, lower, false)),
            Patterns::Finder(finder) => finder.find(text).is_some(),
            Patterns::Packed(searcher) => searcher.find(text).is_some(),
            Patterns::Automaton(automaton) => automaton.is_match(text),
            Patterns::Hashed { set, lengths } => hashed(method, text, set, lengths),
        }
    }
}

/// A text in small letters, on the stack: what is looked up on the road of a request is seldom longer.
fn lowered<R>(text: &[u8], look: impl FnOnce(&[u8]) -> R) -> R {
    let mut small = [0; 256];
    match small.get_mut(..text.len()) {
        Some(room) => {
            room.copy_from_slice(text);
            room.make_ascii_lowercase();
            look(room)
        }
        None => look(&text.to_ascii_lowercase()),
    }
}

fn build(method: Method, mut patterns: Vec<Vec<u8>>) -> Patterns {
    patterns.sort_unstable();
    patterns.dedup();
    let count = patterns.len();
    match method {
        _ if count == 0 => Patterns::None,
        Method::Sub if count == 1 => {
            Patterns::Finder(Box::new(memmem::Finder::new(&patterns[0]).into_owned()))
        }
        Method::Sub => inside(patterns),
        Method::Str | Method::Beg | Method::End | Method::Bin | Method::Dir | Method::Dom if count > MANY => {
            let mut lengths: Vec<_> = patterns.iter().map(Vec::len).collect();
            lengths.sort_unstable();
            lengths.dedup();
            let set = patterns.into_iter().map(Into::into).collect();
            Patterns::Hashed { set, lengths: lengths.into() }
        }
        _ => Patterns::Few(patterns.into_iter().map(Into::into).collect()),
    }
}

/// Several patterns that may stand anywhere in a text.
fn inside(patterns: Vec<Vec<u8>>) -> Patterns {
    if let Some(searcher) = packed::Searcher::new(&patterns) {
        return Patterns::Packed(Box::new(searcher));
    }
    match AhoCorasick::new(&patterns) {
        Ok(automaton) => Patterns::Automaton(Box::new(automaton)),
        // Too large for an automaton: look at each.
        Err(_) => Patterns::Few(patterns.into_iter().map(Into::into).collect()),
    }
}

/// Whether one of the patterns, which have these lengths, matches.
fn hashed(method: Method, text: &[u8], set: &HashSet<Box<[u8]>>, lengths: &[usize]) -> bool {
    if !matches!(method, Method::Dir | Method::Dom) {
        return lengths.iter().any(|&len| piece(method, text, len).is_some_and(|piece| set.contains(piece)));
    }
    let border = |at: usize| text.get(at).is_none_or(|&byte| is_delimiter(method, byte));
    let between = |start: usize, len: usize| {
        let piece = text.get(start..start + len).filter(|_| len > 0 && border(start + len));
        piece.is_some_and(|piece| set.contains(piece))
    };
    let mut starts = (0..text.len()).filter(|&at| at == 0 || border(at - 1));
    starts.any(|start| lengths.iter().any(|&len| between(start, len)))
}

/// The part of a text that a pattern of `len` bytes is compared with.
fn piece(method: Method, text: &[u8], len: usize) -> Option<&[u8]> {
    match method {
        Method::Beg => text.get(..len),
        Method::End => text.len().checked_sub(len).map(|start| &text[start..]),
        _ => (text.len() == len).then_some(text),
    }
}

fn one(method: Method, text: &[u8], pattern: &[u8], fold: bool) -> bool {
    match method {
        Method::Sub => {
            text.windows(pattern.len().max(1)).any(|w| same(w, pattern, fold)) || pattern.is_empty()
        }
        Method::Dir | Method::Dom => delimited(text, pattern, fold, |b| is_delimiter(method, b)),
        _ => piece(method, text, pattern.len()).is_some_and(|p| same(p, pattern, fold)),
    }
}

fn same(a: &[u8], b: &[u8], fold: bool) -> bool {
    if fold { a.eq_ignore_ascii_case(b) } else { a == b }
}

/// True when the pattern stands in the text between delimiters or the ends.
fn delimited(text: &[u8], pattern: &[u8], fold: bool, delimiter: impl Fn(u8) -> bool) -> bool {
    if pattern.is_empty() || pattern.len() > text.len() {
        return false;
    }
    (0..=text.len() - pattern.len()).any(|start| {
        let end = start + pattern.len();
        (start == 0 || delimiter(text[start - 1]))
            && (end == text.len() || delimiter(text[end]))
            && same(&text[start..end], pattern, fold)
    })
}

/// What parts the pieces of a text for dir and dom.
pub(crate) fn is_delimiter(method: Method, byte: u8) -> bool {
    match method {
        Method::Dir => byte == b'/',
        _ => matches!(byte, b'.' | b':' | b'/' | b'?'),
    }
}

/// Takes the delimiters from both ends of a dir or dom pattern.
pub(crate) fn strip(pattern: &[u8], method: Method) -> &[u8] {
    let inner = |byte: &u8| !is_delimiter(method, *byte);
    let start = pattern.iter().position(inner).unwrap_or(pattern.len());
    let end = pattern.iter().rposition(inner).map_or(start, |last| last + 1);
    &pattern[start..end]
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The same question to the few and, beside a crowd of other patterns, to the many.
    fn matches(method: Method, pattern: &str, fold: bool, text: &str) -> bool {
        let one = vec![(pattern.as_bytes().to_vec(), fold)];
        let crowd = (0..20).map(|i| (format!("~crowd{}~", "x".repeat(i)).into_bytes(), fold));
        let many = one.iter().cloned().chain(crowd).collect();
        let answer = Texts::new(method, one).matches(text.as_bytes());
        assert_eq!(Texts::new(method, many).matches(text.as_bytes()), answer, "{method:?} {pattern} {text}");
        answer
    }

    #[test]
    fn every_method_finds_what_it_should() {
        for (method, pattern, inside, outside) in [
            (Method::Str, "abc", "abc", "abcd"),
            (Method::Beg, "/a", "/ab", "b/a"),
            (Method::End, ".js", "x.js", ".jsx"),
            (Method::Sub, "bc", "abcd", "acbd"),
            (Method::Dir, "/images/png", "/images/png/logo", "/images/pngs"),
            (Method::Dir, "32x32.png", "/a/32x32.png", "/a/32x32"),
            (Method::Dir, "a", "a", "b/aa/"),
            (Method::Dir, "b/c", "/a/b/c", "/a/b//c"),
            (Method::Dom, ".www1", "http://www1.example.com:80/", "http://www12.example.com"),
            (Method::Dom, "dc-eu.example:80", "x.dc-eu.example:80/", "eu.example:80"),
            (Method::Bin, "\x01\x02", "\x01\x02", "\x01"),
        ] {
            assert!(matches(method, pattern, false, inside), "{method:?} {pattern} {inside}");
            assert!(!matches(method, pattern, false, outside), "{method:?} {pattern} {outside}");
        }
    }

    #[test]
    fn case_matters_only_when_asked_to() {
        for method in [Method::Str, Method::Beg, Method::End, Method::Sub, Method::Dir, Method::Dom] {
            assert!(matches(method, "AbC", true, "aBc"), "{method:?}");
            assert!(!matches(method, "AbC", false, "aBc"), "{method:?}");
        }
    }

    #[test]
    fn many_patterns_are_found_anywhere_in_a_long_text() {
        let text = format!("{}-Needle1-{}", "x".repeat(300), "y".repeat(300)).into_bytes();
        for count in [1, 2, 20, 500] {
            let texts = |fold| {
                let patterns = (1..=count).map(|i| (format!("-needle{i}-").into_bytes(), fold));
                Texts::new(Method::Sub, patterns.collect())
            };
            assert!(texts(true).matches(&text), "{count}");
            assert!(!texts(false).matches(&text), "{count}");
            assert!(texts(false).matches(&text.to_ascii_lowercase()), "{count}");
            assert!(!texts(true).matches(&text[..300]), "{count}");
        }
    }

    #[test]
    fn an_empty_prefix_matches_and_an_empty_text_only_itself() {
        assert!(matches(Method::Beg, "", false, "x"));
        assert!(matches(Method::Str, "", false, ""));
        assert!(!matches(Method::Str, "", false, "x"));
    }
}
