//! Bad rules: (line, what is said, the text above the caret). Every action has its bad arguments here.

mod common;

use common::World;

/// Checks that the message says so and that its caret stands under this text.
fn says(line: &str, message: &str, guilty: &str) {
    let world =
        World::default().with_file("bad.http", "<html>\n").with_file("page.http", "HTTP/1.1 200 OK\r\n\r\n");
    let world = world.with_file("nets.lst", "10.0.0.0/8\n\nnot-an-ip\n10.0.0.0/40\n");
    let world = world.with_file("words.map", "a 1\n# a comment\n( x\n");
    let found = world.check(line);
    assert!(found.contains(message), "{line}\nshould say: {message}\n{found}");
    let block = found.split("\n\n").find(|block| block.contains(message)).expect("it is there");
    let caret = block.lines().find(|l| l.contains('^')).unwrap_or_else(|| panic!("no caret\n{block}"));
    let start = caret.find('^').expect("it is there") - caret.find('|').expect("a margin") - 2;
    let width = caret.matches('^').count();
    let number =
        block.lines().find_map(|l| l.split_once("test.cfg:")?.1.split(':').next()?.parse::<usize>().ok());
    let source = line.lines().nth(number.expect("a line number") - 1).expect("the line is there");
    let marked: String = source.chars().skip(start).take(width).collect();
    assert_eq!(marked, guilty, "{line}\n{found}");
}

#[test]
fn bad_tests_are_named() {
    for (test, message, guilty) in [
        ("nofetch x", "unknown fetch 'nofetch'", "nofetch"),
        ("pat /x", "did you mean 'path'?", "pat"),
        ("path_bge /x", "did you mean 'path_beg'?", "path_bge"),
        ("lower x", "'lower' is a converter", "lower"),
        ("path,lowr /x", "did you mean 'lower'?", "lowr"),
        ("path -m foo x", "unknown matching method 'foo'", "foo"),
        ("path -m str -m beg x", "a test has one matching method", "beg"),
        ("always_true -m ip 1.2.3.4", "matching method 'ip' cannot be used with 'always_true'", "ip"),
        ("dst_port gt abc", "'abc' is neither a number nor an operator", "abc"),
        ("dst_port 5:3", "'5:3' is no range", "5:3"),
        ("src 10.0.0.0/33", "'10.0.0.0/33' is no IPv4 or IPv6 address", "10.0.0.0/33"),
        ("path_reg '('", "regular expression '(' is invalid", "'('"),
        ("path -m bin 123", "'123' is not an even number of hexadecimal digits", "123"),
        ("path -f nofile", "cannot read pattern file 'nofile': no such file", "nofile"),
        (
            "src -f nets.lst",
            "'nets.lst', line 3: 'not-an-ip' is no IPv4 or IPv6 address or network; line 4:",
            "nets.lst",
        ),
        ("path_reg -M -f words.map", "'words.map', line 3: regular expression '(' is invalid", "words.map"),
        ("path -u x /a", "'x' is no number of a list", "x"),
        ("path,map(nofile) x", "'map': cannot read map 'nofile': no such file", "nofile"),
        ("path,map_str_int(words.map) 1", "'words.map', line 3: value 'x' is no integer", "words.map"),
        ("path,map_str_ip(virt@a,b) 1.2.3.4", "default value 'b' is no address", "b"),
        ("path,map_str_key(words.map,b) x", "takes one argument, 2 given", "b"),
        ("req.payload(0,1) x", "say with '-m' how to match it", "req.payload(0,1)"),
        ("path_beg -m reg x", "'-m reg' takes the place of the method in 'path_beg'", "reg"),
        ("path -m found x", "'x' is not looked at: '-m found' takes no pattern", "x"),
        ("path", "it has no pattern to match against", "path"),
        (
            "always_true,ipmask(8) 1",
            "converter 'ipmask' takes an address, but 'always_true' gives a boolean",
            "ipmask",
        ),
        ("path(a) x", "fetch 'path' takes no argument, 1 given", "a"),
    ] {
        says(&format!("http-request deny if {{ {test} }}"), message, guilty);
    }
}

