//! A hook that waits for its call-outs: it answers with `wait`, and the callback with the answer of a call-out says what the
//! hook would have said, waits on, or calls once more. A hook that has no call under way any more and says nothing has
//! answered with nothing.
//!
//! What it waits for is kept by a stream that the guest does not know of, for several may wait at once in the one root context.

#[cfg(test)]
mod tests;

use std::rc::Rc;
use std::task::{Context, Poll, Waker};

use super::ask::Said;
use super::callout;
use crate::guest::{Guest, ROOT};
use crate::items::Items;
use crate::scene::Scene;
use crate::seat::{Broken, Seat};
use crate::vm::{Failure, Vm};

/// A hook that waits.
pub(crate) struct Waiting {
    seat: Rc<Seat>,
    /// The instance that waits.
    generation: u64,
    place: Place,
}

/// Where an instance keeps what a hook waits for.
#[derive(Clone, Copy)]
pub(crate) struct Place {
    stream: u32,
    /// Call-outs that are not answered yet.
    calls: usize,
}

/// True for the answer `wait`.
fn is_wait(answer: &[u8]) -> bool {
    Items::new(answer).and_then(|mut items| items.next()) == Some(b"wait")
}

impl Place {
    /// A place for a hook that has answered so and made the calls of the outbox from `begun` on; none when it does not wait,
    /// or for nothing.
    pub(crate) fn of(guest: &mut Guest, answer: &[u8], begun: usize) -> Option<Place> {
        let calls = guest.outbox.len() - begun;
        if calls == 0 || !is_wait(answer) {
            return None;
        }
        let stream = guest.open();
        // answers are kept from now on, and not told at once
        guest.streams.get_mut(stream)?.wait(Waker::noop());
        own(guest, stream, begun);
        Some(Place { stream, calls })
    }

    /// Tells the guest of the answers that have come; none: it waits on.
    fn look(&mut self, vm: &mut Vm, cx: &Context<'_>) -> Result<Option<Said>, Failure> {
        let guest = vm.guest();
        let mut stream = guest.streams.take(self.stream).unwrap_or_default();
        let (answers, begun) = (std::mem::take(&mut stream.inbox), guest.outbox.len());
        guest.answer = None;
        // it may reply as a stream does
        guest.streams.put(ROOT, stream);
        self.calls -= answers.len();
        for answer in answers {
            callout::tell(vm, answer)?;
        }
        let guest = vm.guest();
        let mut stream = guest.streams.take(ROOT).unwrap_or_default();
        let answer = guest.answer.take().filter(|answer| !is_wait(answer));
        self.calls += guest.outbox.len() - begun;
        own(guest, self.stream, begun);
        if answer.is_some() || stream.reply.is_some() || stream.closed || self.calls == 0 {
            let answer = answer.unwrap_or_default();
            return Ok(Some(Said { answer, reply: stream.reply, closed: stream.closed, waits: None }));
        }
        stream.wait(cx.waker());
        guest.streams.put(self.stream, stream);
        Ok(None)
    }
}

/// The calls of the outbox from `begun` on are those of a stream.
fn own(guest: &mut Guest, stream: u32, begun: usize) {
    guest.outbox[begun..].iter_mut().for_each(|ask| ask.context = stream);
}

impl Waiting {
    /// A hook of the instance that is there.
    pub(super) fn new(seat: &Rc<Seat>, place: Place) -> Waiting {
        Waiting { seat: seat.clone(), generation: seat.generation(), place }
    }

    /// What it says once it does not wait any more, with the exchange of `scene` lent to its root context meanwhile.
    ///
    /// # Errors
    ///
    /// The module failed, which was logged, or is at work already.
    pub(super) fn poll(&mut self, cx: &Context<'_>, scene: Scene<'_>) -> Poll<Result<Said, Broken>> {
        let lent = scene.context();
        let place = &mut self.place;
        let looked = self.seat.enter(Some(self.generation), lent, scene, |vm| place.look(vm, cx));
        match looked {
            Ok(None) => Poll::Pending,
            Ok(Some(said)) => Poll::Ready(Ok(said)),
            Err(broken) => Poll::Ready(Err(broken)),
        }
    }
}

/// Whoever waited has left: answers that are still to come are told without an exchange.
impl Drop for Waiting {
    fn drop(&mut self) {
        let stream = self.place.stream;
        // an instance that is gone has lost its streams
        let _ = self.seat.enter(Some(self.generation), 0, Scene::Alone, |vm| {
            vm.guest().streams.end(stream);
            Ok(())
        });
    }
}
