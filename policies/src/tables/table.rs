//! The table: finds shards, keeps to size and time, and reads and changes values.

use std::hash::RandomState;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering::Relaxed};
use std::sync::{Arc, RwLock, RwLockReadGuard, RwLockWriteGuard};
use std::time::Duration;

use portero_api::tables::{Key, KeyBuf, Limits, Removed, Row, Schema, ServerName, Slot, Table};

use super::key::{self, Wanted};
use super::layout::{self, Cell, Layout};
use super::names::Names;
use super::shard::Shard;
use super::tick;

/// A stick table.
#[derive(Debug)]
pub struct StickTable {
    schema: Schema,
    layout: Layout,
    size: AtomicUsize,
    /// Milliseconds; `NEVER` without an end.
    expire: AtomicU64,
    nopurge: AtomicBool,
    by_address: AtomicBool,
    used: AtomicUsize,
    hasher: RandomState,
    shards: Box<[Cut]>,
    names: Names,
}

/// A shard, on cache lines of its own.
#[derive(Debug, Default)]
#[repr(align(128))]
struct Cut(RwLock<Shard>);

const NEVER: u64 = u64::MAX;
/// A table that is smaller has one shard, and is exact about which entry is the oldest.
const SMALL: usize = 4096;
const SHARDS: usize = 64;
/// Entries that are swept with a new one: more than come.
const WITH_EACH: usize = 4;
/// Entries of a shard that are swept, or shown, at a time: the lock is held no longer.
const AT_A_TIME: usize = 256;

/// A place in a walk is the number of a shard, above that of an entry in it.
const SHARD_SHIFT: u32 = 32;
/// Entries that are looked at for one that may make room.
const CANDIDATES: usize = 64;

impl StickTable {
    /// An empty table.
    pub fn new(schema: Schema, limits: &Limits) -> StickTable {
        let shards = if limits.size < SMALL { 1 } else { SHARDS };
        let table = StickTable {
            layout: Layout::new(&schema),
            schema,
            size: AtomicUsize::new(0),
            expire: AtomicU64::new(NEVER),
            nopurge: AtomicBool::new(false),
            by_address: AtomicBool::new(false),
            used: AtomicUsize::new(0),
            hasher: RandomState::new(),
            shards: (0..shards).map(|_| Cut::default()).collect(),
            names: Names::default(),
        };
        table.set_limits(limits);
        table
    }

    fn hash_of(&self, row: &Row) -> u64 {
        key::hash_row(&self.hasher, self.layout.key(row))
    }

    /// The shard of a hash: its upper bits, for the index uses the lower ones.
    fn shard(&self, hash: u64) -> &Cut {
        &self.shards[(hash >> 40) as usize % self.shards.len()]
    }

    /// The last tick that an entry must have been changed at to be over.
    fn end(&self, now: u64) -> u64 {
        now.saturating_sub(self.expire.load(Relaxed))
    }

    fn is_over(&self, row: &Row, now: u64) -> bool {
        layout::touched(row) <= self.end(now) && layout::uses(row) == 0
    }

    /// The entry of a key, made when it is not there, handed over under the lock of its shard.
    fn enter_with(&self, key: Key<'_>, take: impl Fn(&Row)) -> Option<Row> {
        let wanted = Wanted::new(self.schema.key, key)?;
        let hash = wanted.hash(&self.hasher);
        let (cut, now) = (self.shard(hash), tick::now());
        let is = |row: &Row| wanted.is(self.layout.key(row));
        if let Some(row) = cut.read().find(hash, is).filter(|row| !self.is_over(row, now)) {
            layout::touch(row, now);
            take(row);
            return Some(row.clone());
        }
        let mut shard = cut.write();
        if let Some(row) = shard.find(hash, is).cloned() {
            if !self.is_over(&row, now) {
                layout::touch(&row, now);
                take(&row);
                return Some(row);
            }
            shard.remove(hash, &row);
            self.used.fetch_sub(1, Relaxed);
        }
        self.sweep_shard(&mut shard, now, WITH_EACH);
        self.reserve(&mut shard, now)?;
        let row = self.layout.row(wanted.short, wanted.words());
        layout::touch(&row, now);
        take(&row);
        shard.insert(hash, row.clone(), now, |row| self.hash_of(row));
        Some(row)
    }

