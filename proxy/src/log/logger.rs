//! Loggers of proxies, and the sinks that they share on a worker.

use std::cell::RefCell;
use std::future::poll_fn;
use std::rc::{Rc, Weak};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering::Relaxed};
use std::task::Poll;
use std::time::Duration;

use portero_api::Common;
use tokio::sync::Notify;

use super::Level;
use super::clock::Clock;
use super::header::{Header, Identity};
use super::queue::Queue;
use crate::config::checked::{LogSink, LogTarget};

/// When a busy receiver is tried again.
const RETRY: Duration = Duration::from_millis(1);

/// The open sinks of a worker. Cheap to clone.
#[derive(Clone, Debug)]
pub struct LogSinks(Rc<Shared>);

#[derive(Debug)]
struct Shared {
    common: Arc<Common>,
    clock: RefCell<Clock>,
    /// Sinks live as long as a logger uses them: over a reload, those that stay keep their sockets.
    open: RefCell<Vec<Weak<RefCell<Queue>>>>,
    waiting: RefCell<Vec<Rc<RefCell<Queue>>>>,
    wake: Notify,
}

impl LogSinks {
    /// No sink yet. `common` holds what workers share: the rounds of `sample`.
    pub fn new(common: Arc<Common>) -> LogSinks {
        LogSinks(Rc::new(Shared {
            common,
            clock: RefCell::new(Clock::new()),
            open: RefCell::default(),
            waiting: RefCell::default(),
            wake: Notify::new(),
        }))
    }

    /// The logger of a proxy, by its name and its targets (`Log::targets`). Sinks that are open already are shared.
    pub fn logger(&self, proxy: &str, targets: &[LogTarget], identity: Identity<'_>) -> Logger {
        let target = |(i, target): (usize, &LogTarget)| Target {
            header: Header::new(target.header, target.facility, identity),
            queue: self.queue(&target.sink),
            max_len: target.max_len,
            level: target.level,
            min_level: target.min_level,
            sample: target.sample.clone().map(|(ranges, size)| Sample {
                ranges,
                size: size.max(1),
                next: self.0.common.get(&format!("log/{proxy}/{i}")),
            }),
        };
        Logger { sinks: self.clone(), targets: targets.iter().enumerate().map(target).collect() }
    }

    /// Sends what is gathered, as far as the receivers take it.
    pub fn flush(&self) {
        self.0.waiting.borrow_mut().retain(|queue| !queue.borrow_mut().flush());
    }

    /// Sends what is gathered at the end of each turn of the event loop, for ever.
    pub async fn run(&self) {
        loop {
            self.0.wake.notified().await;
            // the tasks that are ready run first, and what they log goes out with the same call
            behind_ready_tasks().await;
            self.flush();
            while !self.0.waiting.borrow().is_empty() {
                tokio::time::sleep(RETRY).await;
                self.flush();
            }
        }
    }

    fn queue(&self, sink: &LogSink) -> Rc<RefCell<Queue>> {
        let mut open = self.0.open.borrow_mut();
        open.retain(|queue| queue.strong_count() > 0);
        if let Some(queue) = open.iter().filter_map(Weak::upgrade).find(|q| q.borrow().sink() == sink) {
            return queue;
        }
        let queue = Rc::new(RefCell::new(Queue::new(sink.clone())));
        open.push(Rc::downgrade(&queue));
        queue
    }

    fn note_waiting(&self, queue: &Rc<RefCell<Queue>>) {
        let mut waiting = self.0.waiting.borrow_mut();
        if waiting.is_empty() {
            self.0.wake.notify_one();
        }
        if !waiting.iter().any(|other| Rc::ptr_eq(other, queue)) {
            waiting.push(queue.clone());
        }
    }
}

/// Goes to the end of the line of tasks that are ready. What tokio has for that asks the system for events as well: a call for
/// each turn, and a line that comes late.
async fn behind_ready_tasks() {
    let mut first = true;
    poll_fn(|cx| match std::mem::take(&mut first) {
        true => {
            cx.waker().wake_by_ref();
            Poll::Pending
        }
        false => Poll::Ready(()),
    })
    .await;
}

/// The `log` lines of one proxy on one worker. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Logger {
    sinks: LogSinks,
    targets: Rc<[Target]>,
}

#[derive(Debug)]
struct Target {
    header: Header,
    queue: Rc<RefCell<Queue>>,
    max_len: usize,
    level: u8,
    min_level: u8,
    sample: Option<Sample>,
}

impl Logger {
    /// True when no line goes anywhere: then none needs to be made.
    pub fn is_empty(&self) -> bool {
        self.targets.is_empty()
    }

