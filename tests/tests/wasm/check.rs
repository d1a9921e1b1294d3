//! What `portero check` says of modules that cannot be used.

use std::process::Command;

use portero_tests::{Folder, portero};

use crate::wat::{marking, module};

/// What is said of a configuration that loads `x.wasm` and uses it in a line of a frontend.
fn said(text: &str, load: &str, line: &str) -> (bool, String) {
    let folder = Folder::new();
    folder.write("x.wasm", text);
    let front = "timeout client 1s\n timeout server 1s\n timeout connect 1s";
    let config = format!("global\n {load}\nlisten front\n mode http\n bind 127.0.0.1:0\n {front}\n {line}\n");
    let file = folder.write("a.cfg", config);
    let mut command = Command::new(portero());
    let output = command.arg("check").arg(file).current_dir(folder.path()).output().expect("it runs");
    (output.status.success(), String::from_utf8_lossy(&output.stderr).into_owned())
}

#[track_caller]
fn refused((accepted, said): (bool, String), parts: &[&str]) {
    assert!(!accepted, "{said}");
    for part in parts {
        assert!(said.contains(part), "{part}\n-- is not in --\n{said}");
    }
}

const LOAD: &str = "wasm-load greet x.wasm";

#[test]
fn a_module_with_a_wrong_name_is_told_the_right_one() {
    let said = said(&marking('a'), LOAD, "filter wasm grete");
    refused(said, &["unknown filter 'wasm.grete'", "did you mean 'wasm.greet'?", "a.cfg:9:14", "^^^^^"]);
}

#[test]
fn files_that_are_no_modules_are_named_with_the_reason() {
    let missing = said("", "wasm-load greet nowhere.wasm", "filter wasm greet");
    refused(missing, &["'nowhere.wasm' cannot be loaded: it cannot be read", "a.cfg:2:18", "^^^^^^^^^^^^"]);
    let (_, text) = said("hello", LOAD, "filter wasm greet");
    assert!(text.contains("'x.wasm' cannot be loaded: ") && text.contains("a.cfg:2:18"), "{text}");
    assert!(!text.contains("unknown filter"), "what follows from it is not said:\n{text}");
    refused(said("(module)", LOAD, ""), &["'x.wasm' cannot be loaded: it is no proxy-wasm module"]);
}

#[test]
fn modules_that_do_not_start_are_named_with_what_they_did() {
    let trap = module(
        r#"(func $inner unreachable)
        (func (export "proxy_on_vm_start") (param i32 i32) (result i32) (call $inner) (i32.const 1))"#,
    );
    refused(
        said(&trap, LOAD, ""),
        &["'x.wasm' cannot be loaded: proxy_on_vm_start: ", "unreachable", "!inner", "a.cfg:2:18"],
    );
    let no = module(r#"(func (export "proxy_on_configure") (param i32 i32) (result i32) (i32.const 0))"#);
    refused(said(&no, LOAD, ""), &["proxy_on_configure says that it cannot run with this configuration"]);
}

#[test]
fn a_module_that_imports_what_nobody_knows_is_loaded_all_the_same() {
    let text = marking('a').replacen("(import", "(import \"env\" \"proxy_dance\" (func $dance))\n(import", 1);
    let (accepted, text) = said(&text, LOAD, "filter wasm greet");
    assert!(accepted, "{text}");
}

#[test]
fn parameters_are_checked_as_all_words() {
    let greet = |rest: &str| said(&marking('a'), &format!("{LOAD} {rest}"), "");
    refused(greet("timeuot 5ms"), &["'timeuot'", "did you mean 'timeout'?", "a.cfg:2:25"]);
    refused(greet("on-error ignore"), &["'ignore'", "a.cfg:2:34"]);
    refused(greet("max-memory 2g"), &["a module has at most 1073741824 bytes of memory"]);
    refused(greet("config-file none.json"), &["none.json' cannot be read", "a.cfg:2:37"]);
    refused(
        said(&marking('a'), &format!("{LOAD}\n {LOAD}"), ""),
        &["there are two modules of the name 'greet'"],
    );
    refused(
        said(&marking('a'), LOAD, "filter wasm greet more"),
        &["a WASM filter takes no argument", "'more'"],
    );
}
