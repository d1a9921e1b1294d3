//! Balancers: what the word `balance` can name (HAProxy manual, 4.2 "balance").
//!
//! A balancer's arguments are the words behind its name; what the name carries in parentheses comes first, so that
//! `hdr(Host) use_domain_only` arrives as `["Host", "use_domain_only"]` and `random(3)` as `["3"]`. The expression of
//! `hash` may come as one word or as several. A balancer's lines are the backend's `hash-type`,
//! `hash-balance-factor` and `hash-preserve-affinity`, see [`options`].

pub mod first;
pub mod hash;
pub mod hdr;
pub mod keyed;
pub mod leastconn;
pub mod load;
pub mod options;
pub mod random;
pub mod refused;
pub mod roundrobin;
pub mod schedule;
pub mod source;
pub mod staticrr;
pub mod uri;
pub mod url_param;
