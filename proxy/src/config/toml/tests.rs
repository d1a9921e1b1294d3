//! What a TOML file becomes, and what is said about a wrong one.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::sync::Arc;

use portero_grammar::Severity;

use crate::config::checked::{Checked, Listen, LogHeader, LogSink, Mode};
use crate::config::environment;
use crate::config::load::{Loaded, Options, load_text};
use crate::config::resolve::Resolve;

/// Every name is 10.0.0.1.
struct Anything;

impl Resolve for Anything {
    fn resolve(&self, _: &str) -> Result<Vec<IpAddr>, String> {
        Ok(vec![IpAddr::from([10, 0, 0, 1])])
    }
}

fn loaded(name: &str, text: &str) -> Loaded {
    let options = Options { resolver: Arc::new(Anything), ..Options::default() };
    let vars = BTreeMap::from([("PORT".to_owned(), "8090".to_owned())]);
    load_text(name, text, &mut environment::settings(vars), &options)
}

fn checked(text: &str) -> Checked {
    let loaded = loaded("portero.toml", text);
    let said = loaded.diagnostics.render(&loaded.sources, false);
    loaded.checked.unwrap_or_else(|| panic!("{said}\n{text}"))
}

/// The errors, each with the text that its caret is under.
fn errors(text: &str) -> Vec<(String, String)> {
    let loaded = loaded("portero.toml", text);
    assert!(loaded.checked.is_none(), "{text} is accepted");
    let errors = loaded.diagnostics.iter().filter(|d| d.severity == Severity::Error);
    errors.map(|d| (d.message.clone(), d.span.map_or("", |s| loaded.sources.slice(s)).to_owned())).collect()
}

fn rendered(text: &str) -> String {
    let loaded = loaded("portero.toml", text);
    loaded.diagnostics.render(&loaded.sources, false)
}

const FOUNDING: &str = r#"
[frontend.http_front]
bind = "*:8090"
default_backend = "web_servers"
stats = { uri = "/haproxy_stats" }

[backend.web_servers]
balance = "roundrobin"
check = { interval = "2s", rise = 2, fall = 3 }
server.web1 = "web1:5000"
server.web2 = "web2:5000"
server.web3 = "web3:5000"
"#;

#[test]
fn the_founding_case_serves_http_without_a_word_about_it() {
    let config = checked(FOUNDING);
    let [front, back] = &config.proxies[..] else { panic!("{:?}", config.proxies) };
    assert_eq!((front.mode, back.mode), (Mode::Http, Mode::Http));
    assert_eq!(front.binds[0].address, Listen::Ip("0.0.0.0:8090".parse().expect("an address")));
    assert_eq!(front.stats.as_ref().map(|s| &s.uri[..]), Some(&b"/haproxy_stats"[..]));
    let names: Vec<_> = back.servers.iter().map(|s| &*s.name).collect();
    assert_eq!(names, ["web1", "web2", "web3"]);
    for server in &back.servers {
        let check = server.check.as_ref().expect("checked");
        assert_eq!((check.inter.as_secs(), check.rise, check.fall), (2, 2, 3));
    }
}

#[test]
fn proxies_are_numbered_in_the_order_of_the_file_whatever_their_kind() {
    let config = checked("[backend.b]\n[listen.l]\nbind = ':1'\n[backend.a]\n[frontend.f]\nbind = ':2'\n");
    let names: Vec<_> = config.proxies.iter().map(|p| &*p.name).collect();
    assert_eq!(names, ["b", "l", "a", "f"]);
}

