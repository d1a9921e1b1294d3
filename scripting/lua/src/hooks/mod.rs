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

use std::cell::{OnceCell, RefCell};
use std::collections::BTreeMap;
use std::rc::Rc;
use std::sync::Arc;

use mlua::Function;
use portero_api::{BadArg, Figure, Plugin, Setup};

use crate::given::{Given, Keeping};
use crate::lot::{Lot, Seat};
use crate::run;
use crate::state::{Purpose, Registered, State};

/// The plugins of a lot: `lua.NAME` for each name, one for each verb of the runtime API, and one for what has no name.
pub(crate) fn plugins(lot: &Arc<Lot>) -> Vec<Plugin> {
    let mut named: BTreeMap<String, Plugin> = BTreeMap::new();
    for Registered { name, purpose, .. } in lot.registered() {
        let full = match purpose {
            Purpose::Command { .. } => format!("lua cli {name}"),
            _ => format!("lua.{name}"),
        };
        let plugin = named.remove(&full);
        let plugin = plugin.unwrap_or_else(|| Plugin::new(full.clone(), "a function of a Lua script"));
        if let Some(plugin) = with(plugin, lot, &name, &purpose) {
            named.insert(full, plugin);
        }
    }
    named.into_values().chain([task::plugin(lot)]).collect()
}

/// The plugin with the hook that a function was registered for; none for what belongs to no name.
fn with(plugin: Plugin, lot: &Arc<Lot>, name: &str, purpose: &Purpose) -> Option<Plugin> {
    Some(match purpose {
        Purpose::Action { .. } => plugin.action(maker(lot, name, action::LuaAction::new)),
        Purpose::Fetch => plugin.fetch(maker(lot, name, fetch::LuaFetch::new)),
        Purpose::Converter => plugin.convert(maker(lot, name, fetch::LuaConvert::new)),
        Purpose::Balancer { .. } => plugin.balance(maker(lot, name, balance::LuaBalance::new)),
        Purpose::Check => plugin.health(maker(lot, name, check::LuaCheck::new)),
        Purpose::Service { .. } => plugin.service(maker(lot, name, service::LuaService::new)),
        Purpose::Filter { .. } => plugin.filter(maker(lot, name, filter::LuaFilter::new)),
        Purpose::Body { .. } => plugin.filter(maker(lot, name, body::LuaBody::new)),
        Purpose::Command { .. } => plugin.command(maker(lot, name, command::LuaCommand::new)),
        Purpose::Init | Purpose::Task(_) | Purpose::Unload => return None,
    })
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

/// A function in the state that it was found in.
pub(crate) struct Found {
    /// The state.
    pub(crate) state: Arc<State>,
    /// What it was registered as.
    pub(crate) registered: Registered,
    /// What is called: the function, with what it is given each time.
    pub(crate) function: Function,
    /// The same for values that are texts, made when it is first asked for.
    keeping: OnceCell<Keeping>,
}

/// A function of a script, found by its name in whatever state the seat has.
pub(crate) struct Bound {
    seat: Rc<Seat>,
    name: String,
    wanted: Box<dyn Fn(&Purpose) -> bool>,
    given: Given,
    found: RefCell<Rc<Found>>,
    /// What it costs.
    pub(crate) figure: Arc<Figure>,
}

impl Found {
    fn new(
        state: Arc<State>,
        name: &str,
        given: &Given,
        wanted: impl Fn(&Purpose) -> bool,
    ) -> mlua::Result<Option<Found>> {
        let Some(registered) = state.find(name, wanted) else { return Ok(None) };
        let function = given.to(&state.lua, &registered.function)?;
        Ok(Some(Found { state, registered, function, keeping: OnceCell::new() }))
    }
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
        Bound::giving(seat, name, Given::default(), wanted)
    }

    /// The same, of one that is given something at each call.
    pub(crate) fn giving(
        seat: Rc<Seat>,
        name: &str,
        given: Given,
        wanted: impl Fn(&Purpose) -> bool + 'static,
    ) -> Result<Bound, BadArg> {
        let state = seat.state();
        let figure = state.inside.common.figures.of(&format!("lua.{name}"));
        let found = Found::new(state, name, &given, &wanted).map_err(|e| BadArg::new(e.to_string()))?;
        let found = found
            .ok_or_else(|| BadArg::new(format!("the script has not registered '{name}' on this thread")))?;
        let (name, wanted) = (name.to_owned(), Box::new(wanted));
        Ok(Bound { seat, name, wanted, given, found: RefCell::new(Rc::new(found)), figure })
    }

    /// The function and its state.
    pub(crate) fn get(&self) -> Rc<Found> {
        let mut found = self.found.borrow_mut();
        if !self.seat.has(&found.state)
            && let Ok(Some(anew)) = Found::new(self.seat.state(), &self.name, &self.given, &self.wanted)
        {
            *found = Rc::new(anew);
        }
        found.clone()
    }

    /// What is called where what it returns is to be kept.
    pub(crate) fn keeping<'a>(&self, found: &'a Found) -> mlua::Result<&'a Keeping> {
        if let Some(keeping) = found.keeping.get() {
            return Ok(keeping);
        }
        let keeping = self.given.keeping(&found.state.lua, &found.registered.function)?;
        Ok(found.keeping.get_or_init(|| keeping))
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
        self.found.borrow().registered.clone()
    }

    /// Its name.
    pub(crate) fn name(&self) -> &str {
        &self.name
    }
}
