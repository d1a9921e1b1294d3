//! Text to tree: the `haproxy.cfg` file and the rule language.
//!
//! Two grammars, both in pest: [`mod@cfg`] cuts a configuration file into sections, lines and words; [`rules`] reads what
//! the words of a line say (ACLs, rules, conditions, sample expressions, log formats). Every node knows the place in
//! the source it came from ([`Span`]), so that every later message can point at it.
//!
//! This crate does no I/O and knows nothing of what a word means: vocabulary belongs to `policies` and `proxy`.

mod call;
mod diagnostic;
mod joined;
mod layout;
mod source;
mod syntax;
mod word;

pub mod cfg;
pub mod rules;

pub use diagnostic::{Diagnostic, Diagnostics, Lint, Severity, nearest};
pub use layout::layout;
pub use source::{Applied, FileId, Sources, Span};
pub use word::Word;
