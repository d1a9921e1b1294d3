//! Heads and chunks as they go on the wire.

use super::*;

fn forwarded(raw: &[u8], connection: Connection) -> String {
    let (_, request) = read(raw).expect("good");
    let mut out = Vec::new();
    request_head(&request, request.framing, connection, &mut out);
    String::from_utf8(out).expect("text")
}

fn returned(raw: &[u8], method: &Method, framing: Option<Framing>, connection: Connection) -> String {
    let (_, response) = answer(raw, method).expect("good");
    let mut out = Vec::new();
    response_head(&response, framing.unwrap_or(response.framing), connection, &mut out);
    String::from_utf8(out).expect("text")
}

#[test]
fn hop_by_hop_fields_are_not_forwarded() {
    let raw = b"GET /x HTTP/1.1\r\nHOST: a\r\nConnection: keep-alive, X-Hop, Host\r\nX-Hop: 1\r\nKeep-Alive: timeout=5\r\n\
        Proxy-Connection: keep-alive\r\nTE: gzip, Trailers\r\nTrailer: x\r\nUpgrade: foo\r\nHTTP2-Settings: x\r\nx-MiXed:  a  b\t\r\n\r\n";
    assert_eq!(
        forwarded(raw, Connection::Silent),
        "GET /x HTTP/1.1\r\nHOST: a\r\nTE: trailers\r\nTrailer: x\r\nx-MiXed: a  b\r\n\r\n"
    );
}

#[test]
fn only_plain_trailers_are_left_of_te() {
    for te in ["gzip", "trailers;q=0.5"] {
        let raw = format!("GET / HTTP/1.1\r\nHost: a\r\nTE: {te}\r\n\r\n");
        assert_eq!(forwarded(raw.as_bytes(), Connection::Silent), "GET / HTTP/1.1\r\nHost: a\r\n\r\n");
    }
}

#[test]
fn a_request_has_one_framing_where_the_client_had_it() {
    let raw = b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 05, 5\r\nX: y\r\n\r\n";
    assert_eq!(
        forwarded(raw, Connection::Close),
        "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nX: y\r\nConnection: close\r\n\r\n"
    );
    let raw = b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n";
    assert_eq!(
        forwarded(raw, Connection::Silent),
        "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
    );
}

#[test]
fn requests_of_http_1_0_stay_so_unless_chunked() {
    assert_eq!(
        forwarded(b"GET / HTTP/1.0\r\n\r\n", Connection::for_peer(Version::Http10, true)),
        "GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n"
    );
    assert_eq!(
        forwarded(b"POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n", Connection::Silent),
        "POST / HTTP/1.1\r\nHost: \r\nTransfer-Encoding: chunked\r\n\r\n"
    );
}

#[test]
fn an_upgrade_is_handed_on_without_http_2() {
    let raw = b"GET / HTTP/1.1\r\nHost: a\r\nConnection: upgrade\r\nUpgrade: h2c, foo/1 ,bar\r\nUpgrade: h2c\r\n\r\n";
    assert_eq!(
        forwarded(raw, Connection::Upgrade),
        "GET / HTTP/1.1\r\nHost: a\r\nUpgrade: foo/1, bar\r\nConnection: upgrade\r\n\r\n"
    );
}

