//! `portero demo`: a load balancer with three servers in one command.

use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::process::{Command, Stdio};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use portero_tests::{eventually, get, portero};

#[test]
fn it_says_what_to_open_serves_three_servers_and_stops_with_ctrl_c() {
    let mut demo = Command::new(portero())
        .arg("demo")
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .expect("it starts");
    let mut lines = BufReader::new(demo.stdout.take().expect("it is piped")).lines().map_while(Result::ok);
    let address: SocketAddr = lines
        .find_map(|line| {
            let (_, rest) = line.split_once("http://")?;
            let host = rest.split(['/', ' ', '\u{1b}']).next()?;
            host.replace("localhost", "127.0.0.1").parse().ok()
        })
        .expect("it prints what to open");
    std::thread::spawn(move || lines.for_each(drop)); // a full pipe would stop the demo

    let answers: std::collections::BTreeSet<_> = (0..3).map(|_| get(address, "/").text()).collect();
    assert_eq!(answers.len(), 3, "three servers in turn: {answers:?}");

    let pid = Pid::from_raw(i32::try_from(demo.id()).expect("a process number fits"));
    kill(pid, Signal::SIGINT).expect("it is our child");
    let status = eventually("the end of the demo", || demo.try_wait().expect("it is our child"));
    assert!(status.code().is_none_or(|code| [0, 130].contains(&code)), "{status}");
}
