//! Scripts: what an operator and a client see of them.

mod config;
mod reload;
mod services;