#[test]
fn a_host_that_a_rule_added_twice_goes_once() {
    let (_, mut request) = read(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n").expect("good");
    request.headers.add(b"host", b"b");
    let mut out = Vec::new();
    request_head(&request, Framing::None, Connection::Silent, &mut out);
    assert_eq!(out, b"GET / HTTP/1.1\r\nHost: a\r\n\r\n");
}

#[test]
fn what_rules_put_in_cannot_make_a_line_more() {
    let (_, mut request) = read(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n").expect("good");
    request.set_path(b"/x y\r\nEvil: 1");
    request.headers.add(b"X\n", b"1\r\nEvil: 1\0");
    let mut out = Vec::new();
    request_head(&request, Framing::None, Connection::Silent, &mut out);
    let expected = "GET /x%20y%0D%0AEvil:%201 HTTP/1.1\r\nHost: a\r\nX : 1  Evil: 1 \r\n\r\n";
    assert_eq!(String::from_utf8_lossy(&out), expected);
}

#[test]
fn responses_are_1_1_and_say_what_the_client_must_know() {
    let raw = b"HTTP/1.0 200 Fine Day\r\nConnection: X-Hop\r\nX-Hop: 1\r\nKeep-Alive: x\r\nUpgrade: h3\r\nETag: y\r\n\r\n";
    for (framing, connection, end) in [
        (Framing::UntilClose, Connection::Close, "Connection: close\r\n"),
        (Framing::Chunked, Connection::Silent, "Transfer-Encoding: chunked\r\n"),
        (Framing::Length(3), Connection::KeepAlive, "Content-Length: 3\r\nConnection: keep-alive\r\n"),
    ] {
        let expected = format!("HTTP/1.1 200 Fine Day\r\nETag: y\r\n{end}\r\n");
        assert_eq!(returned(raw, &Method::Get, Some(framing), connection), expected);
    }
}

#[test]
fn a_length_without_body_stays_where_it_tells_something() {
    for (raw, method, kept) in [
        ("HTTP/1.1 200 OK\r\nContent-Length: 22\r\n\r\n", Method::Head, true),
        ("HTTP/1.1 304 Not Modified\r\nContent-Length: 22\r\n\r\n", Method::Get, true),
        ("HTTP/1.1 204 No Content\r\nContent-Length: 22\r\n\r\n", Method::Get, false),
        ("HTTP/1.1 200 OK\r\nContent-Length: 22\r\n\r\n", Method::Connect, false),
    ] {
        let out = returned(raw.as_bytes(), &method, None, Connection::Silent);
        assert_eq!(out.contains("Content-Length: 22\r\n"), kept, "{raw:?}");
    }
}

#[test]
fn the_connection_is_spoken_of_only_where_it_must_be() {
    let switch = "HTTP/1.1 200 OK\r\nConnection: upgrade\r\nUpgrade: foo\r\n\r\n";
    for (raw, method, connection) in [
        ("HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n", Method::Get, Connection::KeepAlive),
        (switch, Method::Connect, Connection::Upgrade),
    ] {
        let out = returned(raw.as_bytes(), &method, None, connection);
        assert!(!out.contains("Connection"), "{out}");
    }
    let raw = b"GET / HTTP/1.1\r\nHost: a\r\n\r\n";
    assert_eq!(forwarded(raw, Connection::KeepAlive), "GET / HTTP/1.1\r\nHost: a\r\n\r\n");
}

#[test]
fn a_missing_reason_is_filled_in() {
    let out = returned(b"HTTP/1.1 404\r\nContent-Length: 0\r\n\r\n", &Method::Get, None, Connection::Silent);
    assert!(out.starts_with("HTTP/1.1 404 Not Found\r\n"), "{out}");
}

#[test]
fn a_switch_keeps_its_upgrade() {
    let raw = b"HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: foo\r\n\r\n";
    assert_eq!(
        returned(raw, &Method::Get, None, Connection::Upgrade),
        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: foo\r\nConnection: upgrade\r\n\r\n"
    );
}

#[test]
fn chunks_read_as_they_were_written() {
    let mut room = [0; 18];
    assert_eq!(chunk_head(usize::MAX, &mut room), b"ffffffffffffffff\r\n");
    let (mut wire, mut trailers) = (Vec::new(), Headers::new());
    trailers.add(b"X-T", b"v");
    for data in [&b"hello"[..], &[b'x'; 300]] {
        wire.extend_from_slice(chunk_head(data.len(), &mut room));
        wire.extend_from_slice(data);
        wire.extend_from_slice(b"\r\n");
    }
    last_chunk(Some(&trailers), &mut wire);
    let content = content(Framing::Chunked, [&wire[..]]).expect("good");
    assert_eq!((content.data.len(), content.trailers), (305, owned(&trailers)));
}
