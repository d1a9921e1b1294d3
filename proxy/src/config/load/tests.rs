//! Whole configurations: what they become, and what is said about them.

mod fields;
mod lints;
mod messages;
mod robust;

use std::collections::BTreeMap;
use std::net::IpAddr;

use portero_grammar::Severity;

use super::*;
use crate::config::checked::{Listen, Mode, Proxy};

/// Every name that begins with `web` is 10.0.0.1; no other is known.
struct Table;

impl Resolve for Table {
    fn resolve(&self, host: &str) -> Result<Vec<IpAddr>, String> {
        match host.starts_with("web") {
            true => Ok(vec!["10.0.0.1".parse().expect("an address")]),
            false => Err("no such host".to_owned()),
        }
    }
}

fn options() -> Options {
    Options { resolver: Arc::new(Table), ..Options::default() }
}

fn loaded(text: &str) -> Loaded {
    let vars = BTreeMap::from([("PORT".to_owned(), "8080".to_owned())]);
    load_text("test.cfg", text, &mut environment::settings(vars), &options())
}

fn checked(text: &str) -> Checked {
    let loaded = loaded(text);
    let said = loaded.diagnostics.render(&loaded.sources, false);
    loaded.checked.unwrap_or_else(|| panic!("{text}\n{said}"))
}

/// The last proxy of a configuration.
fn last(text: &str) -> Arc<Proxy> {
    checked(text).proxies.pop().expect("a proxy")
}

fn said(text: &str, severity: Severity) -> Vec<String> {
    let loaded = loaded(text);
    loaded.diagnostics.iter().filter(|d| d.severity == severity).map(|d| d.message.clone()).collect()
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
fn the_founding_case_serves_http_and_says_what_was_assumed() {
    let config = checked(FOUNDING);
    let [front, back] = &config.proxies[..] else { panic!("{:?}", config.proxies) };
    assert_eq!((front.mode, back.mode), (Mode::Http, Mode::Http));
    assert_eq!(front.binds[0].address, Listen::Ip("0.0.0.0:80".parse().expect("an address")));
    assert_eq!(front.default_backend, Some(1));
    assert_eq!(front.stats.as_ref().map(|s| &s.uri[..]), Some(&b"/haproxy_stats"[..]));
    assert_eq!(back.balance.name.text, "roundrobin");
    assert_eq!(back.servers.len(), 3);
    assert!(back.servers.iter().all(|s| s.check.is_some()));
    let notes = said(FOUNDING, Severity::Note);
    assert!(notes.iter().all(|n| n.contains("'mode http' is assumed")), "{notes:?}");
    assert_eq!((notes.len(), said(FOUNDING, Severity::Warning).len()), (2, 2));
}

#[test]
fn a_proxy_is_tcp_where_no_http_word_says_otherwise() {
    let text = "listen l\n bind :80\n timeout client 1s\n timeout connect 1s\n timeout server 1s\n server s web1:1\n";
    assert_eq!(last(text).mode, Mode::Tcp);
    assert_eq!(last(&format!("defaults\n mode http\n{text}")).mode, Mode::Http);
    let assumed = last(&format!("{text} http-request deny if FALSE\n"));
    assert_eq!(assumed.mode, Mode::Http);
}

#[test]
fn warnings_are_fatal_when_asked_for() {
    let fatal = Options { warnings_fatal: true, ..options() };
    let mut env = environment::settings(BTreeMap::new());
    assert!(load_text("a.cfg", FOUNDING, &mut env, &options()).checked.is_some());
    assert!(load_text("a.cfg", FOUNDING, &mut env, &fatal).checked.is_none());
    assert!(loaded(&format!("global\n zero-warning\n{FOUNDING}")).checked.is_none());
}

#[test]
fn names_that_cannot_be_resolved_are_errors_unless_they_may_be_missing() {
    let server = |params: &str| {
        format!("backend b\n timeout server 1s\n timeout connect 1s\n server s nowhere:80 {params}\n")
    };
    let errors = said(&server(""), Severity::Error);
    assert!(matches!(&errors[..], [e] if e.contains("server 's'") && e.contains("'nowhere'")), "{errors:?}");
    let unresolved = |server: &crate::config::checked::Server| {
        matches!(server.address, portero_api::Address::Unresolved(_))
    };
    assert!(unresolved(&last(&server("init-addr last,libc,none")).servers[0]));
    let given = last(&server("init-addr libc,10.9.9.9"));
    assert_eq!(given.servers[0].address.to_string(), "10.9.9.9:80");
    let ignoring = Options { ignore_unresolved: true, ..options() };
    let loaded = load_text("a.cfg", &server(""), &mut environment::settings(BTreeMap::new()), &ignoring);
    assert!(loaded.checked.is_some_and(|c| unresolved(&c.proxies[0].servers[0])));
}

#[test]
fn several_files_and_folders_are_read_as_one() {
    let folder = std::env::temp_dir().join(format!("portero-config-{}", std::process::id()));
    fs::create_dir_all(folder.join("conf.d")).expect("a folder");
    let write = |name: &str, text: &str| fs::write(folder.join(name), text).expect("a file");
    write("base.cfg", "defaults\n mode http\n timeout client 1s\n timeout server 1s\n timeout connect 1s\n");
    write("conf.d/b.cfg", "backend b\n server s 127.0.0.1:1\n");
    write("conf.d/a.cfg", "frontend a\n bind :80\n default_backend b\n");
    write("conf.d/readme.txt", "not read");
    let loaded = load(&[folder.join("base.cfg"), folder.join("conf.d")], &options());
    let missing = load(&[folder.join("none.cfg")], &options());
    fs::remove_dir_all(&folder).expect("the folder is ours");
    let names: Vec<_> =
        loaded.checked.expect("no errors").proxies.iter().map(|p| p.name.to_string()).collect();
    assert_eq!(names, ["a", "b"]);
    assert!(missing.checked.is_none() && missing.diagnostics.has_errors());
}
