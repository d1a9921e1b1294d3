//! `portero lua`: a script by itself.

use std::io::Write;
use std::process::{Command, Stdio};

use portero_tests::{Folder, portero};

const SCRIPT: &str = "
    local who = ...
    function greet(txn) return 'hello ' .. who .. ' at ' .. txn.f:path() end
    core.register_action('greet', { 'http-req' }, greet)
    function test_greeting(txn) assert(greet(txn) == 'hello Ann at /a', greet(txn)) end
    function test_waiting() core.sleep(3600) end
    ";

/// Runs a script with these lines on the standard input: whether that went well, and what was printed.
fn run(script: &str, args: &[&str], lines: &str) -> (bool, String) {
    let folder = Folder::new();
    folder.write("x.lua", script);
    let mut command = Command::new(portero());
    command.arg("lua").args(args).current_dir(folder.path());
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().expect("it starts");
    let mut input = child.stdin.take().expect("it is piped");
    // who does not read has ended already
    let _ = input.write_all(lines.as_bytes());
    drop(input);
    let output = child.wait_with_output().expect("it ends");
    let text = [output.stdout, output.stderr].concat();
    (output.status.success(), String::from_utf8_lossy(&text).into_owned())
}

#[test]
fn tests_of_a_script_are_run_against_a_transaction() {
    let args = ["--test", "--request", "GET /a", "x.lua", "Ann"];
    let (passed, said) = run(SCRIPT, &args, "");
    assert!(passed, "{said}");
    for part in ["ok      test_greeting", "ok      test_waiting", "2 passed, 0 failed"] {
        assert!(said.contains(part), "{part}\n{said}");
    }
    let (passed, said) = run(SCRIPT, &["--test", "x.lua", "Bert"], "");
    assert!(!passed && said.contains("FAILED  test_greeting") && said.contains("hello Bert at /"), "{said}");
}

#[test]
fn lines_are_run_beside_the_script() {
    let lines = "greet(txn)\nlocal x = 1\nnumber = 41\nnumber + 1\nerror('oh')\nx = = 1\ntxn.f:req_hdr('x-a')\n\
         'path ' .. tostring(os.getenv('PATH') ~= nil)\n";
    let (passed, said) = run(SCRIPT, &["--header", "X-A: 7", "--request", "GET /a", "x.lua", "Ann"], lines);
    assert!(passed, "{said}");
    for part in [
        "\"hello Ann at /a\"",
        "\n42\n",
        "line:1: oh",
        "unexpected symbol near '='",
        "\"7\"",
        "\"path true\"",
    ] {
        assert!(said.contains(part), "{part}\n{said}");
    }
}

#[test]
fn a_script_that_does_not_load_is_shown_with_its_mistake() {
    let (passed, said) = run("x = = 1", &["x.lua"], "");
    assert!(!passed && said.contains("x.lua:1: unexpected symbol near '='"), "{said}");
}
