//! The verdict does not hang on how the bytes come, and no bytes at all make a panic.

use super::cases::{BAD, GOOD};
use super::*;

#[derive(Debug, PartialEq)]
enum Verdict {
    Incomplete,
    Good(Head, Vec<u8>),
    Bad(Refusal),
}

/// Feeds growing prefixes to one scan, as a connection does, until there is a verdict.
fn verdict(raw: &[u8], ends: impl IntoIterator<Item = usize>) -> Verdict {
    let (mut scan, mut into) = (Scan::default(), Request::default());
    for end in ends {
        match request(&raw[..end], &mut scan, &Limits::default(), &mut into) {
            Ok(None) => {}
            Ok(Some(head)) => return Verdict::Good(head, wire(&into)),
            Err(refusal) => return Verdict::Bad(refusal),
        }
    }
    Verdict::Incomplete
}

fn wire(request: &Request) -> Vec<u8> {
    let mut out = Vec::new();
    request_head(request, request.framing, Connection::Silent, &mut out);
    out
}

fn all_cases() -> impl Iterator<Item = &'static str> {
    GOOD.iter().map(|(raw, ..)| *raw).chain(BAD.iter().map(|(raw, _)| *raw))
}

#[test]
fn every_split_of_a_head_gives_the_same_verdict() {
    for raw in all_cases().map(str::as_bytes) {
        let whole = verdict(raw, [raw.len()]);
        assert_eq!(verdict(raw, 0..=raw.len()), whole, "{}", raw.escape_ascii());
        for at in 0..raw.len() {
            assert_eq!(verdict(raw, [at, raw.len()]), whole, "{} at {at}", raw.escape_ascii());
        }
    }
}

#[test]
fn a_good_head_waits_for_its_last_byte() {
    for (raw, ..) in GOOD {
        assert_eq!(verdict(raw.as_bytes(), 0..raw.len()), Verdict::Incomplete, "{raw:?}");
    }
}

#[test]
fn what_is_forwarded_reads_as_it_was_meant() {
    for (raw, ..) in GOOD {
        let (_, request) = read(raw.as_bytes()).expect("good");
        let (head, again) = read(&wire(&request)).unwrap_or_else(|e| panic!("{raw:?}: {e}"));
        assert_eq!(
            (again.target, again.framing, head.suspect),
            (request.target, request.framing, false),
            "{raw:?}"
        );
    }
}

#[test]
fn mutations_neither_panic_nor_depend_on_splits_nor_forward_what_we_refuse() {
    let mut random = Random(0x9e37_79b9_7f4a_7c15);
    let cases: Vec<_> = all_cases().collect();
    for _ in 0..20_000 {
        let raw = random.mutation(&cases);
        let whole = verdict(&raw, [raw.len()]);
        assert_eq!(verdict(&raw, [random.below(raw.len()), raw.len()]), whole, "{}", raw.escape_ascii());
        if let Verdict::Good(_, forwarded) = whole {
            let again = verdict(&forwarded, [forwarded.len()]);
            assert!(matches!(again, Verdict::Good(..)), "{}: {again:?}", forwarded.escape_ascii());
        }
        let _ = content(Framing::Chunked, [&raw[..]]);
    }
}

/// A head that comes whole is read by another reader (`usual.rs`) than one that does not.
#[test]
fn mutated_responses_mean_the_same_however_they_come() {
    let cases = [
        "HTTP/1.1 200 OK\r\nDate: now\r\nContent-Length: 5\r\nX-List: a, b\r\n\r\n",
        "HTTP/1.0 404 Not Found\r\nServer:\tx y\t\r\nEmpty:\r\nConnection: keep-alive\r\n\r\n",
        "HTTP/1.1 304 \r\nTransfer-Encoding: chunked\r\nConnection: close, Keep-Alive\r\nKeep-Alive: 5\r\n\r\n",
        "HTTP/1.1 101 Switch\r\nConnection: upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Accept: a\r\n\r\n",
        "HTTP/1.1 200\r\n!#$%&'*+-.^_`|~0aZ: caf\u{e9}\r\n\r\n",
    ];
    let read = |raw: &[u8], begin: usize| {
        let (mut scan, mut into) = (Scan::default(), Response::default());
        for end in [begin, raw.len()] {
            let method = Method::Get;
            if let Some(head) = response(&raw[..end], &mut scan, &Limits::default(), &method, &mut into)? {
                let mut out = Vec::new();
                response_head(&into, into.framing, Connection::Silent, &mut out);
                return Ok(Some((head, owned(&into.headers), out)));
            }
        }
        Ok::<_, BadResponse>(None)
    };
    let mut random = Random(0x2545_f491_4f6c_dd1d);
    let mut good = 0;
    for _ in 0..20_000 {
        let raw = random.mutation(&cases);
        let (whole, split) = (read(&raw, raw.len()), read(&raw, 1));
        assert_eq!(whole, split, "{}", raw.escape_ascii());
        good += usize::from(matches!(whole, Ok(Some(_))));
    }
    assert!(good > 2_000, "enough of them are responses: {good}");
}

/// What mutations put in.
const BITS: [&[u8]; 18] = [
    b"\r\n",
    b"\r",
    b"\n",
    b"\0",
    b"\t",
    b" ",
    b":",
    b",",
    b"\x7f",
    b"\x80",
    b"\xff",
    b"\x1f",
    b"5",
    b"1234567",
    b"chunked",
    b"Content-Length: 5\r\n",
    b"Transfer-Encoding: chunked\r\n",
    b"\r\n\r\n",
];

/// xorshift64.
struct Random(u64);

impl Random {
    fn below(&mut self, bound: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % bound.max(1) as u64) as usize
    }

    /// One of the cases with up to three changes.
    fn mutation(&mut self, cases: &[&str]) -> Vec<u8> {
        let mut raw = cases[self.below(cases.len())].as_bytes().to_vec();
        for _ in 0..=self.below(3) {
            let at = self.below(raw.len() + 1);
            let cut = (at + self.below(2)).min(raw.len());
            raw.splice(at..cut, BITS[self.below(BITS.len())].iter().copied());
        }
        raw
    }
}
