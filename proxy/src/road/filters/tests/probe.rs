//! A filter that does what its words say, and notes what it saw.

use std::sync::{Arc, Mutex};
use std::task::{Context, Poll};

use portero_api::{
    Close, Direction, Exchange, Filter, Filtering, Held, Interest, Message, Moment, Pass, Plugin, Reply,
};

/// What filters have seen, in order.
pub type Seen = Arc<Mutex<Vec<String>>>;

/// The plugin `probe`: its words are deeds.
///
/// `double`, `drop`, `add`: every piece twice, or not at all, or more at the end; `whole`: holds head and body up to the end, then tells the size
/// in a field; `later`: lets every moment wait for one more turn; `greedy`: wants more than there is; `liar`: promises
/// to change nothing and does; `reply=MOMENT`, `close=MOMENT`, `fail=MOMENT`, `stuck=MOMENT`: at such a moment
/// (`request-head`, `response-body`, ...).
pub fn plugin(seen: &Seen) -> Plugin {
    let seen = seen.clone();
    Plugin::new("probe", "does what it is told").filter(move |setup| {
        let words = setup.args.to_vec();
        Ok(Probe { words, seen: seen.clone() })
    })
}

#[derive(Clone)]
struct Probe {
    words: Vec<String>,
    seen: Seen,
}

struct Probing {
    probe: Probe,
    waited: bool,
}

impl Probe {
    fn is(&self, word: &str) -> bool {
        self.words.iter().any(|w| w == word)
    }

    fn note(&self, what: &str) {
        self.seen.lock().expect("nobody panics").push(what.to_owned());
    }
}

impl Filter for Probe {
    fn attach(&self, _: &mut Exchange) -> Option<Box<dyn Filtering>> {
        (!self.is("away")).then(|| Box::new(Probing { probe: self.clone(), waited: false }) as _)
    }
}

impl Filtering for Probing {
    fn interest(&self, _: Direction) -> Interest {
        match () {
            () if self.probe.is("blind") => Interest::None,
            () if self.probe.is("liar") || self.probe.is("watch") => Interest::Watch,
            () => Interest::Change,
        }
    }

    fn poll(
        &mut self,
        cx: &mut Context<'_>,
        moment: Moment,
        ex: &mut Exchange,
        held: &mut Held,
    ) -> Poll<Pass> {
        let name = name(moment);
        let does = |deed: &str| self.probe.is(&format!("{deed}={name}"));
        if does("stuck") {
            return Poll::Pending;
        }
        if self.probe.is("later") && !self.waited {
            self.waited = true;
            cx.waker().wake_by_ref();
            return Poll::Pending;
        }
        self.waited = false;
        self.probe.note(&name);
        if does("reply") {
            let message = Message::new(418).body("text/plain", "no");
            return Poll::Ready(Pass::Reply(Reply::Message(Box::new(message))));
        }
        if does("close") {
            return Poll::Ready(Pass::Close(Close::Reject));
        }
        if does("fail") {
            return Poll::Ready(Pass::Fail);
        }
        self.act(moment, ex, held)
    }

    fn end(&mut self, _: &mut Exchange) {
        self.probe.note("end");
    }
}

impl Probing {
    fn act(&mut self, moment: Moment, ex: &mut Exchange, held: &mut Held) -> Poll<Pass> {
        let probe = &self.probe;
        match moment {
            Moment::Head(..) if probe.is("whole") => return Poll::Ready(Pass::Hold),
            Moment::Body(_) if probe.is("greedy") => held.pass = 0,
            Moment::Body(at) if probe.is("whole") => {
                let size = held.data.len().to_string();
                let headers = match at {
                    Direction::Request => &mut ex.request.headers,
                    Direction::Response => &mut ex.response.headers,
                };
                match held.ended {
                    true => headers.set(b"X-Size", size.as_bytes()),
                    false => held.pass = 0,
                }
            }
            Moment::Body(_) if probe.is("double") || probe.is("liar") => {
                held.data = held.data.iter().flat_map(|&b| [b, b]).collect();
            }
            Moment::Body(_) if probe.is("drop") => held.data.clear(),
            Moment::Body(_) if probe.is("add") && held.ended => held.data.extend_from_slice(b"more"),
            _ => {}
        }
        Poll::Ready(Pass::Continue)
    }
}

fn name(moment: Moment) -> String {
    let direction = match moment.direction() {
        Direction::Request => "request",
        Direction::Response => "response",
    };
    let part = match moment {
        Moment::Head(..) => "head",
        Moment::Body(_) => "body",
        Moment::End(_) => "end",
        Moment::Tunnel(_) => "tunnel",
    };
    format!("{direction}-{part}")
}
