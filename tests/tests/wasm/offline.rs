//! Modules where there is no socket: `portero test` and `portero explain`.

use std::process::Command;

use portero_tests::{Folder, portero, repository};

use crate::wat::marking;

/// An example of the page, in a folder with the module that it names.
fn example(language: &str) -> (Folder, String) {
    let page = std::fs::read_to_string(repository().join("docs/wasm.md")).expect("the page is there");
    let text = page.split(&format!("```{language}\n")).nth(1).and_then(|rest| rest.split("```\n").next());
    let module = page.split("```wat\n").nth(1).and_then(|rest| rest.split("```\n").next());
    let folder = Folder::new();
    folder.write("greeting.wasm", module.expect("the page has a module"));
    (folder, text.expect("the page has an example").to_owned())
}

#[test]
fn a_policy_test_runs_with_modules() {
    let (folder, text) = example("test");
    let file = folder.write("greeting.test", text);
    let mut command = Command::new(portero());
    let output = command.arg("test").arg(file).current_dir(folder.path()).output().expect("it runs");
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success() && said.contains("1 passed"), "{output:?}");
}

#[test]
fn an_explanation_shows_each_call_of_a_module_with_its_time() {
    let folder = Folder::new();
    folder.write("x.wasm", marking('a'));
    let file = folder.write(
        "a.cfg",
        "global\n wasm-load mark x.wasm\nlisten front\n mode http\n bind :80\n timeout client 1s\n timeout server 1s\n \
         timeout connect 1s\n filter wasm mark\n server s1 10.0.0.1:80\n",
    );
    let mut command = Command::new(portero());
    command.args(["explain", "-f"]).arg(file).args(["--request", "GET /"]).current_dir(folder.path());
    let output = command.output().expect("it runs");
    let said = String::from_utf8_lossy(&output.stdout);
    let line = said
        .lines()
        .find(|line| line.contains("proxy_on_response_headers"))
        .unwrap_or_else(|| panic!("{said}"));
    assert!(line.contains("mark") && line.contains('s'), "{line}");
}

/// A module that asks the backend `auth` when a head comes, and answers with 503 when nobody answers there.
const ASKING: &str = r#"(module
  (import "env" "proxy_http_call"
    (func $call (param i32 i32 i32 i32 i32 i32 i32 i32 i32 i32) (result i32)))
  (import "env" "proxy_set_effective_context" (func $be (param i32) (result i32)))
  (import "env" "proxy_send_local_response"
    (func $reply (param i32 i32 i32 i32 i32 i32 i32 i32) (result i32)))
  (memory (export "memory") 1)
  (data (i32.const 64) "auth")
  (data (i32.const 128) "\03\00\00\00\07\00\00\00\03\00\00\00\05\00\00\00\01\00\00\00\0a\00\00\00\01\00\00\00")
  (data (i32.const 156) ":method\00GET\00:path\00/\00:authority\00a\00")
  (global $stream (mut i32) (i32.const 0))
  (func (export "proxy_abi_version_0_2_1"))
  (func (export "proxy_on_memory_allocate") (param i32) (result i32) (i32.const 1024))
  (func (export "proxy_on_request_headers") (param $context i32) (param i32 i32) (result i32)
    (global.set $stream (local.get $context))
    (if (call $call (i32.const 64) (i32.const 4) (i32.const 128) (i32.const 61) (i32.const 0) (i32.const 0)
        (i32.const 0) (i32.const 0) (i32.const 300) (i32.const 32)) (then unreachable))
    (i32.const 1))
  (func (export "proxy_on_http_call_response") (param i32 i32) (param $fields i32) (param i32 i32)
    (if (local.get $fields) (then unreachable))
    (drop (call $be (global.get $stream)))
    (drop (call $reply (i32.const 503) (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0)
      (i32.const 0) (i32.const -1)))))"#;

#[test]
fn a_module_that_asks_somebody_in_a_policy_test_hears_that_nobody_answers() {
    let folder = Folder::new();
    folder.write("x.wasm", ASKING);
    let file = folder.write(
        "a.test",
        "config\n global\n wasm-load asking x.wasm\n defaults\n mode http\n timeout client 30s\n timeout server 30s\n \
         timeout connect 1s\n listen front\n bind :80\n filter wasm asking\n server s1 10.0.0.1:80\n backend auth\n \
         server a1 10.0.0.2:80\nend\n\ntest \"nobody answers\"\n request GET /\n expect status 503\n",
    );
    let output = Command::new(portero()).arg("test").arg(file).current_dir(folder.path()).output();
    let output = output.expect("it runs");
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success() && said.contains("1 passed"), "{output:?}");
}
