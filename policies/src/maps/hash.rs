//! A hash of which all beginnings of a text come in one pass, or all endings: eight bytes at a time.
//!
//! Words of eight bytes are mixed each with its place and summed up, so that one can be taken back as well as added.
//! Its keys are drawn at random, for keys of a list may come from clients (`set-map`).

use std::hash::{BuildHasher, RandomState};

/// The keys of the hash, and how texts are read.
#[derive(Clone, Copy)]
pub(super) struct Hash {
    reading: Reading,
    place: u64,
    word: u64,
    last: u64,
}

/// How a text is read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Reading {
    /// From its end to its beginning.
    pub(super) backwards: bool,
    /// In lower case.
    pub(super) folded: bool,
}

/// The hashes of the beginnings of one text.
pub(super) struct Hashes<'t> {
    hash: Hash,
    text: &'t [u8],
    /// How far it is read, a multiple of eight; what the bytes up to there sum up to; and the eight bytes from there.
    at: usize,
    sum: u64,
    word: u64,
}

impl Hash {
    pub(super) fn new(reading: Reading) -> Hash {
        let random = RandomState::new();
        Hash {
            reading,
            place: random.hash_one(0) | 1,
            word: random.hash_one(1) | 1,
            last: random.hash_one(2) | 1,
        }
    }

    /// The hash of a whole text.
    #[inline]
    pub(super) fn of(self, text: &[u8]) -> u64 {
        self.beginnings(text).upto(text.len())
    }

    /// The hashes of the beginnings of a text, as it is read.
    #[inline]
    pub(super) fn beginnings(self, text: &[u8]) -> Hashes<'_> {
        Hashes { hash: self, text, at: 0, sum: 0, word: self.reading.word(text, 0) }
    }
}

impl Hashes<'_> {
    /// The hash of the first bytes that are read, which are not more than there are. Lengths near the last one cost least.
    #[inline]
    pub(super) fn upto(&mut self, length: usize) -> u64 {
        while self.at + 8 <= length {
            self.sum = self.sum.wrapping_add(self.mixed());
            self.at += 8;
            self.word = self.hash.reading.word(self.text, self.at);
        }
        while length < self.at {
            self.at -= 8;
            self.word = self.hash.reading.word(self.text, self.at);
            self.sum = self.sum.wrapping_sub(self.mixed());
        }
        // seven bytes at the most: the eighth says how many
        let rest = length - self.at;
        let tail = self.word & !(u64::MAX << (8 * rest)) | (rest as u64) << 56;
        mix(self.sum ^ tail, self.hash.last)
    }

    /// The eight bytes with their place.
    fn mixed(&self) -> u64 {
        let place = self.hash.place.wrapping_mul(self.at as u64 + 1);
        mix(self.word ^ place, self.hash.word)
    }
}

impl Reading {
    /// The first bytes that are read of a text which has so many.
    pub(super) fn beginning(self, text: &[u8], length: usize) -> &[u8] {
        if self.backwards { &text[text.len() - length..] } else { &text[..length] }
    }

    /// Whether two texts are the same as they are read.
    pub(super) fn same(self, a: &[u8], b: &[u8]) -> bool {
        if self.folded { a.eq_ignore_ascii_case(b) } else { a == b }
    }

    /// Eight bytes from a place on, the first in the lowest bits; zeros behind the text.
    #[inline]
    fn word(self, text: &[u8], at: usize) -> u64 {
        let word = if self.backwards {
            let rest = &text[..text.len() - at];
            match rest.last_chunk() {
                Some(&eight) => u64::from_be_bytes(eight),
                None => few(rest).swap_bytes().unbounded_shr(64 - 8 * rest.len() as u32),
            }
        } else {
            let rest = &text[at..];
            rest.first_chunk().map_or_else(|| few(rest), |&eight| u64::from_le_bytes(eight))
        };
        if self.folded { lower(word) } else { word }
    }
}

/// A text of less than eight bytes, the first in the lowest bits.
fn few(text: &[u8]) -> u64 {
    let half = |four: &[u8; 4]| u64::from(u32::from_le_bytes(*four));
    match (text.first_chunk(), text.last_chunk()) {
        (Some(first), Some(last)) => half(first) | half(last) << (8 * (text.len() - 4)),
        _ => text.iter().rev().fold(0, |word, &byte| word << 8 | u64::from(byte)),
    }
}

fn lower(word: u64) -> u64 {
    u64::from_le_bytes(word.to_le_bytes().map(|byte| byte.to_ascii_lowercase()))
}

/// Both halves of a product: each bit of it depends on all bits of the factors.
fn mix(a: u64, b: u64) -> u64 {
    let product = u128::from(a) * u128::from(b);
    product as u64 ^ (product >> 64) as u64
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn a_beginning_has_the_hash_that_it_has_alone() {
        let text: Vec<u8> = (0..100u8).map(|byte| byte.wrapping_mul(37)).collect();
        for backwards in [false, true] {
            for folded in [false, true] {
                let reading = Reading { backwards, folded };
                let hash = Hash::new(reading);
                let mut hashes = hash.beginnings(&text);
                let ascending = (0..=100).filter(|length| length % 3 != 1);
                for length in ascending.chain((0..=100).rev()) {
                    assert_eq!(
                        hashes.upto(length),
                        hash.of(reading.beginning(&text, length)),
                        "{reading:?} {length}"
                    );
                }
            }
        }
    }

    #[test]
    fn texts_that_differ_in_case_or_length_or_end_have_other_hashes() {
        let hash = Hash::new(Reading::default());
        let mut texts: Vec<Vec<u8>> = (0..40).map(|length| vec![0; length]).collect();
        texts.extend((0..20_000u32).map(|i| format!("host{i}.example").into_bytes()));
        texts.extend([&b"HOST1.example"[..], b"01234567abcdefgh", b"abcdefgh01234567"].map(<[u8]>::to_vec));
        let hashes: HashSet<u64> = texts.iter().map(|text| hash.of(text)).collect();
        assert_eq!(hashes.len(), texts.len());
        let folded = Hash::new(Reading { folded: true, backwards: true });
        assert_eq!(folded.of(b"WWW.Example.ORG"), folded.of(b"www.example.org"));
    }
}
