//! Request heads.

use super::cases::{BAD, GOOD};
use super::*;

#[test]
fn good_heads_are_read_with_their_target_and_framing() {
    for (raw, target, framing) in GOOD {
        let (head, request) = read(raw.as_bytes()).unwrap_or_else(|e| panic!("{raw:?}: {e}"));
        assert_eq!(
            (head.len, &request.target[..], request.framing),
            (raw.len(), target.as_bytes(), *framing),
            "{raw:?}"
        );
    }
}

#[test]
fn bad_heads_are_refused_with_their_status() {
    for (raw, status) in BAD {
        let refusal = read(raw.as_bytes()).map(|_| ()).expect_err(raw);
        assert_eq!(refusal.status, *status, "{raw:?}: {refusal}");
    }
}

#[test]
fn what_follows_a_head_is_left() {
    let (head, _) = read(b"\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\nGET /next").expect("good");
    assert_eq!(head.len, "\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n".len());
}

#[test]
fn heads_beyond_the_limits_are_refused() {
    let limits = Limits { head: 64, fields: 2, ..Limits::default() };
    let status = |raw: &[u8]| {
        request(raw, &mut Scan::default(), &limits, &mut Request::default())
            .map(|h| h.is_some())
            .map_err(|e| e.status)
    };
    assert_eq!(status(&[b'A'; 63]), Ok(false));
    assert_eq!(status(&[b'A'; 64]), Err(414));
    assert_eq!(status(format!("GET / HTTP/1.1\r\nHost: {}", "a".repeat(64)).as_bytes()), Err(431));
    assert_eq!(status(b"GET / HTTP/1.1\r\nHost: a\r\nA:\r\n\r\n"), Ok(true));
    assert_eq!(status(b"GET / HTTP/1.1\r\nHost: a\r\nA:\r\nA:\r\n\r\n"), Err(431));
    let body_behind = [&b"GET / HTTP/1.1\r\nHost: a\r\n\r\n"[..], &[b'x'; 100]].concat();
    assert_eq!(status(&body_behind), Ok(true));
}

#[test]
fn more_fields_than_the_stack_holds_are_read_when_allowed() {
    let raw = format!("GET / HTTP/1.1\r\nHost: a\r\n{}\r\n", "A: b\r\n".repeat(300));
    let limits = Limits { fields: 400, ..Limits::default() };
    let (_, request) = read_with(raw.as_bytes(), &limits).expect("allowed");
    assert_eq!(request.headers.len(), 301);
}

#[test]
fn a_connection_persists_by_version_and_connection() {
    for (fields, old, new) in [
        ("", false, true),
        ("Connection: close\r\n", false, false),
        ("Connection: Keep-Alive\r\n", true, true),
        ("Connection: keep-alive, CLOSE\r\n", false, false),
        ("Connection: x\r\nConnection: close\r\n", false, false),
        ("Proxy-Connection: keep-alive\r\n", false, true),
    ] {
        for (version, keep) in [("1.0", old), ("1.1", new)] {
            let raw = format!("GET / HTTP/{version}\r\nHost: a\r\n{fields}\r\n");
            let (head, _) = read(raw.as_bytes()).expect("good");
            assert_eq!(head.keep_alive, keep, "{raw:?}");
        }
    }
}

#[test]
fn two_framings_keep_the_coding_and_end_the_connection() {
    let (head, request) = read(
        b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\nConnection: keep-alive\r\n\r\n",
    )
    .expect("taken as chunked");
    assert!(head.suspect && !head.keep_alive);
    assert!(!request.headers.contains(b"content-length"));
    let (head, _) =
        read(b"POST / HTTP/1.0\r\nConnection: keep-alive\r\nTransfer-Encoding: chunked\r\n\r\n").expect("so");
    assert!(head.suspect && !head.keep_alive);
}

#[test]
fn equal_lengths_become_one() {
    for raw in [
        "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 05, 5\r\nX: y\r\n\r\n",
        "POST / HTTP/1.1\r\nContent-Length: 5\r\nHost: a\r\nX: y\r\nContent-Length: 005\r\n\r\n",
    ] {
        let (_, request) = read(raw.as_bytes()).expect("equal");
        assert_eq!(request.headers.all(b"content-length").collect::<Vec<_>>(), [b"5"]);
        assert_eq!(request.headers.len(), 3);
    }
}

#[test]
fn fields_that_connection_names_go_but_not_those_for_everyone() {
    let (_, request) = read(
        b"POST / HTTP/1.1\r\nHost: a\r\nX-Hop: 1\r\nConnection: x-hop, Host, content-length, Content-Type\r\n\
          X-Keep: 1\r\nContent-Length: 5\r\nContent-Type: a/b\r\nConnection: keep-alive, x-forwarded-for\r\n\
          X-Forwarded-For: 1\r\nx-hop: 2\r\n\r\n",
    )
    .expect("good");
    assert!(!request.headers.contains(b"x-hop"));
    for name in [&b"host"[..], b"content-length", b"content-type", b"x-keep", b"x-forwarded-for"] {
        assert!(request.headers.contains(name), "{}", name.escape_ascii());
    }
    assert_eq!(request.framing, Framing::Length(5));
}

