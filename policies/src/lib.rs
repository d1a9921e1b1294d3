//! The rule language, compiled and evaluated.
//!
//! [`Vocabulary`] holds all words: our tables and what plugins add. A [`Compiler`] turns the trees of one proxy into
//! [`RuleSet`]s, [`Targets`], [`Cond`]itions, [`Expr`]essions and [`Format`]s; they are evaluated against an
//! [`Exchange`](portero_api::Exchange), plainly and without waiting. What a rule wants of the road (a reply, a wait, the
//! end) is an [`Answer`](portero_api::Answer), with the place to come back to ([`Run`]).
//!
//! Nothing here does I/O: files come through [`vocabulary::Files`].

pub mod actions;
pub mod cast;
pub mod converters;
pub mod fetches;
pub mod format;
pub mod lint;
pub mod maps;
pub mod ring;
pub mod tables;
pub mod trace;
pub mod units;
pub mod users;
pub mod vocabulary;

mod compile;
mod cond;
mod conditions;
mod errorfile;
mod expr;
mod lookup;
mod matching;
mod page;
mod rules;
mod stage;
mod stick;
mod targets;
#[cfg(test)]
mod testing;

pub use actions::{BandwidthFilter, LimitPer, whole_file};
pub use compile::{Compiler, Reported, Uses, is_predefined};
pub use cond::Cond;
pub use conditions::Conditions;
pub use errorfile::errorfile;
pub use expr::Expr;
pub use format::{Escape, Format};
pub use lookup::{Vocabulary, acl_word, predefined_acls};
pub use matching::Method;
pub use page::{MadePage, Page};
pub use rules::{RuleSet, Run};
pub use stage::Stage;
pub use stick::{Stick, Stores};
pub use targets::Targets;
