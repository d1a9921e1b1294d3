//! What a trace says of work that a rule waited for: how long it took, what it changed, what its answer was.

use std::time::Instant;

use portero_api::trace::{Act, RuleEnd, Step};
use portero_api::{Answer, Exchange, clock};

use super::{Before, watch};

/// Work of a plugin under way, as a trace sees it; nothing without a trace.
#[derive(Debug)]
pub struct Working(Option<(Instant, Before)>);

impl Working {
    /// The work begins.
    pub(crate) fn new(exchange: &Exchange) -> Working {
        Working(exchange.trace.as_ref().map(|_| (clock::now(), Before::new(exchange))))
    }

    /// It has ended.
    pub(crate) fn tell(self, exchange: &Exchange, answer: &Answer) {
        let (Some((since, before)), Some(trace)) = (self.0, &exchange.trace) else { return };
        let took = clock::now().saturating_duration_since(since);
        let end = match watch::end(answer) {
            RuleEnd::Ended(end) => format!(", then: {end}"),
            RuleEnd::Waits(what) => format!(", now it waits: {what}"),
            RuleEnd::Skipped | RuleEnd::Open | RuleEnd::Done => String::new(),
        };
        let text = format!("worked for {took:?}{end}");
        trace.push(Step::Did(Act { part: "plugin", text, changes: before.changes(exchange) }));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use portero_api::{Conn, Kind, ProxyState, Reply, Trace};
    use std::rc::Rc;
    use std::sync::Arc;
    use std::time::Duration;

    #[test]
    fn a_trace_says_how_long_a_plugin_worked_and_what_it_changed() {
        let mut exchange =
            Exchange::new(Conn::of_nobody(Arc::new(ProxyState::new("web", 1, Kind::Frontend, true))));
        let trace = Rc::<Trace>::default();
        exchange.trace = Some(trace.clone());
        let working = Working::new(&exchange);
        clock::advance(Duration::from_secs(2));
        exchange.request.headers.add(b"X-User", b"me");
        working.tell(&exchange, &Answer::Deny(Reply::Status(403)));
        let steps = trace.take();
        let [Step::Did(act)] = &steps[..] else { panic!("{steps:?}") };
        assert!(act.text.starts_with("worked for 2") && act.text.ends_with("refused with 403"), "{act:?}");
        assert_eq!(act.changes[0].after.as_deref(), Some("X-User: me"));
    }
}
