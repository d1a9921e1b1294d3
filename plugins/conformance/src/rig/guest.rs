//! A client to speak with: what it sends is known, what it hears is kept, and it may be as slow as clients are.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::task::{Context, Poll, Wake, Waker};

use bytes::Bytes;
use portero_api::{Answer, Client, Exchange, Message, Work};

/// A client whose request has this body.
#[derive(Debug, Default)]
pub struct Guest {
    body: Vec<u8>,
    manner: Manner,
    /// True when the last call for it was left pending.
    pending: bool,
    /// The rules have seen the head.
    judged: bool,
    /// The head of the response.
    pub head: Option<Message>,
    /// Its body.
    pub heard: Vec<u8>,
}

/// How a guest behaves.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Manner {
    /// Everything at once.
    #[default]
    Prompt,
    /// A byte at a time, and a wait before each.
    Slow,
    /// It has left: nothing can be read or written any more.
    Gone,
}

impl Guest {
    /// A guest that sends this body.
    pub fn new(body: &[u8], manner: Manner) -> Guest {
        Guest { body: body.into(), manner, ..Guest::default() }
    }

    /// Whether a slow guest lets it wait this time: every other time.
    fn waits(&mut self, cx: &Context<'_>) -> bool {
        self.pending = self.manner == Manner::Slow && !self.pending;
        if self.pending {
            cx.waker().wake_by_ref();
        }
        self.pending
    }

    fn piece(&self, most: usize) -> usize {
        if self.manner == Manner::Slow { 1 } else { most }
    }

    fn check(&self) -> io::Result<()> {
        match self.manner {
            Manner::Gone => Err(io::ErrorKind::ConnectionReset.into()),
            Manner::Prompt | Manner::Slow => Ok(()),
        }
    }

    /// As on the road: what follows a head waits until the rules have seen it.
    fn is_judged(&mut self, cx: &Context<'_>) -> bool {
        let judged = std::mem::replace(&mut self.judged, true);
        if !judged {
            cx.waker().wake_by_ref();
        }
        judged
    }
}

impl Client for Guest {
    fn poll_more(&mut self, cx: &mut Context<'_>, exchange: &mut Exchange) -> Poll<io::Result<bool>> {
        self.check()?;
        if self.waits(cx) {
            return Poll::Pending;
        }
        let n = self.piece(self.body.len()).min(self.body.len());
        exchange.payload.data.extend(self.body.drain(..n));
        exchange.payload.complete = self.body.is_empty();
        Poll::Ready(Ok(n > 0))
    }

    fn poll_read(
        &mut self,
        cx: &mut Context<'_>,
        exchange: &mut Exchange,
        most: usize,
    ) -> Poll<io::Result<Option<Bytes>>> {
        self.check()?;
        if self.waits(cx) {
            return Poll::Pending;
        }
        let waiting = &mut exchange.payload.data;
        let from = if waiting.is_empty() { &mut self.body } else { waiting };
        let n = if self.manner == Manner::Slow { 1 } else { most.max(1) }.min(from.len());
        let bytes: Vec<u8> = from.drain(..n).collect();
        Poll::Ready(Ok((n > 0).then(|| bytes.into())))
    }

    fn begin(&mut self, _: &mut Exchange, head: Message) -> io::Result<()> {
        self.check()?;
        if self.head.is_some() {
            return Err(io::Error::new(io::ErrorKind::Unsupported, "the response was begun before"));
        }
        self.head = Some(head);
        Ok(())
    }

    fn poll_write(
        &mut self,
        cx: &mut Context<'_>,
        _: &mut Exchange,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.check()?;
        if self.head.is_some() && !self.is_judged(cx) || self.waits(cx) {
            return Poll::Pending;
        }
        let n = self.piece(bytes.len()).min(bytes.len());
        self.heard.extend_from_slice(&bytes[..n]);
        Poll::Ready(Ok(n))
    }

    fn poll_flush(&mut self, cx: &mut Context<'_>, _: &mut Exchange) -> Poll<io::Result<()>> {
        self.check()?;
        match self.head.is_some() && !self.is_judged(cx) || self.waits(cx) {
            true => Poll::Pending,
            false => Poll::Ready(Ok(())),
        }
    }
}

/// Counts the wakes.
#[derive(Debug, Default)]
struct Wakes(AtomicUsize);

impl Wake for Wakes {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, Relaxed);
    }
}

/// Polls work until it ends, at most so often; none when it has not ended by then.
///
/// # Panics
///
/// When it is left pending, and nobody has been told to wake it.
pub fn work_through(
    work: &mut dyn Work,
    exchange: &mut Exchange,
    client: &mut dyn Client,
    polls: usize,
) -> Option<Answer> {
    let wakes = Arc::<Wakes>::default();
    let waker = Waker::from(wakes.clone());
    let alone = Arc::strong_count(&wakes);
    let mut cx = Context::from_waker(&waker);
    for _ in 0..polls {
        let before = wakes.0.load(Relaxed);
        if let Poll::Ready(answer) = work.poll(&mut cx, exchange, client) {
            return Some(answer);
        }
        let woken = wakes.0.load(Relaxed) > before;
        assert!(woken || Arc::strong_count(&wakes) > alone, "it waits, and nobody will wake it");
    }
    None
}
