//! The plugins that Portero ships, through the same hooks as any other.

pub mod balance;

use portero_api::Plugin;

/// All plugins of this crate. A plugin that is not in this list does not exist.
pub fn plugins() -> Vec<Plugin> {
    vec![
        // balance
        balance::roundrobin::plugin(),
    ]
}
