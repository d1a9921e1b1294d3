//! The modules of one configuration.

use std::sync::Arc;

use portero_api::{Common, Plugin};

use crate::component;
use crate::engine;
use crate::hooks;
use crate::module::Compiled;
use crate::plan::Plan;
use crate::settings::{Load, Settings};
use crate::vm::Vm;

/// The modules of one configuration: compiled, linked, and each started once.
#[derive(Clone)]
pub struct Modules {
    plans: Vec<Arc<Plan>>,
    /// The process began with another folder for compiled code, and keeps to that.
    is_cached_elsewhere: bool,
}

/// What is to be said of a module: why it could not be loaded, or a warning.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mistake {
    /// Which of them.
    pub load: usize,
    /// A sentence, with the guest's backtrace where there is one.
    pub message: String,
}

impl Modules {
    /// Compiles the files and starts each module once, which shows whether it takes its configuration.
    ///
    /// # Errors
    ///
    /// The first module that fails.
    pub fn load(loads: &[Load], settings: &Settings, common: &Arc<Common>) -> Result<Modules, Mistake> {
        let one =
            |(index, load)| plan(load, settings, common).map_err(|message| Mistake { load: index, message });
        let plans = loads.iter().enumerate().map(one).collect::<Result<_, _>>()?;
        Ok(Modules { plans, is_cached_elsewhere: !engine::keeps_in(settings.cache.as_deref()) })
    }

    /// True when `wasm-cache` says something else than it did when the process loaded its first module: that counts from
    /// the next start on.
    pub fn is_cached_elsewhere(&self) -> bool {
        self.is_cached_elsewhere
    }

    /// What does not keep modules from running: functions that they import and nobody knows.
    pub fn warnings(&self) -> Vec<Mistake> {
        let unknown = |(load, plan): (usize, &Arc<Plan>)| {
            let names = plan.unknown.join("', '");
            let message = format!("nobody knows the imports '{names}': a call of one fails");
            (!plan.unknown.is_empty()).then_some(Mistake { load, message })
        };
        self.plans.iter().enumerate().filter_map(unknown).collect()
    }

    /// A plugin `wasm.NAME` for each module.
    pub fn plugins(&self) -> Vec<Plugin> {
        self.plans.iter().map(hooks::plugin).collect()
    }
}

fn plan(load: &Load, settings: &Settings, common: &Arc<Common>) -> Result<Arc<Plan>, String> {
    let bytes = std::fs::read(&load.path).map_err(|e| format!("it cannot be read: {e}"))?;
    if load.max_memory > engine::LARGEST_MEMORY {
        return Err(format!("a module has at most {} bytes of memory", engine::LARGEST_MEMORY));
    }
    let engine = engine::engine(settings.cache.as_deref())?;
    let compiled = Compiled::new(engine, &bytes)?;
    let plan = Arc::new(Plan::new(engine, load, compiled, common)?);
    if let Some(name) = component::idle_parameter(load).filter(|_| plan.is_component()) {
        return Err(format!("'{name}' means nothing to a component"));
    }
    let mut vm = Vm::start(&plan, None).map_err(|failure| failure.message)?;
    let _ = plan.offers.set(std::mem::take(&mut vm.guest().offers));
    Ok(plan)
}

impl std::fmt::Debug for Modules {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Modules({})", self.plans.len())
    }
}
