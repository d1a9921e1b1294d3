//! Health checks: one probe each. The proxy keeps timers, time-outs and the counts of rise and fall.
//!
//! The words behind `option <check>` are the arguments; the backend's `http-check` or `tcp-check` lines come as
//! lines, cut into words, with `http-check` or `tcp-check` as the first word of each.

pub mod httpchk;
pub mod ldap;
pub mod mysql;
pub mod peer;
pub mod pgsql;
pub mod redis;
pub mod script;
pub mod smtp;
mod spoken;
pub mod sslhello;
pub mod tcp;
pub mod tcpcheck;
