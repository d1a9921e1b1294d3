//! Data, queues and metrics as modules see them.

use std::sync::Arc;
use std::time::Duration;

use portero_api::{Common, MetricKind};
use portero_conformance::rig::exchange;

use crate::testing::{Running, load_with, module};

/// Imports of all tests.
const IMPORTS: &str = r#"
  (import "env" "proxy_get_shared_data" (func $get (param i32 i32 i32 i32 i32) (result i32)))
  (import "env" "proxy_set_shared_data" (func $set (param i32 i32 i32 i32 i32) (result i32)))
  (import "env" "proxy_register_shared_queue" (func $register (param i32 i32 i32) (result i32)))
  (import "env" "proxy_resolve_shared_queue" (func $resolve (param i32 i32 i32 i32 i32) (result i32)))
  (import "env" "proxy_enqueue_shared_queue" (func $push (param i32 i32 i32) (result i32)))
  (import "env" "proxy_dequeue_shared_queue" (func $pop (param i32 i32 i32) (result i32)))
  (import "env" "proxy_define_metric" (func $define (param i32 i32 i32 i32) (result i32)))
  (import "env" "proxy_increment_metric" (func $increment (param i32 i64) (result i32)))
  (import "env" "proxy_record_metric" (func $record (param i32 i64) (result i32)))
  (import "env" "proxy_get_metric" (func $metric (param i32 i32) (result i32)))
  (import "env" "proxy_log" (func $log (param i32 i32 i32) (result i32)))
"#;

/// A function that traps when an answer is not the one that is wanted; words; and a callback for each request.
fn text(on_request: &str, more: &str) -> String {
    let body = format!(
        r#"(data (i32.const 0) "keyonetwoqueuea")
        (func $is (param $got i32) (param $want i32)
          (if (i32.ne (local.get $got) (local.get $want)) (then unreachable)))
        (func (export "proxy_on_context_create") (param i32) (param $parent i32)
          (if (i32.eqz (local.get $parent)) (then return))
          {on_request})
        {more}"#
    );
    module(IMPORTS, &body)
}

/// A request comes; the lines that were logged.
fn request(running: &Running) -> Vec<String> {
    running.attach(&mut exchange("/"));
    running.said()
}

/// Sets a value and over it, with the number of the change and with a wrong one.
const DATA: &str = r#"
    (call $is (call $get (i32.const 0) (i32.const 3) (i32.const 100) (i32.const 104) (i32.const 108)) (i32.const 1))
    (call $is (call $set (i32.const 0) (i32.const 3) (i32.const 3) (i32.const 3) (i32.const 9)) (i32.const 0))
    (call $is (call $get (i32.const 0) (i32.const 3) (i32.const 100) (i32.const 104) (i32.const 108)) (i32.const 0))
    (call $is (i32.load (i32.const 104)) (i32.const 3))
    (call $is (call $set (i32.const 0) (i32.const 3) (i32.const 6) (i32.const 3) (i32.load (i32.const 108))) (i32.const 0))
    (call $is (call $set (i32.const 0) (i32.const 3) (i32.const 3) (i32.const 3) (i32.load (i32.const 108))) (i32.const 8))
    (call $is (call $set (i32.const 0) (i32.const 3) (i32.const -1) (i32.const 3) (i32.const 0)) (i32.const 6))
"#;

const SAY_DATA: &str = r#"
    (call $is (call $get (i32.const 0) (i32.const 3) (i32.const 100) (i32.const 104) (i32.const 108)) (i32.const 0))
    (drop (call $log (i32.const 2) (i32.load (i32.const 100)) (i32.load (i32.const 104))))
"#;

#[test]
fn data_is_shared_by_modules_with_one_vm_id_and_lives_as_long_as_one_of_them() {
    let common = Arc::<Common>::default();
    let vm_id = |id: &'static str| move |load: &mut crate::Load| load.vm_id = id.to_owned();
    let writer = Running::among(&common, &text(DATA, ""), vm_id("v"));
    assert_eq!(request(&writer), Vec::<String>::new());
    let reader = Running::among(&common, &text(SAY_DATA, ""), vm_id("v"));
    drop(writer);
    assert_eq!(request(&reader), ["two"]);
    let stranger = Running::among(&common, &text(SAY_DATA, ""), vm_id("w"));
    assert!(request(&stranger)[0].contains("unreachable"));
    drop(reader);
    let late = Running::among(&common, &text(SAY_DATA, ""), vm_id("v"));
    assert!(request(&late)[0].contains("unreachable"), "nobody had it any more");
}

