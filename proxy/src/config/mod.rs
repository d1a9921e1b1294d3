//! Configuration: two doors (TOML and haproxy.cfg), one written model, one checked model.

pub mod checked;
