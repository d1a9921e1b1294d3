//! Patterns that are compiled together: substrings into one automaton, regular expressions into one set.
//!
//! A file becomes one run, or a few; what is added later goes into a small run at the end, which is compiled anew with
//! each addition. An entry that is taken out leaves a gap that matches nothing; a run that is mostly gaps is compiled anew.
//! So no change costs more than compiling a small run, but for the rare one that closes the gaps.

use std::sync::Arc;

use aho_corasick::{AhoCorasick, MatchKind};
use regex::bytes::{RegexSet, RegexSetBuilder};

use super::entry::Entry;
use crate::matching::Regex;

/// Patterns compiled together; found by their place among the others.
pub(super) trait Compiled: Sized {
    /// Patterns of a run at the most.
    const MOST: usize;
    /// Patterns of a run that grows one by one at the most.
    const GROWING: usize;

    /// Compiles patterns that were checked before; `fold`: without regard to case.
    fn compile(patterns: &[&[u8]], fold: bool) -> Self;

    /// The first pattern in a text of those that are still there.
    fn first(&self, text: &[u8], there: impl Fn(usize) -> bool) -> Option<usize>;
}

/// Entries in the order they were added, compiled in runs.
pub(super) struct Runs<C> {
    fold: bool,
    runs: Vec<Arc<Run<C>>>,
}

struct Run<C> {
    /// Gaps where entries were taken out.
    entries: Vec<Option<Entry>>,
    compiled: Arc<C>,
}

impl<C: Compiled> Runs<C> {
    pub(super) fn new(fold: bool) -> Self {
        Runs { fold, runs: Vec::new() }
    }

    /// Whether case does not matter.
    pub(super) fn fold(&self) -> bool {
        self.fold
    }

    /// The earliest entry that a text matches, with its run's patterns and its place among them.
    pub(super) fn find(&self, text: &[u8]) -> Option<(&Entry, &C, usize)> {
        self.runs.iter().find_map(|run| {
            let place = run.compiled.first(text, |place| run.entries[place].is_some())?;
            Some((run.entries[place].as_ref()?, &*run.compiled, place))
        })
    }

    /// All entries, in the order they were added.
    pub(super) fn iter(&self) -> impl Iterator<Item = &Entry> {
        self.runs.iter().flat_map(|run| run.entries.iter().flatten())
    }

    /// Adds entries behind all others.
    pub(super) fn extend(&mut self, entries: impl IntoIterator<Item = Entry>) {
        let mut added: Vec<Entry> = entries.into_iter().collect();
        if let Some(last) = self.runs.last()
            && last.entries.len() + added.len() <= C::GROWING
        {
            let kept = last.entries.iter().flatten().cloned();
            added = kept.chain(added).collect();
            self.runs.pop();
        }
        self.runs.extend(added.chunks(C::MOST).map(|chunk| Arc::new(Run::new(chunk, self.fold))));
    }

    /// Takes an entry out.
    pub(super) fn remove(&mut self, id: u32) {
        let Some((at, mut entries, place)) = self.place(id) else { return };
        entries[place] = None;
        let left: Vec<Entry> = entries.iter().flatten().cloned().collect();
        match left.len() {
            0 => drop(self.runs.remove(at)),
            many if many * 2 < entries.len() => self.runs[at] = Arc::new(Run::new(&left, self.fold)),
            _ => self.put(at, entries),
        }
    }

    /// Puts an entry with another value in the place of the one with its id.
    pub(super) fn replace(&mut self, entry: Entry) {
        if let Some((at, mut entries, place)) = self.place(entry.id()) {
            entries[place] = Some(entry);
            self.put(at, entries);
        }
    }

    /// The run and the place in it of an entry, with a copy of the run's entries.
    fn place(&self, id: u32) -> Option<(usize, Vec<Option<Entry>>, usize)> {
        self.runs.iter().enumerate().find_map(|(at, run)| {
            let here = |entry: &Option<Entry>| entry.as_ref().is_some_and(|entry| entry.id() == id);
            run.entries.iter().position(here).map(|place| (at, run.entries.clone(), place))
        })
    }

    fn put(&mut self, at: usize, entries: Vec<Option<Entry>>) {
        let compiled = self.runs[at].compiled.clone();
        self.runs[at] = Arc::new(Run { entries, compiled });
    }
}

