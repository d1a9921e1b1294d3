//! Conditions: names are looked up, tests compiled, what can never match is said and taken out.

use std::rc::Rc;

use portero_grammar::rules as tree;
use portero_grammar::{Diagnostic, Span};

use super::acl::{Alternative, derivatives};
use super::expr::{needs_what, type_name};
use super::{Compiler, Reported, derivative};
use crate::Cond;
use crate::cond::{Node, Test};
use crate::matching::{METHODS, Matcher, Method};

impl Compiler<'_> {
    pub(crate) fn build_condition(&self, condition: &tree::Condition) -> Result<Cond, Reported> {
        let node = self.node(&condition.cond)?;
        Ok(Cond { node: if condition.unless { node.not() } else { node } })
    }

    fn node(&self, cond: &tree::Cond) -> Result<Node, Reported> {
        match cond {
            tree::Cond::Any(parts) => Ok(Node::any(self.nodes(parts)?)),
            tree::Cond::All(parts) => Ok(Node::all(self.nodes(parts)?)),
            tree::Cond::Not(inner, _) => Ok(self.node(inner)?.not()),
            tree::Cond::Named(name) if name.text == "TRUE" => Ok(Node::Const(true)),
            tree::Cond::Named(name) if name.text == "FALSE" => Ok(Node::Const(false)),
            tree::Cond::Named(name) => {
                let alternatives = self.named(name)?;
                let who = format!("ACL '{}'", name.text);
                Ok(Node::any(alternatives.into_iter().map(|one| self.here(one, &who, name.span)).collect()))
            }
            tree::Cond::Test(test) => {
                let alternative = self.alternative(test, "")?;
                Ok(self.here(alternative, "this test", test.expr.span))
            }
        }
    }

    /// All parts, so that the mistakes of all are found.
    fn nodes(&self, parts: &[tree::Cond]) -> Result<Vec<Node>, Reported> {
        let built: Vec<_> = parts.iter().map(|part| self.node(part)).collect();
        built.into_iter().collect()
    }

    /// A test at the present stage: it never matches where its fetch has no value.
    pub(super) fn here(&self, alternative: Alternative, who: &str, span: Span) -> Node {
        if self.stage().has(alternative.needs) {
            return Node::Test(alternative.test);
        }
        let message =
            format!("{who} never matches here: '{}' has no value in {}", alternative.fetch, self.place());
        self.push(Diagnostic::warning(span, message).help(needs_what(alternative.needs)));
        Node::Const(false)
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
        let test = Rc::new(Test { expr: built, matcher, at_end });
        Ok(Alternative { test, needs, fetch: name.clone() })
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
            let method = implied.or_else(|| Method::default_for(kind));
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
