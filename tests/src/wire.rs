//! One end of a TCP connection, and HTTP/1 messages as they come over it. Plain on purpose: what a test reads must not
//! depend on the parser that it tests.

use std::io::{self, ErrorKind, Read, Write};
use std::net::{Shutdown, TcpStream};
use std::sync::{Arc, Condvar, Mutex};
use std::time::Duration;

use crate::LIMIT;

/// A connection with what was read ahead.
#[derive(Debug)]
pub struct Wire {
    stream: TcpStream,
    ahead: Vec<u8>,
    tally: Option<Arc<Tally>>,
}

/// How many bytes one end has read, for the other end to wait for.
#[derive(Debug, Default)]
pub struct Tally {
    bytes: Mutex<usize>,
    more: Condvar,
}

/// The head of a message: start line and fields, without the empty line.
#[derive(Clone, Debug)]
pub struct Head(pub String);

/// A response with its body, chunks put together.
#[derive(Clone, Debug)]
pub struct Response {
    /// Status line and fields.
    pub head: Head,
    /// The content.
    pub body: Vec<u8>,
    /// The trailer part of a chunked body, raw.
    pub trailers: String,
}

impl Head {
    /// `GET / HTTP/1.1` or `HTTP/1.1 200 OK`.
    pub fn start_line(&self) -> &str {
        self.0.lines().next().unwrap_or_default()
    }

    /// The first field of that name.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers(name).into_iter().next()
    }

    /// All fields of that name in order.
    pub fn headers(&self, name: &str) -> Vec<&str> {
        let fields = self.0.lines().skip(1).filter_map(|line| line.split_once(':'));
        fields.filter(|(is, _)| is.eq_ignore_ascii_case(name)).map(|(_, value)| value.trim()).collect()
    }
}

impl Response {
    /// The status code.
    pub fn status(&self) -> u16 {
        let word = self.head.start_line().split(' ').nth(1).unwrap_or_default();
        word.parse().unwrap_or_else(|_| panic!("not a status line: {:?}", self.head.start_line()))
    }

    /// The content as text.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// The first field of that name.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.head.header(name)
    }
}

impl Tally {
    /// The bytes read so far.
    pub fn bytes(&self) -> usize {
        *self.bytes.lock().expect("nobody panics while holding this")
    }

    /// Waits until more than `known` bytes were read, or `limit` has passed.
    pub fn wait_for_more(&self, known: usize, limit: Duration) {
        let bytes = self.bytes.lock().expect("nobody panics while holding this");
        let waited = self.more.wait_timeout_while(bytes, limit, |bytes| *bytes <= known);
        drop(waited.expect("nobody panics while holding this"));
    }

    fn add(&self, read: usize) {
        *self.bytes.lock().expect("nobody panics while holding this") += read;
        self.more.notify_all();
    }
}

impl Wire {
    /// Takes a connection. Reads and writes give up after [`LIMIT`].
    pub fn new(stream: TcpStream) -> Wire {
        stream.set_read_timeout(Some(LIMIT)).expect("not zero");
        stream.set_write_timeout(Some(LIMIT)).expect("not zero");
        stream.set_nodelay(true).expect("TCP has it");
        Wire { stream, ahead: Vec::new(), tally: None }
    }

    /// Counts what is read from now on.
    pub fn count_into(&mut self, tally: &Arc<Tally>) {
        self.tally = Some(tally.clone());
    }

    /// Sends bytes.
    pub fn send(&mut self, bytes: impl AsRef<[u8]>) -> io::Result<()> {
        self.stream.write_all(bytes.as_ref())
    }

    /// Reads up to the empty line that ends a head.
    pub fn head(&mut self) -> io::Result<Head> {
        let text = self.up_to(b"\r\n\r\n")?;
        Ok(Head(String::from_utf8_lossy(&text).into_owned()))
    }

    /// Reads one body, framed as the head says; `None` for a body that ends with the connection.
    pub fn framed_body(&mut self, head: &Head) -> io::Result<Option<(Vec<u8>, String)>> {
        if head.header("transfer-encoding").is_some_and(|coding| coding.ends_with("chunked")) {
            return self.chunks().map(Some);
        }
        match head.header("content-length").map(str::parse) {
            Some(Ok(length)) => Ok(Some((self.exactly(length)?, String::new()))),
            Some(Err(_)) => Err(io::Error::other("Content-Length is not a number")),
            None => Ok(None),
        }
    }

    /// Reads so many bytes.
    pub fn exactly(&mut self, length: usize) -> io::Result<Vec<u8>> {
        while self.ahead.len() < length {
            self.more()?;
        }
        Ok(self.ahead.drain(..length).collect())
    }

    /// Reads until the other side closes. A reset counts as an end too.
    pub fn rest(&mut self) -> io::Result<Vec<u8>> {
        loop {
            match self.more() {
                Ok(()) => {}
                Err(error)
                    if matches!(error.kind(), ErrorKind::UnexpectedEof | ErrorKind::ConnectionReset) =>
                {
                    return Ok(std::mem::take(&mut self.ahead));
                }
                Err(error) => return Err(error),
            }
        }
    }

    /// Ends our direction; the other side may still send.
    pub fn half_close(&mut self) -> io::Result<()> {
        self.stream.shutdown(Shutdown::Write)
    }

    /// Ends the connection with a reset.
    pub fn reset(self) {
        socket2::SockRef::from(&self.stream).set_linger(Some(Duration::ZERO)).expect("TCP has it");
    }

    /// The connection itself, for what is not here.
    pub fn stream(&self) -> &TcpStream {
        &self.stream
    }

    fn chunks(&mut self) -> io::Result<(Vec<u8>, String)> {
        let mut body = Vec::new();
        loop {
            let line = self.up_to(b"\r\n")?;
            let line = String::from_utf8_lossy(&line).into_owned();
            let size = line.split(';').next().unwrap_or_default().trim();
            let size =
                usize::from_str_radix(size, 16).map_err(|_| io::Error::other(format!("chunk {line:?}")))?;
            if size == 0 {
                return Ok((body, self.trailers()?));
            }
            body.extend(self.exactly(size)?);
            self.up_to(b"\r\n")?;
        }
    }

    fn trailers(&mut self) -> io::Result<String> {
        let mut trailers = String::new();
        loop {
            let line = self.up_to(b"\r\n")?;
            if line.is_empty() {
                return Ok(trailers);
            }
            trailers.push_str(&String::from_utf8_lossy(&line));
            trailers.push('\n');
        }
    }

    fn up_to(&mut self, end: &[u8]) -> io::Result<Vec<u8>> {
        loop {
            if let Some(place) = self.ahead.windows(end.len()).position(|window| window == end) {
                let found = self.ahead.drain(..place).collect();
                self.ahead.drain(..end.len());
                return Ok(found);
            }
            self.more()?;
        }
    }

    fn more(&mut self) -> io::Result<()> {
        let mut buffer = [0; 16384];
        match self.stream.read(&mut buffer)? {
            0 => Err(ErrorKind::UnexpectedEof.into()),
            read => {
                self.ahead.extend_from_slice(&buffer[..read]);
                if let Some(tally) = &self.tally {
                    tally.add(read);
                }
                Ok(())
            }
        }
    }
}
