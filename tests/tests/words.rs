//! Words of the configuration that change one small thing each: that thing.

use std::net::SocketAddr;
use std::time::Duration;

use portero_tests::{Client, Origin, Proxy, Syslog, eventually};

const CONFIG: &str = "
    global
        log ${log} local0
        nbthread 1
    defaults
        mode ${mode}
        log global
        timeout client 5s
        timeout server 5s
        timeout connect 1s
        timeout http-request 200ms
        ${defaults}
    frontend front
        bind ${front}
        ${frontend}
        default_backend app
    backend app
        balance roundrobin
        ${backend}
    ";

/// What the configuration says beside the ordinary.
#[derive(Default)]
struct Words<'w> {
    mode: &'w str,
    defaults: &'w str,
    frontend: &'w str,
    backend: String,
}

fn proxy(log: &Syslog, words: Words<'_>) -> Proxy {
    Proxy::with(CONFIG)
        .set("mode", if words.mode.is_empty() { "http" } else { words.mode })
        .set("defaults", words.defaults)
        .set("frontend", words.frontend)
        .set("backend", words.backend)
        .set("log", log.address())
        .start()
}

fn server(origin: &Origin) -> String {
    format!("server s1 {}", origin.address())
}

#[test]
fn one_backup_server_takes_over_or_all_of_them() {
    let (log, origins) = (Syslog::udp(), [Origin::answering("b1"), Origin::answering("b2")]);
    let servers = format!(
        "server s1 127.0.0.1:1 disabled\nserver b1 {} backup\nserver b2 {} backup",
        origins[0].address(),
        origins[1].address()
    );
    let answers = |backend: String| {
        let proxy = proxy(&log, Words { backend, ..Words::default() });
        let mut answers: Vec<_> = (0..4).map(|_| proxy.get("/").text()).collect();
        answers.sort();
        answers
    };
    assert_eq!(answers(servers.clone()), ["b1"; 4]);
    let all = answers(format!("option allbackups\n{servers}"));
    assert!(all.contains(&"b1".to_owned()) && all.contains(&"b2".to_owned()), "{all:?}");
}

#[test]
fn logasap_writes_the_line_when_the_response_begins() {
    let log = Syslog::udp();
    let origin = Origin::scripted(|mut peer| {
        peer.request()?;
        peer.send("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhello")?;
        peer.fall_silent()
    });
    let defaults = "option logasap\nlog-format \"%HU %ST %B %Ta\"";
    let proxy = proxy(&log, Words { defaults, backend: server(&origin), ..Words::default() });
    let mut client = proxy.connect();
    client.send("GET /early HTTP/1.1\r\nHost: a\r\n\r\n").head_only();
    let line = log.line_with(&["/early 200 +"]);
    assert_eq!(line.matches('+').count(), 2, "bytes and time may still grow: {line}");
}

#[test]
fn logasap_of_a_session_writes_the_line_when_the_server_is_reached() {
    let (log, origin) = (Syslog::udp(), Origin::answering("hello"));
    let defaults = "option logasap\noption tcplog";
    let proxy = proxy(&log, Words { mode: "tcp", defaults, backend: server(&origin), ..Words::default() });
    let _client = proxy.connect();
    let line = log.line_with(&["front app/s1"]);
    assert!(line.contains("/+"), "{line}");
}

#[test]
fn both_ends_of_the_servers_connection_are_logged() {
    let (log, origin) = (Syslog::udp(), Origin::answering("hello"));
    let defaults = "log-format \"%si:%sp from %bi:%bp\"";
    let proxy = proxy(&log, Words { defaults, backend: server(&origin), ..Words::default() });
    let mut client = proxy.connect();
    client.get("/");
    client.get("/");
    let wanted = format!("{} from 127.0.0.1:", origin.address());
    let lines = [log.line_with(&[&wanted]), log.line_with(&[&wanted])];
    let port = |line: &str| line.rsplit(':').next().and_then(|port| port.trim().parse().ok()).unwrap_or(0u16);
    assert!(lines.iter().all(|line| port(line) > 0), "{lines:?}");
}

#[test]
fn requests_and_lines_are_numbered_where_a_format_asks() {
    let (log, origin) = (Syslog::udp(), Origin::answering("hello"));
    let defaults = "log-format \"request %rt line %lc\"";
    let proxy = proxy(&log, Words { defaults, backend: server(&origin), ..Words::default() });
    for number in 1..=3 {
        proxy.get("/");
        log.line_with(&[&format!("request {number} line {number}")]);
    }
}

