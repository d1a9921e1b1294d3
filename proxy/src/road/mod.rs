//! The road of a request, in walking order: [`exchange`] is the main road; [`frontend`] and [`backend`] are its rules
//! and choices, [`upstream`] the connection, [`forward`] and [`pump`] move heads and bodies, [`replies`] is the one
//! place where a failure becomes a reply, [`finish`] the one place where an exchange is counted and logged.

mod abort;
mod backend;
mod bonds;
mod client_side;
mod deeds;
pub mod exchange;
mod fail;
pub mod filters;
mod finish;
mod flow;
mod forward;
mod forwarded;
mod frontend;
mod incoming;
mod names;
mod payload;
mod persistence;
mod prepare;
mod pump;
mod reach;
mod replies;
mod respond;
mod retry;
mod rules;
mod service;
mod tell;
#[cfg(test)]
mod tests;
mod throttle;
pub mod tunnel;
mod upstream;
mod work;

use std::rc::Rc;
use std::time::{Duration, Instant};

use portero_api::{Exchange, Timeout};
use portero_policies::Stores;

use crate::http1::{self, BodyReader};
use crate::net::{Buffer, Deadline, Lead, Stream};
use crate::snapshot::{Proxy, Snapshot};
use crate::worker::Worker;

use filters::{Filters, Spare};

pub use backend::{Place, enter as enter_backend, place};
pub use bonds::Bonds;
pub use deeds::{log_now, mark, vanish};
pub use fail::{Fail, Fault, Retry, Tell, phase};
pub use finish::{finish, log_early, log_failed, log_refused, write_line};
pub use forward::write_lead;
pub use forwarded::Forwarded;
pub use frontend::{choose_backend, number};
pub use payload::show;
pub use persistence::{Sticky, hold, tables};
pub use pump::{Pump, PumpFail};
pub use reach::dial;
pub use replies::{linger, note, write_page};
pub use retry::{next_try, note_failure};
pub use rules::Side;
pub use service::take_over;
pub use tell::begin as begin_trace;
pub use upstream::{Upstream, from_now};
pub use work::wait as wait_for;

/// Everything that the steps of the road work on.
pub struct Road<'a> {
    /// The worker that walks.
    pub worker: &'a Rc<Worker>,
    /// The configuration this exchange began with; a reload does not change it.
    pub snapshot: Rc<Snapshot>,
    /// The frontend.
    pub fe: Rc<Proxy>,
    /// The backend; the frontend itself until one is chosen.
    pub be: Rc<Proxy>,
    /// The client's connection.
    pub client: &'a mut Client,
    /// What the request head said beside the request itself.
    pub head: http1::Head,
    /// Request, response and what hooks share of them.
    pub ex: &'a mut Exchange,
    /// The timer of the server's side.
    pub server_deadline: &'a mut Deadline,
    /// True once a byte of the response has been sent: no reply of ours can follow.
    pub response_begun: bool,
    /// True while another request may follow on the client's connection.
    pub keep_alive: bool,
    /// The time, as of the last step that waited: asking the clock at every step would cost more than the steps.
    pub now: Instant,
    /// The client asked with HEAD, whatever rules made of it: it gets no body.
    pub head_only: bool,
    /// What the client's persistence cookie said.
    pub sticky: Sticky,
    /// The `explain` line of the frontend that wants a trace of it.
    pub explained: Option<usize>,
    /// Servers that were tried already, by place.
    pub tried: &'a mut Vec<usize>,
    /// The filters that look at it, where there are any.
    pub filters: Option<Box<Filters>>,
    /// What those of the exchange before have left on the connection.
    pub spare: &'a mut Spare,
    /// Keys that are to lead to the server, once it is reached.
    pub stores: &'a mut Stores,
}

impl Road<'_> {
    /// A time-out, as configured or as rules have changed it.
    pub fn time(&self, which: Timeout) -> Option<Duration> {
        if let Some(tuned) = self.ex.tuning.as_ref().and_then(|tuning| tuning.time(which)) {
            return Some(tuned);
        }
        let times = &self.be.conf.timeouts;
        match which {
            Timeout::Client => self.fe.conf.timeouts.client,
            Timeout::Connect => times.connect,
            Timeout::Queue => times.queue.or(times.connect),
            Timeout::Server => times.server,
            Timeout::Tarpit => times.tarpit.or(times.connect),
            Timeout::Tunnel => times.tunnel,
        }
    }

    /// How many further tries there are.
    pub fn retries(&self) -> u32 {
        let tuned = self.ex.tuning.as_ref().and_then(|tuning| tuning.retries);
        tuned.unwrap_or(self.be.conf.retries)
    }
}

/// A client's connection while a request is under way.
#[derive(Debug)]
pub struct Client {
    /// The socket.
    pub stream: Rc<Stream>,
    /// What the client has sent and nobody has taken yet.
    pub buffer: Buffer,
    /// What is to be written to it.
    pub lead: Lead,
    /// Its timer.
    pub deadline: Deadline,
    /// The body of the request, as long as its end has not been read.
    pub body: Option<BodyReader>,
    /// The connections to servers that are its own.
    pub bonds: Bonds,
    /// When it was last heard of.
    pub heard: Instant,
}
