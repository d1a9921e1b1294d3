//! Health checks from outside: who is asked, when a server counts as down, and when it is back.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use portero_tests::{Origin, Proxy, eventually};

const CONFIG: &str = "
    defaults
        mode http
        timeout client 5s
        timeout server 5s
        timeout connect 1s
        timeout check 300ms
    frontend front
        bind ${front}
        stats uri /stats
        default_backend app
    backend app
        ${checks}
        server s1 ${origin} check inter 40ms rise 2 fall 3
    ";

fn proxy(checks: &str, origin: &Origin) -> Proxy {
    Proxy::with(CONFIG).set("checks", checks).set("origin", origin.address()).start()
}

/// An origin whose answer to a check can be changed.
fn switchable(good: &'static str, bad: &'static str) -> (Origin, Arc<AtomicBool>) {
    let healthy = Arc::new(AtomicBool::new(true));
    let state = healthy.clone();
    let origin = Origin::scripted(move |mut peer| {
        loop {
            peer.request()?;
            peer.send(if state.load(Ordering::SeqCst) { good } else { bad })?;
        }
    });
    (origin, healthy)
}

fn becomes(proxy: &Proxy, status: &str) {
    eventually(&format!("s1 is {status}"), || {
        proxy.stats().field("app", "s1", "status").starts_with(status).then_some(())
    });
}

#[test]
fn http_checks_follow_the_status() {
    let (origin, healthy) = switchable(
        "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok",
        "HTTP/1.1 500 No\r\nContent-Length: 2\r\n\r\nno",
    );
    let proxy = proxy("option httpchk GET /health", &origin);
    becomes(&proxy, "UP");
    eventually("a check", || {
        origin.heads().iter().any(|head| head.0.starts_with("GET /health ")).then_some(())
    });

    healthy.store(false, Ordering::SeqCst);
    becomes(&proxy, "DOWN");
    let stats = proxy.stats();
    assert_eq!(stats.field("app", "s1", "check_status"), "L7STS");
    assert_eq!(stats.field("app", "s1", "check_code"), "500");
    assert_eq!(proxy.get("/").status(), 503);

    healthy.store(true, Ordering::SeqCst);
    becomes(&proxy, "UP");
    assert_eq!(proxy.get("/").text(), "ok");
}

#[test]
fn an_expectation_can_be_a_text() {
    let (origin, healthy) = switchable(
        "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nready",
        "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nbusy",
    );
    let proxy = proxy("option httpchk GET /\n        http-check expect string ready", &origin);
    becomes(&proxy, "UP");
    healthy.store(false, Ordering::SeqCst);
    becomes(&proxy, "DOWN");
}

#[test]
fn a_server_that_says_nothing_to_a_check_is_down() {
    let origin = Origin::scripted(|mut peer| {
        peer.head()?;
        peer.fall_silent()
    });
    let proxy = proxy("option httpchk GET /", &origin);
    becomes(&proxy, "DOWN");
    assert_eq!(proxy.stats().field("app", "s1", "check_status"), "L7TOUT");
}

#[test]
fn without_a_protocol_a_connection_is_enough() {
    let origin = Origin::scripted(|peer| peer.fall_silent());
    let proxy = proxy("", &origin);
    eventually("a check", || (proxy.stats().field("app", "s1", "check_status") == "L4OK").then_some(()));
    drop(origin);
    becomes(&proxy, "DOWN");
    assert_eq!(proxy.stats().field("app", "s1", "check_status"), "L4CON");
}