#[test]
fn an_upgrade_needs_connection_version_and_a_protocol_that_may_be() {
    for (version, fields, upgrade) in [
        ("1.1", "Connection: upgrade\r\nUpgrade: foo\r\n", true),
        ("1.1", "Connection: keep-alive, Upgrade\r\nUpgrade: h2c, foo\r\n", true),
        ("1.1", "Connection: upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Key: x\r\n", true),
        ("1.0", "Connection: upgrade\r\nUpgrade: foo\r\n", false),
        ("1.1", "Upgrade: foo\r\n", false),
        ("1.1", "Connection: upgrade\r\n", false),
        ("1.1", "Connection: upgrade\r\nUpgrade: h2c\r\n", false),
    ] {
        let raw = format!("GET / HTTP/{version}\r\nHost: a\r\n{fields}\r\n");
        assert_eq!(read(raw.as_bytes()).map(|(head, _)| head.upgrade), Ok(upgrade), "{raw:?}");
    }
}

#[test]
fn the_client_waits_for_continue_only_in_1_1() {
    for (version, waits) in [("1.0", false), ("1.1", true)] {
        let raw =
            format!("POST / HTTP/{version}\r\nHost: a\r\nContent-Length: 5\r\nExpect: 100-Continue\r\n\r\n");
        assert_eq!(read(raw.as_bytes()).map(|(head, _)| head.expects_continue), Ok(waits));
    }
}

/// Target and Host as they are after reading, after HAProxy's reg-tests/http-messaging/h1_host_normalization.vtc.
#[test]
fn usual_ports_go_from_target_and_host() {
    for (method, target, host, target_after, host_after) in [
        ("GET", "http://t:p@n:80/c", "n:80", "http://t:p@n/c", "n"),
        ("GET", "http://n:8080/c", "n:8080", "http://n:8080/c", "n:8080"),
        ("GET", "https://n:443/c", "n:443", "https://n/c", "n"),
        ("GET", "https://n:80/c", "n:80", "https://n:80/c", "n:80"),
        ("GET", "http://n/c", "n:80", "http://n/c", "n:80"),
        ("GET", "http://n:/c", "n", "http://n/c", "n"),
        ("GET", "http://n/c", "n:", "http://n/c", "n:"),
        ("GET", "http://n:80/c", "n:", "http://n/c", "n"),
        ("GET", "https://n:/c", "n:443", "https://n/c", "n"),
        ("GET", "http://:", ":80", "http:///", ""),
        ("GET", "http://n", "n", "http://n/", "n"),
        ("GET", "http://n:80?c=d", "n:80", "http://n?c=d", "n"),
        ("GET", "http://n/a@b:80", "n", "http://n/a@b:80", "n"),
        ("OPTIONS", "http://n", "n", "http://n", "n"),
        ("CONNECT", "n:80", "n:80", "n:80", "n"),
        ("CONNECT", "n:443", "n", "n:443", "n"),
        ("CONNECT", "n:443", "n:", "n:443", "n:"),
        ("CONNECT", "n:8443", "n:8443", "n:8443", "n:8443"),
    ] {
        let raw = format!("{method} {target} HTTP/1.1\r\nHost: {host}\r\n\r\n");
        let (_, request) = read(raw.as_bytes()).unwrap_or_else(|e| panic!("{raw:?}: {e}"));
        assert_eq!(request.target.escape_ascii().to_string(), target_after, "{raw:?}");
        assert_eq!(request.headers.get(b"host"), Some(host_after.as_bytes()), "{raw:?}");
    }
}

#[test]
fn the_option_lets_violations_through_but_never_two_readings() {
    let limits = Limits { unsafe_ok: true, ..Limits::default() };
    for good in [
        "GET http://n#frag HTTP/1.1\r\nHost: n\r\n\r\n",
        "GET /\u{e9} HTTP/1.1\r\nHost: n\r\n\r\n",
        "GET http://b/ HTTP/1.1\r\nHost: a\r\n\r\n",
        "CONNECT b HTTP/1.1\r\nHost: a\r\n\r\n",
        "GET / HTTP/1.1\nHost: a\n\n",
        "GET / HTTP/1.1\r\nHost: a\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\r\n",
    ] {
        assert!(read_with(good.as_bytes(), &limits).is_ok(), "{good:?}");
    }
    let (_, request) =
        read_with(b"GET / HTTP/1.1\r\nHost: a\r\nX\x01Y: b\r\nZ: 1\r\n\r\n", &limits).expect("dropped");
    assert_eq!(request.headers.len(), 2);
    for bad in [
        "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5, 6\r\n\r\n",
        "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked, gzip\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n",
        "GET /a b HTTP/1.1\r\nHost: a\r\n\r\n",
    ] {
        assert!(read_with(bad.as_bytes(), &limits).is_err(), "{bad:?}");
    }
}
