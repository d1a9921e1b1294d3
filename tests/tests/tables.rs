//! Stick tables: clients are counted and refused, kept with their servers, and remembered over a reload.

use std::io::{Read, Write};
use std::net::Shutdown;
use std::os::unix::net::UnixStream;

use nix::sys::signal::Signal;
use portero_tests::{Origin, Proxy, Response, eventually};

const CONFIG: &str = "
    global
        stats socket ${dir}/api level admin
        nbthread 2
    defaults
        mode http
        timeout client 10s
        timeout server 10s
        timeout connect 1s
        retries 1
        option redispatch
    frontend front
        bind ${front}
        ${rules}
        default_backend app
    backend app
        balance roundrobin
        ${stick}
        server s1 ${one}
        server s2 ${two}
    backend seen
        stick-table type ip size 1k expire 1h store conn_cnt,conn_cur,sess_cnt,http_req_cnt,http_req_rate(1h),http_err_cnt,http_fail_cnt,bytes_in_cnt,bytes_out_cnt,gpc0
    ";

/// Two servers behind a proxy with these rules.
struct Farm {
    proxy: Proxy,
    _origins: [Origin; 2],
}

fn farm(rules: &str, stick: &str) -> Farm {
    farm_with(rules, stick, [Origin::answering("one"), Origin::answering("two")])
}

fn farm_with(rules: &str, stick: &str, origins: [Origin; 2]) -> Farm {
    let proxy = Proxy::with(CONFIG)
        .set("one", origins[0].address())
        .set("two", origins[1].address())
        .set("rules", rules)
        .set("stick", stick)
        .start();
    Farm { proxy, _origins: origins }
}

impl Farm {
    fn get(&self, fields: &str) -> Response {
        self.proxy.connect().send(format!("GET / HTTP/1.1\r\nHost: a\r\n{fields}\r\n")).response()
    }

    /// What the runtime API answers.
    fn ask(&self, line: &str) -> String {
        let path = self.proxy.folder().path().join("api");
        let mut stream = eventually("the socket", || UnixStream::connect(&path).ok());
        stream.write_all(format!("{line}\n").as_bytes()).expect("it listens");
        stream.shutdown(Shutdown::Write).expect("it is open");
        let mut answer = String::new();
        stream.read_to_string(&mut answer).expect("it answers text and closes");
        answer
    }

    /// Waits until the entry of this client shows all these words.
    fn entry_with(&self, words: &[&str]) -> String {
        eventually(&format!("an entry with {words:?}"), || {
            let shown = self.ask("show table seen key 127.0.0.1");
            words.iter().all(|word| shown.contains(&format!(" {word}"))).then_some(shown)
        })
    }
}

#[test]
fn a_client_that_asks_too_often_is_refused() {
    let farm = farm(
        "http-request track-sc0 src table seen\n\
         http-request deny deny_status 429 if { sc0_http_req_rate(seen) gt 5 }",
        "",
    );
    let statuses: Vec<_> = (0..8).map(|_| farm.get("").status()).collect();
    assert_eq!(statuses, [200, 200, 200, 200, 200, 429, 429, 429]);
    farm.entry_with(&["http_req_cnt=8", "http_err_cnt=3", "conn_cur=0"]);
    farm.ask("clear table seen");
    assert_eq!(farm.get("").status(), 200, "forgotten by the operator");
}

#[test]
fn a_connection_is_tracked_until_it_closes() {
    let farm = farm("tcp-request connection track-sc0 src table seen", "");
    let mut client = farm.proxy.connect();
    (0..3).for_each(|_| assert_eq!(client.get("/").status(), 200));
    farm.entry_with(&["use=1", "conn_cnt=1", "conn_cur=1", "sess_cnt=1", "http_req_cnt=3"]);
    assert!(farm.ask("clear table seen key 127.0.0.1").contains("Entry currently in use, cannot remove"));
    client.leave();
    farm.entry_with(&["use=0", "conn_cnt=1", "conn_cur=0", "sess_cnt=1", "http_req_cnt=3"]);
}

