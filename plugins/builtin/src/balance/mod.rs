//! Balancers: what the word `balance` can name (HAProxy manual, 4.2 "balance").
//!
//! A balancer's arguments are the words behind its name; what the name carries in parentheses comes first, so that
//! `hdr(Host) use_domain_only` arrives as `["Host", "use_domain_only"]` and `random(3)` as `["3"]`.
//! Its lines are the backend's `hash-type`, `hash-balance-factor` and `hash-preserve-affinity`, see [`options`].

pub mod options;
pub mod roundrobin;
pub mod schedule;
