//! `portero explain`: its output word by word, and that it says what a real daemon does.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use portero_tests::{portero, repository};
use serde_json::Value;

/// The words of a command line: blanks part them, and single quotes keep them together.
fn words(line: &str) -> Vec<String> {
    let (mut all, mut word, mut quoted) = (Vec::new(), None::<String>, false);
    for c in line.chars() {
        match c {
            '\'' => {
                quoted = !quoted;
                word.get_or_insert_default();
            }
            ' ' if !quoted => all.extend(word.take()),
            c => word.get_or_insert_default().push(c),
        }
    }
    all.extend(word);
    all
}

fn explain(folder: &Path, line: &str) -> Output {
    Command::new(portero()).current_dir(folder).arg("explain").args(words(line)).output().expect("it starts")
}

/// Both streams as one text.
fn said(output: &Output) -> String {
    [&output.stdout, &output.stderr].map(|stream| String::from_utf8_lossy(stream)).concat()
}

fn golden() -> PathBuf {
    repository().join("tests/golden/explain")
}

#[test]
fn the_output_is_that_of_the_golden_files() {
    let mut count = 0;
    for entry in std::fs::read_dir(golden()).expect("a folder").flatten() {
        let path = entry.path();
        if path.extension().is_none_or(|e| e != "txt") {
            continue;
        }
        count += 1;
        let text = std::fs::read_to_string(&path).expect("a file");
        let (line, expected) = text.split_once('\n').expect("a command and what it prints");
        let command = line.strip_prefix("$ portero explain ").expect("the command comes first");
        let example = repository().join("examples/02-rules");
        let folder = if command.starts_with("-f haproxy.cfg") { example } else { golden() };
        let output = explain(&folder, command);
        assert_eq!(output.status.code(), Some(0), "{}", said(&output));
        if std::env::var_os("BLESS").is_some() {
            std::fs::write(&path, format!("{line}\n{}", said(&output))).expect("it can be written");
        } else {
            assert_eq!(said(&output), expected, "{}", path.display());
        }
    }
    assert!(count >= 8, "{count} golden files were found");
}

#[test]
fn json_says_the_same() {
    let output = explain(
        &repository().join("examples/02-rules"),
        "-f haproxy.cfg --request 'GET /api/v2/items' --header 'X-Api-Key: k' --down api/api1 --json",
    );
    let json: Value = serde_json::from_slice(&output.stdout).expect("JSON");
    assert_eq!((&json["backend"], &json["server"]), (&"api".into(), &"api2".into()));
    assert_eq!(json["sent"]["target"], "/v2/items");
    assert_eq!(json["reply"]["status"], 200);
    let steps = json["steps"].as_array().expect("a list");
    let rules: Vec<_> = steps.iter().filter(|step| step["step"] == "rule").collect();
    assert_eq!(rules[0]["place"]["line"], 18);
    assert_eq!((&rules[0]["end"], &rules[0]["condition"]["value"]), (&"skipped".into(), &false.into()));
    let choice = steps.iter().find(|step| step["step"] == "server").expect("a server was chosen");
    assert_eq!(choice["candidates"][0]["out"], "down");
}

#[test]
fn mistakes_are_told_and_end_with_an_error() {
    for (line, message) in [
        ("--request 'GET /'", "'explain' needs a configuration"),
        ("-f haproxy.cfg --request 'GET /' --frontend nope", "there is no frontend 'nope'"),
        ("-f haproxy.cfg --request 'GET /' --dst 127.0.0.1:1", "no frontend listens on port 1"),
        ("-f haproxy.cfg --request 'GET /' --down api/x", "there is no server 'api/x'"),
        ("-f nothing.cfg --request 'GET /'", "cannot be read"),
    ] {
        let output = explain(&repository().join("examples/02-rules"), line);
        assert_eq!(output.status.code(), Some(1), "{line}");
        assert!(said(&output).contains(message), "{line}: {}", said(&output));
    }
}
