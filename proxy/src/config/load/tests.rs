//! Whole configurations: what they become, and what is said about them.

use std::collections::BTreeMap;
use std::net::IpAddr;

use portero_grammar::Severity;

use super::*;
use crate::config::checked::{Listen, Mode};

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

fn loaded(text: &str) -> Loaded {
    let options = Options { resolver: Arc::new(Table), ..Options::default() };
    load_text("test.cfg", text, &mut environment::settings(BTreeMap::new()), &options)
}

fn checked(text: &str) -> Checked {
    let loaded = loaded(text);
    let said = loaded.diagnostics.render(&loaded.sources, false);
    loaded.checked.unwrap_or_else(|| panic!("{said}"))
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
