//! Plugins for Portero that are more than filters: a balancer, a health check, an action, a service, a fetch, a converter,
//! and stick tables for all of them.
//!
//! ```no_run
//! use portero_plugin::{portero, Balancer, Plugin, Server};
//!
//! struct First;
//!
//! impl Balancer for First {
//!     fn pick(&mut self, _args: &[String], servers: &[Server]) -> Option<usize> {
//!         (!servers.is_empty()).then_some(0)
//!     }
//! }
//!
//! portero!(|_configuration: &[u8]| Some(Plugin::new().balancer(First)));
//! ```
//!
//! While a hook runs, `proxy_wasm::hostcalls` sees the exchange: header maps, properties, and in actions a reply too.

mod hooks;
pub mod items;
mod plugin;
mod sample;
mod server;
pub mod tables;

pub use hooks::{
    Action, Balancer, Call, Check, Converter, Fetch, Outcome, Probe, Service, Serving, Step, Verdict,
};
pub use plugin::{Plugin, Root};
pub use proxy_wasm;
pub use sample::Sample;
pub use server::{servers, use_backend, use_server, Server};
pub use tables::Table;

/// Begins a module: with a function that makes the plugin of its configuration, or none when that is no good.
#[macro_export]
macro_rules! portero {
    ($make:expr) => {
        #[cfg_attr(target_arch = "wasm32", export_name = "_initialize")]
        #[allow(dead_code)]
        extern "C" fn portero_initialize() {
            $crate::proxy_wasm::set_log_level($crate::proxy_wasm::types::LogLevel::Trace);
            $crate::proxy_wasm::set_root_context(|_| Box::new($crate::Root::new($make)));
        }
    };
}
