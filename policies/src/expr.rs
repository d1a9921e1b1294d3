//! A compiled sample expression: a fetch, and the casts and converters behind it.

use std::ops::ControlFlow;

use portero_api::{Convert, Exchange, Expression, Fetch, Fetched, NotYet, Sample, SampleType};

use crate::cast::{cast, write_text};

/// A compiled sample expression.
pub struct Expr {
    pub(crate) fetch: Box<dyn Fetch>,
    pub(crate) steps: Box<[Step]>,
    pub(crate) output: SampleType,
}

/// What happens to a sample on its way.
pub(crate) enum Step {
    /// It changes its type.
    Cast(SampleType),
    /// A converter makes another of it.
    Convert(Box<dyn Convert>),
}

impl Expr {
    /// The type of its value; [`SampleType::Any`] when only evaluation can say.
    pub fn output(&self) -> SampleType {
        self.output
    }

    /// Its value as it stands now: what has not arrived is not there.
    pub fn get<'a>(&'a self, exchange: &'a Exchange) -> Option<Sample<'a>> {
        self.value(exchange).unwrap_or(None)
    }

    /// Its value cast to a type.
    pub fn get_as<'a>(&'a self, exchange: &'a Exchange, to: SampleType) -> Option<Sample<'a>> {
        cast(self.get(exchange)?, to)
    }

    /// Its value as an integer.
    pub fn int(&self, exchange: &Exchange) -> Option<i64> {
        crate::cast::to_int(&self.get(exchange)?)
    }

    /// Appends its value as text and says whether there was one.
    pub fn write(&self, exchange: &Exchange, into: &mut Vec<u8>) -> bool {
        match self.get(exchange) {
            Some(sample) => {
                write_text(&sample, into);
                true
            }
            None => false,
        }
    }

    /// Appends its value as bytes, as they are, and says whether there was one.
    pub(crate) fn write_bytes(&self, exchange: &Exchange, into: &mut Vec<u8>) -> bool {
        match self.get(exchange) {
            Some(Sample::Str(bytes) | Sample::Bin(bytes) | Sample::Method(bytes)) => {
                into.extend_from_slice(&bytes);
                true
            }
            _ => false,
        }
    }

    /// All its values, until the visitor breaks: what an ACL is matched against. As in HAProxy, those behind one that a
    /// converter makes nothing of are not looked at.
    pub fn each<'a>(
        &'a self,
        exchange: &'a Exchange,
        visit: &mut dyn FnMut(Sample<'a>) -> ControlFlow<()>,
    ) -> Result<(), NotYet> {
        if self.steps.is_empty() {
            return self.fetch.each(exchange, visit);
        }
        self.fetch.each(exchange, &mut |sample| match self.convert(sample, exchange) {
            Some(sample) => visit(sample),
            None => ControlFlow::Break(()),
        })
    }

    fn convert<'a>(&'a self, sample: Sample<'a>, exchange: &'a Exchange) -> Option<Sample<'a>> {
        convert(&self.steps, sample, exchange)
    }
}

/// A sample behind all steps.
pub(crate) fn convert<'a>(
    steps: &'a [Step],
    sample: Sample<'a>,
    exchange: &'a Exchange,
) -> Option<Sample<'a>> {
    steps.iter().try_fold(sample, |sample, step| match step {
        Step::Cast(to) => cast(sample, *to),
        Step::Convert(convert) => convert.convert(sample, exchange),
    })
}

impl Expression for Expr {
    fn value<'a>(&'a self, exchange: &'a Exchange) -> Fetched<'a> {
        Ok(self.fetch.fetch(exchange)?.and_then(|sample| self.convert(sample, exchange)))
    }
}

impl std::fmt::Debug for Expr {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Expr").field("output", &self.output).finish_non_exhaustive()
    }
}
