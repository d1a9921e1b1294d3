//! Persistence by cookies: a client stays with its server, and the log says how that came about.

use portero_tests::{Origin, Proxy, Response, Syslog};

/// Two servers; `COOKIE` is the `cookie` line under test.
fn farm(cookie: &str) -> (Proxy, [Origin; 2], Syslog) {
    let origins = [Origin::answering("one"), Origin::answering("two")];
    let (proxy, log) = farm_before(cookie, [&origins[0], &origins[1]]);
    (proxy, origins, log)
}

fn farm_before(cookie: &str, [one, two]: [&Origin; 2]) -> (Proxy, Syslog) {
    let config = format!(
        "
        global
            log ${{log}} local0
            nbthread 1
        defaults
            mode http
            log global
            option httplog
            timeout client 10s
            timeout server 10s
            timeout connect 5s
            retries 1
            option redispatch
        frontend front
            bind ${{front}}
            default_backend app
        backend app
            balance roundrobin
            cookie {cookie}
            server s1 ${{one}} cookie a
            server s2 ${{two}} cookie b
        "
    );
    let log = Syslog::udp();
    let starting = Proxy::with(&config).set("log", log.address());
    (starting.set("one", one.address()).set("two", two.address()).start(), log)
}

fn ask(proxy: &Proxy, fields: &str) -> Response {
    proxy.connect().send(format!("GET / HTTP/1.1\r\nHost: a\r\n{fields}\r\n")).response()
}

#[test]
fn a_client_without_a_cookie_is_given_one_and_comes_back_with_it() {
    let (proxy, _origins, log) = farm("SRV insert indirect");
    let first = ask(&proxy, "");
    assert_eq!(first.header("set-cookie"), Some("SRV=a; path=/"));
    log.line_with(&[" app/s1 ", " --NI "]);
    for _ in 0..3 {
        let again = ask(&proxy, "Cookie: SRV=b\r\n");
        assert_eq!((again.text().as_str(), again.header("set-cookie")), ("two", None));
    }
    log.line_with(&[" app/s2 ", " --VN "]);
}

#[test]
fn an_indirect_cookie_is_kept_from_the_server() {
    let (proxy, origins, _log) = farm("SRV insert indirect");
    ask(&proxy, "Cookie: x=1; SRV=a; y=2\r\n");
    assert_eq!(origins[0].heads()[0].headers("cookie"), ["x=1; y=2"]);
    ask(&proxy, "Cookie: SRV=a\r\n");
    assert_eq!(origins[0].heads()[1].header("cookie"), None);
}

#[test]
fn a_cookie_that_names_no_server_is_replaced() {
    let (proxy, _origins, log) = farm("SRV insert");
    assert!(ask(&proxy, "Cookie: SRV=gone\r\n").header("set-cookie").is_some());
    log.line_with(&[" --II "]);
}

#[test]
fn a_client_whose_server_cannot_be_reached_is_given_another() {
    let one = Origin::answering("one");
    let log = Syslog::udp();
    let config = "
        global
            log ${log} local0
        defaults
            mode http
            log global
            option httplog
            timeout client 10s
            timeout server 10s
            timeout connect 500ms
            retries 1
            option redispatch
        frontend front
            bind ${front}
            default_backend app
        backend app
            cookie SRV insert indirect
            server s1 ${one} cookie a
            server s2 ${nobody} cookie b
        ";
    let starting = Proxy::with(config).set("log", log.address()).set("one", one.address());
    let proxy = starting.set("nobody", Origin::nobody()).start();
    let answer = ask(&proxy, "Cookie: SRV=b\r\n");
    assert_eq!((answer.text().as_str(), answer.header("set-cookie")), ("one", Some("SRV=a; path=/")));
    log.line_with(&[" app/s1 ", " --DI "]);
}

#[test]
fn a_prefix_stands_before_the_servers_own_value() {
    let reply = "HTTP/1.1 200 OK\r\nSet-Cookie: ID=xyz; path=/a\r\nContent-Length: 0\r\n\r\n";
    let origins = [Origin::replying(reply), Origin::replying(reply)];
    let (proxy, log) = farm_before("ID prefix", [&origins[0], &origins[1]]);
    assert_eq!(ask(&proxy, "").header("set-cookie"), Some("ID=a~xyz; path=/a"));
    log.line_with(&[" --NR "]);
    ask(&proxy, "Cookie: ID=b~xyz\r\n");
    assert_eq!(origins[1].heads()[0].header("cookie"), Some("ID=xyz"), "the server sees what it gave");
    log.line_with(&[" app/s2 ", " --VR "]);
}

#[test]
fn a_rewritten_cookie_carries_the_servers_name() {
    let reply = "HTTP/1.1 200 OK\r\nSet-Cookie: SRV=any; path=/\r\nContent-Length: 0\r\n\r\n";
    let origins = [Origin::replying(reply), Origin::replying(reply)];
    let (proxy, _log) = farm_before("SRV rewrite", [&origins[0], &origins[1]]);
    assert_eq!(ask(&proxy, "").header("set-cookie"), Some("SRV=a; path=/"));
}

#[test]
fn dates_are_set_and_renewed() {
    let (proxy, _origins, log) = farm("SRV insert indirect maxidle 30m maxlife 8h");
    let first = ask(&proxy, "");
    let value = first.header("set-cookie").and_then(|c| c.strip_suffix("; path=/")).expect("a cookie");
    let parts: Vec<_> = value.split('|').collect();
    assert!(parts[0] == "SRV=a" && parts[1].len() == 5 && parts[1] == parts[2], "{value}");
    for (old, letters) in [("a|AAAAB", " --EI "), ("a|AAAAB|AAAAB", " --OI "), ("a", " --VU ")] {
        let answer = ask(&proxy, &format!("Cookie: SRV={old}\r\n"));
        assert!(answer.header("set-cookie").is_some(), "{old}");
        log.line_with(&[letters]);
    }
}
