//! The registry: all plugins in one readable list. Nothing registers itself.

use portero_api::Plugin;

/// The rows of statistics, which the runtime API shows as well.
pub use portero_builtin::stats as statistics;

/// What ships with the daemon. Scripts are added by the configuration that loads them.
pub fn plugins() -> Vec<Plugin> {
    portero_builtin::plugins()
}