#[test]
fn bad_conditions_and_names_are_named() {
    for (lines, message, guilty) in [
        ("http-request deny if foo", "no such ACL: 'foo'", "foo"),
        ("acl is_api path /a\nhttp-request deny if is_apj", "did you mean 'is_api'?", "is_apj"),
        ("http-request deny if true", "did you mean 'TRUE'?", "true"),
        ("http-request deny if RDP_COOKIE", "'RDP_COOKIE' is not supported yet", "RDP_COOKIE"),
        ("acl a path /a", "ACL 'a' is never used", "a"),
        (
            "http-request deny\nhttp-request allow",
            "this rule is never reached: the one in line 1",
            "http-request allow",
        ),
        ("use_backend a\nuse_backend b", "never reached: the one in line 1 always applies", "use_backend b"),
        ("http-request deny if { status 200 }", "'status' has no value in 'http-request' rules", "status"),
        ("http-response deny if { path /a }", "'path' has no value in 'http-response' rules", "path"),
        ("acl s status 200\nhttp-request deny if s", "ACL 's' never matches here", "s"),
        (
            "tcp-request connection reject if { path /a }",
            "no value in 'tcp-request connection' rules",
            "path",
        ),
    ] {
        says(lines, message, guilty);
    }
}

#[test]
fn bad_arguments_of_every_action_are_named() {
    for (rule, message, guilty) in [
        ("frob", "unknown action 'frob' in 'http-request' rules", "frob"),
        ("set-heder a b", "did you mean 'set-header'?", "set-heder"),
        ("use-service x", "unknown service 'x'", "x"),
        ("track-sc0 src", "'web' has no table of its own", "track-sc0"),
        ("track-sc0 src table nope", "there is no table 'nope'", "nope"),
        ("track-sc0 src table", "the name of a table must follow 'table'", "table"),
        ("track-sc0 src tabel t", "unexpected 'tabel' behind the key", "tabel"),
        ("track-sc0", "a key is missing", "track-sc0"),
        ("track-sc3 src table t", "'track-sc3': there are 3 counters, from 0", "track-sc3"),
        ("track-scx src table t", "unknown action 'track-scx'", "track-scx"),
        ("sc-inc-gpc(1)", "'(...)' ends with the number of a counter from 0 to 2", "sc-inc-gpc"),
        ("sc-inc-gpc(100,0)", "'(...)' begins with an index from 0 to 99", "sc-inc-gpc"),
        ("sc-inc-gpc0(7)", "ends with the number of a counter", "sc-inc-gpc0"),
        ("sc-inc-gpc1", "ends with the number of a counter", "sc-inc-gpc1"),
        ("sc-add-gpc(0,0)", "an expression is missing", "sc-add-gpc"),
        ("sc-set-gpt(0,0) 5000000000", "'5000000000' has more than 32 bits", "5000000000"),
        ("sc-set-gpt0(0) 1 2", "unexpected '2' behind 'sc-set-gpt0'", "2"),
        ("accept", "'accept' cannot be used in 'http-request' rules", "accept"),
        ("set-status 200", "it may stand in 'http-response', 'http-after-response'", "set-status"),
        ("auth realm", "'auth': a realm is missing", "realm"),
        ("auth nobody", "unexpected 'nobody' behind 'auth'", "nobody"),
        ("set-timeout", "the name of a time-out is missing", "set-timeout"),
        ("set-timeout sever 1s", "did you mean 'server'?", "sever"),
        ("set-timeout server 1q", "'q' in '1q' is no unit of time", "1q"),
        ("set-timeout server 0", "a time-out of 0 is none", "set-timeout"),
        ("set-timeout tunnel nope", "unknown fetch 'nope'", "nope"),
        ("set-retries 101", "'101' is no number from 0 to 100", "101"),
        ("set-retries", "an expression is missing", "set-retries"),
        ("disable-l7-retry x", "unexpected 'x' behind 'disable-l7-retry'", "x"),
        ("set-priority-class 1", "unknown fetch '1'", "1"),
        ("set-priority-offset", "an expression is missing", "set-priority-offset"),
        ("set-fc-tos 256", "'256' is no number from 0 to 0xff", "256"),
        ("set-fc-mark 0xfffffffff", "'0xfffffffff' is no number from 0 to 0xffffffff", "0xfffffffff"),
        ("set-bc-tos 1z", "'1z' is no number", "1z"),
        ("set-bc-mark nope", "unknown fetch 'nope'", "nope"),
        ("set-tos 300", "'300' is no number from 0 to 0xff", "300"),
        ("set-mark -1", "unknown fetch '-1'", "-1"),
        ("early-hint link", "'early-hint': a value is missing", "link"),
        ("wait-for-handshake x", "unexpected 'x' behind 'wait-for-handshake'", "x"),
        ("set-nice 2000", "'2000' is no number from -1024 to 1024", "2000"),
        ("do-log profile x", "'profile' of 'do-log' is not supported yet", "profile"),
        ("set-bandwidth-limit", "the name of a filter is missing", "set-bandwidth-limit"),
        ("set-bandwidth-limit x", "there is no 'filter bwlim-in' or 'bwlim-out' of the name 'x'", "x"),
        ("allow foo", "unexpected 'foo' behind 'allow'", "foo"),
        ("reject foo", "unexpected 'foo' behind 'reject'", "foo"),
        ("silent-drop foo", "unexpected 'foo' behind 'silent-drop'", "foo"),
        ("silent-drop rst-ttl", "a number of routers is missing", "rst-ttl"),
        ("silent-drop rst-ttl 0", "'0' is no number from 1 to 255", "0"),
        ("add-headers-bin", "an expression is missing", "add-headers-bin"),
        ("add-headers-bin req.hdrs_bin prefix", "a prefix is missing", "prefix"),
        ("set-headers-bin nope", "unknown fetch 'nope'", "nope"),
        ("del-headers-bin req.hdrs_bin -m reg", "unexpected 'reg' in 'del-headers-bin'", "reg"),
        ("pause", "'pause': an expression is missing", "pause"),
        ("pause 1q", "'q' in '1q' is no unit of time", "1q"),
        ("wait-for-body", "'time <time>' is missing", "wait-for-body"),
        ("wait-for-body time 1x", "'x' in '1x' is no unit of time", "1x"),
        ("wait-for-body time 1s at-least 1z", "'z' in '1z' is no unit of size", "1z"),
        ("strict-mode maybe", "unexpected 'maybe' in 'strict-mode'", "maybe"),
        ("deny foo", "unexpected 'foo' in 'deny'", "foo"),
        ("deny deny_status", "a status code is missing", "deny_status"),
        ("deny deny_status 999", "'999' is no status code from 200 to 599", "999"),
        ("deny deny_status 444", "there is no error page for status 444", "444"),
        ("deny errorfile nope", "cannot read 'nope': no such file", "nope"),
        ("deny errorfile bad.http", "bad error file: '<html>' is no HTTP/1 status line", "bad.http"),
        ("return status 100", "'100' is no status code from 200 to 599", "100"),
        ("return string foo", "'content-type <type>' is missing", "return"),
        (
            "return content-type text/plain string a string b",
            "'string' cannot stand beside 'string'",
            "string",
        ),
        ("return content-type text/plain", "content type 'text/plain' is not used", "text/plain"),
        ("return errorfiles nope status 404", "unknown http-errors section 'nope'", "nope"),
        ("return content-type t/p lf-string %[nope]", "unknown fetch 'nope'", "nope"),
        ("tarpit deny_status 1", "'1' is no status code", "1"),
        ("redirect", "'location', 'prefix' or 'scheme' is missing", "redirect"),
        ("redirect location", "a target is missing", "location"),
        ("redirect foo bar", "unexpected 'foo' in 'redirect'", "foo"),
        ("redirect location /a code 200", "'200' is no code of a redirection", "200"),
        ("redirect location /a scheme https", "'scheme' cannot stand beside 'location'", "scheme"),
        ("set-header a", "'set-header': a value is missing", "a"),
        ("set-header 'a b' c", "'a b' is no name of a header field", "'a b'"),
        ("set-header a %zz", "no such log format alias: '%zz'", "%zz"),
        ("set-header a b c", "unexpected 'c' behind 'set-header'", "c"),
        ("set-header a %[status]", "'status' has no value in 'http-request' rules", "status"),
        ("add-header", "'add-header': a header name is missing", "add-header"),
        ("del-header", "'del-header': a header name is missing", "del-header"),
        ("del-header a -m foo", "unexpected 'foo' in 'del-header'", "foo"),
        ("del-header ( -m reg", "regular expression '(' is invalid", "("),
        ("replace-header a (", "regular expression '(' is invalid", "("),
        ("replace-value a b", "a replacement is missing", "b"),
        ("replace-path (", "regular expression '(' is invalid", "("),
        ("replace-pathq a", "a replacement is missing", "a"),
        ("replace-uri", "a regular expression is missing", "replace-uri"),
        ("set-pathq", "'set-pathq': a value is missing", "set-pathq"),
        ("set-query", "'set-query': a value is missing", "set-query"),
        ("set-uri %[nope]", "unknown fetch 'nope'", "nope"),
        ("set-src-port", "an expression is missing", "set-src-port"),
        ("set-dst nope", "unknown fetch 'nope'", "nope"),
        ("set-method", "'set-method': a value is missing", "set-method"),
        ("set-path %[nope]", "unknown fetch 'nope'", "nope"),
        ("set-var(foo.a) path", "variable 'foo.a' must start with its scope", "foo.a"),
        ("set-var(txn.a)", "'set-var': an expression is missing", "set-var"),
        ("set-var path", "a variable in parentheses is missing", "set-var"),
        ("set-var(txn.a,foo) path", "unknown condition 'foo'", "foo"),
        ("set-var(txn.a) path,lowr", "unknown converter 'lowr'", "lowr"),
        ("set-var-fmt(txn.a) %zz", "no such log format alias", "%zz"),
        ("unset-var(a)", "variable 'a' must start with its scope", "a"),
        ("set-src nope", "unknown fetch 'nope'", "nope"),
        ("set-dst-port", "an expression is missing", "set-dst-port"),
        ("capture path", "'len <length>' or 'id <slot>' is missing", "path"),
        ("capture path len 0", "'0' is no number from 1 on", "0"),
        ("set-log-level foo", "unexpected 'foo' in 'set-log-level'", "foo"),
        ("set-map %[src] x", "the name of a list in parentheses is missing", "set-map"),
        ("set-map(a,b) %[src] x", "one list is named in the parentheses", "b"),
        ("set-map(a) %[src]", "a log format for the value is missing", "%[src]"),
        ("del-map(a)", "a log format for the key is missing", "del-map"),
        ("add-acl() x", "the name of a list in parentheses is missing", "add-acl"),
        ("del-acl(a) %zz", "no such log format alias: '%zz'", "%zz"),
        ("normalize-uri foo", "unexpected 'foo' in 'normalize-uri'", "foo"),
    ] {
        says(&format!("http-request {rule}"), message, guilty);
    }
}

