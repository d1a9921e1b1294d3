//! Threads: each takes its share of the work.

use std::fs;

use portero_tests::{Load, Origin, Proxy, eventually};

/// User and system time of each thread, in ticks, the busiest first.
fn work_by_thread(pid: u32) -> Vec<u64> {
    let threads = fs::read_dir(format!("/proc/{pid}/task")).expect("the proxy runs");
    let ticks = threads.flatten().filter_map(|thread| {
        let stat = fs::read_to_string(thread.path().join("stat")).ok()?;
        let fields: Vec<_> = stat.rsplit(')').next()?.split_whitespace().collect();
        Some(fields[11].parse::<u64>().ok()? + fields[12].parse::<u64>().ok()?)
    });
    let mut ticks: Vec<_> = ticks.collect();
    ticks.sort_unstable_by(|a, b| b.cmp(a));
    ticks
}

#[test]
fn connections_are_spread_over_the_threads() {
    let origin = Origin::answering("hello");
    let config = "
        global
            nbthread 2
        defaults
            mode http
            timeout client 5s
            timeout server 5s
            timeout connect 1s
        frontend front
            bind ${address}
            default_backend app
        backend app
            server s1 ${origin}
        ";
    // a socket of its own: one that was handed over is shared by all threads, which spreads otherwise
    let address = Origin::nobody();
    let proxy = Proxy::with(config).set("address", address).set("origin", origin.address()).start();
    eventually("the door is open", || std::net::TcpStream::connect(address).ok());
    let load = Load::on(address, 8);
    let enough = || work_by_thread(proxy.pid()).iter().sum::<u64>() >= 50; // half a second
    eventually("work", || enough().then_some(()));
    let (_, failures) = load.stop();
    assert_eq!(failures, Vec::<String>::new());
    let work = work_by_thread(proxy.pid());
    assert!(work[1] * 4 >= work[0], "the second thread has at least a fifth: {work:?}");
}
