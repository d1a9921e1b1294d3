//! Properties of exchanges, by path and type.

use std::sync::Arc;
use std::time::Duration;

use portero_api::{Address, Direction, Exchange, Framing, Kind, ProxyState, ServerState, Value, VarId};
use portero_conformance::rig::{Way, bare, exchange};

use super::{Path, of};
use crate::pairs;
use crate::testing::{Running, load, module};

fn path(parts: &[&str]) -> Path {
    Path::new(parts.join("\0").into_bytes())
}

/// A property of an exchange, by its dotted name.
fn get(exchange: &Exchange, name: &str) -> Option<Vec<u8>> {
    of(exchange, &path(&name.split('.').collect::<Vec<_>>())).map(super::Value::into_bytes)
}

fn text(exchange: &Exchange, name: &str) -> Option<String> {
    get(exchange, name).map(|value| String::from_utf8(value).expect("it is text"))
}

fn int(exchange: &Exchange, name: &str) -> Option<i64> {
    get(exchange, name).map(|value| i64::from_le_bytes(value.try_into().expect("a number has 8 bytes")))
}

#[test]
fn a_request_has_its_properties() {
    let mut exchange = exchange("/a/b?c=d");
    exchange.request.headers.add(b"User-Agent", b"curl");
    exchange.request.framing = Framing::Length(7);
    let expected = [
        ("request.path", "/a/b?c=d"),
        ("request.url_path", "/a/b"),
        ("request.query", "c=d"),
        ("request.host", "example.com"),
        ("request.method", "GET"),
        ("request.scheme", "http"),
        ("request.protocol", "HTTP/1.1"),
        ("request.useragent", "curl"),
        ("source.address", "127.0.0.1:40000"),
        ("destination.address", "127.0.0.1:80"),
    ];
    for (name, value) in expected {
        assert_eq!(text(&exchange, name).as_deref(), Some(value), "{name}");
    }
    assert_eq!(int(&exchange, "request.size"), Some(7));
    assert_eq!(int(&exchange, "source.port"), Some(40000));
    assert_eq!(int(&exchange, "upstream.request_attempt_count"), Some(0));
    assert_eq!(get(&exchange, "connection.mtls"), Some(vec![0]));
    assert_eq!(get(&exchange, "connection.id").map(|id| id.len()), Some(8));
    for missing in ["request.referer", "request.nothing", "response.code", "upstream.address", "nothing"] {
        assert_eq!(get(&exchange, missing), None, "{missing}");
    }
}

#[test]
fn a_response_has_its_properties_once_it_is_there() {
    let mut exchange = exchange("/");
    (exchange.response.status, exchange.log.server_status) = (503, 503);
    exchange.response.headers.add(b"Grpc-Status", b"14");
    exchange.log.term.cause = b'C';
    let start = exchange.conn.accepted;
    exchange.log.timers.connected = Some(start);
    exchange.log.timers.response = Some(start + Duration::from_micros(3));
    assert_eq!(int(&exchange, "response.code"), Some(503));
    assert_eq!(int(&exchange, "response.grpc_status"), Some(14));
    assert_eq!(int(&exchange, "response.flags"), Some(0x4000));
    assert_eq!(int(&exchange, "response.backend_latency"), Some(3000), "nanoseconds");
    assert_eq!(text(&exchange, "response.code_details").as_deref(), Some("via_upstream"));
    assert_eq!(text(&exchange, "response.headers.:status").as_deref(), Some("503"));
}

#[test]
fn maps_of_headers_hold_each_name_once() {
    let mut exchange = exchange("/");
    exchange.request.headers.add(b"X-A", b"1");
    exchange.request.headers.add(b"x-a", b"2");
    let bytes = get(&exchange, "request.headers").expect("it is there");
    let map = pairs::read(&bytes).expect("it is well-formed");
    assert!(map.contains(&(b"x-a", b"1,2")), "{map:?}");
    assert!(map.contains(&(b":authority", b"example.com")), "{map:?}");
    assert_eq!(text(&exchange, "request.headers.x-a").as_deref(), Some("1,2"));
    assert_eq!(get(&exchange, "request.headers.x-b"), None);
}

#[test]
fn a_session_without_http_has_neither_request_nor_response() {
    let bare = bare();
    for name in ["request.path", "request.headers", "request.headers.host", "response.code", "source.address"]
    {
        assert_eq!(get(&bare, name), None, "{name}");
    }
}

#[test]
fn a_path_may_be_written_with_dots_or_end_with_nul() {
    let exchange = exchange("/a");
    for raw in ["request\0path", "request\0path\0", "request.path", "request.path\0"] {
        let found = of(&exchange, &Path::new(raw.into())).map(super::Value::into_bytes);
        assert_eq!(found, Some(b"/a".to_vec()), "{raw:?}");
    }
}

#[test]
fn variables_and_servers_are_properties() {
    let mut exchange = exchange("/");
    let set = |name: &str, value| exchange.vars.set(VarId::parse(name).expect("it is a name"), value);
    set("txn.props_number", Value::Int(-2));
    set("txn.props_text", Value::Str((*b"yes").into()));
    assert_eq!(int(&exchange, "txn.props_number"), Some(-2));
    assert_eq!(text(&exchange, "txn.props_text").as_deref(), Some("yes"));
    assert_eq!(get(&exchange, "txn.props_none"), None);
    let backend = Arc::new(ProxyState::new("web", 2, Kind::Backend, true));
    let address = Address::Ip(([127, 0, 0, 1], 81).into());
    backend.set_servers(vec![Arc::new(ServerState::new(&backend, "s1", 1, address))]);
    exchange.backend = Some(backend);
    assert_eq!(text(&exchange, "upstream.backend").as_deref(), Some("web"));
    let bytes = get(&exchange, "upstream.servers").expect("there are servers");
    let servers = pairs::read(&bytes).expect("it is a map");
    assert_eq!(servers[0].0, b"s1");
    let facts = pairs::read(servers[0].1).expect("each is a map");
    assert!(facts.contains(&(b"address", b"127.0.0.1:81")), "{facts:?}");
}

