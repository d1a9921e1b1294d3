//! Actions on variables: set-var, set-var-fmt, unset-var (HAProxy manual, section 2.8).

use portero_api::{Action, Answer, Exchange, Sample, Scope, Value, VarId, process_vars};
use portero_grammar::rules::Family;

use super::text::Text;
use super::words::Words;
use super::{ActionKind, families};
use crate::format::Escape;
use crate::{Expr, Reported};

pub(super) static ROWS: &[ActionKind] = &[
    ActionKind {
        name: "set-var",
        families: families::EVERY,
        syntax: "(<name>[,<condition>]...) <expr>",
        summary: "set a variable to the value of an expression",
        ends: false,
        make: |words| {
            let target = target(words);
            let value = words.expr();
            Ok(Box::new(SetVar { target: target?, value: Source::Expr(value?) }))
        },
    },
    ActionKind {
        name: "set-var-fmt",
        families: families::EVERY,
        syntax: "(<name>[,<condition>]...) <fmt>",
        summary: "set a variable to a text made by a log format",
        ends: false,
        make: |words| {
            let target = target(words);
            let value = words.text("a log format", Escape::None);
            Ok(Box::new(SetVar { target: target?, value: Source::Text(value?) }))
        },
    },
    ActionKind {
        name: "unset-var",
        families: families::EVERY,
        syntax: "(<name>)",
        summary: "remove a variable",
        ends: false,
        make: |words| Ok(Box::new(UnsetVar(target(words)?.id))),
    },
];

const CONDITIONS: [(&str, When); 8] = [
    ("ifexists", When::Exists),
    ("ifnotexists", When::NotThere),
    ("ifempty", When::Empty),
    ("ifnotempty", When::NotEmpty),
    ("ifset", When::Set),
    ("ifnotset", When::NotSet),
    ("ifgt", When::Greater),
    ("iflt", When::Less),
];

/// When a variable is set (manual, converter "set-var").
#[derive(Clone, Copy)]
enum When {
    /// It is there: those of the process are from the start, with or without a value.
    Exists,
    NotThere,
    /// It has a value.
    Set,
    NotSet,
    /// The new value is empty.
    Empty,
    NotEmpty,
    /// The old value is greater than the new.
    Greater,
    Less,
}

struct Target {
    id: VarId,
    when: Box<[When]>,
}

struct SetVar {
    target: Target,
    value: Source,
}

enum Source {
    Expr(Expr),
    Text(Text),
}

impl Action for SetVar {
    fn run(&self, exchange: &mut Exchange) -> Answer {
        match &self.value {
            Source::Expr(expr) => {
                if let Some(sample) = expr.get(exchange) {
                    self.target.set(exchange, &sample);
                }
            }
            Source::Text(text) => text.with(exchange, |exchange, text| {
                self.target.set(exchange, &Sample::str(text));
            }),
        }
        Answer::Continue
    }
}

impl Target {
    fn set(&self, exchange: &Exchange, sample: &Sample<'_>) {
        if !self.when.iter().all(|when| when.holds(exchange, self.id, sample)) {
            return;
        }
        match exchange.vars_of(self.id.scope) {
            Some(vars) => vars.set(self.id, Value::from_sample(sample)),
            None => process_vars().set(self.id, sample.clone().into_owned()),
        }
    }
}

impl When {
    fn holds(self, exchange: &Exchange, id: VarId, new: &Sample<'_>) -> bool {
        let old = || match exchange.vars_of(id.scope) {
            Some(vars) => vars.get(id).map(|value| value.to_sample()),
            None => process_vars().get(id),
        };
        let there = || id.scope == Scope::Proc || old().is_some();
        // of two integers: what is no integer is no reason against
        let order = || match (old(), new) {
            (Some(Sample::Int(old)), Sample::Int(new)) => Some(old.cmp(new)),
            _ => None,
        };
        match self {
            When::Exists => there(),
            When::NotThere => !there(),
            When::Set => old().is_some(),
            When::NotSet => old().is_none(),
            When::Empty => is_empty(new),
            When::NotEmpty => !is_empty(new),
            When::Greater => order().is_none_or(std::cmp::Ordering::is_gt),
            When::Less => order().is_none_or(std::cmp::Ordering::is_lt),
        }
    }
}

fn is_empty(sample: &Sample<'_>) -> bool {
    match sample {
        Sample::Str(bytes) | Sample::Bin(bytes) | Sample::Method(bytes) => bytes.is_empty(),
        Sample::Bool(_) | Sample::Int(_) | Sample::Ip(_) => false,
    }
}

struct UnsetVar(VarId);

impl Action for UnsetVar {
    fn run(&self, exchange: &mut Exchange) -> Answer {
        match exchange.vars_of(self.0.scope) {
            Some(vars) => vars.unset(self.0),
            None => process_vars().unset(self.0),
        };
        Answer::Continue
    }
}

/// The variable in the parentheses, and the conditions behind it.
fn target(words: &Words<'_, '_>) -> Result<Target, Reported> {
    let Some((name, conditions)) = words.params().split_first() else {
        return Err(words.fail("a variable in parentheses is missing, for instance '(txn.name)'"));
    };
    let id = VarId::parse(&name.text).map_err(|message| words.compiler.error(name.span, message))?;
    let short = matches!(words.family, Family::TcpRequestConnection | Family::TcpRequestSession);
    if short && !matches!(id.scope, Scope::Proc | Scope::Sess) {
        let message = format!("'{}' does not outlive these rules: use scope 'sess.' or 'proc.'", name.text);
        words.compiler.push(portero_grammar::Diagnostic::warning(name.span, message));
    }
    let find = |arg: &portero_grammar::rules::Arg| {
        let known = CONDITIONS.iter().find(|(n, _)| *n == arg.text).map(|&(_, when)| when);
        known.ok_or_else(|| {
            let message = format!("unknown condition '{}'", arg.text);
            let error = portero_grammar::Diagnostic::error(arg.span, message);
            words.compiler.fail(error.did_you_mean(&arg.text, CONDITIONS.iter().map(|&(name, _)| name)))
        })
    };
    let when: Vec<_> = conditions.iter().map(find).collect::<Result<_, _>>()?;
    Ok(Target { id, when: when.into() })
}
