//! When rules see what: bodies that are waited for, addresses and ids that last as long as they should, clients that
//! leave.

use portero_tests::{Origin, Proxy, Syslog};

const TIMES: &str = "
    defaults
        mode http
        timeout client 10s
        timeout server 10s
        timeout connect 5s
    ";

fn with(rest: &str, origin: &Origin) -> Proxy {
    Proxy::with(&format!("{TIMES}{rest}")).set("origin", origin.address()).start()
}

#[test]
fn response_rules_can_wait_for_the_body() {
    let origin = Origin::scripted(|mut peer| {
        peer.request()?;
        peer.send("HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nabc")?;
        peer.fall_silent()
    });
    let rules = "
    listen front
        bind ${front}
        http-response wait-for-body time 200ms
        server s1 ${origin}
    ";
    let proxy = with(rules, &origin);
    assert_eq!(proxy.get("/").status(), 504);
}

#[test]
fn a_response_that_was_waited_for_arrives_whole() {
    let origin = Origin::replying(
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n3\r\ndef\r\n0\r\nT: 1\r\n\r\n",
    );
    let rules = "
    listen front
        bind ${front}
        http-response wait-for-body time 5s at-least 2
        server s1 ${origin}
    ";
    let proxy = with(rules, &origin);
    let mut client = proxy.connect();
    for _ in 0..2 {
        assert_eq!(client.get("/").text(), "abcdef");
    }
}

#[test]
fn content_rules_wait_for_the_body_as_long_as_the_inspect_delay() {
    let origin = Origin::answering("x");
    let rules = "
    frontend front
        bind ${front}
        tcp-request inspect-delay 5s
        tcp-request content accept if WAIT_END
        http-request deny if { req.body -m sub evil }
        default_backend app
    backend app
        server s1 ${origin}
    ";
    let proxy = with(rules, &origin);
    let mut client = proxy.connect();
    client.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n\r\n");
    assert_eq!(client.send("evil").response().status(), 403);
    let good = proxy.connect().send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n\r\ngood").response();
    assert_eq!(good.status(), 200);
}

#[test]
fn an_address_that_a_request_rule_sets_is_that_requests_alone() {
    let origin = Origin::answering("x");
    let rules = "
    frontend front
        bind ${front}
        tcp-request connection set-src ipv4(10.0.0.1)
        http-request set-src hdr(x-from)
        http-request return status 200 hdr x-src %[src] hdr x-socket %[fc_src]
    ";
    let proxy = with(rules, &origin);
    let mut client = proxy.connect();
    let set = client.send("GET / HTTP/1.1\r\nHost: a\r\nX-From: 192.0.2.9\r\n\r\n").response();
    assert_eq!((set.header("x-src"), set.header("x-socket")), (Some("192.0.2.9"), Some("10.0.0.1")));
    assert_eq!(client.get("/").header("x-src"), Some("10.0.0.1"));
}

#[test]
fn a_unique_id_is_made_when_it_is_first_asked_for() {
    let origin = Origin::answering("x");
    let rules = "
    frontend front
        bind ${front}
        unique-id-format %[var(txn.id)]
        http-request set-var(txn.id) path
        http-response set-header x-id %[unique-id]
        default_backend app
    backend app
        server s1 ${origin}
    ";
    let proxy = with(rules, &origin);
    let mut client = proxy.connect();
    assert_eq!(client.get("/a").header("x-id"), Some("/a"));
    assert_eq!(client.get("/b").header("x-id"), Some("/b"));
}

#[test]
fn captures_of_rules_have_slots_in_the_order_written() {
    let origin = Origin::answering("x");
    let log = Syslog::udp();
    let rules = "
    defaults base
        mode http
        timeout client 10s
        http-request capture hdr(host) len 5
    frontend front from base
        bind ${front}
        log ${log} local0
        log-format \"%hr\"
        declare capture request len 9
        http-request capture path id 1
        declare capture request len 3
        http-request set-var(txn.path) path,capture-req(2)
        http-request return status 200
    ";
    let starting = Proxy::with(rules).set("log", log.address());
    let proxy = starting.set("origin", origin.address()).start();
    proxy.connect().send("GET /abc HTTP/1.1\r\nHost: somewhere\r\n\r\n").response();
    log.line_with(&["{somew|/abc|/ab}"]);
}

#[test]
fn a_client_that_leaves_takes_its_request_out_of_the_queue() {
    let origin = Origin::scripted(|mut peer| {
        peer.request()?;
        peer.fall_silent()
    });
    let log = Syslog::udp();
    let rules = "
    listen front
        bind ${front}
        option abortonclose
        option httplog
        log ${log} local0
        server s1 ${origin} maxconn 1
    ";
    let starting = Proxy::with(&format!("{TIMES}{rules}")).set("log", log.address());
    let proxy = starting.set("origin", origin.address()).start();
    let mut first = proxy.connect();
    first.send("GET /first HTTP/1.1\r\nHost: a\r\n\r\n");
    while origin.heads().is_empty() {
        std::thread::yield_now();
    }
    let mut second = proxy.connect();
    second.send("GET /second HTTP/1.1\r\nHost: a\r\n\r\n");
    second.half_close();
    log.line_with(&["/second", " -1 ", " CQ-- "]);
    first.half_close();
    log.line_with(&["/first", " 400 ", " CH-- "]);
}

#[test]
fn an_empty_error_file_ends_the_connection_without_a_word() {
    let origin = Origin::answering("x");
    let rules = "
    frontend front
        bind ${front}
        errorfile 403 /dev/null
        http-request deny deny_status 403
    ";
    let proxy = with(rules, &origin);
    proxy.connect().send("GET / HTTP/1.1\r\nHost: a\r\n\r\n").expect_closed();
}
