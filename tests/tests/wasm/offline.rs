//! Modules where there is no socket: `portero test` and `portero explain`.

use std::process::Command;

use portero_tests::{Folder, portero, repository};

use crate::wat::marking;

/// An example of the page, in a folder with the module that it names.
fn example(language: &str) -> (Folder, String) {
    let page = std::fs::read_to_string(repository().join("docs/wasm.md")).expect("the page is there");
    let text = page.split(&format!("```{language}\n")).nth(1).and_then(|rest| rest.split("```\n").next());
    let module = page.split("```wat\n").nth(1).and_then(|rest| rest.split("```\n").next());
    let folder = Folder::new();
    folder.write("greeting.wasm", module.expect("the page has a module"));
    (folder, text.expect("the page has an example").to_owned())
}

#[test]
fn a_policy_test_runs_with_modules() {
    let (folder, text) = example("test");
    let file = folder.write("greeting.test", text);
    let mut command = Command::new(portero());
    let output = command.arg("test").arg(file).current_dir(folder.path()).output().expect("it runs");
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success() && said.contains("1 passed"), "{output:?}");
}

#[test]
fn an_explanation_shows_each_call_of_a_module_with_its_time() {
    let folder = Folder::new();
    folder.write("x.wasm", marking('a'));
    let file = folder.write(
        "a.cfg",
        "global\n wasm-load mark x.wasm\nlisten front\n mode http\n bind :80\n timeout client 1s\n timeout server 1s\n \
         timeout connect 1s\n filter wasm mark\n server s1 10.0.0.1:80\n",
    );
    let mut command = Command::new(portero());
    command.args(["explain", "-f"]).arg(file).args(["--request", "GET /"]).current_dir(folder.path());
    let output = command.output().expect("it runs");
    let said = String::from_utf8_lossy(&output.stdout);
    let line = said
        .lines()
        .find(|line| line.contains("proxy_on_response_headers"))
        .unwrap_or_else(|| panic!("{said}"));
    assert!(line.contains("mark") && line.contains('s'), "{line}");
}