#[test]
fn a_rule_sees_the_unique_id_that_server_and_log_get() {
    let (log, origin) = (Syslog::udp(), Origin::answering("hello"));
    let frontend = "unique-id-format \"id-%ci-%rt\"\nunique-id-header X-Id\nlog-format \"log %ID\"\n\
                    http-request set-header X-Seen %[unique-id]";
    let proxy = proxy(&log, Words { frontend, backend: server(&origin), ..Words::default() });
    proxy.get("/");
    log.line_with(&["log id-127.0.0.1-1"]);
    let head = &origin.heads()[0];
    assert_eq!(
        (head.header("x-id"), head.header("x-seen")),
        (Some("id-127.0.0.1-1"), Some("id-127.0.0.1-1"))
    );
}

#[test]
fn a_rule_sees_the_request_line_where_nothing_is_logged() {
    let (log, origin) = (Syslog::udp(), Origin::answering("hello"));
    let backend = format!("http-request set-header X-Line \"%HM %HU\"\n{}", server(&origin));
    let proxy = proxy(&log, Words { defaults: "no log", backend, ..Words::default() });
    proxy.get("/a?b");
    assert_eq!(origin.heads()[0].header("x-line"), Some("GET /a?b"));
}

#[test]
fn readers_are_redirected_to_a_server_with_redir() {
    let (log, origin) = (Syslog::udp(), Origin::answering("hello"));
    let backend = format!("{} redir http://elsewhere", server(&origin));
    let proxy = proxy(&log, Words { defaults: "option httplog", backend, ..Words::default() });
    let mut client = proxy.connect();
    let response = client.get("/a?b");
    assert_eq!((response.status(), response.header("location")), (302, Some("http://elsewhere/a?b")));
    client.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n");
    assert_eq!(client.response().text(), "hello");
    log.line_with(&["app/s1", " 302 ", " LR-- "]);
}

#[test]
fn a_server_without_an_address_is_where_the_client_wanted_to_go() {
    let (log, origin) = (Syslog::udp(), Origin::answering("hello"));
    let backend = format!("server any 0.0.0.0:{}", origin.address().port());
    let proxy = proxy(&log, Words { backend, ..Words::default() });
    assert_eq!(proxy.get("/").text(), "hello");
}

#[test]
fn a_silent_connection_is_no_error_with_http_ignore_probes() {
    let (log, origin) = (Syslog::udp(), Origin::answering("hello"));
    let words = |defaults| Words { defaults, backend: server(&origin), ..Words::default() };
    let loud = proxy(&log, words("option httplog"));
    assert_eq!(loud.connect().response().status(), 408);
    let quiet = proxy(&log, words("option httplog\noption http-ignore-probes"));
    quiet.connect().expect_closed();
    let mut half = quiet.connect();
    assert_eq!(half.send("GET /").response().status(), 408, "it has begun to speak");
}

#[test]
fn keep_alive_probes_are_sent_to_clients_and_servers_that_tcpka_names() {
    let (log, origin) = (Syslog::udp(), Origin::answering("hello"));
    let words = |defaults| Words { defaults, backend: server(&origin), ..Words::default() };
    for (option, wanted) in [("", [false, false]), ("option tcpka", [true, true])] {
        let proxy = proxy(&log, words(option));
        let mut client = proxy.connect();
        client.get("/");
        let seen = [proxy.front().port(), origin.address().port()].map(|port| has_keepalive(&proxy, port));
        assert_eq!(seen, wanted, "{option:?}");
    }
}

/// Whether an established connection of the proxy at this port, on whichever side, has a keep-alive timer.
fn has_keepalive(proxy: &Proxy, port: u16) -> bool {
    let sockets = proxy_sockets(proxy);
    let tcp = std::fs::read_to_string(format!("/proc/{}/net/tcp", proxy.pid())).expect("the proxy runs");
    let timer = |line: &str| -> Option<bool> {
        let fields: Vec<_> = line.split_whitespace().collect();
        let ends = [fields[1], fields[2]].map(|end| u16::from_str_radix(&end[end.len() - 4..], 16).ok());
        let ours = sockets.contains(&format!("socket:[{}]", fields[9]));
        (ours && fields[3] == "01" && ends.contains(&Some(port))).then(|| fields[5].starts_with("02"))
    };
    tcp.lines().skip(1).filter_map(timer).next().expect("the connection is there")
}

fn proxy_sockets(proxy: &Proxy) -> Vec<String> {
    let descriptors = std::fs::read_dir(format!("/proc/{}/fd", proxy.pid())).expect("the proxy runs");
    let links = descriptors.filter_map(|entry| std::fs::read_link(entry.ok()?.path()).ok());
    links.map(|link| link.display().to_string()).collect()
}

