//! Time-outs: each ends the right wait, with the right status and termination state.

use portero_tests::{Origin, Proxy, Syslog};

const CONFIG: &str = "
    global
        log ${log} local0
    defaults
        mode http
        log global
        option httplog
        timeout client ${client}
        timeout server ${server}
        timeout connect 1s
        timeout http-keep-alive 300ms
    frontend front
        bind ${front}
        default_backend app
    backend app
        server s1 ${origin}
    ";

fn proxy(client: &str, server: &str, origin: &Origin, log: &Syslog) -> Proxy {
    let proxy = Proxy::with(CONFIG).set("client", client).set("server", server);
    proxy.set("origin", origin.address()).set("log", log.address()).start()
}

#[test]
fn an_idle_client_is_let_go_without_a_word() {
    let (origin, log) = (Origin::answering("hello"), Syslog::udp());
    let proxy = proxy("10s", "10s", &origin, &log);
    let mut client = proxy.connect();
    assert_eq!(client.get("/").text(), "hello");
    client.expect_closed();
    assert_eq!(proxy.get("/").text(), "hello");
}

#[test]
fn a_client_that_stops_in_its_body() {
    let (origin, log) = (Origin::answering("never"), Syslog::udp());
    let proxy = proxy("300ms", "10s", &origin, &log);
    let mut client = proxy.connect();
    client.send("POST /stops HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\nfive!");
    let answer = String::from_utf8(client.rest()).expect("text");
    // HAProxy 3.5 answers 400 here, RFC 9110 has 408 for it; 2.6 said 504, as if the server were at fault
    assert!(["HTTP/1.1 400", "HTTP/1.1 408"].contains(&&answer[..12]), "{answer:?}");
    let line = log.line_with(&["POST /stops"]);
    assert!(line.contains(" cD-- ") || line.contains(" cH-- "), "{line}");
}

#[test]
fn a_server_that_stops_in_its_body() {
    let log = Syslog::udp();
    let origin = Origin::scripted(|mut peer| {
        peer.head()?;
        peer.send("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nfive!")?;
        peer.fall_silent()
    });
    let proxy = proxy("10s", "300ms", &origin, &log);
    let mut client = proxy.connect();
    client.send("GET /stops HTTP/1.1\r\nHost: a\r\n\r\n").head_only();
    assert_eq!(client.rest(), b"five!");
    log.line_with(&["GET /stops", " 200 ", " sD-- "]);
}

#[test]
fn a_server_that_takes_its_time_but_keeps_sending_is_not_cut() {
    let log = Syslog::udp();
    let origin = Origin::scripted(|mut peer| {
        peer.head()?;
        peer.send("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n")?;
        for _ in 0..10 {
            #[expect(clippy::disallowed_methods, reason = "a slow server")]
            std::thread::sleep(std::time::Duration::from_millis(60));
            peer.send("x")?;
        }
        Ok(())
    });
    let proxy = proxy("10s", "300ms", &origin, &log);
    assert_eq!(proxy.get("/slow").text(), "xxxxxxxxxx");
    log.line_with(&["GET /slow", " 200 ", " ---- "]);
}