    /// Finds room for one entry more.
    fn reserve(&self, shard: &mut Shard, now: u64) -> Option<()> {
        let size = self.size.load(Relaxed);
        if self.used.fetch_add(1, Relaxed) < size {
            return Some(());
        }
        let until = if self.nopurge.load(Relaxed) { self.end(now) } else { now };
        let evict = |shard: &mut Shard| {
            let mut budget = CANDIDATES;
            let gone = shard.remove_oldest(until, now, &mut budget, |row| self.hash_of(row));
            gone.then(|| _ = self.used.fetch_sub(1, Relaxed))
        };
        // shards that are busy, ours among them, are passed over: two that wait for each other's would wait for ever
        let elsewhere = || self.shards.iter().find_map(|cut| evict(&mut *cut.0.try_write().ok()?));
        let found = evict(shard).or_else(elsewhere);
        if found.is_none() {
            self.used.fetch_sub(1, Relaxed);
        }
        // a table that has become smaller loses one more with each new entry
        if self.used.load(Relaxed) > size {
            evict(shard);
        }
        found
    }

    /// Takes entries away whose time is over, and says whether there are more.
    fn sweep_shard(&self, shard: &mut Shard, now: u64, mut budget: usize) -> bool {
        if self.expire.load(Relaxed) == NEVER {
            return false;
        }
        let end = self.end(now);
        while shard.remove_oldest(end, now, &mut budget, |row| self.hash_of(row)) {
            self.used.fetch_sub(1, Relaxed);
        }
        shard.is_due(end)
    }
}

impl Cut {
    fn read(&self) -> RwLockReadGuard<'_, Shard> {
        self.0.read().unwrap_or_else(|e| e.into_inner())
    }

    fn write(&self) -> RwLockWriteGuard<'_, Shard> {
        self.0.write().unwrap_or_else(|e| e.into_inner())
    }
}

impl Table for StickTable {
    fn schema(&self) -> &Schema {
        &self.schema
    }

    fn limits(&self) -> Limits {
        let expire = self.expire.load(Relaxed);
        Limits {
            size: self.size.load(Relaxed),
            expire: (expire != NEVER).then(|| Duration::from_millis(expire)),
            nopurge: self.nopurge.load(Relaxed),
            srvkey: if self.by_address.load(Relaxed) { ServerName::Address } else { ServerName::Name },
        }
    }

    fn set_limits(&self, limits: &Limits) {
        let expire = limits.expire.map_or(NEVER, |time| time.as_millis() as u64);
        self.size.store(limits.size.min(self.shards.len() * Shard::MOST / 2), Relaxed);
        self.expire.store(expire, Relaxed);
        self.nopurge.store(limits.nopurge, Relaxed);
        self.by_address.store(limits.srvkey == ServerName::Address, Relaxed);
    }

    fn len(&self) -> usize {
        self.used.load(Relaxed)
    }

    fn find_row(&self, key: Key<'_>) -> Option<Row> {
        let wanted = Wanted::new(self.schema.key, key)?;
        let hash = wanted.hash(&self.hasher);
        let shard = self.shard(hash).read();
        let row = shard.find(hash, |row| wanted.is(self.layout.key(row)))?;
        (!self.is_over(row, tick::now())).then(|| row.clone())
    }

    fn enter_row(&self, key: Key<'_>) -> Option<Row> {
        self.enter_with(key, |_| {})
    }

    fn track_row(&self, key: Key<'_>) -> Option<Row> {
        self.enter_with(key, |row| layout::change_uses(row, true))
    }

    fn untrack(&self, row: &Row) {
        layout::change_uses(row, false);
    }

    fn trackers(&self, row: &Row) -> u32 {
        layout::uses(row)
    }

    fn key(&self, row: &Row) -> KeyBuf {
        key::read(self.schema.key, self.layout.key(row))
    }

    fn get(&self, row: &Row, slot: Slot) -> Option<u64> {
        Some(match self.layout.cell(row, slot)? {
            Cell::Half(half) => u64::from(half.get()),
            Cell::Wide(word) => word.load(Relaxed),
            Cell::Rate(rate) => rate.get(tick::now()),
            Cell::Blocks(rate, factor) => rate.get(tick::now()) * u64::from(factor),
            Cell::Text(_) => return None,
        })
    }

