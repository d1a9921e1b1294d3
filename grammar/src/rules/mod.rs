//! The rule language: ACLs, rules, conditions, sample expressions and log formats.
//!
//! The same lines stand in haproxy.cfg and in TOML. [`is_statement`] tells whether a line is one of ours,
//! [`statement`] reads it; the other functions read the parts that occur elsewhere (`log-format`, `set-var`, `stick on` ...).
//! The syntax within words and conditions is in `rules.pest`; which families exist is the table in `family`.

mod condition;
mod expr;
mod family;
mod log_format;
mod statement;
mod test;
pub mod tree;

pub use condition::condition;
pub use expr::{expr, exprs};
pub use family::{Kind, is_statement, keywords};
pub use log_format::log_format;
pub use statement::{parse, statement};
pub use test::test;
pub use tree::*;
