//! Rules that change how one exchange is handled: its time-outs, its tries, its place in the queue.

use std::sync::mpsc;
use std::sync::{Arc, Mutex};

use portero_tests::{Origin, Proxy, eventually};

const CONFIG: &str = "
    global
        nbthread 1
    defaults
        mode http
        timeout client 60s
        timeout server 60s
        timeout connect 5s
        timeout queue 60s
        retries 3
    frontend front
        bind ${front}
        stats uri /stats
        ${front_rules}
        default_backend app
    backend app
        retry-on 503
        ${back_rules}
        server s1 ${app} maxconn 1
    ";

fn proxy(app: &Origin, front: &str, back: &str) -> Proxy {
    Proxy::with(CONFIG).set("front_rules", front).set("back_rules", back).set("app", app.address()).start()
}

#[test]
fn a_server_has_the_time_that_a_rule_gives() {
    let app = Origin::scripted(|mut peer| {
        peer.head()?;
        peer.fall_silent()
    });
    let proxy = proxy(&app, "", "http-request set-timeout server req.hdr(t) if { req.hdr(t) -m found }");
    let response = proxy.connect().send("GET / HTTP/1.1\r\nHost: a\r\nT: 100\r\n\r\n").response();
    assert_eq!(response.status(), 504);
}

#[test]
fn a_client_has_the_time_that_a_rule_gives() {
    let app = Origin::scripted(|mut peer| peer.request().map(drop));
    let proxy = proxy(&app, "http-request set-timeout client 100ms", "");
    let mut client = proxy.connect();
    client.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhe");
    assert_eq!(client.response().status(), 408);
}

#[test]
fn what_a_frontend_says_of_the_server_does_not_reach_another_backend() {
    let app = Origin::answering("hello");
    let front = "http-after-response set-header t \"%[cur_client_timeout] %[cur_server_timeout] %[be_queue_timeout]\"";
    let proxy = proxy(&app, &format!("http-request set-timeout client 3s\n{front}"), "");
    assert_eq!(proxy.get("/").header("t"), Some("3000 60000 60000"));
}

#[test]
fn tries_are_as_many_as_a_rule_says() {
    let busy = "HTTP/1.1 503 Busy\r\nContent-Length: 0\r\n\r\n";
    for (rule, tries) in [
        ("", 4),
        ("http-request set-retries 1", 2),
        ("http-request set-retries 0", 1),
        ("http-request disable-l7-retry", 1),
    ] {
        let app = Origin::replying(busy);
        let proxy = proxy(&app, "", rule);
        assert_eq!(proxy.get("/").status(), 503, "{rule}");
        assert_eq!(app.heads().len(), tries, "{rule}");
    }
}

#[test]
fn a_lower_class_waits_less() {
    let (leave, gate) = mpsc::channel::<()>();
    let gate = Arc::new(Mutex::new(gate));
    let app = Origin::scripted(move |mut peer| {
        loop {
            let (head, _) = peer.request()?;
            if head.start_line().starts_with("GET /first ") {
                gate.lock().expect("one at a time").recv().expect("the test goes on");
            }
            peer.send("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")?;
        }
    });
    let rules = "http-request set-priority-class int(-1) if { path /urgent }\n\
                 http-request set-priority-offset int(-60000) if { path /sooner }";
    let proxy = proxy(&app, "", rules);
    let queued = |count: &str| {
        eventually("so many wait", || (proxy.stats().field("app", "BACKEND", "qcur") == count).then_some(()));
    };
    let mut clients = Vec::new();
    for (path, waiting) in [("/first", "0"), ("/usual", "1"), ("/sooner", "2"), ("/urgent", "3")] {
        let mut client = proxy.connect();
        client.send(format!("GET {path} HTTP/1.1\r\nHost: a\r\n\r\n"));
        eventually("it has come", || (proxy.stats().field("app", "BACKEND", "scur") != "0").then_some(()));
        queued(waiting);
        clients.push(client);
    }
    leave.send(()).expect("the origin waits");
    for client in &mut clients {
        assert_eq!(client.response().status(), 200);
    }
    let paths: Vec<_> = app.heads().iter().map(|head| head.start_line().to_owned()).collect();
    let paths: Vec<_> = paths.iter().filter_map(|line| line.split(' ').nth(1)).collect();
    assert_eq!(paths, ["/first", "/urgent", "/sooner", "/usual"]);
}

#[test]
fn hints_come_before_the_response() {
    let app = Origin::answering("hello");
    let rules = "http-request early-hint Link </a.css>;rel=preload\nhttp-request early-hint X %[path]";
    let proxy = proxy(&app, rules, "http-request early-hint Back yes if { path /back }");
    let mut client = proxy.connect();
    client.send("GET /p HTTP/1.1\r\nHost: a\r\n\r\n");
    let hint = client.head_only();
    assert_eq!(
        (hint.status(), hint.header("link"), hint.header("x")),
        (103, Some("</a.css>;rel=preload"), Some("/p"))
    );
    assert_eq!(client.response().text(), "hello");
    client.send("GET /back HTTP/1.1\r\nHost: a\r\n\r\n");
    assert_eq!(client.head_only().header("x"), Some("/back"));
    assert_eq!(client.head_only().header("back"), Some("yes"));
    assert_eq!(client.response().text(), "hello");
    let old = proxy.connect().send("GET / HTTP/1.0\r\n\r\n").response();
    assert_eq!(old.status(), 200);
}
