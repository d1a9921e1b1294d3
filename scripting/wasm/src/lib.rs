//! WASM: a .wasm file becomes a plugin, through the hooks that every plugin has.
//!
//! The door is the proxy-wasm ABI (0.1.0, 0.2.0, 0.2.1), which the filters for Envoy, Istio and Kong are written to. What it has
//! no word for (server choice, probes, samples, stick tables) goes through the ABI's own means: properties and foreign
//! functions. A component does without all of that: it imports and exports functions with types of their own, as
//! `scripting/wit/portero.wit` has them. [`Modules::load`] compiles the files of a configuration and starts each once, and [`Modules::plugins`] gives
//! one plugin `wasm.NAME` for each. Every worker has an instance of its own.
//!
//! | file | |
//! |---|---|
//! | `settings`, `modules` | what is loaded and how; the modules of one configuration |
//! | `engine`, `module` | wasmtime as we use it; a compiled file and what it exports and imports |
//! | `inspect`, `sections` | what there is to be said of a file |
//! | `plan` | a module with its settings, ready to be instantiated |
//! | `vm` | an instance: its exports, its life, one call with a budget |
//! | `seat`, `rest` | a plugin's place on a thread: the instance, made anew when it is spoiled; when |
//! | `guest`, `context`, `streams` | what host functions know: of the instance, of one stream, and all of those |
//! | `memory`, `pairs` | the guest's memory; header maps as the ABI writes them |
//! | `component/` | components: what they import and export (`scripting/wit/portero.wit`) |
//! | `bell` | wakes a plugin's own work, from its thread or another |
//! | `space` | what modules with one `vm_id` share: data and queues |
//! | `turns` | which server a call-out asks |
//! | `items`, `servers` | lists of items, as hooks and the functions `portero.*` write them; servers in them |
//! | `tables` | stick tables as guests use them |
//! | `scene` | lends the exchange and the host to host functions |
//! | `abi/` | the host functions, one file per group |
//! | `cel/` | the expressions of `expr_create` |
//! | `wasi` | the functions that runtimes of languages import |
//! | `hooks/` | from an instance to a hook, one file per hook |

mod abi;
mod bell;
mod cel;
mod component;
mod context;
mod engine;
mod guest;
mod hooks;
mod inspect;
mod items;
mod memory;
mod module;
mod modules;
mod pairs;
mod plan;
mod rest;
mod scene;
mod seat;
mod sections;
mod servers;
mod settings;
mod space;
mod streams;
mod tables;
#[cfg(test)]
mod testing;
#[cfg(test)]
mod tests;
mod turns;
mod vm;
mod wasi;

pub use inspect::{Inspection, Standing, inspect};
pub use modules::{Mistake, Modules};
pub use settings::{Level, Load, OnError, Settings};
