//! Compiled conditions and their three-valued evaluation.

use std::ops::ControlFlow;
use std::rc::Rc;

use portero_api::Exchange;

use crate::Expr;
use crate::matching::Matcher;
use crate::trace::Shape;

/// A compiled condition.
pub struct Cond {
    pub(crate) node: Node,
    /// The same as it was written, for traces.
    pub(crate) shape: Option<Rc<Shape>>,
}

/// What a condition is made of.
pub(crate) enum Node {
    Const(bool),
    Any(Box<[Node]>),
    All(Box<[Node]>),
    Not(Box<Node>),
    Test(Rc<Test>),
}

/// One line of an ACL: an expression and what its samples are matched against.
pub(crate) struct Test {
    pub(crate) expr: Expr,
    pub(crate) matcher: Matcher,
    /// `wait_end`: holds as soon as nothing more will come.
    pub(crate) at_end: bool,
}

/// What a condition says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Truth {
    No,
    /// It depends on data that has not arrived.
    Later,
    Yes,
}

impl Cond {
    /// True when it holds with what is there now; what has not arrived does not match.
    pub fn holds(&self, exchange: &Exchange) -> bool {
        self.eval(exchange, false) == Truth::Yes
    }

    /// What it says; [`Truth::Later`] only when `may_wait`.
    pub(crate) fn eval(&self, exchange: &Exchange, may_wait: bool) -> Truth {
        match &self.node {
            // what most conditions are
            Node::Test(test) => test.eval(exchange, may_wait),
            node => node.eval(exchange, may_wait),
        }
    }

    /// Its value when it is always the same.
    pub fn constant(&self) -> Option<bool> {
        match self.node {
            Node::Const(value) => Some(value),
            _ => None,
        }
    }
}

impl std::fmt::Debug for Cond {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Cond")
    }
}

impl Node {
    /// All must hold; folds constants.
    pub(crate) fn all(nodes: Vec<Node>) -> Node {
        Node::fold(nodes, true)
    }

    /// One must hold; folds constants.
    pub(crate) fn any(nodes: Vec<Node>) -> Node {
        Node::fold(nodes, false)
    }

    /// It must not hold; folds constants.
    pub(crate) fn not(self) -> Node {
        match self {
            Node::Const(value) => Node::Const(!value),
            Node::Not(inner) => *inner,
            other => Node::Not(Box::new(other)),
        }
    }

    fn fold(mut nodes: Vec<Node>, neutral: bool) -> Node {
        if nodes.iter().any(|n| matches!(n, Node::Const(v) if *v != neutral)) {
            return Node::Const(!neutral);
        }
        nodes.retain(|n| !matches!(n, Node::Const(_)));
        match nodes.len() {
            0 => Node::Const(neutral),
            1 => nodes.remove(0),
            _ if neutral => Node::All(nodes.into()),
            _ => Node::Any(nodes.into()),
        }
    }

    fn eval(&self, exchange: &Exchange, may_wait: bool) -> Truth {
        match self {
            Node::Const(true) => Truth::Yes,
            Node::Const(false) => Truth::No,
            Node::Test(test) => test.eval(exchange, may_wait),
            Node::Not(node) => match node.eval(exchange, may_wait) {
                Truth::No => Truth::Yes,
                Truth::Later => Truth::Later,
                Truth::Yes => Truth::No,
            },
            Node::All(nodes) => until(nodes, exchange, may_wait, Truth::No, Truth::Yes),
            Node::Any(nodes) => until(nodes, exchange, may_wait, Truth::Yes, Truth::No),
        }
    }
}

/// Evaluates nodes in order up to the first `decisive` one; without one it is `rest`, or open when any was open.
fn until(nodes: &[Node], exchange: &Exchange, may_wait: bool, decisive: Truth, rest: Truth) -> Truth {
    let mut result = rest;
    for node in nodes {
        let truth = node.eval(exchange, may_wait);
        if truth == decisive {
            return decisive;
        }
        if truth == Truth::Later {
            result = Truth::Later;
        }
    }
    result
}

impl Test {
    fn eval(&self, exchange: &Exchange, may_wait: bool) -> Truth {
        if self.at_end {
            return if may_wait { Truth::Later } else { Truth::Yes };
        }
        let mut hit = false;
        let seen = self.expr.each(exchange, &mut |sample| {
            hit = self.matcher.matches(&sample);
            if hit { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        });
        match seen {
            _ if hit => Truth::Yes,
            Err(_) if may_wait => Truth::Later,
            _ => Truth::No,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::exchange;
    use portero_api::{Fetch, Fetched, NotYet, SampleType};

    struct Open;

    impl Fetch for Open {
        fn fetch<'a>(&'a self, _: &'a Exchange) -> Fetched<'a> {
            Err(NotYet)
        }
    }

    fn open() -> Node {
        let expr = Expr { fetch: Box::new(Open), steps: Box::new([]), output: SampleType::Bool };
        Node::Test(Rc::new(Test { expr, matcher: Matcher::Bool, at_end: false }))
    }

    fn truth(node: Node, may_wait: bool) -> Truth {
        node.eval(&exchange(""), may_wait)
    }

    #[test]
    fn what_has_not_arrived_stays_open_through_every_operator() {
        use Truth::{Later, No, Yes};
        let and = |known| Node::All(vec![open(), Node::Const(known)].into());
        let or = |known| Node::Any(vec![open(), Node::Const(known)].into());
        for (node, expected) in [
            (open(), Later),
            (open().not(), Later),
            (and(true), Later),
            (and(false), No),
            (or(true), Yes),
            (or(false), Later),
        ] {
            assert_eq!(truth(node, true), expected);
        }
    }

    #[test]
    fn without_waiting_what_is_open_does_not_match() {
        assert_eq!(truth(open(), false), Truth::No);
        assert_eq!(truth(open().not(), false), Truth::Yes);
    }

    #[test]
    fn constants_are_folded() {
        let folded = |node: Node| matches!(node, Node::Const(true));
        assert!(folded(Node::all(vec![])));
        assert!(folded(Node::any(vec![open(), Node::Const(true)])));
        assert!(folded(Node::all(vec![Node::Const(true), Node::Const(false).not()])));
    }
}
