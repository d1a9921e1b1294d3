//! HTTP/1 from a client to a server and back: what RFC 9112 lets them do, the proxy in between lets them do too.

use std::sync::{Arc, Barrier};

use portero_tests::{Origin, Proxy, eventually};

const CONFIG: &str = "
    defaults
        mode http
        timeout client 10s
        timeout server 10s
        timeout connect 5s
    frontend front
        bind ${front}
        default_backend app
    backend app
        server s1 ${origin}
    ";

fn proxy_before(origin: &Origin) -> Proxy {
    Proxy::with(CONFIG).set("origin", origin.address()).start()
}

/// An origin that answers each request with its own body.
fn echo() -> Origin {
    Origin::scripted(|mut peer| {
        loop {
            let (_, body) = peer.request()?;
            peer.send(format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n", body.len()))?;
            peer.send(body)?;
        }
    })
}

/// An origin that answers with the target that was asked for.
fn naming_targets() -> Origin {
    Origin::scripted(|mut peer| {
        loop {
            let (head, _) = peer.request()?;
            let target = head.start_line().split(' ').nth(1).unwrap_or_default().to_owned();
            peer.send(format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{target}", target.len()))?;
        }
    })
}

#[test]
fn a_connection_serves_many_requests() {
    let origin = naming_targets();
    let proxy = proxy_before(&origin);
    let mut client = proxy.connect();
    for target in ["/1", "/2", "/3"] {
        assert_eq!(client.get(target).text(), target);
    }
    assert_eq!(origin.connections(), 1, "the server's connection is kept as well");
}

#[test]
fn pipelined_requests_are_answered_in_order() {
    let proxy_origin = naming_targets();
    let proxy = proxy_before(&proxy_origin);
    let mut client = proxy.connect();
    let requests: String = (0..20).map(|n| format!("GET /{n} HTTP/1.1\r\nHost: a\r\n\r\n")).collect();
    client.send(requests);
    for number in 0..20 {
        assert_eq!(client.response().text(), format!("/{number}"));
    }
}

#[test]
fn a_head_may_come_byte_by_byte() {
    let origin = naming_targets();
    let proxy = proxy_before(&origin);
    let mut client = proxy.connect();
    for byte in b"GET /slow HTTP/1.1\r\nHost: a\r\n\r\n" {
        client.send([*byte]);
    }
    assert_eq!(client.response().text(), "/slow");
}

#[test]
fn connection_close_is_honoured_and_answered() {
    let origin = naming_targets();
    let proxy = proxy_before(&origin);
    let mut client = proxy.connect();
    client.send("GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
    let response = client.response();
    assert_eq!(response.header("connection").map(str::to_lowercase).as_deref(), Some("close"));
    client.expect_closed();
    assert_eq!(origin.heads()[0].header("connection"), None, "hop by hop: not for the server");
}

#[test]
fn http_1_0_closes_unless_it_asks_to_stay() {
    let origin = naming_targets();
    let proxy = proxy_before(&origin);

    let mut short = proxy.connect();
    assert_eq!(short.send("GET /short HTTP/1.0\r\n\r\n").response().text(), "/short");
    short.expect_closed();

    let mut long = proxy.connect();
    for _ in 0..2 {
        let response = long.send("GET /long HTTP/1.0\r\nConnection: keep-alive\r\n\r\n").response();
        assert_eq!(response.text(), "/long");
        assert_eq!(response.header("connection").map(str::to_lowercase).as_deref(), Some("keep-alive"));
    }
}

#[test]
fn bodies_pass_whole_in_both_framings() {
    let origin = echo();
    let proxy = proxy_before(&origin);
    let mut client = proxy.connect();
    let large = "0123456789abcdef".repeat(40_000);
    client.send(format!("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: {}\r\n\r\n{large}", large.len()));
    assert!(client.response().text() == large, "a body with a length");

    client.send("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n");
    client.send("5\r\nhello\r\n").send("7;ext=1\r\n, world\r\n").send("0\r\n\r\n");
    assert_eq!(client.response().text(), "hello, world");
}

#[test]
fn trailers_pass_both_ways() {
    let origin = Origin::scripted(|mut peer| {
        let head = peer.head()?;
        let (body, trailers) = peer.body(&head)?;
        assert_eq!(
            (body.as_slice(), trailers.trim().to_lowercase().as_str()),
            (b"abc".as_slice(), "x-up: 1")
        );
        peer.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\nX-Down: 2\r\n\r\n")
    });
    let proxy = proxy_before(&origin);
    let mut client = proxy.connect();
    client.send(
        "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\nX-Up: 1\r\n\r\n",
    );
    let response = client.response();
    assert_eq!(response.text(), "ok");
    assert_eq!(response.trailers.trim().to_lowercase(), "x-down: 2");
}

#[test]
fn a_response_that_ends_with_the_connection_passes_whole() {
    let text = "x".repeat(100_000);
    let origin = Origin::replying_once(format!("HTTP/1.1 200 OK\r\n\r\n{text}"));
    let proxy = proxy_before(&origin);
    assert!(proxy.get("/").text() == text);
    // to an HTTP/1.0 client, who knows no chunks, the end of the connection is the end of the body as well
    let mut old = proxy.connect();
    assert!(old.send("GET / HTTP/1.0\r\n\r\n").response().text() == text);
}

#[test]
fn responses_without_a_body_leave_the_connection_in_step() {
    let origin = Origin::scripted(|mut peer| {
        loop {
            let (head, _) = peer.request()?;
            let line = head.start_line();
            peer.send(match line {
                _ if line.starts_with("HEAD") => "HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n",
                _ if line.contains("/204") => "HTTP/1.1 204 No Content\r\n\r\n",
                _ if line.contains("/304") => "HTTP/1.1 304 Not Modified\r\nContent-Length: 1000\r\n\r\n",
                _ => "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok",
            })?;
        }
    });
    let proxy = proxy_before(&origin);
    let mut client = proxy.connect();

    client.send("HEAD / HTTP/1.1\r\nHost: a\r\n\r\n");
    let head = client.head_only();
    assert_eq!((head.status(), head.header("content-length")), (200, Some("1000")));
    assert_eq!(client.get("/204").status(), 204);
    assert_eq!(client.get("/304").status(), 304);
    assert_eq!(client.get("/").text(), "ok");
}

#[test]
fn expect_100_continue_reaches_the_server_and_its_answer_comes_back() {
    let origin = Origin::scripted(|mut peer| {
        let head = peer.head()?;
        assert_eq!(head.header("expect"), Some("100-continue"));
        peer.send("HTTP/1.1 100 Continue\r\n\r\n")?;
        let (body, _) = peer.body(&head)?;
        assert_eq!(body, b"hello");
        peer.send("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\ndone")
    });
    let proxy = proxy_before(&origin);
    let mut client = proxy.connect();
    client.send("PUT / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\n");
    assert_eq!(client.response().status(), 100);
    assert_eq!(client.send("hello").response().text(), "done");
}

#[test]
fn other_informational_responses_are_passed_on() {
    let origin = Origin::replying(
        "HTTP/1.1 103 Early Hints\r\nLink: </a.css>; rel=preload\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok",
    );
    let proxy = proxy_before(&origin);
    let mut client = proxy.connect();
    let early = client.get("/");
    assert_eq!((early.status(), early.header("link")), (103, Some("</a.css>; rel=preload")));
    assert_eq!(client.response().text(), "ok");
}

#[test]
fn an_upgrade_becomes_a_tunnel() {
    let origin = Origin::scripted(|mut peer| {
        let head = peer.head()?;
        assert_eq!(head.header("upgrade"), Some("echo"));
        peer.send("HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\nfirst")?;
        let heard = peer.exactly(5)?;
        peer.send(heard)
    });
    let proxy = proxy_before(&origin);
    let mut client = proxy.connect();
    client.send("GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n");
    let response = client.response();
    assert_eq!((response.status(), response.header("upgrade")), (101, Some("echo")));
    assert_eq!(client.exactly(5), b"first");
    assert_eq!(client.send("hello").exactly(5), b"hello");
    client.expect_closed();
}

#[test]
fn an_early_reply_reaches_the_client_while_it_still_sends() {
    let origin = Origin::scripted(|mut peer| {
        peer.head()?;
        peer.send("HTTP/1.1 413 Content Too Large\r\nContent-Length: 3\r\nConnection: close\r\n\r\nbig")?;
        peer.fall_silent()
    });
    let proxy = proxy_before(&origin);
    let mut client = proxy.connect();
    client.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 100000000\r\n\r\nsome of it");
    let response = client.response();
    assert_eq!((response.status(), response.text().as_str()), (413, "big"));
}

#[test]
fn a_client_that_ends_its_direction_is_still_answered() {
    let origin = naming_targets();
    // newer versions of HAProxy take a half-closed connection for a client that left, unless told otherwise
    let config = CONFIG.replace("mode http", "mode http\n        no option abortonclose");
    let proxy = Proxy::with(&config).set("origin", origin.address()).start();
    let mut client = proxy.connect();
    client.send("GET /half HTTP/1.1\r\nHost: a\r\n\r\n").half_close();
    assert_eq!(client.response().text(), "/half");
    client.expect_closed();
}

#[test]
fn a_last_answer_arrives_whole_whatever_the_client_still_sends() {
    let surplus_is_there = Arc::new(Barrier::new(2));
    let gate = surplus_is_there.clone();
    let origin = Origin::scripted(move |mut peer| {
        peer.head()?;
        gate.wait();
        peer.send("HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nanswer")
    });
    // what comes behind the request is not looked at while the server works: the close finds it unread
    let config = CONFIG.replace("mode http", "mode http\n        no option abortonclose");
    let proxy = Proxy::with(&config).set("origin", origin.address()).start();
    let mut client = proxy.connect();
    client.send("GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
    eventually("the request at the origin", || (!origin.heads().is_empty()).then_some(()));
    client.send("GET /more HTTP/1.1\r\nHost: a\r\n\r\n");
    surplus_is_there.wait();
    assert_eq!(client.response().text(), "answer");
}

#[test]
fn hop_by_hop_headers_stop_here_and_all_others_keep_their_order() {
    let origin = Origin::replying(
        "HTTP/1.1 200 OK\r\nA: 1\r\nKeep-Alive: timeout=5\r\nB: 2\r\nA: 3\r\nContent-Length: 0\r\n\r\n",
    );
    let proxy = proxy_before(&origin);
    let mut client = proxy.connect();
    client.send(
        "GET / HTTP/1.1\r\nHost: a\r\nX: 1\r\nConnection: keep-alive, X-Secret\r\nY: 2\r\nX: 3\r\n\r\n",
    );
    let response = client.response();
    assert_eq!(response.head.headers("a"), ["1", "3"]);

    let heads = origin.heads();
    let names: Vec<_> = heads[0].0.lines().skip(1).filter_map(|line| line.split(':').next()).collect();
    let named: Vec<_> =
        names.iter().filter(|name| ["x", "y"].contains(&name.to_lowercase().as_str())).collect();
    assert_eq!(named.len(), 3);
    assert_eq!(heads[0].headers("x"), ["1", "3"]);
    assert!(
        !heads[0].0.to_lowercase().contains("keep-alive"),
        "Connection and what it names: {:?}",
        heads[0]
    );
}
