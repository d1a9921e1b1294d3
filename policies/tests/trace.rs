//! The trace: what rules saw and did, and that watching them changes nothing.

mod common;

use std::rc::Rc;

use common::{Outcome, World, exchange};
use portero_api::trace::{ConditionKind, RuleEnd, RuleStep, Step, Truth};
use portero_api::{Exchange, Trace};

/// The same exchange, watched.
fn watched(mut exchange: Exchange) -> (Exchange, Rc<Trace>) {
    let trace = Rc::<Trace>::default();
    exchange.trace = Some(trace.clone());
    (exchange, trace)
}

fn traced(lines: &str, request: &str) -> (Outcome, Vec<RuleStep>) {
    let (exchange, trace) = watched(exchange(request));
    let outcome = World::default().run(lines, exchange);
    let rule = |step: Step| match step {
        Step::Rule(rule) => Some(rule),
        _ => None,
    };
    (outcome, trace.take().into_iter().filter_map(rule).collect())
}

/// Each condition of a grid of them, over requests that differ in all that is asked.
#[test]
fn watched_or_not_a_condition_says_the_same() {
    let atoms =
        ["api", "!api", "{ method POST }", "TRUE", "FALSE", "late", "!late", "{ hdr(x-n) -m int gt 1 }"];
    let acls = "acl api path_beg /api\nacl api hdr(host) a\nacl late res.hdr(x) y\n";
    let mut conditions: Vec<String> = atoms.iter().map(|a| (*a).to_owned()).collect();
    for a in atoms {
        for b in atoms {
            conditions.extend([
                format!("{a} {b}"),
                format!("{a} or {b}"),
                format!("( {a} or {b} ) api"),
                format!("!( {a} {b} )"),
            ]);
        }
    }
    for request in
        ["GET /api/x HTTP/1.1\nHost: b", "POST / HTTP/1.1\nHost: a\nX-N: 5", "GET / HTTP/1.1\nX-N: 0"]
    {
        for condition in &conditions {
            for word in ["if", "unless"] {
                let lines = format!("{acls}http-request deny {word} {condition}\n");
                let plain = World::default().run(&lines, exchange(request)).verdict();
                let (exchange, _) = watched(exchange(request));
                let watched = World::default().run(&lines, exchange).verdict();
                assert_eq!(plain, watched, "{word} {condition} on {request}");
            }
        }
    }
}

#[test]
fn a_sample_is_told_with_its_way_and_the_pattern_that_matched() {
    let lines = "acl api path,lower,field(2,/) -m str static api v1\nhttp-request deny if api\n";
    let (_, rules) = traced(lines, "GET /API/x HTTP/1.1");
    let condition = rules[0].condition.as_ref().expect("it has one");
    let ConditionKind::Acl(Some(name), tests) = &condition.kind else { panic!("{condition:?}") };
    assert_eq!((&**name, tests[0].place.line, condition.truth), ("api", 1, Truth::Yes));
    assert_eq!(&*tests[0].text, "path,lower,field(2,/) -m str static api v1");
    let sample = &tests[0].samples[0];
    let path: Vec<_> = sample.path.iter().map(|(name, value)| (&**name, value.as_deref())).collect();
    assert_eq!(path, [("path", Some("/API/x")), ("lower", Some("/api/x")), ("field(2,/)", Some("api"))]);
    assert_eq!(sample.matched.as_deref(), Some("api"));
}

#[test]
fn the_pattern_is_named_for_every_kind_of_matching() {
    for (test, pattern) in [
        ("src 10.0.0.0/8 192.0.2.0/24", "192.0.2.0/24"),
        ("dst_port lt 22 gt 70 lt 90", "gt 70"),
        ("path_reg ^/b ^/a+$", "^/a+$"),
        ("path -m len 1:2 3:9", "3:9"),
        ("path -m bin 2f62 2f616161", "2f616161"),
        ("path_end -i .css AA", "AA"),
        ("path -m found", "there is a value"),
        ("method GET POST", "GET"),
        ("path -f list", "/aaa of list"),
        ("path -f list /b", "/aaa of list"),
        ("path -f list -- /aaa /b", "/aaa of list"),
        ("path_beg -f list2 /a", "/a"),
    ] {
        let world = World::default().with_file("list", "/bbb\n/aaa\n").with_file("list2", "/c\n");
        let (exchange, trace) = watched(exchange("GET /aaa HTTP/1.1"));
        world.run(&format!("http-request deny if {{ {test} }}\n"), exchange);
        let text = format!("{:?}", trace.take());
        assert!(text.contains(&format!("matched: Some({pattern:?})")), "{test}: {text}");
    }
}

#[test]
fn what_is_not_asked_and_what_is_not_reached_is_said() {
    let lines = "http-request deny if { path /x } { method GET }\nhttp-request allow\nhttp-request deny\nhttp-request deny\n";
    let (exchange, trace) = watched(exchange("GET / HTTP/1.1"));
    World::default().run(lines, exchange);
    let steps = trace.take();
    let Step::Rule(first) = &steps[1] else { panic!("{steps:?}") };
    let Some(ConditionKind::All(parts)) = first.condition.as_ref().map(|c| &c.kind) else {
        panic!("{first:?}")
    };
    assert_eq!((first.end.clone(), parts[1].truth), (RuleEnd::Skipped, Truth::Unasked));
    assert!(matches!(&steps[0], Step::Set(name) if &*name.proxy == "web" && name.family == "http-request"));
    assert!(matches!(steps.last(), Some(Step::Rest(2))), "{steps:?}");
}

#[test]
fn changes_of_headers_target_and_variables_are_told() {
    let lines =
        "http-request set-header X-A 2\nhttp-request set-path /new\nhttp-request set-var(txn.v) str(1)\n";
    let (_, rules) = traced(lines, "GET /old?q HTTP/1.1\nX-A: 1");
    let changes: Vec<_> = rules
        .iter()
        .flat_map(|rule| &rule.changes)
        .map(|c| (c.what.as_str(), c.before.as_deref(), c.after.as_deref()))
        .collect();
    assert_eq!(
        changes,
        [
            ("request header", Some("X-A: 1"), None),
            ("request header", None, Some("X-A: 2")),
            ("target", Some("/old?q"), Some("/new?q")),
            ("var txn.v", None, Some("1")),
        ]
    );
}

#[test]
fn a_test_that_can_never_match_where_it_stands_says_why() {
    let (_, rules) = traced("acl r res.hdr(x) y\nhttp-request deny if r\n", "GET / HTTP/1.1");
    let text = format!("{:?}", rules[0].condition);
    assert!(text.contains("'res.hdr' has no value in 'http-request' rules"), "{text}");
}
