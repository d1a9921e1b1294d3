//! Modules as text against the hooks: what the ABI says of heads, bodies, pauses and replies.

use std::task::{Context, Poll, Waker};

use portero_api::{Direction, Exchange, Framing, Held, Moment, Pass, Reply};
use portero_conformance::rig::{Way, exchange};

use crate::OnError;
use crate::testing::{Running, load, module};

/// Imports of most of the tests.
const IMPORTS: &str = r#"
  (import "env" "proxy_add_header_map_value" (func $add (param i32 i32 i32 i32 i32) (result i32)))
  (import "env" "proxy_replace_header_map_value" (func $replace (param i32 i32 i32 i32 i32) (result i32)))
  (import "env" "proxy_set_buffer_bytes" (func $set_buffer (param i32 i32 i32 i32 i32) (result i32)))
  (import "env" "proxy_send_local_response"
    (func $reply (param i32 i32 i32 i32 i32 i32 i32 i32) (result i32)))
"#;

fn posted(framing: Framing) -> Exchange {
    let mut exchange = exchange("/a?b");
    exchange.request.framing = framing;
    exchange
}

/// A request with that body through a filter, in pieces of so many bytes.
fn request(running: &Running, exchange: &mut Exchange, body: &[u8], cut: usize) -> Result<Vec<u8>, Pass> {
    let mut attached = running.attach(exchange).expect("it looks at the exchange");
    let passed = Way::new(&mut *attached, Direction::Request).whole(exchange, body, cut);
    attached.end(exchange);
    passed
}

#[test]
fn a_module_rewrites_a_head_and_its_pseudo_fields() {
    let text = module(
        IMPORTS,
        r#"(data (i32.const 0) "x-seen:pathyes/new?q")
        (func (export "proxy_on_request_headers") (param i32 i32 i32) (result i32)
          (drop (call $add (i32.const 0) (i32.const 0) (i32.const 6) (i32.const 11) (i32.const 3)))
          (drop (call $replace (i32.const 0) (i32.const 6) (i32.const 5) (i32.const 14) (i32.const 6)))
          (i32.const 0))"#,
    );
    let running = Running::new(&text, |_| ());
    let mut exchange = exchange("/a?b");
    request(&running, &mut exchange, b"", 1).expect("it passes");
    assert_eq!(exchange.request.headers.get(b"x-seen"), Some(&b"yes"[..]));
    assert_eq!(exchange.request.target, b"/new?q");
}

#[test]
fn a_body_is_held_up_whole_and_replaced_at_its_end() {
    let text = module(
        IMPORTS,
        r#"(data (i32.const 0) "new")
        (func (export "proxy_on_request_body") (param $context i32) (param $size i32) (param $end i32) (result i32)
          (if (i32.eqz (local.get $end)) (then (return (i32.const 1))))
          (drop (call $set_buffer (i32.const 0) (i32.const 0) (local.get $size) (i32.const 0) (i32.const 3)))
          (i32.const 0))"#,
    );
    let running = Running::new(&text, |_| ());
    let passed = request(&running, &mut posted(Framing::Chunked), b"something long", 3);
    assert_eq!(passed.expect("it passes"), b"new");
}

#[test]
fn a_message_that_was_let_go_on_within_a_callback_does_not_wait() {
    let text = module(
        r#"(import "env" "proxy_continue_stream" (func $continue (param i32) (result i32)))"#,
        r#"(func (export "proxy_on_request_headers") (param i32 i32 i32) (result i32)
          (drop (call $continue (i32.const 0)))
          (i32.const 1))"#,
    );
    let running = Running::new(&text, |_| ());
    assert!(request(&running, &mut exchange("/"), b"", 1).is_ok());
}

#[test]
fn a_body_that_may_not_be_held_up_any_longer_is_refused() {
    let text = module(
        IMPORTS,
        r#"(func (export "proxy_on_request_body") (param i32 i32 i32) (result i32) (i32.const 1))"#,
    );
    let running = Running::new(&text, |load| load.max_body = 5);
    let ended = request(&running, &mut posted(Framing::Chunked), b"123456", 1);
    assert!(matches!(ended, Err(Pass::Reply(Reply::Status(413)))), "{ended:?}");
}

