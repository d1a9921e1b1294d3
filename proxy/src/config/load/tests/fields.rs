//! One keyword each, and the field that it sets.

use std::time::Duration;

use portero_grammar::rules::Family;

use super::*;
use crate::config::checked::{
    Check, CookieMode, Level, LogHeader, LogSink, LogStyle, ProxyHeader, Reuse, Server,
};

/// A `listen` section with everything it needs, and more lines.
fn listen(lines: &str) -> Arc<Proxy> {
    last(&format!(
        "defaults\n mode http\n timeout client 1s\n timeout server 1s\n timeout connect 1s\nlisten l\n bind :80\n{lines}\n"
    ))
}

fn server(params: &str) -> Arc<Server> {
    listen(&format!(" server s web1:80 {params}")).servers[0].clone()
}

fn check(params: &str) -> Check {
    server(&format!("check {params}")).check.clone().expect("it is checked")
}

fn addresses(bind: &str) -> Vec<String> {
    let show = |listen: &Listen| match listen {
        Listen::Ip(addr) => addr.to_string(),
        other => format!("{other:?}"),
    };
    let proxy = last(&format!("frontend f\n timeout client 1s\n bind {bind}\n"));
    proxy.binds.iter().map(|b| show(&b.address)).collect()
}

fn log(line: &str) -> crate::config::checked::LogTarget {
    listen(&format!(" log {line}")).log.targets[0].clone()
}

/// Fails with the text of the row whose question is answered with false.
macro_rules! rows {
    ($($row:expr),* $(,)?) => { $(assert!($row, "{}", stringify!($row));)* };
}

#[test]
fn addresses_of_bind() {
    for (bind, expected) in [
        ("*:80", &["0.0.0.0:80"][..]),
        (":80", &["0.0.0.0:80"]),
        ("[::]:80", &["[::]:80"]),
        (":::25", &["[::]:25"]),
        ("ipv6@:80", &["[::]:80"]),
        ("web1:80", &["10.0.0.1:80"]),
        ("127.0.0.1:8000-8002", &["127.0.0.1:8000", "127.0.0.1:8001", "127.0.0.1:8002"]),
        ("127.0.0.1:80,127.0.0.2:81", &["127.0.0.1:80", "127.0.0.2:81"]),
        ("\":${PORT}\"", &["0.0.0.0:8080"]),
        ("fd@7", &["Descriptor(7)"]),
        ("/run/a.sock", &["Unix(\"/run/a.sock\")"]),
        ("abnsz@a", &["Abstract([97])"]),
    ] {
        assert_eq!(addresses(bind), expected, "{bind}");
    }
}

#[test]
fn parameters_of_bind() {
    let bind = |params: &str| {
        last(&format!("frontend f\n timeout client 1s\n bind :80 {params}\n")).binds[0].clone()
    };
    rows! {
        bind("name web").name.as_deref() == Some("web"),
        bind("").id == 1,
        bind("id 9").id == 9,
        bind("maxconn 5").maxconn == 5,
        bind("backlog 64").backlog == Some(64),
        bind("accept-proxy").accept_proxy,
        bind("v6only").v6only == Some(true),
        bind("v4v6").v6only == Some(false),
        bind("mode 660").unix_mode == Some(0o660),
        bind("level admin").level == Level::Admin,
        bind("user root").unix_uid == Some(0),
        bind("interface lo").interface.as_deref() == Some("lo"),
        bind("mss 1400").mss == Some(1400),
    }
}

#[test]
fn parameters_of_server() {
    rows! {
        server("").address.to_string() == "10.0.0.1:80",
        (server("").weight, server("weight 0").weight) == (1, 0),
        server("backup").backup && server("disabled").disabled,
        (server("maxconn 7").maxconn, server("maxqueue 8").maxqueue) == (7, 8),
        server("cookie c1").cookie.as_deref() == Some(b"c1"),
        server("send-proxy-v2").send_proxy == Some(ProxyHeader::V2),
        server("slowstart 5s").slowstart == Some(Duration::from_secs(5)),
        server("pool-max-conn 0").pool_max == Some(0),
        server("pool-max-conn -1").pool_max.is_none(),
        server("on-marked-down shutdown-sessions").shutdown_sessions,
        server("redir http://x").redirect.as_deref() == Some(b"http://x"),
        server("").check.is_none(),
        check("") == Check { inter: Duration::from_secs(2), rise: 2, fall: 3, ..check("") },
        check("inter 500 rise 1 fall 9 port 81").inter == Duration::from_millis(500),
        check("fastinter 1s downinter 5s").downinter == Some(Duration::from_secs(5)),
        check("port 8008").port == Some(8008),
        check("addr 10.0.0.9").addr.is_some_and(|a| a.to_string() == "10.0.0.9:0"),
        check("observe layer7 error-limit 4").observe.is_some_and(|o| o.layer7 && o.limit == 4),
    }
}

