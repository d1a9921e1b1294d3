//! What is converted means the same.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::path::PathBuf;
use std::sync::Arc;

use portero_grammar::cfg::Settings;

use super::*;
use crate::config::load::{Loaded, Options, load_text};
use crate::config::resolve::Resolve;

/// Every name is 10.0.0.1.
struct Anything;

impl Resolve for Anything {
    fn resolve(&self, _: &str) -> Result<Vec<IpAddr>, String> {
        Ok(vec![IpAddr::from([10, 0, 0, 1])])
    }
}

fn environment() -> Settings {
    environment::settings(BTreeMap::from([("PORT".to_owned(), "8090".to_owned())]))
}

fn loaded(name: &str, text: &str) -> Loaded {
    let options = Options { resolver: Arc::new(Anything), ..Options::default() };
    load_text(name, text, &mut environment(), &options)
}

/// What a configuration means, without the places where it was written.
fn meaning(loaded: &Loaded, text: &str) -> String {
    let said = || loaded.diagnostics.render(&loaded.sources, false);
    let checked = loaded.checked.as_ref().unwrap_or_else(|| panic!("{}\n{text}", said()));
    let shown = format!("{:#?}\n{:#?}\n{:#?}", checked.global, checked.proxies, checked.http_errors);
    without_places(&shown)
}

/// Takes spans, maps and quotes out of a pretty `Debug` text: all lines of such a field, by its indentation.
fn without_places(shown: &str) -> String {
    let mut kept = Vec::new();
    let mut inside: Option<usize> = None;
    for line in shown.lines() {
        let indent = line.len() - line.trim_start().len();
        if inside.is_some_and(|at| indent > at) {
            continue;
        }
        if inside.take() == Some(indent) && line.trim_start().starts_with(['}', ')', ']']) {
            continue;
        }
        let field = line.trim_start();
        if ["span: Span", "name_span: Span", "Span {", "map: ", "quoted: "]
            .iter()
            .any(|name| field.starts_with(name))
        {
            inside = line.ends_with(['{', '(', '[']).then_some(indent);
            continue;
        }
        kept.push(line);
    }
    kept.join("\n")
}

fn converted(text: &str) -> String {
    let mut sources = Sources::default();
    let file = sources.add("haproxy.cfg", text);
    let written = parse(&sources, &[file], &mut environment());
    let loaded = loaded("haproxy.cfg", text);
    let said = loaded.diagnostics.render(&loaded.sources, false);
    convert(&sources, &written.sections, &loaded.checked.unwrap_or_else(|| panic!("{said}")))
}

/// Converts and compares; gives the TOML.
fn same(text: &str) -> String {
    let toml = converted(text);
    let (before, after) =
        (meaning(&loaded("haproxy.cfg", text), text), meaning(&loaded("portero.toml", &toml), &toml));
    if before != after {
        let differs = before.lines().zip(after.lines()).find(|(a, b)| a != b);
        panic!("{differs:?}\n{toml}");
    }
    toml
}

const FOUNDING: &str = "\
frontend http_front
    bind *:80  # listen on port 80
    default_backend web_servers
    stats uri /haproxy_stats  # statistics page

backend web_servers
    balance roundrobin  # the balancing method
    server web1 web1:5000 check  # watch that the server is up
    server web2 web2:5000 check
    server web3 web3:5000 check
";

#[test]
fn the_founding_case_reads_as_one_would_write_it() {
    let wanted = r#"[frontend.http_front]
bind = "*:80"
default_backend = "web_servers"
stats.uri = "/haproxy_stats"

[backend.web_servers]
balance = "roundrobin"
check = true
server.web1 = "web1:5000"
server.web2 = "web2:5000"
server.web3 = "web3:5000"
"#;
    assert_eq!(same(FOUNDING), wanted);
}

