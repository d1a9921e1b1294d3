//! Actions: (rule, exchange, what came out).

mod common;

use common::{World, exchange, lines};
use std::sync::Arc;

use portero_api::{Answer, Captures, Counter, Deed, Packets, Reply, Wait};
use portero_policies::users::{Secret, User, Userlist};
use portero_policies::{Escape, Run, Stage};

fn run(rules: &str, text: &str) -> common::Outcome {
    World::default().run(rules, exchange(text))
}

#[test]
fn header_actions_rewrite_the_head() {
    let request = "GET /p?q=1 HTTP/1.1\nHost: h\nX-A: a=1, b=2,c=\"x,y\"\nX-B: one\nX-B: two";
    for (rule, expected) in [
        ("add-header X-B three", "Host: h\nX-A: a=1, b=2,c=\"x,y\"\nX-B: one\nX-B: two\nX-B: three"),
        ("set-header x-b %[path]:%[hdr(host)]", "Host: h\nX-A: a=1, b=2,c=\"x,y\"\nx-b: /p:h"),
        ("del-header x-b", "Host: h\nX-A: a=1, b=2,c=\"x,y\""),
        ("del-header x- -m beg", "Host: h"),
        ("del-header -B -m end", "Host: h\nX-A: a=1, b=2,c=\"x,y\""),
        ("del-header '^(host|x-a)$' -m reg", "X-B: one\nX-B: two"),
        ("del-header os -m sub", "X-A: a=1, b=2,c=\"x,y\"\nX-B: one\nX-B: two"),
        ("replace-value X-A '(.)=(.)' '\\2=\\1'", "Host: h\nX-A: 1=a,2=b,\"=c\nX-B: one\nX-B: two"),
        ("replace-header X-A '(.)=(.)' '\\2=\\1'", "Host: h\nX-A: 1=a\nX-B: one\nX-B: two"),
        ("replace-header X-B 'o(.*)' '<\\0>'", "Host: h\nX-A: a=1, b=2,c=\"x,y\"\nX-B: <one>\nX-B: <o>"),
        ("replace-header X-B none x", request.split_once('\n').unwrap().1),
    ] {
        let outcome = run(&format!("http-request {rule}"), request);
        assert_eq!(outcome.request_headers(), expected, "{rule}");
    }
}

#[test]
fn header_values_cannot_carry_line_ends() {
    let outcome =
        run("http-request set-header x '%[url_param(q),url_dec]'", "GET /?q=a%0d%0ab%00c%09d HTTP/1.1");
    assert_eq!(outcome.request_headers(), "x: a%0D%0Ab%00c\td");
}

#[test]
fn request_line_actions_rewrite_their_part_only() {
    for (rule, target, expected) in [
        ("set-path /new", "/a?b=c", "/new?b=c"),
        ("set-path /new", "http://h/a?b", "http://h/new?b"),
        ("set-path /new", "*", "/new"),
        ("set-path '%[path,url_dec]'", "/a%20b%0a", "/a%20b%0A"),
        ("set-pathq /new?x", "/a?b=c", "/new?x"),
        ("set-query x=y", "/a?b=c", "/a?x=y"),
        ("set-query x=y", "/a", "/a?x=y"),
        ("set-query %[var(txn.none)]", "/a?b", "/a?"),
        ("set-uri /whole?new", "http://h/a?b", "/whole?new"),
        ("replace-path (.*) /foo\\1", "/bar?q=1", "/foo/bar?q=1"),
        ("replace-path /foo/(.*) /\\1", "/foo/bar?q=1", "/bar?q=1"),
        ("replace-path /nope/(.*) /\\1", "/foo/bar?q=1", "/foo/bar?q=1"),
        ("replace-pathq '([^?]*)(\\?(.*))?' '\\1/foo\\2'", "/bar?q=1", "/bar/foo?q=1"),
        ("replace-uri ^http://(.*) https://\\1", "http://h/a?b", "https://h/a?b"),
        ("normalize-uri path-merge-slashes", "//a///b?x=//", "/a/b?x=//"),
    ] {
        let outcome = run(&format!("http-request {rule}"), &format!("GET {target} HTTP/1.1"));
        assert_eq!(String::from_utf8_lossy(&outcome.exchange.request.target), expected, "{rule} on {target}");
    }
}

