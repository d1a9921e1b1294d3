//! What there is to be said of a file: its ABI, or that it is a component, what it exports and imports, which hooks it fills.

use std::path::Path;
use std::sync::Arc;

use wasmtime::component::Component;
use wasmtime::component::types::ComponentItem;
use wasmtime::{Engine, ExternType, ImportType, Module};

use crate::module::{Abi, Code, Compiled};
use crate::plan::Plan;
use crate::settings::Load;
use crate::vm::Vm;
use crate::{component, engine, hooks, sections};

/// A file as it was found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Inspection {
    /// Its bytes.
    pub size: usize,
    /// The version of the ABI that it says it is written to.
    pub abi: Option<&'static str>,
    /// True for a component, which is written to no ABI.
    pub is_component: bool,
    /// What it was written in and made with, where it says so.
    pub made_with: Vec<String>,
    /// The callbacks that it has, by their names in the ABI, or the functions that are called of a component.
    pub callbacks: Vec<String>,
    /// Exports with names of callbacks that no version of the ABI has; all other functions of a component.
    pub unknown_callbacks: Vec<String>,
    /// What else it exports.
    pub others: Vec<String>,
    /// What it imports: module or interface, name, and whether it is there.
    pub imports: Vec<(String, String, Standing)>,
    /// Its memory when it begins and at most, in pages of 64 kB; none where it exports none.
    pub memory: Option<(u64, Option<u64>)>,
    /// The hooks that it fills, as the configuration names their places.
    pub hooks: Vec<&'static str>,
    /// Why it cannot be loaded.
    pub problem: Option<String>,
    /// What it said when it was started without a configuration, where it did not take that.
    pub start: Option<String>,
}

/// What becomes of an import.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// It is there.
    Given,
    /// It is there, and always answers that it is not implemented.
    Unimplemented,
    /// Nobody knows it: to call it is a trap.
    Unknown,
}

/// All callbacks and other exports that some version of the ABI knows.
const CALLBACKS: &[&str] = &[
    "proxy_on_configure",
    "proxy_on_context_create",
    "proxy_on_delete",
    "proxy_on_done",
    "proxy_on_downstream_connection_close",
    "proxy_on_downstream_data",
    "proxy_on_foreign_function",
    "proxy_on_grpc_close",
    "proxy_on_grpc_receive",
    "proxy_on_grpc_receive_initial_metadata",
    "proxy_on_grpc_receive_trailing_metadata",
    "proxy_on_http_call_response",
    "proxy_on_log",
    "proxy_on_memory_allocate",
    "proxy_on_new_connection",
    "proxy_on_queue_ready",
    "proxy_on_request_body",
    "proxy_on_request_headers",
    "proxy_on_request_metadata",
    "proxy_on_request_trailers",
    "proxy_on_response_body",
    "proxy_on_response_headers",
    "proxy_on_response_metadata",
    "proxy_on_response_trailers",
    "proxy_on_tick",
    "proxy_on_upstream_connection_close",
    "proxy_on_upstream_data",
    "proxy_on_vm_start",
];

/// Looks into a file: compiles it, and starts it once without a configuration.
///
/// # Errors
///
/// The file cannot be read.
pub fn inspect(path: &Path) -> std::io::Result<Inspection> {
    let bytes = std::fs::read(path)?;
    let mut found = Inspection { size: bytes.len(), ..Inspection::default() };
    found.made_with = sections::producers(&bytes);
    if let Err(problem) = look(path, &bytes, &mut found) {
        found.problem = Some(problem);
    }
    Ok(found)
}

fn look(path: &Path, bytes: &[u8], found: &mut Inspection) -> Result<(), String> {
    let engine = engine::engine(None)?;
    found.is_component = component::is_one(bytes);
    let compiled =
        if found.is_component { Compiled::component(engine, bytes)? } else { module(engine, bytes, found)? };
    match &compiled.code {
        Code::Module(module, _) => exports(module, found),
        Code::Component(component) => functions(component, found),
    }
    let load = Load::new("inspected", path);
    let plan = Arc::new(Plan::new(engine, &load, Arc::new(compiled), &Arc::default())?);
    found.imports = imports(&plan);
    if found.abi.is_none() && !found.is_component {
        // why is said by who would load it
        return Compiled::new(engine, bytes).map(|_| ());
    }
    match Vm::start(&plan, None) {
        Ok(mut vm) => drop(plan.offers.set(std::mem::take(&mut vm.guest().offers))),
        Err(failure) => found.start = Some(failure.message),
    }
    found.hooks = filled(&plan);
    Ok(())
}

/// A module, whichever ABI it is written to, or none.
fn module(engine: &Engine, bytes: &[u8], found: &mut Inspection) -> Result<Compiled, String> {
    let module = Module::new(engine, bytes).map_err(|e| format!("{e:#}"))?;
    let known = Abi::of(&module);
    found.abi = known.map(Abi::version);
    Ok(Compiled::of(module, known.unwrap_or(Abi::V0_2_1)))
}

