//! Steady load from many clients: counts what was answered and keeps what went wrong.

use std::io;
use std::net::{SocketAddr, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::{self, JoinHandle};

use crate::wire::{Head, Wire};

/// Clients that ask until they are told to stop.
#[derive(Debug)]
pub struct Load {
    shared: Arc<Shared>,
    clients: Vec<JoinHandle<()>>,
}

#[derive(Debug, Default)]
struct Shared {
    stop: AtomicBool,
    answered: AtomicUsize,
    failures: Mutex<Vec<String>>,
}

impl Load {
    /// Starts `clients` threads that send `GET /` one after the other. Every second one keeps its connection, the others
    /// open a new one for each request. A kept connection that the proxy ends with `Connection: close` is opened anew.
    pub fn on(address: SocketAddr, clients: usize) -> Load {
        let shared = Arc::new(Shared::default());
        let client = |number: usize| {
            let shared = shared.clone();
            thread::spawn(move || run(address, number.is_multiple_of(2), &shared))
        };
        Load { clients: (0..clients).map(client).collect(), shared }
    }

    /// Requests answered with 200 so far.
    pub fn answered(&self) -> usize {
        self.shared.answered.load(Ordering::SeqCst)
    }

    /// Stops, and tells how many requests were answered with 200 and what went wrong with the others.
    pub fn stop(self) -> (usize, Vec<String>) {
        self.shared.stop.store(true, Ordering::SeqCst);
        for client in self.clients {
            client.join().expect("a client of the load never panics");
        }
        let failures = self.shared.failures.lock().expect("the clients are gone").clone();
        (self.shared.answered.load(Ordering::SeqCst), failures)
    }
}

fn run(address: SocketAddr, keep: bool, shared: &Shared) {
    let mut kept = None;
    while !shared.stop.load(Ordering::SeqCst) {
        match ask(address, kept.take(), keep) {
            Ok((head, wire)) if head.start_line().starts_with("HTTP/1.1 200") => {
                shared.answered.fetch_add(1, Ordering::SeqCst);
                kept = wire;
            }
            Ok((head, _)) => fail(shared, head.start_line().to_owned()),
            Err(error) => fail(shared, error.to_string()),
        }
    }
}

fn ask(address: SocketAddr, kept: Option<Wire>, keep: bool) -> io::Result<(Head, Option<Wire>)> {
    let mut wire = match kept {
        Some(wire) => wire,
        None => Wire::new(TcpStream::connect(address)?),
    };
    let connection = if keep { "keep-alive" } else { "close" };
    wire.send(format!("GET / HTTP/1.1\r\nHost: load\r\nConnection: {connection}\r\n\r\n"))?;
    let head = wire.head()?;
    wire.framed_body(&head)?.ok_or_else(|| io::Error::other("a body without a length"))?;
    let stays = keep && head.header("connection").is_none_or(|value| !value.eq_ignore_ascii_case("close"));
    Ok((head, stays.then_some(wire)))
}

fn fail(shared: &Shared, what: String) {
    shared.failures.lock().expect("no client panics").push(what);
}
