//! Ports that nobody listens at, for tests that let another program open one, or that need it closed.
//!
//! A port that the kernel once gave (port 0) and that was closed again is no such port: the kernel gives it to the next who
//! asks, and a client that tries to reach it again and again is given it as its own port one day and then talks to
//! itself. So these are below the range that the kernel gives from, and a name in the abstract namespace says to other test
//! processes that a port is taken, for as long as this process lives.

use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::ops::Range;
use std::os::linux::net::SocketAddrExt;
use std::os::unix::net::{SocketAddr as Name, UnixDatagram};
use std::sync::atomic::{AtomicU16, Ordering};

/// The first of so many ports in a row that nobody listens at, and that no other test will be told.
///
/// # Panics
/// When there are none left.
pub fn free_ports(count: u16) -> u16 {
    static NEXT: AtomicU16 = AtomicU16::new(0);
    let range = below_the_kernels();
    let steps = (range.end - range.start) / count;
    for _ in 0..steps {
        let first = range.start + NEXT.fetch_add(count, Ordering::Relaxed) % (steps * count);
        if range.contains(&(first + count - 1)) && (first..first + count).all(take) {
            return first;
        }
    }
    panic!("no {count} free ports in a row in {range:?}")
}

/// An address where nobody listens.
pub(crate) fn nobody() -> SocketAddr {
    (Ipv4Addr::LOCALHOST, free_ports(1)).into()
}

/// Takes a port for this process; false when another has it, or somebody listens there.
fn take(port: u16) -> bool {
    let name = Name::from_abstract_name(format!("portero-tests/port/{port}")).expect("a short name");
    let Ok(taken) = UnixDatagram::bind_addr(&name) else { return false };
    std::mem::forget(taken); // until the process ends
    TcpListener::bind((Ipv4Addr::UNSPECIFIED, port)).is_ok()
}

/// The ports below those that the kernel gives to outgoing connections and to port 0 (`man 7 ip`); where it leaves next to none, its own.
fn below_the_kernels() -> Range<u16> {
    let text = std::fs::read_to_string("/proc/sys/net/ipv4/ip_local_port_range").expect("a Linux machine");
    let mut bounds = text.split_whitespace().flat_map(str::parse::<u16>);
    let (low, high) = bounds.next().zip(bounds.next()).expect("two numbers");
    let below = low.saturating_sub(20_000).max(1024)..low;
    if below.len() > 1000 { below } else { low..high }
}
