//! Maps and ACL lists: named lists of patterns that change while traffic goes on (HAProxy manual, sections 2.7 and 7.3.1).
//!
//! A [`List`] exists once per process, whoever names it: several rules on every worker, runtime commands, actions
//! of rules. It holds versions of entries; one of them counts.
//!
//! **Look-ups take no lock.** The version that counts is immutable and hangs on one atomic pointer. A change is made on a
//! copy which then takes the pointer's place. That is cheap because the structures (`index`) are made of pages
//! behind reference counts: a copy shares all of them, and a change copies the one page. So a change in a list of a million
//! entries takes a hundred microseconds, never a rebuild, and a reader sees all of a change or nothing:
//! `commit` swaps a million entries in one step. Changes of one list wait for each other behind a mutex that no look-up
//! knows.
//!
//! | file | |
//! |---|---|
//! | `name`, `file` | what a list is called, how its file is read |
//! | `entry`, `table`, `hash`, `exact`, `affixes`, `pieces`, `inside`, `filter`, `sorted`, `nets`, `numbers`, `runs` | the structures |
//! | `index` | one of them for each way of matching |
//! | `view`, `list`, `writer` | a version; the list with its versions and changes |
//! | `store` | all lists by name; reload |
//! | `lookup`, `output` | a list as a rule asks it; what it gives |
//! | `plugin` | lists as plugins use them |

mod affixes;
mod entry;
mod exact;
mod file;
mod filter;
mod hash;
mod index;
mod inside;
mod list;
mod lookup;
mod name;
mod nets;
mod numbers;
mod output;
mod pieces;
mod plugin;
mod runs;
mod sorted;
mod store;
mod table;
#[cfg(test)]
mod tests;
mod view;
mod writer;

pub use entry::Entry;
pub use file::{Columns, entries, key_and_value};
pub use index::Kind;
pub use list::{Facts, List, Probe, Refused, Use, Which};
pub use output::Output;
pub use plugin::for_plugins;
pub use store::{Lists, Store, store};

pub(crate) use lookup::Lookup;
pub(crate) use store::{Named, lookup};
