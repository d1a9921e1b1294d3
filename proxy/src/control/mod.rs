//! What an operator can do, for whoever says so: the runtime API on the manager's thread, plugins on any thread.
//!
//! [`servers`] holds the deeds that need nothing but shared state. States of servers and frontends belong to the manager:
//! its own callers change them there and then; [`Operator`], which plugins have, sets what is atomic at once and sends the
//! rest as [`Deed`]s, which [`obey`] does.

mod obey;
mod operator;
mod servers;
mod show;

pub use obey::obey;
pub use operator::{Deed, Operator};
pub use servers::{end_sessions, may_enable_health, may_set_health, set_addr, set_maxconn, set_weight};
pub use show::{FACTS, Fact, Value, listeners};
