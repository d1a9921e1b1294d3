use portero_api::{CheckStatus, Verdict};
use portero_conformance::rig::{Bench, Farm, Net, Turn, say};
use portero_conformance::{Check, health};

use super::*;

const OK: &str = "HTTP/1.1 200 OK\r\ncontent-length: 5\r\nx-a: one, two\r\n\r\nhello";

fn probe(bench: &Bench, net: &Net) -> Verdict {
    let health = bench.health(&plugin()).expect("a good setup");
    net.probe(&*health, &Farm::new(&[1]).servers[0])
}

/// The verdict on an answer: status, code and reason as the health log shows them.
fn judged(lines: &[&str], answer: &str) -> (&'static str, Option<u16>, String) {
    let bench = lines.iter().fold(Bench::default(), |bench, line| bench.line(line));
    let verdict = probe(&bench, &Net::talk([Turn::Hear, say(answer)]));
    (verdict.status.name(), verdict.code, verdict.reason)
}

fn asked(args: &str, lines: &[&[&str]]) -> String {
    let bench = lines.iter().fold(Bench::new(args), |bench, line| bench.line_of(line));
    let net = Net::talk([Turn::Hear, say(OK)]);
    probe(&bench, &net);
    String::from_utf8(net.heard()).expect("text")
}

#[test]
fn it_keeps_to_the_hook() {
    for lines in [&[][..], &["http-check expect string hello"]] {
        health(&Check {
            plugin: &plugin(),
            bench: lines.iter().fold(Bench::default(), |bench, line| bench.line(line)),
            well: vec![Turn::Hear, say(OK)],
            passed: CheckStatus::L7Ok,
            listens: true,
        });
    }
}

#[test]
fn the_request_is_the_one_of_the_option() {
    assert_eq!(asked("", &[]), "OPTIONS / HTTP/1.0\r\nConnection: close\r\n\r\n");
    assert_eq!(asked("/up", &[]), "OPTIONS /up HTTP/1.0\r\nConnection: close\r\n\r\n");
    assert_eq!(
        asked("GET /up HTTP/1.1 example.com", &[]),
        "GET /up HTTP/1.1\r\nHost: example.com\r\nConnection: close\r\n\r\n"
    );
}

#[test]
fn send_adds_to_the_request_of_the_option() {
    let line =
        ["http-check", "send", "hdr", "Host", "www", "hdr", "content-length", "99", "body", "two words"];
    assert_eq!(
        asked("GET /status HTTP/1.1", &[&line]),
        "GET /status HTTP/1.1\r\nHost: www\r\nConnection: close\r\nContent-Length: 9\r\n\r\ntwo words"
    );
    let upgrade = ["http-check", "send", "ver", "HTTP/1.1", "hdr", "connection", "upgrade"];
    assert_eq!(asked("", &[&upgrade]), "OPTIONS / HTTP/1.1\r\nconnection: upgrade\r\n\r\n");
}

#[test]
fn the_state_of_the_server_is_sent() {
    let request = asked("", &[&["http-check", "send-state"]]);
    let header = "X-Haproxy-Server-State: UP; address=127.0.0.1; port=1; name=web/s1; weight=1/";
    assert!(request.contains(header), "{request}");
}

#[test]
fn header_lines_in_the_version_still_work() {
    let bench = Bench::default().line_of(&["http-check", "send", "meth", "GET"]);
    let args = ["GET", "/", "HTTP/1.1\r\nHost: www"];
    let net = Net::talk([Turn::Hear, say(OK)]);
    probe(&bench.args(&args), &net);
    let request = String::from_utf8(net.heard()).expect("text");
    assert_eq!(request, "GET / HTTP/1.1\r\nHost: www\r\nConnection: close\r\n\r\n");
}

