//! One structure for each way of matching: which entry does a sample find?
//!
//! | method | structure | of several |
//! |---|---|---|
//! | str, bin | hash table | the first |
//! | beg | hash table, asked for each length | the longest |
//! | end | hash table, asked for each length | the first |
//! | dir, dom | hash table, asked between delimiters | the first |
//! | ip | networks in order | the longest |
//! | int, len | numbers in order, and ranges | the first |
//! | sub | Aho-Corasick; of many hash table, asked at each byte | the first |
//! | reg | set of regular expressions | the first |

use std::net::IpAddr;

use super::affixes::Affixes;
use super::entry::{Entry, Hits};
use super::exact::{Exact, Form, hex, in_form};
use super::hash::Reading;
use super::inside::Inside;
use super::nets::Nets;
use super::numbers::Numbers;
use super::pieces::Pieces;
use super::runs::{Expressions, FEW, Runs, Substrings};
use crate::matching::{Ints, Method, Net, Operator, Regex};

/// A way of asking a list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Kind {
    /// How patterns are compared.
    pub method: Method,
    /// Without regard to case (`-i`).
    pub ignore_case: bool,
}

/// What a list is asked.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Query<'q> {
    Text(&'q [u8]),
    Int(i64),
    Ip(IpAddr),
}

/// What was found.
pub(crate) struct Match<'v> {
    pub(crate) entry: &'v Entry,
    /// The expression that matched, where they are expressions.
    pub(crate) regex: Option<&'v Regex>,
}

/// The entries of one version, for one kind.
#[derive(Clone)]
pub(super) enum Index {
    Whole(Exact),
    Prefix(Affixes),
    Suffix(Affixes),
    Pieces(Pieces),
    Ip(Nets),
    Int(Numbers),
    Len(Numbers),
    Sub(Runs<Substrings>),
    Inside(Inside),
    Reg(Runs<Expressions>),
}

impl Kind {
    /// Whether a key can be a pattern of this kind; the error is a sentence.
    pub(super) fn check(self, key: &[u8]) -> Result<(), String> {
        let text = String::from_utf8_lossy(key);
        match self.method {
            Method::Ip => net(key).map(drop),
            Method::Int | Method::Len => Ints::parse(Operator::Eq, &text).map(drop),
            Method::Reg => Regex::new(&text, self.ignore_case).map(drop),
            Method::Bin => hex(key)
                .map(drop)
                .ok_or_else(|| format!("'{text}' is not an even number of hexadecimal digits")),
            _ => Ok(()),
        }
    }

    /// True when not every key can be a pattern.
    pub(super) fn is_picky(self) -> bool {
        matches!(self.method, Method::Ip | Method::Int | Method::Len | Method::Reg | Method::Bin)
    }

    fn form(self) -> Form {
        match self.method {
            Method::Bin => Form::Hex,
            _ if self.ignore_case => Form::Folded,
            _ => Form::Plain,
        }
    }
}

impl Index {
    pub(super) fn new(kind: Kind) -> Index {
        let affixes = |backwards| Affixes::new(Reading { backwards, folded: kind.ignore_case });
        match kind.method {
            Method::Beg => Index::Prefix(affixes(false)),
            Method::End => Index::Suffix(affixes(true)),
            Method::Dir | Method::Dom => Index::Pieces(Pieces::new(kind.method, kind.ignore_case)),
            Method::Ip => Index::Ip(Nets::default()),
            Method::Int => Index::Int(Numbers::default()),
            Method::Len => Index::Len(Numbers::default()),
            Method::Sub => Index::Sub(Runs::new(kind.ignore_case)),
            Method::Reg => Index::Reg(Runs::new(kind.ignore_case)),
            Method::Str | Method::Bin | Method::Found | Method::Bool => Index::Whole(Exact::new(kind.form())),
        }
    }

