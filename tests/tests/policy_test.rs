//! `portero test`: tests of policies, run as a user runs them.

use std::path::Path;
use std::process::{Command, Output};

use portero_tests::{Folder, portero, repository};
use serde_json::Value;

const CONFIG: &str = "
config
    defaults
        mode http
        timeout connect 1s
        timeout client 30s
        timeout server 30s
    frontend front
        bind :80
        http-request deny if { path /no }
        http-request tarpit if { path /slow }
        timeout tarpit 5s
        default_backend app
    backend app
        server s1 10.0.0.1:80
end
";

/// Runs the tests of a text, with these arguments before the file.
fn run(arguments: &[&str], tests: &str) -> Output {
    let folder = Folder::new();
    let file = folder.write("policy.test", format!("{CONFIG}{tests}"));
    test(arguments, &file)
}

fn test(arguments: &[&str], path: &Path) -> Output {
    Command::new(portero()).arg("test").args(arguments).arg(path).output().expect("it starts")
}

/// Both streams as one text.
fn said(output: &Output) -> String {
    [&output.stdout, &output.stderr].map(|stream| String::from_utf8_lossy(stream)).concat()
}

#[track_caller]
fn holds(output: &Output, code: i32, parts: &[&str]) {
    let text = said(output);
    assert_eq!(output.status.code(), Some(code), "{text}");
    for part in parts {
        assert!(text.contains(part), "{part}\n-- is not in --\n{text}");
    }
}

#[test]
fn the_tests_of_the_examples_pass() {
    let output = test(&[], &repository().join("examples"));
    holds(&output, 0, &["test result: ok. 11 passed; 0 failed; 0 filtered out"]);
}

#[test]
fn the_tests_in_the_document_pass() {
    let text = std::fs::read_to_string(repository().join("docs/testing.md")).expect("it is there");
    let blocks: Vec<_> =
        text.split("```test\n").skip(1).filter_map(|rest| rest.split("```").next()).collect();
    assert_eq!(blocks.len(), 2);
    let folder = Folder::new();
    for block in blocks {
        holds(&test(&[], &folder.write("doc.test", block)), 0, &["test result: ok. ", " 0 failed"]);
    }
}

#[test]
fn a_failure_shows_the_line_and_what_came_instead() {
    let tests = "test good\n request GET /\n expect status 200\n\
                 test bad\n request GET /no\n expect status 200\n expect backend app\n";
    let parts = [
        "test good ... ok",
        "test bad ... FAILED",
        "error: status is '403', expected '200'",
        "policy.test:22:16",
        "^^^ it is '403'",
        "error: there is no backend, expected 'app'",
        "test result: FAILED. 1 passed; 1 failed; 0 filtered out; 2 requests",
    ];
    holds(&run(&[], tests), 1, &parts);
}

#[test]
fn mistakes_in_a_test_file_are_all_named_with_a_caret() {
    let tests = "test a\n expect status 200\n requst GET /\n request GET /\n expect stats 200\n given server x down\n";
    let parts = [
        "'expect' belongs to no request",
        "unknown word 'requst' in a test file",
        "did you mean 'request'?",
        "'stats' is not something to expect",
        "did you mean 'status'?",
        "'x' is not of the form BACKEND/SERVER",
        "policy.test:21:9",
    ];
    holds(&run(&[], tests), 1, &parts);
}

#[test]
fn a_mistake_in_the_configuration_keeps_its_line_in_the_test_file() {
    let folder = Folder::new();
    let file = folder.write("policy.test", format!("{}test a\n", CONFIG.replace("deny if", "deny fi")));
    holds(&test(&[], &file), 1, &["policy.test:10:"]);
}

#[test]
fn waits_move_the_clock_and_take_no_time() {
    let tests = "test tarpit\n request GET /slow times 100\n expect status 500\n expect waited 5s\n";
    let output = run(&[], tests);
    holds(&output, 0, &["100 requests", "finished in 0."]);
}

#[test]
fn a_filter_picks_tests_by_their_names() {
    let tests =
        "test one\n request GET /no\n expect status 200\ntest two\n request GET /\n expect status 200\n";
    holds(&run(&["two"], tests), 0, &["1 passed; 0 failed; 1 filtered out"]);
}

#[test]
fn results_are_written_as_junit_and_json() {
    let folder = Folder::new();
    let junit = folder.write("junit.xml", "");
    let tests = "test \"a < b\"\n request GET /no\n expect status 200\n";
    let output = run(&["--json", "--junit", &junit.to_string_lossy()], tests);
    assert_eq!(output.status.code(), Some(1));
    let json: Value = serde_json::from_slice(&output.stdout).expect("JSON");
    assert_eq!((&json["passed"], &json["failed"]), (&0.into(), &1.into()));
    assert_eq!(json["files"][0]["tests"][0]["failures"][0]["line"], 19);
    let xml = std::fs::read_to_string(junit).expect("it was written");
    assert!(xml.contains("failures=\"1\"") && xml.contains("name=\"a &lt; b\""), "{xml}");
    assert!(xml.contains("<failure message=\"status is '403', expected '200'\">"), "{xml}");
}

#[test]
fn a_failure_shows_what_the_request_went_through() {
    let parts = [
        "what the request went through:",
        "http-request rules of front",
        "http-request deny if { path /no }",
        "yes { path /no }  path = \"/no\" matches /no",
        "= refused with 403",
    ];
    holds(&run(&[], "test bad\n request GET /no\n expect status 200\n"), 1, &parts);
}

#[test]
fn coverage_names_what_was_never_reached_true_or_false() {
    let tests = "test a\n request GET /no\n expect status 403\n";
    let parts = [
        "coverage: 0 of 2 rules, 0 of 2 lines of ACLs and tests",
        "policy.test:10 never false    http-request deny if { path /no }",
        "policy.test:10 never false    { path /no }",
        "policy.test:11 never reached  http-request tarpit if { path /slow }",
    ];
    let output = run(&["--coverage"], tests);
    holds(&output, 0, &parts);
    assert!(!said(&output).contains("{ path /slow }\n  "), "{}", said(&output));
    let both = "test a\n request GET /no\n request GET /slow\n request GET /\n";
    holds(&run(&["--coverage"], both), 0, &["coverage: 2 of 2 rules, 2 of 2 lines"]);
}

#[test]
fn what_a_test_gives_must_be_there() {
    for (line, message) in [
        ("given server app/x down", "there is no server 'app/x'"),
        ("given server app/s1 full", "'app/s1' is never full: it has no 'maxconn'"),
        ("given table t key a gpc0 1", "there is no table 't', and no other either"),
        ("given table t key a gpc7 1", "'gpc7' is no data type of a table"),
        ("given var txn.a 1", "'txn.a' lives in an exchange only"),
        ("advance soon", "'soon' is not a time such as"),
        ("request GET /\n frontend x", "there is no frontend 'x'"),
        ("request GET /\n expect table t key a absent", "there is no table 't'"),
    ] {
        holds(&run(&[], &format!("test a\n {line}\n")), 1, &[message]);
    }
}
