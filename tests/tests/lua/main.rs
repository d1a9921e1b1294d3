//! Scripts: what an operator and a client see of them.

mod config;
mod examples;
mod manner;
mod manual;
mod places;
mod reload;
mod services;
mod shell;
mod world;
