//! Traces of live traffic: which requests leave one, where it goes, and that it is what `portero explain` says.

use std::path::Path;
use std::process::Command;

use portero_tests::{Folder, Origin, Proxy, Starting, Syslog, eventually, portero};
use serde_json::Value;

const CONFIG: &str = "
defaults
    mode http
    timeout client 5s
    timeout server 5s
    timeout connect 1s
frontend front
    bind ${front}
    explain ${explain}
    acl api path_beg /api /v2
    acl robot req.hdr(user-agent),lower -m sub crawler
    http-request deny deny_status 404 if robot !api
    http-request redirect location /api/new if { path /old }
    http-request set-var(txn.kind) str(api) if api
    http-request set-header X-Kind %[var(txn.kind)] if { var(txn.kind) -m found }
    http-request wait-for-body time 1s if METH_POST
    http-request deny if { req.body -m sub evil }
    http-response set-header X-Seen %[var(txn.kind)]
    use_backend api if api
    default_backend site
backend api
    balance uri
    http-request replace-path /api/(.*) /\\1
    option forwardfor
    cookie SRV insert indirect
    server a ${one} cookie a
    server b ${two} cookie b
    use-server b if { url_param(s) b }
backend site
    server s ${one}
    http-response del-header X-Cache
";

/// Requests that meet every rule of the configuration, each with what `portero explain` is told of it.
const REQUESTS: [(&str, &[&str], &str); 8] = [
    ("GET / HTTP/1.1", &[], ""),
    ("GET / HTTP/1.1", &["User-Agent: A Crawler"], ""),
    ("GET /old HTTP/1.1", &[], ""),
    ("GET /api/x?s=b HTTP/1.1", &["User-Agent: A Crawler"], ""),
    ("GET /api/y HTTP/1.1", &["Cookie: SRV=a; t=1"], ""),
    ("GET /v2/z HTTP/1.1", &["Cookie: SRV=nobody"], ""),
    ("POST /api/x HTTP/1.1", &[], "good"),
    ("POST / HTTP/1.1", &[], "an evil body"),
];

fn origin() -> Origin {
    Origin::scripted(|mut peer| {
        loop {
            peer.request()?;
            peer.send("HTTP/1.1 200 OK\r\nX-Cache: hit\r\nContent-Length: 0\r\n\r\n")?;
        }
    })
}

fn proxy(explain: &str, origins: &[Origin; 2]) -> Starting {
    let [one, two] = origins.each_ref().map(Origin::address);
    Proxy::with(CONFIG).set("explain", explain).set("one", one).set("two", two)
}

fn wire((line, headers, body): &(&str, &[&str], &str)) -> String {
    let mut text = format!("{line}\r\nHost: localhost\r\n");
    headers.iter().for_each(|header| text.push_str(&format!("{header}\r\n")));
    if !body.is_empty() {
        text.push_str(&format!("Content-Length: {}\r\n", body.len()));
    }
    format!("{text}\r\n{body}")
}

/// What `portero explain` says of a request, on the same configuration.
fn explained(config: &Path, (line, headers, body): &(&str, &[&str], &str)) -> Value {
    let mut command = Command::new(portero());
    command.arg("explain").arg("-f").arg(config).args([
        "--request",
        line,
        "--json",
        "--response-header",
        "X-Cache: hit",
    ]);
    for header in *headers {
        command.args(["--header", header]);
    }
    if !body.is_empty() {
        command.args(["--body", body]);
    }
    let output = command.output().expect("it starts");
    serde_json::from_slice(&output.stdout)
        .unwrap_or_else(|_| panic!("{}", String::from_utf8_lossy(&output.stderr)))
}

/// The steps without what differs between two ways of asking: the names of files, and what only live traffic says.
fn comparable(mut steps: Value, live: bool) -> Value {
    let list = steps.as_array_mut().expect("a list");
    if live {
        assert_eq!((&list[0]["step"], &list[list.len() - 1]["step"]), (&"request".into(), &"end".into()));
        list.remove(0);
        list.pop();
    }
    forget_files(&mut steps);
    steps
}

fn forget_files(value: &mut Value) {
    match value {
        Value::Object(map) => {
            map.remove("file");
            map.values_mut().for_each(forget_files);
        }
        Value::Array(list) => list.iter_mut().for_each(forget_files),
        _ => {}
    }
}

fn traces(path: &Path, count: usize) -> Vec<String> {
    eventually("the traces are written", || {
        let text = std::fs::read_to_string(path).ok()?;
        let lines: Vec<_> = text.lines().map(str::to_owned).collect();
        (lines.len() >= count).then_some(lines)
    })
}

