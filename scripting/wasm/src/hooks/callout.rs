//! Call-outs: `proxy_http_call`, from the guest's wish to the callback with the answer.
//!
//! A call belongs to the root context, as in Envoy: its answer comes to that, whatever has become of the stream that wanted
//! it. While that stream waits, its exchange is lent to it meanwhile.

#[cfg(test)]
mod tests;

use std::future::poll_fn;
use std::rc::Rc;
use std::task::Poll;

use portero_api::{Headers, HttpFail, HttpTold, LocalFuture};

use crate::abi::Status;
use crate::context::Answer;
use crate::guest::{Ask, ROOT, Told};
use crate::scene::Scene;
use crate::seat::Seat;
use crate::vm::{Failure, Vm};

/// Why there is no answer, as `proxy_get_status` says it.
pub(crate) type Missing = &'static str;

/// Sends a request beside the traffic.
pub(crate) fn begin(seat: &Rc<Seat>, ask: Ask) {
    // while the configuration is checked nothing is sent
    let Some(here) = &seat.here else { return };
    let (seat, generation) = (seat.clone(), seat.generation());
    let Ask { token, context, request, timeout } = ask;
    let call = request.map(|request| here.host.call(request));
    let over = here.host.sleep(timeout);
    here.host.spawn(Box::pin(async move {
        let told = match call {
            Some(call) => told(first(call, over).await, seat.plan.load.max_body),
            None => Err("no server"),
        };
        deliver(&seat, generation, context, Answer { token, told });
    }));
}

/// The answer, unless the time is over first: that of the client holds for each step by itself.
async fn first(
    mut call: LocalFuture<'static, Result<HttpTold, HttpFail>>,
    mut over: LocalFuture<'static, ()>,
) -> Result<HttpTold, HttpFail> {
    poll_fn(|cx| match call.as_mut().poll(cx) {
        Poll::Pending => over.as_mut().poll(cx).map(|()| Err(HttpFail::Timeout)),
        ready => ready,
    })
    .await
}

/// A stream that waits gets the answer when it is polled, with its exchange; any other one at once.
fn deliver(seat: &Rc<Seat>, generation: u64, context: u32, answer: Answer) {
    // where it fails the instance is gone, and its end was reported
    let _ = seat.enter(Some(generation), 0, Scene::Alone, |vm| {
        vm.guest().calls -= 1;
        match vm.guest().streams.get_mut(context) {
            Some(stream) if stream.is_waited_for() => {
                stream.inbox.push_back(answer);
                stream.wake();
                Ok(())
            }
            _ => tell(vm, answer),
        }
    });
}

/// Calls the guest with the answers that wait for a stream.
///
/// # Errors
///
/// As [`Vm::call`].
#[cold]
pub(crate) fn tell_all(vm: &mut Vm, stream: u32) -> Result<(), Failure> {
    while let Some(answer) = vm.guest().streams.get_mut(stream).and_then(|open| open.inbox.pop_front()) {
        tell(vm, answer)?;
    }
    Ok(())
}

/// Calls the guest with an answer.
///
/// # Errors
///
/// As [`Vm::call`].
pub(super) fn tell(vm: &mut Vm, answer: Answer) -> Result<(), Failure> {
    let (told, status) = match answer.told {
        Ok(told) => (told, (Status::Ok as u32, "")),
        Err(missing) => (Told::default(), (Status::BrokenConnection as u32, missing)),
    };
    let (headers, body, trailers) = (told.headers.len(), told.body.len(), told.trailers.len());
    let guest = vm.guest();
    (guest.told, guest.status) = (told, status);
    let function = vm.calls.http_call_response.clone();
    let params = (ROOT, answer.token, headers as u32, body as u32, trailers as u32);
    vm.call("proxy_on_http_call_response", ROOT, function.as_ref(), params)?;
    let guest = vm.guest();
    (guest.told, guest.status) = (Told::default(), (0, ""));
    Ok(())
}

/// What the guest sees of an answer.
fn told(answer: Result<HttpTold, HttpFail>, most: usize) -> Result<Told, Missing> {
    let told = answer.map_err(|fail| match fail {
        HttpFail::Bad(_) => "bad request",
        HttpFail::Connect(_) => "no connection",
        HttpFail::Timeout => "timeout",
        HttpFail::Response(_) => "reset",
    })?;
    if told.body.len() > most {
        return Err("too large");
    }
    let mut headers = Headers::new();
    headers.add(b":status", told.status.to_string().as_bytes());
    told.headers.iter().for_each(|(name, value)| headers.add(name, value));
    let mut trailers = Headers::new();
    told.trailers.iter().for_each(|(name, value)| trailers.add(name, value));
    Ok(Told { headers, trailers, body: told.body.to_vec() })
}
