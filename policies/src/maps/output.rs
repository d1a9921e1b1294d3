//! What a map gives: its values as samples (the end of a converter's name: `map_str_int`).

use std::net::IpAddr;

use portero_api::{Sample, SampleType};

use super::index::Match;
use crate::converters::Replacement;

/// What is made of the entry that was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Output {
    /// The value.
    Str,
    /// The value, in which `\1` stands for what a group of the regular expression matched (`map_regm`).
    Groups,
    /// The value as a number.
    Int,
    /// The value as an address.
    Ip,
    /// The key.
    Key,
}

impl Output {
    /// The type of the sample.
    pub const fn sample_type(self) -> SampleType {
        match self {
            Output::Str | Output::Groups | Output::Key => SampleType::Str,
            Output::Int => SampleType::Int,
            Output::Ip => SampleType::Ip,
        }
    }

    /// True when not every value will do.
    pub(super) fn is_picky(self) -> bool {
        matches!(self, Output::Int | Output::Ip)
    }

    /// Whether a value will do; the error is a sentence.
    pub fn check(self, value: &[u8]) -> Result<(), String> {
        let text = String::from_utf8_lossy(value);
        match self {
            Output::Int if int(value).is_none() => Err(format!("value '{text}' is no integer")),
            Output::Ip if ip(value).is_none() => Err(format!("value '{text}' is no address")),
            _ => Ok(()),
        }
    }

    /// The sample that a value gives.
    pub(crate) fn sample(self, value: &[u8]) -> Option<Sample<'static>> {
        match self {
            Output::Str | Output::Groups | Output::Key => Some(Sample::text(value)),
            Output::Int => int(value).map(Sample::Int),
            Output::Ip => ip(value).map(Sample::Ip),
        }
    }

    /// The sample that an entry gives for the text that found it.
    pub(crate) fn of(self, found: &Match<'_>, text: &[u8]) -> Option<Sample<'static>> {
        let value = found.entry.value().unwrap_or_default();
        match self {
            Output::Key => Some(Sample::text(found.entry.key())),
            Output::Groups => Some(Sample::text(with_groups(found, value, text))),
            other => other.sample(value),
        }
    }
}

fn int(value: &[u8]) -> Option<i64> {
    std::str::from_utf8(value).ok()?.parse().ok()
}

fn ip(value: &[u8]) -> Option<IpAddr> {
    std::str::from_utf8(value).ok()?.parse().ok()
}

fn with_groups(found: &Match<'_>, value: &[u8], text: &[u8]) -> Vec<u8> {
    let filled = || {
        let pieces = Replacement::parse(std::str::from_utf8(value).ok()?).ok()?;
        let groups = found.regex?.groups(text, 0)?;
        let mut out = Vec::with_capacity(value.len() + text.len());
        pieces.expand(text, &groups, &mut out);
        Some(out)
    };
    if value.contains(&b'\\') { filled().unwrap_or_else(|| value.to_vec()) } else { value.to_vec() }
}
