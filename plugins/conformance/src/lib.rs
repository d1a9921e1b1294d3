//! What a plugin must do, whatever it is written in: one suite of checks for each hook.
//!
//! A suite takes a [`portero_api::Plugin`] and panics with a sentence when the plugin does not keep to the hook's
//! contract; a crate that makes plugins calls the suites from its tests. [`rig`] holds what they stand on: a farm of
//! servers, an exchange, a network of scripted peers, the simplest of expressions.

pub mod rig;

mod balance;
mod filter;
mod health;
mod rules;
mod service;
mod tables;
mod work;

pub use balance::{Balancer, balance, fair, turns_are_common};
pub use filter::{Filtering, filter};
pub use health::{Check, health};
pub use rules::{Acting, Converting, Fetching, action, convert, fetch};
pub use service::{Serving, service};
pub use tables::{MakeTable, table};
pub use work::{Talking, Waiting, talk, wait};
