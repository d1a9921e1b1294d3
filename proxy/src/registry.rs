//! The registry: all plugins in one readable list. Nothing registers itself.

use portero_api::Plugin;

/// What ships with the daemon. Scripts are added by the configuration that loads them.
pub fn plugins() -> Vec<Plugin> {
    portero_builtin::plugins()
}