#[test]
fn a_method_that_is_no_token_is_not_taken() {
    let method = |rule: &str| run(rule, "GET / HTTP/1.1").exchange.request.method.as_bytes().to_vec();
    assert_eq!(method("http-request set-method PUT"), b"PUT");
    assert_eq!(method("http-request set-method 'G E'"), b"GET");
}

#[test]
fn redirections_point_where_the_manual_says() {
    for (rule, target, expected) in [
        ("location /x", "/a?q", "302 /x"),
        ("location /x code 301", "/a", "301 /x"),
        ("location /x keep-query", "/a?q=1", "302 /x?q=1"),
        ("location /x?z keep-query", "/a?q=1", "302 /x?z&q=1"),
        ("prefix /", "/p1?q", "302 /p1?q"),
        ("prefix http://h/b", "/p?q", "302 http://h/b/p?q"),
        ("prefix http://h/b drop-query append-slash", "/p?q", "302 http://h/b/p/"),
        ("scheme https code 308", "/s?q", "308 https://www:8080/s?q"),
    ] {
        for rule in [format!("http-request redirect {rule}"), format!("redirect {rule}")] {
            let outcome = run(&rule, &format!("GET {target} HTTP/1.1\nHost: www:8080"));
            let message = outcome.message();
            let location = String::from_utf8_lossy(&message.headers[0].1).into_owned();
            assert_eq!(format!("{} {location}", message.status), expected, "{rule} on {target}");
        }
    }
}

#[test]
fn only_the_action_takes_a_log_format() {
    let location = |rule: &str| run(rule, "GET /a HTTP/1.1").message().headers[0].1.to_vec();
    assert_eq!(location("http-request redirect location /%[path]"), b"//a");
    assert_eq!(location("redirect location /%20%[path]"), b"/%20%[path]");
}

#[test]
fn redirections_set_cookies_and_are_not_cached_when_temporary() {
    let fields = |rule: &str| {
        let outcome = run(rule, "GET /a HTTP/1.1");
        lines(outcome.message().headers.iter().map(|(n, v)| (&**n, &**v)))
    };
    assert_eq!(
        fields("http-request redirect location /x set-cookie A=b"),
        "location: /x\ncache-control: no-cache\nset-cookie: A=b; path=/;"
    );
    assert_eq!(
        fields("http-request redirect location /x code 308 clear-cookie A="),
        "location: /x\nset-cookie: A=; path=/; Max-Age=0;"
    );
    assert_eq!(
        fields("http-request redirect location /x code 301 set-cookie-fmt A=%[path]"),
        "location: /x\nset-cookie: A=/a; path=/;"
    );
    let ignored = run("http-request redirect location %[var(txn.none)] ignore-empty", "GET / HTTP/1.1");
    assert_eq!(ignored.verdict(), "-");
}

#[test]
fn replies_are_made_of_their_words() {
    let world = World::default()
        .with_file("page.http", "HTTP/1.1 429 Slow\r\nRetry-After: 9\r\nContent-Length: 3\r\n\r\nno\n")
        .with_file("body.txt", "raw %[path]")
        .with_file("404", "HTTP/1.1 404 Gone\r\n\r\nsection");
    for (rule, verdict, body) in [
        ("deny", "deny 403", None),
        ("deny deny_status 429", "deny 429", None),
        ("deny status 404 default-errorfiles", "deny 404", None),
        ("deny errorfile page.http", "deny 429", Some("no\n")),
        ("deny content-type text/plain string hello", "deny 403", Some("hello")),
        ("deny status 403 hdr x y", "deny 403", Some("")),
        ("return", "reply 200", Some("")),
        ("return status 204", "reply 204", Some("")),
        ("return status 404 errorfiles site", "reply 404", Some("section")),
        ("return status 500 errorfiles site", "reply 500", None),
        ("return content-type text/plain file body.txt", "reply 200", Some("raw %[path]")),
        ("return content-type text/plain lf-file body.txt", "reply 200", Some("raw /a")),
        ("return status 418 content-type text/plain lf-string '<%[path]>'", "reply 418", Some("</a>")),
    ] {
        let outcome = world.run(&format!("http-request {rule}"), exchange("GET /a HTTP/1.1"));
        assert_eq!(outcome.verdict(), verdict, "{rule}");
        if let Some(body) = body {
            assert_eq!(outcome.message().body, body.as_bytes(), "{rule}");
        }
    }
}