#[test]
fn ports_of_servers_may_follow_the_client() {
    let offset = |address: &str| listen(&format!(" server s {address}")).servers[0].port_offset;
    assert_eq!(
        [offset("web1:80"), offset("web1"), offset("web1:+5"), offset("web1:-5")],
        [None, Some(0), Some(5), Some(-5)]
    );
}

#[test]
fn settings_of_a_proxy() {
    rows! {
        listen(" maxconn 9").maxconn == 9,
        listen(" timeout server 30").timeouts.server == Some(Duration::from_millis(30)),
        listen(" timeout queue 0").timeouts.queue.is_none(),
        listen(" option httpclose").options.httpclose,
        listen(" option httpclose\n no option httpclose").options == listen("").options,
        (listen("").retries, listen(" retries 0").retries) == (3, 0),
        listen(" option redispatch").redispatch == -1,
        listen(" option redispatch 2").redispatch == 2,
        listen(" retry-on none").retry_on == Default::default(),
        listen(" retry-on 503 response-timeout").retry_on.statuses == [503],
        listen(" http-reuse always").reuse == Reuse::Always,
        listen(" balance uri depth 2\n hash-type consistent").balance.lines.len() == 1,
        listen(" option forwardfor except 10.0.0.0/8 header X-C if-none").forwardfor.as_ref().is_some_and(|f| f.if_none),
        listen(" monitor-uri /up").monitor_uri.as_deref() == Some(b"/up"),
        listen(" capture request header Host len 20").request_captures == [(b"Host".to_vec(), 20)],
        listen(" cookie S insert indirect nocache maxidle 5").cookie.as_ref().is_some_and(|c| c.mode == CookieMode::Insert && c.maxidle == Some(Duration::from_secs(5))),
        listen(" option httpchk GET /up\n http-check expect status 200").check.lines.len() == 1,
        listen(" option httpchk GET /up").check.args.len() == 2,
        listen("").check.name.text == "tcp",
        listen(" errorloc 503 http://sorry/").error_pages[&503].status == 302,
        listen(" http-error status 404 content-type text/plain string gone").error_pages[&404].body == "gone",
        listen(" errorfile 408 /dev/null").error_pages[&408].status == 0,
        listen(" option httplog").log.format == Some(LogStyle::Http),
        listen(" log-format json").log.format == Some(LogStyle::Json),
        listen(" stats enable").stats.as_ref().is_some_and(|s| s.uri == b"/haproxy?stats"),
        listen(" stats refresh 5s").stats.as_ref().is_some_and(|s| s.lines[0][0].text == "refresh"),
        listen(" id 44").id == 44,
        listen(" source 10.0.0.3\n server s web1:80").servers[0].source.is_some(),
        listen(" server-template w 2-4 web1:80").servers.iter().map(|s| &*s.name).eq(["w2", "w3", "w4"]),
    }
}

#[test]
fn targets_of_logs() {
    rows! {
        log("127.0.0.1 local0").sink == LogSink::Udp("127.0.0.1:514".parse().expect("an address")),
        log("/dev/log daemon").sink == LogSink::Unix("/dev/log".into()),
        log("stdout format raw local0").header == LogHeader::Raw,
        log("fd@2 local7").sink == LogSink::Stderr,
        log("stderr len 4096 local7 debug").max_len == 4096,
        (log("stdout local7 info err").level, log("stdout local7 info err").min_level) == (6, 3),
        log("stdout sample 1:2 local0").sample == Some((vec![(1, 1)], 2)),
        log("stdout local3").facility == 19,
        log("stdout local3").header == LogHeader::Local,
        listen(" log stdout local0\n no log").log.targets.is_empty(),
    }
    let config = checked(
        "global\n log stdout local0\n log-send-hostname me\nfrontend f\n bind :80\n timeout client 1s\n log global\n",
    );
    assert_eq!(config.proxies[0].log.targets, config.global.logs);
    assert_eq!(config.global.logs[0].header, LogHeader::Rfc3164);
}

