//! How the program ends: at once, or when the last client has gone.

use std::net::TcpStream;
use std::os::unix::process::ExitStatusExt;

use nix::sys::signal::Signal;
use portero_tests::{Origin, Proxy, eventually};

const CONFIG: &str = "
    global
        ${global}
    defaults
        mode http
        timeout client 60s
        timeout server 60s
        timeout connect 1s
    frontend front
        bind ${front}
        default_backend app
    backend app
        server s1 ${origin}
    ";

/// A proxy with one request under way, whose answer the server holds back until its connection gets one more byte.
fn proxy(origin: &Origin, global: &str) -> Proxy {
    Proxy::with(CONFIG).set("origin", origin.address()).set("global", global).start()
}

fn ended_by(proxy: &mut Proxy, signal: Signal) {
    let status = proxy.ended();
    let by_signal = status.signal() == Some(signal as i32);
    assert!(status.success() || by_signal, "{status}");
}

#[test]
fn sigterm_and_sigint_stop_at_once() {
    let origin = Origin::answering("hello");
    for signal in [Signal::SIGTERM, Signal::SIGINT] {
        let mut proxy = proxy(&origin, "");
        let mut client = proxy.connect();
        assert_eq!(client.get("/").status(), 200);
        proxy.signal(signal);
        ended_by(&mut proxy, signal);
        client.expect_closed();
    }
}

#[test]
fn a_soft_stop_lets_requests_finish_and_lets_nobody_in() {
    let (answer, told) = std::sync::mpsc::channel::<()>();
    let told = std::sync::Mutex::new(told);
    let origin = Origin::scripted(move |mut peer| {
        peer.head()?;
        let _ = told.lock().expect("no script panics").recv();
        peer.send("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\ndone")
    });
    let mut proxy = proxy(&origin, "");
    let mut client = proxy.connect();
    client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
    eventually("the request at the server", || (!origin.heads().is_empty()).then_some(()));

    proxy.signal(Signal::SIGUSR1);
    let front = proxy.front();
    eventually("the door is closed", || TcpStream::connect(front).is_err().then_some(()));
    assert!(proxy.is_running(), "a request is under way");
    answer.send(()).expect("the origin listens");
    assert_eq!(client.response().text(), "done");
    ended_by(&mut proxy, Signal::SIGUSR1);
}

#[test]
fn an_idle_client_does_not_hold_up_a_soft_stop() {
    let origin = Origin::answering("hello");
    let mut proxy = proxy(&origin, "");
    let mut client = proxy.connect();
    assert_eq!(client.get("/").status(), 200);
    proxy.signal(Signal::SIGUSR1);
    ended_by(&mut proxy, Signal::SIGUSR1);
    client.expect_closed();
}

#[test]
fn a_soft_stop_that_takes_too_long_is_made_hard() {
    let origin = Origin::scripted(|mut peer| {
        peer.head()?;
        peer.fall_silent()
    });
    let mut proxy = proxy(&origin, "hard-stop-after 300ms");
    let mut client = proxy.connect();
    client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
    eventually("the request at the server", || (!origin.heads().is_empty()).then_some(()));
    proxy.signal(Signal::SIGUSR1);
    proxy.ended();
    client.rest();
}
