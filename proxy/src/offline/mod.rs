//! The road without a socket: a worker whose clients and servers are in memory.
//!
//! Nothing of the road is written a second time here. A [`Stage`] is a worker with the same snapshot, and a request walks
//! the same functions from the accept to the line in the log; only the bytes come from memory, servers answer what they
//! are told to ([`Outside`]), and whoever would wait moves the clock instead. `portero explain` and `portero test` run on it.

mod ask;
mod heard;
mod outside;
mod stage;

pub use ask::{Ask, CLIENT};
pub use heard::{Heard, reply, request};
pub use outside::{Answer, Outside};
pub use stage::{Entry, Outcome, Stage};
