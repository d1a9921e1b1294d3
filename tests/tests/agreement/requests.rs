//! Requests with something in every place that rules look at.

use std::fmt::Write;

use fastrand::Rng;

/// A request without the field that names its rule.
pub(crate) struct Request {
    line: String,
    fields: String,
}

impl Request {
    /// A request of any shape.
    pub(crate) fn random(rng: &mut Rng) -> Request {
        let method = pick(rng, &["GET", "GET", "GET", "OPTIONS", "DELETE", "PUT"]);
        let (authority, target) = target(rng);
        let mut fields = String::new();
        let mut field = |name: &str, value: &str| {
            let _ = write!(fields, "{name}: {value}\r\n");
        };
        // the authority of an absolute target must be that of Host
        field("Host", authority.unwrap_or_else(|| pick(rng, HOSTS)));
        for (name, values) in FIELDS {
            for _ in 0..rng.usize(..3) {
                field(name, pick(rng, values));
            }
        }
        if method == "PUT" {
            field("Content-Length", "0");
        }
        Request { line: format!("{method} {target} HTTP/1.1\r\n"), fields }
    }

    /// The bytes, with the rule that is to answer.
    pub(crate) fn to_rule(&self, number: usize) -> String {
        format!("{}{}X-Rule: r{number}\r\n\r\n", self.line, self.fields)
    }
}

const HOSTS: &[&str] = &["www.example.com", "WWW.Example.Com:8080", "a.b", "10.1.2.3", "localhost:8080"];

const FIELDS: &[(&str, &[&str])] = &[
    ("X-A", &["a", "Hello", "a-b_c.d", "", "A,b, c", "x=1;y=2", "caf\\xc3", "  spaced  out  "]),
    ("X-List", &["one, two,three", "\"a,b\", c", "a,,b", "x", "b;q=0.5, c;q=0.1", " lead, trail "]),
    ("X-Num", &["0", "12", "-7", "999999999", "12abc", "abc"]),
    (
        "X-IP",
        &["192.0.2.7", "10.1.1.1, 192.0.2.9", "2001:db8::1", "not-an-ip", "192.0.2.256", "127.0.0.1:80"],
    ),
    ("X-B64", &["aGVsbG8=", "aGVsbG8", "!!!!", "AAECAw==", "aGk_-w"]),
    (
        "X-Json",
        &[
            "{\"a\":\"b\",\"n\":3}",
            "{\"a\":{\"c\":1}}",
            "[1,2]",
            "{\"a\":true,\"n\":-5}",
            "{\"a\":",
            "{\"a\":\"q\\\"r\"}",
        ],
    ),
    ("X-Mixed", &["a/b/c", "1:2:3", "key=value=more", "--a--b--", "%41%20b+c", "...", "c4ca"]),
    ("User-Agent", &["curl/8.0", "Mozilla/5.0 (X11; Linux)", ""]),
    ("Accept-Language", &["fr, en;q=0.8", "de-DE,de;q=0.9,en;q=0.5", "*"]),
    ("Cookie", &["sid=abc; lang=en", "lang=fr", "sid=\"q\"; n=12", "a=1;sid=-;n=x", "SID=up"]),
];

fn target(rng: &mut Rng) -> (Option<&'static str>, String) {
    let mut target = String::new();
    for _ in 0..rng.usize(..4) {
        target.push('/');
        target.push_str(pick(
            rng,
            &["a", "api", "b", "img", "c", "d.js", "x%20y", "UP", "", "a-b_c", "..", "index.html"],
        ));
    }
    if target.is_empty() {
        target.push('/');
    }
    let authority = (rng.u8(..8) == 0).then(|| pick(rng, HOSTS));
    if let Some(authority) = authority {
        target.insert_str(0, &format!("http://{authority}"));
    }
    let pairs = rng.usize(..4);
    for pair in 0..pairs {
        target.push(if pair == 0 { '?' } else { '&' });
        target.push_str(pick(
            rng,
            &["a=1", "b=two", "c=%41%42", "n=17", "n=-2", "a=", "flag", "b=x+y", "a=x=y", "=v"],
        ));
    }
    (authority, target)
}

fn pick(rng: &mut Rng, list: &[&'static str]) -> &'static str {
    list[rng.usize(..list.len())]
}