#[test]
fn a_reply_shows_its_fields() {
    let rule = "http-request return status 200 content-type text/html string x hdr A 1 hdr B '%[path]'";
    let outcome = run(rule, "GET /a HTTP/1.1");
    let fields = lines(outcome.message().headers.iter().map(|(n, v)| (&**n, &**v)));
    assert_eq!(fields, "content-type: text/html\nA: 1\nB: /a");
}

#[test]
fn a_denied_response_is_502_and_a_tarpit_waits() {
    let denied = run("http-response deny if { status 200 }", "GET / HTTP/1.1\n\nHTTP/1.1 200 OK");
    assert_eq!(denied.verdict(), "deny 502");
    let tarpit = run("http-request tarpit deny_status 429", "GET / HTTP/1.1");
    let Run::Answer(0, Answer::Wait(Wait::Tarpit(_, reply))) = &tarpit.run else {
        panic!("{:?}", tarpit.run)
    };
    assert_eq!(common::status(reply), 429);
}

#[test]
fn flow_actions_end_or_hold_up() {
    for (rule, verdict) in [
        ("http-request allow", "stop"),
        ("http-request reject", "close Reject"),
        ("http-request silent-drop", "close Silent(1)"),
        ("http-request silent-drop rst-ttl 7", "close Silent(7)"),
        ("tcp-request connection accept", "stop"),
        ("tcp-request connection reject", "close Reject"),
        ("http-request pause 10ms", "Wait(Pause(10ms))"),
        ("http-request pause int(20)", "Wait(Pause(20ms))"),
        ("http-request pause hdr(none)", "-"),
        ("http-request wait-for-body time 1s at-least 1k", "Wait(Body(1024 bytes, 1s))"),
        ("http-request strict-mode off", "-"),
    ] {
        assert_eq!(run(rule, "GET / HTTP/1.1").verdict(), verdict, "{rule}");
    }
}

#[test]
fn a_rewrite_that_finds_no_room_fails_unless_the_mode_is_lenient() {
    let text = "GET /p HTTP/1.1\nHost: h\nX: 1\n\nHTTP/1.1 200 OK\nX: 1";
    let long = "x".repeat(80);
    let narrow = |rules: &str| {
        let mut exchange = exchange(text);
        exchange.room.whole = 100;
        World::default().run(rules, exchange)
    };
    for rule in [
        format!("http-request set-header y {long}"),
        format!("http-request add-header y {long}"),
        format!("http-request replace-header x 1 {long}"),
        format!("http-request set-path /{long}"),
        format!("http-request set-query {long}"),
        format!("http-request replace-uri .* /{long}"),
        format!("http-request set-method {long}"),
        format!("http-request add-headers-bin bin(0179{:02x}{}0000)", long.len(), "78".repeat(long.len())),
        format!("http-response set-status 200 reason {long}"),
        format!("http-response set-header y {long}"),
        format!("http-after-response add-header y {long}"),
    ] {
        let outcome = narrow(&rule);
        assert_eq!(outcome.verdict(), "fail", "{rule}");
        let front = &outcome.exchange.conn.frontend.front;
        assert_eq!(front.get(Counter::FailedRewrites), 1, "{rule}");
        let set = rule.split(' ').next().unwrap();
        let outcome = narrow(&format!("{set} strict-mode off\n{rule}\n{set} set-header z ok"));
        assert_eq!(outcome.verdict(), "-", "{rule}");
        let all = outcome.request_headers() + &outcome.response_headers();
        assert!(all.contains("z: ok") && !all.contains(&long), "{rule}: {all}");
        let (request, response) = (&outcome.exchange.request, &outcome.exchange.response);
        assert_eq!((&request.target[..], request.method.as_bytes()), (&b"/p"[..], &b"GET"[..]), "{rule}");
        assert!(response.reason.len() < long.len(), "{rule}");
    }
    let fits = format!("http-request set-header y {}", &long[..50]);
    assert_eq!(narrow(&format!("{fits}\n{fits}")).verdict(), "-", "what is replaced makes room");
}

#[test]
fn the_mode_ends_with_its_set_of_rules() {
    let mut exchange = exchange("GET / HTTP/1.1\n\nHTTP/1.1 200 OK");
    exchange.room.whole = 40;
    let long = "x".repeat(80);
    let rules = format!("http-request strict-mode off\nhttp-response set-header y {long}");
    assert_eq!(World::default().run(&rules, exchange).verdict(), "fail");
}

