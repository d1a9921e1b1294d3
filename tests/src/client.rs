//! A client that says exactly what a test tells it to, byte for byte.

use std::net::{SocketAddr, TcpStream};

use crate::wire::{Response, Wire};

/// A client connection. Whatever goes wrong on it fails the test.
#[derive(Debug)]
pub struct Client(Wire);

/// One `GET` over a connection of its own.
pub fn get(address: SocketAddr, target: &str) -> Response {
    Client::to(address).get(target)
}

impl Client {
    /// Connects.
    pub fn to(address: SocketAddr) -> Client {
        let stream =
            TcpStream::connect(address).unwrap_or_else(|error| panic!("connect to {address}: {error}"));
        Client(Wire::new(stream))
    }

    /// Sends bytes as they are.
    pub fn send(&mut self, bytes: impl AsRef<[u8]>) -> &mut Client {
        self.0.send(bytes).expect("the proxy takes what is sent");
        self
    }

    /// Sends bytes to a proxy that may have closed already: true when they went out.
    pub fn try_send(&mut self, bytes: impl AsRef<[u8]>) -> bool {
        self.0.send(bytes).is_ok()
    }

    /// Sends `GET target` and reads the answer; the connection stays open.
    pub fn get(&mut self, target: &str) -> Response {
        self.send(format!("GET {target} HTTP/1.1\r\nHost: test\r\n\r\n")).response()
    }

    /// Reads a response to anything but HEAD.
    pub fn response(&mut self) -> Response {
        let mut response = self.head_only();
        if response.status() >= 200 && ![204, 304].contains(&response.status()) {
            let framed = self.0.framed_body(&response.head).expect("a whole body");
            let (body, trailers) = framed.unwrap_or_else(|| (self.rest(), String::new()));
            (response.body, response.trailers) = (body, trailers);
        }
        response
    }

    /// Reads the head of a response, and nothing behind it.
    pub fn head_only(&mut self) -> Response {
        let head = self.0.head().expect("a response head");
        Response { head, body: Vec::new(), trailers: String::new() }
    }

    /// Reads so many bytes.
    pub fn exactly(&mut self, length: usize) -> Vec<u8> {
        self.0.exactly(length).expect("so many bytes")
    }

    /// Reads until the proxy closes.
    pub fn rest(&mut self) -> Vec<u8> {
        self.0.rest().expect("the proxy closes")
    }

    /// Asserts that the proxy closes, and sends nothing before it does.
    pub fn expect_closed(&mut self) {
        assert_eq!(String::from_utf8_lossy(&self.rest()), "", "bytes where an end was expected");
    }

    /// Ends our direction.
    pub fn half_close(&mut self) {
        self.0.half_close().expect("the connection is open");
    }

    /// Leaves with a reset.
    pub fn reset(self) {
        self.0.reset();
    }

    /// Leaves politely.
    pub fn leave(self) {}
}
