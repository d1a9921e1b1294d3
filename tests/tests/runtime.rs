//! The runtime API: what an operator asks and orders over a socket while traffic goes on.

use std::io::{Read, Write};
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::os::unix::net::UnixStream;

use portero_tests::{Client, Origin, Proxy, Syslog, eventually};

const CONFIG: &str = "
    global
        log ${log} local0
        stats socket ${dir}/api level admin
        stats socket ${dir}/look level user
    defaults
        mode http
        log global
        timeout client 10s
        timeout server 10s
        timeout connect 1s
        timeout queue 10s
    frontend front
        bind ${front}
        http-response set-header X-Mark %[var(proc.mark)]
        default_backend app
    backend app
        balance roundrobin
        server s1 ${one} ${options}
        server s2 ${two} ${options}
    ";

/// Two servers that answer with their names, behind a proxy.
struct Farm {
    proxy: Proxy,
    log: Syslog,
    _origins: [Origin; 2],
}

fn farm(options: &str) -> Farm {
    let (origins, log) = ([Origin::answering("one"), Origin::answering("two")], Syslog::udp());
    let proxy = Proxy::with(CONFIG)
        .set("one", origins[0].address())
        .set("two", origins[1].address())
        .set("log", log.address())
        .set("options", options)
        .start();
    Farm { proxy, log, _origins: origins }
}

/// What a line to the socket of that name is answered, the client closing its side at once.
fn ask_at(proxy: &Proxy, socket: &str, line: &str) -> String {
    let path = proxy.folder().path().join(socket);
    let mut stream = eventually("the socket", || UnixStream::connect(&path).ok());
    stream.write_all(format!("{line}\n").as_bytes()).expect("it listens");
    stream.shutdown(Shutdown::Write).expect("it is open");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).expect("it answers text and closes");
    answer
}

fn ask(proxy: &Proxy, line: &str) -> String {
    ask_at(proxy, "api", line)
}

/// An order that has nothing to say when it is carried out.
fn order(proxy: &Proxy, line: &str) {
    assert_eq!(ask(proxy, line), "\n", "{line}");
}

fn answers(proxy: &Proxy, count: usize) -> Vec<String> {
    (0..count).map(|_| proxy.get("/").text()).collect()
}

#[test]
fn each_answer_of_a_line_ends_with_an_empty_line() {
    let farm = farm("");
    let answer = ask(&farm.proxy, "get weight app/s1; echo a\\;b\\ c ;get weight app/none");
    assert_eq!(answer, "1 (initial 1)\n\na;b c\n\nNo such server.\n\n");
}

#[test]
fn a_prompt_asks_for_line_after_line() {
    let farm = farm("");
    let path = farm.proxy.folder().path().join("api");
    let mut stream = eventually("the socket", || UnixStream::connect(&path).ok());
    let mut said = String::new();
    let mut buffer = [0; 1024];
    for (line, expected) in [("prompt", "\n> "), ("echo a", "a\n\n> "), ("echo b", "b\n\n> ")] {
        stream.write_all(format!("{line}\n").as_bytes()).expect("it is open");
        said.clear();
        while said.len() < expected.len() {
            let n = stream.read(&mut buffer).expect("it answers");
            said.push_str(std::str::from_utf8(&buffer[..n]).expect("text"));
        }
        assert_eq!(said, expected, "{line}");
    }
    stream.write_all(b"quit\n").expect("it is open");
    assert_eq!(stream.read(&mut buffer).expect("it closes"), 0);
}

#[test]
fn who_may_only_look_changes_nothing() {
    let farm = farm("");
    assert_eq!(ask_at(&farm.proxy, "look", "disable server app/s1"), "Permission denied\n\n");
    assert!(ask_at(&farm.proxy, "look", "show stat").contains("\napp,s1,"));
    assert!(!ask_at(&farm.proxy, "look", "help").contains("disable server"));
}

#[test]
fn what_is_not_known_or_not_there_is_named() {
    let farm = farm("");
    let unknown = ask(&farm.proxy, "show sats");
    assert!(unknown.contains("Unknown command: 'show'") && unknown.contains("show stat"), "{unknown}");
    let missing = ask(&farm.proxy, "add server app/s3 127.0.0.1:1");
    assert!(missing.contains("'add server' is not supported"), "{missing}");
}

#[test]
fn a_server_in_maintenance_gets_no_request() {
    let farm = farm("");
    order(&farm.proxy, "disable server app/s1");
    assert_eq!(answers(&farm.proxy, 4), ["two"; 4]);
    farm.log.line_with(&["Server app/s1 is going DOWN for maintenance"]);
    order(&farm.proxy, "enable server app/s1");
    let all = answers(&farm.proxy, 4);
    assert_eq!(all.iter().filter(|text| *text == "one").count(), 2, "{all:?}");
}

