//! Logs: where lines go, and what stands in front of them (HAProxy manual, sections 4.2 `log` and 8).
//!
//! Each worker has one [`LogSinks`]: the open sinks of all proxies. A [`Logger`] stands for the `log` lines of one
//! proxy. Lines are gathered per sink and sent together at the end of the worker's turn, many datagrams in one call;
//! [`LogSinks::run`] does that and must run as a task of the worker. Nothing here waits for a receiver: lines for one
//! that is busy are kept for a while, then dropped and counted.

mod clock;
mod drops;
mod header;
mod level;
mod lines;
mod logger;
mod output;
mod queue;

pub use drops::dropped;
pub use header::Identity;
pub use level::Level;
pub use logger::{LogSinks, Logger};
