//! Scripts: what an operator and a client see of them.

mod config;
mod places;
mod reload;
mod services;
mod shell;
mod world;