#[test]
fn settings_of_the_process() {
    let global = |lines: &str| {
        checked(&format!("global\n{lines}\nfrontend f\n bind :80\n timeout client 1s\n")).global
    };
    rows! {
        global(" maxconn 100\n nbthread 3").nbthread == Some(3),
        global(" user root\n group root").uid == Some(0),
        global(" stats socket /run/a level admin").stats_sockets[0].level == Level::Admin,
        global(" unix-bind prefix /run mode 600\n stats socket /a").stats_sockets[0].address == Listen::Unix("/run/a".into()),
        global(" hard-stop-after 30s").hard_stop_after == Some(Duration::from_secs(30)),
        global(" tune.bufsize 32k").bufsize == 32_768,
        global(" set-var proc.a int(5)").set_vars.len() == 1,
        global(" daemon\n no daemon\n daemon").daemon,
    }
}

#[test]
fn a_proxy_starts_with_its_defaults() {
    let config = checked(
        "defaults base\n mode http\n timeout client 1s\n retries 7\n option dontlognull\n\
         defaults other from base\n retries 9\n\
         frontend a from base\n bind :80\n no option dontlognull\n\
         frontend b\n bind :81\n",
    );
    let seen: Vec<_> = config.proxies.iter().map(|p| (p.retries, p.options.dontlognull)).collect();
    assert_eq!(seen, [(7, false), (9, true)]);
}

#[test]
fn rules_of_named_defaults_run_first_and_keep_their_acls_to_themselves() {
    let proxy = last(
        "defaults d\n mode http\n timeout client 1s\n acl x path /a\n http-request deny if x\n\
         frontend f from d\n bind :80\n acl x path /b\n http-request allow if x\n",
    );
    let rules = &proxy.rules[&Family::HttpRequest];
    assert_eq!(rules.iter().map(|r| &*r.action.name.text).collect::<Vec<_>>(), ["deny", "allow"]);
    let names: Vec<_> = proxy.acls.iter().map(|a| &*a.name.text).collect();
    assert_eq!(names, ["defaults:d:x", "x"]);
}

#[test]
fn own_check_lines_take_the_place_of_inherited_ones() {
    let proxy = |own: &str| {
        last(&format!(
            "defaults\n timeout server 1s\n timeout connect 1s\n option httpchk\n http-check expect status 200\n\
             backend b\n{own} server s web1:80 check\n"
        ))
    };
    assert_eq!(proxy("").check.lines[0][3].text, "200");
    assert_eq!(proxy(" http-check expect status 204\n").check.lines.len(), 1);
    assert_eq!(proxy(" http-check expect status 204\n").check.lines[0][3].text, "204");
}

#[test]
fn numbers_are_places_unless_they_are_given() {
    let config = checked(
        "frontend a\n bind :80\nfrontend b\n id 1\n bind :81\nfrontend c\n disabled\n bind :82\nfrontend d\n bind :83\n",
    );
    let ids: Vec<_> = config.proxies.iter().map(|p| (p.name.to_string(), p.id)).collect();
    assert_eq!(ids, [("a".to_owned(), 2), ("b".to_owned(), 1), ("d".to_owned(), 5)]);
}

#[test]
fn variables_set_by_the_file_hold_from_the_next_line_on() {
    let proxy = last(
        "global\n setenv P 81\n presetenv PORT 1\nfrontend f\n timeout client 1s\n bind \":${P}\"\n bind \":$PORT\"\n",
    );
    assert_eq!(proxy.binds[0].address, Listen::Ip("0.0.0.0:81".parse().expect("an address")));
    assert_eq!(proxy.binds[1].address, Listen::Ip("0.0.0.0:8080".parse().expect("an address")));
}

#[test]
fn variables_in_addresses_need_no_quotes_and_those_that_are_not_set_are_empty() {
    let proxy = last(
        "global\n setenv IP 10.0.0.1\nlisten l\n timeout client 1s\n bind ${IP}:80,${NONE}:81\n server s $IP:82 check addr ${IP}\n",
    );
    let bound: Vec<_> = proxy.binds.iter().map(|bind| bind.address.clone()).collect();
    assert_eq!(bound, ["10.0.0.1:80", "0.0.0.0:81"].map(|a| Listen::Ip(a.parse().expect("an address"))));
    assert_eq!(proxy.servers[0].address.to_string(), "10.0.0.1:82");
}

#[test]
fn words_of_old_versions_are_taken_for_the_new_ones() {
    let text = "listen l 127.0.0.1:80\n clitimeout 5000\n srvtimeout 6000\n contimeout 7000\n redispatch\n option forceclose\n mode http\n";
    let proxy = last(text);
    assert_eq!(proxy.timeouts.client, Some(Duration::from_secs(5)));
    assert_eq!((proxy.redispatch, proxy.options.httpclose, proxy.binds.len()), (-1, true, 1));
    assert_eq!(said(text, Severity::Note).len(), 6);
}