/// Statuses, codes and reasons as HAProxy 3.5 logs them for the same answers.
#[test]
fn verdicts_are_worded_as_in_haproxy() {
    let expect = |words: &str| format!("http-check expect {words}");
    for (words, answer, status, code, reason) in [
        ("status 200-399", OK, "L7OK", Some(200), ""),
        ("status 201", OK, "L7STS", Some(200), "OK"),
        ("! status 200", OK, "L7STS", Some(200), "OK"),
        ("!rstatus ^2", OK, "L7STS", Some(200), "OK"),
        ("rstatus ^2", OK, "L7OK", Some(200), ""),
        ("string ell", OK, "L7OK", Some(200), ""),
        ("string nope", OK, "L7RSP", None, "HTTP content check did not match"),
        ("! string hello", OK, "L7RSP", None, "HTTP check matched unwanted content"),
        ("rstring ^h.*o$", OK, "L7OK", Some(200), ""),
        ("hdr name x-b", OK, "L7STS", Some(200), "OK"),
        ("hdr name X-A value two", OK, "L7OK", Some(200), ""),
        ("fhdr name x-a value two", OK, "L7STS", Some(200), "OK"),
        ("fhdr name -m beg X- value -m end two", OK, "L7OK", Some(200), ""),
        ("hdr name -m reg ^[xy]-a$ value -m sub w", OK, "L7OK", Some(200), ""),
        ("comment mine status 201", OK, "L7STS", Some(200), "OK comment: mine"),
        ("on-error bad error-status L4CON status 201", OK, "L4CON", None, "bad"),
        ("on-success good ok-status L6OK status 200", OK, "L6OK", None, "good"),
        ("status-code int(7) status 200", OK, "L7OK", Some(7), ""),
    ] {
        let verdict = judged(&[&expect(words)], answer);
        assert_eq!(verdict, (status, code, reason.to_owned()), "{words}");
    }
}

#[test]
fn answers_without_rules_go_by_their_status() {
    let empty = "content check could not find a response body";
    for (lines, answer, status, code, reason) in [
        (&[][..], "HTTP/1.0 302 \r\n\r\n", "L7OK", Some(302), ""),
        (&[], "HTTP/1.1 500 Internal Server Error\r\n\r\n", "L7STS", Some(500), "Internal Server Error"),
        (&[], "HTTP/1.1 404 Not Found\r\n\r\n", "L7STS", Some(404), "Not Found"),
        (&["http-check disable-on-404"], "HTTP/1.1 404 Not Found\r\n\r\n", "L7OKC", Some(404), ""),
        (&[], "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\n\r\n", "L7OK", Some(200), ""),
        (&[], "", "L7RSP", None, "no response"),
        (&[], "SSH-2.0\r\n\r\n", "L7RSP", None, "invalid HTTP response"),
        (&["http-check expect string x"], "HTTP/1.1 204 No\r\n\r\n", "L7RSP", None, empty),
    ] {
        let verdict = judged(lines, answer);
        assert_eq!((verdict.0, verdict.1), (status, code), "{answer}");
        assert!(verdict.2.contains(reason), "{answer}: {}", verdict.2);
    }
}

#[test]
fn chunked_bodies_are_read() {
    let answer = "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n3\r\nhel\r\n2\r\nlo\r\n0\r\n\r\n";
    assert_eq!(judged(&["http-check expect string hello"], answer).0, "L7OK");
}

#[test]
fn a_sequence_goes_from_port_to_port() {
    let lines =
        ["connect", "send uri /a", "expect status 200", "connect port 2", "send uri /b", "expect string b"];
    let bench = lines.iter().fold(Bench::default(), |b, line| b.line(&format!("http-check {line}")));
    let second = vec![Turn::Hear, say("HTTP/1.1 200 OK\r\ncontent-length: 1\r\n\r\nb")];
    let net = Net::talk([Turn::Hear, say(OK)]).with(2, portero_conformance::rig::Answer::Talks(second));
    assert_eq!(probe(&bench, &net).status, CheckStatus::L7Ok);
    assert_eq!(net.dialed().len(), 2);
}

#[test]
fn what_is_not_supported_is_refused_by_name() {
    for (line, word, part) in [
        ("http-check connect ssl", 2, "'ssl' is not supported"),
        ("http-check connect port 0", 3, "'0'"),
        ("http-check expect", 1, "needs something"),
        ("http-check expect status abc", 3, "'abc'"),
        ("http-check expect binary 00", 2, "'binary'"),
        ("http-check expect rstring (", 3, "'('"),
        ("http-check expect ok-status L7RSP status 200", 3, "'L7RSP'"),
        ("http-check expect status 200 300", 4, "'300'"),
        ("http-check send ver HTTP/2", 3, "'HTTP/2'"),
        ("http-check send-binary 00", 1, "'send-binary'"),
        ("http-check set-var(txn.a) int(1)", 1, "'txn.a'"),
        ("http-check set-var check.a", 1, "'set-var'"),
    ] {
        let error = Bench::default().line(line).health(&plugin()).err().expect(line);
        assert_eq!(error.line, Some((0, word)), "{line}: {}", error.message);
        assert!(error.message.contains(part), "{line}: {}", error.message);
    }
}
