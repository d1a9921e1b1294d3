//! A list as a rule asks it.

use std::sync::Arc;

use portero_api::{Sample, SampleType};

use super::index::{Kind, Match, Query};
use super::list::List;
use super::output::Output;
use crate::cast::{cast, to_int};
use crate::matching::{Method, with_text};

/// A list, asked in one way. Each rule on each worker has its own; the list is one.
pub(crate) struct Lookup {
    list: Arc<List>,
    kind: Kind,
    slot: usize,
}

impl Lookup {
    pub(super) fn new(list: Arc<List>, kind: Kind, slot: usize) -> Lookup {
        Lookup { list, kind, slot }
    }

    /// True when the list has an entry for a sample.
    pub(crate) fn matches(&self, sample: &Sample<'_>) -> bool {
        self.ask(sample, |_, _| ()).is_some()
    }

    /// The pattern that a sample finds, and the name of the list: what a trace says.
    pub(crate) fn pattern(&self, sample: &Sample<'_>) -> Option<(String, &str)> {
        let key = self.ask(sample, |found, _| String::from_utf8_lossy(found.entry.key()).into_owned())?;
        Some((key, self.list.name()))
    }

    /// What a map gives for a sample.
    pub(crate) fn value(&self, sample: &Sample<'_>, output: Output) -> Option<Sample<'static>> {
        self.ask(sample, |found, text| output.of(&found, text))?
    }

    /// Hands over what was found, and the text that found it where it is one.
    fn ask<R>(&self, sample: &Sample<'_>, take: impl FnOnce(Match<'_>, &[u8]) -> R) -> Option<R> {
        match self.kind.method {
            Method::Int => self.query(Query::Int(to_int(sample)?), take),
            Method::Ip => match sample {
                Sample::Ip(ip) => self.query(Query::Ip(*ip), take),
                other => match cast(other.clone(), SampleType::Ip)? {
                    Sample::Ip(ip) => self.query(Query::Ip(ip), take),
                    _ => None,
                },
            },
            Method::Bin => match cast(sample.clone(), SampleType::Bin)? {
                Sample::Bin(bytes) => self.query(Query::Text(&bytes), take),
                _ => None,
            },
            _ => with_text(sample, |text| self.query(Query::Text(text), take)),
        }
    }

    fn query<R>(&self, query: Query<'_>, take: impl FnOnce(Match<'_>, &[u8]) -> R) -> Option<R> {
        let text = if let Query::Text(text) = query { text } else { &[] };
        self.list.find(self.slot, query, |found| take(found, text))
    }
}

/// What a text of the operator's asks by a method; none when it is no number or no address where one is meant.
pub(super) fn query(method: Method, text: &[u8]) -> Option<Query<'_>> {
    let parsed = || std::str::from_utf8(text).ok();
    match method {
        Method::Int => parsed()?.parse().ok().map(Query::Int),
        Method::Ip => parsed()?.parse().ok().map(Query::Ip),
        _ => Some(Query::Text(text)),
    }
}
