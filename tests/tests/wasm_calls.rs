//! WASM modules that ask other servers, and that do something by themselves: ticks, queues, metrics, their end.

use nix::sys::signal::Signal;
use portero_tests::{Origin, Proxy, Starting, eventually};

/// What every module begins with. Words are at 16, the name of a backend at 64, the fields of a call at 128.
const PRELUDE: &str = r#"
  (import "env" "proxy_http_call"
    (func $http (param i32 i32 i32 i32 i32 i32 i32 i32 i32 i32) (result i32)))
  (import "env" "proxy_set_effective_context" (func $be (param i32) (result i32)))
  (import "env" "proxy_continue_stream" (func $continue (param i32) (result i32)))
  (import "env" "proxy_add_header_map_value" (func $add (param i32 i32 i32 i32 i32) (result i32)))
  (import "env" "proxy_get_header_map_value" (func $get (param i32 i32 i32 i32 i32) (result i32)))
  (import "env" "proxy_get_buffer_bytes" (func $bytes (param i32 i32 i32 i32 i32) (result i32)))
  (import "env" "proxy_send_local_response"
    (func $reply (param i32 i32 i32 i32 i32 i32 i32 i32) (result i32)))
  (import "env" "proxy_set_tick_period_milliseconds" (func $period (param i32) (result i32)))
  (import "env" "proxy_register_shared_queue" (func $register (param i32 i32 i32) (result i32)))
  (import "env" "proxy_enqueue_shared_queue" (func $push (param i32 i32 i32) (result i32)))
  (import "env" "proxy_dequeue_shared_queue" (func $pop (param i32 i32 i32) (result i32)))
  (import "env" "proxy_define_metric" (func $define (param i32 i32 i32 i32) (result i32)))
  (import "env" "proxy_increment_metric" (func $increment (param i32 i64) (result i32)))
  (import "env" "proxy_record_metric" (func $record (param i32 i64) (result i32)))
  (import "env" "proxy_log" (func $log (param i32 i32 i32) (result i32)))
  (import "env" "proxy_call_foreign_function" (func $foreign (param i32 i32 i32 i32 i32 i32) (result i32)))
  (memory (export "memory") 2)
  (func (export "proxy_abi_version_0_2_1"))
  (global $heap (mut i32) (i32.const 4096))
  (func (export "proxy_on_memory_allocate") (param $size i32) (result i32)
    (global.set $heap (i32.add (global.get $heap) (local.get $size)))
    (i32.sub (global.get $heap) (local.get $size)))
  (data (i32.const 16) ":statusx-firstx-secondx-got")
  (data (i32.const 64) "auth")
  (global $stream (mut i32) (i32.const 0))
  (func $reply_with (param $status i32)
    (drop (call $reply (local.get $status) (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0)
      (i32.const 0) (i32.const 0) (i32.const -1))))
"#;

/// The fields of a call, as the ABI writes pairs.
const FIELDS: [(&str, &str); 3] = [(":method", "GET"), (":path", "/check"), (":authority", "auth.example")];

/// A module with `call $ask`, which asks the backend `auth` and answers with 0 when that is under way.
fn module(body: &str) -> String {
    let number = |n: usize| (n as u32).to_le_bytes().to_vec();
    let mut bytes = number(FIELDS.len());
    bytes.extend(FIELDS.iter().flat_map(|(name, value)| [number(name.len()), number(value.len())].concat()));
    bytes.extend(FIELDS.iter().flat_map(|(name, value)| format!("{name}\0{value}\0").into_bytes()));
    let data: String = bytes.iter().map(|byte| format!("\\{byte:02x}")).collect();
    let ask = format!(
        r#"(data (i32.const 128) "{data}")
        (func $ask (result i32)
          (call $http (i32.const 64) (i32.const 4) (i32.const 128) (i32.const {}) (i32.const 0) (i32.const 0)
            (i32.const 0) (i32.const 0) (i32.const 300) (i32.const 256)))"#,
        bytes.len()
    );
    format!("(module{PRELUDE}{ask}{body})")
}

