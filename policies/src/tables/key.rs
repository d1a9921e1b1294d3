//! Keys as entries keep them: a short one in half a word, the bytes of a longer one in words behind its length.

use std::hash::{BuildHasher, Hash, Hasher};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use portero_api::tables::{Key, KeyBuf, KeyType};

/// A key in the form of its table.
pub(super) struct Wanted<'a> {
    /// The key itself, or the length of the tail.
    pub(super) short: u32,
    tail: Tail<'a>,
}

enum Tail<'a> {
    None,
    Ip([u8; 16]),
    Bytes(&'a [u8]),
}

impl<'a> Wanted<'a> {
    /// A key as a table of that type has it; none when it cannot be one of it.
    pub(super) fn new(kind: KeyType, key: Key<'a>) -> Option<Wanted<'a>> {
        Some(match (kind, key) {
            (KeyType::Ip, key) => Wanted { short: key.ipv4()?.to_bits(), tail: Tail::None },
            (KeyType::Ipv6, key) => Wanted { short: 16, tail: Tail::Ip(key.ipv6()?.octets()) },
            (KeyType::Integer, Key::Integer(number)) => Wanted { short: number, tail: Tail::None },
            (KeyType::String(len), Key::Bytes(bytes)) => Wanted::bytes(cut(bytes, len)),
            // the zeros that fill a block up need no room
            (KeyType::Binary(len), Key::Bytes(bytes)) => Wanted::bytes(cut(bytes, len).trim_suffix_zeros()),
            _ => return None,
        })
    }

    fn bytes(bytes: &'a [u8]) -> Wanted<'a> {
        Wanted { short: bytes.len() as u32, tail: Tail::Bytes(bytes) }
    }

    /// The words behind the first half.
    pub(super) fn words(&self) -> impl ExactSizeIterator<Item = u64> {
        let bytes = match &self.tail {
            Tail::None => &[][..],
            Tail::Ip(bytes) => bytes,
            Tail::Bytes(bytes) => bytes,
        };
        bytes.chunks(8).map(|chunk| {
            let mut word = [0; 8];
            word[..chunk.len()].copy_from_slice(chunk);
            u64::from_le_bytes(word)
        })
    }

    /// Whether an entry has this key.
    pub(super) fn is(&self, (short, words): (u32, &[AtomicU64])) -> bool {
        self.short == short && self.words().zip(words).all(|(wanted, word)| wanted == word.load(Relaxed))
    }

    /// Its hash.
    pub(super) fn hash(&self, state: &impl BuildHasher) -> u64 {
        hash(state, self.short, self.words())
    }
}

/// The hash of an entry's key.
pub(super) fn hash_row(state: &impl BuildHasher, (short, words): (u32, &[AtomicU64])) -> u64 {
    hash(state, short, words.iter().map(|word| word.load(Relaxed)))
}

fn hash(state: &impl BuildHasher, short: u32, words: impl Iterator<Item = u64>) -> u64 {
    let mut hasher = state.build_hasher();
    short.hash(&mut hasher);
    words.for_each(|word| word.hash(&mut hasher));
    hasher.finish()
}

/// The key of an entry.
pub(super) fn read(kind: KeyType, (short, words): (u32, &[AtomicU64])) -> KeyBuf {
    let bytes = |len: usize| {
        let mut bytes: Vec<u8> = words.iter().flat_map(|word| word.load(Relaxed).to_le_bytes()).collect();
        bytes.resize(len, 0);
        bytes
    };
    match kind {
        KeyType::Ip => KeyBuf::Ip(IpAddr::V4(Ipv4Addr::from_bits(short))),
        KeyType::Integer => KeyBuf::Integer(short),
        KeyType::Ipv6 => {
            let octets = bytes(16).try_into().expect("there are 16 of them");
            KeyBuf::Ip(IpAddr::V6(Ipv6Addr::from_octets(octets)))
        }
        KeyType::String(_) => KeyBuf::String(bytes(short as usize)),
        KeyType::Binary(len) => KeyBuf::Binary(bytes(len as usize)),
    }
}

fn cut(bytes: &[u8], len: u32) -> &[u8] {
    &bytes[..bytes.len().min(len as usize)]
}

trait Zeros {
    fn trim_suffix_zeros(&self) -> &Self;
}

impl Zeros for [u8] {
    fn trim_suffix_zeros(&self) -> &[u8] {
        let end = self.iter().rposition(|&b| b != 0).map_or(0, |last| last + 1);
        &self[..end]
    }
}
