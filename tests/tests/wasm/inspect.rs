//! `portero wasm inspect`.

use std::process::{Command, Output};

use portero_tests::{Folder, portero};
use serde_json::Value;

use crate::wat::marking;

fn inspect(text: &str, options: &[&str]) -> Output {
    let folder = Folder::new();
    let file = folder.write("x.wasm", text);
    let mut command = Command::new(portero());
    command.args(["wasm", "inspect"]).args(options).arg(file).output().expect("it runs")
}

#[test]
fn a_module_is_described_as_text_and_as_json() {
    let text = marking('a').replacen("(import", "(import \"env\" \"proxy_dance\" (func $dance))\n(import", 1);
    let output = inspect(&text, &[]);
    let said = String::from_utf8_lossy(&output.stdout);
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    for part in
        ["proxy-wasm ABI 0.2.1", "proxy_on_response_headers", "env.proxy_add_header_map_value", "filter"]
    {
        assert!(said.contains(part), "{part}\n{said}");
    }
    assert!(
        said.lines().any(|line| line.trim_start().starts_with("missing") && line.contains("env.proxy_dance"))
    );
    let output = inspect(&text, &["--json"]);
    let json: Value = serde_json::from_slice(&output.stdout).expect("JSON");
    assert_eq!((json["abi"].as_str(), json["hooks"][0].as_str()), (Some("0.2.1"), Some("filter")));
    assert_eq!(json["imports"][0]["standing"], "missing");
}

#[test]
fn exit_codes_tell_files_that_cannot_be_loaded_from_those_that_are_not_there() {
    let output = inspect("(module)", &["--json"]);
    assert_eq!(output.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&output.stderr).contains("it is no proxy-wasm module"), "{output:?}");
    let mut command = Command::new(portero());
    let output = command.args(["wasm", "inspect", "/nowhere.wasm"]).output().expect("it runs");
    assert_eq!(output.status.code(), Some(2));
    let output = Command::new(portero()).args(["wasm", "look"]).output().expect("it runs");
    assert_eq!(output.status.code(), Some(1));
}