#[test]
fn bad_arguments_of_response_actions_are_named() {
    for (rule, message, guilty) in [
        ("set-status 20", "'20' is no status code from 100 to 999", "20"),
        ("set-status abc", "'abc' is no status code", "abc"),
        ("set-status 200 reason", "a reason is missing", "reason"),
        ("set-path /x", "'set-path' cannot be used in 'http-response' rules", "set-path"),
        ("redirect prefix /a", "'prefix' cannot be used in 'http-response' rules", "prefix"),
        ("capture status len 3", "'len' can only be used in request rules", "len"),
        ("set-header a %[path]", "'path' has no value in 'http-response' rules", "path"),
    ] {
        says(&format!("http-response {rule}"), message, guilty);
    }
}

#[test]
fn bad_arguments_of_tcp_actions_are_named() {
    for (rule, message, guilty) in [
        ("close now", "unexpected 'now' behind 'close'", "now"),
        (
            "set-timeout server 1s",
            "'set-timeout' cannot be used in 'tcp-response content' rules",
            "set-timeout",
        ),
    ] {
        says(&format!("tcp-response content {rule}"), message, guilty);
    }
    for (rule, message, guilty) in [
        ("expect-proxy", "'layer4' is missing", "expect-proxy"),
        ("expect-proxy layer5", "unexpected 'layer5' in 'expect-proxy'", "layer5"),
    ] {
        says(&format!("tcp-request connection {rule}"), message, guilty);
    }
}

#[test]
fn all_mistakes_are_found_at_once() {
    let found = World::default().check(
        "http-request deny if { nofetch x } { path -m foo x }\nhttp-request set-header 'a b' %zz\n\
         http-request frob if nope",
    );
    for message in ["nofetch", "'foo'", "'a b'", "%zz", "'frob'", "'nope'"] {
        assert!(found.contains(message), "{message} is missing in\n{found}");
    }
}

#[test]
fn every_action_has_a_bad_case_here() {
    let cases = include_str!("mistakes.rs");
    for kind in portero_policies::actions::ACTIONS.iter().copied().flatten() {
        let begins = |end: char| cases.contains(&format!("        (\"{}{end}", kind.name));
        assert!(['"', ' ', '('].into_iter().any(begins), "no bad case for '{}'", kind.name);
    }
}
