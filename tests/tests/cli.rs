//! The command line: checking a configuration, and what is said of a bad one.

use std::process::{Command, Output};

use portero_tests::{Folder, portero};

const GOOD: &str = "
defaults
    mode http
    timeout client 5s
    timeout server 5s
    timeout connect 1s
frontend front
    bind 127.0.0.1:8090
    default_backend app
backend app
    server s1 127.0.0.1:1
";

fn run(arguments: &[&str], config: &str) -> Output {
    let folder = Folder::new();
    let file = folder.write("haproxy.cfg", config);
    Command::new(portero()).args(arguments).arg(file).output().expect("it starts")
}

/// Both streams as one text.
fn said(output: &Output) -> String {
    [&output.stdout, &output.stderr].map(|stream| String::from_utf8_lossy(stream)).concat()
}

#[test]
fn a_good_file_is_valid() {
    for arguments in [&["-c", "-f"][..], &["check"][..]] {
        let output = run(arguments, GOOD);
        assert_eq!(output.status.code(), Some(0), "{arguments:?}: {}", said(&output));
    }
}

#[test]
fn every_mistake_is_named_with_its_line() {
    let bad = GOOD
        .replace("default_backend app", "default_backend ap")
        .replace("server s1", "sever s1")
        .replace("timeout client 5s", "timeout client 5parsecs");
    for arguments in [&["-c", "-f"][..], &["check"][..]] {
        let output = run(arguments, &bad);
        assert_eq!(output.status.code(), Some(1), "{arguments:?}: {}", said(&output));
        let text = said(&output);
        for part in ["'ap'", "sever", "5parsecs", "haproxy.cfg:4", "haproxy.cfg:9", "haproxy.cfg:11"] {
            assert!(text.contains(part) || part == "'ap'" && text.contains("`ap`"), "{part} in:\n{text}");
        }
        assert!(text.contains("server"), "a suggestion:\n{text}");
    }
}

#[test]
fn a_bad_file_is_not_run() {
    let output = run(&["-db", "-f"], &GOOD.replace("bind", "bnid"));
    assert_eq!(output.status.code(), Some(1));
    assert!(said(&output).contains("bnid"));
}

#[test]
fn a_word_that_is_not_supported_is_refused_by_name() {
    let output = run(&["check"], &GOOD.replace("mode http\n", "mode http\n    email-alert teleport now\n"));
    assert_eq!(output.status.code(), Some(1), "{}", said(&output));
    assert!(said(&output).contains("teleport"), "{}", said(&output));
}

#[test]
fn the_version_is_told_as_haproxy_tells_it() {
    let output = Command::new(portero()).arg("-v").output().expect("it starts");
    assert_eq!(output.status.code(), Some(0));
    assert!(said(&output).to_lowercase().contains("version"), "{}", said(&output));
}

#[test]
fn files_are_laid_out_in_place_or_only_looked_at() {
    let folder = Folder::new();
    let file = folder.write("haproxy.cfg", "global\ndaemon   # in the back\n\n\n");
    let fmt = |arguments: &[&str]| {
        Command::new(portero()).arg("fmt").args(arguments).arg(&file).output().expect("it starts")
    };
    let checked = fmt(&["--check"]);
    assert_eq!(checked.status.code(), Some(1));
    assert!(said(&checked).contains("haproxy.cfg"), "{}", said(&checked));
    assert_eq!(fmt(&[]).status.code(), Some(0));
    let text = std::fs::read_to_string(&file).expect("the file is there");
    assert_eq!(text, "global\n    daemon # in the back\n");
    assert_eq!(fmt(&["--check"]).status.code(), Some(0));
}
