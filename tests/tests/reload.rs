//! Reload in place: SIGUSR2, or `portero reload`, swaps the configuration and nothing else.

use std::process::Command;
use std::time::{Duration, Instant};

use nix::sys::signal::Signal;
use portero_tests::{Load, Origin, Proxy, eventually, portero};

const CONFIG: &str = "
    global
        pidfile ${dir}/pid
    defaults
        mode http
        timeout client 5s
        timeout server 5s
        timeout connect 1s
    frontend front
        bind ${front}
        stats uri /stats
        # mark
        default_backend app
    backend app
        server s1 ${origin}
    ";

fn with_mark(rule: &str) -> String {
    CONFIG.replace("# mark", rule)
}

fn marked(mark: &str) -> String {
    with_mark(&format!("http-response set-header X-Mark {mark}"))
}

/// Waits until new requests are answered by the configuration with this mark.
fn wait_for_mark(proxy: &Proxy, mark: &str) {
    eventually(&format!("the configuration {mark}"), || {
        (proxy.get("/").header("x-mark") == Some(mark)).then_some(())
    });
}

#[test]
fn a_reload_every_second_fails_no_request() {
    let origin = Origin::answering("hello");
    let proxy = Proxy::with(&marked("0")).set("origin", origin.address()).start();
    wait_for_mark(&proxy, "0");
    let load = Load::on(proxy.front(), 4);
    for round in 1..=5 {
        let began = Instant::now();
        proxy.rewrite(&marked(&round.to_string()));
        proxy.signal(Signal::SIGUSR2);
        wait_for_mark(&proxy, &round.to_string());
        let before = load.answered();
        eventually("requests after the reload", || (load.answered() > before + 100).then_some(()));
        #[expect(clippy::disallowed_methods, reason = "the pace of reloading")]
        std::thread::sleep(Duration::from_secs(1).saturating_sub(began.elapsed()));
    }
    let (answered, failures) = load.stop();
    assert!(
        failures.is_empty(),
        "{} of {answered} failed: {:?}",
        failures.len(),
        &failures[..failures.len().min(5)]
    );
}

#[test]
fn a_broken_file_leaves_the_old_configuration_running_and_says_why() {
    let origin = Origin::answering("hello");
    let proxy = Proxy::with(&marked("old")).set("origin", origin.address()).start();
    wait_for_mark(&proxy, "old");
    proxy.rewrite(&with_mark("http-request dney"));
    proxy.signal(Signal::SIGUSR2);
    proxy.output_with("dney");
    assert_eq!(proxy.get("/").header("x-mark"), Some("old"));
    // and a whole one is taken afterwards
    proxy.rewrite(&marked("new"));
    proxy.signal(Signal::SIGUSR2);
    wait_for_mark(&proxy, "new");
}

#[test]
fn connections_and_requests_under_way_live_on() {
    let origin = Origin::scripted(|mut peer| {
        loop {
            let (head, _) = peer.request()?;
            peer.send("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n12")?;
            if head.0.contains("/long") {
                peer.exactly(1)?; // never comes: held until the test has seen what it wants
            }
            peer.send("345")?;
        }
    });
    let proxy = Proxy::with(&marked("old")).set("origin", origin.address()).start();
    let mut kept = proxy.connect();
    assert_eq!(kept.get("/").header("x-mark"), Some("old"));
    let mut under_way = proxy.connect();
    under_way.send("GET /long HTTP/1.1\r\nHost: a\r\n\r\n");
    assert_eq!(under_way.head_only().header("x-mark"), Some("old"));
    assert_eq!(under_way.exactly(2), b"12");

    proxy.rewrite(&marked("new"));
    proxy.signal(Signal::SIGUSR2);
    wait_for_mark(&proxy, "new");

    assert_eq!(kept.get("/").status(), 200, "the connection is still there");
    assert_eq!(under_way.rest(), b"", "held by its time-out alone, not cut by the reload");
    assert_eq!(proxy.get("/").status(), 200);
}

#[test]
fn counters_are_carried_over_by_name() {
    let origin = Origin::answering("hello");
    let proxy = Proxy::with(&marked("old")).set("origin", origin.address()).start();
    for _ in 0..10 {
        proxy.get("/");
    }
    proxy.rewrite(&marked("new"));
    proxy.signal(Signal::SIGUSR2);
    wait_for_mark(&proxy, "new");
    assert!(proxy.stats().number("app", "s1", "stot") > 10);
}

#[test]
fn the_subcommand_asks_by_the_pidfile_and_tells_the_result() {
    let origin = Origin::answering("hello");
    let proxy = Proxy::with(&marked("old")).set("origin", origin.address()).start();
    wait_for_mark(&proxy, "old");
    let pidfile = proxy.folder().path().join("pid");
    assert_eq!(std::fs::read_to_string(&pidfile).expect("it is written").trim(), proxy.pid().to_string());
    proxy.rewrite(&marked("new"));
    let asked = Command::new(portero()).arg("reload").arg(&pidfile).status().expect("it starts");
    assert!(asked.success());
    wait_for_mark(&proxy, "new");
}
