//! What the proxy says itself: pages with something to evaluate in them, what a monitor is told, where a request came from.

use portero_tests::{Origin, Proxy};

const CONFIG: &str = "
    defaults
        mode http
        timeout client 5s
        timeout server 5s
        timeout connect 1s
    frontend front
        bind ${front}
        ${front_lines}
        default_backend app
    backend app
        ${back_lines}
    ";

fn proxy(front: &str, back: &str) -> Proxy {
    Proxy::with(CONFIG).set("front_lines", front).set("back_lines", back).start()
}

#[test]
fn a_page_can_say_what_was_asked_for() {
    let front = "http-error status 404 content-type text/plain lf-string \"%[path] is not here\" hdr X-M %[method] hdr X-None %[var(txn.none)]
        http-error status 403 content-type text/plain string 100% hdr X-Fixed yes
        http-request deny deny_status 404 if { path_beg /a }
        http-request deny if { path_beg /b }";
    let proxy = proxy(front, "");
    let page = proxy.get("/a/b");
    assert_eq!((page.status(), page.text()), (404, "/a/b is not here".to_owned()));
    assert_eq!((page.header("x-m"), page.header("x-none")), (Some("GET"), None));
    let page = proxy.get("/b");
    assert_eq!((page.status(), page.text(), page.header("x-fixed")), (403, "100%".to_owned(), Some("yes")));
}

#[test]
fn the_page_said_last_holds_and_the_backends_goes_first() {
    let front = "http-error status 503 content-type text/plain string front
        http-error status 404 content-type text/plain lf-string %[path]
        http-error status 404 content-type text/plain string fixed
        http-request deny deny_status 404 if { path /404 }";
    let proxy =
        proxy(front, "http-error status 503 content-type text/plain lf-string \"back of %[be_name]\"");
    assert_eq!(proxy.get("/").text(), "back of app");
    assert_eq!(proxy.get("/404").text(), "fixed");
}

#[test]
fn a_monitor_is_told_when_a_condition_says_that_all_is_lost() {
    let front = "monitor-uri /alive
        monitor fail if { req.hdr(x-fail) -m found }
        monitor fail unless { nbsrv(app) gt 0 }";
    let app = Origin::answering("hello");
    let healthy = proxy(front, &format!("server s1 {}", app.address()));
    assert_eq!(healthy.get("/alive").status(), 200);
    let mut client = healthy.connect();
    assert_eq!(client.send("GET /alive HTTP/1.1\r\nHost: a\r\nX-Fail: 1\r\n\r\n").response().status(), 503);
    assert_eq!(proxy(front, "server s1 127.0.0.1:1 disabled").get("/alive").status(), 503);
    let own = format!("{front}\nhttp-error status 200 content-type text/plain string fine");
    assert_eq!(proxy(&own, &format!("server s1 {}", app.address())).get("/alive").text(), "fine");
}

#[test]
fn servers_are_told_where_a_request_came_from() {
    let app = Origin::answering("hello");
    let said = |option: &str, fields: &str| {
        let front = "http-request set-src req.hdr(x-src) if { req.hdr(x-src) -m found }";
        let back = format!("option forwarded {option}\nserver s1 {}", app.address());
        let proxy = proxy(front, &back);
        proxy.connect().send(format!("GET / HTTP/1.1\r\nHost: a.b:80\r\n{fields}\r\n")).response();
        let head = app.heads().pop().expect("it came");
        head.headers("forwarded").join(" | ")
    };
    for (option, fields, expected) in [
        ("", "", "proto=http;for=127.0.0.1"),
        ("", "X-Src: ::1\r\n", "proto=http;for=\"[::1]\""),
        ("", "Forwarded: for=1.1.1.1\r\n", "for=1.1.1.1,proto=http;for=127.0.0.1"),
        ("host for-expr src,ipmask(8) for_port-expr int(10)", "", "host=\"a.b:80\";for=\"127.0.0.0:10\""),
        ("by-expr str(me) for-expr req.hdr(x)", "X: you\r\n", "by=_me;for=_you"),
        ("by_port for_port", "", ""),
    ] {
        assert_eq!(said(option, fields), expected, "{option} {fields}");
    }
}

#[test]
fn a_rule_can_force_a_server_that_is_down_or_forget_the_cookie() {
    let (one, two) = (Origin::answering("one"), Origin::answering("two"));
    let back = format!(
        "balance roundrobin
        cookie SRV insert
        force-persist if {{ req.hdr(x-test) -m found }}
        ignore-persist if {{ path_end .css }}
        server s1 {} cookie a disabled
        server s2 {} cookie b
        server s3 {} cookie c",
        one.address(),
        two.address(),
        two.address()
    );
    let proxy = proxy("", &back);
    let ask = |target: &str, cookie: &str, field: &str| {
        let request = format!("GET {target} HTTP/1.1\r\nHost: a\r\nCookie: SRV={cookie}\r\n{field}\r\n");
        proxy.connect().send(request).response()
    };
    assert_eq!(ask("/", "a", "").text(), "two");
    assert_eq!(ask("/", "a", "X-Test: 1\r\n").text(), "one");
    assert_eq!(ask("/", "b", "").header("set-cookie"), None, "it stays with its server");
    let given: Vec<_> =
        (0..4).map(|_| ask("/x.css", "b", "").header("set-cookie").map(str::to_owned)).collect();
    assert!(given.iter().any(Option::is_some), "no server is held to: {given:?}");
}

#[test]
fn a_server_is_told_values_in_the_header_of_the_proxy_protocol() {
    let app = Origin::scripted(|mut peer| {
        let fixed = peer.exactly(16)?;
        let length = usize::from(u16::from_be_bytes([fixed[14], fixed[15]]));
        let rest = peer.exactly(length)?;
        peer.request()?;
        // behind the addresses of IPv4
        let values: String = rest[12..].iter().map(|byte| format!("{byte:02x}")).collect();
        peer.send(format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{values}", values.len()))
    });
    let values =
        "set-proxy-v2-tlv-fmt(0xE1) %[path] proxy-v2-options unique-id,crc32c set-proxy-v2-tlv-fmt(226)";
    let front = "unique-id-format id-%[path]";
    let back = format!("server s1 {} send-proxy-v2 {values}", app.address());
    let proxy = proxy(front, &back);
    let text = proxy.get("/a").text();
    assert!(text.starts_with("e100022f61e200000500"), "{text}");
    let id: String = "id-/a".bytes().map(|byte| format!("{byte:02x}")).collect();
    assert!(text.contains(&format!("050005{id}030004")), "{text}");
}
