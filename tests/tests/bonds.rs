//! Which connections to servers a client may use, and what becomes of them behind a response.

use portero_tests::{Origin, Proxy};

fn proxy(origin: &Origin, backend: &str) -> Proxy {
    let config = format!(
        "
        global
            nbthread 1
        defaults
            mode http
            timeout client 10s
            timeout server 10s
            timeout connect 5s
        frontend front
            bind ${{front}}
            default_backend app
        backend app
            {backend}
            server s1 ${{origin}}
        "
    );
    Proxy::with(&config).set("origin", origin.address()).start()
}

#[test]
fn with_reuse_never_a_client_keeps_a_connection_of_its_own() {
    let origin = Origin::answering("x");
    let proxy = proxy(&origin, "http-reuse never");
    let (mut one, mut two) = (proxy.connect(), proxy.connect());
    for _ in 0..3 {
        one.get("/");
        two.get("/");
    }
    assert_eq!(origin.connections(), 2);
    one.leave();
    proxy.get("/");
    assert_eq!(origin.connections(), 3, "what was another client's is not taken");
}

#[test]
fn an_authenticated_connection_is_nobody_elses() {
    let origin =
        Origin::replying("HTTP/1.1 401 Unauthorized\r\nWWW-Authenticate: NTLM\r\nContent-Length: 0\r\n\r\n");
    let proxy = proxy(&origin, "http-reuse always");
    let mut one = proxy.connect();
    one.get("/");
    one.get("/");
    assert_eq!(origin.connections(), 1);
    let mut two = proxy.connect();
    two.get("/");
    assert_eq!(origin.connections(), 2);
}

#[test]
fn a_connection_carries_only_what_is_meant_for_where_it_leads() {
    for (reuse, of_another_client) in [("never", 2), ("always", 1)] {
        let (one, two) = (Origin::answering("one"), Origin::answering("two"));
        let config = format!(
            "
            global
                nbthread 1
            listen front
                bind ${{front}}
                mode http
                timeout client 10s
                timeout server 10s
                timeout connect 5s
                http-reuse {reuse}
                http-request set-dst-port url_param(port)
                server s 127.0.0.1
            "
        );
        let proxy = Proxy::with(&config).start();
        let (to_one, to_two) =
            (format!("/?port={}", one.address().port()), format!("/?port={}", two.address().port()));
        let mut client = proxy.connect();
        for (path, text) in [(&to_one, "one"), (&to_two, "two"), (&to_one, "one")] {
            assert_eq!(client.get(path).text(), text, "http-reuse {reuse}");
        }
        assert_eq!(one.connections(), 1, "http-reuse {reuse}: the second request there came the same way");
        client.leave();
        proxy.get(&to_one);
        assert_eq!(one.connections(), of_another_client, "http-reuse {reuse}");
    }
}

#[test]
fn a_response_of_length_zero_ends_at_once() {
    let origin = Origin::replying("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
    let proxy = proxy(&origin, "timeout server 60s");
    let mut client = proxy.connect();
    assert_eq!(client.get("/1").status(), 200);
    assert_eq!(client.get("/2").status(), 200);
}

#[test]
fn a_client_that_asked_with_head_gets_no_body_whatever_a_rule_made_of_it() {
    let origin = Origin::answering("twelve bytes");
    let proxy = proxy(&origin, "http-request set-method GET");
    let mut client = proxy.connect();
    let head = client.send("HEAD /1 HTTP/1.1\r\nHost: a\r\n\r\n").head_only();
    assert_eq!((head.status(), head.header("content-length")), (200, Some("12")));
    assert_eq!(client.get("/2").text(), "twelve bytes");
    assert_eq!(origin.connections(), 1, "the body was read, and the connection goes on");
}

#[test]
fn a_body_that_is_still_coming_goes_over_a_connection_that_was_in_use_just_now() {
    let origin = Origin::answering("x");
    let proxy = proxy(&origin, "");
    let mut client = proxy.connect();
    client.get("/");
    client.send("POST /2 HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n");
    client.send("0\r\n\r\n");
    assert_eq!(client.response().status(), 200);
    assert_eq!(origin.connections(), 1);
}