#[test]
fn the_cases_beside_mean_the_same() {
    let folder = PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/src/convert/cases"));
    let mut count = 0;
    for entry in std::fs::read_dir(folder).expect("the folder is there") {
        let path = entry.expect("an entry").path();
        let text = std::fs::read_to_string(&path).expect("text");
        let toml = same(&text);
        // none of the cases has a word that needs more than the keys
        let needs_lines = text.contains("# lines");
        assert_eq!(toml.contains("\nlines = "), needs_lines, "{}\n{toml}", path.display());
        count += 1;
    }
    assert!(count > 3);
}

#[test]
fn what_all_servers_share_is_said_once() {
    let toml = same(
        "backend b\n mode http\n option httpchk GET /h\n http-check expect status 200\n \
         server a h:1 check inter 5s rise 3 weight 2\n server c h:2 check inter 5s rise 4\n",
    );
    let check = r#"check = { interval = "5s", http = "GET /h", expect = "status 200" }"#;
    assert!(toml.contains(check), "{toml}");
    assert!(toml.contains(r#"server.a = { address = "h:1", rise = 3, weight = 2 }"#), "{toml}");
}

#[test]
fn several_defaults_get_names() {
    let toml = same(
        "defaults\n mode http\n timeout client 1s\nfrontend a\n bind :1\ndefaults\n mode tcp\nfrontend b\n bind :2\n",
    );
    assert!(toml.contains("[defaults.defaults_1]") && toml.contains("from = \"defaults_2\""), "{toml}");
}

#[test]
fn a_proxy_without_a_mode_stays_what_it_was_taken_for() {
    assert!(same("listen l\n bind :1\n server a h:1\n").contains("mode = \"tcp\""));
    assert!(!same("listen l\n bind :1\n http-request deny\n server a h:1\n").contains("mode"));
}

#[test]
fn comments_above_sections_and_rules_are_kept() {
    let toml = same("# the door\nfrontend f\n mode http\n bind :1\n # no one\n http-request deny\n");
    assert!(toml.starts_with("# the door\n[frontend.f]"), "{toml}");
    assert!(toml.contains("    # no one\n    http-request deny\n"), "{toml}");
}

#[test]
fn the_last_word_about_the_log_format_holds() {
    for lines in [
        "option httplog\n log-format %ci",
        "log-format %ci\n option httplog",
        "log-format %ci\n no option httplog",
    ] {
        same(&format!("frontend f\n mode http\n bind :1\n {lines}\n"));
    }
}

#[test]
fn variables_stay_variables() {
    let toml = same("frontend f\n mode http\n bind :\"${PORT}\"\n maxconn \"$PORT\"\n");
    assert!(toml.contains(r#"bind = ':"${PORT}"'"#) && toml.contains("maxconn \"$PORT\""), "{toml}");
}

#[test]
fn modules_become_tables_of_their_own() {
    let text = "global\n maxconn 5\n # who may\n wasm-load gate gate.wasm config '{\"a\":1}' env A 1 env B 2 \
                allowed-capabilities proxy_log,proxy_on_log timeout 5ms\n wasm-load x \"$FILE\"\n";
    let mut sources = Sources::default();
    let file = sources.add("haproxy.cfg", text);
    let written = parse(&sources, &[file], &mut environment());
    let lines: Vec<_> = written.sections[0].lines.iter().collect();
    let (tables, rest) = plugins::tables(&sources, lines);
    let [gate] = &tables[..] else { panic!("{tables:?}") };
    let wanted = "# who may\n[plugin.gate]\nwasm = \"gate.wasm\"\nconfig = '{\"a\":1}'\nenv = { A = \"1\", B = \"2\" }\n\
                  allowed_capabilities = [\"proxy_log\", \"proxy_on_log\"]\ntimeout = \"5ms\"\n";
    assert_eq!(gate, wanted);
    // a name that the environment fills stays a line
    assert_eq!(rest.iter().map(|line| line.keyword()).collect::<Vec<_>>(), ["maxconn", "wasm-load"]);
}
