//! Foreign functions as a guest calls them.

use crate::testing::{load, module};

/// A module that calls a foreign function while it starts, and traps unless that answers with a status and so many bytes.
fn calling(name: &str, argument: &str, status: u32, size: usize) -> String {
    let (name_len, argument_len) = (name.len(), argument.len());
    let text = format!(
        r#"(data (i32.const 0) "{name}") (data (i32.const 100) "{argument}")
        (func (export "proxy_on_vm_start") (param i32 i32) (result i32)
          (if (i32.ne (i32.const {status}) (call $foreign (i32.const 0) (i32.const {name_len})
              (i32.const 100) (i32.const {argument_len}) (i32.const 200) (i32.const 204)))
            (then unreachable))
          (if (i32.ne (i32.const {size}) (i32.load (i32.const 204))) (then unreachable))
          (i32.const 1))"#
    );
    module(
        r#"(import "env" "proxy_call_foreign_function" (func $foreign (param i32 i32 i32 i32 i32 i32) (result i32)))"#,
        &text,
    )
}

#[test]
fn a_function_is_found_by_its_name() {
    load(&calling("clear_route_cache", "", 0, 0), |_| ()).expect("it is there");
    load(&calling("nobody", "", 1, 0), |_| ()).expect("nobody has it");
    load(&calling("nobody", "", 0, 0), |_| ()).expect_err("nobody has it, and it is said");
}
