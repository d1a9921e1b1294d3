//! Modules as network filters: a session in TCP mode passes them both ways.

use portero_tests::{Origin, Proxy};

const CONFIG: &str = "
    global
        wasm-load mark ${dir}/mark.wat
    defaults
        mode tcp
        timeout client 5s
        timeout server 5s
        timeout connect 1s
    frontend front
        bind ${front}
        filter wasm mark
        default_backend app
    backend app
        server s1 ${app}
    ";

/// Puts `> ` in front of what the client sends, and holds up what the server sends until it has closed.
const MODULE: &str = r#"(module
  (import "env" "proxy_set_buffer_bytes" (func $set_buffer (param i32 i32 i32 i32 i32) (result i32)))
  (func (export "proxy_abi_version_0_2_1"))
  (memory (export "memory") 1)
  (data (i32.const 0) "> ")
  (func (export "proxy_on_memory_allocate") (param i32) (result i32) (i32.const 1024))
  (func (export "proxy_on_new_connection") (param i32) (result i32) (i32.const 0))
  (func (export "proxy_on_downstream_data") (param i32) (param $size i32) (param i32) (result i32)
    (if (i32.eqz (local.get $size)) (then (return (i32.const 0))))
    (call $set_buffer (i32.const 2) (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 2)))
  (func (export "proxy_on_upstream_data") (param i32 i32) (param $end i32) (result i32)
    (i32.eqz (local.get $end))))"#;

#[test]
fn a_session_with_an_echo_passes_a_module_both_ways() {
    let echo = Origin::scripted(|mut peer| {
        let said = peer.exactly(7)?;
        peer.send(&said[..3])?;
        peer.send(&said[3..])?;
        peer.half_close()
    });
    let proxy = Proxy::with(CONFIG).set("app", echo.address()).file("mark.wat", MODULE).start();
    let mut client = proxy.connect();
    client.send("hello");
    assert_eq!(client.rest(), b"> hello");
}
