//! The sessions with a server, as far as all of them can be made to end at once (`on-marked-down shutdown-sessions`).

use std::cell::{Cell, RefCell};
use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::task::{Poll, Waker};

use crate::health::Ended;

/// The sessions of one worker with one server.
#[derive(Debug, Default)]
pub struct Sessions {
    /// How often all had to end, and why that was the last time.
    ends: Cell<(u64, Ended)>,
    waiting: RefCell<Waiting>,
}

/// Who is woken when all must end. Each request has a place here while it waits for its server: one that was given
/// back is taken again, so that nothing is allocated.
#[derive(Debug, Default)]
struct Waiting {
    places: Vec<Option<Waker>>,
    free: Vec<usize>,
}

impl Sessions {
    /// Ends all sessions.
    pub fn end(&self, why: Ended) {
        self.ends.set((self.ends.get().0 + 1, why));
        self.waiting.borrow_mut().places.iter_mut().filter_map(Option::take).for_each(Waker::wake);
    }

    /// Works for a session until the work is done, or all sessions must end. The work is pinned by the caller: it is
    /// large, and would be moved else.
    pub async fn until_ended<T>(&self, mut work: Pin<&mut impl Future<Output = T>>) -> Result<T, Ended> {
        let (begun, _) = self.ends.get();
        let mut ear = Ear { sessions: self, place: None };
        poll_fn(|cx| {
            if let Poll::Ready(done) = work.as_mut().poll(cx) {
                return Poll::Ready(Ok(done));
            }
            let (now, why) = self.ends.get();
            if now != begun {
                return Poll::Ready(Err(why));
            }
            ear.listen(cx.waker());
            Poll::Pending
        })
        .await
    }
}

/// A session's place among those that wait.
struct Ear<'a> {
    sessions: &'a Sessions,
    place: Option<usize>,
}

impl Ear<'_> {
    fn listen(&mut self, waker: &Waker) {
        let Waiting { places, free } = &mut *self.sessions.waiting.borrow_mut();
        let place = *self.place.get_or_insert_with(|| {
            free.pop().unwrap_or_else(|| {
                places.push(None);
                places.len() - 1
            })
        });
        match &mut places[place] {
            Some(known) => known.clone_from(waker),
            none => *none = Some(waker.clone()),
        }
    }
}

impl Drop for Ear<'_> {
    fn drop(&mut self) {
        if let Some(place) = self.place {
            let mut waiting = self.sessions.waiting.borrow_mut();
            waiting.places[place] = None;
            waiting.free.push(place);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::future::pending;
    use std::pin::pin;
    use std::task::Context;

    #[test]
    fn all_sessions_end_at_once_and_later_ones_go_on() {
        let sessions = Sessions::default();
        let mut cx = Context::from_waker(Waker::noop());
        let (mut work, mut other) = (pin!(pending::<()>()), pin!(pending::<()>()));
        let mut first = pin!(sessions.until_ended(work.as_mut()));
        assert!(first.as_mut().poll(&mut cx).is_pending());
        sessions.end(Ended::Killed);
        let mut second = pin!(sessions.until_ended(other.as_mut()));
        assert!(second.as_mut().poll(&mut cx).is_pending());
        assert_eq!(first.as_mut().poll(&mut cx), Poll::Ready(Err(Ended::Killed)));
    }

    #[test]
    fn a_place_is_taken_again() {
        let sessions = Sessions::default();
        let mut cx = Context::from_waker(Waker::noop());
        for _ in 0..3 {
            let mut work = pin!(pending::<()>());
            assert!(pin!(sessions.until_ended(work.as_mut())).poll(&mut cx).is_pending());
        }
        assert_eq!(sessions.waiting.borrow().places.len(), 1);
    }
}
