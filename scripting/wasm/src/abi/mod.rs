//! The host functions, one file per group: what a module may import.
//!
//! All of `env` answers with a [`Status`]; what nobody knows is linked to a trap that names it.

mod buffers;
mod callouts;
mod compilers;
mod foreign;
mod grpc;
pub(crate) mod headers;
mod metrics;
mod properties;
mod queues;
mod shared;
mod stream;
mod system;
mod upstream;

use wasmtime::{Engine, Linker, Module};

use crate::guest::Guest;
use crate::settings::Load;
use crate::wasi;

/// The answer of a host function (`proxy_status_t`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(dead_code, reason = "the ABI's whole list, so that a number can be read")]
pub(crate) enum Status {
    Ok = 0,
    NotFound = 1,
    BadArgument = 2,
    SerializationFailure = 3,
    ParseFailure = 4,
    BadExpression = 5,
    InvalidMemoryAccess = 6,
    Empty = 7,
    CasMismatch = 8,
    ResultMismatch = 9,
    InternalFailure = 10,
    BrokenConnection = 11,
    Unimplemented = 12,
}

/// What a host function finds: nothing but that it went well, or why it did not.
pub(crate) type Answer = Result<(), Status>;

/// Adds the functions of a group.
type Group = fn(&mut Linker<Guest>) -> wasmtime::Result<()>;

/// All groups.
#[rustfmt::skip]
const GROUPS: &[Group] = &[
    buffers::link,
    callouts::link,
    foreign::link,
    grpc::link,
    headers::link,
    metrics::link,
    properties::link,
    queues::link,
    shared::link,
    stream::link,
    system::link,
    upstream::link,
];

/// The modules that host functions live in.
const ENV: &str = "env";

/// The host functions for a module: those it may have, refusals in the place of those it may not, and traps in the place
/// of those that nobody knows, whose names are given back.
///
/// # Errors
///
/// wasmtime's, of two functions with one name.
pub(crate) fn linker(
    engine: &Engine,
    module: &Module,
    load: &Load,
) -> wasmtime::Result<(Linker<Guest>, Vec<String>)> {
    let mut linker = Linker::new(engine);
    for group in GROUPS {
        group(&mut linker)?;
    }
    compilers::link(&mut linker, module)?;
    wasi::link(&mut linker, module)?;
    refuse(&mut linker, module, load)?;
    let unknown = trap(&mut linker, module);
    Ok((linker, unknown))
}

/// Puts a trap in the place of each function that is not there, and names it.
fn trap(linker: &mut Linker<Guest>, module: &Module) -> Vec<String> {
    let mut unknown = Vec::new();
    for import in module.imports() {
        let Some(ty) = import.ty().func().cloned() else { continue };
        let name = format!("{}.{}", import.module(), import.name());
        let message = format!("there is no host function '{name}'");
        let added = linker.func_new(import.module(), import.name(), ty, move |_, _, _| {
            Err(wasmtime::Error::msg(message.clone()))
        });
        // what is there already is not replaced
        if added.is_ok() {
            unknown.push(name);
        }
    }
    unknown
}

/// Puts refusals in the place of functions that the configuration does not allow.
fn refuse(linker: &mut Linker<Guest>, module: &Module, load: &Load) -> wasmtime::Result<()> {
    linker.allow_shadowing(true);
    for import in module.imports().filter(|import| !load.allows(import.name())) {
        let Some(ty) = import.ty().func().cloned() else { continue };
        // the same answers as Envoy's: INTERNAL_FAILURE, or ENOTCAPABLE of WASI
        let refusal = if import.module() == ENV { Status::InternalFailure as i32 } else { 76 };
        linker.func_new(import.module(), import.name(), ty, move |_, _, results| {
            results.iter_mut().for_each(|result| *result = wasmtime::Val::I32(refusal));
            Ok(())
        })?;
    }
    linker.allow_shadowing(false);
    Ok(())
}

/// The number of an answer.
fn answer(answer: Answer) -> i32 {
    match answer {
        Ok(()) => Status::Ok as i32,
        Err(status) => status as i32,
    }
}

/// Adds a host function of `env` that answers with a status; the numbers that it takes are named.
macro_rules! host {
    ($linker:ident, $name:literal, |$caller:ident $(, $arg:ident)*| $body:expr) => {
        $linker.func_wrap(
            $crate::abi::ENV,
            $name,
            |#[allow(unused_mut)] mut $caller: $crate::memory::Calling<'_> $(, $arg: u32)*| -> i32 {
                #[allow(unused_mut)]
                let mut run = || -> $crate::abi::Answer { $body };
                $crate::abi::answer(run())
            },
        )?
    };
}
use host;

pub(crate) use foreign::Programs;
pub(crate) use headers::count;
pub(crate) use properties::{Declarations, Expressions, State, evaluate, set_variable, variable};
pub(crate) use system::nanoseconds;
