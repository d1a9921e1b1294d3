//! What an operator sends, and what is sent back, within `stats timeout`.

use std::cell::{Cell, RefCell};
use std::future::poll_fn;
use std::io::{self, IoSlice};
use std::rc::Rc;
use std::time::Duration;

use portero_api::{LocalFuture, Wire};

use crate::net::Stream;

/// Bytes of a line at the most.
const MAX_LINE: usize = 16 * 1024;

/// A connection, shared by the session and the command that it runs. The operator may have closed its side already.
pub(super) struct Talk {
    stream: Stream,
    /// The longest wait for the operator.
    limit: Duration,
    /// What came and was not looked at.
    input: RefCell<Vec<u8>>,
    /// The operator sends no more.
    ended: Cell<bool>,
}

impl Talk {
    pub(super) fn new(stream: Stream, limit: Duration) -> Rc<Talk> {
        Rc::new(Talk { stream, limit, input: RefCell::default(), ended: Cell::new(false) })
    }

    /// The next line without its end; none when there is none any more.
    pub(super) async fn line(&self) -> io::Result<Option<String>> {
        loop {
            if let Some(line) = self.line_of_input()? {
                return Ok(Some(line));
            }
            if self.ended.get() {
                let rest = self.input.take();
                return Ok((!rest.is_empty()).then(|| String::from_utf8_lossy(&rest).into_owned()));
            }
            self.fill().await?;
        }
    }

    fn line_of_input(&self) -> io::Result<Option<String>> {
        let mut input = self.input.borrow_mut();
        match input.iter().position(|&b| b == b'\n') {
            Some(end) => {
                let line: Vec<u8> = input.drain(..=end).collect();
                Ok(Some(String::from_utf8_lossy(&line[..end]).into_owned()))
            }
            None if input.len() > MAX_LINE => Err(io::ErrorKind::InvalidData.into()),
            None => Ok(None),
        }
    }

    /// Takes what is there, at most as much as there is room for; 0 at the end.
    async fn take(&self, room: &mut [u8]) -> io::Result<usize> {
        if self.input.borrow().is_empty() && !self.ended.get() && !room.is_empty() {
            self.fill().await?;
        }
        let mut input = self.input.borrow_mut();
        let most = room.len().min(input.len());
        room[..most].copy_from_slice(&input[..most]);
        input.drain(..most);
        Ok(most)
    }

    async fn fill(&self) -> io::Result<()> {
        let mut room = [0; 4096];
        let read = tokio::time::timeout(self.limit, poll_fn(|cx| self.stream.poll_read(cx, &mut room)));
        match read.await.map_err(|_| io::ErrorKind::TimedOut)?? {
            0 => self.ended.set(true),
            n => self.input.borrow_mut().extend_from_slice(&room[..n]),
        }
        Ok(())
    }

    pub(super) async fn write(&self, mut bytes: &[u8]) -> io::Result<()> {
        while !bytes.is_empty() {
            let write = poll_fn(|cx| self.stream.poll_write(cx, &[IoSlice::new(bytes)]));
            match tokio::time::timeout(self.limit, write).await.map_err(|_| io::ErrorKind::TimedOut)?? {
                0 => return Err(io::ErrorKind::WriteZero.into()),
                n => bytes = &bytes[n..],
            }
        }
        Ok(())
    }
}

/// The operator as a plugin's command has it.
pub(super) struct Operator(pub(super) Rc<Talk>);

impl Wire for Operator {
    fn read<'a>(&'a mut self, into: &'a mut [u8]) -> LocalFuture<'a, io::Result<usize>> {
        Box::pin(self.0.take(into))
    }

    fn write_all<'a>(&'a mut self, bytes: &'a [u8]) -> LocalFuture<'a, io::Result<()>> {
        Box::pin(self.0.write(bytes))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::UnixStream;

    #[tokio::test]
    async fn a_command_reads_on_behind_its_line_and_answers_one_who_sends_no_more() {
        let (ours, mut theirs) = UnixStream::pair().expect("there are sockets");
        theirs.write_all(b"show tokens\nbehind it").await.expect("there is room");
        theirs.shutdown().await.expect("it is open");
        let talk = Talk::new(Stream::Unix(ours), Duration::from_secs(10));
        assert_eq!(talk.line().await.expect("a line").as_deref(), Some("show tokens"));
        let mut operator = Operator(talk.clone());
        let mut room = [0; 6];
        assert_eq!(operator.read(&mut room).await.expect("more"), 6);
        assert_eq!(&room, b"behind");
        assert_eq!(operator.read(&mut room).await.expect("more"), 3);
        assert_eq!(operator.read(&mut room).await.expect("the end"), 0);
        operator.write_all(b"none\n").await.expect("there is room");
        drop((operator, talk));
        let mut answer = String::new();
        theirs.read_to_string(&mut answer).await.expect("the answer");
        assert_eq!(answer, "none\n");
    }
}