#[test]
fn a_weight_and_an_address_are_changed_under_way() {
    let farm = farm("weight 10");
    order(&farm.proxy, "set server app/s1 weight 0%");
    assert_eq!(ask(&farm.proxy, "get weight app/s1"), "0 (initial 10)\n\n");
    assert_eq!(answers(&farm.proxy, 3), ["two"; 3]);
    let third = Origin::answering("three");
    let port = third.address().port();
    let said = ask(&farm.proxy, &format!("set server app/s2 addr 127.0.0.1 port {port}"));
    assert!(said.contains(&format!("to '{port}' by 'stats socket command'")), "{said}");
    assert_eq!(answers(&farm.proxy, 3), ["three"; 3]);
}

#[test]
fn a_request_that_waits_goes_to_the_server_that_comes() {
    let (answer, told) = std::sync::mpsc::channel::<()>();
    let told = std::sync::Mutex::new(told);
    let busy = Origin::scripted(move |mut peer| {
        peer.head()?;
        let _ = told.lock().expect("no script panics").recv();
        peer.send("HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\none")
    });
    let (spare, log) = (Origin::answering("two"), Syslog::udp());
    let proxy = Proxy::with(CONFIG)
        .set("one", busy.address())
        .set("two", spare.address())
        .set("log", log.address())
        .set("options", "maxconn 1")
        .start();
    order(&proxy, "disable server app/s2");
    let request = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";
    let (mut first, mut second) = (proxy.connect(), proxy.connect());
    first.send(request);
    eventually("the first is at the server", || (busy.heads().len() == 1).then_some(()));
    second.send(request);
    eventually("the second waits", || {
        ask(&proxy, "show sess").contains("be=app sessions=2 queued=1").then_some(())
    });
    order(&proxy, "enable server app/s2");
    assert_eq!(second.response().text(), "two");
    answer.send(()).expect("the origin listens");
    assert_eq!(first.response().text(), "one");
}

/// A proxy with a request under way whose response has begun.
fn under_way(options: &str) -> (Proxy, Client, [Origin; 2]) {
    let slow = || {
        Origin::scripted(|mut peer| {
            peer.head()?;
            peer.send("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nbeg")?;
            peer.fall_silent()
        })
    };
    let (origins, log) = ([slow(), slow()], Syslog::udp());
    let proxy = Proxy::with(CONFIG)
        .set("one", origins[0].address())
        .set("two", origins[1].address())
        .set("log", log.address())
        .set("options", options)
        .start();
    order(&proxy, "disable server app/s2");
    let mut client = proxy.connect();
    client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n").head_only();
    assert_eq!(client.exactly(3), b"beg");
    (proxy, client, origins)
}

#[test]
fn sessions_of_a_server_end_when_the_operator_says_so() {
    let (proxy, mut client, _origins) = under_way("");
    order(&proxy, "shutdown sessions server app/s1");
    client.expect_closed();
}

#[test]
fn sessions_end_with_a_server_that_goes_down_where_the_file_says_so() {
    let (proxy, mut client, _origins) = under_way("check inter 10s on-marked-down shutdown-sessions");
    order(&proxy, "set server app/s1 health down");
    client.expect_closed();
}

/// The configuration with a frontend `other` beside.
fn two_frontends() -> String {
    CONFIG.replace("frontend front", "frontend other\n        bind ${other}\n    frontend front")
}

fn with_other(config: &str, origin: &Origin, log: &Syslog, other: SocketAddr) -> Proxy {
    Proxy::with(config)
        .set("one", origin.address())
        .set("two", origin.address())
        .set("log", log.address())
        .set("options", "")
        .set("other", other)
        .start()
}

#[test]
fn a_frontend_is_closed_and_opened_again() {
    let (origin, log, other) = (Origin::answering("one"), Syslog::udp(), Origin::nobody());
    let proxy = with_other(&two_frontends(), &origin, &log, other);
    eventually("it listens", || TcpStream::connect(other).ok());
    order(&proxy, "disable frontend other");
    assert!(TcpStream::connect(other).is_err(), "nobody listens there now");
    assert!(ask(&proxy, "show stat other 1 -1").contains(",PAUSED,"));
    assert_eq!(proxy.get("/").status(), 200, "the others are open");
    order(&proxy, "enable frontend other");
    TcpStream::connect(other).expect("it listens again");
    order(&proxy, "shutdown frontend other");
    assert!(TcpStream::connect(other).is_err(), "nobody listens there now");
    assert!(ask(&proxy, "enable frontend other").contains("cannot enable"));
}

#[test]
fn a_closed_frontend_refuses_connections_whatever_a_reload_makes_of_its_sockets() {
    let (origin, log) = (Origin::answering("one"), Syslog::udp());
    let (config, other, more) = (two_frontends(), Origin::nobody(), Origin::nobody());
    let proxy = with_other(&config, &origin, &log, other);
    order(&proxy, "disable frontend other");
    let changed =
        config.replace("bind ${other}", &format!("bind ${{other}} backlog 77\n        bind {more}"));
    proxy.rewrite(&changed.replace("server s1", "server s0 127.0.0.1:1 disabled\n        server s1"));
    proxy.signal(nix::sys::signal::Signal::SIGUSR2);
    eventually("the new server", || ask(&proxy, "show servers state").contains(" s0 ").then_some(()));
    assert!(TcpStream::connect(other).is_err(), "nobody listens there still");
    // a socket that is new listens until the reload is over
    eventually("nobody listens at the new address", || TcpStream::connect(more).is_err().then_some(()));
    order(&proxy, "enable frontend other");
    for address in [other, more] {
        TcpStream::connect(address).expect("it listens");
    }
}

