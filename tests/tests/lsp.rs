//! `portero lsp`, as an editor talks to it: JSON-RPC over the standard input and output of the real program.

use std::io::{BufRead, BufReader, Write};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};

use portero_tests::{Folder, LIMIT, portero};
use serde_json::{Value, json};

const TEXT: &str = "\
frontend f
    bind :8080
    acl api path_beg /api
    http-request set-header X-U \"Ü %[src]\" if api
    bnid :80
    default_backend app
backend app
    server s1 127.0.0.1:1
";

/// A language server with an editor's end of its pipes.
struct Editor {
    program: Child,
    input: ChildStdin,
    messages: Receiver<Value>,
    last_id: i64,
}

impl Editor {
    /// Starts it and shakes hands.
    fn new(options: Value) -> Editor {
        let mut program = Command::new(portero())
            .arg("lsp")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("it starts");
        let input = program.stdin.take().expect("a pipe");
        let mut output = BufReader::new(program.stdout.take().expect("a pipe"));
        let (sender, messages) = channel();
        // reads until the program has left, or nobody listens any more
        std::thread::spawn(move || {
            while let Some(message) = read(&mut output) {
                if sender.send(message).is_err() {
                    break;
                }
            }
        });
        let mut editor = Editor { program, input, messages, last_id: 0 };
        let answer = editor.ask(
            "initialize",
            json!({ "capabilities": {}, "initializationOptions": options, "processId": null }),
        );
        assert_eq!(answer["capabilities"]["hoverProvider"], json!(true), "{answer}");
        editor.tell("initialized", json!({}));
        editor
    }

    fn send(&mut self, message: Value) {
        let text = message.to_string();
        write!(self.input, "Content-Length: {}\r\n\r\n{text}", text.len()).expect("the pipe is open");
        self.input.flush().expect("the pipe is open");
    }

    fn tell(&mut self, method: &str, params: Value) {
        self.send(json!({ "jsonrpc": "2.0", "method": method, "params": params }));
    }

    /// Asks, and waits for the answer; what is published meanwhile is passed over.
    fn ask(&mut self, method: &str, params: Value) -> Value {
        self.last_id += 1;
        let id = self.last_id;
        self.send(json!({ "jsonrpc": "2.0", "id": id, "method": method, "params": params }));
        loop {
            let message = self.messages.recv_timeout(LIMIT).expect("an answer");
            if message["id"] == json!(id) {
                assert!(message["error"].is_null(), "{message}");
                return message["result"].clone();
            }
        }
    }

    /// Opens a text and waits for what is said about it.
    fn open(&mut self, uri: &str, text: &str) -> Vec<Value> {
        let document = json!({ "uri": uri, "languageId": "haproxy", "version": 1, "text": text });
        self.tell("textDocument/didOpen", json!({ "textDocument": document }));
        self.published(uri)
    }

    fn published(&mut self, uri: &str) -> Vec<Value> {
        loop {
            let message = self.messages.recv_timeout(LIMIT).expect("diagnostics");
            if message["method"] == "textDocument/publishDiagnostics" && message["params"]["uri"] == uri {
                return message["params"]["diagnostics"].as_array().expect("a list").clone();
            }
        }
    }

    fn at(&mut self, method: &str, uri: &str, line: u32, character: u32) -> Value {
        let position = json!({ "line": line, "character": character });
        self.ask(method, json!({ "textDocument": { "uri": uri }, "position": position }))
    }

    /// Says goodbye, and gives the exit code.
    fn leave(mut self) -> Option<i32> {
        self.ask("shutdown", Value::Null);
        self.tell("exit", Value::Null);
        self.program.wait().expect("it ends").code()
    }
}

impl Drop for Editor {
    fn drop(&mut self) {
        // it has left already in a test that succeeds
        let _ = self.program.kill();
        let _ = self.program.wait();
    }
}

fn read(output: &mut impl BufRead) -> Option<Value> {
    let mut length = 0;
    loop {
        let mut line = String::new();
        if output.read_line(&mut line).ok()? == 0 {
            return None;
        }
        match line.trim_end() {
            "" => break,
            header => {
                length = header.strip_prefix("Content-Length: ").map_or(length, |n| n.parse().unwrap_or(0))
            }
        }
    }
    let mut body = vec![0; length];
    output.read_exact(&mut body).ok()?;
    serde_json::from_slice(&body).ok()
}

