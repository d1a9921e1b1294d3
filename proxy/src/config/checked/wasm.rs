//! The WASM modules that a configuration loads.

use portero_grammar::Span;
use portero_wasm::{Load, Settings};

/// The WASM modules that a configuration loads.
#[derive(Clone, Debug, Default)]
pub struct Wasm {
    /// The modules in the order written.
    pub loads: Vec<Load>,
    /// Where each of them is named.
    pub places: Vec<Span>,
    /// What holds for all.
    pub settings: Settings,
}
