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
mod filters;
mod keywords;
mod modes;
mod places;
mod policy;
mod reading;
mod rule_lines;
pub(crate) mod scripts;
mod sections;
mod servers;
mod tables;
mod time;
mod written;

pub(crate) use compile::{admins, stick_rules};
pub(crate) use keywords::{About, about, summary};
pub(crate) use policy::APPLY;

/// A time of a policy test, with its unit or in milliseconds; the error is a sentence.
pub(crate) fn test_time(text: &str) -> Result<std::time::Duration, String> {
    time::duration(text, time::Unit::Millis)
}

/// An address of a policy test or of the command line, with a port or without; the error is a sentence.
pub(crate) fn address_of(text: &str, port: u16) -> Result<std::net::SocketAddr, String> {
    let bare = || text.trim_matches(['[', ']']).parse::<std::net::IpAddr>();
    let full = text.parse().or_else(|_| bare().map(|ip| std::net::SocketAddr::new(ip, port)));
    full.map_err(|_| format!("'{text}' is not an address such as '10.0.0.1', '10.0.0.1:443' or '[::1]:443'"))
}
