//! Components: the choice of a server for each try.

use std::process::Command;

use nix::sys::signal::Signal;
use portero_tests::{Folder, Origin, Proxy, eventually, portero};

use crate::wat::choosing;

const CONFIG: &str = "
    global
        wasm-load choice ${dir}/choice.wasm
    defaults
        mode http
        timeout client 5s
        timeout server 5s
        timeout connect 1s
        timeout queue 100ms
    frontend front
        bind ${front}
        stats uri /stats
        default_backend app
    backend app
        balance wasm.choice
        server s1 ${nobody}
        server s2 ${second}
        server s3 ${third}
    ";

/// The proxy in front of three servers, of which the first is not there.
fn started(component: &str) -> (Proxy, [Origin; 2]) {
    let origins = [Origin::answering("second"), Origin::answering("third")];
    let proxy = Proxy::with(CONFIG)
        .set("nobody", Origin::nobody())
        .set("second", origins[0].address())
        .set("third", origins[1].address())
        .file("choice.wasm", component)
        .start();
    (proxy, origins)
}

#[test]
fn a_component_chooses_anew_when_a_server_refuses() {
    let (proxy, _origins) = started(&choosing(0));
    for _ in 0..5 {
        assert_eq!(proxy.get("/").text(), "third");
    }
    let stats = proxy.stats();
    assert_eq!(stats.number("app", "s1", "wredis"), 5, "each was tried there first");
    assert_eq!((stats.number("app", "s2", "stot"), stats.number("app", "s3", "stot")), (0, 5));
}

#[test]
fn a_component_that_fails_is_made_anew_and_changed_by_a_reload() {
    let (proxy, _origins) = started(&choosing(1));
    assert_eq!(proxy.get("/").text(), "second");
    assert_eq!(proxy.get("/!").status(), 503);
    proxy.output_with("wasm choice: choose-server: wasm trap: wasm `unreachable`");
    assert_eq!(proxy.get("/").text(), "second");
    proxy.rewrite_file("choice.wasm", &choosing(2));
    proxy.signal(Signal::SIGUSR2);
    eventually("the new component", || (proxy.get("/").text() == "third").then_some(()));
}

#[test]
fn a_component_is_inspected() {
    let folder = Folder::new();
    let file = folder.write("choice.wasm", choosing(0));
    let output = Command::new(portero()).args(["wasm", "inspect"]).arg(file).output().expect("it runs");
    let said = String::from_utf8_lossy(&output.stdout);
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    for part in ["component (experimental)", "balance", "choose-server", "portero:plugin/exchange@0.1.0.path"]
    {
        assert!(said.contains(part), "{part}\n{said}");
    }
}
