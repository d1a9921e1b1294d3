//! One stream as host functions see it: what of its messages is lent, whether they wait, what was answered.

use std::collections::VecDeque;
use std::task::Waker;

use portero_api::{Direction, Headers, Reply};

use crate::abi::State;
use crate::guest::Told;
use crate::hooks::callout::Missing;

/// A stream: an exchange, or a session in TCP mode.
#[derive(Default)]
pub(crate) struct Stream {
    sides: [Side; 2],
    /// The reply that the guest has given (`proxy_send_local_response`), until the road takes it.
    pub(crate) reply: Option<Reply>,
    /// True when the guest ends the connection (`proxy_close_stream`).
    pub(crate) closed: bool,
    /// Answers of call-outs that wait for the exchange.
    pub(crate) inbox: VecDeque<Answer>,
    /// What the guest has set for others to see (`proxy_set_property`).
    pub(crate) properties: State,
    /// Woken when there is something for the road to do.
    waker: Option<Waker>,
    /// True when the stream is over and the guest is not done with it yet.
    pub(crate) lingers: bool,
}

/// One direction of a stream.
#[derive(Default)]
pub(crate) struct Side {
    /// What is lent, or held up, of the body.
    pub(crate) body: Vec<u8>,
    /// The trailers, while they are lent.
    pub(crate) trailers: Headers,
    /// True while the guest holds the message up.
    pub(crate) paused: bool,
    /// True when it has let the message go on during a call: that counts more than what the callback answers.
    pub(crate) resumed: bool,
}

/// The answer of a call-out.
pub(crate) struct Answer {
    pub(crate) token: u32,
    pub(crate) told: Result<Told, Missing>,
}

impl Stream {
    /// The same as a new one.
    pub(crate) fn clear(&mut self) {
        let Stream { sides, reply, closed, inbox, properties, waker, lingers } = self;
        sides.iter_mut().for_each(Side::clear);
        (*reply, *waker) = (None, None);
        (*closed, *lingers) = (false, false);
        (*inbox, *properties) = (VecDeque::new(), State::default());
    }

    /// One direction of it.
    pub(crate) fn side(&mut self, direction: Direction) -> &mut Side {
        &mut self.sides[usize::from(direction == Direction::Response)]
    }

    /// Lets a direction go on that the guest has held up.
    pub(crate) fn resume(&mut self, direction: Direction) {
        let side = self.side(direction);
        (side.paused, side.resumed) = (false, true);
        self.wake();
    }

    /// Notes who is to be woken.
    pub(crate) fn wait(&mut self, waker: &Waker) {
        self.waker = Some(waker.clone());
    }

    /// True when the road waits for it.
    pub(crate) fn is_waited_for(&self) -> bool {
        self.waker.is_some()
    }

    /// Nobody waits any more.
    pub(crate) fn forget_waker(&mut self) {
        self.waker = None;
    }

    /// Says to the road that there is something to do.
    pub(crate) fn wake(&mut self) {
        if let Some(waker) = &self.waker {
            waker.wake_by_ref();
        }
    }
}

impl Side {
    fn clear(&mut self) {
        let Side { body, trailers, paused, resumed } = self;
        (*body, *trailers) = (Vec::new(), Headers::new());
        (*paused, *resumed) = (false, false);
    }
}
