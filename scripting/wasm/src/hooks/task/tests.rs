//! What modules do by themselves, with a host whose clock the test moves.

use std::time::Duration;

use portero_conformance::rig::exchange;

use crate::testing::{Running, module};

const IMPORTS: &str = r#"
  (import "env" "proxy_set_tick_period_milliseconds" (func $period (param i32) (result i32)))
  (import "env" "proxy_done" (func $done (result i32)))
  (import "env" "proxy_set_effective_context" (func $be (param i32) (result i32)))
  (import "env" "proxy_log" (func $log (param i32 i32 i32) (result i32)))
"#;

/// Says a word from the module's data.
const WORDS: &str = r#"
  (data (i32.const 0) "tick done log  del  make")
  (func $say (param $at i32) (drop (call $log (i32.const 2) (local.get $at) (i32.const 4))))
  (global $n (mut i32) (i32.const 0))
  (func $count (result i32) (global.set $n (i32.add (global.get $n) (i32.const 1))) (global.get $n))
"#;

fn begun(body: &str) -> Running {
    Running::begun(&module(IMPORTS, &format!("{WORDS}{body}")), |_| ())
}

/// What was said while so much time went by, in steps of a millisecond.
fn said(running: &Running, millis: u64) -> Vec<String> {
    (0..millis).for_each(|_| running.desk.pass(Duration::from_millis(1)));
    running.said()
}

const TICKS: &str = r#"
  (func (export "proxy_on_configure") (param i32 i32) (result i32)
    (drop (call $period (i32.const 10))) (i32.const 1))
"#;

#[test]
fn ticks_come_at_their_period_which_may_change_and_stop() {
    let running = begun(&format!(
        r#"{TICKS} (func (export "proxy_on_tick") (param $root i32)
            (call $say (i32.const 0))
            (if (i32.eq (call $count) (i32.const 2)) (then (drop (call $period (i32.const 20)))))
            (if (i32.eq (global.get $n) (i32.const 3)) (then (drop (call $period (i32.const 0))))))"#
    ));
    assert_eq!(said(&running, 9).len(), 0);
    assert_eq!(said(&running, 1), ["tick"]);
    assert_eq!(said(&running, 10), ["tick"]);
    assert_eq!(said(&running, 19).len(), 0, "the period has changed");
    assert_eq!(said(&running, 2).len(), 1);
    assert_eq!(said(&running, 100).len(), 0, "they are stopped");
}

#[test]
fn an_instance_that_was_made_anew_ticks_again_and_no_tick_follows_the_end() {
    let mut running = begun(&format!(
        r#"{TICKS} (func (export "proxy_on_tick") (param $root i32)
            (call $say (i32.const 0))
            (if (i32.eq (call $count) (i32.const 2)) (then unreachable)))"#
    ));
    let lines = said(&running, 40).join(" ");
    assert!(lines.starts_with("tick tick proxy_on_tick: "), "{lines}");
    assert!(lines.ends_with("made anew tick tick") || lines.contains("made anew tick"), "{lines}");
    running.end();
    assert_eq!(said(&running, 50).len(), 0);
}

#[test]
fn a_configuration_that_ends_ends_its_root_context_once_its_streams_are_over() {
    let mut running = begun(
        r#"(func (export "proxy_on_done") (param $c i32) (result i32)
            (if (i32.eq (local.get $c) (i32.const 1)) (then (call $say (i32.const 5)))) (i32.const 1))
          (func (export "proxy_on_log") (param $c i32) (call $say (i32.const 10)))
          (func (export "proxy_on_delete") (param $c i32) (call $say (i32.const 15)))"#,
    );
    let mut exchange = exchange("/");
    let mut stream = running.attach(&mut exchange).expect("it looks");
    running.end();
    assert_eq!(said(&running, 2).len(), 0, "its stream is still there");
    stream.end(&mut exchange);
    assert_eq!(said(&running, 2), ["log", "del"]);
    drop(stream);
    assert_eq!(said(&running, 2), ["done", "del"]);
}

#[test]
fn a_root_context_that_is_not_done_gets_its_ticks_until_it_is() {
    let body = format!(
        r#"{TICKS} (func (export "proxy_on_done") (param i32) (result i32)
            (call $say (i32.const 5)) (global.set $n (i32.const 10)) (i32.const 0))
          (func (export "proxy_on_delete") (param i32) (call $say (i32.const 15)))
          (func (export "proxy_on_tick") (param $root i32)
            (call $say (i32.const 0))
            (if (i32.eq (call $count) (i32.const 12)) (then (drop (call $done)))))"#
    );
    let mut running = begun(&body);
    assert_eq!(said(&running, 10), ["tick"]);
    running.end();
    assert_eq!(said(&running, 50), ["done", "tick", "tick", "del"]);
    // who is never done is ended all the same
    let mut running = begun(&body.replace("i32.const 12", "i32.const -1"));
    running.end();
    assert_eq!(running.said(), ["done"]);
    running.desk.pass(Duration::from_millis(1));
    running.desk.pass(super::GRACE);
    assert_eq!(running.said().last().map(String::as_str), Some("del"));
}

#[test]
fn a_stream_that_is_not_done_is_ended_when_it_says_so() {
    let running = begun(&format!(
        r#"{TICKS} (func (export "proxy_on_done") (param $c i32) (result i32)
            (call $say (i32.const 5)) (global.set $n (local.get $c)) (i32.const 0))
          (func (export "proxy_on_log") (param $c i32) (call $say (i32.const 10)))
          (func (export "proxy_on_delete") (param $c i32) (call $say (i32.const 15)))
          (func (export "proxy_on_tick") (param $root i32)
            (if (global.get $n) (then
              (drop (call $be (global.get $n)))
              (if (call $done) (then unreachable))
              (if (i32.ne (call $done) (i32.const 1)) (then unreachable))
              (global.set $n (i32.const 0)))))"#
    ));
    let mut exchange = exchange("/");
    running.attach(&mut exchange).expect("it looks").end(&mut exchange);
    assert_eq!(running.said(), ["done"]);
    assert_eq!(said(&running, 30), ["log", "del"]);
}
