//! A compiled file: a module with the ABI that it is written to, or a component; what it exports.

use std::collections::{BTreeSet, HashMap};
use std::sync::{Arc, Mutex, OnceLock, Weak};

use sha2::{Digest, Sha256};
use wasmtime::component::Component;
use wasmtime::{Engine, Module};

use crate::component;

/// A version of the proxy-wasm ABI.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Abi {
    V0_1_0,
    V0_2_0,
    V0_2_1,
}

/// The functions by which a module says which ABI it is written to; the newest first.
const MARKERS: [(&str, Abi); 3] = [
    ("proxy_abi_version_0_2_1", Abi::V0_2_1),
    ("proxy_abi_version_0_2_0", Abi::V0_2_0),
    ("proxy_abi_version_0_1_0", Abi::V0_1_0),
];

impl Abi {
    /// What a module says of itself; the newest, where it says several.
    pub(crate) fn of(module: &Module) -> Option<Abi> {
        MARKERS.iter().find(|(marker, _)| module.get_export(marker).is_some()).map(|(_, abi)| *abi)
    }

    /// Its number.
    pub(crate) fn version(self) -> &'static str {
        match self {
            Abi::V0_1_0 => "0.1.0",
            Abi::V0_2_0 => "0.2.0",
            Abi::V0_2_1 => "0.2.1",
        }
    }
}

/// A compiled file.
pub(crate) struct Compiled {
    pub(crate) code: Code,
    exports: BTreeSet<String>,
}

/// What was in it.
pub(crate) enum Code {
    Module(Module, Abi),
    Component(Component),
}

impl Compiled {
    /// Compiles a file, or finds what was compiled of the same bytes before.
    ///
    /// # Errors
    ///
    /// A sentence: it is no module, or not one of this ABI, nor a component.
    pub(crate) fn new(engine: &Engine, bytes: &[u8]) -> Result<Arc<Compiled>, String> {
        static KNOWN: OnceLock<Mutex<HashMap<[u8; 32], Weak<Compiled>>>> = OnceLock::new();
        let hash: [u8; 32] = Sha256::digest(bytes).into();
        let known = KNOWN.get_or_init(Mutex::default);
        let find = || known.lock().unwrap_or_else(|e| e.into_inner()).get(&hash).and_then(Weak::upgrade);
        if let Some(compiled) = find() {
            return Ok(compiled);
        }
        let compiled = Arc::new(Compiled::compile(engine, bytes)?);
        let mut known = known.lock().unwrap_or_else(|e| e.into_inner());
        known.retain(|_, held| held.strong_count() > 0);
        known.insert(hash, Arc::downgrade(&compiled));
        Ok(compiled)
    }

    fn compile(engine: &Engine, bytes: &[u8]) -> Result<Compiled, String> {
        if component::is_one(bytes) {
            return Compiled::component(engine, bytes);
        }
        let module = Module::new(engine, bytes).map_err(|e| format!("{e:#}"))?;
        let markers = MARKERS.map(|(marker, _)| marker).join(", ");
        let none = || format!("it is no proxy-wasm module: it exports none of {markers}");
        let abi = Abi::of(&module).ok_or_else(none)?;
        Ok(Compiled::of(module, abi))
    }

    /// A module that is taken for one of that ABI.
    pub(crate) fn of(module: Module, abi: Abi) -> Compiled {
        let exports = module.exports().map(|export| export.name().to_owned()).collect();
        Compiled { code: Code::Module(module, abi), exports }
    }

    /// A component.
    ///
    /// # Errors
    ///
    /// A sentence: it is none.
    pub(crate) fn component(engine: &Engine, bytes: &[u8]) -> Result<Compiled, String> {
        let component = Component::new(engine, bytes).map_err(|e| format!("{e:#}"))?;
        let exports = component.component_type().exports(engine).map(|(name, _)| name.to_owned()).collect();
        Ok(Compiled { code: Code::Component(component), exports })
    }

    /// Whether it exports something of that name.
    pub(crate) fn exports(&self, name: &str) -> bool {
        self.exports.contains(name)
    }
}

impl std::fmt::Debug for Compiled {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match &self.code {
            Code::Module(_, abi) => write!(f, "Compiled({abi:?})"),
            Code::Component(_) => f.write_str("Compiled(component)"),
        }
    }
}
