//! The streams of an instance by number, and the memory of those that have ended.

use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};

use crate::context::Stream;

/// Streams by number. The numbers are ours, one after the other: nobody can choose them so that they collide.
#[derive(Default)]
#[expect(clippy::vec_box, reason = "they move between the two lists without being copied")]
pub(crate) struct Streams {
    open: HashMap<u32, Box<Stream>, BuildHasherDefault<Numbers>>,
    /// What ended ones have left for the next to use again.
    spare: Vec<Box<Stream>>,
}

/// As many ended streams are kept.
const SPARE: usize = 64;

impl Streams {
    /// The stream of that number.
    pub(crate) fn get(&self, number: u32) -> Option<&Stream> {
        self.open.get(&number).map(|stream| &**stream)
    }

    /// The same, to be changed.
    pub(crate) fn get_mut(&mut self, number: u32) -> Option<&mut Stream> {
        self.open.get_mut(&number).map(|stream| &mut **stream)
    }

    /// Opens a stream, unless the number is in use.
    pub(crate) fn open(&mut self, number: u32) -> bool {
        let is_free = !self.open.contains_key(&number);
        if is_free {
            self.open.insert(number, self.spare.pop().unwrap_or_default());
        }
        is_free
    }

    /// Takes a stream away.
    pub(crate) fn take(&mut self, number: u32) -> Option<Box<Stream>> {
        self.open.remove(&number)
    }

    /// Puts a stream in the place of whichever has the number.
    pub(crate) fn put(&mut self, number: u32, stream: Box<Stream>) {
        self.open.insert(number, stream);
    }

    /// Ends a stream.
    pub(crate) fn end(&mut self, number: u32) {
        if let Some(mut stream) = self.open.remove(&number) {
            *stream = Stream::default();
            if self.spare.len() < SPARE {
                self.spare.push(stream);
            }
        }
    }

    /// Wakes all whose message is held up.
    pub(crate) fn wake(&mut self) {
        self.open.values_mut().for_each(|stream| stream.wake());
    }
}

/// Hashes one number, by a multiplication that spreads it over all bits (Fibonacci hashing).
#[derive(Default)]
struct Numbers(u64);

impl Hasher for Numbers {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        bytes.iter().for_each(|byte| self.write_u32(u32::from(*byte)));
    }

    fn write_u32(&mut self, number: u32) {
        self.0 = (self.0 ^ u64::from(number)).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    }
}
