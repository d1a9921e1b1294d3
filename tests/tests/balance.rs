//! Who gets a request: weights, least connections, backups, and another try when a server refuses.

use std::collections::BTreeMap;

use portero_tests::{Origin, Proxy, Starting, Syslog, eventually};

const CONFIG: &str = "
    global
        log ${log} local0
    defaults
        mode http
        log global
        option httplog
        timeout client 5s
        timeout server 5s
        timeout connect 1s
        retries 2
        option redispatch 1
    frontend front
        bind ${front}
        stats uri /stats
        default_backend app
    backend app
        balance ${balance}
        server a ${a} ${a_options}
        server b ${b} ${b_options}
    ";

struct Servers {
    a: Origin,
    b: Origin,
    log: Syslog,
}

fn servers() -> Servers {
    Servers { a: Origin::answering("a"), b: Origin::answering("b"), log: Syslog::udp() }
}

impl Servers {
    fn behind(&self, balance: &str, a_options: &str, b_options: &str) -> Starting {
        Proxy::with(CONFIG)
            .set("balance", balance)
            .set("a_options", a_options)
            .set("b_options", b_options)
            .set("log", self.log.address())
    }

    fn start(&self, balance: &str, a_options: &str, b_options: &str) -> Proxy {
        let proxy = self.behind(balance, a_options, b_options);
        proxy.set("a", self.a.address()).set("b", self.b.address()).start()
    }
}

/// Answers of so many requests, each over a connection of its own, counted by server.
fn shares(proxy: &Proxy, requests: usize) -> BTreeMap<String, usize> {
    let mut shares = BTreeMap::new();
    for _ in 0..requests {
        *shares.entry(proxy.get("/").text()).or_default() += 1;
    }
    shares
}

fn of(a: usize, b: usize) -> BTreeMap<String, usize> {
    BTreeMap::from([("a".to_owned(), a), ("b".to_owned(), b)])
}

#[test]
fn roundrobin_shares_by_weight() {
    let servers = servers();
    let proxy = servers.start("roundrobin", "weight 30", "weight 10");
    assert_eq!(shares(&proxy, 40), of(30, 10));
}

#[test]
fn leastconn_avoids_the_one_that_is_busy() {
    let (held, log) = (
        Origin::scripted(|mut peer| {
            peer.head()?;
            peer.fall_silent()
        }),
        Syslog::udp(),
    );
    let b = Origin::answering("b");
    let proxy = Proxy::with(CONFIG)
        .set("balance", "leastconn")
        .set("a_options", "")
        .set("b_options", "")
        .set("log", log.address())
        .set("a", held.address())
        .set("b", b.address())
        .start();
    // whichever is first: once `a` holds a request, all others go to `b`
    let mut clients = Vec::new();
    while held.heads().is_empty() {
        let mut client = proxy.connect();
        client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
        clients.push(client);
        let answered = || proxy.stats().number("app", "b", "hrsp_2xx") as usize;
        let arrived = || (held.heads().len() + answered() == clients.len()).then_some(());
        eventually("the request is held, or answered", arrived);
    }
    for _ in 0..5 {
        let idle = || (proxy.stats().number("app", "b", "scur") == 0).then_some(());
        eventually("the other server is idle", idle);
        assert_eq!(proxy.get("/").text(), "b");
    }
}

#[test]
fn a_backup_serves_only_when_nobody_else_can() {
    let servers = servers();
    let proxy = servers.start("roundrobin", "check inter 50ms fall 1 rise 1", "backup");
    assert!((0..4).all(|_| proxy.get("/").text() == "a"));
    drop(servers.a);
    eventually("the backup", || (proxy.get("/").text() == "b").then_some(()));
}

#[test]
fn a_refused_connection_is_tried_on_another_server() {
    let servers = servers();
    let proxy =
        servers.behind("roundrobin", "", "").set("a", Origin::nobody()).set("b", servers.b.address()).start();
    assert!((0..4).all(|_| proxy.get("/").text() == "b"));
    servers.log.line_with(&[" app/b ", "/+"]);
    assert!(proxy.stats().number("app", "BACKEND", "wredis") > 0);
}

#[test]
fn a_source_keeps_its_server() {
    let servers = servers();
    let proxy = servers.start("source", "", "");
    assert_eq!(shares(&proxy, 10).len(), 1);
}

#[test]
fn a_uri_keeps_its_server() {
    let servers = servers();
    let proxy = servers.start("uri", "", "");
    for target in ["/1", "/2", "/3", "/4"] {
        let first = proxy.get(target).text();
        assert!((0..3).all(|_| proxy.get(target).text() == first), "{target}");
    }
}

#[test]
fn a_server_named_by_use_server_gets_the_request() {
    let servers = servers();
    let config = CONFIG.replace("balance ${balance}", "use-server b if { path /to-b }");
    let proxy = Proxy::with(&config)
        .set("a_options", "")
        .set("b_options", "")
        .set("log", servers.log.address())
        .set("a", servers.a.address())
        .set("b", servers.b.address())
        .start();
    assert!((0..4).all(|_| proxy.get("/to-b").text() == "b"));
}
