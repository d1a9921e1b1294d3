use portero_api::{CheckStatus, Verdict};
use portero_conformance::rig::{Bench, Farm, Net, Turn, say};
use portero_conformance::{Check, health};

use super::*;

fn bench(lines: &[&str]) -> Bench {
    lines.iter().fold(Bench::default(), |bench, line| bench.line(&format!("tcp-check {line}")))
}

fn probe(lines: &[&str], turns: Vec<Turn>) -> Verdict {
    let health = bench(lines).health(&plugin()).expect("a good setup");
    Net::talk(turns).probe(&*health, &Farm::new(&[1]).servers[0])
}

#[test]
fn it_keeps_to_the_hook() {
    health(&Check {
        plugin: &plugin(),
        bench: bench(&["send PING", "expect string PONG"]),
        well: vec![Turn::Hear, say("+PONG\r\n")],
        passed: CheckStatus::L7Ok,
        listens: true,
    });
    let plain = Check {
        plugin: &plugin(),
        bench: bench(&[]),
        well: vec![],
        passed: CheckStatus::L4Ok,
        listens: false,
    };
    health(&plain);
}

/// Statuses, codes and reasons as HAProxy 3.5 logs them for a server that greets with `220 hi` and stays.
#[test]
fn verdicts_on_a_greeting_are_worded_as_in_haproxy() {
    for (lines, status, code, reason) in [
        (&["expect string 220"][..], "L7OK", Some(0), "(tcp-check)"),
        (&["expect string hi", "expect rstring ^2[0-9]0"], "L7OK", Some(0), "(tcp-check)"),
        (&["expect binary 323230"], "L7OK", Some(0), "(tcp-check)"),
        (&["expect rbinary ^3232"], "L7OK", Some(0), "(tcp-check)"),
        (&["send foo"], "L7OK", Some(0), "(tcp-check)"),
        (&["expect string nope"], "L7TOUT", None, " at step 1 of tcp-check (expect string 'nope')"),
        (&["connect", "expect rstring ^33"], "L7TOUT", None, " at step 2 of tcp-check (expect regex)"),
        (&["expect ! string nope"], "L7TOUT", None, " at step 1 of tcp-check (expect string 'nope')"),
        (&["expect min-recv 3 ! string nope"], "L7OK", Some(0), "(tcp-check)"),
        (&["expect ! string 220"], "L7RSP", None, "TCPCHK matched unwanted content '220' at step 1"),
        (&["expect !binary 3232"], "L7RSP", None, "TCPCHK matched unwanted content (binary) at step 1"),
        (&["expect ok-status L6OK on-success fine string 220"], "L6OK", None, "fine"),
        (
            &["connect", "comment c1", "expect comment c2 string nope"],
            "L7TOUT",
            None,
            " at step 3 of tcp-check (expect string 'nope') comment: 'c2'",
        ),
        (
            &["expect tout-status L6TOUT comment never string 299"],
            "L6TOUT",
            None,
            " at step 1 of tcp-check (expect string '299') comment: 'never'",
        ),
        (
            &["expect min-recv 0 error-status L7STS on-error bad status-code int(77) string 299"],
            "L7STS",
            Some(77),
            "bad",
        ),
        (
            &["connect port 9 comment cc"],
            "L4CON",
            None,
            "no connection: ConnectionRefused at step 1 of tcp-check (connect port 9) comment: 'cc'",
        ),
    ] {
        let verdict = probe(lines, vec![say("220 hi\r\n"), Turn::Silence]);
        let found = (verdict.status.name(), verdict.code, verdict.reason.as_str());
        assert_eq!(found, (status, code, reason), "{lines:?}");
    }
}

/// The same for a server that closes behind `-ERR`, or without a word.
#[test]
fn the_end_of_the_connection_ends_the_waiting() {
    for (line, answer, reason) in [
        ("expect comment c2 string yy", "-ERR", "TCPCHK did not match content 'yy' at step 2 comment: c2"),
        ("expect rstring yy", "-ERR", "TCPCHK did not match content (regex) at step 2"),
        ("expect rbinary yy", "-ERR", "TCPCHK did not match content (binary regex) at step 2"),
        ("expect ! rstring ERR", "-ERR", "TCPCHK matched unwanted content (regex) at step 2"),
        ("expect string y", "", "TCPCHK got an empty response at step 2"),
    ] {
        let verdict = probe(&["send x", line], vec![Turn::Hear, say(answer)]);
        assert_eq!((verdict.status, verdict.reason.as_str()), (CheckStatus::L7Response, reason), "{line}");
    }
}

#[test]
fn answers_are_to_what_was_asked_last() {
    let turns = || vec![say("first"), Turn::Hear, say("second")];
    assert_eq!(probe(&["expect string first", "send x", "expect string second"], turns()).code, Some(0));
    let verdict = probe(&["expect string first", "send x", "expect string first"], turns());
    assert_eq!(verdict.status, CheckStatus::L7Response);
}

#[test]
fn binary_is_sent_as_bytes() {
    let health = bench(&["send-binary 00fF", "send-binary-lf 0a"]).health(&plugin()).expect("good");
    let net = Net::talk([]);
    net.probe(&*health, &Farm::new(&[1]).servers[0]);
    assert_eq!(net.heard(), [0, 0xff, 0x0a]);
}

#[test]
fn what_is_not_supported_is_refused_by_name() {
    for (line, word, part) in [
        ("tcp-check connect via-socks4", 2, "'via-socks4' is not supported"),
        ("tcp-check send", 1, "'send' needs a value"),
        ("tcp-check send a b", 3, "'b'"),
        ("tcp-check send-binary 0", 2, "'0'"),
        ("tcp-check expect status 200", 2, "'status'"),
        ("tcp-check jump", 1, "'jump'"),
    ] {
        let error = Bench::default().line(line).health(&plugin()).err().expect(line);
        assert_eq!(error.line, Some((0, word)), "{line}: {}", error.message);
        assert!(error.message.contains(part), "{line}: {}", error.message);
    }
    assert!(Bench::new("fast").health(&plugin()).is_err_and(|error| error.arg == Some(0)));
}