#[test]
fn a_module_answers_in_the_place_of_the_server() {
    let text = module(
        IMPORTS,
        r#"(data (i32.const 0) "no")
        (func (export "proxy_on_request_headers") (param i32 i32 i32) (result i32)
          (drop (call $reply (i32.const 403) (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 2)
            (i32.const 0) (i32.const 0) (i32.const -1)))
          (i32.const 1))"#,
    );
    let running = Running::new(&text, |_| ());
    let Err(Pass::Reply(Reply::Message(message))) = request(&running, &mut exchange("/"), b"", 1) else {
        panic!("it does not answer");
    };
    assert_eq!((message.status, &message.body[..]), (403, &b"no"[..]));
}

#[test]
fn memory_that_was_refused_is_no_reason_of_a_later_trap() {
    let text = module(
        "",
        r#"(func (export "proxy_on_request_headers") (param i32 i32 i32) (result i32)
          (if (i32.ne (memory.grow (i32.const 1000)) (i32.const -1)) (then unreachable))
          (i32.const 0))
        (func (export "proxy_on_response_headers") (param i32 i32 i32) (result i32) unreachable)"#,
    );
    let running = Running::new(&text, |load| load.max_memory = 2 << 20);
    request(&running, &mut exchange("/"), b"", 1).expect("it does without");
    let mut exchange = exchange("/");
    let mut attached = running.attach(&mut exchange).expect("it looks at the exchange");
    let ended = Way::new(&mut *attached, Direction::Response).whole(&mut exchange, b"", 1);
    assert!(matches!(ended, Err(Pass::Fail)), "{ended:?}");
    let said = running.said().concat();
    assert!(said.contains("unreachable") && !said.contains("memory"), "{said}");
}

#[test]
fn a_trap_ends_the_exchange_or_lets_it_pass_and_others_go_on() {
    let text = module(
        "",
        r#"(global $calls (mut i32) (i32.const 0))
        (func (export "proxy_on_request_headers") (param i32 i32 i32) (result i32)
          (global.set $calls (i32.add (global.get $calls) (i32.const 1)))
          (if (i32.eq (global.get $calls) (i32.const 2)) (then unreachable))
          (i32.const 0))"#,
    );
    for (on_error, passes) in [(OnError::Fail, false), (OnError::Skip, true)] {
        let running = Running::new(&text, |load| load.on_error = on_error);
        assert!(request(&running, &mut exchange("/"), b"", 1).is_ok());
        assert_eq!(request(&running, &mut exchange("/"), b"", 1).is_ok(), passes);
        // made anew, it counts from 1 again
        assert!(request(&running, &mut exchange("/"), b"", 1).is_ok());
    }
}

/// The second request traps; a response gets a field; a body waits for its end.
const SECOND_TRAPS: &str = r#"(data (i32.const 0) "x-seenyes")
    (global $calls (mut i32) (i32.const 0))
    (func (export "proxy_on_request_headers") (param i32 i32 i32) (result i32)
      (global.set $calls (i32.add (global.get $calls) (i32.const 1)))
      (if (i32.eq (global.get $calls) (i32.const 2)) (then unreachable))
      (i32.const 0))
    (func (export "proxy_on_request_body") (param $context i32) (param $size i32) (param $end i32) (result i32)
      (i32.eqz (local.get $end)))
    (func (export "proxy_on_response_headers") (param i32 i32 i32) (result i32)
      (drop (call $add (i32.const 2) (i32.const 0) (i32.const 6) (i32.const 6) (i32.const 3)))
      (i32.const 0))"#;

#[test]
fn an_exchange_goes_on_with_the_next_instance_when_its_own_failed_in_other_hands() {
    let running = Running::new(&module(IMPORTS, SECOND_TRAPS), |_| ());
    let mut first = exchange("/");
    let mut attached = running.attach(&mut first).expect("it looks at the exchange");
    Way::new(&mut *attached, Direction::Request).whole(&mut first, b"", 1).expect("it passes");
    assert!(matches!(request(&running, &mut exchange("/"), b"", 1), Err(Pass::Fail)));
    Way::new(&mut *attached, Direction::Response).whole(&mut first, b"", 1).expect("it passes");
    assert_eq!(first.response.headers.get(b"x-seen"), Some(&b"yes"[..]));
    attached.end(&mut first);
}