#[test]
fn lines_can_be_tables() {
    let config = checked(
        r#"
        [global]
        maxconn = 100
        tune.bufsize = "32k"
        stats.socket = { address = "/tmp/s", mode = "600", level = "admin" }
        [frontend.f]
        bind = [":80", { address = ":81", accept_proxy = true, name = "second" }]
        log = { target = "stdout", format = "raw", facility = "local0", level = "info" }
        capture.request.header = { name = "Host", len = 20 }
        [backend.b]
        server.a = { address = "h:1", weight = 5, backup = true, check = { interval = "5s" } }
        server.c = { address = "h:2", maxconn = 10 }
        cookie = { name = "SRV", insert = true, domain = ["a", "b"] }
        "#,
    );
    assert_eq!((config.global.maxconn, config.global.bufsize), (100, 32 << 10));
    assert_eq!(config.global.stats_sockets[0].unix_mode, Some(0o600));
    let [front, back] = &config.proxies[..] else { panic!("two proxies") };
    assert_eq!(front.binds[1].name.as_deref(), Some("second"));
    assert!(front.binds[1].accept_proxy && !front.binds[0].accept_proxy);
    let target = &front.log.targets[0];
    assert_eq!(
        (&target.sink, target.header, target.facility, target.level),
        (&LogSink::Stdout, LogHeader::Raw, 16, 6)
    );
    assert_eq!(front.request_captures, [(b"Host".to_vec(), 20)]);
    assert_eq!((back.servers[0].weight, back.servers[0].backup), (5, true));
    assert_eq!(back.servers[0].check.as_ref().map(|c| c.inter.as_secs()), Some(5));
    assert!(back.servers[1].check.is_none());
    assert_eq!(back.cookie.as_ref().map(|c| c.domains.len()), Some(2));
}

#[test]
fn what_the_servers_share_holds_wherever_it_is_written() {
    let config = checked("[backend.b]\nserver.a = 'h:1'\ndefault_server = { weight = 7 }\ncheck = true\n");
    let server = &config.proxies[0].servers[0];
    assert_eq!((server.weight, server.check.is_some()), (7, true));
}

#[test]
fn defaults_hold_for_those_that_name_no_others() {
    let config = checked(
        r#"
        [frontend.plain]
        bind = ":1"
        [frontend.other]
        bind = ":2"
        from = "slow"
        [defaults.slow]
        mode = "tcp"
        timeouts.client = "9s"
        [defaults]
        timeouts = { client = "1s", server = "1s" }
        maxconn = 5
        "#,
    );
    let [plain, other] = &config.proxies[..] else { panic!("two proxies") };
    assert_eq!((plain.mode, plain.maxconn), (Mode::Http, 5));
    assert_eq!((other.mode, other.maxconn), (Mode::Tcp, 0));
    assert_eq!(other.timeouts.client.map(|t| t.as_secs()), Some(9));
}

#[test]
fn rules_are_those_of_haproxy_and_errors_point_into_them() {
    let config = checked(
        "[frontend.f]\nbind = ':1'\nrules = '''\nacl api path_beg /api # one\n\nhttp-request deny if api\n'''\n",
    );
    assert_eq!((config.proxies[0].acls.len(), config.proxies[0].rules.len()), (1, 1));
    let said = rendered("[frontend.f]\nbind = ':1'\nrules = '''\n  http-request deny if { path_beg\n'''\n");
    assert!(said.contains("portero.toml:4:"), "{said}");
}

#[test]
fn only_text_that_haproxy_cuts_has_variables() {
    let config = checked("[frontend.f]\nbind = ':\"$PORT\"'\ndescription = '\"$PORT\"'\n");
    assert_eq!(config.proxies[0].binds[0].address, Listen::Ip("0.0.0.0:8090".parse().expect("an address")));
    assert_eq!(config.proxies[0].description.as_deref(), Some("\"$PORT\""));
}

#[test]
fn false_takes_back_what_the_defaults_say() {
    let config = checked(
        "[defaults]\noptions = ['dontlognull', 'abortonclose']\n[backend.b]\noptions = ['no abortonclose']\n",
    );
    let options = config.proxies[0].options;
    assert_eq!((options.dontlognull, options.abortonclose), (true, false));
}

#[test]
fn a_probe_is_chosen_with_the_checks() {
    let table = "{ http = { path = '/health', host = 'a', expect_status = 200 } }";
    let line = "{ http = 'GET /health HTTP/1.1 a', expect = 'status 200' }";
    for check in [table, line] {
        let config = checked(&format!("[backend.b]\ncheck = {check}\nserver.a = 'h:1'\n"));
        let check = &config.proxies[0].check;
        let words: Vec<_> = check.args.iter().map(|w| &*w.text).collect();
        assert_eq!((&*check.name.text, &words[..]), ("httpchk", &["GET", "/health", "HTTP/1.1", "a"][..]));
        let words: Vec<_> = check.lines[0].iter().map(|w| &*w.text).collect();
        assert_eq!(words, ["http-check", "expect", "status", "200"]);
    }
}

