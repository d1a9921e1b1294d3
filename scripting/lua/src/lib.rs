//! Lua: a .lua file becomes a plugin, through the hooks that every plugin has.
//!
//! [`Scripts::load`] runs the files of a configuration once, which registers their functions
//! (`core.register_action`, ...), and [`Scripts::plugins`] gives one plugin for each name. What a plugin makes on a worker
//! holds a function of a Lua state: the one state of `lua-load`, which all threads share behind a lock, or the thread's own
//! of `lua-load-per-thread`.
//!
//! | file | |
//! |---|---|
//! | `settings`, `lot` | what is loaded and how; the states of one configuration |
//! | `state` | one Lua state with all classes, and what scripts registered in it |
//! | `run`, `wish` | a coroutine at work; what it waits for |
//! | `meter` | budgets of time |
//! | `protect` | budgets that scripts cannot catch |
//! | `scene` | lends the exchange and the host to the functions that a script calls |
//! | `class`, `api/` | a class is a table of rows; one file per class |
//! | `modules/` | what scripts require in the place of libraries in C |
//! | `store` | what scripts of all threads share |
//! | `given` | what the function of a rule is called with |
//! | `values` | samples to Lua and back |
//! | `hooks/` | from a registered function to a hook, one file per hook |

/// The Lua that is compiled in.
pub const VERSION: &str = "Lua 5.4";

mod api;
mod class;
mod definitions;
mod given;
mod hooks;
mod lot;
mod meter;
mod modules;
mod protect;
mod run;
mod sandbox;
mod scene;
mod settings;
mod state;
mod store;
#[cfg(test)]
mod testing;
#[cfg(test)]
mod tests;
mod values;
mod wish;

pub use definitions::{definitions, reference};
pub use lot::{Mistake, Scripts};
pub use settings::{BoolConversion, Libs, Load, LogTo, OnError, Settings, Stderr};
