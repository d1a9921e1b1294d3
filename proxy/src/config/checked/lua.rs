//! The scripts that a configuration loads.

use std::time::Duration;

use portero_grammar::Span;
use portero_lua::{Load, Settings};

/// How plugins ask HTTP servers (`httpclient`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HttpClient {
    /// Further tries when no connection is made.
    pub retries: u32,
    /// The longest wait for a connection.
    pub connect: Duration,
}

impl Default for HttpClient {
    fn default() -> Self {
        HttpClient { retries: 3, connect: Duration::from_secs(5) }
    }
}

/// The scripts that a configuration loads, and how they are run.
#[derive(Clone, Debug, Default)]
pub struct Lua {
    /// The files in the order written.
    pub loads: Vec<Load>,
    /// Where each of them is named.
    pub places: Vec<Span>,
    /// How they are run.
    pub settings: Settings,
    /// `tune.lua.bool-sample-conversion` was said.
    pub bool_conversion_is_said: bool,
}
