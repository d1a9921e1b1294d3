//! Counters, rates and averages that every worker writes without touching another's cache lines.

use std::cell::Cell;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering::Relaxed};
use std::time::{Duration, Instant};

use crate::shard;

/// What is counted for a frontend, a backend, a server or a listener; HAProxy's names in the comments.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(usize)]
#[allow(missing_docs)]
pub enum Counter {
    /// `conn_tot`
    Connections,
    /// `stot`
    Sessions,
    /// `bin`: bytes from clients (frontend) or sent to servers (backend, server)
    BytesIn,
    /// `bout`
    BytesOut,
    /// `dreq`
    DeniedRequests,
    /// `dresp`
    DeniedResponses,
    /// `dcon`
    DeniedConnections,
    /// `dses`
    DeniedSessions,
    /// `ereq`
    RequestErrors,
    /// `econ`
    ConnectErrors,
    /// `eresp`
    ResponseErrors,
    /// `wretr`
    Retries,
    /// `wredis`
    Redispatches,
    /// `wrew`
    FailedRewrites,
    /// `eint`
    InternalErrors,
    /// `req_tot`
    Requests,
    /// `hrsp_1xx`
    Response1xx,
    /// `hrsp_2xx`
    Response2xx,
    /// `hrsp_3xx`
    Response3xx,
    /// `hrsp_4xx`
    Response4xx,
    /// `hrsp_5xx`
    Response5xx,
    /// `hrsp_other`
    ResponseOther,
    /// `cli_abrt`
    ClientAborts,
    /// `srv_abrt`
    ServerAborts,
    /// `intercepted`
    Intercepted,
    /// `lbtot`
    Selected,
    /// `connect`
    ConnectAttempts,
    /// `reuse`
    Reuses,
    /// `chkfail`
    ChecksFailed,
    /// `chkdown`
    WentDown,
}

const COUNTERS: usize = Counter::WentDown as usize + 1;

impl Counter {
    /// The counter of responses with this status.
    pub fn of_status(status: u16) -> Counter {
        match status / 100 {
            1 => Counter::Response1xx,
            2 => Counter::Response2xx,
            3 => Counter::Response3xx,
            4 => Counter::Response4xx,
            5 => Counter::Response5xx,
            _ => Counter::ResponseOther,
        }
    }
}

/// A set of counters, one copy per worker; readers add the copies.
#[derive(Debug)]
pub struct Counters {
    shards: Box<[Shard]>,
    /// What was there at the last `clear counters`.
    base: Box<[AtomicU64; COUNTERS]>,
}

#[derive(Debug)]
#[repr(align(64))]
struct Shard([AtomicU64; COUNTERS]);

impl Default for Counters {
    fn default() -> Self {
        let zero = || std::array::from_fn(|_| AtomicU64::new(0));
        Counters { shards: (0..shard::count()).map(|_| Shard(zero())).collect(), base: Box::new(zero()) }
    }
}

impl Counters {
    /// Adds one.
    #[inline]
    pub fn inc(&self, counter: Counter) {
        self.add(counter, 1);
    }

    /// Adds `n`.
    #[inline]
    pub fn add(&self, counter: Counter, n: u64) {
        let (place, own) = shard::among(self.shards.len());
        bump(&self.shards[place].0[counter as usize], n, own);
    }

    /// The sum over all workers since the last clearing.
    pub fn get(&self, counter: Counter) -> u64 {
        self.sum(counter as usize).wrapping_sub(self.base[counter as usize].load(Relaxed))
    }

    /// Starts again from zero.
    pub fn clear(&self) {
        for (i, base) in self.base.iter().enumerate() {
            base.store(self.sum(i), Relaxed);
        }
    }

    fn sum(&self, index: usize) -> u64 {
        self.shards.iter().map(|s| s.0[index].load(Relaxed)).sum()
    }
}

/// Adds to a cell, which costs little where only this thread writes it; other threads than workers share a shard and lock
/// the bus.
#[inline]
pub(crate) fn bump(cell: &AtomicU64, n: u64, own: bool) {
    if own {
        cell.store(cell.load(Relaxed).wrapping_add(n), Relaxed);
    } else {
        cell.fetch_add(n, Relaxed);
    }
}

/// Events per second over the last second, and the highest value seen.
#[derive(Debug)]
pub struct Rate {
    shards: Box<[RateShard]>,
    highest: AtomicU32,
}

#[derive(Debug, Default)]
#[repr(align(64))]
struct RateShard {
    /// Second since start (upper half) and events in it (lower half).
    now: AtomicU64,
    /// The same for the second before.
    before: AtomicU64,
}

impl Default for Rate {
    fn default() -> Self {
        let shards = (0..shard::count()).map(|_| RateShard::default()).collect();
        Rate { shards, highest: AtomicU32::new(0) }
    }
}

impl Rate {
    /// Counts an event that happened at `now`.
    pub fn hit(&self, now: Instant) {
        let (place, own) = shard::among(self.shards.len());
        let shard = &self.shards[place];
        let second = second(now);
        let current = shard.now.load(Relaxed);
        if current >> 32 == second {
            bump(&shard.now, 1, own);
            return;
        }
        shard.before.store(current, Relaxed);
        shard.now.store(second << 32 | 1, Relaxed);
        self.highest.fetch_max(self.total(second.saturating_sub(1)) as u32, Relaxed);
    }

