//! The plugins that Portero ships, through the same hooks as any other.

pub mod balance;
pub mod filter;
pub mod health;
pub mod prometheus;
pub mod stats;

use portero_api::Plugin;

/// All plugins of this crate. A plugin that is not in this list does not exist.
pub fn plugins() -> Vec<Plugin> {
    let mut all = vec![
        // balance
        balance::roundrobin::plugin(),
        balance::staticrr::plugin(),
        balance::leastconn::plugin(),
        balance::first::plugin(),
        balance::random::plugin(),
        balance::source::plugin(),
        balance::uri::plugin(),
        balance::url_param::plugin(),
        balance::hdr::plugin(),
        balance::hash::plugin(),
        // health
        health::tcp::plugin(),
        health::httpchk::plugin(),
        health::tcpcheck::plugin(),
        health::ldap::plugin(),
        health::mysql::plugin(),
        health::pgsql::plugin(),
        health::redis::plugin(),
        health::smtp::plugin(),
        health::sslhello::plugin(),
        // filters
        filter::trace::plugin(),
        // services
        prometheus::plugin(),
        stats::plugin(),
    ];
    all.extend(balance::refused::plugins());
    all
}