/// A module that reads one property, and shows it as a header of the request; then it sets another.
fn mirror(read: &str, set: &str, value: &str) -> String {
    let (read_len, set_len, value_len) = (read.len(), set.len(), value.len());
    let escape = |text: &str| text.replace('\0', "\\00");
    let (read, set) = (escape(read), escape(set));
    let body = format!(
        r#"(data (i32.const 0) "x-found") (data (i32.const 100) "{read}") (data (i32.const 200) "{set}")
        (data (i32.const 300) "{value}")
        (func (export "proxy_on_request_headers") (param i32 i32 i32) (result i32)
          (if (i32.eqz (call $get (i32.const 100) (i32.const {read_len}) (i32.const 400) (i32.const 404)))
            (then (drop (call $add (i32.const 0) (i32.const 0) (i32.const 7)
              (i32.load (i32.const 400)) (i32.load (i32.const 404))))))
          (if (call $set (i32.const 200) (i32.const {set_len}) (i32.const 300) (i32.const {value_len}))
            (then unreachable))
          (i32.const 0))"#
    );
    let imports = r#"
      (import "env" "proxy_add_header_map_value" (func $add (param i32 i32 i32 i32 i32) (result i32)))
      (import "env" "proxy_get_property" (func $get (param i32 i32 i32 i32) (result i32)))
      (import "env" "proxy_set_property" (func $set (param i32 i32 i32 i32) (result i32)))"#;
    module(imports, &body)
}

/// Lets a request pass a module.
fn pass(module: &str, exchange: &mut Exchange) {
    let running = Running::new(module, |load| load.root_id = "main".to_owned());
    let mut attached = running.attach(exchange).expect("it looks at the exchange");
    Way::new(&mut *attached, Direction::Request).whole(exchange, b"", 1).expect("it passes");
    attached.end(exchange);
}

/// What a module finds in an exchange where another has set a property.
fn found_behind(set: &str, read: &str) -> Option<String> {
    let mut exchange = exchange("/");
    pass(&mirror("", set, "seen"), &mut exchange);
    pass(&mirror(read, "other", ""), &mut exchange);
    exchange.request.headers.get(b"x-found").map(|value| String::from_utf8_lossy(value).into_owned())
}

#[test]
fn what_one_module_sets_the_others_of_the_exchange_find() {
    for read in ["my\0key", "my.key", "wasm.my.key", "filter_state\0wasm.my.key", "filter_state\0my\0key"] {
        assert_eq!(found_behind("my\0key", read).as_deref(), Some("seen"), "{read:?}");
    }
    assert_eq!(found_behind("my\0key", "my\0kex"), None);
}

#[test]
fn variables_are_set_and_stand_in_for_what_is_not_known() {
    assert_eq!(found_behind("txn\0props_a", "txn.props_a").as_deref(), Some("seen"));
    assert_eq!(found_behind("txn\0source.client_region", "source.client_region").as_deref(), Some("seen"));
    assert_eq!(found_behind("my\0key", "plugin_root_id").as_deref(), Some("main"));
}

#[test]
fn a_sample_expression_is_a_property() {
    // the language of the tests' host knows `path` and `int(n)`
    let mut there = exchange("/here");
    pass(&mirror("sample\0path", "a", ""), &mut there);
    assert_eq!(there.request.headers.get(b"x-found"), Some(&b"/here"[..]));
}

#[test]
fn a_module_without_a_stream_has_no_exchange() {
    let text = module(
        r#"(import "env" "proxy_get_property" (func $get (param i32 i32 i32 i32) (result i32)))
        (import "env" "proxy_set_property" (func $set (param i32 i32 i32 i32) (result i32)))"#,
        r#"(data (i32.const 0) "request.path")
        (func (export "proxy_on_vm_start") (param i32 i32) (result i32)
          (if (i32.ne (call $get (i32.const 0) (i32.const 12) (i32.const 100) (i32.const 104)) (i32.const 1))
            (then unreachable))
          (if (i32.ne (call $set (i32.const 0) (i32.const 12) (i32.const 0) (i32.const 1)) (i32.const 1))
            (then unreachable))
          (i32.const 1))"#,
    );
    load(&text, |_| ()).expect("both are not found");
}

#[test]
fn a_property_that_is_declared_read_only_is_set_once() {
    let text = module(
        r#"(import "env" "proxy_call_foreign_function" (func $foreign (param i32 i32 i32 i32 i32 i32) (result i32)))
        (import "env" "proxy_set_property" (func $set (param i32 i32 i32 i32) (result i32)))"#,
        r#"(data (i32.const 0) "declare_property") (data (i32.const 32) "\0a\01a\10\01")
        (func (export "proxy_on_vm_start") (param i32 i32) (result i32)
          (i32.eqz (call $foreign (i32.const 0) (i32.const 16) (i32.const 32) (i32.const 5) (i32.const 0) (i32.const 0))))
        (func (export "proxy_on_request_headers") (param i32 i32 i32) (result i32)
          (if (call $set (i32.const 34) (i32.const 1) (i32.const 0) (i32.const 3)) (then unreachable))
          (if (i32.ne (call $set (i32.const 34) (i32.const 1) (i32.const 0) (i32.const 3)) (i32.const 2))
            (then unreachable))
          (i32.const 0))"#,
    );
    pass(&text, &mut exchange("/"));
}
