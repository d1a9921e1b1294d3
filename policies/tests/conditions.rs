//! Conditions and ACLs: (lines, request, whether the rule applies).

mod common;

use common::{World, exchange};
use portero_api::{Answer, Wait};
use portero_policies::Run;

/// Whether `http-request deny` with this condition denies; `lines` may declare ACLs in front.
fn denies(world: &World, acls: &str, condition: &str, request: &str) -> bool {
    let lines = format!("{acls}\nhttp-request deny {condition}\n");
    world.run(&lines, exchange(request)).verdict() == "deny 403"
}

#[test]
fn every_way_of_matching_decides() {
    let request = "GET /api/v2/list.php?id=17&q=Foo HTTP/1.1\nHost: www.Example.com:80\nX-N: 42\nX-L: a, b, c\n\
                   Cookie: sid=abc; theme=dark\nX-Ip: 10.1.2.3";
    for (test, expected) in [
        ("path /api/v2/list.php", true),
        ("path /api", false),
        ("path_beg /api /other", true),
        ("path_beg /v2", false),
        ("path_end .php .cgi", true),
        ("path_dir v2", true),
        ("path_dir v", false),
        ("path_sub list", true),
        ("path_reg ^/api/v[0-9]+/", true),
        ("path_reg -i ^/API/", true),
        ("path_reg ^/API/", false),
        ("path_len gt 5", true),
        ("path_len 3", false),
        ("hdr_dom(host) -i example", true),
        ("hdr_dom(host) exam", false),
        ("hdr(host) -i www.example.COM:80", true),
        ("hdr(host) www.example.com:80", false),
        ("hdr_beg(host) www.", true),
        ("hdr(x-l) b", true),
        ("hdr(x-l) d", false),
        ("req.fhdr(x-l) -m str 'a, b, c'", true),
        ("hdr_cnt(x-l) eq 3", true),
        ("hdr_cnt(x-l) 1:2", false),
        ("hdr(x-n) -m int gt 41 lt 43", true),
        ("hdr(x-n) -m int 40:50", true),
        ("hdr(x-n) -m int le 41", false),
        ("hdr(x-n),add(1) 43", true),
        ("hdr_ip(x-ip) 10.0.0.0/8", true),
        ("hdr(x-ip) -m ip 10.2.0.0/16", false),
        ("src 192.0.2.0/24", true),
        ("src 192.0.2.0/29 10.0.0.0/8", true),
        ("src 192.0.2.8/29", false),
        ("src -m sub 0.2.7", true),
        ("dst_port 80", true),
        ("dst_port 1024:", false),
        ("url_param(id) 17", true),
        ("url_param(q) -i foo", true),
        ("cook(sid) abc", true),
        ("cook_beg(theme) da", true),
        ("req.cook(none) -m found", false),
        ("req.hdr(x-n) -m found", true),
        ("req.hdr(none) -m found", false),
        ("always_true", true),
        ("always_false", false),
        ("always_true -m int 1", true),
        ("hdr(x-n) -m bool", true),
        ("method GET", true),
        ("method POST", false),
        ("method -i get", false),
        ("str(YWIAYw==),b64dec -m str ab", true),
        ("str(YWIAYw==),b64dec -m bin 61620063", true),
        ("str(YWIAYw==),b64dec -m len 2", true),
        ("path -m bin 2f6170692f76322f6c6973742e706870", true),
        ("path,lower -m beg /api", true),
        ("hdr(x-n) -m len 2", true),
        ("path -m str -- -i /api/v2/list.php", true),
    ] {
        let condition = format!("if {{ {test} }}");
        assert_eq!(denies(&World::default(), "", &condition, request), expected, "{test}");
        let condition = format!("unless {{ {test} }}");
        assert_eq!(denies(&World::default(), "", &condition, request), !expected, "unless {test}");
    }
}

#[test]
fn names_are_alternatives_and_operators_bind_as_documented() {
    let acls = "acl a path /a\nacl b path /b\nacl ab path /a\nacl ab path /b\nacl get method GET";
    for (condition, path, expected) in [
        ("if ab", "/b", true),
        ("if ab", "/c", false),
        ("if !ab", "/c", true),
        ("if a b", "/a", false),
        ("if a or b", "/b", true),
        ("if a || b", "/b", true),
        ("if a get or b !get", "/b", false),
        ("if a get or b get", "/b", true),
        ("unless a or b", "/c", true),
        ("unless a or b", "/a", false),
        ("if !a !b", "/c", true),
        ("if get { path /z } or get ab", "/b", true),
    ] {
        let request = format!("GET {path} HTTP/1.1");
        assert_eq!(denies(&World::default(), acls, condition, &request), expected, "{condition} on {path}");
    }
}