#[test]
fn mistakes_are_all_found_and_named_at_their_place() {
    let text = r#"
        [globl]
        [cache.u]
        [global]
        maxcon = 5
        [frontend.f]
        bind = { adress = ":1" }
        timeout = { client = "1s" }
        acl = "x"
        maxconn = 1.5
        stick_table = "x 1"
        retries = "many"
        "#;
    let found = errors(text);
    let expected = [
        ("unknown section 'globl'", "globl"),
        ("section 'cache' is not supported yet", "cache"),
        ("unknown key 'maxcon' in [global]", "maxcon"),
        ("unknown key 'adress' in 'bind'", "adress"),
        ("'bind' needs 'address'", "{ adress = \":1\" }"),
        ("unknown key 'timeout' in [frontend.f]", "timeout"),
        ("unknown key 'acl' in [frontend.f]", "acl"),
        ("'maxconn' takes a string or a number, not a number with a fraction", "1.5"),
        ("unknown parameter 'x' of 'stick-table'", "x"),
    ];
    for (message, place) in expected {
        assert!(found.contains(&(message.to_owned(), place.to_owned())), "{message}\n{found:#?}");
    }
    let said = rendered(text);
    for help in [
        "did you mean 'global'?",
        "did you mean 'maxconn'?",
        "did you mean 'timeouts'?",
        "rules stand in 'rules'",
    ] {
        assert!(said.contains(help), "{help}\n{said}");
    }
}

#[test]
fn a_mistake_in_a_value_points_at_the_value() {
    let found = errors("[backend.b]\nretries = \"many\"\nserver.a = \"h:1 wieght 5\"\n");
    assert_eq!(found[0].1, "\"many\"");
    assert_eq!(found[1], ("unknown parameter 'wieght' of 'server'".to_owned(), "wieght".to_owned()));
}

#[test]
fn nothing_that_is_empty_is_passed_over() {
    let found = errors(
        "[backend.b]\nbalance = ''\nretry_on = []\noptions = ['']\nlog = []\nmode = ''\nrules = '# no'\n",
    );
    let messages: Vec<_> = found.iter().map(|(message, _)| &**message).collect();
    let expected = ["balance", "retry_on", "options", "log", "mode", "rules"];
    for key in expected {
        assert!(messages.iter().any(|m| m.starts_with(&format!("'{key}' is"))), "{key}: {messages:?}");
    }
    assert_eq!(messages.len(), expected.len(), "{messages:?}");
}

#[test]
fn what_is_no_toml_is_said_with_line_and_caret() {
    let said = rendered("[frontend.f]\nbind = \":80\n");
    assert!(said.contains("error: ") && said.contains("portero.toml:2:") && said.contains('^'), "{said}");
    assert_eq!(errors("a = 1\na = 2\n").len(), 1);
}

#[test]
fn line_ends_of_windows_move_no_caret() {
    let text = "[frontend.f]\r\nbind = ':1'\r\nrules = \"\"\"\r\n  # \\u00e9\r\n  http-request deny if nobody\r\n\"\"\"\r\n";
    assert_eq!(errors(text), [("no such ACL: 'nobody'".to_owned(), "nobody".to_owned())]);
}

#[test]
fn no_broken_file_panics() {
    let text = include_str!("../../../../docs/toml.md");
    let example =
        text.split("```toml\n").find(|example| example.contains("server_template")).expect("an example");
    let example = example.split("```").next().expect("its text");
    for (at, _) in example.char_indices().step_by(3) {
        loaded("portero.toml", &example[..at]);
        for broken in ["'", "{", "\n", "\\", "[]"] {
            loaded("portero.toml", &format!("{}{broken}{}", &example[..at], &example[at..]));
        }
    }
}

