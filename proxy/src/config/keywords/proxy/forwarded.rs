//! `option forwardfor` and `option originalto`.

use portero_grammar::Diagnostic;

use super::super::{Call, Form};
use crate::config::address;
use crate::config::checked::ForwardFor;
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
