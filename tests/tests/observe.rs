//! `observe`: what traffic sees of a server counts as checks do.

use portero_tests::{Origin, Proxy, Syslog};

const CONFIG: &str = "
    global
        log ${log} local0
    defaults
        mode http
        timeout client 10s
        timeout server 10s
        timeout connect 1s
    frontend front
        bind ${front}
        default_backend app
    backend app
        log global
        server s1 ${origin} check inter 1h observe ${observe} error-limit 3 on-error mark-down
        server spare ${spare} backup
    ";

fn proxy(origin: &Origin, spare: &Origin, log: &Syslog, observe: &str) -> Proxy {
    Proxy::with(CONFIG)
        .set("origin", origin.address())
        .set("spare", spare.address())
        .set("log", log.address())
        .set("observe", observe)
        .start()
}

#[test]
fn a_server_that_answers_with_errors_is_taken_out_after_so_many_in_a_row() {
    let broken = Origin::replying("HTTP/1.1 500 Oops\r\nContent-Length: 0\r\n\r\n");
    let (spare, log) = (Origin::answering("spare"), Syslog::udp());
    let proxy = proxy(&broken, &spare, &log, "layer7");
    for _ in 0..3 {
        assert_eq!(proxy.get("/").status(), 500);
    }
    log.line_with(&["Server app/s1 is DOWN", "Detected 3 consecutive errors", "Wrong http response"]);
    assert_eq!(proxy.get("/").text(), "spare");
}

#[test]
fn connections_alone_say_nothing_of_answers() {
    let broken = Origin::replying("HTTP/1.1 500 Oops\r\nContent-Length: 0\r\n\r\n");
    let (spare, log) = (Origin::answering("spare"), Syslog::udp());
    let proxy = proxy(&broken, &spare, &log, "layer4");
    for _ in 0..6 {
        assert_eq!(proxy.get("/").status(), 500, "it is there, whatever it says");
    }
}
