//! Foreign functions as a guest calls them.

use crate::testing::{load, module};

/// A module that calls a foreign function while it starts, and traps unless that answers with a status and so many bytes.
fn calling(name: &str, argument: &str, status: u32, size: usize) -> String {
    calling_bytes(name, argument, argument.len(), status, size)
}

/// The same with an argument as text modules write bytes.
fn calling_bytes(name: &str, argument: &str, argument_len: usize, status: u32, size: usize) -> String {
    let name_len = name.len();
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

#[test]
fn what_is_packed_is_unpacked_and_what_is_no_stream_is_refused() {
    // "hello", packed with zlib's usual level
    let packed = r"\78\9c\cb\48\cd\c9\c9\07\00\06\2c\02\15";
    load(&calling_bytes("uncompress", packed, 13, 0, 5), |_| ()).expect("it is unpacked");
    load(&calling("uncompress", "hello", 3, 0), |_| ()).expect("it is no stream");
    load(&calling("compress", "hello", 0, 13), |_| ()).expect("it is packed");
}

#[test]
fn functions_that_are_not_there_say_so() {
    for name in ["expr_create", "expr_evaluate", "expr_delete"] {
        load(&calling(name, "", 12, 0), |_| ()).expect("it is told so");
    }
}

#[test]
fn what_is_declared_is_declared_once() {
    let argument = r"\0a\01a\10\01";
    load(&calling_bytes("declare_property", argument, 5, 0, 0), |_| ()).expect("it is declared");
    load(&calling_bytes("declare_property", r"\0a", 1, 2, 0), |_| ()).expect("it is no message");
}