#[test]
fn a_section_without_a_name_is_told_where_to_write_it() {
    assert_eq!(
        errors("[backend]\nbalance = 'first'\n")[0].0,
        "'balance' stands in no backend: write it in [backend.NAME]"
    );
}

#[test]
fn only_rules_stand_in_rules() {
    let found = errors("[frontend.f]\nbind = ':1'\nrules = '''\nmaxconn 5\n'''\n");
    assert_eq!(found[0], ("'maxconn' is no rule".to_owned(), "maxconn".to_owned()));
}

#[test]
fn rules_can_stand_in_a_file_beside() {
    let folder = std::env::temp_dir().join(format!("portero-toml-{}", std::process::id()));
    std::fs::create_dir_all(&folder).expect("a folder");
    std::fs::write(folder.join("front.rules"), "http-request deny if { path /a }\nhttp-request dany\n")
        .expect("written");
    let name = folder.join("portero.toml").to_string_lossy().into_owned();
    let loaded = loaded(&name, "[frontend.f]\nbind = ':1'\nrules = { file = 'front.rules' }\n");
    std::fs::remove_dir_all(&folder).expect("removed");
    let said = loaded.diagnostics.render(&loaded.sources, false);
    assert!(said.contains("front.rules:2:"), "{said}");
}

#[test]
fn policies_are_applied_before_the_rules() {
    let text = "[policy.p]\nparam.n = { type = 'int', default = 1 }\nparam.l = { type = 'list', default = ['a'] }\n\
                rules = 'http-request set-header X-$(n) \"$(l)\"'\n[frontend.f]\nbind = ':1'\n\
                rules = 'http-request deny'\n\
                apply = [{ policy = 'p', n = 2, l = ['b', 'c'], if = 'TRUE' }, 'p']\n";
    let proxy = checked(text).proxies.remove(0);
    let rules = &proxy.rules[&portero_grammar::rules::Family::HttpRequest];
    let words = |rule: &portero_grammar::rules::Rule| {
        let words: Vec<_> = rule.action.words.iter().map(|word| word.text.clone()).collect();
        format!("{} {}", rule.action.name.text, words.join(" "))
    };
    let found: Vec<_> = rules.iter().map(words).collect();
    assert_eq!(found[1..], ["set-header X-2 b c", "set-header X-1 a", "deny "]);
}

#[test]
fn a_mistake_in_apply_points_at_key_or_value() {
    let text = |apply: &str| {
        format!(
            "[policy.p]\nparam.n = 'int'\nrules = 'http-request set-priority-class int($(n))'\n[frontend.f]\nbind = ':1'\napply = {apply}\n"
        )
    };
    assert_eq!(errors(&text("{ n = 2 }"))[0].0, "'apply' needs 'policy'");
    assert_eq!(errors(&text("{ policy = 'q', n = 2 }"))[0].1, "'q'");
    assert_eq!(errors(&text("{ policy = 'p', n = 'x' }"))[0].1, "n = 'x");
    assert_eq!(errors(&text("{ policy = 'p', m = 1 }"))[0].1, "m");
    assert_eq!(errors(&text("{ policy = 'p', n = 2, if = 'a &' }"))[0].1, "&");
    assert_eq!(errors(&text("{ policy = 'p', n = 2, if = 'a', unless = 'b' }"))[0].1, "unless");
    assert_eq!(errors(&text("[]"))[0].0, "'apply' is an empty list");
}

/// The lines of `global` that a text becomes.
fn lowered(text: &str) -> Vec<String> {
    let mut sources = portero_grammar::Sources::default();
    let file = sources.add("portero.toml", text);
    let written = super::read(&mut sources, &[file], &mut environment::settings(BTreeMap::new()));
    assert_eq!(written.diagnostics.render(&sources, false), "");
    let lines = written.sections.iter().filter(|s| s.header.keyword() == "global").flat_map(|s| &s.lines);
    let words =
        |line: &portero_grammar::cfg::Line| line.words.iter().map(|w| w.text.clone()).collect::<Vec<_>>();
    lines.map(|line| words(line).join(" ")).collect()
}

