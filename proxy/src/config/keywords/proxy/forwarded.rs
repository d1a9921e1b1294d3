//! `option forwardfor`, `option originalto` and `option forwarded`.

use portero_grammar::{Diagnostic, rules};

use super::super::{Call, Form};
use crate::config::address;
use crate::config::checked::{ForwardFor, Forwarded, ForwardedBy};
use crate::config::draft::Draft;

/// `option forwardfor [except NETWORK] [header NAME] [if-none]`
pub(super) fn forwardfor(c: &mut Call<'_, Draft>) -> Result<(), Diagnostic> {
    c.target.forwardfor = read(c, "X-Forwarded-For", true)?;
    Ok(())
}

/// `option originalto [except NETWORK] [header NAME]`
pub(super) fn originalto(c: &mut Call<'_, Draft>) -> Result<(), Diagnostic> {
    c.target.originalto = read(c, "X-Original-To", false)?;
    Ok(())
}

fn read(c: &Call<'_, Draft>, header: &str, if_none: bool) -> Result<Option<ForwardFor>, Diagnostic> {
    if c.form != Form::Plain {
        return Ok(None);
    }
    let mut option = ForwardFor { header: header.into(), named: false, except: Vec::new(), if_none: false };
    let mut at = 0;
    while let Some(word) = c.args.get(at) {
        match word.text.as_str() {
            "except" => {
                let word = c.word(at + 1)?;
                option.except.push(address::network(&word.text).map_err(|e| c.about(word, e))?);
                at += 1;
            }
            "header" => {
                option.header = c.word(at + 1)?.bytes().to_vec();
                option.named = true;
                at += 1;
            }
            "if-none" if if_none => option.if_none = true,
            other => {
                let error = Diagnostic::error(word.span, format!("unknown '{other}' behind '{}'", c.name));
                return Err(error.did_you_mean(other, ["except", "header", "if-none"]));
            }
        }
        at += 1;
    }
    Ok(Some(option))
}

/// The parameters of `option forwarded`; each but the first may have `-expr` behind it, and an expression then.
const PARAMETERS: [&str; 11] = [
    "proto",
    "host",
    "host-expr",
    "by",
    "by-expr",
    "by_port",
    "by_port-expr",
    "for",
    "for-expr",
    "for_port",
    "for_port-expr",
];

/// `option forwarded [proto] [host] [by] [by_port] [for] [for_port]`
pub(super) fn forwarded(c: &mut Call<'_, Draft>) -> Result<(), Diagnostic> {
    c.target.forwarded = None;
    if c.form != Form::Plain {
        return Ok(());
    }
    let mut option = Forwarded::default();
    let mut at = 0;
    while let Some(word) = c.args.get(at) {
        let (name, asked) = match word.text.strip_suffix("-expr") {
            Some(name) => (name, true),
            None => (word.text.as_str(), false),
        };
        let field = match name {
            "host" => &mut option.host,
            "by" => &mut option.by,
            "by_port" => &mut option.by_port,
            "for" => &mut option.for_,
            "for_port" => &mut option.for_port,
            "proto" if !asked => {
                option.proto = true;
                at += 1;
                continue;
            }
            _ => {
                let error =
                    Diagnostic::error(word.span, format!("unknown '{}' behind '{}'", word.text, c.name));
                return Err(error.did_you_mean(&word.text, PARAMETERS));
            }
        };
        *field = match asked {
            false => Some(ForwardedBy::Own),
            true => match rules::expr(c.word(at + 1)?) {
                Ok(expr) => Some(ForwardedBy::Expr(expr)),
                Err(errors) => {
                    c.reading.out.extend(errors);
                    return Ok(());
                }
            },
        };
        at += 1 + usize::from(asked);
    }
    if c.args.is_empty() {
        (option.proto, option.for_) = (true, Some(ForwardedBy::Own));
    }
    c.target.forwarded = Some(option);
    Ok(())
}