fn exports(module: &Module, found: &mut Inspection) {
    for export in module.exports() {
        let name = export.name().to_owned();
        match export.ty() {
            ExternType::Memory(memory) => found.memory = Some((memory.minimum(), memory.maximum())),
            _ if CALLBACKS.contains(&&*name) => found.callbacks.push(name),
            _ if name.starts_with("proxy_on_") => found.unknown_callbacks.push(name),
            _ => found.others.push(name),
        }
    }
}

/// The exports of a component.
fn functions(component: &Component, found: &mut Inspection) {
    for (name, export) in component.component_type().exports(component.engine()) {
        let name = name.to_owned();
        match export.ty {
            _ if component::NAMES.iter().any(|(known, _)| *known == name) => found.callbacks.push(name),
            ComponentItem::ComponentFunc(_) => found.unknown_callbacks.push(name),
            _ => found.others.push(name),
        }
    }
}

fn imports(plan: &Arc<Plan>) -> Vec<(String, String, Standing)> {
    let is_unknown = |name: String| plan.unknown.contains(&name);
    let standing = |import: &ImportType<'_>| match import.name() {
        name if is_unknown(format!("{}.{name}", import.module())) => Standing::Unknown,
        name if name.starts_with("proxy_grpc_") => Standing::Unimplemented,
        _ => Standing::Given,
    };
    match &plan.compiled.code {
        Code::Module(module, _) => {
            let names = |i: ImportType<'_>| (i.module().to_owned(), i.name().to_owned(), standing(&i));
            module.imports().map(names).collect()
        }
        Code::Component(component) => {
            let all = component::imports(component).into_iter();
            all.map(|import| match is_unknown(import.known_as()) {
                true => (import.interface, import.name, Standing::Unknown),
                false => (import.interface, import.name, Standing::Given),
            })
            .collect()
        }
    }
}

/// The places where the module can be used.
fn filled(plan: &Arc<Plan>) -> Vec<&'static str> {
    let hooks = [
        ("filter", hooks::plugin(plan).filter.is_some()),
        ("action", plan.offers("action")),
        ("fetch", plan.offers("fetch")),
        ("converter", plan.offers("converter")),
        ("balance", plan.offers("balancer")),
        ("check", plan.offers("check")),
        ("service", plan.offers("service")),
    ];
    hooks.into_iter().filter(|(_, fills)| *fills).map(|(name, _)| name).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing;

    fn inspected(text: &str) -> Inspection {
        let path = testing::file(text);
        let found = inspect(&path).expect("it can be read");
        std::fs::remove_file(&path).expect("it is still there");
        found
    }

    #[test]
    fn a_module_is_described() {
        let text = testing::module(
            r#"(import "env" "proxy_log" (func (param i32 i32 i32) (result i32)))
            (import "env" "proxy_dance" (func))"#,
            r#"(func (export "proxy_on_request_headers") (param i32 i32 i32) (result i32) (i32.const 0))
            (func (export "proxy_on_fire"))"#,
        );
        let found = inspected(&text);
        assert_eq!((found.abi, found.problem, found.start), (Some("0.2.1"), None, None));
        assert_eq!(found.callbacks, ["proxy_on_memory_allocate", "proxy_on_request_headers"]);
        assert_eq!(found.unknown_callbacks, ["proxy_on_fire"]);
        let imports: Vec<_> = found.imports.iter().map(|(_, name, standing)| (&**name, *standing)).collect();
        assert_eq!(imports, [("proxy_log", Standing::Given), ("proxy_dance", Standing::Unknown)]);
        assert_eq!((found.memory, &found.hooks[..]), (Some((16, None)), &["filter"][..]));
    }

    #[test]
    fn what_cannot_be_loaded_is_told_with_the_reason() {
        let found = inspected("(module)");
        assert!(found.problem.is_some_and(|problem| problem.starts_with("it is no proxy-wasm module")));
        let found = inspected("(modul)");
        assert!(found.problem.is_some_and(|problem| problem.contains("modul")));
    }

    #[test]
    fn a_component_is_described() {
        let text = r#"(component
            (import "portero:plugin/plugin@0.1.0" (instance (export "now" (func (result u64))) (export "dance" (func))))
            (import "wasi:io/poll@0.2.0" (instance (export "poll" (func))))
            (core module $m (func (export "f") (result i32) (i32.const 0)) (func (export "g")))
            (core instance $i (instantiate $m))
            (func $dance (canon lift (core func $i "g")))
            (export "dance" (func $dance)))"#;
        let found = inspected(text);
        assert_eq!((found.abi, found.is_component, found.problem, found.start), (None, true, None, None));
        assert_eq!(
            (&found.callbacks[..], &found.unknown_callbacks[..]),
            (&[][..], &["dance".to_owned()][..])
        );
        let imports: Vec<_> = found.imports.iter().map(|(_, name, standing)| (&**name, *standing)).collect();
        let unknown = |name| (name, Standing::Unknown);
        assert_eq!(imports, [("now", Standing::Given), unknown("dance"), unknown("poll")]);
        let found = inspected("(component (nonsense))");
        assert!(found.is_component && found.problem.is_some());
    }
}
