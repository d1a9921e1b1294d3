//! `option tcp-check`: bytes are sent, and what comes back judged.

use portero_api::Plugin;

use super::script::{Protocol, parse};

/// The plugin.
pub fn plugin() -> Plugin {
    Plugin::new("tcp-check", "up when a dialogue of bytes goes as expected")
        .health(|setup| parse(setup, Protocol::Tcp))
}

#[cfg(test)]
mod tests;
