//! A try that fails: what is tried again, where, and what is counted and logged of it.

use std::time::{Duration, Instant};

use portero_tests::{Origin, Proxy, Syslog};

const CONFIG: &str = "
    global
        log ${log} local0
        nbthread 1
    defaults
        mode http
        log global
        log-format \"%b/%s rc=%rc %ST %ts\"
        timeout client 5s
        timeout server ${server_time}
        timeout connect 200ms
    frontend front
        bind ${front}
        stats uri /stats
        default_backend app
    backend app
        balance roundrobin
        ${backend}
        server bad ${bad}
        server good ${good}
    ";

struct Retried {
    proxy: Proxy,
    log: Syslog,
    good: Origin,
}

fn retried(backend: &str, bad: impl ToString) -> Retried {
    let (log, good) = (Syslog::udp(), Origin::answering("good"));
    let proxy = Proxy::with(CONFIG)
        .set("backend", backend)
        .set("bad", bad.to_string())
        .set("good", good.address())
        .set("log", log.address())
        .set("server_time", if backend.contains("timeout") { "300ms" } else { "5s" })
        .start();
    Retried { proxy, log, good }
}

impl Retried {
    /// Of a server: `econ`, `eresp`, `wretr`, `wredis`.
    fn counts(&self, server: &str) -> [u64; 4] {
        let stats = self.proxy.stats();
        ["econ", "eresp", "wretr", "wredis"].map(|field| stats.number("app", server, field))
    }
}

#[test]
fn a_refused_connection_is_tried_on_another_server_at_once() {
    let case = retried("", Origin::nobody());
    let began = Instant::now();
    assert_eq!(case.proxy.get("/").text(), "good");
    assert!(began.elapsed() < Duration::from_millis(150), "without a pause");
    case.log.line_with(&["app/good rc=+1 200 --"]);
    assert_eq!(case.counts("bad"), [0, 0, 0, 1], "a redispatch is no retry, and no failure in the end");
    assert_eq!(case.counts("BACKEND"), [0, 0, 0, 1]);
}

#[test]
fn a_session_is_tried_on_another_server_as_well() {
    let (log, good) = (Syslog::udp(), Origin::answering("good"));
    let config = CONFIG.replace("mode http", "mode tcp").replace("stats uri /stats", "");
    let proxy = Proxy::with(&config)
        .set("backend", "")
        .set("bad", Origin::nobody())
        .set("good", good.address())
        .set("log", log.address())
        .set("server_time", "5s")
        .start();
    assert_eq!(proxy.get("/").text(), "good");
    log.line_with(&["app/good rc=+1 "]);
}

#[test]
fn a_request_that_is_bound_to_its_server_stays_there() {
    let case = retried("retries 2\n        use-server bad if TRUE", Origin::nobody());
    let began = Instant::now();
    assert_eq!(case.proxy.get("/").status(), 503);
    assert!(began.elapsed() >= Duration::from_millis(390), "two pauses of the connect time");
    case.log.line_with(&["app/bad rc=2 503 SC"]);
    assert_eq!(case.counts("bad"), [1, 0, 2, 0]);
    assert_eq!(case.good.connections(), 0);
}

#[test]
fn a_bound_request_leaves_its_server_at_the_last_try_with_redispatch() {
    let backend = "retries 2\n        option redispatch\n        use-server bad if TRUE";
    let case = retried(backend, Origin::nobody());
    assert_eq!(case.proxy.get("/").text(), "good");
    case.log.line_with(&["app/good rc=+2 200 --"]);
    assert_eq!(case.counts("bad"), [0, 0, 1, 1]);
}

#[test]
fn nothing_is_tried_again_where_retry_on_says_none() {
    let case = retried("retry-on none", Origin::nobody());
    assert_eq!(case.proxy.get("/").status(), 503);
    case.log.line_with(&["app/bad rc=0 503 SC"]);
}

#[test]
fn a_status_that_retry_on_names_is_never_seen() {
    let bad = Origin::replying("HTTP/1.1 503 No\r\nContent-Length: 2\r\n\r\nno");
    let case = retried("retry-on 503", bad.address());
    assert_eq!(case.proxy.get("/").text(), "good");
    case.log.line_with(&["app/good rc=+1 200 --"]);
    let stats = case.proxy.stats();
    assert_eq!(stats.number("app", "bad", "hrsp_5xx"), 0);
    assert_eq!(case.counts("bad")[..2], [0, 0]);
}

#[test]
fn the_last_answer_is_given_when_all_tries_are_used() {
    let bad = Origin::replying("HTTP/1.1 503 No\r\nContent-Length: 2\r\n\r\nno");
    let case = retried("retries 0\n        retry-on 503", bad.address());
    assert_eq!(case.proxy.get("/").text(), "no");
}

#[test]
fn a_small_body_is_sent_again() {
    let bad = Origin::scripted(|mut peer| peer.request().map(drop));
    let case = retried("retry-on empty-response", bad.address());
    let mut client = case.proxy.connect();
    client.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello");
    assert_eq!(client.response().text(), "good");
    case.log.line_with(&["app/good rc=+1 200 --"]);
    assert_eq!(case.good.heads()[0].header("content-length"), Some("5"));
}

#[test]
fn an_empty_response_is_an_error_unless_retry_on_names_it() {
    let bad = Origin::scripted(|mut peer| peer.request().map(drop));
    let case = retried("retry-on junk-response", bad.address());
    assert_eq!(case.proxy.get("/").status(), 502);
    assert_eq!(case.counts("bad"), [0, 1, 0, 0]);
}

#[test]
fn junk_and_silence_are_tried_again_where_retry_on_names_them() {
    let junk = Origin::replying_once("what?\r\n\r\n");
    let case = retried("retry-on junk-response", junk.address());
    assert_eq!(case.proxy.get("/").text(), "good");
    let silent = Origin::scripted(|mut peer| {
        peer.request()?;
        peer.fall_silent()
    });
    let case = retried("retry-on response-timeout", silent.address());
    assert_eq!(case.proxy.get("/").text(), "good");
    let case = retried("retry-on all-retryable-errors", junk.address());
    assert_eq!(case.proxy.get("/").text(), "good");
}

#[test]
fn an_idle_connection_that_has_died_is_no_fault_of_the_server() {
    let bad = Origin::scripted(|mut peer| {
        peer.request()?;
        peer.send("HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nbad")?;
        peer.head().map(drop)
    });
    let case = retried("balance first\n        retries 0", bad.address());
    let mut client = case.proxy.connect();
    let began = Instant::now();
    assert_eq!((client.get("/").text(), client.get("/").text()), ("bad".to_owned(), "bad".to_owned()));
    assert!(began.elapsed() < Duration::from_millis(150), "without a pause");
    case.log.line_with(&["app/bad rc=1 200 --"]);
    assert_eq!(case.counts("bad"), [0, 0, 1, 0]);
    assert_eq!(bad.connections(), 2);
}