#[test]
fn nolinger_ends_connections_with_a_reset() {
    let (log, origin) = (Syslog::udp(), Origin::answering("hello"));
    let end = |defaults| {
        let proxy = proxy(&log, Words { defaults, backend: server(&origin), ..Words::default() });
        let mut stream = std::net::TcpStream::connect(proxy.front()).expect("the door is open");
        let request = b"GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n";
        std::io::Write::write_all(&mut stream, request).expect("the proxy reads");
        let mut answer = Vec::new();
        let end = std::io::Read::read_to_end(&mut stream, &mut answer).map_err(|error| error.kind());
        (String::from_utf8_lossy(&answer).ends_with("hello"), end.is_ok())
    };
    assert_eq!(end(""), (true, true));
    assert_eq!(end("option nolinger"), (true, false));
}

#[test]
fn what_is_sent_to_a_side_is_no_sign_of_its_life_with_independent_streams() {
    let log = Syslog::udp();
    let origin = Origin::scripted(|mut peer| {
        // talks on and on, as far as the proxy lets it
        for _ in 0..40 {
            peer.send("tick")?;
            pause(Duration::from_millis(50));
        }
        Ok(())
    });
    let defaults = "option independent-streams\ntimeout client 300ms\noption tcplog";
    let proxy = proxy(&log, Words { mode: "tcp", defaults, backend: server(&origin), ..Words::default() });
    let mut client = Client::to(proxy.front());
    let heard = client.rest().len();
    assert!(heard < 40 * 4, "the silent client was sent away");
    log.line_with(&["app/s1", " cD "]);
}

#[expect(clippy::disallowed_methods, reason = "the pace of a server")]
fn pause(time: Duration) {
    std::thread::sleep(time);
}

#[test]
fn an_idle_connection_outlives_a_soft_stop_with_idle_close_on_response() {
    let (log, origin) = (Syslog::udp(), Origin::answering("hello"));
    let defaults = "option idle-close-on-response\ntimeout http-keep-alive 5s";
    let proxy = proxy(&log, Words { defaults, backend: server(&origin), ..Words::default() });
    let mut client = proxy.connect();
    client.get("/");
    proxy.signal(nix::sys::signal::Signal::SIGUSR1);
    let front: SocketAddr = proxy.front();
    eventually("the door is shut", || std::net::TcpStream::connect(front).is_err().then_some(()));
    let last = client.get("/");
    assert_eq!((last.text().as_str(), last.header("connection")), ("hello", Some("close")));
    client.expect_closed();
}

#[test]
fn a_session_without_a_word_is_not_logged_with_dontlognull() {
    let (log, origin) = (Syslog::udp(), Origin::answering("hello"));
    let defaults = "option tcplog\noption dontlognull";
    let proxy = proxy(&log, Words { mode: "tcp", defaults, backend: server(&origin), ..Words::default() });
    proxy.connect().leave();
    proxy.get("/");
    let first = log.line_with(&["front "]);
    assert!(!first.contains(" 0 -- "), "the first line is that of the session with a request: {first}");
}

#[test]
fn the_statistics_page_says_what_a_proxy_is_there_for() {
    let (log, origin) = (Syslog::udp(), Origin::answering("hello"));
    let frontend = "description all <that> comes\nstats uri /stats";
    let proxy = proxy(&log, Words { frontend, backend: server(&origin), ..Words::default() });
    assert!(proxy.get("/stats").text().contains("<p>all &lt;that&gt; comes</p>"));
}

#[test]
fn stats_http_request_rules_decide_who_sees_the_page() {
    let (log, origin) = (Syslog::udp(), Origin::answering("hello"));
    let frontend = "stats uri /stats\nstats http-request deny if { url_param(who) -m str nobody }";
    let proxy = proxy(&log, Words { frontend, backend: server(&origin), ..Words::default() });
    assert_eq!(proxy.get("/stats?who=nobody").status(), 403);
    assert_eq!(proxy.get("/stats?who=me").status(), 200);
    assert_eq!(proxy.get("/?who=nobody").text(), "hello", "no rule of the page");
}

#[test]
fn an_error_page_elsewhere_is_a_redirect() {
    let log = Syslog::udp();
    let defaults = "errorloc303 503 http://sorry/now";
    let proxy = proxy(&log, Words { defaults, backend: String::new(), ..Words::default() });
    let response = proxy.get("/");
    assert_eq!((response.status(), response.header("location")), (303, Some("http://sorry/now")));
}

#[test]
fn a_rule_chooses_the_level_of_the_line_or_none() {
    let (log, origin) = (Syslog::udp(), Origin::answering("hello"));
    let frontend = "http-request set-log-level crit if { path /loud }\n\
                    http-request set-log-level silent if { path /quiet }\nlog-format \"line %HU\"";
    let proxy = proxy(&log, Words { frontend, backend: server(&origin), ..Words::default() });
    for path in ["/quiet", "/loud", "/usual"] {
        proxy.get(path);
    }
    let lines = [log.line_with(&["line "]), log.line_with(&["line /usual"])];
    assert!(lines[0].contains("/loud") && lines[0].starts_with("<130>"), "local0 and critical: {lines:?}");
    assert!(lines[1].starts_with("<134>"), "local0 and info: {lines:?}");
}

