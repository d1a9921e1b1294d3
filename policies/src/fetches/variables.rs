//! Variables as samples (HAProxy manual, section 2.8).

use portero_api::{BadArg, Exchange, Sample, SampleType::*, Scope, VarId, process_vars};

use super::constants::borrowed;
use super::{Made, by, row};
use crate::cast::write_text;
use crate::converters::hex;
use crate::vocabulary::{Args, FetchKind, Needs::Nothing};

pub(super) static ROWS: &[FetchKind] = &[
    row("var", &[], (1, 2), Any, Nothing, "a variable, or the second argument while it is not set", variable),
    row(
        "dump_all_vars",
        &[],
        (0, 3),
        Str,
        Nothing,
        "all variables of a scope whose names begin so, joined",
        dump,
    ),
];

fn variable(args: &Args<'_>) -> Made {
    let id = args.var(0)?;
    match args.list.get(1) {
        None => by(move |x| read(x, id)),
        Some(default) => Ok(Box::new(OrElse { id, default: Sample::text(&*default.text) })),
    }
}

/// The scopes that can be shown, in the order they are.
const SCOPES: [(&str, Scope); 5] = [
    ("sess", Scope::Sess),
    ("txn", Scope::Txn),
    ("req", Scope::Req),
    ("res", Scope::Res),
    ("proc", Scope::Proc),
];

fn dump(args: &Args<'_>) -> Made {
    let scopes: Vec<Scope> = match args.text(0) {
        None => SCOPES.iter().map(|&(_, scope)| scope).collect(),
        Some(name) => match SCOPES.iter().find(|(known, _)| *known == name) {
            Some(&(_, scope)) => vec![scope],
            None => {
                return Err(BadArg::at(0, format!("'{name}' is no scope: sess, txn, req, res and proc are")));
            }
        },
    };
    let prefix = args.text(1).unwrap_or_default().to_owned();
    let delimiter = args.list.get(2).map_or(", ", |arg| &*arg.text).as_bytes().to_vec();
    by(move |x| {
        let mut all: Vec<Vec<u8>> = Vec::new();
        let mut add = |id: VarId, sample: &Sample<'_>| {
            let name = id.name();
            let own = name.split_once('.').map_or("", |(_, own)| own);
            if own.starts_with(&prefix) {
                let mut text = format!("{name}=").into_bytes();
                show(sample, &mut text);
                all.push(text);
            }
        };
        for &scope in &scopes {
            match x.vars_of(scope) {
                Some(vars) => {
                    let of_scope = vars.all().into_iter().filter(|(id, _)| id.scope == scope);
                    of_scope.for_each(|(id, value)| add(id, &value.to_sample()));
                }
                None => process_vars().each(&mut add),
            }
        }
        Some(Sample::text(all.join(&delimiter[..])))
    })
}

/// Texts in quotes, bytes in hexadecimal, everything else as it is.
fn show(sample: &Sample<'_>, into: &mut Vec<u8>) {
    match sample {
        Sample::Bool(value) => into.extend(value.to_string().bytes()),
        Sample::Bin(bytes) => into.extend(hex(bytes)),
        Sample::Str(text) | Sample::Method(text) => {
            into.push(b'"');
            text.iter().for_each(|&b| escape(b, into));
            into.push(b'"');
        }
        other => write_text(other, into),
    }
}

fn escape(byte: u8, into: &mut Vec<u8>) {
    match byte {
        b'"' | b'\\' => into.extend([b'\\', byte]),
        b'\r' => into.extend(b"\\r"),
        b'\n' => into.extend(b"\\n"),
        8 => into.extend(b"\\b"),
        0 => into.extend(b"\\0"),
        byte => into.push(byte),
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
