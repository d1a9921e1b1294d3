//! Requests that wait for a place at a server of a backend, in the order they came unless rules gave them priorities,
//! whatever worker they are on.

use std::collections::VecDeque;
use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Waker};
use std::time::Instant;

use portero_api::{Priority, ProxyState, ServerState};

/// The queue of a backend, those of its servers included.
#[derive(Debug, Default)]
pub struct Queue {
    inner: Mutex<Inner>,
}

/// The order of those who wait: class, then arrival in milliseconds, moved by the offset.
type Rank = (i32, i64);

#[derive(Debug, Default)]
struct Inner {
    /// When the first one came: what arrivals are counted from.
    start: Option<Instant>,
    next: u64,
    waiting: VecDeque<Waiter>,
}

#[derive(Debug)]
struct Waiter {
    number: u64,
    rank: Rank,
    /// The server it must have (persistence), else any of the backend.
    server: Option<Arc<ServerState>>,
    waker: Option<Waker>,
    call: Option<Call>,
}

/// What a waiting request is told.
#[derive(Clone, Debug)]
pub enum Call {
    /// A place at this server is yours already.
    Place(Arc<ServerState>),
    /// Servers have changed: choose again.
    Again,
}

impl Queue {
    /// Gives a place at a server back: to the first who waits for it, else to nobody.
    pub fn leave(&self, backend: &ProxyState, server: &Arc<ServerState>) {
        if server.max_sessions() == 0 || (backend.queue.now() == 0 && server.queue.now() == 0) {
            server.leave();
            return;
        }
        let mut inner = self.lock();
        let fits = |w: &Waiter| w.call.is_none() && w.server.as_ref().is_none_or(|s| Arc::ptr_eq(s, server));
        let over = server.sessions.now() > server.max_sessions();
        match inner.waiting.iter_mut().find(|w| fits(w)) {
            Some(waiter) if server.usable() && !over => waiter.call(Call::Place(server.clone())),
            _ => server.leave(),
        }
    }

    /// Makes all who wait choose again: a server has come, gone or grown.
    pub fn call_all(&self) {
        let mut inner = self.lock();
        inner.waiting.iter_mut().filter(|w| w.call.is_none()).for_each(|w| w.call(Call::Again));
    }

    /// A place in the queue: behind all others, but for what the priority says.
    pub fn wait(
        self: &Arc<Self>,
        backend: &Arc<ProxyState>,
        server: Option<Arc<ServerState>>,
        priority: Priority,
    ) -> Ticket {
        let mut inner = self.lock();
        inner.next += 1;
        let number = inner.next;
        let rank = inner.rank(priority);
        let place = inner.waiting.partition_point(|waiter| waiter.rank <= rank);
        inner.waiting.insert(place, Waiter { number, rank, server: server.clone(), waker: None, call: None });
        inner.count(backend, server.as_ref());
        let ahead = place as u32;
        Ticket { queue: self.clone(), backend: backend.clone(), server, number, ahead }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(|e| e.into_inner())
    }
}

impl Inner {
    fn rank(&mut self, priority: Priority) -> Rank {
        let now = Instant::now();
        let start = *self.start.get_or_insert(now);
        let arrival = now.saturating_duration_since(start).as_millis() as i64;
        (priority.class, arrival + i64::from(priority.offset))
    }

    /// Tells the states how many wait.
    fn count(&self, backend: &ProxyState, server: Option<&Arc<ServerState>>) {
        let of_server = |s: &Arc<ServerState>| {
            self.waiting.iter().filter(|w| w.server.as_ref().is_some_and(|x| Arc::ptr_eq(x, s))).count()
        };
        match server {
            Some(server) => server.queue.set(of_server(server) as u32),
            None => backend.queue.set(self.waiting.iter().filter(|w| w.server.is_none()).count() as u32),
        }
    }
}

impl Waiter {
    fn call(&mut self, call: Call) {
        self.call = Some(call);
        if let Some(waker) = self.waker.take() {
            waker.wake();
        }
    }
}

