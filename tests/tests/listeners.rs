//! Where a frontend can listen: addresses of both families, ranges of ports, unix sockets by path and abstract, and
//! descriptors that were handed over (which all other stories use).

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::os::linux::net::SocketAddrExt;
use std::os::unix::net::{SocketAddr as UnixAddr, UnixStream};

use portero_tests::{Origin, Proxy, eventually, free_ports, get};

const CONFIG: &str = "
    defaults
        mode http
        timeout client 5s
        timeout server 5s
        timeout connect 1s
    frontend front
        ${binds}
        default_backend app
    backend app
        server s1 ${origin}
    ";

fn proxy(binds: &str, origin: &Origin) -> Proxy {
    Proxy::with(CONFIG).set("binds", binds).set("origin", origin.address()).start()
}

fn answers(address: SocketAddr) {
    eventually(&format!("a door at {address}"), || TcpStream::connect(address).ok());
    assert_eq!(get(address, "/").text(), "hello");
}

fn answers_over(mut stream: UnixStream) {
    stream.write_all(b"GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n").expect("it is open");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).expect("it closes");
    assert!(answer.ends_with("hello"), "{answer:?}");
}

#[test]
fn ipv4_and_ipv6_in_one_line() {
    let origin = Origin::answering("hello");
    let (four, six) = (Origin::nobody().port(), Origin::nobody().port());
    let proxy = proxy(&format!("bind 127.0.0.1:{four},[::1]:{six}"), &origin);
    answers(SocketAddr::from(([127, 0, 0, 1], four)));
    answers(format!("[::1]:{six}").parse().expect("an address"));
    drop(proxy);
}

#[test]
fn a_range_of_ports() {
    let origin = Origin::answering("hello");
    let first = free_ports(3);
    let proxy = proxy(&format!("bind 127.0.0.1:{first}-{}", first + 2), &origin);
    for port in first..first + 3 {
        answers(SocketAddr::from(([127, 0, 0, 1], port)));
    }
    drop(proxy);
}

#[test]
fn a_unix_socket_by_path() {
    let origin = Origin::answering("hello");
    let proxy = proxy("bind unix@${dir}/door.sock", &origin);
    let path = proxy.folder().path().join("door.sock");
    answers_over(eventually("the unix socket", || UnixStream::connect(&path).ok()));
}

#[test]
fn an_abstract_unix_socket() {
    let origin = Origin::answering("hello");
    let name = format!("portero-test-{}", std::process::id());
    let _proxy = proxy(&format!("bind abns@{name}"), &origin);
    // HAProxy fills the name with NULs to the end; `man 7 unix` makes them part of it
    let mut full = name.into_bytes();
    full.resize(107, 0);
    let address = UnixAddr::from_abstract_name(full).expect("107 bytes are allowed");
    answers_over(eventually("the abstract socket", || UnixStream::connect_addr(&address).ok()));
}

#[test]
fn a_port_that_is_taken_is_said_and_nothing_is_run() {
    let origin = Origin::answering("hello");
    let taken = std::net::TcpListener::bind("127.0.0.1:0").expect("a free port");
    let address = taken.local_addr().expect("it is bound");
    let mut proxy = proxy(&format!("bind {address}"), &origin);
    assert_eq!(proxy.ended().code(), Some(1));
    proxy.output_with(&address.to_string());
}
