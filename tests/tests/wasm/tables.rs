//! Stick tables in the hands of a module: each function, with what it answers.

use portero_tests::{Origin, Proxy};

const CONFIG: &str = "
    global
        wasm-load x ${dir}/x.wat
    defaults
        mode http
        timeout client 5s
        timeout server 5s
        timeout connect 1s
    frontend front
        bind ${front}
        filter wasm x
        http-response set-header x-left %[str(k),table_gpc0(t)]
        default_backend app
    backend app
        server s1 ${app}
    backend t
        stick-table type string len 8 size 1k expire 1h store gpc0
    ";

/// An item of a list.
fn item(bytes: &[u8]) -> Vec<u8> {
    [&(bytes.len() as u32).to_le_bytes()[..], bytes].concat()
}

fn number(sample: &[u8], number: i64) -> Vec<u8> {
    item(&[sample, &number.to_le_bytes()].concat())
}

/// A call: the function, its argument, the status, and what its answer begins with.
struct Step(&'static str, Vec<u8>, u32, Option<Vec<u8>>);

fn steps() -> Vec<Step> {
    let (table, key, field) = (item(b"t"), item(b"sk"), item(b"gpc0"));
    let entry = [&table[..], &key].concat();
    let value = [&entry[..], &field].concat();
    let five = number(b"i", 5);
    vec![
        Step("portero.table_get", entry.clone(), 1, None),
        Step("portero.table_get", [&item(b"nobody")[..], &key].concat(), 1, None),
        Step("portero.table_get", table.clone(), 2, None),
        Step("portero.table_walk", [&table[..], &number(b"", 0)].concat(), 0, Some(item(b""))),
        Step("portero.table_set", [&value[..], &five].concat(), 0, Some(number(b"i", 0))),
        Step("portero.table_get", value.clone(), 0, Some(five.clone())),
        Step("portero.table_get", [&entry[..], &item(b"gpc7")].concat(), 1, None),
        Step("portero.table_get", entry.clone(), 0, Some([&key[..], &number(b"", 0)].concat())),
        Step("portero.table_add", [&value[..], &number(b"", 2)].concat(), 0, Some(number(b"i", 7))),
        Step("portero.table_walk", [&table[..], &number(b"", 0)].concat(), 0, Some(vec![8, 0, 0, 0])),
        Step("portero.table_remove", entry.clone(), 0, Some(item(&[1]))),
        Step("portero.table_get", value.clone(), 1, None),
        Step("portero.table_remove", entry, 0, Some(item(&[0]))),
        Step("portero.table_add", [&value[..], &number(b"", 9)].concat(), 0, Some(number(b"i", 9))),
    ]
}

fn data(at: usize, bytes: &[u8]) -> String {
    let text: String = bytes.iter().map(|byte| format!("\\{byte:02x}")).collect();
    format!("(data (i32.const {at}) \"{text}\")\n")
}

/// Takes all steps with each request. The status of the answer is 550 and the number of the first step that went otherwise.
fn module() -> String {
    let (mut at, mut all, mut calls) = (1 << 16, String::new(), String::new());
    for (index, Step(name, argument, status, answer)) in steps().iter().enumerate() {
        let mut put = |bytes: &[u8]| {
            all += &data(at, bytes);
            at += bytes.len();
            format!("(i32.const {}) (i32.const {})", at - bytes.len(), bytes.len())
        };
        let (name, argument) = (put(name.as_bytes()), put(argument));
        let wanted = answer.as_ref().map_or("(i32.const 0) (i32.const -1)".to_owned(), |answer| put(answer));
        calls +=
            &format!("(call $step (i32.const {index}) {name} {argument} (i32.const {status}) {wanted})\n");
    }
    format!(
        r#"(module
        (import "env" "proxy_call_foreign_function" (func $foreign (param i32 i32 i32 i32 i32 i32) (result i32)))
        (import "env" "proxy_send_local_response"
          (func $reply (param i32 i32 i32 i32 i32 i32 i32 i32) (result i32)))
        (memory (export "memory") 4)
        (func (export "proxy_abi_version_0_2_1"))
        (func (export "proxy_on_memory_allocate") (param i32) (result i32) (i32.const 1024))
        {all}
        (func $fail (param $step i32)
          (drop (call $reply (i32.add (i32.const 550) (local.get $step)) (i32.const 0) (i32.const 0) (i32.const 0)
            (i32.const 0) (i32.const 0) (i32.const 0) (i32.const -1))))
        (func $step (param $step i32) (param $name i32) (param $name_len i32) (param $at i32) (param $len i32)
            (param $status i32) (param $wanted i32) (param $wanted_len i32)
          (if (i32.ne (local.get $status) (call $foreign (local.get $name) (local.get $name_len)
              (local.get $at) (local.get $len) (i32.const 8) (i32.const 4)))
            (then (call $fail (local.get $step)) (return)))
          (if (i32.eq (local.get $wanted_len) (i32.const -1)) (then (return)))
          (if (i32.gt_u (local.get $wanted_len) (i32.load (i32.const 4))) (then (call $fail (local.get $step)) (return)))
          (loop $on
            (local.set $wanted_len (i32.sub (local.get $wanted_len) (i32.const 1)))
            (if (i32.lt_s (local.get $wanted_len) (i32.const 0)) (then (return)))
            (if (i32.ne (i32.load8_u (i32.add (local.get $wanted) (local.get $wanted_len)))
                (i32.load8_u (i32.add (i32.load (i32.const 8)) (local.get $wanted_len))))
              (then (call $fail (local.get $step)) (return)))
            (br $on)))
        (func (export "proxy_on_request_headers") (param i32 i32 i32) (result i32)
          {calls} (i32.const 0)))"#
    )
}

#[test]
fn a_module_looks_into_a_table_changes_walks_and_empties_it() {
    let app = Origin::answering("hello");
    let proxy = Proxy::with(CONFIG).file("x.wat", &module()).set("app", app.address()).start();
    let answer = proxy.get("/");
    assert_eq!(
        (answer.status(), answer.header("x-left")),
        (200, Some("9")),
        "550 and the step that went otherwise"
    );
}
