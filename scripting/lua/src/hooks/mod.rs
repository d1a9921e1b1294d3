//! From what scripts registered to plugins: one file per hook.

mod action;
mod balance;
mod body;
mod check;
mod command;
mod fetch;
mod filter;
mod service;
mod task;

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::rc::Rc;
use std::sync::Arc;

use mlua::Function;
use portero_api::{BadArg, Figure, Plugin, Setup};

use crate::lot::{Lot, Seat};
use crate::run;
use crate::state::{Purpose, Registered, State};

/// The plugins of a lot: `lua.NAME` for each name, and one for what has none.
pub(crate) fn plugins(lot: &Arc<Lot>) -> Vec<Plugin> {
    let actions = lot.names(|purpose| matches!(purpose, Purpose::Action { .. }));
    let fetches = lot.names(|purpose| matches!(purpose, Purpose::Fetch));
    let converters = lot.names(|purpose| matches!(purpose, Purpose::Converter));
    let balancers = lot.names(|purpose| matches!(purpose, Purpose::Balancer { .. }));
    let checks = lot.names(|purpose| matches!(purpose, Purpose::Check));
    let services = lot.names(|purpose| matches!(purpose, Purpose::Service { .. }));
    let filters = lot.names(|purpose| matches!(purpose, Purpose::Filter { .. }));
    let bodies = lot.names(|purpose| matches!(purpose, Purpose::Body { .. }));
    let sets = [&actions, &fetches, &converters, &balancers, &checks, &services, &filters, &bodies];
    let all: BTreeSet<&String> = sets.into_iter().flatten().collect();
    let mut plugins: Vec<Plugin> = Vec::new();
    for name in all {
        let mut plugin = Plugin::new(format!("lua.{name}"), "a function of a Lua script");
        if actions.contains(name) {
            plugin = plugin.action(maker(lot, name, action::LuaAction::new));
        }
        if fetches.contains(name) {
            plugin = plugin.fetch(maker(lot, name, fetch::LuaFetch::new));
        }
        if converters.contains(name) {
            plugin = plugin.convert(maker(lot, name, fetch::LuaConvert::new));
        }
        if balancers.contains(name) {
            plugin = plugin.balance(maker(lot, name, balance::LuaBalance::new));
        }
        if checks.contains(name) {
            plugin = plugin.health(maker(lot, name, check::LuaCheck::new));
        }
        if services.contains(name) {
            plugin = plugin.service(maker(lot, name, service::LuaService::new));
        }
        if filters.contains(name) {
            plugin = plugin.filter(maker(lot, name, filter::LuaFilter::new));
        } else if bodies.contains(name) {
            plugin = plugin.filter(maker(lot, name, body::LuaBody::new));
        }
        plugins.push(plugin);
    }
    for name in lot.names(|purpose| matches!(purpose, Purpose::Command { .. })) {
        let plugin = Plugin::new(format!("lua cli {name}"), "a verb of the runtime API of a Lua script");
        plugins.push(plugin.command(maker(lot, &name, command::LuaCommand::new)));
    }
    plugins.push(task::plugin(lot));
    plugins
}

/// A maker for a name: finds it in the state of the thread.
fn maker<T: 'static>(
    lot: &Arc<Lot>,
    name: &str,
    make: fn(Rc<Seat>, &str, &Setup<'_>) -> Result<T, BadArg>,
) -> impl Fn(&Setup<'_>) -> Result<T, BadArg> + Send + Sync + 'static {
    let (lot, name) = (lot.clone(), name.to_owned());
    move |setup| make(lot.seat(setup.here)?, &name, setup)
}

/// A function of a script, found by its name in whatever state the seat has.
pub(crate) struct Bound {
    seat: Rc<Seat>,
    name: String,
    wanted: Box<dyn Fn(&Purpose) -> bool>,
    /// The function, and the state that it was found in.
    found: RefCell<(u64, Registered)>,
    /// What it costs.
    pub(crate) figure: Arc<Figure>,
}

impl Bound {
    /// Finds the function.
    ///
    /// # Errors
    ///
    /// It was registered on another thread only: the script does not register the same things each time it is loaded.
    pub(crate) fn new(
        seat: Rc<Seat>,
        name: &str,
        wanted: impl Fn(&Purpose) -> bool + 'static,
    ) -> Result<Bound, BadArg> {
        let state = seat.state();
        let missing = || BadArg::new(format!("the script has not registered '{name}' on this thread"));
        let found = state.find(name, &wanted).ok_or_else(missing)?;
        let figure = state.inside.common.figures.of(&format!("lua.{name}"));
        let found = RefCell::new((state.inside.id, found));
        Ok(Bound { seat, name: name.to_owned(), wanted: Box::new(wanted), found, figure })
    }

    /// The function and its state.
    pub(crate) fn get(&self) -> (Arc<State>, Function) {
        let state = self.seat.state();
        let mut found = self.found.borrow_mut();
        if found.0 != state.inside.id
            && let Some(anew) = state.find(&self.name, &self.wanted)
        {
            *found = (state.inside.id, anew);
        }
        (state, found.1.function.clone())
    }

    /// Counts a failure. A state whose memory is used up is made anew.
    pub(crate) fn note(&self, error: &mlua::Error) {
        self.figure.failed(run::is_exhausted(error));
        if run::is_memory(error) {
            self.seat.renew();
        }
    }

    /// What it was registered as.
    pub(crate) fn registered(&self) -> Registered {
        self.found.borrow().1.clone()
    }

    /// Its name.
    pub(crate) fn name(&self) -> &str {
        &self.name
    }
}