#[test]
fn predefined_acls_say_what_the_manual_says() {
    let base = "POST http://h/x HTTP/1.0\nContent-Length: 5";
    for (name, request, expected) in [
        ("TRUE", base, true),
        ("FALSE", base, false),
        ("HTTP", base, true),
        ("HTTP_1.0", base, true),
        ("HTTP_1.1", base, false),
        ("HTTP_CONTENT", base, true),
        ("HTTP_CONTENT", "GET / HTTP/1.1", false),
        ("HTTP_URL_ABS", base, true),
        ("HTTP_URL_SLASH", base, false),
        ("HTTP_URL_SLASH", "GET /x HTTP/1.1", true),
        ("HTTP_URL_STAR", "OPTIONS * HTTP/1.1", true),
        ("LOCALHOST", base, false),
        ("METH_POST", base, true),
        ("METH_GET", "HEAD / HTTP/1.1", true),
        ("METH_HEAD", "GET / HTTP/1.1", false),
        ("METH_OPTIONS", "OPTIONS * HTTP/1.1", true),
        ("WAIT_END", base, true),
    ] {
        assert_eq!(
            denies(&World::default(), "", &format!("if {name}"), request),
            expected,
            "{name} {request}"
        );
    }
}

#[test]
fn files_of_patterns_are_read_as_documented() {
    let world = World::default()
        .with_file("paths.lst", "# comment\n/exact\n\n   /indented\r\n #sharp\n")
        .with_file("agents.lst", "Bot\n")
        .with_file("map.lst", "/key value of it\n/other\tx\n");
    for (test, request, expected) in [
        ("path -f paths.lst", "GET /exact HTTP/1.1", true),
        ("path -f paths.lst", "GET /indented HTTP/1.1", true),
        ("path -f paths.lst", "GET #sharp HTTP/1.1", false),
        ("path -f paths.lst /more", "GET /more HTTP/1.1", true),
        ("path -f paths.lst", "GET /EXACT HTTP/1.1", false),
        ("path -i -f paths.lst", "GET /EXACT HTTP/1.1", true),
        ("hdr(user-agent) -f paths.lst -i -f agents.lst", "GET / HTTP/1.1\nUser-Agent: bOT", true),
        ("hdr(user-agent) -f agents.lst -i -f paths.lst", "GET / HTTP/1.1\nUser-Agent: bOT", false),
        ("path -M -f map.lst", "GET /key HTTP/1.1", true),
        ("path -m beg -f paths.lst", "GET /exactly HTTP/1.1", true),
    ] {
        assert_eq!(denies(&world, "", &format!("if {{ {test} }}"), request), expected, "{test} {request}");
    }
}

#[test]
fn content_rules_wait_for_what_has_not_arrived() {
    let lines = "tcp-request content reject if { req.len gt 100 }\ntcp-request content accept if WAIT_END";
    let mut open = exchange("GET / HTTP/1.1");
    open.payload.data = b"abc".to_vec();
    let outcome = World::default().run(lines, open);
    assert!(matches!(outcome.run, Run::Answer(1, Answer::Wait(Wait::Data))), "{:?}", outcome.run);

    let mut closed = exchange("GET / HTTP/1.1");
    closed.payload.complete = true;
    assert_eq!(World::default().run(lines, closed).verdict(), "stop");
}

#[test]
fn a_test_without_a_value_at_its_place_never_matches() {
    let lines = "http-response deny if { path /a }\nhttp-response set-header x 1 unless { path /a }";
    let outcome = World::default().run(lines, exchange("GET /a HTTP/1.1\n\nHTTP/1.1 200 OK"));
    assert_eq!((outcome.verdict().as_str(), outcome.response_headers().as_str()), ("-", "x: 1"));
    let kept = "http-response deny if { method GET }";
    assert_eq!(
        World::default().run(kept, exchange("GET /a HTTP/1.1\n\nHTTP/1.1 200 OK")).verdict(),
        "deny 502"
    );
}

#[test]
fn backends_are_picked_by_the_first_rule_that_holds() {
    let lines = "use_backend static if { path_end .css }\nuse_backend b_%[req.hdr(host),lower] if { path_beg /d }\n\
                 use_backend rest";
    for (request, expected) in [
        ("GET /x.css HTTP/1.1", "static"),
        ("GET /d HTTP/1.1\nHost: ONE", "b_one"),
        ("GET / HTTP/1.1", "rest"),
    ] {
        assert_eq!(
            World::default().run(lines, exchange(request)).backend.as_deref(),
            Some(expected),
            "{request}"
        );
    }
}
