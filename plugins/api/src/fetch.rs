//! The hooks `Fetch` and `Convert`: samples inside expressions.

use std::ops::ControlFlow;

use crate::{Exchange, Sample};

/// The data that a fetch needs has not arrived yet; rules that may wait (`inspect-delay`) come back to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NotYet;

/// What a fetch finds: a sample, nothing, or not enough data to say.
pub type Fetched<'a> = Result<Option<Sample<'a>>, NotYet>;

/// Takes a sample from an exchange.
pub trait Fetch {
    /// The sample. Where there are several (`req.hdr`), the one that a single look-up means: HAProxy's is the last.
    fn fetch<'a>(&'a self, exchange: &'a Exchange) -> Fetched<'a>;

    /// All samples in order, until the visitor breaks: what an ACL is matched against. One by default.
    fn each<'a>(
        &'a self,
        exchange: &'a Exchange,
        visit: &mut dyn FnMut(Sample<'a>) -> ControlFlow<()>,
    ) -> Result<(), NotYet> {
        if let Some(sample) = self.fetch(exchange)? {
            let _ = visit(sample);
        }
        Ok(())
    }
}

/// Makes a sample of another.
pub trait Convert {
    /// The new sample, or none: the expression then has no value.
    fn convert<'a>(&'a self, sample: Sample<'a>, exchange: &'a Exchange) -> Option<Sample<'a>>;
}
