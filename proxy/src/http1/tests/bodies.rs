//! Bodies.

use super::*;

fn chunked(raw: &[u8]) -> Result<Content, BadBody> {
    let whole = content(Framing::Chunked, [raw]);
    let bytes = content(Framing::Chunked, raw.chunks(1));
    assert_eq!(whole, bytes, "{}", raw.escape_ascii());
    whole
}

#[test]
fn chunks_become_content() {
    for (raw, data) in [
        (&b"5\r\nhello\r\n0\r\n\r\n"[..], &b"hello"[..]),
        (b"a\r\n0123456789\r\n0\r\n\r\n", b"0123456789"),
        (b"0005\r\nhello\r\n000\r\n\r\n", b"hello"),
        (b"9\r\n\r\n0\r\n\r\n\r\n\r\n0\r\n\r\n", b"\r\n0\r\n\r\n\r\n"),
        (b"2\r\nhe\r\n3\r\nllo\r\n0\r\n\r\n", b"hello"),
        (b"5;a=b;c=\"d\"\r\nhello\r\n0;x\r\n\r\n", b"hello"),
        (b"5 \t;\ta = b\r\nhello\r\n0\r\n\r\n", b"hello"),
        (b"0\r\n\r\n", b""),
    ] {
        let content = chunked(raw).unwrap_or_else(|e| panic!("{}: {e}", raw.escape_ascii()));
        assert_eq!(
            (&content.data[..], content.ended, content.rest),
            (data, true, 0),
            "{}",
            raw.escape_ascii()
        );
    }
}

#[test]
fn what_follows_the_last_chunk_is_left() {
    assert_eq!(chunked(b"1\r\nx\r\n0\r\n\r\nGET /").expect("good").rest, 5);
    assert_eq!(content(Framing::Length(5), [&b"hel"[..], b"loGET"]).expect("good").rest, 3);
    assert_eq!(content(Framing::None, [&b"GET"[..]]).map(|c| (c.ended, c.rest)), Ok((true, 3)));
}

#[test]
fn broken_chunks_are_refused() {
    for raw in [
        &b"0x5\r\nhello\r\n0\r\n\r\n"[..],
        b"+5\r\nhello\r\n0\r\n\r\n",
        b"5g\r\nhello\r\n0\r\n\r\n",
        b"5 x\r\nhello\r\n0\r\n\r\n",
        b"5 \r\nhello\r\n0\r\n\r\n",
        b"\r\nhello\r\n0\r\n\r\n",
        b" 5\r\nhello\r\n0\r\n\r\n",
        b";a\r\nhello\r\n0\r\n\r\n",
        b"5\0\r\nhello\r\n0\r\n\r\n",
        b"FFFFFFFFFFFFFFFF\r\nhello",
        b"8000000000000000\r\nhello",
        b"5\nhello\r\n0\r\n\r\n",
        b"5\rhello\r\n0\r\n\r\n",
        b"5\r\r;ABCD\r\n34\r\nE\r\n0\r\n\r\n",
        b"5;a\nb\r\nhello\r\n0\r\n\r\n",
        b"5;a\0b\r\nhello\r\n0\r\n\r\n",
        b"5\r\nhello\n0\r\n\r\n",
        b"5\r\nhelloXX0\r\n\r\n",
        b"4\r\nhello\r\n0\r\n\r\n",
        b"5\r\nhello\r\n\r\n0\r\n\r\n",
        b"5\r\nhello\r\n0\n\r\n",
        b"0\r\nXX\r\n\r\n",
        b"0\r\nX : y\r\n\r\n",
        b"0\r\nX: y\r\n z\r\n\r\n",
        b"0\r\nX: y\n\r\n",
        b"0\r\n\n",
    ] {
        assert!(chunked(raw).is_err(), "{}", raw.escape_ascii());
    }
}

#[test]
fn size_lines_and_trailers_are_bounded() {
    let zeros = [&b"0".repeat(5000)[..], b"5\r\nhello\r\n0\r\n\r\n"].concat();
    let extension = [b"5;", &b"a".repeat(5000)[..], b"\r\nhello\r\n0\r\n\r\n"].concat();
    assert!(chunked(&zeros).is_err() && chunked(&extension).is_err());
    let many = [&b"0\r\n"[..], &b"A: b\r\n".repeat(100), b"\r\n"].concat();
    let long = [&b"0\r\nA: "[..], &b"b".repeat(10_000), b"\r\n\r\n"].concat();
    for raw in [many, long] {
        assert_eq!(chunked(&raw).map_err(|e| e.status), Err(431));
    }
}

#[test]
fn trailers_are_kept_less_those_that_frame_or_route() {
    let raw = b"0\r\nX-T: v\r\nContent-Length: 50\r\nHost: b\r\nTransfer-Encoding: chunked\r\nAuthorization: x\r\nY:\r\n\r\n";
    let content = chunked(raw).expect("good");
    assert_eq!(content.trailers, [(b"X-T".to_vec(), b"v".to_vec()), (b"Y".to_vec(), Vec::new())]);
}

#[test]
fn only_bodies_without_other_framing_end_with_the_connection() {
    for (framing, complete) in [
        (Framing::None, true),
        (Framing::Length(0), true),
        (Framing::Length(1), false),
        (Framing::Chunked, false),
        (Framing::UntilClose, true),
        (Framing::Tunnel, true),
    ] {
        assert_eq!(BodyReader::new(framing).is_complete(true), complete, "{framing:?}");
    }
}

#[test]
fn a_length_beyond_32_bits_is_not_cut() {
    let mut reader = BodyReader::new(Framing::Length(4_294_967_301));
    let step = reader.next(b"hello").expect("good");
    assert_eq!((step.data, step.end), (&b"hello"[..], false));
}
