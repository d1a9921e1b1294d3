//! `use_backend` and `use-server`: rules that name where a request goes (HAProxy manual, section 4.2).

use std::borrow::Cow;
use std::rc::Rc;

use portero_api::Exchange;
use portero_api::trace::{SetName, Step};
use portero_grammar::rules::{self as tree, Family};
use portero_grammar::{Diagnostic, Span};

use crate::format::Escape;
use crate::lint::UNREACHABLE_RULE;
use crate::trace::{self, Outline, Written};
use crate::{Compiler, Cond, Format, Reported, Stage};

/// The rules of one family, in order; the first whose condition holds names the target.
#[derive(Default)]
pub struct Targets {
    list: Box<[Target]>,
    /// What traces call them; none where there are none.
    name: Option<Rc<SetName>>,
}

struct Target {
    cond: Option<Cond>,
    name: Name,
    written: Box<Written>,
}

#[derive(Debug)]
enum Name {
    Fixed(String, Span),
    /// Rendered for each request.
    Format(Format),
}

impl Targets {
    /// True when there are no rules.
    pub fn is_empty(&self) -> bool {
        self.list.is_empty()
    }

    /// The rules as they were written.
    pub fn outline(&self) -> impl Iterator<Item = Outline> + '_ {
        self.list.iter().map(|target| target.written.outline())
    }

    /// The name that the first rule gives whose condition holds. A name made by a log format need not exist: the road
    /// then goes on as if no rule had matched.
    pub fn pick<'a>(&'a self, exchange: &Exchange) -> Option<Cow<'a, str>> {
        self.pick_from(exchange, 0).map(|(_, name)| name)
    }

    /// The same from a place on, with the place of the rule.
    #[inline]
    pub fn pick_from<'a>(&'a self, exchange: &Exchange, from: usize) -> Option<(usize, Cow<'a, str>)> {
        if self.list.is_empty() { None } else { self.first_from(exchange, from) }
    }

    fn first_from<'a>(&'a self, exchange: &Exchange, from: usize) -> Option<(usize, Cow<'a, str>)> {
        let (trace, set) = (exchange.trace.as_deref(), self.name.as_ref());
        if let (Some(trace), Some(set), 0) = (trace, set, from) {
            trace.push(Step::Set(set.clone()));
        }
        let holds = |target: &Target| match trace {
            None => target.cond.as_ref().is_none_or(|c| c.holds(exchange)),
            Some(trace) => trace::holds(trace, &target.written, exchange, || target.names(exchange)),
        };
        let (index, target) = self.list.iter().enumerate().skip(from).find(|(_, t)| holds(t))?;
        if let (Some(trace), left @ 1..) = (trace, self.list.len() - index - 1) {
            trace.push(Step::Rest(left));
        }
        Some((
            index,
            match &target.name {
                Name::Fixed(name, _) => Cow::Borrowed(name),
                Name::Format(format) => {
                    let mut text = Vec::new();
                    format.write(exchange, &mut text);
                    Cow::Owned(String::from_utf8_lossy(&text).into_owned())
                }
            },
        ))
    }

    /// The names that are fixed, with their places: each must exist.
    pub fn names(&self) -> impl Iterator<Item = (&str, Span)> {
        self.list.iter().filter_map(|target| match &target.name {
            Name::Fixed(name, span) => Some((name.as_str(), *span)),
            Name::Format(_) => None,
        })
    }
}

impl Target {
    /// What it names, as traces say it.
    fn names(&self, exchange: &Exchange) -> String {
        match &self.name {
            Name::Fixed(name, _) => name.clone(),
            Name::Format(format) => {
                let mut text = Vec::new();
                format.write(exchange, &mut text);
                String::from_utf8_lossy(&text).into_owned()
            }
        }
    }
}

impl std::fmt::Debug for Targets {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Targets").field("rules", &self.list.len()).finish_non_exhaustive()
    }
}

impl Compiler<'_> {
    /// Compiles the rules of `use_backend` or `use-server`; those of other families are passed over.
    pub fn targets<'t>(&self, family: Family, rules: impl IntoIterator<Item = &'t tree::Rule>) -> Targets {
        let mut list = Vec::new();
        let mut end: Option<u32> = None;
        for rule in rules.into_iter().filter(|rule| rule.family == family) {
            if let Some(line) = end {
                let message = format!("this rule is never reached: the one in line {line} always applies");
                self.push(Diagnostic::lint(&UNREACHABLE_RULE, rule.span, message));
            }
            if let Ok(target) = self.at(Stage::Rule(family), || self.target(rule)) {
                // a server may be down, and a name made for each request may name nothing
                let stays = family == Family::UseBackend && matches!(target.name, Name::Fixed(..));
                if end.is_none() && target.cond.is_none() && stays {
                    end = Some(self.sources.line(rule.span));
                }
                list.push(target);
            }
        }
        let name = (!list.is_empty()).then(|| self.set_name(family));
        Targets { list: list.into(), name }
    }

    fn target(&self, rule: &tree::Rule) -> Result<Target, Reported> {
        let cond = rule.condition.as_ref().map(|c| self.build_condition(c)).transpose();
        let name = match &rule.action.words[..] {
            [] => Err(self.error(rule.span, format!("'{}' needs a name", self.stage().name()))),
            [word] if word.text.contains('%') => self.build_format(word, Escape::None).map(|format| {
                match format.constant().and_then(|t| std::str::from_utf8(t).ok()) {
                    Some(text) => Name::Fixed(text.to_owned(), word.span),
                    None => Name::Format(format),
                }
            }),
            [word] => Ok(Name::Fixed(word.text.clone(), word.span)),
            [_, extra, ..] => {
                let message = format!("unexpected '{}' behind the name", extra.text);
                Err(self.fail(
                    Diagnostic::error(extra.span, message).help("a condition begins with 'if' or 'unless'"),
                ))
            }
        };
        let cond = cond?;
        let written = Box::new(self.written(rule, cond.as_ref()));
        let cond = cond.filter(|c| c.constant() != Some(true));
        Ok(Target { cond, name: name?, written })
    }
}