const URI: &str = "file:///tmp/haproxy.cfg";

#[test]
fn mistakes_are_shown_while_typing_and_go_when_they_are_mended() {
    let mut editor = Editor::new(Value::Null);
    let found = editor.open(URI, TEXT);
    let mistake = found.iter().find(|d| d["message"].as_str().is_some_and(|m| m.contains("bnid")));
    let mistake = mistake.unwrap_or_else(|| panic!("{found:?}"));
    assert_eq!(mistake["range"]["start"], json!({ "line": 4, "character": 4 }));
    assert_eq!((&mistake["severity"], &mistake["source"]), (&json!(1), &json!("portero")));

    let context = json!({ "diagnostics": [mistake] });
    let fixes = editor.ask(
        "textDocument/codeAction",
        json!({ "textDocument": { "uri": URI }, "range": mistake["range"], "context": context }),
    );
    assert_eq!(fixes[0]["edit"]["changes"][URI][0]["newText"], "bind", "{fixes}");

    let mended = TEXT.replace("    bnid :80\n", "    acl idle src 1.1.1.1\n");
    editor.tell(
        "textDocument/didChange",
        json!({ "textDocument": { "uri": URI, "version": 2 }, "contentChanges": [{ "text": mended }] }),
    );
    let found = editor.published(URI);
    assert!(!found.iter().any(|d| d["severity"] == 1), "{found:?}");
    assert!(found.iter().any(|d| d["code"] == "unused-acl"), "{found:?}");
    assert_eq!(editor.leave(), Some(0));
}

#[test]
fn words_are_completed_explained_and_followed() {
    let mut editor = Editor::new(Value::Null);
    editor.open(URI, TEXT);
    // behind a character that takes two bytes: `"Ü %[src]"`
    let hover = editor.at("textDocument/hover", URI, 3, 38);
    assert!(
        hover["contents"]["value"].as_str().is_some_and(|text| text.contains("src -> address")),
        "{hover}"
    );
    let definition = editor.at("textDocument/definition", URI, 3, 46);
    assert_eq!(definition[0]["range"]["start"], json!({ "line": 2, "character": 8 }), "{definition}");
    let items = editor.at("textDocument/completion", URI, 5, 20);
    assert!(items.as_array().is_some_and(|all| all.iter().any(|item| item["label"] == "app")), "{items}");
    let symbols = editor.ask("textDocument/documentSymbol", json!({ "textDocument": { "uri": URI } }));
    assert_eq!((&symbols[0]["name"], &symbols[1]["name"]), (&json!("f"), &json!("app")), "{symbols}");
    let renamed = editor.ask(
        "textDocument/rename",
        json!({ "textDocument": { "uri": URI }, "position": { "line": 2, "character": 9 }, "newName": "shop" }),
    );
    assert_eq!(renamed["changes"][URI].as_array().map(Vec::len), Some(2), "{renamed}");
    assert_eq!(editor.leave(), Some(0));
}

#[test]
fn a_text_is_laid_out() {
    let mut editor = Editor::new(Value::Null);
    editor.open(URI, "global\ndaemon\n");
    let options = json!({ "tabSize": 4, "insertSpaces": true });
    let edits =
        editor.ask("textDocument/formatting", json!({ "textDocument": { "uri": URI }, "options": options }));
    assert_eq!(edits[0]["newText"], "global\n    daemon\n", "{edits}");
    assert_eq!(editor.leave(), Some(0));
}

#[test]
fn files_that_the_editor_names_are_one_configuration() {
    let folder = Folder::new();
    let back = folder.write("2.cfg", "backend app\n    server s1 127.0.0.1:1\n");
    let front = folder.write("1.cfg", "");
    let uri = format!("file://{}", front.display());
    let mut editor = Editor::new(json!({ "files": [front, back] }));
    let text = "frontend f\n    bind :8080\n    default_backend ap\n";
    let found = editor.open(&uri, text);
    let message = |d: &Value| d["message"].as_str().unwrap_or_default().to_owned();
    assert!(found.iter().map(message).any(|m| m.contains("did you mean 'app'?")), "{found:?}");
    assert_eq!(editor.leave(), Some(0));
}
