//! Rule sets: rules in order, evaluated up to the one that decides.

use std::rc::Rc;

use portero_api::trace::SetName;
use portero_api::{Action, Answer, Exchange, Wait, clock};
use portero_grammar::Diagnostic;
use portero_grammar::rules::{self as tree, Family};

use crate::cond::Truth;
use crate::lint::UNREACHABLE_RULE;
use crate::trace::{Outline, Silent, Telling, Watch, Working, Written};
use crate::{Compiler, Cond, Reported, Stage, actions};

/// The rules of one family in the order of the configuration, ready to run.
#[derive(Default)]
pub struct RuleSet {
    rules: Box<[Rule]>,
    waits: Waits,
    /// What traces call it; none for a set without rules.
    name: Option<Rc<SetName>>,
}

/// Whether the rules may wait for data that they look at (`tcp-request content`).
#[derive(Clone, Copy, Default, PartialEq, Eq)]
enum Waits {
    #[default]
    Never,
    ForRequest,
    ForResponse,
}

/// A rule, ready to run.
pub(crate) struct Rule {
    pub(crate) cond: Option<Cond>,
    pub(crate) action: Box<dyn Action>,
    pub(crate) written: Box<Written>,
}

/// How far evaluation went.
#[derive(Debug)]
pub enum Run {
    /// All rules were passed.
    Finished,
    /// A rule said that no further one counts (`allow`, `accept`).
    Stopped,
    /// The rule at this place wants something of the road. After [`Wait::Data`] come back with the same place, after
    /// another wait with the next; everything else is final.
    Answer(usize, Answer),
}

impl RuleSet {
    /// True when there are no rules.
    pub fn is_empty(&self) -> bool {
        self.rules.is_empty()
    }

    /// The rules as they were written.
    pub fn outline(&self) -> impl Iterator<Item = Outline> + '_ {
        self.rules.iter().map(|rule| rule.written.outline())
    }

    /// How many rules there are.
    pub fn len(&self) -> usize {
        self.rules.len()
    }

    /// Evaluates the rules from a place on. In `tcp-request content` and `tcp-response content`, what a condition looks
    /// at may not have arrived: the answer is then [`Wait::Data`], unless the payload is complete. The road marks it so
    /// when the inspect delay is over.
    pub fn run(&self, exchange: &mut Exchange, from: usize) -> Run {
        let _hold = clock::hold();
        match (&exchange.trace, &self.name) {
            (Some(trace), Some(name)) => {
                let mut telling = Telling::new(trace.clone(), name, from);
                self.evaluate(exchange, from, &mut telling)
            }
            _ => self.evaluate(exchange, from, &mut Silent),
        }
    }

    /// A rule begins to wait for work of a plugin ([`Wait::For`]).
    pub fn begin_work(&self, exchange: &Exchange) -> Working {
        Working::new(exchange)
    }

    /// The work that the rule at this place waited for has ended with an answer. Go on as if the rule had given it.
    pub fn end_work(&self, exchange: &mut Exchange, rule: usize, working: Working, answer: &Answer) {
        exchange.log.waiting = None;
        if let Some(rule) = self.rules.get(rule)
            && (is_final(answer) || matches!(answer, Answer::Stop))
        {
            rule.note(exchange);
        }
        working.tell(exchange, answer);
    }

    fn evaluate(&self, exchange: &mut Exchange, from: usize, watch: &mut impl Watch) -> Run {
        let may_wait = match self.waits {
            Waits::Never => false,
            Waits::ForRequest => !exchange.payload.complete,
            Waits::ForResponse => !exchange.response_payload.complete,
        };
        exchange.log.waiting = None;
        if from == 0 {
            exchange.room.lenient = false;
        }
        for (index, rule) in self.rules.iter().enumerate().skip(from) {
            match watch.condition(rule, exchange, may_wait) {
                Truth::No => continue,
                Truth::Later => {
                    exchange.log.waiting = Some(rule.place());
                    return Run::Answer(index, Answer::Wait(Wait::Data));
                }
                Truth::Yes => {}
            }
            match watch.action(rule, exchange) {
                Answer::Continue => {}
                Answer::Stop => {
                    watch.left(self.rules.len() - index - 1);
                    rule.note(exchange);
                    return Run::Stopped;
                }
                answer => {
                    if is_final(&answer) {
                        watch.left(self.rules.len() - index - 1);
                        rule.note(exchange);
                    } else {
                        exchange.log.waiting = Some(rule.place());
                    }
                    return Run::Answer(index, answer);
                }
            }
        }
        Run::Finished
    }
}

impl std::fmt::Debug for RuleSet {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("RuleSet").field("rules", &self.rules.len()).finish_non_exhaustive()
    }
}

impl Rule {
    /// Remembers in the log that this rule ended the evaluation.
    fn note(&self, exchange: &mut Exchange) {
        exchange.log.last_rule = Some(self.place());
    }

    fn place(&self) -> (Rc<str>, u32) {
        (self.written.place.file.clone(), self.written.place.line)
    }
}

fn is_final(answer: &Answer) -> bool {
    !matches!(
        answer,
        Answer::Continue
            | Answer::Wait(Wait::Data | Wait::Body { .. } | Wait::Pause(_) | Wait::For(_))
            | Answer::Do(_)
    )
}

impl Compiler<'_> {
    /// Compiles the rules of one family; those of other families are passed over. A rule with mistakes is left out.
    pub fn rules<'t>(&self, family: Family, rules: impl IntoIterator<Item = &'t tree::Rule>) -> RuleSet {
        let mut compiled = Vec::new();
        let mut end: Option<u32> = None;
        for rule in rules.into_iter().filter(|rule| rule.family == family) {
            if let Some(line) = end {
                let message =
                    format!("this rule is never reached: the one in line {line} always ends the evaluation");
                self.push(Diagnostic::lint(&UNREACHABLE_RULE, rule.span, message));
            }
            let built = self.at(Stage::Rule(family), || self.rule(rule));
            if let Ok(built) = built {
                let always = built.cond.as_ref().is_none_or(|c| c.constant() == Some(true));
                if always && end.is_none() && actions::ends(&rule.action) {
                    end = Some(built.written.place.line);
                }
                compiled.push(built);
            }
        }
        let waits = match family {
            Family::TcpRequestContent => Waits::ForRequest,
            Family::TcpResponseContent => Waits::ForResponse,
            _ => Waits::Never,
        };
        let name = (!compiled.is_empty()).then(|| self.set_name(family));
        RuleSet { rules: compiled.into(), waits, name }
    }

    fn rule(&self, rule: &tree::Rule) -> Result<Rule, Reported> {
        let cond = rule.condition.as_ref().map(|c| self.build_condition(c)).transpose();
        let action = self.action(rule);
        let cond = cond?;
        let written = Box::new(self.written(rule, cond.as_ref()));
        // A condition that always holds costs nothing.
        let cond = cond.filter(|c| c.constant() != Some(true));
        Ok(Rule { cond, action: action?, written })
    }
}