/// Registers a queue when it is configured, and says what comes.
const LISTENER: &str = r#"
    (func (export "proxy_on_configure") (param i32 i32) (result i32)
      (call $is (call $register (i32.const 9) (i32.const 5) (i32.const 100)) (i32.const 0)) (i32.const 1))
    (func (export "proxy_on_queue_ready") (param i32) (param $token i32)
      (call $is (local.get $token) (i32.load (i32.const 100)))
      (call $is (call $pop (local.get $token) (i32.const 104) (i32.const 108)) (i32.const 0))
      (drop (call $log (i32.const 2) (i32.load (i32.const 104)) (i32.load (i32.const 108)))))
"#;

/// Sends a word to the queue of the other module.
const SENDER: &str = r#"
    (call $is (call $resolve (i32.const 0) (i32.const 0) (i32.const 9) (i32.const 5) (i32.const 100)) (i32.const 1))
    (call $is (call $push (i32.const 77) (i32.const 3) (i32.const 3)) (i32.const 1))
    (call $is (call $pop (i32.const 77) (i32.const 104) (i32.const 108)) (i32.const 1))
    (call $is (call $resolve (i32.const 14) (i32.const 1) (i32.const 9) (i32.const 5) (i32.const 100)) (i32.const 0))
    (call $is (call $push (i32.load (i32.const 100)) (i32.const 3) (i32.const 3)) (i32.const 0))
"#;

#[test]
fn messages_come_to_the_instance_that_registered_the_queue_last() {
    let common = Arc::<Common>::default();
    let sender = Running::among(&common, &text(SENDER, ""), |_| ());
    let listener = |name: &str| {
        let mut running = Running::beside(&sender.desk, &common, &text("", LISTENER), |load| {
            (load.name, load.vm_id) = (name.to_owned(), "a".to_owned());
        });
        running.begin();
        running
    };
    let heard = || {
        sender.desk.pass(Duration::ZERO);
        sender.said()
    };
    let _first = listener("first");
    assert_eq!(request(&sender), Vec::<String>::new());
    assert_eq!(request(&sender), Vec::<String>::new());
    assert_eq!(heard(), ["wasm first: one", "wasm first: one"], "once for each message");
    // one that is only checked does not take the queue over, one that runs does
    load_with(&text("", LISTENER), &common, |load| load.vm_id = "a".to_owned()).expect("it is good");
    request(&sender);
    assert_eq!(heard(), ["wasm first: one"]);
    request(&sender);
    let _second = listener("second");
    assert_eq!(heard(), ["wasm second: one"]);
}

/// Defines a metric of each kind, and does with it what can be done and what cannot.
const METRICS: &str = r#"
    (call $is (call $define (i32.const 3) (i32.const 0) (i32.const 3) (i32.const 100)) (i32.const 2))
    (call $is (call $define (i32.const 0) (i32.const 0) (i32.const 3) (i32.const 100)) (i32.const 0))
    (call $is (call $define (i32.const 0) (i32.const 0) (i32.const 3) (i32.const 104)) (i32.const 0))
    (call $is (i32.load (i32.const 100)) (i32.load (i32.const 104)))
    (call $is (call $increment (i32.load (i32.const 100)) (i64.const 3)) (i32.const 0))
    (call $is (call $increment (i32.load (i32.const 100)) (i64.const -1)) (i32.const 2))
    (call $is (call $increment (i32.const 99) (i64.const 1)) (i32.const 1))
    (call $is (call $define (i32.const 1) (i32.const 0) (i32.const 3) (i32.const 104)) (i32.const 0))
    (call $is (call $record (i32.load (i32.const 104)) (i64.const 9)) (i32.const 0))
    (call $is (call $increment (i32.load (i32.const 104)) (i64.const -2)) (i32.const 0))
    (call $is (call $metric (i32.load (i32.const 104)) (i32.const 112)) (i32.const 0))
    (call $is (i32.load (i32.const 112)) (i32.const 7))
    (call $is (call $define (i32.const 2) (i32.const 0) (i32.const 3) (i32.const 104)) (i32.const 0))
    (call $is (call $record (i32.load (i32.const 104)) (i64.const 4)) (i32.const 0))
    (call $is (call $metric (i32.load (i32.const 104)) (i32.const 112)) (i32.const 2))
    (call $is (call $increment (i32.load (i32.const 104)) (i64.const 1)) (i32.const 2))
"#;

#[test]
fn metrics_of_one_name_and_kind_are_one_for_all_instances() {
    let common = Arc::<Common>::default();
    for _ in 0..2 {
        let running = Running::among(&common, &text(METRICS, ""), |_| ());
        assert_eq!(request(&running), Vec::<String>::new());
    }
    let values: Vec<_> = common.metrics.read().into_iter().map(|one| (one.kind, one.value)).collect();
    assert_eq!(values, [(MetricKind::Counter, 6), (MetricKind::Gauge, 7), (MetricKind::Histogram, 8)]);
}