    fn add(&self, row: &Row, slot: Slot, by: i64) -> Option<u64> {
        let cell = self.layout.cell(row, slot)?;
        let now = tick::now();
        let events = |by: u64| u32::try_from(by).unwrap_or(u32::MAX);
        let value = match cell {
            Cell::Half(half) => {
                let by = by.clamp(-i64::from(u32::MAX), i64::from(u32::MAX));
                let sum = |value: u32| (i64::from(value) + by).clamp(0, i64::from(u32::MAX)) as u32;
                u64::from(sum(half.change(sum)))
            }
            Cell::Wide(word) => {
                let sum = |value: u64| value.saturating_add_signed(by);
                sum(word.fetch_update(Relaxed, Relaxed, |value| Some(sum(value))).unwrap_or_default())
            }
            Cell::Rate(rate) => {
                rate.add(now, events(by.max(0).unsigned_abs()));
                rate.get(now)
            }
            Cell::Blocks(rate, factor) => {
                rate.add(now, events(by.max(0).unsigned_abs().div_ceil(u64::from(factor))));
                rate.get(now) * u64::from(factor)
            }
            Cell::Text(_) => return None,
        };
        layout::touch(row, now);
        Some(value)
    }

    fn set(&self, row: &Row, slot: Slot, value: u64) -> Option<u64> {
        let before = self.get(row, slot)?;
        let now = tick::now();
        let narrow = u32::try_from(value).unwrap_or(u32::MAX);
        let before = match self.layout.cell(row, slot)? {
            Cell::Half(half) => u64::from(half.change(|_| narrow)),
            Cell::Wide(word) => word.swap(value, Relaxed),
            Cell::Rate(rate) | Cell::Blocks(rate, _) => {
                rate.set(now, narrow);
                before
            }
            Cell::Text(_) => return None,
        };
        layout::touch(row, now);
        Some(before)
    }

    fn text(&self, row: &Row, slot: Slot) -> Option<Arc<str>> {
        match self.layout.cell(row, slot)? {
            Cell::Text(number) => self.names.get(number.get()),
            _ => None,
        }
    }

    fn set_text(&self, row: &Row, slot: Slot, text: &str) -> bool {
        let Some(Cell::Text(number)) = self.layout.cell(row, slot) else { return false };
        let text = self.names.number(text);
        number.change(|_| text);
        layout::touch(row, tick::now());
        true
    }

    fn touch(&self, row: &Row) {
        layout::touch(row, tick::now());
    }

    fn idle(&self, row: &Row) -> Duration {
        Duration::from_millis(tick::now().saturating_sub(layout::touched(row)))
    }

    fn remove(&self, key: Key<'_>) -> Removed {
        let Some(wanted) = Wanted::new(self.schema.key, key) else { return Removed::Absent };
        let hash = wanted.hash(&self.hasher);
        let mut shard = self.shard(hash).write();
        let Some(row) = shard.find(hash, |row| wanted.is(self.layout.key(row))).cloned() else {
            return Removed::Absent;
        };
        if layout::uses(&row) > 0 {
            return Removed::InUse;
        }
        shard.remove(hash, &row);
        self.used.fetch_sub(1, Relaxed);
        Removed::Gone
    }

    fn some_rows(&self, from: u64) -> Option<(Vec<Row>, u64)> {
        let (mut shard, mut place) = ((from >> SHARD_SHIFT) as usize, from as u32 as usize);
        loop {
            let cut = self.shards.get(shard)?;
            let Some(rows) = cut.read().some(place, AT_A_TIME) else {
                (shard, place) = (shard + 1, 0);
                continue;
            };
            let now = tick::now();
            let rows = rows.into_iter().filter(|row| !self.is_over(row, now)).collect();
            return Some((rows, (shard as u64) << SHARD_SHIFT | (place + AT_A_TIME) as u64));
        }
    }

    fn sweep(&self) -> bool {
        let now = tick::now();
        let more = |cut: &Cut| {
            let end = self.end(now);
            self.expire.load(Relaxed) != NEVER
                && cut.read().is_due(end)
                && self.sweep_shard(&mut cut.write(), now, AT_A_TIME)
        };
        self.shards.iter().filter(|cut| more(cut)).count() > 0
    }
}