const CONFIG: &str = "
    global
        nbthread 2
        wasm-load x ${dir}/x.wat
    defaults
        mode http
        timeout client 5s
        timeout server 5s
        timeout connect 1s
    frontend front
        bind ${front}
        http-request use-service prometheus-exporter if { path /metrics }
        filter wasm x
        default_backend app
    backend app
        server s1 ${app}
    backend auth
        server a1 ${auth}
        server a2 ${auth}
    ";

fn starting(body: &str, app: &Origin) -> Starting {
    Proxy::with(CONFIG).file("x.wat", &module(body)).set("app", app.address())
}

/// Asks when a head comes, and shows the status of the answer to the server; whoever does not answer with 2xx refuses.
const GATE: &str = r#"
    (func (export "proxy_on_request_headers") (param $context i32) (param i32 i32) (result i32)
      (global.set $stream (local.get $context))
      (if (call $ask) (then (call $reply_with (i32.const 500))))
      (i32.const 1))
    (func (export "proxy_on_http_call_response") (param i32 i32) (param $fields i32) (param $body i32) (param i32)
      (drop (call $be (global.get $stream)))
      (if (i32.eqz (local.get $fields)) (then (call $reply_with (i32.const 503)) (return)))
      (drop (call $get (i32.const 6) (i32.const 16) (i32.const 7) (i32.const 0) (i32.const 4)))
      (if (i32.ne (i32.load8_u (i32.load (i32.const 0))) (i32.const 50)) (then
        (call $reply_with (i32.const 403)) (return)))
      (drop (call $add (i32.const 0) (i32.const 23) (i32.const 7) (i32.load (i32.const 0)) (i32.load (i32.const 4))))
      (drop (call $bytes (i32.const 4) (i32.const 0) (local.get $body) (i32.const 0) (i32.const 4)))
      (drop (call $add (i32.const 0) (i32.const 30) (i32.const 8) (i32.load (i32.const 0)) (i32.load (i32.const 4))))
      (drop (call $continue (i32.const 0))))
"#;

#[test]
fn a_request_waits_for_what_another_server_says_of_it() {
    let (app, auth) = (Origin::answering("hello"), Origin::answering("yes"));
    let proxy = starting(GATE, &app).set("auth", auth.address()).start();
    for _ in 0..3 {
        assert_eq!(proxy.get("/").text(), "hello");
    }
    let heads = app.heads();
    assert!(heads.iter().all(|head| head.header("x-first") == Some("200")));
    assert!(heads.iter().all(|head| head.header("x-second") == Some("yes")));
    assert!(auth.heads().iter().all(|head| head.header("host") == Some("auth.example")));
    assert_eq!(auth.heads().len(), 3);
}

#[test]
fn a_server_that_refuses_breaks_off_or_says_nothing_refuses_the_request() {
    let app = Origin::answering("hello");
    let refusing = Origin::replying("HTTP/1.1 403 No\r\nContent-Length: 0\r\n\r\n");
    let silent = Origin::scripted(|mut peer| {
        peer.request()?;
        peer.fall_silent()
    });
    let nobody = Origin::nobody();
    for (auth, status) in [(refusing.address(), 403), (silent.address(), 503), (nobody, 503)] {
        let proxy = starting(GATE, &app).set("auth", auth).start();
        assert_eq!(proxy.get("/").status(), status, "{auth}");
    }
    assert!(app.heads().is_empty());
}

/// The same in a rule, before a backend is chosen.
#[test]
fn rules_wait_for_what_another_server_says() {
    let (app, auth) = (Origin::answering("hello"), Origin::answering("yes"));
    let in_rule =
        CONFIG.replace("filter wasm x", "http-request wasm.x\n        http-request set-header x-behind 1");
    let rule = |body: &str| Proxy::with(&in_rule).file("x.wat", &module(body)).set("app", app.address());
    let proxy = rule(GATE).set("auth", auth.address()).start();
    assert_eq!(proxy.get("/").text(), "hello");
    let proxy = rule(OFFERED).set("auth", auth.address()).start();
    assert_eq!(proxy.get("/").text(), "hello");
    let heads = app.heads();
    assert!(heads.iter().all(|head| head.header("x-first") == Some("200")), "{heads:?}");
    assert!(heads.iter().all(|head| head.header("x-behind") == Some("1")), "{heads:?}");
    let proxy = rule(OFFERED).set("auth", Origin::nobody()).start();
    assert_eq!(proxy.get("/").status(), 503);
    assert_eq!((app.heads().len(), auth.heads().len()), (2, 2));
}

