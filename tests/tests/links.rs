//! What is said of connections: why they failed, and how many bytes went over them.

use portero_tests::{Client, Origin, Proxy, Syslog};

const CONFIG: &str = "
    defaults
        mode http
        log ${log} local0
        timeout client 5s
        timeout server 5s
        timeout connect 5s
        retries 0
        log-format \"%f %ST %[bc_err]/%[bc_err_name]/%[bc_err_str] %[fc_err]/%[fc_err_str] %[req.bytes_out]/%[res.bytes_in]\"
    listen front
        bind ${front}
        option http-buffer-request
        server s1 ${server}
    listen announced
        bind ${announced} accept-proxy name door
        ${error}
        server s1 ${server}
    ";

fn proxy(log: &Syslog, server: impl ToString, error: &str) -> Proxy {
    let starting = Proxy::with(CONFIG).door("announced").set("log", log.address()).set("error", error);
    starting.set("server", server.to_string()).start()
}

#[test]
fn a_server_that_refuses_or_breaks_is_named_in_the_log() {
    let log = Syslog::udp();
    let refusing = proxy(&log, Origin::nobody(), "");
    assert_eq!(refusing.get("/").status(), 503);
    log.line_with(&["front 503 46/EREFUSED/ECONNREFUSED returned by OS 0/Success 0/0"]);
    let breaking = Origin::scripted(|mut peer| {
        peer.request()?;
        peer.reset()
    });
    let broken = proxy(&log, breaking.address(), "");
    assert_eq!(broken.get("/").status(), 502);
    log.line_with(&["front 502 47/ERESET/ECONNRESET returned by OS"]);
}

#[test]
fn bytes_are_counted_at_the_server_as_well() {
    let log = Syslog::udp();
    let answer = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n";
    let origin = Origin::replying(answer);
    let proxy = proxy(&log, origin.address(), "");
    let request = "POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 4\r\n\r\nbody";
    assert_eq!(proxy.connect().send(request).response().text(), "abc");
    let line = format!("front 200 0/-/Success 0/Success {}/{}", request.len(), answer.len());
    log.line_with(&[&line]);
}

#[test]
fn a_client_without_a_proxy_header_is_logged() {
    let (log, origin) = (Syslog::udp(), Origin::answering("x"));
    let usual = proxy(&log, origin.address(), "");
    let nonsense = [
        ("GET / HTTP/1.1\r\n\r\n", "Received something which does not look like a PROXY protocol header"),
        ("PROXY TCP4 a b 1 2\r\n", "Received an invalid PROXY protocol header"),
        ("PROXY FOO a b 1 2\r\n", "Received an unhandled protocol in the PROXY protocol header"),
    ];
    for (said, message) in nonsense {
        Client::to(usual.door("announced")).send(said).expect_closed();
        log.line_with(&["announced/door: ", message]);
    }
    Client::to(usual.door("announced")).half_close();
    log.line_with(&["announced/door: Connection closed while waiting for PROXY protocol header"]);
    let own = proxy(&log, origin.address(), "error-log-format \"%[fc_err] %[fc_err_name]\"");
    Client::to(own.door("announced")).send("PROXY TCP4 1").half_close();
    log.line_with(&["14 PRX_TRUNCATED"]);
}
