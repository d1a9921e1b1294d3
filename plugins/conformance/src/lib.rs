//! What a plugin must do, whatever it is written in: one module of checks for each hook.
//!
//! A check takes a [`portero_api::Plugin`] and panics with a sentence when the plugin does not keep to the hook's
//! contract; a crate that makes plugins calls the checks from its tests. [`rig`] holds what they stand on: a farm of
//! servers, an exchange, a network of scripted peers, the simplest of expressions.

pub mod rig;

mod balance;
mod health;

pub use balance::{Balancer, balance, fair, turns_are_common};
pub use health::{Check, health};
