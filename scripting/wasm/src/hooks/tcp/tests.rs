//! Sessions in TCP mode through modules.

use std::sync::Arc;
use std::task::Poll;

use portero_api::{Close, Direction, Exchange, Kind, Moment, Pass, ProxyState};
use portero_conformance::rig::{Way, exchange};

use crate::OnError;
use crate::testing::{Running, module};

const IMPORTS: &str = r#"
  (import "env" "proxy_set_buffer_bytes" (func $set_buffer (param i32 i32 i32 i32 i32) (result i32)))
  (import "env" "proxy_continue_stream" (func $continue (param i32) (result i32)))
  (import "env" "proxy_close_stream" (func $close (param i32) (result i32)))
  (import "env" "proxy_log" (func $log (param i32 i32 i32) (result i32)))
"#;

fn session() -> Exchange {
    let mut session = exchange("");
    session.request.clear();
    session.conn.frontend = Arc::new(ProxyState::new("front", 1, Kind::Frontend, false));
    session
}

fn running(body: &str) -> Running {
    Running::new(&module(IMPORTS, body), |_| ())
}

#[test]
fn a_module_changes_what_passes_and_holds_the_rest_up_to_the_end() {
    let running = running(
        r#"(data (i32.const 0) "> ")
        (func (export "proxy_on_downstream_data") (param i32 i32 i32) (result i32)
          (call $set_buffer (i32.const 2) (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 2)))
        (func (export "proxy_on_upstream_data") (param i32 i32) (param $end i32) (result i32)
          (i32.eqz (local.get $end)))"#,
    );
    let mut session = session();
    let mut attached = running.attach(&mut session).expect("it looks at the session");
    let passed = Way::new(&mut *attached, Direction::Request).tunnel(&mut session, b"hello");
    assert_eq!(passed.expect("it passes"), b"> hello");
    let mut way = Way::new(&mut *attached, Direction::Response);
    let moment = Moment::Tunnel(Direction::Response);
    assert!(matches!(way.once(&mut session, moment, b"one "), Poll::Ready(Pass::Continue)));
    assert_eq!(way.tunnel(&mut session, b"two").expect("it passes at the end"), b"one two");
}

#[test]
fn a_new_connection_waits_until_it_is_let_go_on_and_then_shows_what_has_come() {
    let running = running(
        r#"(data (i32.const 0) "seen")
        (func (export "proxy_on_new_connection") (param i32) (result i32) (i32.const 1))
        (func (export "proxy_on_downstream_data") (param i32 i32 i32) (result i32)
          (drop (call $log (i32.const 2) (i32.const 0) (i32.const 4))) (i32.const 0))
        (func (export "proxy_on_upstream_data") (param i32 i32 i32) (result i32)
          (call $continue (i32.const 2)))"#,
    );
    let mut session = session();
    let mut attached = running.attach(&mut session).expect("it looks at the session");
    let up = Moment::Tunnel(Direction::Request);
    let waits = Way::new(&mut *attached, Direction::Request).once(&mut session, up, b"hello");
    assert!(matches!(waits, Poll::Ready(Pass::Continue)));
    assert_eq!(running.desk.lines(), []);
    let banner = Way::new(&mut *attached, Direction::Response).tunnel(&mut session, b"banner");
    assert_eq!(banner.expect("it passes"), b"banner");
    let passed = Way::new(&mut *attached, Direction::Request).tunnel(&mut session, b"");
    assert_eq!(passed.expect("it passes now"), b"hello");
    assert_eq!(running.desk.lines().len(), 1);
}

#[test]
fn the_end_says_who_has_closed_and_a_module_may_close_itself() {
    let running = running(
        r#"(data (i32.const 0) "012")
        (func (export "proxy_on_downstream_data") (param i32 i32 i32) (result i32) (i32.const 0))
        (func (export "proxy_on_upstream_data") (param i32 i32 i32) (result i32)
          (call $close (i32.const 3)))
        (func (export "proxy_on_downstream_connection_close") (param i32) (param $who i32)
          (drop (call $log (i32.const 2) (local.get $who) (i32.const 1))))
        (func (export "proxy_on_upstream_connection_close") (param i32) (param $who i32)
          (drop (call $log (i32.const 3) (local.get $who) (i32.const 1))))"#,
    );
    let mut session = session();
    let mut attached = running.attach(&mut session).expect("it looks at the session");
    Way::new(&mut *attached, Direction::Request).tunnel(&mut session, b"bye").expect("it passes");
    let down = Moment::Tunnel(Direction::Response);
    let closed = Way::new(&mut *attached, Direction::Response).once(&mut session, down, b"more");
    assert!(matches!(closed, Poll::Ready(Pass::Close(Close::Reject))));
    attached.end(&mut session);
    let said = |level, who| (level, format!("wasm x: {who}"));
    assert_eq!(
        running.desk.lines(),
        [said(6, 2), said(4, 1)],
        "the client has closed, the proxy closes the server"
    );
}

#[test]
fn a_trap_ends_the_session_or_lets_it_pass() {
    let text = module(
        "",
        r#"(func (export "proxy_on_downstream_data") (param i32 i32 i32) (result i32) unreachable)"#,
    );
    for (on_error, passes) in [(OnError::Fail, false), (OnError::Skip, true)] {
        let running = Running::new(&text, |load| load.on_error = on_error);
        let mut session = session();
        let mut attached = running.attach(&mut session).expect("it looks at the session");
        let passed = Way::new(&mut *attached, Direction::Request).tunnel(&mut session, b"hello");
        assert_eq!(passed.is_ok_and(|passed| passed == b"hello"), passes);
    }
}

#[test]
fn what_an_upgraded_exchange_sends_is_shown_as_a_body() {
    let running = running(
        r#"(data (i32.const 0) "> ")
        (func (export "proxy_on_request_body") (param i32 i32 i32) (result i32)
          (call $set_buffer (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 2)))"#,
    );
    let mut upgraded = exchange("/");
    let mut attached = running.attach(&mut upgraded).expect("it looks at the exchange");
    let passed = Way::new(&mut *attached, Direction::Request).tunnel(&mut upgraded, b"hello");
    assert_eq!(passed.expect("it passes"), b"> hello");
}
