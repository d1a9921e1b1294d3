//! Access logs as they arrive at a log server: each format, over each kind of socket.

use portero_tests::{Folder, Origin, Proxy, Syslog};

const CONFIG: &str = "
    global
        log ${log} local3
    defaults
        mode http
        log global
        timeout client 5s
        timeout server 5s
        timeout connect 1s
        ${format}
    frontend front
        bind ${front}
        default_backend app
    backend app
        server s1 ${origin}
    ";

fn proxy(format: &str, log: &Syslog, origin: &Origin) -> Proxy {
    Proxy::with(CONFIG)
        .set("format", format)
        .set("log", log.address())
        .set("origin", origin.address())
        .start()
}

/// The line behind the syslog header, which must be there: `<priority>date tag[pid]: `.
fn message(line: &str, facility: u8, severity: u8, pid: u32) -> &str {
    let start = format!("<{}>", facility * 8 + severity);
    assert!(line.starts_with(&start), "{line:?} starts with {start}");
    let tag = format!("haproxy[{pid}]: ");
    line.split_once(&tag).unwrap_or_else(|| panic!("{tag:?} in {line:?}")).1
}

#[test]
fn httplog_over_udp() {
    let (log, origin) = (Syslog::udp(), Origin::answering("hello"));
    let proxy = proxy("option httplog", &log, &origin);
    assert_eq!(proxy.get("/a?b=c").text(), "hello");
    let line = log.line_with(&["/a?b=c"]);
    let message = message(&line, 19, 6, proxy.pid());
    let fields: Vec<_> = message.split(' ').collect();
    assert!(fields[0].starts_with("127.0.0.1:"), "the client: {message}");
    assert!(
        fields[1].starts_with('[') && fields[1].ends_with(']') && fields[1].contains('/'),
        "accept date: {message}"
    );
    assert_eq!(fields[2..4], ["front", "app/s1"]);
    let timers: Vec<i64> = fields[4].split('/').map(|timer| timer.parse().expect("milliseconds")).collect();
    assert_eq!(timers.len(), 5, "TR/Tw/Tc/Tr/Ta: {message}");
    assert!(timers.iter().all(|timer| (0..5000).contains(timer)), "{message}");
    assert_eq!(fields[5], "200");
    assert!(fields[6].parse::<u64>().expect("bytes") > 5, "head and body: {message}");
    assert_eq!(fields[7..10], ["-", "-", "----"]);
    assert_eq!(fields[10].split('/').count(), 5, "actconn/feconn/beconn/srv_conn/retries: {message}");
    assert_eq!(fields[11], "0/0", "queues");
    assert!(message.ends_with("\"GET /a?b=c HTTP/1.1\""), "{message}");
}

#[test]
fn httplog_over_a_unix_socket() {
    let folder = Folder::new();
    let (log, origin) = (Syslog::unix(folder.path()), Origin::answering("hello"));
    let proxy = proxy("option httplog", &log, &origin);
    proxy.get("/unix");
    let line = log.line_with(&["\"GET /unix HTTP/1.1\"", "front app/s1", " 200 "]);
    message(&line, 19, 6, proxy.pid());
}

#[test]
fn clf() {
    let (log, origin) = (Syslog::udp(), Origin::answering("hello"));
    let proxy = proxy("option httplog clf", &log, &origin);
    proxy.get("/clf");
    let line = log.line_with(&["/clf"]);
    assert!(message(&line, 19, 6, proxy.pid()).starts_with("127.0.0.1 - - ["), "{line}");
    assert!(line.contains("\"GET /clf HTTP/1.1\" 200 "), "{line}");
}

#[test]
fn tcplog() {
    let (log, origin) = (Syslog::udp(), Origin::answering("hello"));
    let config = CONFIG.replace("mode http", "mode tcp");
    let proxy = Proxy::with(&config)
        .set("format", "option tcplog")
        .set("log", log.address())
        .set("origin", origin.address())
        .start();
    let mut client = proxy.connect();
    assert_eq!(client.get("/").text(), "hello");
    client.leave();
    let line = log.line_with(&["front app/s1"]);
    let fields: Vec<_> = message(&line, 19, 6, proxy.pid()).split(' ').collect();
    assert_eq!(fields[4].split('/').count(), 3, "Tw/Tc/Tt: {line}");
    assert!(fields[5].parse::<u64>().expect("bytes") > 5);
    assert_eq!(fields[6], "--");
}

#[test]
fn a_format_of_ones_own() {
    let (log, origin) = (Syslog::udp(), Origin::answering("hello"));
    let format = r#"log-format "%ci|%HM|%HP|%HQ|%ST|%b/%s|%ts|%[req.fhdr(x-who)]|%{+Q}r""#;
    let format = format.replace("req.fhdr", "capture.req.hdr").replace("x-who", "0");
    let config =
        CONFIG.replace("bind ${front}", "bind ${front}\n        capture request header X-Who len 20");
    let proxy = Proxy::with(&config)
        .set("format", format)
        .set("log", log.address())
        .set("origin", origin.address())
        .start();
    proxy.connect().send("GET /own?x=1 HTTP/1.1\r\nHost: a\r\nX-Who: me\r\n\r\n").response();
    let line = log.line_with(&["/own"]);
    let expected = "127.0.0.1|GET|/own|?x=1|200|app/s1|--|me|\"GET /own?x=1 HTTP/1.1\"";
    assert_eq!(message(&line, 19, 6, proxy.pid()), expected);
}

#[test]
fn json_in_one_word() {
    let (log, origin) = (Syslog::udp(), Origin::answering("hello"));
    let proxy = proxy("log-format json", &log, &origin);
    proxy.get("/json");
    let line = log.line_with(&["/json"]);
    let message = message(&line, 19, 6, proxy.pid());
    let object: serde_json::Value =
        serde_json::from_str(message).unwrap_or_else(|_| panic!("not JSON: {message}"));
    let text = object.to_string();
    for part in ["front", "app", "s1", "GET", "200", "127.0.0.1"] {
        assert!(text.contains(part), "{part} in {text}");
    }
}

#[test]
fn a_server_that_goes_down_is_told_to_the_log() {
    let (log, origin) = (Syslog::udp(), Origin::answering("hello"));
    let config = CONFIG.replace("server s1 ${origin}", "server s1 ${origin} check inter 50ms fall 1");
    let proxy = Proxy::with(&config)
        .set("format", "option httplog")
        .set("log", log.address())
        .set("origin", origin.address())
        .start();
    assert_eq!(proxy.get("/").status(), 200);
    drop(origin);
    let line = log.line_with(&["Server app/s1 is DOWN"]);
    assert!(line.starts_with("<153>"), "an alert: {line}");
}

#[test]
fn a_rule_writes_a_line_of_its_own_where_it_stands() {
    let (log, origin) = (Syslog::udp(), Origin::answering("hello"));
    let proxy = Proxy::with(
        "global
            log ${log} local0
            nbthread 1
        defaults
            mode http
            timeout client 5s
            timeout server 5s
            timeout connect 1s
        listen front
            bind ${front}
            log global
            log-format \"at %[var(txn.where)] %ST\"
            http-request set-var(txn.where) str(request)
            http-request do-log if { path /log }
            http-response set-var(txn.where) str(response)
            http-response do-log if { var(txn.p) -m str /log }
            http-request set-var(txn.p) path
            server s1 ${app}",
    )
    .set("log", log.address())
    .set("app", origin.address())
    .start();
    proxy.get("/log");
    for line in ["at request -1", "at response -1", "at response 200"] {
        log.line_with(&[line]);
    }
}