#[test]
fn the_rule_that_ended_is_remembered_with_file_and_line() {
    let outcome = run("http-request set-header a b\nhttp-request deny", "GET / HTTP/1.1");
    let (file, line) = outcome.exchange.log.last_rule.expect("a rule ended it");
    assert_eq!((&*file, line), ("test.cfg", 2));
    assert!(run("http-request set-header a b", "GET / HTTP/1.1").exchange.log.last_rule.is_none());
}

#[test]
fn variables_are_set_under_their_conditions() {
    let show = "http-request set-header v '%[var(txn.v)]'";
    for (rules, expected) in [
        ("http-request set-var(txn.v) path", "/a"),
        ("http-request set-var-fmt(txn.v) '<%[path]>'", "</a>"),
        ("http-request set-var(txn.v) path\nhttp-request unset-var(txn.v)", ""),
        ("http-request set-var(txn.v) str(x)\nhttp-request set-var(txn.v,ifnotset) path", "x"),
        ("http-request set-var(txn.v,ifset) path", ""),
        ("http-request set-var(txn.v) str(x)\nhttp-request set-var(txn.v,ifnotempty) str()", "x"),
        ("http-request set-var(txn.v) int(3)\nhttp-request set-var(txn.v,ifgt) int(5)", "3"),
        ("http-request set-var(txn.v) int(3)\nhttp-request set-var(txn.v,iflt) int(5)", "5"),
        ("http-request set-var(txn.v) str(x)\nhttp-request set-var(txn.v,ifgt) int(5)", "5"),
        ("http-request set-var(txn.v,iflt) int(5)", "5"),
        ("http-request set-var(txn.v) req.hdr(none)", ""),
        ("http-request set-var(sess.v) path\nhttp-request set-var(txn.v) var(sess.v)", "/a"),
        ("tcp-request content set-var(txn.v) src", "192.0.2.7"),
    ] {
        let outcome = run(&format!("{rules}\n{show}"), "GET /a HTTP/1.1");
        assert_eq!(outcome.request_headers(), format!("v: {expected}"), "{rules}");
    }
}

#[test]
fn addresses_keep_their_other_half() {
    for (rule, src, dst) in [
        ("set-src hdr(x-f)", "10.1.1.1:40000", "198.51.100.1:80"),
        ("set-src hdr(x-none)", "192.0.2.7:40000", "198.51.100.1:80"),
        ("set-src src,ipmask(24)", "192.0.2.0:40000", "198.51.100.1:80"),
        ("set-src-port int(5)", "192.0.2.7:5", "198.51.100.1:80"),
        ("set-dst hdr(x-f)", "192.0.2.7:40000", "10.1.1.1:80"),
        ("set-dst-port int(4000)", "192.0.2.7:40000", "198.51.100.1:4000"),
    ] {
        let outcome = run(&format!("http-request {rule}"), "GET / HTTP/1.1\nX-F: 10.1.1.1");
        let shown = |a: Option<std::net::SocketAddr>| a.map(|a| a.to_string()).unwrap_or_default();
        let conn = &outcome.exchange.conn;
        assert_eq!((shown(conn.src).as_str(), shown(conn.dst).as_str()), (src, dst), "{rule}");
    }
}

#[test]
fn responses_are_rewritten_in_their_own_rules() {
    let rules = "http-response set-status 503 reason 'Slow Down' if { status 200 }\nhttp-response add-header a b\n\
                 http-after-response set-header c %[res.hdr(a)]\nhttp-after-response del-header server";
    let outcome = run(rules, "GET / HTTP/1.1\n\nHTTP/1.1 200 OK\nServer: x");
    assert_eq!(outcome.exchange.response.status, 503);
    assert_eq!(outcome.exchange.response.reason, b"Slow Down");
    assert_eq!(outcome.response_headers(), "a: b\nc: b");
}

#[test]
fn the_log_is_told() {
    let level = |rule: &str| {
        let log = run(rule, "GET / HTTP/1.1").exchange.log;
        (log.level, log.silent)
    };
    assert_eq!(level("http-request set-log-level err"), (Some(3), false));
    assert_eq!(level("http-request set-log-level silent"), (None, true));
}

#[test]
fn captures_fill_the_slots_the_frontend_has() {
    let mut exchange = exchange("GET /long/path HTTP/1.1");
    exchange.log.request_captures = Captures::of_lengths([5]);
    let outcome =
        World::default().run("http-request capture path len 5\nhttp-request capture path id 7", exchange);
    assert_eq!(outcome.exchange.log.request_captures.get(0).as_deref(), Some(&b"/long"[..]));
}

