//! `when`: lets a sample through under a condition.

use portero_api::{BadArg, Exchange, SampleType::Any};

use super::{Made, by, row};
use crate::Cond;
use crate::vocabulary::{Args, ConvertKind};

pub(super) static ROWS: &[ConvertKind] = &[row(
    "when",
    (1, 2),
    Any,
    Any,
    "the sample itself when all is normal, error, forwarded, processed, toapplet, stopping, or an ACL holds",
    when,
)];

/// A condition of the exchange by its name.
type Question = fn(&Exchange) -> bool;

const QUESTIONS: [(&str, Question); 5] = [
    ("error", |x| !x.log.is_normal()),
    ("forwarded", is_forwarded),
    ("normal", |x| x.log.is_normal()),
    ("processed", |x| is_forwarded(x) || is_served(x)),
    ("toapplet", is_served),
];

fn is_forwarded(exchange: &Exchange) -> bool {
    exchange.server.is_some() && exchange.log.timers.connected.is_some()
}

/// A service of our own answered.
fn is_served(exchange: &Exchange) -> bool {
    exchange.log.service.is_some()
}

fn when(args: &Args<'_>) -> Made {
    let text = args.required(0, "a condition")?;
    let (wanted, name) = text.strip_prefix('!').map_or((true, text), |name| (false, name));
    match name {
        "acl" => {
            let cond: Cond = args.acl(1)?;
            by(move |s, x| (cond.holds(x) == wanted).then_some(s))
        }
        "stopping" => {
            let process = args.context.common.process.clone();
            by(move |s, _| (process.is_stopping() == wanted).then_some(s))
        }
        _ => {
            let Some(&(_, holds)) = QUESTIONS.iter().find(|(known, _)| *known == name) else {
                let known: Vec<_> = QUESTIONS.iter().map(|(known, _)| *known).collect();
                return Err(BadArg::at(
                    0,
                    format!("'{name}' is no condition: acl, stopping, {} are", known.join(", ")),
                ));
            };
            by(move |s, x| (holds(x) == wanted).then_some(s))
        }
    }
}
