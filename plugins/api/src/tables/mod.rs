//! Stick tables: what the proxy remembers under a key (HAProxy manual, section 11).
//!
//! [`Tables`] knows all tables by name. A [`Table`] is used through [`Entry`]: what a key leads to, held as long as one likes.
//! Counting in it takes no look-up and no lock. A connection or an exchange that tracks an entry holds it as [`Tracked`],
//! which counts it out when dropped.
//!
//! Looking at an entry does not postpone its end; changing it does.

mod data;
mod directory;
mod entry;
mod event;
mod held;
mod key;
mod schema;
mod statuses;
mod table;
mod tracked;

pub use data::{Data, DataKind, Slot};
pub use directory::Tables;
pub use entry::Entry;
pub use event::Event;
pub use held::Held;
pub use key::{Key, KeyBuf, KeyType};
pub use schema::{Column, Limits, Schema, ServerName};
pub use statuses::Statuses;
pub use table::{Removed, Row, Table};
pub use tracked::{Tracked, Trackers};
