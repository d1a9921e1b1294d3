//! What compilers let their modules import of `env` beside the ABI.

use wasmtime::{Linker, Module, Val};

use super::ENV;
use crate::guest::Guest;
use crate::memory::{Calling, read};

/// The longest text of AssemblyScript that is read, in bytes.
const LONGEST: u32 = 4096;

/// Adds those that the module imports, with the types that it has for them.
///
/// # Errors
///
/// wasmtime's, of two functions with one name.
pub(super) fn link(linker: &mut Linker<Guest>, module: &Module) -> wasmtime::Result<()> {
    for import in module.imports().filter(|import| import.module() == ENV) {
        let Some(ty) = import.ty().func().cloned() else { continue };
        let arity = (ty.params().len(), ty.results().len());
        match (import.name(), arity) {
            // Emscripten tells that the memory has moved, and nothing here holds on to it
            ("emscripten_notify_memory_growth", (1, 0)) => {
                linker.func_new(ENV, import.name(), ty, |_, _, _| Ok(()))?;
            }
            // AssemblyScript: message, file, line and column of what is wrong
            ("abort", (4, 0)) => {
                linker.func_new(ENV, import.name(), ty, |caller, params, _| Err(abort(&caller, params)))?;
            }
            _ => {}
        }
    }
    Ok(())
}

fn abort(caller: &Calling<'_>, params: &[Val]) -> wasmtime::Error {
    let number = |at: usize| params.get(at).and_then(Val::i32).unwrap_or_default() as u32;
    let (message, file) = (text(caller, number(0)), text(caller, number(1)));
    wasmtime::Error::msg(format!("abort: {message} at {file}:{}:{}", number(2), number(3)))
}

/// A string of AssemblyScript: UTF-16 behind its length in bytes.
fn text(caller: &Calling<'_>, at: u32) -> String {
    let length = read(caller, at.wrapping_sub(4), 4).ok().and_then(|bytes| bytes.try_into().ok());
    let length = length.map(u32::from_le_bytes).unwrap_or_default().min(LONGEST);
    let bytes = read(caller, at, length).unwrap_or_default();
    let units = bytes.chunks_exact(2).map(|unit| u16::from_le_bytes([unit[0], unit[1]]));
    char::decode_utf16(units).map(|unit| unit.unwrap_or(char::REPLACEMENT_CHARACTER)).collect()
}

#[cfg(test)]
mod tests {
    use crate::testing::{load, module};

    #[test]
    fn an_abort_of_assemblyscript_says_what_is_wrong_and_where() {
        let text = module(
            r#"(import "env" "abort" (func $abort (param i32 i32 i32 i32)))"#,
            r#"(data (i32.const 0) "\04\00\00\00n\00o\00") (data (i32.const 16) "\08\00\00\00a\00.\00t\00s\00")
            (func (export "proxy_on_vm_start") (param i32 i32) (result i32)
              (call $abort (i32.const 4) (i32.const 20) (i32.const 7) (i32.const 3)) (i32.const 1))"#,
        );
        let mistake = load(&text, |_| ()).expect_err("it aborts");
        assert!(mistake.message.contains("abort: no at a.ts:7:3"), "{}", mistake.message);
    }

    #[test]
    fn an_abort_with_bad_pointers_is_an_abort() {
        let text = module(
            r#"(import "env" "abort" (func $abort (param i32 i32 i32 i32)))
            (import "env" "emscripten_notify_memory_growth" (func $grown (param i32)))"#,
            r#"(func (export "proxy_on_vm_start") (param i32 i32) (result i32)
              (call $grown (i32.const 0))
              (call $abort (i32.const 0) (i32.const -2) (i32.const 7) (i32.const 3)) (i32.const 1))"#,
        );
        let mistake = load(&text, |_| ()).expect_err("it aborts");
        assert!(mistake.message.contains("abort:  at :7:3"), "{}", mistake.message);
    }
}
