//! The rule language.

mod tree;

pub use tree::*;
