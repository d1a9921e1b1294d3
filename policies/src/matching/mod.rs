//! Matchers: what samples of an ACL are compared with (HAProxy manual, section 7.1).

mod ints;
mod ips;
mod pcre;
mod regexes;
mod texts;

use portero_api::{Sample, SampleType};

pub(crate) use ints::{Ints, Operator};
pub(crate) use ips::{IpNets, Net, embedded};
pub(crate) use regexes::{Groups, Regex, Regexes};
pub(crate) use texts::{Texts, is_delimiter, strip};

use crate::cast::{cast, until_nul, write_text};
use crate::maps::Lookup;

/// A way of matching, as `-m` names it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[allow(missing_docs)]
pub enum Method {
    Found,
    Bool,
    Int,
    Ip,
    Bin,
    Len,
    Str,
    Sub,
    Reg,
    Beg,
    End,
    Dir,
    Dom,
}

/// All methods by name.
pub(crate) const METHODS: [(&str, Method); 13] = [
    ("found", Method::Found),
    ("bool", Method::Bool),
    ("int", Method::Int),
    ("ip", Method::Ip),
    ("bin", Method::Bin),
    ("len", Method::Len),
    ("str", Method::Str),
    ("sub", Method::Sub),
    ("reg", Method::Reg),
    ("beg", Method::Beg),
    ("end", Method::End),
    ("dir", Method::Dir),
    ("dom", Method::Dom),
];

impl Method {
    /// The names of all methods.
    pub fn names() -> impl Iterator<Item = &'static str> {
        METHODS.iter().map(|&(name, _)| name)
    }

    /// The method of that name.
    pub fn named(name: &str) -> Option<Method> {
        METHODS.iter().find(|(n, _)| *n == name).map(|&(_, m)| m)
    }

    /// Its name.
    pub fn name(self) -> &'static str {
        METHODS.iter().find(|&&(_, m)| m == self).map_or("", |&(n, _)| n)
    }

    /// The method for samples of a type when none is named; none for bytes, which must name one.
    pub fn default_for(kind: SampleType) -> Option<Method> {
        match kind {
            SampleType::Bool => Some(Method::Bool),
            SampleType::Int => Some(Method::Int),
            SampleType::Ip => Some(Method::Ip),
            SampleType::Str | SampleType::Method => Some(Method::Str),
            SampleType::Bin | SampleType::Any => None,
        }
    }

    /// True when samples of that type can be matched so (the matrix of section 7.1).
    pub fn fits(self, kind: SampleType) -> bool {
        use SampleType::{Any, Bin, Bool, Int, Ip, Str};
        match self {
            Method::Bool => matches!(kind, Bool | Int | Str | Any),
            Method::Int => matches!(kind, Bool | Int | Ip | Str | Any),
            Method::Ip => matches!(kind, Int | Ip | Str | Bin | Any),
            _ => true,
        }
    }

    /// True when it compares with patterns.
    pub fn takes_patterns(self) -> bool {
        !matches!(self, Method::Found | Method::Bool)
    }
}

/// What samples are compared with, in the form that answers fastest.
pub(crate) enum Matcher {
    Found,
    Bool,
    Int(Ints),
    Len(Ints),
    Ip(IpNets),
    Bin(Texts),
    Text(Texts),
    Reg(Regexes),
    /// Patterns of lists that may change, and those written beside them.
    Lists(Box<[Lookup]>, Option<Box<Matcher>>),
}

impl Matcher {
    #[inline]
    pub(crate) fn matches(&self, sample: &Sample<'_>) -> bool {
        match (self, sample) {
            // what most tests ask
            (Matcher::Text(texts), Sample::Str(text)) => texts.matches(text),
            _ => self.matches_any(sample),
        }
    }

    #[inline(never)]
    fn matches_any(&self, sample: &Sample<'_>) -> bool {
        match self {
            Matcher::Found => true,
            Matcher::Bool => crate::cast::to_int(sample).is_some_and(|i| i != 0),
            Matcher::Int(ints) => crate::cast::to_int(sample).is_some_and(|i| ints.contains(i)),
            Matcher::Len(ints) => with_text(sample, |text| ints.contains(text.len() as i64)),
            Matcher::Ip(nets) => match sample {
                Sample::Ip(ip) => nets.contains(*ip),
                other => match cast(other.clone(), SampleType::Ip) {
                    Some(Sample::Ip(ip)) => nets.contains(ip),
                    _ => false,
                },
            },
            Matcher::Bin(texts) => match sample {
                Sample::Bin(bytes) | Sample::Str(bytes) => texts.matches(bytes),
                other => match cast(other.clone(), SampleType::Bin) {
                    Some(Sample::Bin(bytes)) => texts.matches(&bytes),
                    _ => false,
                },
            },
            Matcher::Text(texts) => with_text(sample, |text| texts.matches(text)),
            Matcher::Reg(regexes) => with_text(sample, |text| regexes.matches(text)),
            Matcher::Lists(lists, written) => {
                lists.iter().any(|list| list.matches(sample))
                    || written.as_ref().is_some_and(|written| written.matches(sample))
            }
        }
    }
}

/// The sample's text; numbers and addresses are written out for it, bytes end at the first NUL.
pub(crate) fn with_text<R>(sample: &Sample<'_>, f: impl FnOnce(&[u8]) -> R) -> R {
    match sample {
        Sample::Str(text) | Sample::Method(text) => f(text),
        Sample::Bin(bytes) => f(until_nul(bytes)),
        other => {
            let mut text = Vec::with_capacity(40);
            write_text(other, &mut text);
            f(&text)
        }
    }
}
