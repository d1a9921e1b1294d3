//! The configuration: from files to what the daemon reads.
//!
//! Two doors lead to one *written* model, sections of lines of words with their places in the text: `haproxy.cfg` is
//! that already, and a TOML file is lowered to it. `keywords` says what each word means and fills drafts, `build`
//! puts the drafts together into [`checked::Checked`]. Nothing but [`load`] reads the written model.

pub mod checked;
pub mod environment;
pub mod files;
pub mod lint;
pub mod load;
pub mod resolve;
pub mod toml;
mod userlists;

mod accounts;
mod address;
mod build;
mod compile;
mod defaults;
mod draft;
mod keywords;
mod modes;
mod policy;
mod reading;
mod rule_lines;
mod sections;
mod servers;
mod time;
mod written;

pub(crate) use compile::captures;
pub(crate) use policy::APPLY;

/// A time of a policy test, with its unit or in milliseconds; the error is a sentence.
pub(crate) fn test_time(text: &str) -> Result<std::time::Duration, String> {
    time::duration(text, time::Unit::Millis)
}
