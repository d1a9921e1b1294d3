//! Filters: what passes through them arrives whole, in whatever pieces they let it pass.

use portero_tests::{Origin, Proxy};

const CONFIG: &str = "
    defaults
        mode ${mode}
        timeout client 5s
        timeout server 5s
        timeout connect 1s
    frontend front
        bind ${front}
        filter trace name FIRST quiet random-forwarding
        filter trace name SECOND quiet ${limit}
        ${sequence}
        default_backend app
    backend app
        filter trace name LAST quiet random-forwarding
        server s1 ${app}
    ";

fn proxy(app: &Origin, mode: &str, limit: &str) -> Proxy {
    let proxy = Proxy::with(CONFIG).set("mode", mode).set("limit", limit).set("sequence", "");
    proxy.set("app", app.address()).start()
}

/// An origin that sends every body back, framed as it came.
fn echo() -> Origin {
    Origin::scripted(|mut peer| {
        loop {
            let (head, body) = peer.request()?;
            let framing = match head.header("transfer-encoding") {
                Some(_) => chunked(&body),
                None => [format!("Content-Length: {}\r\n\r\n", body.len()).as_bytes(), &body].concat(),
            };
            peer.send([b"HTTP/1.1 200 OK\r\n", &framing[..]].concat())?;
        }
    })
}

fn chunked(body: &[u8]) -> Vec<u8> {
    let mut out = b"Transfer-Encoding: chunked\r\n\r\n".to_vec();
    for piece in body.chunks(1000) {
        out.extend_from_slice(format!("{:x}\r\n", piece.len()).as_bytes());
        out.extend_from_slice(piece);
        out.extend_from_slice(b"\r\n");
    }
    out.extend_from_slice(b"0\r\n\r\n");
    out
}

fn text(length: usize) -> Vec<u8> {
    (0..length).map(|at| b'a' + (at % 23) as u8).collect()
}

#[test]
fn bodies_of_any_size_and_framing_arrive_whole_and_keep_their_framing() {
    let app = echo();
    for limit in ["", "max-fwd 700", "random-forwarding max-fwd 5000"] {
        let proxy = proxy(&app, "http", limit);
        let mut client = proxy.connect();
        for length in [0, 1, 1000, 20_000, 300_000] {
            let body = text(length);
            client.send(format!("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: {length}\r\n\r\n"));
            let response = client.send(&body).response();
            assert!(response.body == body, "{limit}: {length} bytes with a length");
            assert_eq!(response.header("content-length"), Some(&*length.to_string()));
            client.send("POST / HTTP/1.1\r\nHost: a\r\n");
            let response = client.send(chunked(&body)).response();
            assert!(response.body == body, "{limit}: {length} bytes in chunks");
            assert_eq!(response.header("transfer-encoding"), Some("chunked"));
        }
        assert_eq!(client.get("/").status(), 200);
    }
}

#[test]
fn a_tcp_session_passes_both_ways_to_the_end_of_each_side() {
    let app = Origin::scripted(|mut peer| {
        peer.send("hello")?;
        let sent = peer.exactly(100_000)?;
        peer.send(sent.iter().rev().copied().collect::<Vec<_>>())
    });
    let proxy = proxy(&app, "tcp", "random-forwarding");
    let mut client = proxy.connect();
    assert_eq!(client.exactly(5), b"hello");
    let sent = text(100_000);
    client.send(&sent).half_close();
    let back = client.rest();
    assert!(back.iter().rev().eq(&sent), "{} bytes came back", back.len());
}

#[test]
fn what_goes_through_an_upgraded_connection_passes_filters_too() {
    let app = Origin::scripted(|mut peer| {
        let head = peer.head()?;
        assert_eq!(head.header("upgrade"), Some("echo"));
        peer.send("HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: echo\r\n\r\n")?;
        let sent = peer.exactly(50_000)?;
        peer.send(sent)
    });
    let proxy = proxy(&app, "http", "max-fwd 900");
    let mut client = proxy.connect();
    client.send("GET / HTTP/1.1\r\nHost: a\r\nConnection: upgrade\r\nUpgrade: echo\r\n\r\n");
    assert_eq!(client.head_only().status(), 101);
    let sent = text(50_000);
    client.send(&sent);
    assert!(client.exactly(50_000) == sent);
}

#[test]
fn filters_speak_in_the_order_of_their_sequence() {
    let app = Origin::answering("hello");
    let config = CONFIG.replace(" quiet", "").replace("random-forwarding", "");
    let sequence = "filter-sequence response trace";
    let proxy = Proxy::with(&config).set("mode", "http").set("limit", "").set("sequence", sequence);
    let proxy = proxy.set("app", app.address()).start();
    proxy.get("/here");
    proxy.output_with("[LAST/app] over");
    let said: Vec<_> = proxy.output().into_iter().filter(|line| line.starts_with('[')).collect();
    let order = |what: &str| -> String {
        let speakers =
            said.iter().filter_map(|line| line.split_once("] ")).filter(|(_, l)| l.starts_with(what));
        speakers.filter_map(|(name, _)| name.chars().nth(1)).collect()
    };
    assert_eq!(order("request head: GET /here HTTP/1.1"), "FSL", "{said:#?}");
    // the second of the frontend's is not named
    assert_eq!(order("response head: 200 OK"), "FL");
    assert_eq!(order("response 5 bytes, the last, 5 pass"), "FL");
    assert_eq!(order("over"), "FSL");
}
