//! WASM modules: what an operator and a client see of them.

mod check;
mod component;
mod faults;
mod inspect;
mod manual;
mod offline;
mod swap;
mod tables;
mod wat;
