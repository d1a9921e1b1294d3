//! One look of a module at a message: what it is lent, what it is called with, what it says.

use std::task::{Context, Poll};

use portero_api::{Close, Direction, Held, Moment, Pass, Reply};

use super::Side;
use crate::context::{self, Stream};
use crate::hooks::callout;
use crate::vm::{Failure, Http, Vm};

/// One look at a message.
pub(super) struct Turn<'a, 'cx> {
    pub(super) cx: &'a Context<'cx>,
    pub(super) stream: u32,
    pub(super) moment: Moment,
    pub(super) direction: Direction,
    /// How many fields the head has, where it is to be shown.
    pub(super) fields: u32,
    pub(super) side: &'a mut Side,
    pub(super) held: &'a mut Held,
    /// Something of the body has come that the module has not seen.
    pub(super) news: bool,
}

/// What a callback means for the message.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Said {
    Continue,
    /// It waits, and the body is shown all the same.
    Pause,
    /// It waits with all behind it.
    PauseAll,
    /// What was shown of the body is thrown away.
    Drop,
}

impl Turn<'_, '_> {
    /// Shows the module what there is, and says what the message does now.
    ///
    /// # Errors
    ///
    /// The module failed; what it was lent is back.
    pub(super) fn take(&mut self, vm: &mut Vm) -> Result<Poll<Pass>, Failure> {
        let said = match self.lend(vm) {
            true => callout::tell_all(vm, self.stream).and_then(|()| self.show(vm)),
            false => self.show(vm),
        };
        let Some(open) = vm.guest().streams.get_mut(self.stream) else {
            return said.map(|_| Poll::Ready(Pass::Fail));
        };
        self.take_back(open);
        let said = said?;
        Ok(match () {
            () if open.reply.is_some() || open.closed => Poll::Ready(ending(open)),
            () if self.goes_on(open, said) => Poll::Ready(Pass::Continue),
            () => self.wait(vm, said),
        })
    }

    /// Puts what is there of the body where host functions find it; true when answers have come meanwhile.
    fn lend(&mut self, vm: &mut Vm) -> bool {
        let Some(stream) = vm.guest().streams.get_mut(self.stream) else { return false };
        stream.forget_waker();
        let has_answers = !stream.inbox.is_empty();
        let side = stream.side(self.direction);
        side.resumed = false;
        if !self.side.body.is_empty() {
            std::mem::swap(&mut side.body, &mut self.side.body);
            side.body.append(&mut self.held.data);
        } else if !self.held.data.is_empty() {
            std::mem::swap(&mut side.body, &mut self.held.data);
        }
        if matches!(self.moment, Moment::End(_)) {
            std::mem::swap(&mut side.trailers, &mut self.held.trailers);
        }
        has_answers
    }

    /// Calls the guest with what it has not seen.
    fn show(&mut self, vm: &mut Vm) -> Result<Option<Said>, Failure> {
        match self.moment {
            Moment::Head(_, empty) if !self.side.head => {
                self.side.head = true;
                self.head(vm, empty).map(Some)
            }
            Moment::Body(_) | Moment::Tunnel(_) if self.news => self.body(vm).map(Some),
            Moment::End(_) if !self.side.trailers => {
                self.side.trailers = true;
                self.trailers(vm).map(Some)
            }
            _ => Ok(None),
        }
    }

    fn head(&mut self, vm: &mut Vm, empty: bool) -> Result<Said, Failure> {
        self.side.ended = empty;
        let calls = vm.calls.clone();
        let Http { headers, body, .. } = calls.http(self.direction);
        let Some(function) = headers else { return Ok(Said::Continue) };
        let response = self.direction == Direction::Response;
        let name = if response { "proxy_on_response_headers" } else { "proxy_on_request_headers" };
        Ok(match function.call(vm, name, self.stream, self.fields, empty)? {
            // 2 would end the message behind its head, which Envoy does not do any more either
            0 | 2 => Said::Continue,
            // `Pause` behind a head may hold the head alone
            1 if body.is_some() && !empty && vm.plan().load.allow_on_headers_stop_iteration => Said::Pause,
            _ => Said::PauseAll,
        })
    }