/// A request's place in a queue. Dropping it leaves the queue; a place at a server that was won is given on.
#[derive(Debug)]
pub struct Ticket {
    queue: Arc<Queue>,
    backend: Arc<ProxyState>,
    server: Option<Arc<ServerState>>,
    number: u64,
    /// How many waited before it.
    pub ahead: u32,
}

impl Future for Ticket {
    type Output = Call;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Call> {
        let mut inner = self.queue.lock();
        let place = inner.waiting.iter().position(|w| w.number == self.number);
        let Some(place) = place else { return Poll::Ready(Call::Again) };
        if inner.waiting[place].call.is_none() {
            inner.waiting[place].waker = Some(cx.waker().clone());
            return Poll::Pending;
        }
        let waiter = inner.waiting.remove(place);
        inner.count(&self.backend, self.server.as_ref());
        match waiter.and_then(|w| w.call) {
            Some(call) => Poll::Ready(call),
            None => Poll::Ready(Call::Again),
        }
    }
}

impl Drop for Ticket {
    fn drop(&mut self) {
        let mut inner = self.queue.lock();
        let Some(place) = inner.waiting.iter().position(|w| w.number == self.number) else { return };
        let waiter = inner.waiting.remove(place);
        inner.count(&self.backend, self.server.as_ref());
        drop(inner);
        if let Some(Call::Place(server)) = waiter.and_then(|w| w.call) {
            self.queue.leave(&self.backend, &server);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use portero_api::{Address, Kind};

    fn full_server() -> (Arc<Queue>, Arc<ProxyState>, Arc<ServerState>) {
        let backend = Arc::new(ProxyState::new("b", 1, Kind::Backend, true));
        let server = Arc::new(ServerState::new(&backend, "s", 1, Address::Unresolved("x".into())));
        server.set_max_sessions(1);
        assert!(server.try_enter());
        (Arc::default(), backend, server)
    }

    fn poll(ticket: &mut Ticket) -> Poll<Call> {
        Pin::new(ticket).poll(&mut Context::from_waker(Waker::noop()))
    }

    #[test]
    fn the_first_in_the_queue_gets_the_place() {
        let (queue, backend, server) = full_server();
        let mut first = queue.wait(&backend, None, Priority::default());
        let mut second = queue.wait(&backend, None, Priority::default());
        assert_eq!((backend.queue.now(), second.ahead), (2, 1));
        assert!(poll(&mut first).is_pending());
        queue.leave(&backend, &server);
        assert!(matches!(poll(&mut first), Poll::Ready(Call::Place(_))));
        assert!(poll(&mut second).is_pending());
        assert_eq!((server.sessions.now(), backend.queue.now()), (1, 1));
    }

    #[test]
    fn a_lower_class_goes_first_and_within_one_the_offset_counts() {
        let (queue, backend, server) = full_server();
        let wait = |class, offset| queue.wait(&backend, None, Priority { class, offset });
        let mut tickets =
            [wait(0, 0), wait(0, 60_000), wait(0, -60_000), wait(5, -60_000), wait(-5, 60_000), wait(0, 0)];
        let mut order = Vec::new();
        for _ in 0..tickets.len() {
            queue.leave(&backend, &server);
            order.extend(
                (0..tickets.len()).find(|&i| !order.contains(&i) && poll(&mut tickets[i]).is_ready()),
            );
        }
        assert_eq!(order, [4, 2, 0, 5, 1, 3]);
    }

    #[test]
    fn a_place_won_by_who_has_left_goes_to_the_next() {
        let (queue, backend, server) = full_server();
        let first = queue.wait(&backend, None, Priority::default());
        let mut second = queue.wait(&backend, None, Priority::default());
        queue.leave(&backend, &server);
        drop(first);
        assert!(matches!(poll(&mut second), Poll::Ready(Call::Place(_))));
        drop(second);
        assert_eq!(server.sessions.now(), 1);
    }

    #[test]
    fn a_place_that_nobody_waits_for_is_free_again() {
        let (queue, backend, server) = full_server();
        queue.leave(&backend, &server);
        assert_eq!(server.sessions.now(), 0);
    }
}
