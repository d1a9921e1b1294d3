//! Response heads.

use super::*;

#[test]
fn the_framing_hangs_on_status_method_and_fields() {
    use Method::{Connect, Get, Head};
    for (raw, method, framing) in [
        ("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n", Get, Framing::Length(2)),
        ("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", Get, Framing::Chunked),
        ("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nContent-Length: 9\r\n\r\n", Get, Framing::Chunked),
        ("HTTP/1.1 200 OK\r\n\r\n", Get, Framing::UntilClose),
        ("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n", Head, Framing::None),
        ("HTTP/1.1 204 No\r\nContent-Length: 2\r\n\r\n", Get, Framing::None),
        ("HTTP/1.1 304 Nm\r\nContent-Length: 2\r\n\r\n", Get, Framing::None),
        ("HTTP/1.1 103 Early\r\nLink: x\r\n\r\n", Get, Framing::None),
        ("HTTP/1.1 101 S\r\nConnection: upgrade\r\nUpgrade: foo\r\n\r\n", Get, Framing::Tunnel),
        ("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n", Connect, Framing::Tunnel),
        ("HTTP/1.1 407 No\r\nContent-Length: 2\r\n\r\n", Connect, Framing::Length(2)),
    ] {
        let (head, response) = answer(raw.as_bytes(), &method).unwrap_or_else(|e| panic!("{raw:?}: {e}"));
        assert_eq!((head.len, response.framing), (raw.len(), framing), "{raw:?}");
    }
}

#[test]
fn bad_responses_are_of_no_use() {
    for raw in [
        "HTTP/2.0 200 OK\r\n\r\n",
        "HTTP/1.1 20 OK\r\n\r\n",
        "HTTP/1.1 099 OK\r\n\r\n",
        "HTTP/1.1 2000 OK\r\n\r\n",
        "ICY 200 OK\r\n\r\n",
        "\r\nHTTP/1.1 200 OK\r\n\r\n",
        "HTTP/1.1 200 OK\nContent-Length: 2\n\n",
        "HTTP/1.1 200 O\rK\r\n\r\n",
        "HTTP/1.1 200 OK\r\nX : 1\r\n\r\n",
        "HTTP/1.1 200 OK\r\nX: 1\r\n 2\r\n\r\n",
        "HTTP/1.1 200 OK\r\nX: 1\0\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked, chunked\r\n\r\n",
        "HTTP/1.1 101 S\r\n\r\n",
        "HTTP/1.1 101 S\r\nConnection: upgrade\r\nUpgrade: h2c\r\n\r\n",
        "HTTP/1.1 101 S\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\r\n",
    ] {
        assert!(answer(raw.as_bytes(), &Method::Get).is_err(), "{raw:?}");
    }
}

#[test]
fn the_reason_is_kept_byte_by_byte() {
    for (line, reason) in [
        (&b"HTTP/1.1 200 Fine Day"[..], &b"Fine Day"[..]),
        (b"HTTP/1.1 200 ", b""),
        (b"HTTP/1.1 200", b""),
        (b"HTTP/1.0 404 caf\xe9", b"caf\xe9"),
    ] {
        let (_, response) = answer(&[line, b"\r\n\r\n"].concat(), &Method::Get).expect("good");
        assert_eq!(response.reason, reason);
    }
}

#[test]
fn a_server_connection_lives_on_when_all_agrees() {
    for (raw, keep) in [
        ("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n", true),
        ("HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\n", false),
        ("HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\n", false),
        ("HTTP/1.0 200 OK\r\nContent-Length: 2\r\nConnection: keep-alive\r\n\r\n", true),
        ("HTTP/1.1 200 OK\r\nConnection: keep-alive\r\n\r\n", false),
        ("HTTP/1.1 200 OK\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n", false),
        ("HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nTransfer-Encoding: chunked\r\n\r\n", false),
        ("HTTP/1.1 204 No\r\n\r\n", true),
    ] {
        let (head, _) = answer(raw.as_bytes(), &Method::Get).expect("good");
        assert_eq!(head.keep_alive, keep, "{raw:?}");
    }
}

#[test]
fn request_fields_in_a_response_are_no_reason_to_lose_it() {
    let raw = b"HTTP/1.1 200 OK\r\nHost: a\r\nHost: b\r\nExpect: x\r\nContent-Length: 0\r\n\r\n";
    assert!(answer(raw, &Method::Get).is_ok());
}
