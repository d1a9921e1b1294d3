//! The connections behind the objects: they stay on their thread, where objects may be anywhere.

use std::cell::RefCell;
use std::collections::HashMap;
use std::fmt;
use std::future::{Future, poll_fn};
use std::io::{self, ErrorKind};
use std::pin::pin;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Weak};
use std::task::Poll;
use std::time::Duration;

use portero_api::{Address, Dial, Host, Target, Wire};

/// The most that one call reads.
pub(super) const MOST: usize = 64 * 1024 * 1024;

/// Bytes of one read, and of one write.
const STEP: usize = 16 * 1024;

/// What an object holds: its connection is closed with it.
pub(super) struct Handle {
    id: u64,
    alive: Arc<()>,
}

/// A connection, or what is to be one.
#[derive(Default)]
pub(super) struct Plug {
    wire: Option<Box<dyn Wire>>,
    /// What came and was not asked for yet.
    came: Vec<u8>,
    /// The longest wait for the peer.
    pub(super) timeout: Option<Duration>,
}

/// What is read.
#[derive(Clone, Copy, Debug)]
pub(super) enum Pattern {
    /// Up to the end of a line, which is not given.
    Line,
    /// Up to the end of the connection.
    All,
    /// So many bytes.
    Bytes(usize),
}

/// Why something was not done, in LuaSocket's words.
#[derive(Debug)]
pub(super) enum Fail {
    /// There is no connection, or no more.
    Closed,
    /// The time is over.
    Timeout,
    /// Something else.
    Other(String),
}

/// A slot of the thread: the object that it belongs to, and the connection while nobody waits with it.
type Slot = (Weak<()>, Option<Plug>);

thread_local! {
    static PLUGS: RefCell<HashMap<u64, Slot>> = RefCell::default();
}

impl Handle {
    /// A new one. Sockets whose objects another thread has thrown away are closed here.
    pub(super) fn new() -> Handle {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        let (id, alive) = (NEXT.fetch_add(1, Relaxed), Arc::new(()));
        PLUGS.with_borrow_mut(|plugs| {
            plugs.retain(|_, (object, _)| object.strong_count() > 0);
            plugs.insert(id, (Arc::downgrade(&alive), Some(Plug::default())));
        });
        Handle { id, alive }
    }

    /// Its number.
    pub(super) fn id(&self) -> u64 {
        self.id
    }
}

impl Drop for Handle {
    fn drop(&mut self) {
        // a thread that ends has closed everything already
        let _ = PLUGS.try_with(|plugs| plugs.try_borrow_mut().ok()?.remove(&self.id));
        let _ = &self.alive;
    }
}

/// Looks at a connection, or changes it; none when it is closed or somebody waits with it.
pub(super) fn change<T>(id: u64, change: impl FnOnce(&mut Plug) -> T) -> Option<T> {
    PLUGS.with_borrow_mut(|plugs| plugs.get_mut(&id)?.1.as_mut().map(change))
}

/// Closes a connection.
pub(super) fn close(id: u64) {
    drop(PLUGS.with_borrow_mut(|plugs| plugs.remove(&id)));
}

/// Waits with a connection, which nobody else can use meanwhile. Given up, the connection is closed.
pub(super) async fn used<T>(id: u64, with: impl AsyncFnOnce(&mut Plug) -> T) -> Result<T, Fail> {
    let mut taken = Taken::new(id)?;
    let done = with(&mut taken.plug).await;
    taken.is_done = true;
    Ok(done)
}

/// A connection that somebody waits with.
struct Taken {
    id: u64,
    plug: Plug,
    is_done: bool,
}

impl Taken {
    fn new(id: u64) -> Result<Taken, Fail> {
        let plug = PLUGS.with_borrow_mut(|plugs| match plugs.get_mut(&id) {
            None => Err(Fail::Closed),
            Some((_, plug)) => plug.take().ok_or_else(|| Fail::Other("another coroutine uses it".to_owned())),
        });
        Ok(Taken { id, plug: plug?, is_done: false })
    }
}

impl Drop for Taken {
    fn drop(&mut self) {
        let _ = PLUGS.try_with(|plugs| {
            let mut plugs = plugs.try_borrow_mut().ok()?;
            match self.is_done {
                true => plugs.get_mut(&self.id)?.1 = Some(std::mem::take(&mut self.plug)),
                false => drop(plugs.remove(&self.id)),
            }
            Some(())
        });
    }
}

impl Plug {
    /// Connects.
    pub(super) async fn connect(
        &mut self,
        dial: &dyn Dial,
        address: Address,
        timeout: Duration,
    ) -> Result<(), Fail> {
        if self.wire.is_some() {
            return Err(Fail::Other("already connected".to_owned()));
        }
        self.wire = Some(dial.connect(&Target { address, timeout }).await?);
        Ok(())
    }

    /// Sends bytes; `sent` says how many, even when it fails.
    pub(super) async fn send(&mut self, host: &dyn Host, bytes: &[u8], sent: &mut usize) -> Result<(), Fail> {
        let Some(wire) = &mut self.wire else { return Err(Fail::Closed) };
        for step in bytes.chunks(STEP) {
            within(host, self.timeout, wire.write_all(step)).await?;
            *sent += step.len();
        }
        Ok(())
    }

