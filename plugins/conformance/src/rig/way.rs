//! The way of one direction through one filter, as the road walks it.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, Wake, Waker};

use portero_api::{Direction, Exchange, Filtering, Framing, Held, Interest, Moment, Pass};

/// A direction of an exchange, and the filter that it passes.
pub struct Way<'a> {
    filter: &'a mut dyn Filtering,
    direction: Direction,
    held: Held,
    bell: Arc<Bell>,
    /// Lets time go by, when nobody was woken.
    idle: &'a dyn Fn(),
    /// What has passed.
    passed: Vec<u8>,
}

#[derive(Default)]
struct Bell(AtomicBool);

impl Wake for Bell {
    fn wake(self: Arc<Self>) {
        self.0.store(true, Ordering::SeqCst);
    }
}

/// Turns after which a filter that asks for ever more is given up.
const TURNS: usize = 10_000;

impl<'a> Way<'a> {
    /// The way of a direction.
    pub fn new(filter: &'a mut dyn Filtering, direction: Direction) -> Way<'a> {
        let (held, bell, passed) = (Held::default(), Arc::default(), Vec::new());
        Way { filter, direction, held, bell, idle: &|| {}, passed }
    }

    /// The same with time that goes by when nobody was woken.
    pub fn with_time(mut self, idle: &'a dyn Fn()) -> Way<'a> {
        self.idle = idle;
        self
    }

    /// A whole message with a body that comes in pieces of so many bytes; what has passed.
    ///
    /// # Errors
    /// The pass that ends the message.
    pub fn whole(&mut self, exchange: &mut Exchange, body: &[u8], cut: usize) -> Result<Vec<u8>, Pass> {
        let direction = self.direction;
        self.filter.begin(direction, exchange);
        let framing = match direction {
            Direction::Request => exchange.request.framing,
            Direction::Response => exchange.response.framing,
        };
        self.moment(exchange, Moment::Head(direction, framing == Framing::None))?;
        let interest = self.filter.interest(direction);
        if interest == Interest::None {
            return Ok(body.to_vec());
        }
        for piece in body.chunks(cut) {
            self.held.data.extend_from_slice(piece);
            self.piece(exchange, Moment::Body(direction), interest)?;
        }
        self.held.ended = true;
        self.piece(exchange, Moment::Body(direction), interest)?;
        self.moment(exchange, Moment::End(direction))?;
        Ok(std::mem::take(&mut self.passed))
    }

    /// A piece of a session in TCP mode, and its end; what has passed.
    ///
    /// # Errors
    /// The pass that ends the session.
    pub fn tunnel(&mut self, exchange: &mut Exchange, bytes: &[u8]) -> Result<Vec<u8>, Pass> {
        self.filter.begin(self.direction, exchange);
        let interest = self.filter.interest(self.direction);
        if interest == Interest::None {
            return Ok(bytes.to_vec());
        }
        self.held = Held { ended: true, ..Held::new(bytes) };
        self.piece(exchange, Moment::Tunnel(self.direction), interest)?;
        Ok(std::mem::take(&mut self.passed))
    }

    /// Polls a moment once, with these bytes beside what is held.
    pub fn once(&mut self, exchange: &mut Exchange, moment: Moment, bytes: &[u8]) -> Poll<Pass> {
        self.held.data.extend_from_slice(bytes);
        self.poll(exchange, moment)
    }

    fn poll(&mut self, exchange: &mut Exchange, moment: Moment) -> Poll<Pass> {
        self.held.pass = usize::MAX;
        let waker = Waker::from(self.bell.clone());
        self.filter.poll(&mut Context::from_waker(&waker), moment, exchange, &mut self.held)
    }

    /// A head or an end, polled until it has passed.
    fn moment(&mut self, exchange: &mut Exchange, moment: Moment) -> Result<(), Pass> {
        for _ in 0..TURNS {
            match self.poll(exchange, moment) {
                Poll::Ready(Pass::Continue | Pass::Hold) => return Ok(()),
                Poll::Ready(end) => return Err(end),
                Poll::Pending => self.woken(moment),
            }
        }
        panic!("{moment:?} is pending for ever")
    }

    /// A piece of a body: polled until it asks for no further turn; at the end, until all has passed.
    fn piece(&mut self, exchange: &mut Exchange, moment: Moment, interest: Interest) -> Result<(), Pass> {
        for _ in 0..TURNS {
            let before = self.held.data.len();
            let polled = self.poll(exchange, moment);
            let fails = matches!(polled, Poll::Ready(Pass::Fail));
            let kept = fails || interest != Interest::Watch || self.held.data.len() == before;
            assert!(kept, "who only watches does not change the length");
            match polled {
                Poll::Ready(Pass::Continue | Pass::Hold) if self.held.pass > 0 => {
                    let passes = self.held.pass.min(self.held.data.len());
                    self.passed.extend(self.held.data.drain(..passes));
                    if self.held.data.is_empty() {
                        self.bell.0.store(false, Ordering::SeqCst);
                        return Ok(());
                    }
                }
                Poll::Ready(Pass::Continue | Pass::Hold) | Poll::Pending => {}
                Poll::Ready(end) => return Err(end),
            }
            let rung = self.is_rung();
            match self.held.ended {
                false if !rung => return Ok(()),
                true => assert!(rung, "{moment:?} holds bytes behind the end and asks for no further turn"),
                false => {}
            }
        }
        panic!("{moment:?} never passes")
    }

    fn woken(&self, moment: Moment) {
        assert!(self.is_rung(), "{moment:?} is pending and nobody was told to wake it");
    }

    fn is_rung(&self) -> bool {
        if !self.bell.0.load(Ordering::SeqCst) {
            (self.idle)();
        }
        self.bell.0.swap(false, Ordering::SeqCst)
    }
}