#[test]
fn errors_of_clients_and_failures_of_servers_are_told_apart() {
    let reply = |status: &str| Origin::replying(format!("HTTP/1.1 {status}\r\nContent-Length: 0\r\n\r\n"));
    let farm = farm_with(
        "http-request track-sc0 src table seen\n\
         http-request deny if { path /denied }\n\
         http-request return status 404 if { path /ours }",
        "",
        [reply("404 Not Found"), reply("503 Busy")],
    );
    let mut statuses: Vec<_> = (0..2).map(|_| farm.get("").status()).collect();
    statuses.sort_unstable();
    assert_eq!(statuses, [404, 503]);
    assert_eq!((farm.proxy.get("/denied").status(), farm.proxy.get("/ours").status()), (403, 404));
    farm.entry_with(&["http_req_cnt=4", "http_err_cnt=2", "http_fail_cnt=1"]);
}

#[test]
fn a_refused_connection_is_counted_as_a_connection_only() {
    let farm = farm(
        "tcp-request connection track-sc0 src table seen\n\
         tcp-request connection reject if { sc0_get_gpc0(seen) gt 0 }",
        "",
    );
    assert_eq!(farm.get("").status(), 200);
    farm.ask("set table seen key 127.0.0.1 data.gpc0 1");
    farm.proxy.connect().expect_closed();
    farm.entry_with(&["conn_cnt=2", "sess_cnt=1", "http_req_cnt=1"]);
}

#[test]
fn bytes_are_those_of_the_messages() {
    let farm = farm("http-request track-sc0 src table seen", "");
    let request = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";
    assert_eq!(farm.proxy.connect().send(request).response().status(), 200);
    let shown = farm.entry_with(&[&format!("bytes_in_cnt={}", request.len())]);
    assert!(!shown.contains("bytes_out_cnt=0"), "{shown}");
}

#[test]
fn a_client_stays_with_its_server_by_what_it_sends() {
    let stick = "stick-table type string len 16 size 1k expire 1h\nstick on req.cook(id)";
    let farm = farm("", stick);
    let first = |id: &str| farm.get(&format!("Cookie: id={id}\r\n")).text();
    let (a, b) = (first("a"), first("b"));
    assert_ne!(a, b, "the balancer takes turns");
    for _ in 0..3 {
        assert_eq!((first("a"), first("b")), (a.clone(), b.clone()));
    }
    let shown = farm.ask("show table app");
    assert!(shown.starts_with("# table: app, type: string, size:1024, used:2\n"), "{shown}");
    assert!(shown.contains("key=a ") && shown.contains(" server_id=1 server_key=s1"), "{shown}");
    // its server goes: it is given the other one, and stays there
    let (server, other) = if a == "one" { ("s1", "two") } else { ("s2", "one") };
    farm.ask(&format!("disable server app/{server}"));
    assert_eq!(first("a"), other);
    farm.ask(&format!("enable server app/{server}"));
    assert_eq!(first("a"), other);
}

#[test]
fn a_server_is_learned_from_its_response() {
    let login = |name: &str| {
        Origin::replying(format!("HTTP/1.1 200 OK\r\nX-Session: {name}\r\nContent-Length: 0\r\n\r\n"))
    };
    let stick = "stick-table type string size 1k\n\
                 stick store-response res.hdr(x-session)\n\
                 stick match req.hdr(x-session)";
    let farm = farm_with("", stick, [login("first"), login("second")]);
    let session = |name: &str| farm.get(&format!("X-Session: {name}\r\n"));
    farm.get("");
    farm.get("");
    for _ in 0..3 {
        assert_eq!(session("first").header("x-session"), Some("first"));
        assert_eq!(session("second").header("x-session"), Some("second"));
    }
}

#[test]
fn a_tcp_session_stays_with_its_server() {
    let origins = [Origin::answering("one"), Origin::answering("two")];
    let config = "
        defaults
            mode tcp
            timeout client 10s
            timeout server 10s
            timeout connect 1s
        frontend front
            bind ${front}
            tcp-request content track-sc1 src table app
            default_backend app
        backend app
            balance roundrobin
            stick-table type ip size 1k store conn_cnt
            stick on src
            server s1 ${one}
            server s2 ${two}
        ";
    let proxy = Proxy::with(config).set("one", origins[0].address()).set("two", origins[1].address()).start();
    let answers: Vec<_> = (0..4).map(|_| proxy.get("/").text()).collect();
    assert_eq!(answers, ["one"; 4]);
    assert_eq!(origins[1].connections(), 0);
}

