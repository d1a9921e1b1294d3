//! `filter trace`: says what passes, and may let it pass in random pieces (HAProxy manual, section 9.1).

mod options;
mod says;

use std::hash::{BuildHasher, RandomState};
use std::rc::Rc;
use std::task::{Context, Poll};

use portero_api::{Direction, Exchange, Filter, Filtering, Held, Interest, Moment, Pass, Plugin};

use options::Options;

/// The plugin.
pub fn plugin() -> Plugin {
    Plugin::new("trace", "says on stderr what passes, and may let it pass in random pieces")
        .filter(|setup| Ok(Trace { options: Rc::new(Options::read(setup)?) }))
}

/// A use of the filter.
struct Trace {
    options: Rc<Options>,
}

/// It, at work on one exchange.
struct Tracing {
    options: Rc<Options>,
    dice: u64,
}

impl Filter for Trace {
    fn attach(&self, _: &mut Exchange) -> Option<Box<dyn Filtering>> {
        self.options.say("attached", "");
        let dice = RandomState::new().hash_one(0) | 1;
        Some(Box::new(Tracing { options: self.options.clone(), dice }))
    }
}

impl Filtering for Tracing {
    fn begin(&mut self, direction: Direction, _: &mut Exchange) {
        self.options.say(says::direction(direction), "begins");
    }

    fn interest(&self, _: Direction) -> Interest {
        Interest::Watch
    }

    fn poll(
        &mut self,
        cx: &mut Context<'_>,
        moment: Moment,
        exchange: &mut Exchange,
        held: &mut Held,
    ) -> Poll<Pass> {
        let direction = says::direction(moment.direction());
        match moment {
            Moment::Head(..) if self.options.quiet => {}
            Moment::Head(at, _) => self.options.say(direction, &says::head(exchange, at)),
            Moment::End(_) => self.options.say(direction, &says::trailers(&held.trailers)),
            Moment::Body(_) | Moment::Tunnel(_) => self.piece(cx, direction, held),
        }
        Poll::Ready(Pass::Continue)
    }

    fn end(&mut self, _: &mut Exchange) {
        self.options.say("over", "");
    }
}

impl Tracing {
    fn piece(&mut self, cx: &mut Context<'_>, direction: &str, held: &mut Held) {
        let there = held.data.len();
        let passes = self.passes(there);
        if passes < there {
            held.pass = passes;
            // the rest at the next turn
            cx.waker().wake_by_ref();
        }
        if self.options.quiet {
            return;
        }
        let end = if held.ended { ", the last" } else { "" };
        self.options.say(direction, &format!("{there} bytes{end}, {passes} pass"));
        if self.options.hexdump {
            self.options.write(&says::dump(&held.data[..passes]));
        }
    }

    /// How many of so many bytes pass now: one at least, for a filter that lets nothing pass of a full buffer ends the
    /// exchange.
    fn passes(&mut self, there: usize) -> usize {
        let most = match self.options.max_forward {
            0 => there,
            most => there.min(most),
        };
        match self.options.random {
            true if most > 0 => 1 + (self.roll() % most as u64) as usize,
            _ => most,
        }
    }

    /// The next number of a xorshift generator: good enough to cut bodies.
    fn roll(&mut self) -> u64 {
        self.dice ^= self.dice << 13;
        self.dice ^= self.dice >> 7;
        self.dice ^= self.dice << 17;
        self.dice
    }
}

#[cfg(test)]
mod tests;