#[test]
fn a_plugin_is_a_line_that_loads_a_module() {
    let text = r#"
        [plugin.a]
        wasm = "a.wasm"
        config = { limit = 5, on = true, names = ["x", "y"] }
        allowed_capabilities = ["proxy_log", "proxy_on_tick"]
        env = { A = "1", B = 2 }
        cluster."outbound|80" = "app"
        fail_open = true
        allow_on_headers_stop_iteration = true
        max_memory = "8m"
        [plugin]
        b = "b.wasm timeout 5ms"
        [global]
        maxconn = 5
    "#;
    assert_eq!(
        lowered(text),
        [
            "maxconn 5",
            "wasm-load a a.wasm config {\"limit\":5,\"names\":[\"x\",\"y\"],\"on\":true} allowed-capabilities \
             proxy_log,proxy_on_tick env A 1 env B 2 cluster outbound|80 app on-error skip \
             allow-on-headers-stop-iteration max-memory 8m",
            "wasm-load b b.wasm timeout 5ms",
        ]
    );
}

#[test]
fn a_mistake_in_a_plugin_points_at_key_or_value() {
    let text = |rest: &str| format!("[plugin.a]\n{rest}\n[frontend.f]\nbind = ':1'\n");
    assert_eq!(errors(&text("config = 'x'"))[0].0, "'plugin.a' needs 'wasm'");
    let said = rendered(&text("wasm = 'a.wasm'\nrootid = 'x'"));
    assert!(
        said.contains("unknown key 'rootid' in 'plugin.a'") && said.contains("did you mean 'root_id'?"),
        "{said}"
    );
    assert_eq!(errors(&text("wasm = 'a.wasm'\ntimeout = 'x'"))[0].1, "'x'");
    assert_eq!(
        errors(&text("wasm = 'a.wasm'\nenv = 'x'"))[0].0,
        "'plugin.a.env' takes a table, not a string"
    );
    assert_eq!(errors(&text("wasm = 'nowhere.wasm'"))[0].1, "'nowhere.wasm'");
    assert!(rendered("[plugins.a]\nwasm = 'x'\n").contains("did you mean 'plugin'?"));
}

/// Keywords that have no key of their own, with the key that says it.
const OTHERWISE: &[(&str, &str)] = &[
    ("option ", "options"),
    ("http-check", "rules"),
    ("tcp-check", "rules"),
    ("enabled", "disabled = false"),
    ("redispatch", "options"),
    ("transparent", "options"),
    ("clitimeout", "timeouts.client"),
    ("contimeout", "timeouts.connect"),
    ("srvtimeout", "timeouts.server"),
    ("timeout clitimeout", "timeouts.client"),
    ("timeout contimeout", "timeouts.connect"),
    ("timeout srvtimeout", "timeouts.server"),
];

#[test]
fn every_keyword_that_is_supported_can_be_said() {
    use super::vocabulary::keys;
    for section in ["global", "backend", "http-errors", "userlist", "peers", "table"] {
        let missing: Vec<_> = crate::config::keywords::supported(section)
            .filter(|name| !keys(section).iter().any(|key| key.keyword == *name))
            .filter(|name| !OTHERWISE.iter().any(|(begins, _)| name.starts_with(begins)))
            .collect();
        assert_eq!(missing, Vec::<&str>::new(), "these keywords of '{section}' have no key");
    }
}

#[test]
fn the_schema_in_docs_is_the_one_of_this_program() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/portero.schema.json");
    let text = serde_json::to_string_pretty(&super::schema()).expect("JSON") + "\n";
    if std::env::var_os("UPDATE_EXPECTED").is_some() {
        std::fs::write(path, &text).expect("written");
    }
    let there = std::fs::read_to_string(path).unwrap_or_default();
    assert!(
        there == text,
        "docs/portero.schema.json is not up to date: run the tests with UPDATE_EXPECTED=1"
    );
}

#[test]
fn every_example_of_the_manual_is_valid() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/toml.md");
    let text = std::fs::read_to_string(path).expect("docs/toml.md");
    let examples: Vec<_> =
        text.split("```toml\n").skip(1).filter_map(|rest| rest.split("```").next()).collect();
    assert!(examples.len() > 5);
    for example in examples {
        checked(example);
    }
}
