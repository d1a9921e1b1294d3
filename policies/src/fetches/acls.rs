//! ACLs as samples.

use portero_api::{BadArg, Exchange, Fetch, Fetched, NotYet, Sample, SampleType::Bool};
use portero_grammar::rules::tree::Arg;

use super::{Made, row};
use crate::Cond;
use crate::cond::Truth;
use crate::vocabulary::{Args, FetchKind, Needs::Nothing};

pub(super) static ROWS: &[FetchKind] = &[row(
    "acl",
    &[],
    (1, 12),
    Bool,
    Nothing,
    "whether all the ACLs hold; '!' in front of a name inverts it",
    acls,
)];

/// ACLs that must all hold, each with what it must say.
struct All(Vec<(Cond, bool)>);

impl Fetch for All {
    fn fetch<'a>(&'a self, exchange: &'a Exchange) -> Fetched<'a> {
        for (cond, wanted) in &self.0 {
            let holds = match cond.eval(exchange, true) {
                Truth::Later => return Err(NotYet),
                truth => truth == Truth::Yes,
            };
            if holds != *wanted {
                return Ok(Some(Sample::Bool(false)));
            }
        }
        Ok(Some(Sample::Bool(true)))
    }
}

fn acls(args: &Args<'_>) -> Made {
    let mut all = Vec::new();
    for (index, arg) in args.list.iter().enumerate() {
        args.required(index, "the name of an ACL")?;
        let (wanted, name) = arg.text.strip_prefix('!').map_or((true, &*arg.text), |name| (false, name));
        let name = Arg::plain(name, arg.span);
        let cond = args.acls.acl(&name).map_err(|message| BadArg::at(index, message))?;
        all.push((cond, wanted));
    }
    Ok(Box::new(All(all)))
}
