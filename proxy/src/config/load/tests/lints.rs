//! `docs/lints.md`, every example of it, and what silences a lint.

use super::*;
use crate::config::lint;

/// The names and the examples of the page.
fn examples() -> Vec<(String, String)> {
    let page = include_str!("../../../../../docs/lints.md");
    let mut examples = Vec::new();
    for part in page.split("\n### ").skip(1) {
        let (name, rest) = part.split_once('\n').expect("text below the name");
        let rest = rest.split("\n## ").next().unwrap_or(rest);
        let blocks = rest.split("```\n").skip(1).step_by(2);
        examples.extend(blocks.map(|block| (name.to_owned(), block.to_owned())));
    }
    examples
}

/// A whole configuration of an example: what is no section becomes lines of a frontend.
fn whole(example: &str) -> String {
    let lines = if example.starts_with(char::is_alphabetic) && lint_is_of_sections(example) {
        return format!("defaults\n mode http\n{TIMES}{example}");
    } else {
        example.replace('\n', "\n    ")
    };
    let mode = if example.contains("mode tcp") { "" } else { "mode http" };
    format!(
        "defaults\n{TIMES}frontend front\n    {mode}\n    bind :8000\n    {lines}\n    default_backend app\n\
         backend app\n    {}\n    server s1 127.0.0.1:8080\n",
        if mode.is_empty() { "mode tcp" } else { mode }
    )
}

const TIMES: &str = " timeout client 5s\n timeout server 5s\n timeout connect 1s\n";

fn lint_is_of_sections(example: &str) -> bool {
    ["frontend ", "backend ", "listen ", "policy "].iter().any(|start| example.starts_with(start))
}

fn lints(text: &str) -> Vec<&'static str> {
    let loaded = loaded(text);
    let said = loaded.diagnostics.render(&loaded.sources, false);
    assert!(!loaded.diagnostics.has_errors(), "{text}\n{said}");
    loaded.diagnostics.iter().filter_map(|d| Some(d.lint?.name)).collect()
}

#[test]
fn every_example_of_the_page_has_its_lint_and_no_other() {
    for (name, example) in examples() {
        let mut found = lints(&whole(&example));
        // an example of a backend alone has no frontend
        found.dedup();
        assert!(found.contains(&&*name), "'{name}' is not said of\n{example}\nbut {found:?}");
        let others: Vec<_> = found.iter().filter(|other| **other != name && name != "unknown-lint").collect();
        assert!(others.is_empty(), "{others:?} of the example of '{name}'\n{example}");
    }
}

#[test]
fn every_lint_is_on_the_page() {
    let examples = examples();
    for lint in lint::all() {
        assert!(
            examples.iter().any(|(name, _)| name == lint.name),
            "'{}' is not in docs/lints.md",
            lint.name
        );
    }
    for (name, _) in &examples {
        assert!(lint::named(name).is_some(), "docs/lints.md has '{name}', which does not exist");
    }
}

#[test]
fn a_comment_silences_its_line_or_the_next_one_or_a_section_or_a_file() {
    let rule = "http-request deny if { path /a /a }";
    let with = |before: &str, line: &str| lints(&format!("{before}{}", whole(line)));
    assert_eq!(with("", rule), ["duplicate-pattern"]);
    for silent in [
        format!("{rule} # portero: allow(duplicate-pattern)"),
        format!("# portero: allow(unused-acl, duplicate-pattern)\n# because of that\n{rule}"),
        format!("{rule} # portero: allow(all)"),
    ] {
        assert_eq!(with("", &silent), [""; 0], "{silent}");
    }
    assert_eq!(with("", &format!("{rule} # portero: allow(unused-acl)")), ["duplicate-pattern"]);
    assert_eq!(with("# portero: allow(duplicate-pattern)\n\n", rule), [""; 0]);
    assert_eq!(
        with("# portero: allow(duplicate-pattern)\n", rule),
        ["duplicate-pattern"],
        "of the defaults only"
    );
    let header = whole(rule).replace("frontend front", "# portero: allow(duplicate-pattern)\nfrontend front");
    assert_eq!(lints(&header), [""; 0]);
}

