//! A module, or a component, with its settings, linked and ready to be instantiated.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, OnceLock};

use portero_api::{Common, Figure};
use wasmtime::{Engine, InstancePre, component};

use crate::abi;
use crate::component as components;
use crate::guest::Guest;
use crate::module::{Abi, Code, Compiled};
use crate::settings::Load;
use crate::space::{Space, Spaces};

/// A plugin of a configuration, the same for all threads.
pub(crate) struct Plan {
    /// Tells it from those of other configurations.
    pub(crate) id: u64,
    pub(crate) load: Load,
    pub(crate) compiled: Arc<Compiled>,
    pub(crate) ready: Ready,
    pub(crate) common: Arc<Common>,
    /// What modules with its `vm_id` share, and all others.
    pub(crate) space: Arc<Space>,
    pub(crate) spaces: Arc<Spaces>,
    /// What it costs.
    pub(crate) figure: Arc<Figure>,
    /// Functions that it imports and nobody knows: `env.NAME`; whole interfaces of a component.
    pub(crate) unknown: Vec<String>,
    /// The hooks that the module has offered when it was started first (`portero.offer`).
    pub(crate) offers: OnceLock<Vec<String>>,
}

/// What an instance is made from.
pub(crate) enum Ready {
    Module(InstancePre<Guest>),
    Component(component::InstancePre<Guest>),
}

impl Plan {
    /// Links a module.
    ///
    /// # Errors
    ///
    /// A sentence: it imports what cannot be given.
    pub(crate) fn new(
        engine: &Engine,
        load: &Load,
        compiled: Arc<Compiled>,
        common: &Arc<Common>,
    ) -> Result<Plan, String> {
        static NEXT: AtomicU64 = AtomicU64::new(1);
        let (ready, unknown) = link(engine, load, &compiled.code).map_err(|e| format!("{e:#}"))?;
        let spaces = common.get::<Spaces>("wasm");
        Ok(Plan {
            space: spaces.of(&load.vm_id),
            spaces,
            id: NEXT.fetch_add(1, Relaxed),
            load: load.clone(),
            compiled,
            ready,
            common: common.clone(),
            figure: common.figures.of(&format!("wasm.{}", load.name)),
            unknown,
            offers: OnceLock::new(),
        })
    }

    /// Whether the module has a callback that may be called.
    pub(crate) fn has(&self, callback: &str) -> bool {
        self.compiled.exports(callback) && self.load.allows(callback)
    }

    /// True for ABI 0.1.0.
    pub(crate) fn is_oldest(&self) -> bool {
        matches!(self.compiled.code, Code::Module(_, Abi::V0_1_0))
    }

    /// True for a component.
    pub(crate) fn is_component(&self) -> bool {
        matches!(self.compiled.code, Code::Component(_))
    }

    /// Whether the module has offered a hook.
    pub(crate) fn offers(&self, hook: &str) -> bool {
        self.offers.get().is_some_and(|offers| offers.iter().any(|offer| offer == hook))
    }
}

impl Ready {
    /// The engine that it was compiled for.
    pub(crate) fn engine(&self) -> &Engine {
        match self {
            Ready::Module(ready) => ready.module().engine(),
            Ready::Component(ready) => ready.engine(),
        }
    }
}

/// What an instance is made from, and what nobody knows of its imports.
fn link(engine: &Engine, load: &Load, code: &Code) -> wasmtime::Result<(Ready, Vec<String>)> {
    match code {
        Code::Module(module, _) => {
            let (linker, unknown) = abi::linker(engine, module, load)?;
            Ok((Ready::Module(linker.instantiate_pre(module)?), unknown))
        }
        Code::Component(component) => {
            let (linker, unknown) = components::linker(engine, component, load)?;
            Ok((Ready::Component(linker.instantiate_pre(component)?), unknown))
        }
    }
}
