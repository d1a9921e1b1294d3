//! The queue in front of one sink: lines are gathered and sent together.

use std::io;
use std::time::{Duration, Instant};

use rustix::io::Errno;

use super::drops;
use super::lines::Lines;
use super::output::Output;
use crate::config::checked::LogSink;

/// Lines and bytes that are gathered before they are sent without waiting for the end of the turn.
const FULL_LINES: usize = 64;
const FULL_BYTES: usize = 64 * 1024;

/// Bytes that wait for a receiver that is busy, at the most; further lines are dropped.
const LIMIT: usize = 256 * 1024;

/// How long an absent sink is left alone.
const PAUSE: Duration = Duration::from_secs(1);

/// A sink with what waits for it.
#[derive(Debug)]
pub(super) struct Queue {
    sink: LogSink,
    output: Option<Output>,
    /// When the sink was last found absent.
    absent: Option<Instant>,
    lines: Lines,
}

impl Queue {
    /// A queue in front of a sink, which is opened at once: later a `chroot` may hide it.
    pub(super) fn new(sink: LogSink) -> Queue {
        let mut queue = Queue { sink, output: None, absent: None, lines: Lines::default() };
        let _ = queue.open();
        queue
    }

    /// Where it leads to.
    pub(super) fn sink(&self) -> &LogSink {
        &self.sink
    }

    /// Adds a line.
    pub(super) fn push(&mut self, max_len: usize, write: impl FnOnce(&mut Vec<u8>)) {
        if self.lines.bytes() >= LIMIT {
            return drops::note(1, &self.sink, &"the receiver is busy");
        }
        self.lines.push(max_len, write);
        if self.lines.len() >= FULL_LINES || self.lines.bytes() >= FULL_BYTES {
            self.flush();
        }
    }

    /// Sends what waits, and says whether all went. What the receiver has no room for waits on; what cannot be sent
    /// at all is dropped and counted.
    pub(super) fn flush(&mut self) -> bool {
        let mut refusals = 0;
        while !self.lines.is_empty() {
            let Some(output) = self.output.as_ref() else {
                if self.open() {
                    continue;
                }
                self.drop_all(&"the sink cannot be opened");
                break;
            };
            match output.send(&self.lines) {
                Ok(bytes) => self.lines.consume(bytes),
                Err(error) if is_busy(&error) => return false,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) if error.raw_os_error() == Some(Errno::MSGSIZE.raw_os_error()) => {
                    self.lines.consume(self.lines.bytes_of(1));
                    drops::note(1, &self.sink, &error);
                }
                // what an earlier datagram met with is told at the next; this one is sent when tried again
                Err(_) if refusals == 0 && matches!(self.sink, LogSink::Udp(_)) => refusals += 1,
                Err(_) if refusals <= 1 => {
                    refusals += 2;
                    self.output = None;
                    self.absent = None;
                }
                Err(error) => {
                    self.output = None;
                    self.absent = Some(Instant::now());
                    self.drop_all(&error);
                }
            }
        }
        true
    }

    fn open(&mut self) -> bool {
        if self.absent.is_some_and(|when| when.elapsed() < PAUSE) {
            return false;
        }
        self.output = Output::open(&self.sink).ok();
        self.absent = self.output.is_none().then(Instant::now);
        self.output.is_some()
    }

    fn drop_all(&mut self, why: &dyn std::fmt::Display) {
        drops::note(self.lines.len(), &self.sink, why);
        self.lines.clear();
    }
}

