//! A network of scripted peers: no sockets, no clock, nothing that can be late.

use std::cell::RefCell;
use std::collections::HashMap;
use std::future::{Future, pending};
use std::io::{self, ErrorKind};
use std::pin::pin;
use std::rc::Rc;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use portero_api::{Address, Dial, Health, LocalFuture, ServerState, Target, Verdict, Wire};

/// A network: what answers at each port of any address. Ports that nothing was said of refuse connections.
#[derive(Default)]
pub struct Net {
    peers: HashMap<u16, Answer>,
    heard: Rc<RefCell<Vec<u8>>>,
    dialed: RefCell<Vec<Address>>,
}

/// How a port answers.
#[derive(Clone)]
pub enum Answer {
    /// With a dialogue, the same for each connection.
    Talks(Vec<Turn>),
    /// No connection is made: this is the error.
    Fails(ErrorKind),
    /// No connection is made, and nothing says so.
    Hangs,
}

/// One turn of a dialogue, from the peer's side. Behind the last one the peer closes.
#[derive(Clone)]
pub enum Turn {
    /// It says something.
    Say(Vec<u8>),
    /// It waits until something was said to it.
    Hear,
    /// It says nothing, for ever.
    Silence,
    /// It resets the connection.
    Reset,
}

/// It says something.
pub fn say(bytes: impl AsRef<[u8]>) -> Turn {
    Turn::Say(bytes.as_ref().to_vec())
}

impl Net {
    /// A network with one peer, at port 1: that of the first server of a [`super::Farm`].
    pub fn talk(turns: impl IntoIterator<Item = Turn>) -> Net {
        Net::default().with(1, Answer::Talks(turns.into_iter().collect()))
    }

    /// Adds a peer.
    pub fn with(mut self, port: u16, answer: Answer) -> Net {
        self.peers.insert(port, answer);
        self
    }

    /// All that was said to the peers.
    pub fn heard(&self) -> Vec<u8> {
        self.heard.borrow().clone()
    }

    /// Where connections went.
    pub fn dialed(&self) -> Vec<Address> {
        self.dialed.borrow().clone()
    }

    /// Probes a server; what a probe that hangs is worth, it says itself, as in the proxy.
    pub fn probe(&self, health: &dyn Health, server: &ServerState) -> Verdict {
        let target = Target { address: server.address(), timeout: Duration::from_secs(1) };
        let verdict = now(health.probe(server, &target, self));
        verdict.unwrap_or_else(|| health.timed_out(server))
    }
}

/// What a future has by now. Here peers answer at once or never, so that one look is enough.
pub fn now<T>(future: impl Future<Output = T>) -> Option<T> {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(value) => Some(value),
        Poll::Pending => None,
    }
}

impl Dial for Net {
    fn connect<'a>(&'a self, target: &'a Target) -> LocalFuture<'a, io::Result<Box<dyn Wire>>> {
        Box::pin(async move {
            self.dialed.borrow_mut().push(target.address.clone());
            let port = match &target.address {
                Address::Ip(address) => address.port(),
                _ => 0,
            };
            match self.peers.get(&port).unwrap_or(&Answer::Fails(ErrorKind::ConnectionRefused)) {
                Answer::Fails(kind) => Err(io::Error::new(*kind, format!("no connection: {kind:?}"))),
                Answer::Hangs => pending().await,
                Answer::Talks(turns) => {
                    let turns = turns.iter().rev().cloned().collect();
                    let line = Line { turns, spoken_to: false, heard: self.heard.clone() };
                    Ok(Box::new(line) as Box<dyn Wire>)
                }
            }
        })
    }
}

struct Line {
    /// The turns to come, the next one last.
    turns: Vec<Turn>,
    spoken_to: bool,
    heard: Rc<RefCell<Vec<u8>>>,
}

impl Wire for Line {
    fn read<'a>(&'a mut self, into: &'a mut [u8]) -> LocalFuture<'a, io::Result<usize>> {
        Box::pin(async move {
            loop {
                match self.turns.pop() {
                    None => return Ok(0),
                    Some(Turn::Reset) => return Err(ErrorKind::ConnectionReset.into()),
                    Some(Turn::Hear) if self.spoken_to => self.spoken_to = false,
                    Some(Turn::Hear | Turn::Silence) => pending().await,
                    Some(Turn::Say(mut bytes)) => {
                        let rest = bytes.split_off(bytes.len().min(into.len()));
                        into[..bytes.len()].copy_from_slice(&bytes);
                        if !rest.is_empty() {
                            self.turns.push(Turn::Say(rest));
                        }
                        return Ok(bytes.len());
                    }
                }
            }
        })
    }

    fn write_all<'a>(&'a mut self, bytes: &'a [u8]) -> LocalFuture<'a, io::Result<()>> {
        self.heard.borrow_mut().extend_from_slice(bytes);
        self.spoken_to = true;
        Box::pin(async { Ok(()) })
    }
}
