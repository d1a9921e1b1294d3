//! How loaded a server is: what `leastconn`, `random` and bounded hashing compare.

use std::cmp::Ordering;

use portero_api::{Candidates, ServerState};

/// Sessions in flight and waiting.
pub fn load(server: &ServerState) -> u64 {
    u64::from(server.sessions.now()) + u64::from(server.queue.now())
}

/// Compares loads in relation to weights.
pub fn compare(a: &ServerState, b: &ServerState) -> Ordering {
    let cross = |a: &ServerState, b: &ServerState| load(a) * u64::from(b.weight());
    cross(a, b).cmp(&cross(b, a))
}

/// The most that a server may have of the backend's load (`hash-balance-factor`).
pub struct Bound {
    places: u64,
    weights: u64,
}

impl Bound {
    /// So many percent of the average load; none for a factor of 0.
    pub fn new(factor: u32, candidates: &Candidates<'_>) -> Option<Bound> {
        if factor == 0 {
            return None;
        }
        let sum = |(loads, weights), (_, server): (usize, &ServerState)| {
            (loads + load(server), weights + u64::from(server.weight()))
        };
        let (loads, weights) = candidates.rotation().fold((0, 0), sum);
        Some(Bound { places: ((loads + 1) * u64::from(factor)).div_ceil(100), weights })
    }

    /// True when the server may take one more.
    pub fn allows(&self, server: &ServerState) -> bool {
        let share = (self.places * u64::from(server.weight())).div_ceil(self.weights.max(1));
        load(server) < share.max(1)
    }
}