fn is_busy(error: &io::Error) -> bool {
    let no_buffers = Errno::NOBUFS.raw_os_error();
    error.kind() == io::ErrorKind::WouldBlock || error.raw_os_error() == Some(no_buffers)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::UdpSocket;
    use std::os::unix::net::UnixDatagram;

    fn temporary(name: &str) -> std::path::PathBuf {
        std::env::temp_dir().join(format!("portero-log-{}-{name}", std::process::id()))
    }

    fn push(queue: &mut Queue, text: &str) {
        queue.push(1024, |b| b.extend_from_slice(text.as_bytes()));
    }

    fn receive(socket: &UnixDatagram) -> String {
        socket.set_read_timeout(Some(Duration::from_secs(5))).unwrap();
        let mut buffer = [0; 2048];
        let n = socket.recv(&mut buffer).unwrap();
        String::from_utf8(buffer[..n].to_vec()).unwrap()
    }

    #[test]
    fn each_line_is_a_datagram() {
        let server = UdpSocket::bind("127.0.0.1:0").unwrap();
        server.set_read_timeout(Some(Duration::from_secs(5))).unwrap();
        let mut queue = Queue::new(LogSink::Udp(server.local_addr().unwrap()));
        (0..40).for_each(|i| push(&mut queue, &i.to_string()));
        assert!(queue.flush());
        for i in 0..40 {
            let mut buffer = [0; 64];
            let n = server.recv(&mut buffer).unwrap();
            assert_eq!(buffer[..n], *format!("{i}\n").as_bytes());
        }
    }

    #[test]
    fn lines_wait_for_a_busy_receiver_and_none_is_lost() {
        let path = temporary("busy");
        let server = UnixDatagram::bind(&path).unwrap();
        let mut queue = Queue::new(LogSink::Unix(path.clone()));
        let long = "x".repeat(1000);
        (0..FULL_LINES - 1).for_each(|_| push(&mut queue, &long));
        let mut received = 0;
        while !queue.flush() || received < FULL_LINES - 1 {
            assert_eq!(receive(&server).len(), 1001);
            received += 1;
        }
        assert_eq!(received, FULL_LINES - 1);
        std::fs::remove_file(path).unwrap();
    }

    #[test]
    fn a_receiver_that_came_back_under_its_name_is_found() {
        let path = temporary("back");
        let first = UnixDatagram::bind(&path).unwrap();
        let mut queue = Queue::new(LogSink::Unix(path.clone()));
        drop(first);
        std::fs::remove_file(&path).unwrap();
        let second = UnixDatagram::bind(&path).unwrap();
        push(&mut queue, "again");
        assert!(queue.flush());
        assert_eq!(receive(&second), "again\n");
        std::fs::remove_file(path).unwrap();
    }

    #[test]
    fn lines_for_an_absent_receiver_are_counted() {
        let mut queue = Queue::new(LogSink::Unix(temporary("absent")));
        let before = drops::dropped();
        push(&mut queue, "lost");
        assert!(queue.flush());
        assert!(drops::dropped() > before);
    }

    #[test]
    fn a_refused_datagram_does_not_lose_the_next_one() {
        let server = UdpSocket::bind("127.0.0.1:0").unwrap();
        let address = server.local_addr().unwrap();
        let mut queue = Queue::new(LogSink::Udp(address));
        drop(server);
        push(&mut queue, "refused");
        assert!(queue.flush());
        let server = UdpSocket::bind(address).unwrap();
        server.set_read_timeout(Some(Duration::from_secs(5))).unwrap();
        push(&mut queue, "heard");
        assert!(queue.flush());
        let mut buffer = [0; 64];
        let n = server.recv(&mut buffer).unwrap();
        assert_eq!(&buffer[..n], b"heard\n");
    }

    #[test]
    fn a_full_pipe_makes_lines_wait_and_cuts_none() {
        use std::io::{BufRead, BufReader};
        use std::os::fd::AsRawFd;
        let (reader, writer) = rustix::pipe::pipe().unwrap();
        let mut queue = Queue::new(LogSink::Descriptor(writer.as_raw_fd()));
        let mut pushed = 0;
        // a pipe holds 64 kB: some lines are left over
        while pushed < 100 || queue.flush() {
            push(&mut queue, &format!("{pushed} {}", "x".repeat(1000)));
            pushed += 1;
        }
        let mut reader = BufReader::new(std::fs::File::from(reader));
        for i in 0..pushed {
            queue.flush();
            let mut line = String::new();
            reader.read_line(&mut line).unwrap();
            assert_eq!(line, format!("{i} {}\n", "x".repeat(1000)));
        }
        assert!(queue.flush());
    }
}
