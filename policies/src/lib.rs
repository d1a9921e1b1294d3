//! The rule language, compiled and evaluated.

pub mod cast;
pub mod converters;
pub mod fetches;
mod matching;
pub mod vocabulary;