/// Offers an action and a check, which wait for a call first. An action shows the status of the answer to the server.
const OFFERED: &str = r#"
    (data (i32.const 800) "portero.offer\06\00\00\00action\05\00\00\00check")
    (data (i32.const 840) "portero.answer\04\00\00\00wait")
    (data (i32.const 870) "\02\00\00\00up")
    (func (export "proxy_on_vm_start") (param i32 i32) (result i32)
      (i32.eqz (call $foreign (i32.const 800) (i32.const 13) (i32.const 813) (i32.const 19) (i32.const 0) (i32.const 4))))
    (global $hook (mut i32) (i32.const 0))
    (func (export "proxy_on_foreign_function") (param i32) (param $hook i32) (param i32)
      (global.set $hook (local.get $hook))
      (if (call $ask) (then unreachable))
      (drop (call $foreign (i32.const 840) (i32.const 14) (i32.const 854) (i32.const 8) (i32.const 0) (i32.const 4))))
    (func (export "proxy_on_http_call_response") (param i32 i32) (param $fields i32) (param i32 i32)
      (if (i32.eqz (local.get $fields)) (then (call $reply_with (i32.const 503)) (return)))
      (drop (call $get (i32.const 6) (i32.const 16) (i32.const 7) (i32.const 0) (i32.const 4)))
      (drop (call $add (i32.const 0) (i32.const 23) (i32.const 7) (i32.load (i32.const 0)) (i32.load (i32.const 4))))
      (if (i32.eq (global.get $hook) (i32.const 6)) (then
        (drop (call $foreign (i32.const 840) (i32.const 14) (i32.const 870) (i32.const 6) (i32.const 0) (i32.const 4))))))
"#;

/// Offers a service, which answers with the status 2xx when another server does.
const SERVING: &str = r#"
    (data (i32.const 800) "portero.offer\07\00\00\00service")
    (data (i32.const 840) "portero.answer\04\00\00\00wait")
    (data (i32.const 880) "all is well")
    (func (export "proxy_on_vm_start") (param i32 i32) (result i32)
      (i32.eqz (call $foreign (i32.const 800) (i32.const 13) (i32.const 813) (i32.const 11) (i32.const 0) (i32.const 4))))
    (func (export "proxy_on_foreign_function") (param i32 i32 i32)
      (if (call $ask) (then unreachable))
      (drop (call $foreign (i32.const 840) (i32.const 14) (i32.const 854) (i32.const 8) (i32.const 0) (i32.const 4))))
    (func (export "proxy_on_http_call_response") (param i32 i32) (param $fields i32) (param i32 i32)
      (if (i32.eqz (local.get $fields)) (then (call $reply_with (i32.const 503)) (return)))
      (drop (call $reply (i32.const 200) (i32.const 0) (i32.const 0) (i32.const 880) (i32.const 11)
        (i32.const 0) (i32.const 0) (i32.const -1))))
"#;

#[test]
fn a_module_answers_in_the_place_of_a_server_once_another_has_answered_it() {
    let (app, auth) = (Origin::answering("hello"), Origin::answering("yes"));
    let config = CONFIG.replace("filter wasm x", "http-request use-service wasm.x if { path /health }");
    let proxy = Proxy::with(&config).file("x.wat", &module(SERVING)).set("app", app.address());
    let proxy = proxy.set("auth", auth.address()).start();
    let mut client = proxy.connect();
    client.send("HEAD /health HTTP/1.1\r\nHost: a\r\n\r\n");
    let head = client.head_only();
    assert_eq!((head.status(), head.header("content-length")), (200, Some("11")));
    client.send("POST /health HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc");
    assert_eq!(client.response().text(), "all is well");
    client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
    assert_eq!(client.response().text(), "hello");
    assert_eq!((app.heads().len(), auth.heads().len()), (1, 2));
}

