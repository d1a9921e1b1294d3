//! What a configuration file is told of the process that reads it: variables, version, features.

use std::collections::{BTreeMap, BTreeSet};

use portero_grammar::cfg::{Settings, Version};
use portero_policies::format;

/// The version of HAProxy whose configurations we speak, as `.if version_atleast(...)` sees it.
pub const HAPROXY_VERSION: &str = "3.5-dev5";

/// The same without the third number.
const HAPROXY_BRANCH: &str = "3.5";

/// HAProxy's names of the parts that are built in, for `.if feature(...)`.
const FEATURES: &[&str] = &["THREAD", "EPOLL", "GETADDRINFO", "ACCEPT4", "LUA", "PROMEX"];

/// HAProxy's names of what is on at run time, for `.if enabled(...)`.
const ENABLED: &[&str] = &["EPOLL", "GETADDRINFO", "REUSEPORT"];

/// The process as configuration files see it: the real environment, plus what HAProxy itself adds to it.
pub fn process(local_peer: Option<&str>, diagnostic_mode: bool) -> Settings {
    let vars = std::env::vars_os().filter_map(|(k, v)| Some((k.into_string().ok()?, v.into_string().ok()?)));
    let mut settings = settings(vars.collect());
    let ours = [
        ("HAPROXY_BRANCH", HAPROXY_BRANCH),
        ("HAPROXY_STARTUP_VERSION", HAPROXY_VERSION),
        ("HAPROXY_HTTP_LOG_FMT", format::HTTP),
        ("HAPROXY_HTTP_CLF_LOG_FMT", format::CLF),
        ("HAPROXY_TCP_LOG_FMT", format::TCP),
    ];
    settings.vars.extend(ours.map(|(name, value)| (name.to_owned(), value.to_owned())));
    let peer = local_peer.map_or_else(host_name, str::to_owned);
    settings.vars.insert("HAPROXY_LOCALPEER".to_owned(), peer);
    settings.diagnostic_mode = diagnostic_mode;
    settings
}

/// The same with other variables, for tests.
pub fn settings(vars: BTreeMap<String, String>) -> Settings {
    let names = |list: &[&str]| list.iter().map(|&n| n.to_owned()).collect::<BTreeSet<_>>();
    Settings {
        vars,
        version: Version::parse(HAPROXY_VERSION).unwrap_or_default(),
        features: names(FEATURES),
        enabled: names(ENABLED),
        ssl_library: None,
        diagnostic_mode: false,
    }
}

/// The name of this machine.
pub fn host_name() -> String {
    let name = std::fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default();
    match name.trim() {
        "" => "localhost".to_owned(),
        name => name.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use portero_grammar::cfg::Environment;

    #[test]
    fn the_usual_log_formats_are_variables() {
        let env = process(Some("me"), false);
        assert_eq!(env.var("HAPROXY_LOCALPEER").as_deref(), Some("me"));
        assert!(env.var("HAPROXY_TCP_LOG_FMT").is_some_and(|f| f.starts_with("%ci:%cp")));
    }

    #[test]
    fn only_what_is_there_is_a_feature() {
        let env = settings(BTreeMap::new());
        assert!(env.feature("THREAD") && env.feature("LUA"));
        for absent in ["OPENSSL", "ZLIB", "SLZ", "QUIC", "PCRE2"] {
            assert!(!env.feature(absent), "{absent}");
        }
        assert!(env.version() > Version::new(3, 4, 0) && env.version() < Version::new(3, 5, 0));
    }
}
