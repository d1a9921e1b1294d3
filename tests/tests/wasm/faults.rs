//! Modules that go wrong: who is hurt, what is said of it, what is counted.

use std::io::{Read, Write};
use std::os::unix::net::UnixStream;
use std::time::{Duration, Instant};

use portero_tests::{Load, Origin, Proxy, eventually};

use crate::wat::{dying, every_tenth, faulty, marking};

/// One worker, so that all are in the hands of one instance.
const CONFIG: &str = "
    global
        nbthread 1
        stats socket ${dir}/ctl level admin
        wasm-load faulty ${dir}/faulty.wasm timeout 50ms max-memory 4m ${more}
        wasm-load mark ${dir}/mark.wasm
    defaults
        mode http
        timeout client 2s
        timeout server 2s
        timeout connect 1s
    frontend front
        bind ${front}
        filter wasm faulty
        filter wasm mark
        stats uri /stats
        http-request use-service prometheus-exporter if { path /metrics }
        default_backend app
    backend app
        server s1 ${origin}
    ";

fn proxy(origin: &Origin, module: &str, more: &str) -> Proxy {
    let starting = Proxy::with(CONFIG).set("origin", origin.address()).set("more", more);
    starting.file("faulty.wasm", module).file("mark.wasm", &marking('a')).start()
}

/// The status that a request with a fault gets.
fn ask(proxy: &Proxy, fault: &str) -> u16 {
    let request = format!("GET / HTTP/1.1\r\nHost: a\r\nX-Fault: {fault}\r\nConnection: close\r\n\r\n");
    proxy.connect().send(&request).response().status()
}

/// The figures of a module, as `show wasm` prints them: calls, time, errors, stopped, memory, restarts.
fn figures(proxy: &Proxy, module: &str) -> Vec<u64> {
    let mut socket = UnixStream::connect(proxy.folder().path().join("ctl")).expect("the runtime API");
    socket.write_all(b"show wasm\n").expect("it takes a line");
    let mut text = String::new();
    socket.read_to_string(&mut text).expect("it answers");
    let name = format!("wasm.{module} ");
    let line = text.lines().find_map(|line| line.strip_prefix(&name)).unwrap_or_else(|| panic!("{text}"));
    line.split(' ').map(|number| number.parse().expect("a number")).collect()
}

#[test]
fn only_the_guilty_requests_fail_and_each_failure_is_told_and_counted() {
    let origin = Origin::answering("hello");
    let proxy = proxy(&origin, &faulty(), "");
    let load = Load::on(proxy.front(), 3);
    let faults = [
        ("loop", "it ran longer than 50ms"),
        ("memory", "it wanted more than 4194304 bytes of memory"),
        ("stack", "call stack exhausted"),
        ("trap", "`unreachable`"),
    ];
    for (fault, reason) in faults {
        assert_eq!(ask(&proxy, fault), 500, "{fault}");
        let line = proxy.output_with(reason);
        assert!(line.contains("wasm faulty: proxy_on_request_headers: "), "{line}");
    }
    proxy.output_with("wasm backtrace");
    proxy.output_with("faulty");
    let before = load.answered();
    eventually("more requests", || (load.answered() > before + 50).then_some(()));
    let (answered, failures) = load.stop();
    assert!(failures.is_empty(), "{} of {answered} failed: {:?}", failures.len(), failures.first());
    let [calls, time, errors, stopped, memory, restarts] = figures(&proxy, "faulty")[..] else {
        panic!("six")
    };
    assert_eq!((errors, stopped, restarts), (4, 2, 4));
    assert!(calls > 50 && time > 50_000 && memory >= 65_536, "{calls} {time} {memory}");
    assert_eq!(figures(&proxy, "mark")[2], 0);
    let metrics = proxy.get("/metrics?scope=plugin").text();
    assert!(metrics.contains("portero_plugin_restarts_total{plugin=\"wasm.faulty\"} 4"), "{metrics}");
    assert!(proxy.get("/stats").text().contains("wasm.faulty"));
}

#[test]
fn a_module_that_fails_open_is_left_out_of_its_exchange() {
    let origin = Origin::answering("hello");
    let proxy = proxy(&origin, &faulty(), "on-error skip");
    for fault in ["trap", "loop", "memory", "stack"] {
        assert_eq!(ask(&proxy, fault), 200, "{fault}");
    }
    assert_eq!(figures(&proxy, "faulty")[2], 4);
}

#[test]
fn every_tenth_request_traps_and_no_other_fails() {
    let origin = Origin::answering("hello");
    let proxy = proxy(&origin, &every_tenth(), "");
    let statuses: Vec<_> = (0..60).map(|_| ask(&proxy, "none")).collect();
    let wanted: Vec<_> = (1..=60).map(|n| if n % 10 == 0 { 500 } else { 200 }).collect();
    assert_eq!(statuses, wanted);
}

#[test]
fn a_module_that_always_fails_rests_and_is_tried_again() {
    let origin = Origin::answering("hello");
    let proxy = proxy(&origin, &faulty(), "");
    (0..11).for_each(|_| assert_eq!(ask(&proxy, "trap"), 500));
    proxy.output_with("it fails again and again, and rests");
    eventually("the next instance", || (ask(&proxy, "none") == 200).then_some(()));
}

#[test]
fn a_module_that_does_not_start_again_is_tried_later_and_the_proxy_serves_on() {
    let origin = Origin::answering("hello");
    for (more, meanwhile) in [("", 500), ("on-error skip", 200)] {
        let proxy = proxy(&origin, &dying(), more);
        assert_eq!(ask(&proxy, "none"), 200);
        assert_eq!(ask(&proxy, "trap"), meanwhile);
        assert_eq!(ask(&proxy, "none"), meanwhile, "{more}");
        let line = proxy.output_with("says that it cannot run with this configuration");
        assert!(line.contains("wasm faulty: proxy_on_vm_start"), "{line}");
        proxy.output_with("it could not be made anew");
        eventually("an instance", || {
            assert!([200, meanwhile].contains(&ask(&proxy, "none")));
            (figures(&proxy, "faulty")[5] == 1).then_some(())
        });
        assert_eq!(ask(&proxy, "none"), 200);
        assert_eq!(figures(&proxy, "faulty")[2], 4, "the trap, and three starts");
        assert_eq!(figures(&proxy, "mark")[2], 0);
    }
}

#[test]
fn a_module_that_pauses_for_ever_ends_with_the_timeout_of_the_server() {
    let origin = Origin::answering("hello");
    let proxy = proxy(&origin, &faulty(), "");
    let begun = Instant::now();
    assert_eq!(ask(&proxy, "pause"), 504);
    assert!(begun.elapsed() >= Duration::from_secs(2), "{:?}", begun.elapsed());
    assert_eq!((ask(&proxy, "none"), figures(&proxy, "faulty")[2]), (200, 0));
}