#[test]
fn converters_capture_as_well_and_hand_the_sample_on() {
    let mut exchange = exchange("GET /a HTTP/1.1");
    (exchange.log.request_captures, exchange.log.response_captures) =
        (Captures::of_lengths([9, 4]), Captures::of_lengths([9]));
    let rule = "http-request set-header v '%[path,capture-req(1),capture-res(0),capture-req(2),lower]'\n\
        http-request set-header w '%[capture.req.hdr(1)]' if { src,capture-req(1) -m found }";
    let outcome = World::default().run(rule, exchange);
    let header =
        |name: &str| outcome.exchange.request.headers.all(name.as_bytes()).last().map(<[u8]>::to_vec);
    assert_eq!((header("v"), header("w")), (Some(b"/a".to_vec()), Some(b"192.".to_vec())));
    assert_eq!(outcome.exchange.log.response_captures.get(0), Some(b"/a".to_vec()));
}

#[test]
fn auth_asks_for_who_is_not_in_the_list() {
    let user = |password: &str, groups: &[&str]| User {
        secret: Some(Secret::Plain(password.to_owned())),
        groups: groups.iter().map(|&g| g.to_owned()).collect(),
    };
    let users = [("ann", user("secret", &["staff", "admin"])), ("bob", user("word", &[]))];
    let list = Userlist { users: users.map(|(name, user)| (name.to_owned(), user)).into() };
    let world = || {
        let mut world = World::default();
        world.userlists.insert("site".to_owned(), Arc::new(list.clone()));
        world
    };
    let ann = "Basic YW5uOnNlY3JldA=="; // ann:secret
    let bob = "Basic Ym9iOndvcmQ="; // bob:word
    let wrong = "Basic YW5uOndvcmQ="; // ann:word
    for (rule, field, verdict) in [
        ("auth unless { http_auth(site) }", ann, "-"),
        ("auth unless { http_auth(site) }", bob, "-"),
        ("auth unless { http_auth(site) }", wrong, "reply 401"),
        ("auth unless { http_auth(site) }", "Bearer x", "reply 401"),
        ("auth unless { http_auth_group(site) admin }", ann, "-"),
        ("auth unless { http_auth_group(site) admin staff }", bob, "reply 401"),
        ("deny if { http_auth_group(site),upper -m str ANN }", ann, "-"),
        ("return status 200 if { http_auth_group(site) staff }", ann, "reply 200"),
    ] {
        let request = exchange(&format!("GET / HTTP/1.1\nAuthorization: {field}"));
        let outcome = world().run(&format!("http-request {rule}"), request);
        assert_eq!(outcome.verdict(), verdict, "{rule} {field}");
    }
    let format = "%[http_auth_group(site)] %[http_auth(site)]";
    let request = exchange(&format!("GET / HTTP/1.1\nAuthorization: {ann}"));
    assert_eq!(world().format(format, Stage::Request, Escape::None, &request), "ann 1");
}

#[test]
fn auth_names_its_realm() {
    for (rule, challenge) in
        [("auth", "Basic realm=\"web\""), ("auth realm 'my \"site\"'", "Basic realm=\"my \\\"site\\\"\"")]
    {
        let outcome = run(&format!("http-request {rule}"), "GET / HTTP/1.1");
        let Run::Answer(_, Answer::Reply(Reply::StatusWith(401, field))) = &outcome.run else {
            panic!("{:?}", outcome.run)
        };
        assert_eq!(String::from_utf8_lossy(&field.1), challenge);
    }
}

#[test]
fn tuning_is_what_the_rules_say_and_nothing_without_them() {
    use portero_api::Timeout::{Client, Server, Tunnel};
    let millis = |rules: &str, which| {
        let outcome = run(rules, "GET / HTTP/1.1\nT: 1500");
        outcome.exchange.tuning.and_then(|tuning| tuning.time(which)).map(|time| time.as_micros())
    };
    assert!(run("http-request allow", "GET / HTTP/1.1").exchange.tuning.is_none());
    for (rule, which, time) in [
        ("set-timeout server 3s", Server, Some(3_000_000)),
        ("set-timeout client 250us", Client, Some(250)),
        ("set-timeout tunnel req.hdr(t)", Tunnel, Some(1_500_000)),
        ("set-timeout tunnel req.hdr(t),mul(-1)", Tunnel, None),
        ("set-timeout tunnel req.hdr(none)", Tunnel, None),
        ("set-timeout tunnel 3s", Server, None),
    ] {
        assert_eq!(millis(&format!("http-request {rule}"), which), time, "{rule}");
    }
}

