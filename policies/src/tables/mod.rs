//! Stick tables as they are kept (HAProxy manual, section 11): [`StickTable`] is what fills the contract
//! [`Table`](portero_api::tables::Table).
//!
//! A table is cut into shards, each an index of its own behind a lock. The lock is held to find, make or take away an entry,
//! never to count in one: an entry is a handful of atomics on the heap, `layout` says which is what, and who tracks it holds
//! it. What has not been asked for by `store` takes no room.
//!
//! The end of entries is found without looking at all of them: `shard` keeps them in the order of the time they were filed
//! with. An entry that was changed meanwhile is filed anew when its turn comes, so a change costs nothing but a store.

pub(crate) mod ask;

mod key;
mod layout;
mod names;
mod rate;
mod shard;
mod table;
mod tick;

pub use table::StickTable;

#[cfg(test)]
mod tests;