#[test]
fn a_real_daemon_and_explain_walk_the_same_way() {
    let origins = [origin(), origin()];
    let folder = Folder::new();
    let path = folder.path().join("traces.json");
    let live = proxy(&format!("sample 1 to file {} json", path.display()), &origins).start();
    let [one, two] = origins.each_ref().map(|origin| origin.address().to_string());
    let offline = CONFIG.replace("${front}", "127.0.0.1:8090").replace("${explain}", "sample 1");
    let offline = folder.write("offline.cfg", offline.replace("${one}", &one).replace("${two}", &two));
    for (i, request) in REQUESTS.iter().enumerate() {
        let response = live.connect().send(wire(request)).response();
        let trace = traces(&path, i + 1).pop().expect("a trace");
        let trace: Value = serde_json::from_str(&trace).expect("JSON");
        let said = explained(&offline, request);
        assert_eq!(said["reply"]["status"], response.status(), "{request:?}");
        assert_eq!(trace["status"], response.status().to_string(), "{request:?}");
        for part in ["backend", "server"] {
            assert_eq!(trace[part], said[part], "{part} of {request:?}");
        }
        let headers = said["reply"]["headers"].as_array().expect("a list");
        for header in headers.iter().filter(|header| header[0] != "Connection") {
            let name = header[0].as_str().expect("a name");
            assert_eq!(response.header(name), header[1].as_str(), "{name} of {request:?}");
        }
        let (trace, said) =
            (comparable(trace["steps"].clone(), true), comparable(said["steps"].clone(), false));
        assert_eq!(trace, said, "{request:?}");
    }
}

#[test]
fn one_in_n_leaves_a_trace() {
    let origins = [origin(), origin()];
    let folder = Folder::new();
    let path = folder.path().join("traces");
    let live = proxy(&format!("sample 4 to file {} json", path.display()), &origins).start();
    for _ in 0..9 {
        assert_eq!(live.get("/").status(), 200);
    }
    assert_eq!(traces(&path, 3).len(), 3);
}

#[test]
fn who_knows_the_secret_gets_a_trace_and_the_server_does_not_see_it() {
    let seen = Origin::scripted(|mut peer| {
        let (head, _) = peer.request()?;
        peer.send(format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{}", head.0.len(), head.0))
    });
    let origins = [seen, origin()];
    let log = Syslog::udp();
    let config = CONFIG.replace("    bind", &format!("    log {} local0\n    bind", log.address()));
    let [one, two] = origins.each_ref().map(Origin::address);
    let live = Proxy::with(&config)
        .set("explain", "header X-Explain s3cret to log")
        .set("one", one)
        .set("two", two)
        .start();
    let ask = |secret: &str| {
        let request = format!("GET /home HTTP/1.1\r\nHost: a\r\nX-Explain: {secret}\r\n\r\n");
        live.connect().send(request).response().text().to_lowercase()
    };
    assert!(ask("wrong").contains("x-explain: wrong"));
    assert!(!ask("s3cret").contains("x-explain"));
    log.line_with(&["explain 127.0.0.1:", "| http-request deny deny_status 404 if robot !api"]);
}

#[test]
fn a_condition_chooses_and_the_text_is_that_of_explain() {
    let origins = [origin(), origin()];
    let folder = Folder::new();
    let path = folder.path().join("traces");
    let live = proxy(&format!("to file {} if {{ path /old }}", path.display()), &origins).start();
    assert_eq!((live.get("/").status(), live.get("/old").status()), (200, 302));
    let text = traces(&path, 5).join("\n");
    assert!(text.contains("http-request redirect location /api/new if { path /old }"), "{text}");
    assert!(text.contains("yes { path /old }  path = \"/old\" matches /old"), "{text}");
    assert!(text.contains("answered with 302 to /api/new"), "{text}");
    assert!(!text.contains("GET / HTTP"), "{text}");
}

#[test]
fn a_line_that_chooses_nothing_and_words_that_are_wrong_are_refused() {
    for (words, message) in [
        ("to log", "'explain' does not say which requests"),
        ("sampel 3", "did you mean 'sample'?"),
        ("sample 0", "'explain'"),
        ("sample 3 to syslog", "unknown 'syslog' behind 'explain to'"),
        ("if nobody", "no such ACL: 'nobody'"),
        ("header X", "'explain' needs 1 word more"),
    ] {
        let folder = Folder::new();
        let config = CONFIG.replace("${front}", "127.0.0.1:8090").replace("${explain}", words);
        let config = config.replace("${one}", "127.0.0.1:1").replace("${two}", "127.0.0.1:2");
        let file = folder.write("a.cfg", config);
        let output = Command::new(portero()).arg("check").arg(file).output().expect("it starts");
        let said = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(1), "{words}: {said}");
        assert!(said.contains(message) && said.contains("a.cfg:9"), "{words}: {said}");
    }
}
