//! Who watches an evaluation: nobody, or a trace.

use std::rc::Rc;

use portero_api::trace::{Condition, Place, RuleEnd, RuleStep, SetName, Step, Trace, Truth as Told};
use portero_api::{Answer, Close, Exchange, Reply, Wait};

use super::{Before, Written};
use crate::cond::Truth;
use crate::rules::Rule;

/// Stands beside the evaluation of a set of rules.
pub(crate) trait Watch {
    /// Evaluates the condition of a rule.
    fn condition(&mut self, rule: &Rule, exchange: &Exchange, may_wait: bool) -> Truth;

    /// Lets a rule act whose condition holds.
    fn action(&mut self, rule: &Rule, exchange: &mut Exchange) -> Answer;

    /// So many rules of the set are not looked at.
    fn left(&mut self, rules: usize);
}

/// Nobody watches: it costs nothing.
pub(crate) struct Silent;

impl Watch for Silent {
    #[inline]
    fn condition(&mut self, rule: &Rule, exchange: &Exchange, may_wait: bool) -> Truth {
        rule.cond.as_ref().map_or(Truth::Yes, |cond| cond.eval(exchange, may_wait))
    }

    #[inline]
    fn action(&mut self, rule: &Rule, exchange: &mut Exchange) -> Answer {
        rule.action.run(exchange)
    }

    #[inline]
    fn left(&mut self, _: usize) {}
}

/// A trace watches.
pub(crate) struct Telling {
    trace: Rc<Trace>,
    /// The condition of the rule that is about to act.
    condition: Option<Condition>,
}

impl Telling {
    /// Begins with a set of rules, or goes on with it.
    pub(crate) fn new(trace: Rc<Trace>, set: &Rc<SetName>, from: usize) -> Telling {
        if from == 0 && !trace.goes_on(set) {
            trace.push(Step::Set(set.clone()));
        }
        Telling { trace, condition: None }
    }

    fn rule(&mut self, written: &Written, end: RuleEnd, before: Option<(Before, &Exchange)>) {
        let changes = before.map(|(before, exchange)| before.changes(exchange)).unwrap_or_default();
        let place = place(&written.place);
        let condition = self.condition.take();
        let text = written.text.clone();
        self.trace.push(Step::Rule(RuleStep { place, text, condition, end, changes }));
    }
}

impl Watch for Telling {
    fn condition(&mut self, rule: &Rule, exchange: &Exchange, may_wait: bool) -> Truth {
        let Some(shape) = &rule.written.shape else { return Truth::Yes };
        let condition = shape.eval(exchange, may_wait);
        let told = condition.truth;
        self.condition = Some(condition);
        match told {
            Told::Yes => Truth::Yes,
            Told::Later => {
                self.rule(&rule.written, RuleEnd::Open, None);
                Truth::Later
            }
            Told::No | Told::Unasked => {
                self.rule(&rule.written, RuleEnd::Skipped, None);
                Truth::No
            }
        }
    }

    fn action(&mut self, rule: &Rule, exchange: &mut Exchange) -> Answer {
        let before = Before::new(exchange);
        let answer = rule.action.run(exchange);
        self.rule(&rule.written, end(&answer), Some((before, exchange)));
        answer
    }

    fn left(&mut self, rules: usize) {
        if rules > 0 {
            self.trace.push(Step::Rest(rules));
        }
    }
}

/// Whether a rule applies that only has a condition (`use_backend`); `names` is what it then says.
pub(crate) fn holds(
    trace: &Trace,
    written: &Written,
    exchange: &Exchange,
    names: impl FnOnce() -> String,
) -> bool {
    let condition = written.shape.as_ref().map(|shape| shape.eval(exchange, false));
    let holds = condition.as_ref().is_none_or(|condition| condition.truth == Told::Yes);
    let end = if holds { RuleEnd::Ended(names()) } else { RuleEnd::Skipped };
    let (place, text) = (place(&written.place), written.text.clone());
    trace.push(Step::Rule(RuleStep { place, text, condition, end, changes: Vec::new() }));
    holds
}

fn place(place: &Place) -> Place {
    Place { file: place.file.clone(), line: place.line }
}

/// What an answer means for the rules behind.
pub(super) fn end(answer: &Answer) -> RuleEnd {
    match answer {
        Answer::Continue | Answer::Do(_) => RuleEnd::Done,
        Answer::Stop => RuleEnd::Ended("no further rule of this set counts".to_owned()),
        Answer::Deny(reply) => RuleEnd::Ended(format!("refused with {}", reply_text(reply))),
        Answer::Fail => RuleEnd::Ended("it could not do its work: answered with 500".to_owned()),
        Answer::Reply(reply) => RuleEnd::Ended(format!("answered with {}", reply_text(reply))),
        Answer::Close(Close::Reject) => RuleEnd::Ended("the connection is closed".to_owned()),
        Answer::Close(Close::Silent(_)) => {
            RuleEnd::Ended("the connection is dropped without a word".to_owned())
        }
        Answer::Serve(_) => RuleEnd::Ended("a service answers".to_owned()),
        Answer::Wait(wait) => wait_text(wait),
    }
}

fn reply_text(reply: &Reply) -> String {
    match reply {
        Reply::Status(status) | Reply::StatusWith(status, _) => status.to_string(),
        Reply::Message(message) => {
            let location = message.headers.iter().find(|(name, _)| name.eq_ignore_ascii_case(b"location"));
            match location {
                Some((_, to)) => format!("{} to {}", message.status, String::from_utf8_lossy(to)),
                None => message.status.to_string(),
            }
        }
    }
}

fn wait_text(wait: &Wait) -> RuleEnd {
    match wait {
        Wait::Data => RuleEnd::Open,
        Wait::Body { at_least: 0, time } => RuleEnd::Waits(format!("for the body, at most {time:?}")),
        Wait::Body { at_least, time } => {
            RuleEnd::Waits(format!("for {at_least} bytes of the body, at most {time:?}"))
        }
        Wait::Pause(time) => RuleEnd::Waits(format!("{time:?}")),
        Wait::For(_) => RuleEnd::Waits("for the plugin to end".to_owned()),
        Wait::Tarpit(time, reply) => {
            let time = if time.is_zero() {
                "as long as 'timeout tarpit' says".to_owned()
            } else {
                format!("{time:?}")
            };
            RuleEnd::Ended(format!("held {time}, then refused with {}", reply_text(reply)))
        }
    }
}