impl<C> Clone for Runs<C> {
    fn clone(&self) -> Self {
        Runs { fold: self.fold, runs: self.runs.clone() }
    }
}

impl<C: Compiled> Run<C> {
    fn new(entries: &[Entry], fold: bool) -> Self {
        let patterns: Vec<&[u8]> = entries.iter().map(Entry::key).collect();
        let compiled = Arc::new(C::compile(&patterns, fold));
        Run { entries: entries.iter().cloned().map(Some).collect(), compiled }
    }
}

/// Substrings for which there is an automaton; of more, one takes seconds to build ([`super::inside`]).
pub(super) const FEW: usize = 4096;

/// Substrings.
pub(super) enum Substrings {
    Automaton(AhoCorasick),
    /// Too many for an automaton.
    Each(Vec<Vec<u8>>, bool),
}

impl Compiled for Substrings {
    const MOST: usize = FEW;
    const GROWING: usize = 256;

    fn compile(patterns: &[&[u8]], fold: bool) -> Self {
        let mut builder = AhoCorasick::builder();
        builder.match_kind(MatchKind::Standard).ascii_case_insensitive(fold);
        match builder.build(patterns) {
            Ok(automaton) => Substrings::Automaton(automaton),
            Err(_) => Substrings::Each(patterns.iter().map(|p| p.to_vec()).collect(), fold),
        }
    }

    fn first(&self, text: &[u8], there: impl Fn(usize) -> bool) -> Option<usize> {
        match self {
            Substrings::Automaton(automaton) => {
                let all = automaton.find_overlapping_iter(text).map(|found| found.pattern().as_usize());
                all.filter(|&place| there(place)).min()
            }
            Substrings::Each(patterns, fold) => {
                let same = |a: &[u8], b: &[u8]| if *fold { a.eq_ignore_ascii_case(b) } else { a == b };
                let inside = |p: &[u8]| p.is_empty() || text.windows(p.len()).any(|window| same(window, p));
                (0..patterns.len()).find(|&place| there(place) && inside(&patterns[place]))
            }
        }
    }
}

/// Regular expressions.
pub(super) struct Expressions {
    each: Vec<Regex>,
    /// Those that can be run at once, and their places among all.
    set: Option<(RegexSet, Vec<usize>)>,
    /// The places of the others.
    others: Vec<usize>,
}

impl Expressions {
    /// The expression at a place.
    pub(super) fn get(&self, place: usize) -> &Regex {
        &self.each[place]
    }
}

impl Compiled for Expressions {
    const MOST: usize = 1024;
    const GROWING: usize = 32;

    fn compile(patterns: &[&[u8]], fold: bool) -> Self {
        let never = || Regex::new("[^\\s\\S]", false);
        let regex =
            |pattern: &&[u8]| Regex::new(&String::from_utf8_lossy(pattern), fold).or_else(|_| never());
        let each: Vec<Regex> = patterns.iter().filter_map(|pattern| regex(pattern).ok()).collect();
        let source = |place: usize| each[place].plain().map(|plain| with_case(plain, fold));
        let (together, mut others): (Vec<usize>, Vec<usize>) =
            (0..each.len()).partition(|&place| each[place].plain().is_some());
        let built = RegexSetBuilder::new(together.iter().filter_map(|&p| source(p))).unicode(false).build();
        match built {
            Ok(set) if together.len() > 1 => Expressions { set: Some((set, together)), others, each },
            _ => {
                others = (0..each.len()).collect();
                Expressions { set: None, others, each }
            }
        }
    }

    fn first(&self, text: &[u8], there: impl Fn(usize) -> bool) -> Option<usize> {
        let of_set = self.set.as_ref().and_then(|(set, places)| {
            let matching = set.matches(text);
            matching.iter().map(|at| places[at]).find(|&place| there(place))
        });
        let others =
            self.others.iter().copied().take_while(|&place| of_set.is_none_or(|first| place < first));
        let mut others = others.filter(|&place| there(place));
        others.find(|&place| self.each[place].matches(text)).or(of_set)
    }
}

fn with_case(pattern: &str, fold: bool) -> String {
    if fold { format!("(?i:{pattern})") } else { pattern.to_owned() }
}
