//! `option httpchk`: a request is sent, and the response judged.

use portero_api::Plugin;

use super::script::{Protocol, parse};

/// The plugin.
pub fn plugin() -> Plugin {
    Plugin::new("httpchk", "up when an HTTP request is answered as expected")
        .health(|setup| parse(setup, Protocol::Http))
}

#[cfg(test)]
mod tests;
