//! Which word of an entry is what.
//!
//! | word | what |
//! |---|---|
//! | 0 | when it was changed last, a tick |
//! | 1 | the time it is filed under (40 bits) and its place in the shard (24 bits) |
//! | 2 | how many track it (lower half); a short key, or the length of a longer one (upper half) |
//! | 3.. | the bytes of a longer key, eight a word |
//! | behind | rates (two words each), then 64-bit counters, then 32-bit ones, two a word |

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use portero_api::tables::{Data, DataKind, Row, Schema, Slot};

use super::rate::Rate;

/// The words in front of a longer key.
pub(super) const HEAD: usize = 3;
const TOUCHED: usize = 0;
const PLACE: usize = 1;
const USES: usize = 2;

/// Where the values are, counted from the end of the key.
#[derive(Debug)]
pub(super) struct Layout {
    places: [Option<Place>; Data::COUNT],
    words: usize,
    factor: u32,
}

/// Where the values of a data type begin: in words, in halves for those of 32 bits.
#[derive(Clone, Copy, Debug)]
struct Place {
    first: usize,
    len: u8,
    period: u32,
    kind: DataKind,
}

/// A value of an entry.
pub(super) enum Cell<'a> {
    Half(Half<'a>),
    Wide(&'a AtomicU64),
    Rate(Rate<'a>),
    /// A rate of bytes, in blocks of so many.
    Blocks(Rate<'a>, u32),
    /// The number of a text.
    Text(Half<'a>),
}

impl Layout {
    /// The layout of a schema.
    pub(super) fn new(schema: &Schema) -> Layout {
        let mut places = [None; Data::COUNT];
        let mut halves = 0;
        for kind in [DataKind::Rate, DataKind::Wide, DataKind::Count, DataKind::Text] {
            let unit = match kind {
                DataKind::Rate => 4,
                DataKind::Wide => 2,
                DataKind::Count | DataKind::Text => 1,
            };
            for column in schema.columns.iter().filter(|c| c.data.kind() == kind) {
                let first = if unit == 1 { halves } else { halves / 2 };
                let place = Place { first, len: column.len, period: column.period.max(1), kind };
                places[column.data as usize] = Some(place);
                halves += unit * usize::from(column.len);
            }
        }
        let mut layout = Layout { places, words: halves.div_ceil(2), factor: schema.brates_factor.max(1) };
        layout.alias(schema);
        layout
    }

    /// `gpc0` and its kin are the first elements of the array that is stored instead.
    fn alias(&mut self, schema: &Schema) {
        for old in [Data::Gpt0, Data::Gpc0, Data::Gpc1, Data::Gpc0Rate, Data::Gpc1Rate] {
            if self.places[old as usize].is_some() {
                continue;
            }
            let Some((_, slot)) = schema.column(old) else { continue };
            let of_array = self.places[slot.data as usize];
            self.places[old as usize] = of_array.map(|place| Place {
                first: place.first
                    + usize::from(slot.index) * if place.kind == DataKind::Rate { 2 } else { 1 },
                len: 1,
                ..place
            });
        }
    }

    /// A new entry with a key of this many words.
    pub(super) fn row(&self, short: u32, tail: impl ExactSizeIterator<Item = u64>) -> Row {
        let keys = tail.len();
        let mut tail = tail;
        let word = |i| match i {
            USES => u64::from(short) << 32,
            i if i >= HEAD && i < HEAD + keys => tail.next().unwrap_or(0),
            _ => 0,
        };
        let words: Arc<[AtomicU64]> = (0..HEAD + keys + self.words).map(word).map(AtomicU64::new).collect();
        Row(words)
    }

    /// A value of an entry; none when it is not stored.
    pub(super) fn cell<'r>(&self, row: &'r Row, slot: Slot) -> Option<Cell<'r>> {
        let place = self.places[slot.data as usize].filter(|place| slot.index < place.len)?;
        let index = usize::from(slot.index);
        let values = &row.0[row.0.len() - self.words..];
        Some(match place.kind {
            DataKind::Rate => {
                let at = place.first + 2 * index;
                let rate = Rate { now: &values[at], before: &values[at + 1], period: place.period };
                match slot.data {
                    Data::BytesInRate | Data::BytesOutRate => Cell::Blocks(rate, self.factor),
                    _ => Cell::Rate(rate),
                }
            }
            DataKind::Wide => Cell::Wide(&values[place.first + index]),
            DataKind::Count => Cell::Half(Half::of(values, place.first + index)),
            DataKind::Text => Cell::Text(Half::of(values, place.first + index)),
        })
    }

    /// The words of the key.
    pub(super) fn key<'r>(&self, row: &'r Row) -> (u32, &'r [AtomicU64]) {
        let short = (row.0[USES].load(Relaxed) >> 32) as u32;
        (short, &row.0[HEAD..row.0.len() - self.words])
    }
}

/// Half a word: a number of 32 bits, which stays within them.
#[derive(Clone, Copy)]
pub(super) struct Half<'a> {
    word: &'a AtomicU64,
    shift: u32,
}

impl<'a> Half<'a> {
    fn of(words: &'a [AtomicU64], half: usize) -> Half<'a> {
        Half { word: &words[half / 2], shift: (half % 2) as u32 * 32 }
    }

    pub(super) fn get(self) -> u32 {
        (self.word.load(Relaxed) >> self.shift) as u32
    }

    /// Changes it and gives what was there before.
    pub(super) fn change(self, change: impl Fn(u32) -> u32) -> u32 {
        let next = |word: u64| {
            let value = change((word >> self.shift) as u32);
            word & !(u64::from(u32::MAX) << self.shift) | u64::from(value) << self.shift
        };
        let before = self.word.fetch_update(Relaxed, Relaxed, |word| Some(next(word)));
        (before.unwrap_or_else(|same| same) >> self.shift) as u32
    }
}

/// When an entry was changed last.
pub(super) fn touched(row: &Row) -> u64 {
    row.0[TOUCHED].load(Relaxed)
}

/// Notes that it is changed now.
pub(super) fn touch(row: &Row, tick: u64) {
    // most changes come within a millisecond of another: the word of a hot entry stays in all caches
    if touched(row) != tick {
        row.0[TOUCHED].store(tick, Relaxed);
    }
}

/// Where an entry is filed.
pub(super) fn place(row: &Row) -> u64 {
    row.0[PLACE].load(Relaxed)
}

/// Notes where it is filed; only under the lock of its shard.
pub(super) fn set_place(row: &Row, place: u64) {
    row.0[PLACE].store(place, Relaxed);
}

/// How many track it.
pub(super) fn uses(row: &Row) -> u32 {
    row.0[USES].load(Relaxed) as u32
}

/// One more or one less tracks it; one more only under the lock of its shard, so that who takes entries away knows.
pub(super) fn change_uses(row: &Row, more: bool) {
    let uses = Half { word: &row.0[USES], shift: 0 };
    uses.change(|uses| if more { uses.saturating_add(1) } else { uses.saturating_sub(1) });
}