#[test]
fn failures_are_logged_at_a_level_and_in_a_format_of_their_own() {
    let log = Syslog::udp();
    let defaults = "option log-separate-errors\nlog-format \"fine\"\nerror-log-format \"failed %ST\"";
    let proxy = proxy(&log, Words { defaults, backend: "server s1 127.0.0.1:1".into(), ..Words::default() });
    assert_eq!(proxy.get("/").status(), 503);
    let line = log.line_with(&["failed 503"]);
    assert!(line.starts_with("<131>"), "local0 and error: {line}");
}

#[test]
fn a_server_follows_the_one_it_tracks() {
    let (log, origin) = (Syslog::udp(), Origin::answering("hello"));
    let address = origin.address();
    let backend = format!(
        "server s1 {address} check inter 50ms fall 1\nbackend other\nserver s1 {address} track app/s1"
    );
    let frontend = "stats uri /stats";
    let proxy = proxy(&log, Words { frontend, backend, ..Words::default() });
    drop(origin);
    let status = |server| proxy.stats().field(server, "s1", "status").to_owned();
    eventually("it is down with the other", || {
        (status("app").starts_with("DOWN") && status("other").starts_with("DOWN")).then_some(())
    });
}

#[test]
fn a_full_queue_of_a_server_sends_its_requests_to_others() {
    let log = Syslog::udp();
    let slow = Origin::scripted(|mut peer| {
        peer.request()?;
        peer.fall_silent()
    });
    let other = Origin::answering("other");
    let backend = format!(
        "server s1 {} maxconn 1 maxqueue 1\nserver s2 {}\nuse-server s1 if TRUE",
        slow.address(),
        other.address()
    );
    let frontend = "stats uri /stats";
    let proxy = proxy(&log, Words { frontend, backend, ..Words::default() });
    let ask = || {
        let mut client = proxy.connect();
        client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
        client
    };
    let _first = ask();
    eventually("the first is there", || (slow.heads().len() == 1).then_some(()));
    let _second = ask();
    eventually("the second waits", || (proxy.stats().number("app", "s1", "qcur") == 1).then_some(()));
    assert_eq!(ask().response().text(), "other");
}

#[test]
fn unusual_header_names_are_kept_taken_out_or_refused() {
    let log = Syslog::udp();
    let ask = |policy: &str| {
        let origin = Origin::answering("hello");
        let backend = format!("{policy}\nhttp-request set-header Set_By_Rule 1\n{}", server(&origin));
        let proxy = proxy(&log, Words { backend, ..Words::default() });
        let status = proxy
            .connect()
            .send("GET / HTTP/1.1\r\nHost: a\r\nX_Role: b\r\nX-Role: c\r\n\r\n")
            .response()
            .status();
        let names = ["X_Role", "Set_By_Rule", "X-Role"];
        let seen = origin.heads().first().map(|head| names.map(|name| head.header(name).is_some()));
        (status, seen)
    };
    let option = "option http-restrict-req-hdr-names";
    assert_eq!(ask(""), (200, Some([true; 3])));
    assert_eq!(ask(&format!("{option} preserve")), (200, Some([true; 3])));
    assert_eq!(ask(&format!("{option} delete")), (200, Some([false, false, true])));
    assert_eq!(ask(&format!("{option} reject")), (403, None));
}

#[test]
fn a_rule_says_which_clients_send_a_proxy_header() {
    let (log, origin) = (Syslog::udp(), Origin::answering("hello"));
    let trusting = |net: &str| {
        let frontend = format!(
            "tcp-request connection expect-proxy layer4 if {{ src {net} }}\nhttp-request set-header X-Src %[src]"
        );
        proxy(&log, Words { frontend: &frontend, backend: server(&origin), ..Words::default() })
    };
    let header = "PROXY TCP4 192.0.2.9 192.0.2.1 1000 80\r\n";
    let request = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";
    let (trusted, other) = (trusting("127.0.0.0/8"), trusting("192.0.2.0/24"));
    assert_eq!(trusted.connect().send(format!("{header}{request}")).response().status(), 200);
    assert_eq!(origin.heads()[0].header("X-Src"), Some("192.0.2.9"));
    assert_eq!(other.connect().send(format!("{header}{request}")).response().status(), 400);
    assert_eq!(other.connect().send(request).response().status(), 200);
    assert_eq!(origin.heads()[1].header("X-Src"), Some("127.0.0.1"));
}