#[test]
fn an_exchange_that_a_failed_instance_has_held_up_ends_as_on_error_says() {
    for (on_error, passes) in [(OnError::Fail, false), (OnError::Skip, true)] {
        let running = Running::new(&module(IMPORTS, SECOND_TRAPS), |load| load.on_error = on_error);
        let mut first = posted(Framing::Chunked);
        let mut attached = running.attach(&mut first).expect("it looks at the exchange");
        let mut held = Held::new("wait");
        let mut look = |moment, exchange: &mut Exchange, held: &mut Held| {
            let mut cx = Context::from_waker(Waker::noop());
            attached.poll(&mut cx, moment, exchange, held)
        };
        assert!(look(Moment::Head(Direction::Request, false), &mut first, &mut Held::default()).is_ready());
        assert!(matches!(
            look(Moment::Body(Direction::Request), &mut first, &mut held),
            Poll::Ready(Pass::Continue)
        ));
        assert_eq!((&held.data[..], held.pass), (&b""[..], 0));
        let _ = request(&running, &mut exchange("/"), b"", 1);
        let mut held = Held { data: b" on".to_vec(), pass: usize::MAX, ended: true, ..Held::default() };
        let goes_on = match look(Moment::Body(Direction::Request), &mut first, &mut held) {
            Poll::Ready(Pass::Continue) => true,
            Poll::Ready(Pass::Fail) => false,
            other => panic!("{other:?}"),
        };
        assert_eq!(goes_on, passes);
        assert!(!passes || held.data == b"wait on", "{held:?}");
    }
}

#[test]
fn an_endless_loop_is_stopped() {
    let text = module(
        "",
        r#"(func (export "proxy_on_request_headers") (param i32 i32 i32) (result i32) (loop $on (br $on)) (i32.const 0))"#,
    );
    let running = Running::new(&text, |load| load.timeout = std::time::Duration::from_millis(20));
    assert!(matches!(request(&running, &mut exchange("/"), b"", 1), Err(Pass::Fail)));
}

#[test]
fn a_module_that_refuses_its_configuration_is_not_loaded() {
    let text =
        module("", r#"(func (export "proxy_on_configure") (param i32 i32) (result i32) (i32.const 0))"#);
    let mistake = load(&text, |_| ()).expect_err("it says no");
    assert_eq!(mistake.message, "proxy_on_configure says that it cannot run with this configuration");
    let mistake = load("(module)", |_| ()).expect_err("it is none of ours");
    assert!(mistake.message.starts_with("it is no proxy-wasm module"), "{}", mistake.message);
}

#[test]
fn a_trap_while_the_guest_allocates_ends_its_instance() {
    let text = r#"(module
        (import "env" "proxy_get_header_map_value" (func $get (param i32 i32 i32 i32 i32) (result i32)))
        (func (export "proxy_abi_version_0_2_1"))
        (memory (export "memory") 1)
        (data (i32.const 0) ":path")
        (func (export "proxy_on_memory_allocate") (param i32) (result i32) unreachable)
        (func (export "proxy_on_request_headers") (param i32 i32 i32) (result i32)
          (drop (call $get (i32.const 0) (i32.const 0) (i32.const 5) (i32.const 16) (i32.const 20)))
          (i32.const 0)))"#;
    let running = Running::new(text, |_| ());
    assert!(matches!(request(&running, &mut exchange("/"), b"", 1), Err(Pass::Fail)));
}

#[test]
fn a_field_for_which_there_is_no_room_is_not_set() {
    let text = module(
        IMPORTS,
        r#"(data (i32.const 0) "x-longyes")
        (func (export "proxy_on_request_headers") (param i32 i32 i32) (result i32)
          (if (i32.ne (call $add (i32.const 0) (i32.const 0) (i32.const 6) (i32.const 6) (i32.const 3)) (i32.const 2))
            (then unreachable))
          (i32.const 0))"#,
    );
    let running = Running::new(&text, |_| ());
    let mut exchange = exchange("/");
    exchange.room.whole = 10;
    request(&running, &mut exchange, b"", 1).expect("it passes");
    assert!(!exchange.request.headers.contains(b"x-long"));
}
