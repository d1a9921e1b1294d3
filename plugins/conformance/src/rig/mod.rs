//! What the checks stand on.

mod exchange;
mod farm;
mod guest;
mod host;
mod net;
mod plain;
mod way;

pub use exchange::{bare, exchange};
pub use farm::Farm;
pub use guest::{Guest, Manner, work_through};
pub use host::Desk;
pub use net::{Answer, Net, Turn, now, say};
pub use plain::{Bench, Plain, words};
pub use way::Way;
