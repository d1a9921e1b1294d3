//! Evaluates a condition and notes every value on the way.

use std::ops::ControlFlow;
use std::rc::Rc;

use portero_api::trace::{Condition, ConditionKind, Place, Sampled, Test, Truth};
use portero_api::{Exchange, Sample};

use super::{Probe, Shape, pattern, text_of};
use crate::cast::cast;
use crate::cond;
use crate::expr::Step;

/// Samples that are kept of a test at the most, beside the one that matched.
const SAMPLES: usize = 16;

impl Shape {
    /// Evaluates as [`cond::Cond`] does, in the same order and no further.
    pub(crate) fn eval(&self, exchange: &Exchange, may_wait: bool) -> Condition {
        match self {
            Shape::All(parts) => {
                let (truth, parts) = until(parts, exchange, may_wait, Truth::No, Truth::Yes);
                Condition { truth, kind: ConditionKind::All(parts) }
            }
            Shape::Any(parts) => {
                let (truth, parts) = until(parts, exchange, may_wait, Truth::Yes, Truth::No);
                Condition { truth, kind: ConditionKind::Any(parts) }
            }
            Shape::Not(inner) => {
                let inner = inner.eval(exchange, may_wait);
                let truth = match inner.truth {
                    Truth::Yes => Truth::No,
                    Truth::No => Truth::Yes,
                    other => other,
                };
                Condition { truth, kind: ConditionKind::Not(Box::new(inner)) }
            }
            Shape::Acl(name, probes) => acl(name.clone(), probes, exchange, may_wait),
            Shape::Known(name, value) => {
                let truth = if *value { Truth::Yes } else { Truth::No };
                Condition { truth, kind: ConditionKind::Acl(Some(name.clone()), Vec::new()) }
            }
        }
    }

    /// The condition as it stands when nobody asks it.
    fn unasked(&self) -> Condition {
        let all = |parts: &[Shape]| parts.iter().map(Shape::unasked).collect();
        let kind = match self {
            Shape::All(parts) => ConditionKind::All(all(parts)),
            Shape::Any(parts) => ConditionKind::Any(all(parts)),
            Shape::Not(inner) => ConditionKind::Not(Box::new(inner.unasked())),
            Shape::Acl(name, probes) => {
                ConditionKind::Acl(name.clone(), probes.iter().map(Probe::unasked).collect())
            }
            Shape::Known(name, _) => ConditionKind::Acl(Some(name.clone()), Vec::new()),
        };
        Condition { truth: Truth::Unasked, kind }
    }
}

fn until(
    parts: &[Shape],
    exchange: &Exchange,
    may_wait: bool,
    decisive: Truth,
    rest: Truth,
) -> (Truth, Vec<Condition>) {
    let mut result = rest;
    let asked = parts.iter().map(|part| {
        if result == decisive {
            return part.unasked();
        }
        let part = part.eval(exchange, may_wait);
        if part.truth == decisive || part.truth == Truth::Later {
            result = part.truth;
        }
        part
    });
    let parts = asked.collect();
    (result, parts)
}

fn acl(name: Option<Rc<str>>, probes: &[Probe], exchange: &Exchange, may_wait: bool) -> Condition {
    let mut truth = Truth::No;
    let mut tests = Vec::new();
    for probe in probes {
        if truth == Truth::Yes {
            tests.push(probe.unasked());
            continue;
        }
        let test = probe.eval(exchange, may_wait);
        if test.truth != Truth::No {
            truth = test.truth;
        }
        tests.push(test);
    }
    Condition { truth, kind: ConditionKind::Acl(name, tests) }
}

impl Probe {
    fn unasked(&self) -> Test {
        self.told(Truth::Unasked, Vec::new())
    }

    fn told(&self, truth: Truth, samples: Vec<Sampled>) -> Test {
        let place = Place { file: self.about.place.file.clone(), line: self.about.place.line };
        Test { place, text: self.about.text.clone(), truth, samples, never: self.never.clone() }
    }

    fn eval(&self, exchange: &Exchange, may_wait: bool) -> Test {
        if self.never.is_some() {
            return self.told(Truth::No, Vec::new());
        }
        if self.test.at_end {
            return self.told(if may_wait { Truth::Later } else { Truth::Yes }, Vec::new());
        }
        let cond::Test { expr, matcher, .. } = &*self.test;
        let mut samples = Vec::new();
        let mut hit = false;
        let seen = expr.fetch.each(exchange, &mut |sample| {
            let (path, value) = self.walk(sample, exchange);
            hit = value.as_ref().is_some_and(|value| matcher.matches(value));
            let matched = value.filter(|_| hit).map(|value| pattern::name(&self.about, matcher, &value));
            if hit || samples.len() < SAMPLES {
                samples.push(Sampled { path, matched });
            }
            if hit { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        });
        let truth = match seen {
            _ if hit => Truth::Yes,
            Err(_) if may_wait => Truth::Later,
            _ => Truth::No,
        };
        self.told(truth, samples)
    }

    /// A sample on its way through the converters.
    fn walk<'a>(
        &'a self,
        sample: Sample<'a>,
        exchange: &'a Exchange,
    ) -> (Vec<(Rc<str>, Option<String>)>, Option<Sample<'a>>) {
        let mut names = self.about.calls.iter().cloned();
        let mut path: Vec<_> = names.next().map(|name| (name, Some(text_of(&sample)))).into_iter().collect();
        let mut value = Some(sample);
        for step in &self.test.expr.steps {
            value = match (value, step) {
                (Some(sample), Step::Cast(to)) => cast(sample, *to),
                (Some(sample), Step::Convert(convert)) => convert.convert(sample, exchange),
                (None, _) => None,
            };
            if matches!(step, Step::Convert(_)) {
                path.extend(names.next().map(|name| (name, value.as_ref().map(text_of))));
            }
        }
        (path, value)
    }
}