    fn body(&mut self, vm: &mut Vm) -> Result<Said, Failure> {
        let calls = vm.calls.clone();
        let Some(function) = &calls.http(self.direction).body else { return Ok(Said::Continue) };
        let size = self.lent(vm).map_or(0, |side| side.body.len());
        // trailers are the end, where there are any
        let ended = self.held.ended && self.held.trailers.is_empty();
        self.side.ended = self.held.ended;
        let name = match self.direction {
            Direction::Request => "proxy_on_request_body",
            Direction::Response => "proxy_on_response_body",
        };
        let params = (self.stream, size as u32, u32::from(ended));
        let action = vm.call(name, self.stream, Some(function), params)?;
        Ok(match action.unwrap_or_default() {
            0 => Said::Continue,
            1 | 2 => Said::Pause,
            _ => Said::Drop,
        })
    }

    #[cold]
    fn trailers(&mut self, vm: &mut Vm) -> Result<Said, Failure> {
        let fields = self.lent(vm).map_or(0, |side| side.trailers.len());
        let calls = vm.calls.clone();
        let function = calls.http(self.direction).trailers.as_ref().filter(|_| fields > 0);
        let name = match self.direction {
            Direction::Request => "proxy_on_request_trailers",
            Direction::Response => "proxy_on_response_trailers",
        };
        let params = (self.stream, fields as u32);
        let action = vm.call(name, self.stream, function, params)?;
        Ok(if action.unwrap_or_default() == 0 { Said::Continue } else { Said::PauseAll })
    }

    fn lent<'v>(&self, vm: &'v mut Vm) -> Option<&'v mut context::Side> {
        vm.guest().streams.get_mut(self.stream).map(|open| open.side(self.direction))
    }

    /// Takes the body back from where host functions found it.
    fn take_back(&mut self, open: &mut Stream) {
        let side = open.side(self.direction);
        if !side.body.is_empty() {
            std::mem::swap(&mut self.side.body, &mut side.body);
        }
        if matches!(self.moment, Moment::End(_)) {
            std::mem::swap(&mut self.held.trailers, &mut side.trailers);
        }
    }

    /// Notes what the module has said; true when the message goes on now.
    fn goes_on(&mut self, open: &mut Stream, said: Option<Said>) -> bool {
        let side = open.side(self.direction);
        match said {
            Some(Said::Continue) => side.paused = false,
            Some(Said::Pause | Said::PauseAll) => side.paused = true,
            Some(Said::Drop) => {
                self.side.body.clear();
                side.paused = true;
            }
            None => {}
        }
        side.paused &= !side.resumed;
        self.side.waits = side.paused;
        if !side.paused {
            self.release();
        }
        !side.paused
    }

    /// Lets what was held up of the body pass.
    fn release(&mut self) {
        if matches!(self.moment, Moment::Body(_) | Moment::Tunnel(_)) {
            std::mem::swap(&mut self.held.data, &mut self.side.body);
            self.held.pass = usize::MAX;
        }
    }

    /// What the message does while it is held up.
    #[cold]
    fn wait(&mut self, vm: &mut Vm, said: Option<Said>) -> Poll<Pass> {
        let limit = vm.plan().load.max_body;
        if let Some(open) = vm.guest().streams.get_mut(self.stream) {
            open.wait(self.cx.waker());
        }
        match self.moment {
            Moment::Head(..) if said == Some(Said::Pause) => Poll::Ready(Pass::Hold),
            Moment::Body(_) | Moment::Tunnel(_) if self.side.body.len() > limit => {
                Poll::Ready(too_large(self.direction))
            }
            Moment::Body(_) | Moment::Tunnel(_) => {
                self.held.pass = 0;
                Poll::Ready(Pass::Continue)
            }
            _ => Poll::Pending,
        }
    }
}

/// How the exchange ends when the guest has said so.
#[cold]
fn ending(open: &mut Stream) -> Pass {
    open.reply.take().map_or(Pass::Close(Close::Reject), Pass::Reply)
}

/// A body that is larger than the plugin may hold up.
fn too_large(direction: Direction) -> Pass {
    Pass::Reply(Reply::Status(if direction == Direction::Request { 413 } else { 502 }))
}
