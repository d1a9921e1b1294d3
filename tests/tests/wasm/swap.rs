//! Modules that change while the proxy runs.

use std::io;

use nix::sys::signal::Signal;
use portero_tests::{Load, Origin, Peer, Proxy, Starting, eventually};

use crate::wat::{marking, module};

const CONFIG: &str = "
    global
        wasm-load mark ${dir}/mark.wasm config ${dir}/mark.txt
        ${more}
    defaults
        mode http
        timeout client 5s
        timeout server 5s
        timeout connect 1s
    frontend front
        bind ${front}
        filter wasm mark
        default_backend app
    backend app
        server s1 ${origin}
    ";

fn starting(origin: &Origin, more: &str) -> Starting {
    let starting = Proxy::with(CONFIG).set("origin", origin.address()).set("more", more);
    starting.file("mark.wasm", &marking('a')).file("mark.txt", "")
}

/// A proxy that serves by now, so that it takes signals.
fn start(starting: Starting) -> Proxy {
    let proxy = starting.start();
    wait_for_mark(&proxy, "a");
    proxy
}

fn wait_for_mark(proxy: &Proxy, mark: &str) {
    eventually(&format!("the mark {mark}"), || (proxy.get("/").header("x-mark") == Some(mark)).then_some(()));
}

#[test]
fn a_module_is_changed_under_load_and_no_request_fails() {
    let origin = Origin::answering("hello");
    let proxy = start(starting(&origin, ""));
    let load = Load::on(proxy.front(), 4);
    for letter in ['b', 'c', 'd'] {
        proxy.rewrite_file("mark.wasm", &marking(letter));
        proxy.signal(Signal::SIGUSR2);
        wait_for_mark(&proxy, &letter.to_string());
        let before = load.answered();
        eventually("requests after the reload", || (load.answered() > before + 50).then_some(()));
    }
    let (answered, failures) = load.stop();
    assert!(failures.is_empty(), "{} of {answered} failed: {:?}", failures.len(), failures.first());
}

#[test]
fn a_module_that_does_not_load_leaves_the_old_one_running_and_says_why() {
    let origin = Origin::answering("hello");
    let proxy = start(starting(&origin, ""));
    let refusing =
        module(r#"(func (export "proxy_on_configure") (param i32 i32) (result i32) (i32.const 0))"#);
    for (bad, why) in [("(module)", "it is no proxy-wasm module"), (&*refusing, "proxy_on_configure says")] {
        proxy.rewrite_file("mark.wasm", bad);
        proxy.signal(Signal::SIGUSR2);
        proxy.output_with(why);
        proxy.output_with("the old configuration stays in use");
        assert_eq!(proxy.get("/").header("x-mark"), Some("a"));
    }
    proxy.rewrite_file("mark.wasm", &marking('b'));
    proxy.signal(Signal::SIGUSR2);
    wait_for_mark(&proxy, "b");
}

/// Answers `/slow` only once `/go` was asked for.
fn slow_origin() -> Origin {
    let (go, wait) = std::sync::mpsc::channel::<()>();
    let wait = std::sync::Mutex::new(wait);
    let answer = move |mut peer: Peer| -> io::Result<()> {
        loop {
            let (head, _) = peer.request()?;
            if head.start_line().contains("/slow") {
                let _ = wait.lock().expect("one waits").recv_timeout(portero_tests::LIMIT);
            } else if head.start_line().contains("/go") {
                let _ = go.send(());
            }
            peer.send("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")?;
        }
    };
    Origin::scripted(answer)
}

#[test]
fn a_request_under_way_ends_with_the_instance_that_it_began_with() {
    let origin = slow_origin();
    let proxy = start(starting(&origin, ""));
    let mut client = proxy.connect();
    client.send("GET /slow HTTP/1.1\r\nHost: a\r\n\r\n");
    eventually("the request at the origin", || {
        origin.heads().iter().any(|head| head.start_line().contains("/slow")).then_some(())
    });
    proxy.rewrite_file("mark.wasm", &marking('b'));
    proxy.signal(Signal::SIGUSR2);
    wait_for_mark(&proxy, "b");
    proxy.get("/go");
    assert_eq!(client.response().header("x-mark"), Some("a"));
}

#[test]
fn a_module_and_its_configuration_are_watched() {
    let origin = Origin::answering("hello");
    let proxy = start(starting(&origin, "").argument("--watch"));
    proxy.rewrite_file("mark.wasm", &marking('b'));
    wait_for_mark(&proxy, "b");
    proxy.rewrite_file("mark.txt", "ig");
    wait_for_mark(&proxy, "big");
}

#[test]
fn compiled_code_is_kept_and_never_served_for_a_changed_file() {
    let origin = Origin::answering("hello");
    let proxy = start(starting(&origin, "wasm-cache ${dir}/compiled"));
    let compiled = proxy.folder().path().join("compiled");
    let has_files = || std::fs::read_dir(&compiled).is_ok_and(|mut all| all.next().is_some());
    eventually("compiled code in the folder", || has_files().then_some(()));
    // as long as before, and written within the same second
    proxy.rewrite_file("mark.wasm", &marking('b'));
    proxy.signal(Signal::SIGUSR2);
    wait_for_mark(&proxy, "b");
    proxy.rewrite_file("mark.wasm", &marking('a'));
    proxy.signal(Signal::SIGUSR2);
    wait_for_mark(&proxy, "a");
}
