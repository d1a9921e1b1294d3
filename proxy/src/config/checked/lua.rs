//! The scripts that a configuration loads.

use portero_grammar::Span;
use portero_lua::{Load, Settings};

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