#[test]
fn fetches_show_what_rules_have_tuned() {
    let shown = |rules: &str, format: &str| {
        let exchange = run(rules, "GET / HTTP/1.1\nN: 7").exchange;
        World::default().format(format, Stage::Log, Escape::None, &exchange)
    };
    for (rules, format, expected) in [
        ("set-timeout server 2s", "%[be_server_timeout] %[cur_server_timeout]", "0 2000"),
        ("set-timeout client 20", "%[fe_client_timeout] %[cur_client_timeout]", "0 20"),
        ("set-retries 7", "%[be_max_retries] %[cur_max_retries]", "0 7"),
        ("set-retries req.hdr(n)", "%[cur_max_retries]", "7"),
        ("set-retries req.hdr(n),mul(100)", "%[cur_max_retries]", "0"),
        ("set-priority-class int(-9000)", "%[prio_class] %[prio_offset]", "-2047 0"),
        ("set-priority-offset req.hdr(n)", "%[prio_class] %[prio_offset]", "0 7"),
        ("allow", "%[cur_tunnel_timeout] %[prio_class] %[cur_max_retries]", "0 0 0"),
    ] {
        assert_eq!(shown(&format!("http-request {rules}"), format), expected, "{rules}");
    }
}

#[test]
fn marks_for_the_client_are_asked_of_the_road_and_those_for_the_server_kept() {
    let asked = |rule: &str| match run(&format!("http-request {rule}"), "GET / HTTP/1.1").run {
        Run::Answer(0, Answer::Do(deed)) => deed,
        other => panic!("{other:?}"),
    };
    assert_eq!(asked("set-fc-tos 0x10"), Deed::Mark(Packets { tos: Some(16), mark: None }));
    assert_eq!(asked("set-fc-mark int(7)"), Deed::Mark(Packets { tos: None, mark: Some(7) }));
    assert_eq!(asked("set-tos 2"), Deed::Mark(Packets { tos: Some(2), mark: None }));
    assert_eq!(asked("early-hint Link %[path]"), Deed::Hint(b"Link"[..].into(), b"/"[..].into()));
    let both = run("http-request set-bc-tos 8\nhttp-request set-bc-mark 0xff", "GET / HTTP/1.1").exchange;
    let packets = both.tuning.expect("it was tuned").server_packets;
    assert_eq!(packets, Packets { tos: Some(8), mark: Some(255) });
}

#[test]
fn packed_header_fields_are_put_back() {
    let request = "GET / HTTP/1.1\nHost: h\nX-A: 1\nX-B: two words";
    let keep = "http-request set-var(txn.all) req.hdrs_bin\nhttp-request del-header x- -m beg\n";
    for (rule, expected) in [
        ("add-headers-bin var(txn.all)", "Host: h\nhost: h\nx-a: 1\nx-b: two words"),
        ("set-headers-bin var(txn.all)", "host: h\nx-a: 1\nx-b: two words"),
        ("add-headers-bin var(txn.all) prefix x-B", "Host: h\nx-b: two words"),
        ("add-headers-bin str(AWE=),b64dec", "Host: h"),
        ("add-headers-bin req.hdr(none)", "Host: h"),
        ("add-headers-bin str(AWEDYg0K),b64dec", "Host: h"),
        ("del-headers-bin str(BGhvc3Q=),b64dec", ""),
        ("del-headers-bin str(AkhP),b64dec -m beg", ""),
        ("del-headers-bin str(AkhP),b64dec", "Host: h"),
    ] {
        let outcome = run(&format!("{keep}http-request {rule}"), request);
        assert_eq!(outcome.request_headers(), expected, "{rule}");
    }
}

#[test]
fn a_written_value_keeps_its_blanks_and_is_read_without_them() {
    let outcome = run(
        "http-request set-header a '  b  c '\nhttp-request add-header d %[req.hdr(a)]%[req.fhdr(a)]",
        "GET / HTTP/1.1",
    );
    assert_eq!(outcome.request_headers(), "a:   b  c \nd: b  cb  c");
}
