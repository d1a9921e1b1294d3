//! Servers behind the proxy: well-behaved ones, and ones that do exactly the wrong thing at the right moment.

use std::io;
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;

use crate::ports;
use crate::wire::{Head, Tally, Wire};

/// A listening server with a thread per connection. It stops listening on drop.
#[derive(Debug)]
pub struct Origin {
    address: SocketAddr,
    shared: Arc<Shared>,
}

/// One connection from the proxy, as the script of an origin sees it.
#[derive(Debug)]
pub struct Peer {
    /// Which connection of this origin it is, from 1.
    pub number: usize,
    wire: Wire,
    shared: Arc<Shared>,
}

#[derive(Debug, Default)]
struct Shared {
    connections: AtomicUsize,
    heads: Mutex<Vec<Head>>,
    stopped: AtomicBool,
    busy: AtomicUsize,
    most_busy: AtomicUsize,
}

impl Origin {
    /// Runs `script` for each connection. An error it returns only ends that connection.
    pub fn scripted(script: impl Fn(Peer) -> io::Result<()> + Send + Sync + 'static) -> Origin {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let address = listener.local_addr().expect("it is bound");
        let shared = Arc::new(Shared::default());
        let (script, accepting) = (Arc::new(script), shared.clone());
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                if accepting.stopped.load(Ordering::SeqCst) {
                    return;
                }
                let number = accepting.connections.fetch_add(1, Ordering::SeqCst) + 1;
                let peer = Peer { number, wire: Wire::new(stream), shared: accepting.clone() };
                let script = script.clone();
                thread::spawn(move || script(peer));
            }
        });
        Origin { address, shared }
    }

    /// Answers every request with 200 and this text, and keeps connections open.
    pub fn answering(text: &str) -> Origin {
        let answer = format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{text}", text.len());
        Origin::replying(answer)
    }

    /// Answers every request with these bytes, and keeps connections open.
    pub fn replying(bytes: impl Into<Vec<u8>>) -> Origin {
        let bytes = bytes.into();
        Origin::scripted(move |mut peer| {
            loop {
                peer.request()?;
                peer.send(&bytes)?;
            }
        })
    }

    /// Answers the first request of each connection with these bytes and closes.
    pub fn replying_once(bytes: impl Into<Vec<u8>>) -> Origin {
        let bytes = bytes.into();
        Origin::scripted(move |mut peer| {
            peer.request()?;
            peer.send(&bytes)
        })
    }

    /// An address where nobody listens.
    pub fn nobody() -> SocketAddr {
        ports::nobody()
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Connections accepted so far.
    pub fn connections(&self) -> usize {
        self.shared.connections.load(Ordering::SeqCst)
    }

    /// The heads of all requests so far, in the order they came.
    pub fn heads(&self) -> Vec<Head> {
        self.shared.heads.lock().expect("no script panics while it holds this").clone()
    }

    /// The largest number of requests that were answered at the same time (see [`Peer::busy`]).
    pub fn most_busy(&self) -> usize {
        self.shared.most_busy.load(Ordering::SeqCst)
    }
}

impl Drop for Origin {
    fn drop(&mut self) {
        self.shared.stopped.store(true, Ordering::SeqCst);
        let _ = TcpStream::connect(self.address); // wakes the accept loop
    }
}

impl Peer {
    /// Reads a request head, and its body when it has one.
    pub fn request(&mut self) -> io::Result<(Head, Vec<u8>)> {
        let head = self.head()?;
        let body = self.wire.framed_body(&head)?.map(|(body, _)| body).unwrap_or_default();
        Ok((head, body))
    }

    /// Reads a request head alone.
    pub fn head(&mut self) -> io::Result<Head> {
        let head = self.wire.head()?;
        self.shared.heads.lock().expect("no script panics while it holds this").push(head.clone());
        Ok(head)
    }

    /// The body of the request whose head was read, with its trailers.
    pub fn body(&mut self, head: &Head) -> io::Result<(Vec<u8>, String)> {
        Ok(self.wire.framed_body(head)?.unwrap_or_default())
    }

    /// Reads so many bytes.
    pub fn exactly(&mut self, length: usize) -> io::Result<Vec<u8>> {
        self.wire.exactly(length)
    }

    /// Counts what is read from now on.
    pub fn count_into(&mut self, tally: &Arc<Tally>) {
        self.wire.count_into(tally);
    }

    /// Sends bytes.
    pub fn send(&mut self, bytes: impl AsRef<[u8]>) -> io::Result<()> {
        self.wire.send(bytes)
    }

    /// Says nothing more, and waits until the proxy gives up.
    pub fn fall_silent(mut self) -> io::Result<()> {
        self.wire.rest().map(drop)
    }

    /// Ends the direction to the proxy, and keeps reading until it closes.
    pub fn half_close(mut self) -> io::Result<()> {
        self.wire.half_close()?;
        self.fall_silent()
    }

    /// Ends the connection with a reset.
    pub fn reset(self) -> io::Result<()> {
        self.wire.reset();
        Ok(())
    }

    /// Counts this request as being worked on while `work` runs.
    pub fn busy<T>(&mut self, work: impl FnOnce(&mut Peer) -> T) -> T {
        let now = self.shared.busy.fetch_add(1, Ordering::SeqCst) + 1;
        self.shared.most_busy.fetch_max(now, Ordering::SeqCst);
        let done = work(self);
        self.shared.busy.fetch_sub(1, Ordering::SeqCst);
        done
    }
}
