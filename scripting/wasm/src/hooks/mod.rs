//! From a module to plugins: one file per hook.

mod action;
pub(crate) mod ask;
mod balance;
pub(crate) mod callout;
mod check;
mod component;
mod fetch;
mod filter;
mod service;
mod task;
mod tcp;
#[cfg(test)]
mod tests;
mod wait;

use std::rc::Rc;
use std::sync::Arc;

use portero_api::{BadArg, Plugin, Setup};

use crate::plan::Plan;
use crate::seat::Seat;

/// Callbacks that make a module a filter.
const FILTERS: [&str; 9] = [
    "proxy_on_request_headers",
    "proxy_on_request_body",
    "proxy_on_response_headers",
    "proxy_on_response_body",
    "proxy_on_new_connection",
    "proxy_on_downstream_data",
    "proxy_on_upstream_data",
    "proxy_on_context_create",
    "proxy_on_log",
];

/// The plugin `wasm.NAME`. Whether the module has what a configuration wants of it is said where it is named.
pub(crate) fn plugin(plan: &Arc<Plan>) -> Plugin {
    let summary = if plan.is_component() { "a WASM component" } else { "a WASM module" };
    let mut plugin = Plugin::new(format!("wasm.{}", plan.load.name), summary);
    if FILTERS.iter().any(|callback| plan.has(callback)) {
        plugin = plugin.filter(maker(plan, filter::WasmFilter::new));
    }
    // whatever the module has: an instance that nothing but its configuration holds must be there, and must be ended
    plugin = plugin.task(maker(plan, task::WasmTask::new));
    plugin.balances = plan.offers(ask::Hook::Balancer.name());
    plugin = plugin.health(maker(plan, check::WasmCheck::new));
    plugin = plugin.service(maker(plan, service::WasmService::new));
    if plan.is_component() {
        return component::fill(plugin, plan);
    }
    plugin
        .action(maker(plan, action::WasmAction::new))
        .fetch(maker(plan, fetch::WasmFetch::new))
        .convert(maker(plan, fetch::WasmConvert::new))
        .balance(maker(plan, balance::WasmBalance::new))
}

/// A maker: finds the instance of the thread.
fn maker<T: 'static>(
    plan: &Arc<Plan>,
    make: fn(Rc<Seat>, &Setup<'_>) -> Result<T, BadArg>,
) -> impl Fn(&Setup<'_>) -> Result<T, BadArg> + Send + Sync + 'static {
    let plan = plan.clone();
    move |setup| make(Seat::of(&plan, setup.here)?, setup)
}
