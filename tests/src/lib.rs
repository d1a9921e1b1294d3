//! Portero seen from outside: the program under test, scripted origins, raw clients and log receivers.
//!
//! A test reads as a story:
//!
//! ```no_run
//! use portero_tests::{Origin, Proxy};
//!
//! let hello = Origin::answering("hello");
//! let proxy = Proxy::with(
//!     "frontend front
//!          mode http
//!          bind ${front}
//!          default_backend app
//!      backend app
//!          mode http
//!          server s1 ${hello}",
//! )
//! .set("hello", hello.address())
//! .start();
//! assert_eq!(proxy.get("/").text(), "hello");
//! ```
//!
//! Nothing here sleeps to wait for something: a read has a time limit ([`LIMIT`]), and a condition is asked for again
//! until it holds ([`eventually`]). The environment variable `PORTERO` names another program to test, for example
//! `PORTERO=haproxy`: a story that HAProxy fails is worth a second look.

mod browser;
mod client;
mod flask;
mod folder;
mod load;
mod origin;
mod ports;
mod program;
mod proxy;
mod stats;
mod syslog;
mod wire;

pub use browser::{dump_dom, screenshot};
pub use client::{Client, get};
pub use flask::Flask;
pub use folder::Folder;
pub use load::Load;
pub use origin::{Origin, Peer};
pub use ports::free_ports;
pub use program::{portero, repository};
pub use proxy::{Proxy, Starting};
pub use stats::Stats;
pub use syslog::Syslog;
pub use wire::{Head, Response, Tally, Wire};

use std::time::{Duration, Instant};

/// The longest wait for anything before a test fails.
pub const LIMIT: Duration = Duration::from_secs(15);

/// Asks again and again until `ask` has an answer. Panics with `what` when there is none within [`LIMIT`].
pub fn eventually<T>(what: &str, mut ask: impl FnMut() -> Option<T>) -> T {
    let end = Instant::now() + LIMIT;
    loop {
        if let Some(answer) = ask() {
            return answer;
        }
        assert!(Instant::now() < end, "never happened: {what}");
        #[expect(clippy::disallowed_methods, reason = "the pace of asking, not a wait for the condition")]
        std::thread::sleep(Duration::from_millis(10));
    }
}
