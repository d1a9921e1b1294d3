//! WASM modules: what an operator and a client see of them.

mod manual;
