//! Health: which servers can be used (HAProxy manual, section 5.2 `check` and its kin, `option log-health-checks`).
//!
//! Everything here runs on the manager's thread, within its `LocalSet`. [`Health::apply`] starts one task for each
//! server that is checked; the task owns the timers, a plugin's probe finds out ([`portero_api::Health`]), and
//! `vitals` counts towards `rise` and `fall`. What a change means for the backend, for servers that track this one,
//! for sessions and for the log is `member`'s. Workers see the result in `ServerState` alone; they tell what traffic
//! saw through an [`Observer`] and hear through [`Shutdown`] that sessions must end.

mod backend;
mod member;
mod observe;
mod plan;
mod probe;
mod shutdown;
mod slowstart;
mod tell;
#[cfg(test)]
mod testing;
#[cfg(test)]
mod tests;
mod timing;
mod vitals;
mod watch;
mod words;
mod world;

pub use observe::{Observer, Seen};
pub use shutdown::{Ended, Shutdown};
pub use tell::admin_bits;
pub use world::{Health, Unknown};
