//! Which pattern a sample matched. Matchers answer fast and keep no names, so the patterns of a line are tried one by one.

use portero_api::Sample;

use super::About;
use crate::matching::{Ints, IpNets, Matcher, Method, Net, Operator, Regexes, Texts};

/// The pattern that a sample matched, as it was written.
pub(super) fn name(about: &About, matcher: &Matcher, sample: &Sample<'_>) -> String {
    if let Matcher::Lists(lists, _) = matcher
        && let Some((pattern, list)) = lists.iter().find_map(|list| list.pattern(sample))
    {
        return format!("{pattern} of {list}");
    }
    match (about.method, &about.words[..], &about.files[..]) {
        (Method::Found, ..) => "there is a value".to_owned(),
        (Method::Bool, ..) => "true".to_owned(),
        (_, [(only, _)], []) => only.to_string(),
        (_, words, files) => match written(about, words, sample) {
            Some(word) => word,
            None => format!("a pattern of {}", files.join(", ")),
        },
    }
}

/// The first of the patterns in the line that matches; an operator before integers belongs to them.
fn written(about: &About, words: &[(Box<str>, bool)], sample: &Sample<'_>) -> Option<String> {
    let mut operator = Operator::Eq;
    let mut before = "";
    for (word, ignore_case) in words {
        let is_int = matches!(about.method, Method::Int | Method::Len);
        if let Some(named) = Operator::named(word).filter(|_| is_int) {
            (operator, before) = (named, word);
            continue;
        }
        if single(about, operator, word, *ignore_case)?.matches(sample) {
            return Some(if before.is_empty() { word.to_string() } else { format!("{before} {word}") });
        }
    }
    None
}

/// A matcher of one pattern.
fn single(about: &About, operator: Operator, word: &str, ignore_case: bool) -> Option<Matcher> {
    Some(match about.method {
        Method::Found => Matcher::Found,
        Method::Bool => Matcher::Bool,
        Method::Int => Matcher::Int(Ints::new(vec![Ints::parse(operator, word).ok()?])),
        Method::Len => Matcher::Len(Ints::new(vec![Ints::parse(operator, word).ok()?])),
        Method::Ip => Matcher::Ip(IpNets::new(vec![Net::parse(word)?])),
        Method::Reg => Matcher::Reg(Regexes::new(&[(word, ignore_case)]).ok()?),
        Method::Bin => Matcher::Bin(Texts::new(Method::Bin, vec![(bytes(word)?, false)])),
        method => {
            let exact = about.kind == portero_api::SampleType::Method && method == Method::Str;
            Matcher::Text(Texts::new(method, vec![(word.as_bytes().to_vec(), ignore_case && !exact)]))
        }
    })
}

/// The bytes of hexadecimal digits.
fn bytes(digits: &str) -> Option<Vec<u8>> {
    let pairs = digits.as_bytes().chunks(2);
    pairs.map(|pair| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok()).collect()
}
