//! Variables as samples (HAProxy manual, section 2.8).

use portero_api::{Exchange, Sample, SampleType::Any, VarId, process_vars};

use super::constants::borrowed;
use super::{Made, by, row};
use crate::vocabulary::{Args, FetchKind, Needs::Nothing};

pub(super) static ROWS: &[FetchKind] = &[row(
    "var",
    &[],
    (1, 2),
    Any,
    Nothing,
    "a variable, or the second argument while it is not set",
    variable,
)];

fn variable(args: &Args<'_>) -> Made {
    let id = args.var(0)?;
    match args.list.get(1) {
        None => by(move |x| read(x, id)),
        Some(default) => Ok(Box::new(OrElse { id, default: Sample::text(&*default.text) })),
    }
}

/// The value of a variable of any scope.
pub(crate) fn read(exchange: &Exchange, id: VarId) -> Option<Sample<'static>> {
    match exchange.vars_of(id.scope) {
        Some(vars) => vars.get(id).map(|value| value.to_sample()),
        None => process_vars().get(id),
    }
}

/// A variable with what stands for it while it is not set.
struct OrElse {
    id: VarId,
    default: Sample<'static>,
}

impl portero_api::Fetch for OrElse {
    fn fetch<'a>(&'a self, exchange: &'a Exchange) -> portero_api::Fetched<'a> {
        Ok(Some(read(exchange, self.id).unwrap_or_else(|| borrowed(&self.default))))
    }
}
