//! The trace: evaluation of the same rules that also says what it sees (`portero_api::trace`).
//!
//! The loop over the rules is one for both ([`crate::RuleSet`] runs it under a `Watch`); conditions have a second form, a
//! `Shape` beside the folded one, which still knows names, places and the words that were written.

mod build;
mod changes;
mod eval;
mod pattern;
mod watch;
mod working;

use std::rc::Rc;

use portero_api::SampleType;
use portero_api::trace::Place;

use crate::cond::Test;
use crate::matching::Method;

pub use changes::{Before, text_of};
pub(crate) use watch::{Silent, Telling, Watch, holds};
pub use working::Working;

/// A condition as it was written: nothing is folded.
pub(crate) enum Shape {
    All(Box<[Shape]>),
    Any(Box<[Shape]>),
    Not(Box<Shape>),
    /// An ACL by its name, or a test in braces.
    Acl(Option<Rc<str>>, Box<[Probe]>),
    /// `TRUE` and `FALSE`.
    Known(Rc<str>, bool),
}

/// A test with what is known of how it was written.
pub(crate) struct Probe {
    test: Rc<Test>,
    about: Rc<About>,
    /// Why it never matches where it stands.
    never: Option<Rc<str>>,
}

/// How a test was written.
pub(crate) struct About {
    place: Place,
    text: Rc<str>,
    /// The fetch and the converters, each with its arguments.
    calls: Box<[Rc<str>]>,
    method: Method,
    kind: SampleType,
    /// The patterns that stand in the line, and whether their case counts.
    words: Box<[(Box<str>, bool)]>,
    /// The files of others.
    files: Box<[Box<str>]>,
}

/// What is known of a rule beside what it does.
pub(crate) struct Written {
    pub(crate) place: Place,
    pub(crate) text: Rc<str>,
    /// Its condition; none where it has none.
    pub(crate) shape: Option<Rc<Shape>>,
}

/// A rule as it stands in the configuration, with the tests of its condition: what a trace can meet.
#[derive(Clone, Debug)]
pub struct Outline {
    /// Where it was written.
    pub place: Place,
    /// The rule as written.
    pub text: Rc<str>,
    /// False when it always applies.
    pub conditional: bool,
    /// The lines of the ACLs in its condition, by name (none for a test in braces), place and text.
    pub tests: Vec<(Option<Rc<str>>, Place, Rc<str>)>,
}

impl Written {
    pub(crate) fn outline(&self) -> Outline {
        let mut tests = Vec::new();
        if let Some(shape) = &self.shape {
            shape.tests(&mut tests);
        }
        let (place, text) = (self.place.clone(), self.text.clone());
        Outline { place, text, conditional: self.shape.is_some(), tests }
    }
}

impl Shape {
    fn tests(&self, into: &mut Vec<(Option<Rc<str>>, Place, Rc<str>)>) {
        match self {
            Shape::All(parts) | Shape::Any(parts) => parts.iter().for_each(|part| part.tests(into)),
            Shape::Not(inner) => inner.tests(into),
            Shape::Acl(name, probes) => {
                let test =
                    |probe: &Probe| (name.clone(), probe.about.place.clone(), probe.about.text.clone());
                into.extend(probes.iter().map(test));
            }
            Shape::Known(..) => {}
        }
    }
}
