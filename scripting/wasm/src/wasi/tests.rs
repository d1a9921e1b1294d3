//! WASI as the runtimes of languages use it.

use portero_api::{Direction, Pass};
use portero_conformance::rig::{Way, exchange};

use crate::Level;
use crate::testing::{Running, load, load_all, module};

/// Imports of the tests, under today's name.
const IMPORTS: &str = r#"
  (import "wasi_snapshot_preview1" "fd_write" (func $fd_write (param i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_fdstat_get" (func $fdstat (param i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_prestat_get" (func $prestat (param i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_seek" (func $seek (param i32 i64 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "environ_sizes_get" (func $environ_sizes (param i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "environ_get" (func $environ (param i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "args_sizes_get" (func $args_sizes (param i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "clock_time_get" (func $time (param i32 i64 i32) (result i32)))
  (import "wasi_snapshot_preview1" "random_get" (func $random (param i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "poll_oneoff" (func $poll (param i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "sched_yield" (func $yield (result i32)))
  (func $is (param $is i32) (param $wanted i32)
    (if (i32.ne (local.get $is) (local.get $wanted)) (then unreachable)))
"#;

/// A module that does something when it starts; what it finds wrong is a trap.
fn starting(body: &str) -> String {
    // imports stand before everything else
    let (imports, helper) = IMPORTS.split_at(IMPORTS.find("  (func $is").expect("it is there"));
    module(
        imports,
        &format!(
            r#"{helper} (func (export "proxy_on_vm_start") (param i32 i32) (result i32) {body} (i32.const 1))"#
        ),
    )
}

#[test]
fn outputs_are_logged_line_by_line() {
    // "a\nb" and "c\n\xffd" to stdout, then one piece to stderr
    let text = module(
        IMPORTS.split("  (func $is").next().expect("it is there"),
        r#"(data (i32.const 0) "a\0abc\0ad")
        (data (i32.const 32) "\00\00\00\00\03\00\00\00\03\00\00\00\03\00\00\00")
        (func (export "proxy_on_request_headers") (param i32 i32 i32) (result i32)
          (drop (call $fd_write (i32.const 1) (i32.const 32) (i32.const 2) (i32.const 64)))
          (drop (call $fd_write (i32.const 2) (i32.const 32) (i32.const 1) (i32.const 68)))
          (if (i32.ne (i32.load (i32.const 64)) (i32.const 6)) (then unreachable))
          (i32.const 0))"#,
    );
    let logged = |level: Level| {
        let running = Running::new(&text, |load| load.log_level = level);
        let mut exchange = exchange("/");
        let mut attached = running.attach(&mut exchange).expect("it looks at the exchange");
        Way::new(&mut *attached, Direction::Request).whole(&mut exchange, b"", 1).expect("it passes");
        running.desk.lines()
    };
    let line = |level: u8, text: &str| (level, format!("wasm x: {text}"));
    let all = [line(6, "a"), line(6, "bc"), line(3, "a"), line(6, "d"), line(3, "b")];
    assert_eq!(logged(Level::Info), all);
    assert_eq!(logged(Level::Error), [line(3, "a"), line(3, "b")]);
}

#[test]
fn what_is_not_there_is_refused_with_its_errno() {
    let text = starting(
        r#"(call $is (call $fd_write (i32.const 3) (i32.const 0) (i32.const 0) (i32.const 0)) (i32.const 8))
        (call $is (call $fd_write (i32.const 1) (i32.const -4) (i32.const 1) (i32.const 0)) (i32.const 21))
        (call $is (call $fdstat (i32.const 0) (i32.const 0)) (i32.const 8))
        (call $is (call $fdstat (i32.const 1) (i32.const 0)) (i32.const 0))
        (call $is (i32.load8_u (i32.const 0)) (i32.const 2))
        (call $is (call $prestat (i32.const 3) (i32.const 0)) (i32.const 8))
        (call $is (call $seek (i32.const 1) (i64.const 0) (i32.const 0) (i32.const 0)) (i32.const 52))
        (call $is (call $poll (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0)) (i32.const 58))
        (call $is (call $yield) (i32.const 0))
        (call $is (call $time (i32.const 2) (i64.const 0) (i32.const 0)) (i32.const 58))
        (call $is (call $random (i32.const -4) (i32.const 8)) (i32.const 21))"#,
    );
    load(&text, |_| ()).expect("all is as it should be");
}

#[test]
fn the_environment_is_the_configured_one_and_there_are_no_arguments() {
    let text = starting(
        r#"(call $is (call $args_sizes (i32.const 0) (i32.const 4)) (i32.const 0))
        (call $is (i32.load (i32.const 0)) (i32.const 0))
        (call $is (call $environ_sizes (i32.const 0) (i32.const 4)) (i32.const 0))
        (call $is (i32.load (i32.const 0)) (i32.const 2))
        (call $is (i32.load (i32.const 4)) (i32.const 9))
        (call $is (call $environ (i32.const 8) (i32.const 32)) (i32.const 0))
        (call $is (i32.load (i32.const 12)) (i32.const 36))
        (call $is (i32.load (i32.const 32)) (i32.const 0x00313d41))
        (call $is (i32.load (i32.const 36)) (i32.const 0x323d4242))"#,
    );
    let environment = [("A", "1"), ("BB", "2")].map(|(name, value)| (name.to_owned(), value.to_owned()));
    load(&text, |load| load.environment = environment.into()).expect("it is there");
    load(&text, |_| ()).expect_err("there is none unless it is given");
}

#[test]
fn clocks_go_on_and_random_bytes_differ() {
    let text = starting(
        r#"(call $is (call $time (i32.const 0) (i64.const 0) (i32.const 0)) (i32.const 0))
        (if (i64.lt_u (i64.load (i32.const 0)) (i64.const 1700000000000000000)) (then unreachable))
        (call $is (call $time (i32.const 1) (i64.const 0) (i32.const 0)) (i32.const 0))
        (call $is (call $time (i32.const 1) (i64.const 0) (i32.const 8)) (i32.const 0))
        (if (i64.lt_u (i64.load (i32.const 8)) (i64.load (i32.const 0))) (then unreachable))
        (call $is (call $random (i32.const 16) (i32.const 16)) (i32.const 0))
        (if (i64.eq (i64.load (i32.const 16)) (i64.load (i32.const 24))) (then unreachable))"#,
    );
    load(&text, |_| ()).expect("all is as it should be");
}

#[test]
fn the_end_of_main_is_no_failure_and_any_other_is() {
    let exits = |start: &str, code: u32| {
        module(
            r#"(import "wasi_unstable" "proc_exit" (func $exit (param i32)))"#,
            &format!(r#"(func (export "{start}") (call $exit (i32.const {code})))"#),
        )
    };
    load(&exits("_start", 0), |_| ()).expect("it has only ended its main");
    for (start, code) in [("_start", 3), ("_initialize", 0)] {
        let mistake = load(&exits(start, code), |_| ()).expect_err("it has ended itself");
        let message = format!("it has ended itself with code {code} (proc_exit)");
        assert!(mistake.message.contains(&message), "{}", mistake.message);
    }
}

#[test]
fn a_module_with_a_start_section_alone_runs() {
    let text = module(
        "",
        "(global $g (mut i32) (i32.const 0)) (func $main (global.set $g (i32.const 1))) (start $main)",
    );
    load(&text, |_| ()).expect("it starts");
}

#[test]
fn an_import_that_nobody_knows_is_warned_of_and_traps_by_its_name() {
    let text = module(
        r#"(import "env" "proxy_frobnicate" (func $frobnicate (param i64) (result f32)))
        (import "wasi_snapshot_preview1" "fd_teleport" (func (param i32) (result i32)))"#,
        r#"(func (export "proxy_on_request_headers") (param i32 i32 i32) (result i32)
          (drop (call $frobnicate (i64.const 0))) (i32.const 0))"#,
    );
    let warnings = load_all(&text, &Default::default(), |_| ()).expect("it loads").warnings();
    let names = "nobody knows the imports 'env.proxy_frobnicate', 'wasi_snapshot_preview1.fd_teleport': a call of one fails";
    assert_eq!(warnings.iter().map(|warning| &warning.message[..]).collect::<Vec<_>>(), [names]);
    let running = Running::new(&text, |_| ());
    let mut exchange = exchange("/");
    let mut attached = running.attach(&mut exchange).expect("it looks at the exchange");
    let ended = Way::new(&mut *attached, Direction::Request).whole(&mut exchange, b"", 1);
    assert!(matches!(ended, Err(Pass::Fail)));
    let (_, line) = &running.desk.lines()[0];
    assert!(line.contains("there is no host function 'env.proxy_frobnicate'"), "{line}");
}

#[test]
fn grpc_calls_are_answered_with_unimplemented() {
    let text = module(
        r#"(import "env" "proxy_grpc_cancel" (func $cancel (param i32) (result i32)))
        (import "env" "proxy_grpc_call" (func $call (param i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32) (result i32)))
        (import "env" "proxy_grpc_stream" (func (param i32 i32 i32 i32 i32 i32 i32 i32 i32) (result i32)))
        (import "env" "proxy_grpc_send" (func (param i32 i32 i32 i32) (result i32)))"#,
        r#"(func (export "proxy_on_vm_start") (param i32 i32) (result i32)
          (if (i32.ne (call $cancel (i32.const 1)) (i32.const 12)) (then unreachable))
          (i32.const 1))"#,
    );
    load(&text, |_| ()).expect("it is told so");
}