#[test]
fn options_allow_and_deny_by_name() {
    let text = whole("http-request deny if { path /a /a }");
    let with = |allow: &[&str], deny: &[&str]| {
        let list = |names: &[&str]| names.iter().map(|&name| name.to_owned()).collect();
        let options = Options { allow: list(allow), deny: list(deny), ..options() };
        let loaded = load_text("test.cfg", &text, &mut environment::settings(BTreeMap::new()), &options);
        (loaded.checked.is_some(), loaded.diagnostics.iter().filter(|d| d.lint.is_some()).count())
    };
    assert_eq!(with(&[], &[]), (true, 1));
    assert_eq!(with(&["duplicate-pattern"], &["all"]), (true, 0));
    assert_eq!(with(&[], &["duplicate-pattern"]), (false, 1));
    assert_eq!(with(&["unused-acl"], &["unused-acl"]), (true, 1));
}

#[test]
fn a_frontend_that_sends_all_away_needs_no_default_backend_but_its_response_rules_stay() {
    let text = whole("use_backend app\n http-response set-header X-A 1");
    let loaded = loaded(&text);
    let found: Vec<_> = loaded.diagnostics.iter().filter(|d| d.lint.is_some()).collect();
    assert_eq!(found.len(), 1, "{found:?}");
    assert!(found[0].message.starts_with("this backend is never reached"), "{found:?}");
}

#[test]
fn what_is_tracked_and_filled_elsewhere_is_no_lint() {
    let table = "\nbackend rates\n stick-table type ip size 1k expire 1m store http_req_rate(10s),gpc0\n";
    let track = "http-request track-sc0 src table rates\n http-request track-sc1 src table rates\n";
    let tests =
        "http-request deny if { sc_http_req_rate(0) gt 9 } or { sc1_get_gpc0 gt 1 } or { sc_tracked(1) }";
    assert_eq!(lints(&format!("{}{table}", whole(&format!("{track} {tests}")))), [""; 0]);
    let map = "http-request deny if { src -f virt@banned }";
    let add = "http-request add-acl(virt@banned) %[src] if { path /trap }\n";
    assert_eq!(lints(&whole(&format!("{add} {map}"))), [""; 0]);
    let socket = "global\n stats socket /tmp/portero-lints.sock\n";
    assert_eq!(lints(&format!("{socket}{}", whole(map))), [""; 0]);
}

#[test]
fn what_is_meant_is_no_lint() {
    for fine in [
        // alternatives on one subject, wider ones behind narrow ones
        "use_backend app if { path_beg /api/v2 }\nuse_backend app if { path_beg /api }",
        "use_backend app if { hdr(host) -i a.example }\nuse_backend app if { hdr(host) -i b.example }",
        // two header lines may each match one
        "http-request deny if { req.hdr(x) a } { req.hdr(x) b }",
        // each look rolls the dice anew
        "http-request deny if { rand(2) 1 } { rand(2) 0 }",
        "http-request deny if { rand(2) 1 } { rand(2) 1 }",
        // what lies between changes what is looked at
        "http-request deny if { path_beg /a }\nhttp-request set-path /a/%[path]\nhttp-request deny if { path_beg /a/b }",
        // some go on to the next family
        "http-request allow if { src 10.0.0.0/8 }\nhttp-request deny\nuse_backend app if { path_beg /a }",
        "http-request redirect location %[path,lower] ignore-empty\nuse_backend app if { path_beg /a }",
        "http-response deny",
        // switches
        "http-request deny if TRUE { src 10.0.0.0/8 }",
        "acl maintenance always_false\nhttp-request deny if maintenance",
        "acl ok method GET\nacl ok method HEAD\nhttp-request deny unless ok",
        // the name may lead nowhere
        "use_backend %[req.hdr(x)]\nuse_backend app if { path_beg /a }",
        "http-request set-header X-A 1\nhttp-request set-header X-A \"%[req.hdr(x-a)]2\"",
        "http-request set-var(txn.a) int(1)\nhttp-request set-var(txn.a) var(txn.a),add(1)",
        "mode tcp\ntcp-request content accept if HTTP or !HTTP\ntcp-request inspect-delay 5s",
        "http-request deny if { src 10.0.0.0/8 } !{ src 10.1.0.0/16 }",
        "http-request deny if { path -m reg ^/a$ } or { path -m reg ^/b$ }",
    ] {
        assert_eq!(lints(&whole(fine)), [""; 0], "{fine}");
    }
}