    /// Receives; what came, even when it fails.
    pub(super) async fn receive(&mut self, host: &dyn Host, pattern: Pattern) -> (Result<(), Fail>, Vec<u8>) {
        let mut seen = 0;
        loop {
            if let Some((length, behind)) = pattern.found(&self.came, seen) {
                let rest = self.came.split_off(behind);
                let mut found = std::mem::replace(&mut self.came, rest);
                found.truncate(length);
                return (Ok(()), pattern.given(found));
            }
            seen = self.came.len();
            let Err(fail) = self.read(host).await else { continue };
            let came = pattern.given(std::mem::take(&mut self.came));
            let is_end = matches!((pattern, &fail), (Pattern::All, Fail::Closed)) && !came.is_empty();
            return (if is_end { Ok(()) } else { Err(fail) }, came);
        }
    }

    async fn read(&mut self, host: &dyn Host) -> Result<(), Fail> {
        let Some(wire) = &mut self.wire else { return Err(Fail::Closed) };
        let had = self.came.len();
        if had >= MOST {
            return Err(Fail::Other(format!("more than {MOST} bytes")));
        }
        self.came.resize(had + STEP, 0);
        let read = within(host, self.timeout, wire.read(&mut self.came[had..])).await;
        self.came.truncate(had + read.as_ref().copied().unwrap_or(0));
        match read? {
            0 => Err(Fail::Closed),
            _ => Ok(()),
        }
    }

    /// The other end.
    pub(super) fn peer(&self) -> Option<Address> {
        self.wire.as_ref()?.peer()
    }

    /// This end.
    pub(super) fn local(&self) -> Option<Address> {
        self.wire.as_ref()?.local()
    }
}

impl Pattern {
    /// How much of it is the answer, and where the rest begins; none when there is not enough yet. `seen` bytes were
    /// looked at before.
    fn found(self, came: &[u8], seen: usize) -> Option<(usize, usize)> {
        match self {
            Pattern::Line => {
                let end = seen + came[seen..].iter().position(|&b| b == b'\n')?;
                Some((end, end + 1))
            }
            Pattern::Bytes(count) => (came.len() >= count).then_some((count, count)),
            Pattern::All => None,
        }
    }

    /// What the script gets: a line has no carriage returns, wherever they stood.
    fn given(self, mut bytes: Vec<u8>) -> Vec<u8> {
        if matches!(self, Pattern::Line) {
            bytes.retain(|&b| b != b'\r');
        }
        bytes
    }
}

impl fmt::Display for Fail {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Fail::Closed => "closed",
            Fail::Timeout => "timeout",
            Fail::Other(why) => why,
        })
    }
}

impl From<io::Error> for Fail {
    fn from(error: io::Error) -> Fail {
        match error.kind() {
            ErrorKind::TimedOut => Fail::Timeout,
            ErrorKind::ConnectionReset | ErrorKind::ConnectionAborted | ErrorKind::BrokenPipe => Fail::Closed,
            ErrorKind::ConnectionRefused => Fail::Other("connection refused".to_owned()),
            _ => Fail::Other(error.to_string()),
        }
    }
}

/// A step that takes no longer than a time.
async fn within<T>(
    host: &dyn Host,
    time: Option<Duration>,
    step: impl Future<Output = io::Result<T>>,
) -> Result<T, Fail> {
    let mut step = pin!(step);
    let mut limit = time.map(|time| host.sleep(time));
    poll_fn(|cx| {
        if let Poll::Ready(done) = step.as_mut().poll(cx) {
            return Poll::Ready(done.map_err(Fail::from));
        }
        match limit.as_mut().is_some_and(|limit| limit.as_mut().poll(cx).is_ready()) {
            true => Poll::Ready(Err(Fail::Timeout)),
            false => Poll::Pending,
        }
    })
    .await
}

#[cfg(test)]
mod tests {
    use std::future::pending;

    use portero_conformance::rig::now;

    use super::*;

    #[test]
    fn a_connection_is_for_one_at_a_time_and_closed_when_the_wait_is_given_up() {
        let handle = Handle::new();
        let mut waits = Box::pin(used(handle.id(), async |_| pending::<()>().await));
        assert!(now(waits.as_mut()).is_none());
        assert!(matches!(now(used(handle.id(), async |_| ())), Some(Err(Fail::Other(_)))));
        drop(waits);
        assert!(matches!(now(used(handle.id(), async |_| ())), Some(Err(Fail::Closed))));
    }

    #[test]
    fn a_socket_whose_object_went_away_elsewhere_is_closed_here() {
        let handle = Handle::new();
        let id = handle.id();
        std::thread::spawn(move || drop(handle)).join().expect("the thread ends");
        assert!(change(id, |_| ()).is_some(), "only its own thread can close it");
        let _next = Handle::new();
        assert!(change(id, |_| ()).is_none());
    }
}
