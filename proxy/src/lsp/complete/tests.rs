//! What is suggested where.

use super::*;

/// What is suggested at the `|` of a text.
fn at(path: &str, text: &str) -> Vec<String> {
    let (before, after) = text.split_once('|').expect("a cursor");
    let document = Document::new(path, format!("{before}{after}"));
    let page = Page::new(&document);
    let plugins = crate::registry::plugins();
    complete(&document, &page, before.len(), &plugins).into_iter().map(|s| s.label).collect()
}

fn has(text: &str, wanted: &[&str], unwanted: &[&str]) {
    let found = at("a.cfg", text);
    wanted.iter().for_each(|word| assert!(found.iter().any(|f| f == word), "{word} at {text}: {found:?}"));
    unwanted.iter().for_each(|word| assert!(!found.iter().any(|f| f == word), "{word} at {text}"));
}

#[test]
fn keywords_are_those_of_the_section() {
    has("gl|", &["global", "frontend"], &["bind"]);
    has("frontend f\n    |", &["bind", "acl", "http-request", "default_backend"], &["server", "nbthread"]);
    has("backend b\n    |", &["server", "balance"], &["bind"]);
    has("global\n    |", &["nbthread", "maxconn"], &["bind", "acl"]);
    has("frontend f\n    timeout |", &["client"], &["bind"]);
    has("frontend f\n    tcp-request |", &["content", "connection", "inspect-delay"], &[]);
}

#[test]
fn rules_know_actions_expressions_and_conditions() {
    has("frontend f\n    http-request |", &["deny", "set-header"], &["accept"]);
    has("frontend f\n    tcp-request connection |", &["accept", "reject"], &["deny"]);
    has("frontend f\n    http-request deny if { |", &["path", "path_beg", "src"], &["lower"]);
    has("frontend f\n    http-request deny if { path,|", &["lower"], &["path"]);
    has("frontend f\n    http-request deny if { path -m |", &["beg", "reg"], &["path"]);
    has("frontend f\n    http-request deny if { path |", &["-i", "-m", "}"], &[]);
    has("frontend f\n    acl a src\n    http-request deny if !|", &["a", "METH_GET", "{ "], &[]);
    has("frontend f\n    http-request set-header X %[|", &["src"], &["path_beg"]);
    has("frontend f\n    http-request set-header X \"%|\"", &["ci"], &["src"]);
    has("frontend f\n    http-request deny |", &["status", "if"], &["deny"]);
    has("frontend f\n http-request set-var(txn.a) src\n acl b var(|", &["txn.a"], &[]);
}

#[test]
fn names_are_those_of_the_text() {
    let text = "backend b\n    server s1 1.1.1.1\nlisten l\nfrontend f\n    ";
    has(&format!("{text}use_backend |"), &["b", "l"], &["f", "s1"]);
    has(&format!("{text}default_backend |"), &["b"], &["f"]);
    has(&format!("{text}acl a nbsrv(|"), &["b"], &[]);
    has(&format!("{text}acl a srv_is_up(|"), &["b/s1"], &[]);
    has("backend b\n    server s1 1.1.1.1\n    use-server |", &["s1"], &[]);
    has("backend b\n    stick-table type ip size 1k\n    stick on src table |", &["b"], &[]);
    has("peers p\n table u type ip\nbackend b\n    stick on src table |", &["p/u"], &[]);
    has(
        "frontend f\n acl a path -f virt@l\n acl b path,map(a.map) -m found\n acl c path,map(|",
        &["virt@l", "a.map"],
        &[],
    );
    has("backend b\n    balance |", &["roundrobin"], &[]);
    has("backend b\n    server s1 1.1.1.1 |", &["check", "weight"], &[]);
    has("frontend f\n    mode |", &["http", "tcp"], &[]);
}

#[test]
fn a_plugin_that_only_says_why_it_is_no_balancer_is_not_suggested() {
    let mut plugins = crate::registry::plugins();
    let mut plugin = plugins.iter().find(|plugin| plugin.name == "roundrobin").expect("it ships").clone();
    (plugin.name, plugin.balances) = ("wasm.x".into(), false);
    plugins.push(plugin);
    let text = "backend b\n    balance ";
    let document = Document::new("a.cfg", text.to_owned());
    let found = complete(&document, &Page::new(&document), text.len(), &plugins);
    let has = |name: &str| found.iter().any(|suggestion| suggestion.label == name);
    assert!(has("roundrobin") && !has("wasm.x"));
}

#[test]
fn comments_are_left_in_peace_and_rules_need_no_section() {
    assert_eq!(at("a.cfg", "frontend f\n    # http-request |"), [""; 0]);
    assert!(at("a.rules", "|").contains(&"http-request".to_owned()));
    let toml = "[frontend.f]\nrules = \'\'\'\nhttp-request |\n\'\'\'\n";
    assert!(at("a.toml", toml).contains(&"deny".to_owned()));
    let toml =
        "[table.rates]\ntype = \"ip\"\n[frontend.f]\nrules = \'\'\'\nhttp-request track-sc0 src table |";
    assert_eq!(at("a.toml", toml), ["rates"]);
}