    /// Sends a line, without header and end of line, to every target that takes its level.
    pub fn send(&self, level: Level, line: &[u8]) {
        if self.targets.is_empty() {
            return;
        }
        let mut clock = self.sinks.0.clock.borrow_mut();
        clock.read();
        for target in self.targets.iter() {
            if level as u8 > target.level || target.sample.as_ref().is_some_and(|s| !s.takes_next()) {
                continue;
            }
            let level = (level as u8).max(target.min_level);
            target.queue.borrow_mut().push(target.max_len, |into| {
                target.header.write(level, &clock, into);
                into.extend_from_slice(line);
            });
            self.sinks.note_waiting(&target.queue);
        }
    }
}

/// `sample`: which lines of each round are sent. All workers count in the same round.
#[derive(Debug)]
struct Sample {
    /// Places from 1, both ends included.
    ranges: Vec<(u32, u32)>,
    size: u32,
    next: Arc<AtomicU32>,
}

impl Sample {
    fn takes_next(&self) -> bool {
        let step = |place: u32| Some((place + 1) % self.size);
        let place = self.next.fetch_update(Relaxed, Relaxed, step).unwrap_or(0) % self.size + 1;
        self.ranges.iter().any(|&(from, to)| (from..=to).contains(&place))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::checked::LogHeader;
    use std::net::UdpSocket;

    const IDENTITY: Identity<'_> = Identity { tag: "portero", hostname: None };

    fn server() -> (UdpSocket, LogTarget) {
        let server = UdpSocket::bind("127.0.0.1:0").unwrap();
        server.set_read_timeout(Some(Duration::from_secs(5))).unwrap();
        let target = LogTarget {
            sink: LogSink::Udp(server.local_addr().unwrap()),
            max_len: 1024,
            header: LogHeader::Priority,
            sample: None,
            facility: 3,
            level: 7,
            min_level: 0,
        };
        (server, target)
    }

    fn receive(server: &UdpSocket) -> String {
        let mut buffer = [0; 2048];
        let n = server.recv(&mut buffer).unwrap();
        String::from_utf8(buffer[..n].to_vec()).unwrap()
    }

    #[test]
    fn levels_are_filtered_and_capped() {
        let (server, target) = server();
        let target = LogTarget { level: Level::Notice as u8, min_level: Level::Alert as u8, ..target };
        let sinks = LogSinks::new(Arc::default());
        let logger = sinks.logger("web", &[target], IDENTITY);
        logger.send(Level::Info, b"not sent");
        logger.send(Level::Notice, b"sent");
        logger.send(Level::Emergency, b"capped");
        sinks.flush();
        assert_eq!(receive(&server), "<29>sent\n");
        assert_eq!(receive(&server), "<25>capped\n");
    }

    #[test]
    fn a_round_of_samples_goes_on_over_workers() {
        let (server, target) = server();
        let target = LogTarget { sample: Some((vec![(2, 3)], 3)), ..target };
        let common: Arc<Common> = Arc::default();
        let workers = [LogSinks::new(common.clone()), LogSinks::new(common)];
        let loggers = workers.each_ref().map(|w| w.logger("web", std::slice::from_ref(&target), IDENTITY));
        for i in 0..6 {
            loggers[i % 2].send(Level::Info, format!("{}", i + 1).as_bytes());
            workers[i % 2].flush();
        }
        let received: Vec<_> = (0..4).map(|_| receive(&server)).collect();
        assert_eq!(received, ["<30>2\n", "<30>3\n", "<30>5\n", "<30>6\n"]);
    }

    #[test]
    fn loggers_with_the_same_target_share_a_socket_and_its_order() {
        let (server, target) = server();
        let sinks = LogSinks::new(Arc::default());
        let a = sinks.logger("a", std::slice::from_ref(&target), IDENTITY);
        let b = sinks.logger("b", &[target], IDENTITY);
        a.send(Level::Info, b"1");
        b.send(Level::Info, b"2");
        a.send(Level::Info, b"3");
        sinks.flush();
        assert_eq!([receive(&server), receive(&server), receive(&server)], ["<30>1\n", "<30>2\n", "<30>3\n"]);
    }

    #[tokio::test(flavor = "current_thread")]
    async fn lines_go_out_at_the_end_of_the_turn_by_themselves() {
        let (server, target) = server();
        let local = tokio::task::LocalSet::new();
        let sent = local.run_until(async {
            let sinks = LogSinks::new(Arc::default());
            let runner = sinks.clone();
            tokio::task::spawn_local(async move { runner.run().await });
            sinks.logger("web", &[target], IDENTITY).send(Level::Info, b"x");
            server.set_nonblocking(true).unwrap();
            let server = tokio::net::UdpSocket::from_std(server).unwrap();
            let mut buffer = [0; 64];
            let n = tokio::time::timeout(Duration::from_secs(5), server.recv(&mut buffer)).await;
            String::from_utf8(buffer[..n.unwrap().unwrap()].to_vec()).unwrap()
        });
        assert_eq!(sent.await, "<30>x\n");
    }
}