#[test]
fn a_check_asks_another_server_how_the_server_is() {
    let (app, auth) = (Origin::answering("hello"), Origin::answering("yes"));
    let config = CONFIG
        .replace("filter wasm x", "")
        .replace("server s1 ${app}", "option wasm-check x\n        server s1 ${app} check inter 20ms fall 1");
    let checked = || Proxy::with(&config).file("x.wat", &module(OFFERED)).set("app", app.address());
    let proxy = checked().set("auth", auth.address()).start();
    eventually("some checks", || (auth.heads().len() > 3).then_some(()));
    assert_eq!(proxy.get("/").text(), "hello");
    let proxy = checked().set("auth", Origin::nobody()).start();
    eventually("the server is down", || (proxy.get("/").status() == 503).then_some(()));
}

#[test]
fn a_second_call_follows_the_first_and_the_body_waits_for_both() {
    let body = r#"
        (global $n (mut i32) (i32.const 0))
        (func (export "proxy_on_request_body") (param $context i32) (param $size i32) (param $end i32) (result i32)
          (if (i32.eqz (local.get $end)) (then (return (i32.const 1))))
          (global.set $stream (local.get $context))
          (drop (call $ask))
          (i32.const 1))
        (func (export "proxy_on_http_call_response") (param i32 i32 i32 i32 i32)
          (global.set $n (i32.add (global.get $n) (i32.const 1)))
          (if (i32.eq (global.get $n) (i32.const 1)) (then (drop (call $ask)) (return)))
          (drop (call $be (global.get $stream)))
          (drop (call $continue (i32.const 0))))
        (func (export "proxy_on_response_headers") (param $context i32) (param i32 i32) (result i32)
          (drop (call $add (i32.const 2) (i32.const 38) (i32.const 5) (i32.const 64) (i32.const 4)))
          (i32.const 0))"#;
    let app = Origin::scripted(|mut peer| {
        let (_, body) = peer.request()?;
        peer.send(
            [format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n", body.len()).as_bytes(), &body].concat(),
        )
    });
    let auth = Origin::answering("yes");
    let proxy = starting(body, &app).set("auth", auth.address()).start();
    let mut client = proxy.connect();
    client.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\n01234");
    client.send("56789");
    let response = client.response();
    assert_eq!((response.text().as_str(), response.header("x-got")), ("0123456789", Some("auth")));
    assert_eq!(auth.heads().len(), 2);
}

#[test]
fn a_response_waits_for_another_server_as_well() {
    let body = r#"
        (func (export "proxy_on_response_headers") (param $context i32) (param i32 i32) (result i32)
          (global.set $stream (local.get $context))
          (drop (call $ask))
          (i32.const 1))
        (func (export "proxy_on_http_call_response") (param i32 i32 i32 i32 i32)
          (drop (call $be (global.get $stream)))
          (drop (call $add (i32.const 2) (i32.const 38) (i32.const 5) (i32.const 64) (i32.const 4)))
          (drop (call $continue (i32.const 1))))"#;
    let (app, auth) = (Origin::answering("hello"), Origin::answering("yes"));
    let proxy = starting(body, &app).set("auth", auth.address()).start();
    let response = proxy.get("/");
    assert_eq!((response.text().as_str(), response.header("x-got")), ("hello", Some("auth")));
}

/// Asks while it is configured, and at each tick.
const TICKING: &str = r#"
    (func (export "proxy_on_configure") (param i32 i32) (result i32)
      (if (call $ask) (then unreachable))
      (drop (call $period (i32.const 20)))
      (i32.const 1))
    (func (export "proxy_on_tick") (param i32)
      (if (call $ask) (then unreachable)))
    (func (export "proxy_on_request_headers") (param i32 i32 i32) (result i32) (i32.const 0))
    (data (i32.const 80) "it ends")
    (func (export "proxy_on_done") (param $context i32) (result i32)
      (if (i32.eq (local.get $context) (i32.const 1)) (then
        (drop (call $log (i32.const 3) (i32.const 80) (i32.const 7)))))
      (i32.const 1))
"#;

#[test]
fn a_module_asks_by_itself_until_its_configuration_ends() {
    let (app, auth) = (Origin::answering("hello"), Origin::answering("yes"));
    let proxy = starting(TICKING, &app).set("auth", auth.address()).start();
    eventually("calls of both threads", || (auth.heads().len() > 10).then_some(()));
    assert_eq!(proxy.get("/").text(), "hello");
    let quiet =
        r#"(func (export "proxy_on_request_headers") (param i32 i32 i32) (result i32) (i32.const 0))"#;
    proxy.rewrite_file("x.wat", &module(quiet));
    proxy.signal(Signal::SIGUSR2);
    proxy.output_with("it ends");
    assert_eq!(proxy.get("/").text(), "hello");
}

/// Puts a message into a queue for each request; who hears of it counts it.
const COUNTING: &str = r#"
    (data (i32.const 80) "queuemessages.heardsizes")
    (func (export "proxy_on_configure") (param i32 i32) (result i32)
      (if (call $register (i32.const 80) (i32.const 5) (i32.const 48)) (then unreachable))
      (if (call $define (i32.const 0) (i32.const 85) (i32.const 14) (i32.const 52)) (then unreachable))
      (if (call $define (i32.const 2) (i32.const 99) (i32.const 5) (i32.const 56)) (then unreachable))
      (i32.const 1))
    (func (export "proxy_on_request_headers") (param i32 i32 i32) (result i32)
      (call $push (i32.load (i32.const 48)) (i32.const 80) (i32.const 5)))
    (func (export "proxy_on_queue_ready") (param i32) (param $token i32)
      (if (call $pop (local.get $token) (i32.const 0) (i32.const 4)) (then unreachable))
      (drop (call $record (i32.load (i32.const 56)) (i64.extend_i32_u (i32.load (i32.const 4)))))
      (drop (call $increment (i32.load (i32.const 52)) (i64.const 1))))
"#;

#[test]
fn messages_of_all_threads_are_heard_once_and_metrics_live_on_over_a_reload() {
    let app = Origin::answering("hello");
    let proxy = starting(COUNTING, &app).set("auth", app.address()).start();
    let counted = |wanted: u32| {
        let line = format!("messages_heard {wanted}");
        eventually(&line, || {
            let page = proxy.get("/metrics").text();
            page.lines().any(|other| other == line).then_some(page)
        })
    };
    (0..20).for_each(|_| assert_eq!(proxy.get("/").status(), 200));
    let page = counted(20);
    for line in [
        "# TYPE messages_heard counter",
        "# TYPE sizes histogram",
        "sizes_sum 100",
        "sizes_bucket{le=\"5\"} 20",
    ] {
        assert!(page.lines().any(|other| other == line), "{line} is missing in\n{page}");
    }
    // the new ones count by hundreds, and mark responses
    let mark = r#"(func (export "proxy_on_response_headers") (param i32 i32 i32) (result i32)
        (call $add (i32.const 2) (i32.const 38) (i32.const 5) (i32.const 64) (i32.const 4)))"#;
    let newer = COUNTING.replace("(i64.const 1)", "(i64.const 100)");
    proxy.rewrite_file("x.wat", &module(&format!("{newer}{mark}")));
    proxy.signal(Signal::SIGUSR2);
    eventually("the new module", || proxy.get("/").header("x-got").map(drop));
    eventually("both are counted", || {
        let page = proxy.get("/metrics").text();
        let value: u32 = page.lines().find_map(|line| line.strip_prefix("messages_heard ")?.parse().ok())?;
        (value > 100 && value % 100 >= 20).then_some(())
    });
}
