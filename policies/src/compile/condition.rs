//! Conditions: names are looked up, tests compiled, what can never match is said and taken out.

use std::rc::Rc;

use portero_grammar::rules as tree;
use portero_grammar::{Diagnostic, Span, Word};

use super::acl::{Alternative, derivatives};
use super::expr::{needs_what, type_name};
use super::{Compiler, Reported, derivative};
use crate::Cond;
use crate::cond::{Node, Test};
use crate::lookup::{ConvertWord, FetchWord};
use crate::matching::{METHODS, Matcher, Method};
use crate::trace::{Probe, Shape};

impl Compiler<'_> {
    pub(crate) fn build_condition(&self, condition: &tree::Condition) -> Result<Cond, Reported> {
        let (node, shape) = self.node(&condition.cond)?;
        Ok(match condition.unless {
            true => Cond { node: node.not(), shape: Some(Rc::new(Shape::Not(Box::new(shape)))) },
            false => Cond { node, shape: Some(Rc::new(shape)) },
        })
    }

    /// A condition in the form that answers fastest, and as it was written.
    fn node(&self, cond: &tree::Cond) -> Result<(Node, Shape), Reported> {
        let known = |name: &Word, value| (Node::Const(value), Shape::Known(name.text.as_str().into(), value));
        match cond {
            tree::Cond::Any(parts) => {
                let (nodes, shapes) = self.nodes(parts)?;
                Ok((Node::any(nodes), Shape::Any(shapes.into())))
            }
            tree::Cond::All(parts) => {
                let (nodes, shapes) = self.nodes(parts)?;
                Ok((Node::all(nodes), Shape::All(shapes.into())))
            }
            tree::Cond::Not(inner, _) => {
                let (node, shape) = self.node(inner)?;
                Ok((node.not(), Shape::Not(Box::new(shape))))
            }
            tree::Cond::Named(name) if name.text == "TRUE" => Ok(known(name, true)),
            tree::Cond::Named(name) if name.text == "FALSE" => Ok(known(name, false)),
            tree::Cond::Named(name) => {
                let alternatives = self.named(name)?;
                let who = format!("ACL '{}'", name.text);
                let here = alternatives.into_iter().map(|one| self.here(one, &who, name.span));
                let (nodes, probes) = here.unzip();
                Ok((Node::any(nodes), Shape::acl(Some(name), probes)))
            }
            tree::Cond::Test(test) => {
                let alternative = self.alternative(test, "")?;
                let (node, probe) = self.here(alternative, "this test", test.expr.span);
                Ok((node, Shape::acl(None, vec![probe])))
            }
        }
    }

    /// All parts, so that the mistakes of all are found.
    fn nodes(&self, parts: &[tree::Cond]) -> Result<(Vec<Node>, Vec<Shape>), Reported> {
        let built: Vec<_> = parts.iter().map(|part| self.node(part)).collect();
        Ok(built.into_iter().collect::<Result<Vec<_>, _>>()?.into_iter().unzip())
    }

    /// A test at the present stage: it never matches where its fetch has no value.
    pub(super) fn here(&self, alternative: Alternative, who: &str, span: Span) -> (Node, Probe) {
        let Alternative { test, about, .. } = alternative.clone();
        if self.stage().has(alternative.needs) {
            return (Node::Test(test.clone()), Probe::new(test, about, None));
        }
        let never = format!("'{}' has no value in {}", alternative.fetch, self.place());
        let message =
            format!("{who} never matches here: '{}' has no value in {}", alternative.fetch, self.place());
        self.push(Diagnostic::warning(span, message).help(needs_what(alternative.needs)));
        (Node::Const(false), Probe::new(test, about, Some(never.into())))
    }

    /// One test with what it needs. `acl` is the name of the ACL it belongs to, empty for an anonymous one.
    pub(super) fn alternative(&self, test: &tree::Test, acl: &str) -> Result<Alternative, Reported> {
        let name = &test.expr.fetch.name;
        let mut expr = test.expr.clone();
        let implied = match self.vocabulary.fetch(name) {
            Some(_) => None,
            None => derivative(name),
        };
        if let Some((fetch, _)) = implied {
            if self.vocabulary.fetch(fetch).is_none() {
                return Err(
                    self.error(expr.fetch.name_span, format!("ACL word '{name}' is not supported yet"))
                );
            }
            expr.fetch.name = fetch.to_owned();
        } else if self.vocabulary.fetch(name).is_none() {
            self.suggest_derivative(&expr.fetch)?;
        }
        let (built, needs) = self.build_expr_anywhere(&expr)?;
        let implied = implied.filter(|_| expr.converters.is_empty()).map(|(_, method)| method);
        let method = self.method(test, implied, built.output())?;
        let matcher = self.matcher(test, method, built.output())?;
        if let Some(stuck) = never(&matcher, test) {
            let who = if acl.is_empty() { "this test".to_owned() } else { format!("ACL '{acl}'") };
            self.push(
                Diagnostic::warning(test.span, format!("{who} never matches: {stuck}"))
                    .help("'-m found' asks whether there is a value at all"),
            );
        }
        let at_end = name == "wait_end" && expr.converters.is_empty();
        let given = test;
        let test = Rc::new(Test { expr: built, matcher, at_end });
        let about = self.about(given, method, test.expr.output());
        Ok(Alternative { test, needs, fetch: name.clone(), about })
    }

    /// Names a near ACL word where no fetch of that name exists.
    fn suggest_derivative(&self, call: &tree::Call) -> Result<(), Reported> {
        let words: Vec<String> = derivatives().collect();
        let fetches: Vec<&str> = self.vocabulary.fetches().collect();
        let all = words.iter().map(String::as_str).chain(fetches);
        match portero_grammar::nearest(&call.name, all) {
            Some(near) if derivative(near).is_some() => Err(self.fail(
                Diagnostic::error(call.name_span, format!("unknown fetch '{}'", call.name))
                    .help(format!("did you mean '{near}'?")),
            )),
            _ => Ok(()),
        }
    }

    /// True when the value comes from a plugin, whose type nobody knows before: patterns are compared as texts, as
    /// HAProxy compares what scripts give.
    fn is_plugins(&self, expr: &tree::Expr) -> bool {
        match expr.converters.last() {
            Some(call) => matches!(self.vocabulary.converter(&call.name), Some(ConvertWord::Plugin(_))),
            None => matches!(self.vocabulary.fetch(&expr.fetch.name), Some(FetchWord::Plugin(_))),
        }
    }

    /// The method of a test: that of `-m`, of the ACL word, or of the type.
    fn method(
        &self,
        test: &tree::Test,
        implied: Option<Method>,
        kind: portero_api::SampleType,
    ) -> Result<Method, Reported> {
        let mut named = test.flags.iter().filter(|f| f.name.text == "-m").filter_map(|f| f.arg.as_ref());
        let explicit = named.next();
        if let Some(second) = named.next() {
            return Err(self.error(second.span, "a test has one matching method, this is the second '-m'"));
        }
        let Some(word) = explicit else {
            let text = || (self.is_plugins(&test.expr) && !test.patterns.is_empty()).then_some(Method::Str);
            let method = implied.or_else(|| Method::default_for(kind)).or_else(text);
            return method.ok_or_else(|| {
                let message = format!(
                    "'{}' gives {}: say with '-m' how to match it",
                    test.expr.fetch.name,
                    type_name(kind)
                );
                self.fail(
                    Diagnostic::error(test.expr.span, message).help("for instance '-m str', '-m found'"),
                )
            });
        };
        let Some(method) = Method::named(&word.text) else {
            let error = Diagnostic::error(word.span, format!("unknown matching method '{}'", word.text));
            return Err(self.fail(error.did_you_mean(&word.text, METHODS.iter().map(|&(name, _)| name))));
        };
        if implied.is_some_and(|i| i != method) {
            let message =
                format!("'-m {}' takes the place of the method in '{}'", method.name(), test.expr.fetch.name);
            self.push(Diagnostic::warning(word.span, message));
        }
        if !method.fits(kind) {
            let message = format!(
                "matching method '{}' cannot be used with '{}', which gives {}",
                method.name(),
                test.expr.fetch.name,
                type_name(kind)
            );
            return Err(self.error(word.span, message));
        }
        Ok(method)
    }
}

/// Why a matcher can match nothing.
fn never(matcher: &Matcher, test: &tree::Test) -> Option<&'static str> {
    let files = test.flags.iter().any(|f| f.name.text == "-f");
    let takes = !matches!(matcher, Matcher::Found | Matcher::Bool);
    (takes && test.patterns.is_empty() && !files).then_some("it has no pattern to match against")
}
