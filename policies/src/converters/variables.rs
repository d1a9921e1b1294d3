//! Converters that write variables (HAProxy manual, section 2.8) and capture slots.

use portero_api::{
    BadArg, Captures, Exchange, Sample,
    SampleType::{Any, Str},
    Scope, Value, VarId, process_vars,
};

use super::operand::bytes;
use super::{Made, by, row};
use crate::fetches::{capture_slot, read_variable};
use crate::vocabulary::{Args, ConvertKind};

pub(super) static ROWS: &[ConvertKind] = &[
    row("set-var", (1, 5), Any, Any, "the sample itself, kept in a variable when all conditions hold", set),
    row("unset-var", (1, 1), Any, Any, "the sample itself; the variable is forgotten", unset),
    row("capture-req", (1, 1), Str, Str, "the sample itself, kept in a capture slot of the request", |a| {
        capture(a, |x| &x.log.request_captures)
    }),
    row("capture-res", (1, 1), Str, Str, "the sample itself, kept in a capture slot of the response", |a| {
        capture(a, |x| &x.log.response_captures)
    }),
];

/// What must hold for a variable to be set.
#[derive(Clone, Copy)]
pub(crate) enum Only {
    Exists(bool),
    Empty(bool),
    Set(bool),
    Greater,
    Less,
}

impl Only {
    /// The condition that a word names; the error is a sentence for the user.
    pub(crate) fn parse(word: &str) -> Result<Only, String> {
        Ok(match word {
            "ifexists" => Only::Exists(true),
            "ifnotexists" => Only::Exists(false),
            "ifempty" => Only::Empty(true),
            "ifnotempty" => Only::Empty(false),
            "ifset" => Only::Set(true),
            "ifnotset" => Only::Set(false),
            "ifgt" => Only::Greater,
            "iflt" => Only::Less,
            _ => return Err(format!("'{word}' is no condition of 'set-var'")),
        })
    }

    fn holds(self, id: VarId, sample: &Sample<'_>, old: Option<&Sample<'_>>) -> bool {
        match self {
            // variables of the process exist from the moment a rule names them
            Only::Exists(wanted) => (old.is_some() || id.scope == Scope::Proc) == wanted,
            Only::Set(wanted) => old.is_some() == wanted,
            Only::Empty(wanted) => is_empty(sample) == wanted,
            Only::Greater => integers(old, sample).is_none_or(|(old, new)| old > new),
            Only::Less => integers(old, sample).is_none_or(|(old, new)| old < new),
        }
    }
}

fn is_empty(sample: &Sample<'_>) -> bool {
    matches!(sample, Sample::Str(bytes) | Sample::Bin(bytes) | Sample::Method(bytes) if bytes.is_empty())
}

fn integers(old: Option<&Sample<'_>>, new: &Sample<'_>) -> Option<(i64, i64)> {
    match (old, new) {
        (Some(Sample::Int(old)), Sample::Int(new)) => Some((*old, *new)),
        _ => None,
    }
}

/// Sets a variable of any scope when all conditions hold, and says whether they did.
pub(crate) fn set_when(exchange: &Exchange, id: VarId, sample: &Sample<'_>, only: &[Only]) -> bool {
    if !only.is_empty() {
        let old = read_variable(exchange, id);
        if !only.iter().all(|condition| condition.holds(id, sample, old.as_ref())) {
            return false;
        }
    }
    match exchange.vars_of(id.scope) {
        Some(vars) => vars.set(id, Value::from_sample(sample)),
        None => process_vars().set(id, sample.clone().into_owned()),
    }
    true
}

fn set(args: &Args<'_>) -> Made {
    let id = args.var(0)?;
    let mut only = Vec::new();
    for index in 1..args.len() {
        let word = args.required(index, "a condition")?;
        only.push(Only::parse(word).map_err(|e| BadArg::at(index, e))?);
    }
    by(move |s, x| {
        set_when(x, id, &s, &only);
        Some(s)
    })
}

fn unset(args: &Args<'_>) -> Made {
    let id = args.var(0)?;
    by(move |s, x| {
        match x.vars_of(id.scope) {
            Some(vars) => vars.unset(id),
            None => process_vars().unset(id),
        };
        Some(s)
    })
}

fn capture(args: &Args<'_>, of: fn(&Exchange) -> &Captures) -> Made {
    let slot = capture_slot(args)?;
    by(move |s, x| {
        let text = bytes(s);
        of(x).set(slot, &text);
        Some(Sample::Str(text))
    })
}
