//! `balance roundrobin`: servers in turns by their weights of now.

use std::cell::RefCell;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use portero_api::{Balance, Candidates, Exchange, Plugin, Setup};

use super::options;
use super::schedule::{Order, Schedule};

/// The plugin.
pub fn plugin() -> Plugin {
    Plugin::new("roundrobin", "servers in turns by weight, weights live").balance(|setup| {
        options::no_args(setup)?;
        options::parse(setup)?;
        Ok(RoundRobin::new(setup, "roundrobin", Order::Smooth))
    })
}

/// Servers in turns. The turns are laid out by each worker for itself; whose turn it is, all workers share.
pub struct RoundRobin {
    turn: Arc<Turn>,
    schedule: RefCell<Schedule>,
}

/// Whose turn it is, in a cache line of its own.
#[derive(Debug, Default)]
#[repr(align(64))]
pub struct Turn(AtomicU64);

impl Turn {
    /// The turn of the balancer `name` of the proxy that `setup` is for, common to all workers.
    pub fn of(setup: &Setup<'_>, name: &str) -> Arc<Turn> {
        setup.common.get(&format!("balance/{}/{name}", setup.proxy))
    }

    /// Takes a turn.
    pub fn take(&self) -> usize {
        self.0.fetch_add(1, Relaxed) as usize
    }

    /// Whose turn it is, without taking it.
    pub fn peek(&self) -> usize {
        self.0.load(Relaxed) as usize
    }

    /// Says whose turn it is.
    pub fn set(&self, turn: usize) {
        self.0.store(turn as u64, Relaxed);
    }
}

impl RoundRobin {
    /// For a balancer `name` that takes turns, at least when it has nothing better to go by.
    pub fn new(setup: &Setup<'_>, name: &str, order: Order) -> RoundRobin {
        RoundRobin { turn: Turn::of(setup, name), schedule: RefCell::new(Schedule::new(order)) }
    }

    /// The next free server.
    pub fn next(&self, candidates: &Candidates<'_>) -> Option<usize> {
        let mut schedule = self.schedule.borrow_mut();
        let turns = schedule.refresh(candidates);
        if turns.is_empty() {
            return None;
        }
        let server = turns[self.turn.take() % turns.len()] as usize;
        if candidates.free(server) { Some(server) } else { self.skip(turns, candidates) }
    }

    /// Each server that is passed over uses up its turn, so that its share falls to all others alike.
    fn skip(&self, turns: &[u32], candidates: &Candidates<'_>) -> Option<usize> {
        candidates.usable().next()?;
        let mut ahead = (0..turns.len()).map(|_| turns[self.turn.take() % turns.len()] as usize);
        // Other workers take turns meanwhile: what a round of ours did not come by is looked for directly.
        ahead.find(|&s| candidates.free(s)).or_else(|| candidates.usable().next().map(|(i, _)| i))
    }
}

impl Balance for RoundRobin {
    fn pick(&self, _: &Exchange, candidates: &Candidates<'_>) -> Option<usize> {
        self.next(candidates)
    }
}

#[cfg(test)]
mod tests;