#[test]
fn a_variable_of_the_process_is_seen_by_rules() {
    let farm = farm("");
    assert!(ask(&farm.proxy, "set var proc.mark str(a)").contains("experimental mode"));
    let answer = ask(&farm.proxy, "experimental-mode on; set var proc.mark str(seen); get var proc.mark");
    assert_eq!(answer, "\n\nproc.mark: type=str value=<seen>\n\n");
    assert_eq!(farm.proxy.get("/").header("x-mark"), Some("seen"));
}

#[test]
fn statistics_are_picked_by_proxy_kind_and_server_and_cleared() {
    let farm = farm("");
    answers(&farm.proxy, 4);
    let one = ask(&farm.proxy, "show stat app 4 2");
    let names: Vec<_> = one.lines().filter_map(|l| l.split(',').nth(1)).collect();
    assert_eq!(names, ["svname", "s2"]);
    let typed = || ask(&farm.proxy, "show stat app 4 2 typed");
    assert!(
        typed().contains(".stot.1:MCPV:u64:2\n") || typed().contains(".stot.1:MCPP:u64:2\n"),
        "{}",
        typed()
    );
    order(&farm.proxy, "clear counters all");
    assert!(typed().contains(":u64:0\n") && !typed().contains(".stot.1:MCPV:u64:2\n"));
    let info = ask(&farm.proxy, "show info");
    assert!(info.contains(&format!("\nPid: {}\n", farm.proxy.pid())), "{info}");
}

#[test]
fn a_reload_that_fails_leaves_sockets_and_states_as_they_were() {
    let farm = farm("");
    let taken = std::net::TcpListener::bind("127.0.0.1:0").expect("there is a free port");
    let free = Origin::nobody();
    order(&farm.proxy, "set server app/s1 weight 7");
    order(&farm.proxy, "disable server app/s2");
    let more = format!(
        "bind ${{front}}\n        bind {free}\n        bind {}",
        taken.local_addr().expect("it is bound")
    );
    let changed = CONFIG.replace("bind ${front}", &more).replace("server s2", "server s9");
    farm.proxy.rewrite(&changed);
    farm.proxy.signal(nix::sys::signal::Signal::SIGUSR2);
    farm.proxy.output_with("the old configuration stays in use");
    assert!(TcpStream::connect(free).is_err(), "what was opened for it is closed again");
    let state = ask(&farm.proxy, "show servers state app");
    assert!(state.contains(" s2 127.0.0.1 0 1 ") && !state.contains("s9"), "{state}");
    assert_eq!(ask(&farm.proxy, "get weight app/s1"), "7 (initial 1)\n\n");
    assert_eq!(answers(&farm.proxy, 2), ["one"; 2]);
}

#[test]
fn a_reload_keeps_what_was_said_by_hand() {
    let farm = farm("");
    order(&farm.proxy, "set server app/s1 weight 7");
    order(&farm.proxy, "set server app/s2 state drain");
    farm.proxy.rewrite(&CONFIG.replace("server s1", "server s0 127.0.0.1:1 disabled\n        server s1"));
    farm.proxy.signal(nix::sys::signal::Signal::SIGUSR2);
    eventually("the new server", || ask(&farm.proxy, "show servers state").contains(" s0 ").then_some(()));
    assert_eq!(ask(&farm.proxy, "get weight app/s1"), "7 (initial 1)\n\n");
    assert!(ask(&farm.proxy, "show stat app 4 3").contains(",DRAIN,"));
    assert_eq!(answers(&farm.proxy, 2), ["one"; 2]);
}

#[test]
fn the_master_reloads_and_says_how_it_went() {
    let (origin, log, master) = (Origin::answering("one"), Syslog::udp(), Origin::nobody());
    let proxy = Proxy::with(CONFIG)
        .set("one", origin.address())
        .set("two", origin.address())
        .set("log", log.address())
        .set("options", "")
        .argument("-W")
        .argument("-S")
        .argument(&master.to_string())
        .start();
    let ask = |line: &str| {
        let mut stream = eventually("the master listens", || TcpStream::connect(master).ok());
        stream.write_all(format!("{line}\n").as_bytes()).expect("it listens");
        let mut answer = String::new();
        stream.read_to_string(&mut answer).expect("it answers text and closes");
        answer
    };
    assert!(ask("@1 show info").contains("\nProcess_num: 1\n"));
    assert!(ask("reload").starts_with("Success=1\n--\n"));
    proxy.rewrite(&CONFIG.replace("default_backend", "default_bakend"));
    let failed = ask("reload");
    assert!(failed.starts_with("Success=0\n--\n") && failed.contains("default_bakend"), "{failed}");
    assert!(ask("show proc").contains("1 [failed: 1]"));
    assert_eq!(proxy.get("/").status(), 200, "what was there goes on");
}
