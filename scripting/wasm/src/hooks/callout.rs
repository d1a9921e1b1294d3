//! Call-outs: `proxy_http_call`, from the guest's wish to the callback with the answer.

use std::rc::Rc;

use portero_api::{Headers, HttpTold};

use crate::context::Answer;
use crate::guest::{Ask, ROOT, Told};
use crate::scene::Scene;
use crate::seat::Seat;
use crate::vm::{Failure, Vm};

/// Sends a request beside the traffic. A stream that waits gets the answer when it is polled, with its exchange; any other
/// context gets it at once.
pub(crate) fn begin(seat: &Rc<Seat>, ask: Ask) {
    // while the configuration is checked nothing is sent
    let Some(here) = &seat.here else { return };
    let (seat, generation) = (seat.clone(), seat.generation());
    let Ask { token, context, request } = ask;
    let call = here.host.call(request);
    here.host.spawn(Box::pin(async move {
        let answer = Answer { token, told: call.await.ok().map(told) };
        deliver(&seat, generation, context, answer);
    }));
}

fn deliver(seat: &Rc<Seat>, generation: u64, context: u32, answer: Answer) {
    // where it fails the instance is gone, and its end was reported
    let _ = seat.enter(Some(generation), 0, Scene::Alone, |vm| match vm.guest().streams.get_mut(&context) {
        Some(stream) if stream.is_waited_for() => {
            stream.inbox.push_back(answer);
            stream.wake();
            Ok(())
        }
        None if context != ROOT => Ok(()),
        _ => tell(vm, context, answer),
    });
}

/// Calls the guest with an answer.
///
/// # Errors
///
/// As [`Vm::call`].
pub(crate) fn tell(vm: &mut Vm, context: u32, answer: Answer) -> Result<(), Failure> {
    let told = answer.told.unwrap_or_default();
    let (headers, body, trailers) = (told.headers.len(), told.body.len(), told.trailers.len());
    vm.guest().told = told;
    let function = vm.calls.http_call_response.clone();
    let params = (context, answer.token, headers as u32, body as u32, trailers as u32);
    vm.call("proxy_on_http_call_response", context, function.as_ref(), params)?;
    vm.guest().told = Told::default();
    Ok(())
}

fn told(told: HttpTold) -> Told {
    let mut headers = Headers::new();
    headers.add(b":status", told.status.to_string().as_bytes());
    told.headers.iter().for_each(|(name, value)| headers.add(name, value));
    Told { headers, trailers: Headers::new(), body: told.body.to_vec() }
}
