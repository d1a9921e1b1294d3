//! The rule language, compiled and evaluated.

pub mod vocabulary;
