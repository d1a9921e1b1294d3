//! Foreign functions as a guest calls them.

use portero_api::{Direction, Pass, Reply};
use portero_conformance::rig::{Way, exchange};

use crate::testing::{Running, data, load, module};

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
fn expressions_are_made_evaluated_and_deleted() {
    load(&calling("expr_create", "1 + 1 == 2", 0, 4), |_| ()).expect("it is an expression");
    load(&calling("expr_create", "1 +", 2, 0), |_| ()).expect("it is none");
    load(&calling("expr_evaluate", "", 2, 0), |_| ()).expect("it is no number");
    load(&calling("expr_delete", "", 2, 0), |_| ()).expect("it is no number");
    load(&calling_bytes("expr_evaluate", r"\07\00\00\00", 4, 1, 0), |_| ())
        .expect("there is none of that number");
    load(&calling_bytes("expr_delete", r"\07\00\00\00", 4, 0, 0), |_| ()).expect("it is gone");
}

/// Makes an expression while it starts, and answers each request with 200 and the first byte of its value, or with 500 and the
/// status of the evaluation.
fn judging(expression: &str) -> String {
    let text = format!(
        r#"(data (i32.const 100) "expr_createexpr_evaluate") {} (global $token (mut i32) (i32.const 0))
        (func (export "proxy_on_vm_start") (param i32 i32) (result i32)
          (if (call $foreign (i32.const 100) (i32.const 11) (i32.const 1000) (i32.const {}) (i32.const 200) (i32.const 204))
            (then unreachable))
          (global.set $token (i32.load (i32.const 200)))
          (i32.const 1))
        (func (export "proxy_on_request_headers") (param i32 i32 i32) (result i32) (local $status i32)
          (local.set $status (call $foreign (i32.const 111) (i32.const 13) (global.get $token) (i32.const 4)
            (i32.const 200) (i32.const 204)))
          (drop (call $reply
            (if (result i32) (local.get $status)
              (then (i32.add (i32.const 500) (local.get $status)))
              (else (i32.add (i32.const 200) (i32.load8_u (i32.load (i32.const 200))))))
            (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0) (i32.const -1)))
          (i32.const 1))"#,
        data(1000, expression.as_bytes()),
        expression.len()
    );
    module(
        r#"(import "env" "proxy_call_foreign_function" (func $foreign (param i32 i32 i32 i32 i32 i32) (result i32)))
        (import "env" "proxy_send_local_response"
          (func $reply (param i32 i32 i32 i32 i32 i32 i32 i32) (result i32)))"#,
        &text,
    )
}

#[test]
fn an_expression_sees_the_exchange_of_the_stream() {
    for (expression, status) in [
        ("request.headers['x-user'] == 'me' && request.url_path == '/a'", 201),
        ("request.headers['x-user'] == 'you'", 200),
        ("request.size == 0 && 'x-user' in request.headers && plugin_name == 'x'", 201),
        ("request.headers['nobody'] == 'a'", 510),
        ("has(request.headers.nobody)", 200),
    ] {
        let running = Running::new(&judging(expression), |_| ());
        let mut exchange = exchange("/a?b");
        exchange.request.headers.add(b"x-user", b"me");
        let mut attached = running.attach(&mut exchange).expect("it looks");
        let ended = Way::new(&mut *attached, Direction::Request).whole(&mut exchange, b"", 1);
        let Err(Pass::Reply(Reply::Message(message))) = ended else { panic!("{ended:?}") };
        assert_eq!(message.status, status, "{expression}");
    }
}

#[test]
fn what_is_declared_is_declared_once() {
    let argument = r"\0a\01a\10\01";
    load(&calling_bytes("declare_property", argument, 5, 0, 0), |_| ()).expect("it is declared");
    load(&calling_bytes("declare_property", r"\0a", 1, 2, 0), |_| ()).expect("it is no message");
}