#[test]
fn a_server_that_cannot_be_reached_gives_its_clients_away() {
    let nobody = Origin::nobody();
    let two = Origin::answering("two");
    let stick = "stick-table type ip size 1k\nstick on src";
    let proxy = Proxy::with(CONFIG)
        .set("one", nobody)
        .set("two", two.address())
        .set("rules", "")
        .set("stick", stick)
        .start();
    assert_eq!(proxy.get("/").text(), "two");
    assert_eq!(proxy.get("/").text(), "two");
}

#[test]
fn entries_live_on_over_a_reload() {
    let farm = farm("http-request track-sc0 src table seen", "");
    farm.get("");
    farm.get("");
    farm.entry_with(&["http_req_cnt=2"]);
    let again = CONFIG.replace("size 1k expire 1h", "size 2k expire 2h");
    farm.proxy.rewrite(&again);
    farm.proxy.signal(Signal::SIGUSR2);
    eventually("the new size", || farm.ask("show table").contains("size:2048, used:1").then_some(()));
    farm.get("");
    farm.entry_with(&["http_req_cnt=3"]);
    farm.proxy.rewrite(&again.replace(",gpc0", ",gpc1"));
    farm.proxy.signal(Signal::SIGUSR2);
    eventually("another table", || farm.ask("show table").contains("used:0").then_some(()));
}

#[test]
fn a_large_table_is_shown_whole_and_what_follows_comes_behind_it() {
    let farm = farm("", "");
    let keys: Vec<_> = (0..1000).map(|n| format!("10.0.{}.{}", n / 200, n % 200)).collect();
    for (round, keys) in keys.chunks(100).enumerate() {
        let set = |key: &String| format!("set table seen key {key} data.gpc0 {}", round % 2);
        farm.ask(&keys.iter().map(set).collect::<Vec<_>>().join("; "));
    }
    let shown = farm.ask("show table seen; echo done");
    assert!(shown.starts_with("# table: seen, type: ip, size:1024, used:1000\n"), "{}", &shown[..80]);
    assert!(keys.iter().all(|key| shown.contains(&format!("key={key} "))));
    assert!(shown.ends_with("\n\ndone\n\n"), "{:?}", &shown[shown.len() - 40..]);
    assert_eq!(farm.ask("show table seen data.gpc0 eq 1").matches("key=").count(), 500);
}

#[test]
fn an_operator_sees_sets_and_clears_entries() {
    let farm = farm("", "");
    assert_eq!(farm.ask("show table"), "# table: seen, type: ip, size:1024, used:0\n\n");
    assert_eq!(farm.ask("set table seen key 10.0.0.1 data.gpc0 5 data.conn_cnt 9"), "\n");
    assert_eq!(farm.ask("set table seen key 10.0.0.2 data.gpc0 6"), "\n");
    let one = farm.ask("show table seen key 10.0.0.1");
    assert!(one.contains("key=10.0.0.1 use=0 exp=") && one.contains(" shard=0 gpc0=5 conn_cnt=9 "), "{one}");
    let filtered = farm.ask("show table seen data.gpc0 gt 5 data.conn_cnt eq 0");
    assert!(filtered.contains("key=10.0.0.2") && !filtered.contains("key=10.0.0.1"), "{filtered}");
    let id = one.lines().find_map(|line| line.split(": key=").next().filter(|id| id.starts_with("0x")));
    let by_id = farm.ask(&format!("show table seen ptr {}", id.expect("an entry has one")));
    assert!(by_id.contains("key=10.0.0.1"), "{by_id}");
    assert_eq!(farm.ask("clear table seen data.gpc0 eq 5"), "\n");
    assert!(!farm.ask("show table seen").contains("10.0.0.1"));
    for (command, answer) in [
        ("show table nope", "No such table"),
        ("show table seen data.nope eq 1", "Filter entry #1: Unknown data type"),
        ("show table seen data.gpc1 eq 1", "Filter entry #1: Data type not stored in this table"),
        ("show table seen data.gpc0 is 1", "Filter entry #1: Require and operator among"),
        ("set table seen key 10.0.0.3 data.gpc0 x", "Require a valid integer value to store"),
        ("set table seen key x", "Invalid key"),
        ("clear table", "Required arguments: <table>"),
    ] {
        let said = farm.ask(command);
        assert!(said.starts_with(answer), "{command}: {said}");
    }
}
