//! What compiled rules and tests keep of how they were written.

use std::rc::Rc;

use portero_api::SampleType;
use portero_api::trace::{Place, SetName};
use portero_grammar::rules::{self as tree, Family};
use portero_grammar::{Span, Word};

use super::{About, Probe, Shape, Written};
use crate::compile::derivative;
use crate::cond::Test;
use crate::matching::Method;
use crate::stage::family_name;
use crate::{Compiler, Cond};

impl Compiler<'_> {
    /// What a set of rules is called.
    pub(crate) fn set_name(&self, family: Family) -> Rc<SetName> {
        Rc::new(SetName { proxy: self.context.proxy.into(), family: family_name(family) })
    }

    /// What is kept of a rule.
    pub(crate) fn written(&self, rule: &tree::Rule, cond: Option<&Cond>) -> Written {
        Written {
            place: self.place_of(rule.span),
            text: self.text_at(rule.span, || rule.action.name.text.clone()),
            shape: cond.and_then(|cond| cond.shape.clone()),
        }
    }

    /// What is kept of a test.
    pub(crate) fn about(&self, test: &tree::Test, method: Method, kind: SampleType) -> Rc<About> {
        let mut ignore_case = false;
        let mut files = Vec::new();
        for flag in &test.flags {
            match (flag.name.text.as_str(), &flag.arg) {
                ("-i", _) => ignore_case = true,
                ("-f", Some(file)) => files.push(file.text.as_str().into()),
                _ => {}
            }
        }
        let call = |call: &tree::Call| self.text_at(call.span, || call.name.clone());
        let calls =
            std::iter::once(self.fetch_of(&test.expr.fetch)).chain(test.expr.converters.iter().map(call));
        let calls = calls.collect();
        Rc::new(About {
            place: self.place_of(test.span),
            text: self.text_at(test.span, || plain(test)),
            calls,
            method,
            kind,
            words: test.patterns.iter().map(|word| (word.text.as_str().into(), ignore_case)).collect(),
            files: files.into(),
        })
    }

    /// The fetch as it is written, `path_beg` by the fetch that it stands for.
    fn fetch_of(&self, call: &tree::Call) -> Rc<str> {
        let text = self.text_at(call.span, || call.name.clone());
        match derivative(&call.name).filter(|_| self.vocabulary.fetch(&call.name).is_none()) {
            Some((fetch, _)) => text.replacen(&call.name, fetch, 1).into(),
            None => text,
        }
    }

    fn place_of(&self, span: Span) -> Place {
        match self.sources.slice(span) {
            "" => Place { file: "".into(), line: 0 },
            _ => Place { file: self.sources.name(span.file).into(), line: self.sources.line(span) },
        }
    }

    /// The text at a place with single blanks; what stands in no file is told otherwise.
    fn text_at(&self, span: Span, otherwise: impl FnOnce() -> String) -> Rc<str> {
        let text = self.sources.slice(span).split_whitespace().collect::<Vec<_>>().join(" ");
        if text.is_empty() { otherwise().into() } else { text.into() }
    }
}

impl Shape {
    /// A named ACL or a test in braces.
    pub(crate) fn acl(name: Option<&Word>, probes: Vec<Probe>) -> Shape {
        Shape::Acl(name.map(|name| name.text.as_str().into()), probes.into())
    }
}

impl Probe {
    pub(crate) fn new(test: Rc<Test>, about: Rc<About>, never: Option<Rc<str>>) -> Probe {
        Probe { test, about, never }
    }
}

/// A test of ours, which stands in no file (predefined ACLs).
fn plain(test: &tree::Test) -> String {
    let mut words = vec![test.expr.fetch.name.as_str()];
    words.extend(test.patterns.iter().map(|word| word.text.as_str()));
    words.join(" ")
}