    /// The entry that counts for what is asked.
    pub(super) fn find(&self, kind: Kind, query: Query<'_>) -> Option<Match<'_>> {
        let entry = match (self, query) {
            (Index::Ip(nets), Query::Ip(ip)) => nets.find(ip),
            (Index::Int(numbers), Query::Int(value)) => numbers.find(value),
            (Index::Reg(runs), Query::Text(text)) => {
                let (entry, run, place) = runs.find(text)?;
                return Some(Match { entry, regex: Some(run.get(place)) });
            }
            (index, Query::Text(text)) => index.find_text(kind, text),
            _ => None,
        };
        entry.map(|entry| Match { entry, regex: None })
    }

    fn find_text(&self, kind: Kind, text: &[u8]) -> Option<&Entry> {
        match self {
            Index::Whole(table) if kind.ignore_case && kind.method != Method::Bin => {
                table.get(&in_form(Form::Folded, text)).map(Hits::first)
            }
            Index::Whole(table) => table.get(text).map(Hits::first),
            Index::Prefix(affixes) => affixes.longest(text),
            Index::Suffix(affixes) => affixes.first(text),
            Index::Pieces(pieces) => pieces.first(text),
            Index::Len(numbers) => numbers.find(text.len() as i64),
            Index::Sub(runs) => runs.find(text).map(|(entry, _, _)| entry),
            Index::Inside(inside) => inside.first(text),
            Index::Ip(_) | Index::Int(_) | Index::Reg(_) => None,
        }
    }

    /// Adds entries whose keys were checked.
    pub(super) fn extend(&mut self, entries: &[Entry]) {
        let ranges = || entries.iter().filter_map(|entry| Some((range(entry)?, entry.clone())));
        match self {
            Index::Whole(table) => entries.iter().for_each(|entry| table.insert(entry.clone())),
            Index::Prefix(affixes) | Index::Suffix(affixes) => {
                entries.iter().for_each(|entry| affixes.insert(entry.clone()));
            }
            Index::Pieces(pieces) => entries.iter().for_each(|entry| pieces.insert(entry.clone())),
            Index::Ip(nets) => {
                let found = entries.iter().filter_map(|entry| Some((net(entry.key()).ok()?, entry)));
                found.for_each(|(net, entry)| nets.insert(net, entry.clone()));
            }
            Index::Int(numbers) | Index::Len(numbers) => numbers.extend(ranges()),
            Index::Sub(runs) if runs.iter().count() + entries.len() > FEW => {
                let mut inside = Inside::new(runs.fold());
                runs.iter().chain(entries).for_each(|entry| inside.insert(entry.clone()));
                *self = Index::Inside(inside);
            }
            Index::Sub(runs) => runs.extend(entries.iter().cloned()),
            Index::Inside(inside) => entries.iter().for_each(|entry| inside.insert(entry.clone())),
            Index::Reg(runs) => runs.extend(entries.iter().cloned()),
        }
    }

    /// Takes an entry out.
    pub(super) fn remove(&mut self, entry: &Entry) {
        let id = entry.id();
        match self {
            Index::Whole(table) => table.remove(entry),
            Index::Prefix(affixes) | Index::Suffix(affixes) => affixes.remove(entry),
            Index::Pieces(pieces) => pieces.remove(entry),
            Index::Ip(nets) => net(entry.key()).into_iter().for_each(|net| nets.remove(net, id)),
            Index::Int(numbers) | Index::Len(numbers) => {
                range(entry).into_iter().for_each(|range| numbers.remove(range, id));
            }
            Index::Sub(runs) => runs.remove(id),
            Index::Inside(inside) => inside.remove(entry),
            Index::Reg(runs) => runs.remove(id),
        }
    }

    /// Puts an entry in the place of the one with its id and key: only the value differs.
    pub(super) fn replace(&mut self, entry: &Entry) {
        match self {
            Index::Sub(runs) => runs.replace(entry.clone()),
            Index::Reg(runs) => runs.replace(entry.clone()),
            index => {
                index.remove(entry);
                index.extend(std::slice::from_ref(entry));
            }
        }
    }
}

fn net(key: &[u8]) -> Result<Net, String> {
    let text = String::from_utf8_lossy(key);
    Net::parse(&text).ok_or_else(|| format!("'{text}' is no IPv4 or IPv6 address or network"))
}

fn range(entry: &Entry) -> Option<(i64, i64)> {
    Ints::parse(Operator::Eq, std::str::from_utf8(entry.key()).ok()?).ok()
}
