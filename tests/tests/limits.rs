//! Limits: who waits, who is told to go, and what is survived.

use std::sync::mpsc;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use portero_tests::{Client, Origin, Proxy, Syslog, eventually};

const CONFIG: &str = "
    global
        log ${log} local0
        ${global}
    defaults
        mode http
        log global
        option httplog
        timeout client 10s
        timeout server 10s
        timeout connect 1s
        timeout queue ${queue}
    frontend front
        bind ${front}
        ${frontend}
        default_backend app
    frontend stats
        bind ${stats}
        stats uri /stats
    backend app
        server s1 ${origin} ${server}
    ";

/// What the configuration says of limits.
#[derive(Default)]
struct Limits {
    global: &'static str,
    frontend: &'static str,
    server: &'static str,
    queue: &'static str,
}

fn proxy(origin: &Origin, log: &Syslog, limits: Limits) -> Proxy {
    Proxy::with(CONFIG)
        .door("stats")
        .set("origin", origin.address())
        .set("log", log.address())
        .set("global", limits.global)
        .set("frontend", limits.frontend)
        .set("server", limits.server)
        .set("queue", if limits.queue.is_empty() { "10s" } else { limits.queue })
        .start()
}

/// An origin that answers a request when it is told to, in any order of requests.
fn on_command() -> (Origin, mpsc::Sender<()>) {
    let (answer, told) = mpsc::channel();
    let told = Arc::new(Mutex::new(told));
    let origin = Origin::scripted(move |mut peer| {
        loop {
            peer.head()?;
            let _ = peer.busy(|_| told.lock().expect("no script panics").recv());
            peer.send("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\ndone")?;
        }
    });
    (origin, answer)
}

fn ask(proxy: &Proxy) -> Client {
    let mut client = proxy.connect();
    client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
    client
}

fn reached(origin: &Origin, requests: usize) {
    eventually(&format!("{requests} requests at the server"), || {
        (origin.heads().len() == requests).then_some(())
    });
}

/// The statistics, asked at their own door.
fn number(proxy: &Proxy, name: &str, server: &str, field: &str) -> u64 {
    let page = portero_tests::get(proxy.door("stats"), "/stats;csv").text();
    portero_tests::Stats::from_csv(&page).number(name, server, field)
}

#[test]
fn a_full_frontend_lets_the_next_client_wait_at_the_door() {
    let (origin, log) = (Origin::answering("hello"), Syslog::udp());
    let proxy = proxy(&origin, &log, Limits { frontend: "maxconn 2", ..Limits::default() });
    let mut first = proxy.connect();
    let mut second = proxy.connect();
    assert_eq!((first.get("/").status(), second.get("/").status()), (200, 200));

    let mut third = ask(&proxy);
    assert_eq!(number(&proxy, "front", "FRONTEND", "scur"), 2, "the third is not let in");
    assert_eq!(origin.heads().len(), 2);
    first.leave();
    assert_eq!(third.response().text(), "hello", "until one leaves");
}

#[test]
fn a_full_process_lets_the_next_client_wait_at_the_door() {
    let (origin, log) = (Origin::answering("hello"), Syslog::udp());
    let proxy = proxy(&origin, &log, Limits { global: "maxconn 3", ..Limits::default() });
    let mut clients: Vec<_> = (0..3).map(|_| proxy.connect()).collect();
    assert!(clients.iter_mut().all(|client| client.get("/").status() == 200));
    let mut next = ask(&proxy);
    assert_eq!(clients[0].get("/").status(), 200, "those inside are served");
    assert_eq!(origin.heads().len(), 4, "the one outside has not been read");
    clients.remove(0).leave();
    assert_eq!(next.response().text(), "hello");
}

#[test]
fn a_full_server_lets_requests_wait_in_its_queue() {
    let (origin, answer) = on_command();
    let log = Syslog::udp();
    let proxy = proxy(&origin, &log, Limits { server: "maxconn 1", ..Limits::default() });
    let mut clients: Vec<_> = (0..3).map(|_| ask(&proxy)).collect();
    eventually("two in the queue", || (number(&proxy, "app", "BACKEND", "qcur") == 2).then_some(()));
    for number in 1..=3 {
        reached(&origin, number);
        answer.send(()).expect("the origin listens");
    }
    for client in &mut clients {
        assert_eq!(client.response().text(), "done");
    }
    assert_eq!(origin.most_busy(), 1, "one at a time");
    assert_eq!(number(&proxy, "app", "BACKEND", "qmax"), 2);
}

#[test]
fn a_wait_in_the_queue_ends_with_503() {
    let (origin, _answer) = on_command();
    let log = Syslog::udp();
    let proxy = proxy(&origin, &log, Limits { server: "maxconn 1", queue: "300ms", ..Limits::default() });
    let _first = ask(&proxy);
    reached(&origin, 1);
    let began = Instant::now();
    assert_eq!(ask(&proxy).response().status(), 503);
    assert!(began.elapsed() >= Duration::from_millis(290), "not before its time");
    log.line_with(&[" 503 ", " sQ-- "]);
    assert_eq!(origin.heads().len(), 1);
}

#[test]
fn who_leaves_the_queue_is_served_no_more_with_abortonclose() {
    let (origin, answer) = on_command();
    let log = Syslog::udp();
    let limits = Limits { server: "maxconn 1\n        option abortonclose", ..Limits::default() };
    let proxy = proxy(&origin, &log, limits);
    let mut first = ask(&proxy);
    reached(&origin, 1);
    let second = ask(&proxy);
    eventually("it waits", || (number(&proxy, "app", "BACKEND", "qcur") == 1).then_some(()));
    second.leave();
    log.line_with(&[" CQ-- "]);
    answer.send(()).expect("the origin listens");
    assert_eq!(first.response().text(), "done");
    assert_eq!(origin.heads().len(), 1, "the second never came");
}

#[test]
fn running_out_of_descriptors_is_survived() {
    let (origin, log) = (Origin::answering("hello"), Syslog::udp());
    let config = "
        global
            log ${log} local0
            nbthread 1
        defaults
            mode http
            timeout client 20s
            timeout server 5s
            timeout connect 1s
        frontend front
            bind ${front}
            default_backend app
        backend app
            server s1 ${origin}
        ";
    let proxy =
        Proxy::with(config).set("origin", origin.address()).set("log", log.address()).descriptors(64).start();
    // more than there are descriptors, and fewer than the 128 that may wait in the backlog of the harness's socket
    let mut crowd: Vec<_> = (0..120).map(|_| proxy.connect()).collect();
    // nobody needs to be let in now; but the proxy must not spin, and must be there when the crowd has gone
    let before = cpu_seconds(proxy.pid());
    let began = Instant::now();
    let mut first = crowd.remove(0);
    let served = first.try_send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
    assert!(served, "the first was let in");
    #[expect(clippy::disallowed_methods, reason = "the time over which spinning is measured")]
    std::thread::sleep(Duration::from_secs(1));
    let used = cpu_seconds(proxy.pid()) - before;
    assert!(used < began.elapsed().as_secs_f64() / 2.0, "{used} s of CPU while nothing can be done");
    drop((first, crowd));
    assert_eq!(proxy.get("/").text(), "hello");
}

/// User and system time of a process.
fn cpu_seconds(pid: u32) -> f64 {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).expect("the proxy runs");
    let fields: Vec<_> = stat.rsplit(')').next().expect("a name in parentheses").split_whitespace().collect();
    let ticks = |field: &str| field.parse::<f64>().expect("a number");
    (ticks(fields[11]) + ticks(fields[12])) / 100.0
}
