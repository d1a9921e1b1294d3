//! What the checks stand on.

mod exchange;
mod farm;
mod plain;

pub use exchange::exchange;
pub use farm::Farm;
pub use plain::{Bench, Plain, words};