    /// Events in the last second: those of this second, and of the one before as far as it still counts.
    pub fn per_second(&self, now: Instant) -> u64 {
        let up = uptime(now);
        let (second, part) = (up.as_secs(), u64::from(up.subsec_millis()));
        let before = if second == 0 { 0 } else { self.total(second - 1) };
        self.total(second) + before * (1000 - part) / 1000
    }

    /// The most events within one second.
    pub fn max(&self, now: Instant) -> u64 {
        u64::from(self.highest.load(Relaxed)).max(self.total(uptime(now).as_secs()))
    }

    /// Forgets the highest value.
    pub fn clear_max(&self) {
        self.highest.store(0, Relaxed);
    }

    fn total(&self, second: u64) -> u64 {
        let in_second = |cell: &AtomicU64| {
            let value = cell.load(Relaxed);
            if value >> 32 == second { value & 0xffff_ffff } else { 0 }
        };
        self.shards.iter().map(|s| in_second(&s.now) + in_second(&s.before)).sum()
    }
}

/// What is averaged over the last requests.
#[derive(Clone, Copy, Debug)]
#[repr(usize)]
pub enum Timing {
    /// `qtime`
    Queue,
    /// `ctime`
    Connect,
    /// `rtime`
    Response,
    /// `ttime`
    Total,
}

/// Averages of times in milliseconds over the last 1024 requests of each worker.
#[derive(Debug)]
pub struct Averages {
    shards: Box<[AverageShard]>,
}

#[derive(Debug, Default)]
#[repr(align(64))]
struct AverageShard {
    count: AtomicU64,
    sums: [AtomicU64; 4],
    highest: [AtomicU64; 4],
}

const WINDOW: u64 = 1024;

impl Default for Averages {
    fn default() -> Self {
        Averages { shards: (0..shard::count()).map(|_| AverageShard::default()).collect() }
    }
}

impl Averages {
    /// Takes in the times of one request, in milliseconds: queue, connect, response, total.
    pub fn note(&self, millis: [u64; 4]) {
        let shard = &self.shards[shard::among(self.shards.len()).0];
        let count = shard.count.load(Relaxed);
        for (i, &ms) in millis.iter().enumerate() {
            let sum = shard.sums[i].load(Relaxed);
            if ms == 0 && sum == 0 {
                continue;
            }
            let fade = if count >= WINDOW { sum.div_ceil(WINDOW) } else { 0 };
            shard.sums[i].store(sum - fade + ms, Relaxed);
            if ms > shard.highest[i].load(Relaxed) {
                shard.highest[i].store(ms, Relaxed);
            }
        }
        shard.count.store((count + 1).min(WINDOW), Relaxed);
    }

    /// The average in milliseconds.
    pub fn get(&self, timing: Timing) -> u64 {
        let count: u64 = self.shards.iter().map(|s| s.count.load(Relaxed)).sum();
        let sum: u64 = self.shards.iter().map(|s| s.sums[timing as usize].load(Relaxed)).sum();
        sum.checked_div(count).unwrap_or(0)
    }

    /// The longest time in milliseconds (`qtime_max` and its kin).
    pub fn max(&self, timing: Timing) -> u64 {
        self.shards.iter().map(|s| s.highest[timing as usize].load(Relaxed)).max().unwrap_or(0)
    }
}

/// Time since the first question for it, which is at the start of the process.
fn uptime(now: Instant) -> Duration {
    static START: OnceLock<Instant> = OnceLock::new();
    now.saturating_duration_since(*START.get_or_init(|| now))
}

/// The second of the uptime that a moment lies in. It is asked several times for each request: as long as the second
/// lasts two comparisons tell.
fn second(now: Instant) -> u64 {
    thread_local! {
        static LAST: Cell<Option<(Instant, Instant, u64)>> = const { Cell::new(None) };
    }
    if let Some((begin, end, second)) = LAST.get()
        && begin <= now
        && now < end
    {
        return second;
    }
    let up = uptime(now);
    let begin = now.checked_sub(Duration::from_nanos(up.subsec_nanos().into())).unwrap_or(now);
    LAST.set(Some((begin, begin + Duration::from_secs(1), up.as_secs())));
    up.as_secs()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cleared_counter_starts_from_zero() {
        let counters = Counters::default();
        counters.add(Counter::Requests, 3);
        counters.clear();
        counters.inc(Counter::Requests);
        assert_eq!(counters.get(Counter::Requests), 1);
    }

    #[test]
    fn a_rate_fades_within_a_second() {
        let rate = Rate::default();
        let start = Instant::now();
        uptime(start);
        let at = |ms| start + Duration::from_millis(ms);
        let base = uptime(at(0)).subsec_millis() as u64;
        let edge = 1000 - base;
        (0..10).for_each(|_| rate.hit(at(edge)));
        assert_eq!(rate.per_second(at(edge)), 10);
        assert_eq!(rate.per_second(at(edge + 1500)), 5);
        assert_eq!(rate.per_second(at(edge + 3000)), 0);
    }

    #[test]
    fn averages_follow_the_last_requests() {
        let averages = Averages::default();
        (0..10).for_each(|_| averages.note([0, 10, 20, 30]));
        assert_eq!((averages.get(Timing::Connect), averages.max(Timing::Total)), (10, 30));
    }
}
