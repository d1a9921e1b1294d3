//! Samples and variables as the bytes or numbers that converters work on.

use std::borrow::Cow;

use portero_api::{BadArg, Exchange, Sample, VarId};

use crate::cast::{to_int, write_text};
use crate::fetches::read_variable;
use crate::vocabulary::Args;

/// The bytes of a text or of bytes; of everything else its text.
pub(super) fn bytes<'a>(sample: Sample<'a>) -> Cow<'a, [u8]> {
    match sample {
        Sample::Str(bytes) | Sample::Bin(bytes) | Sample::Method(bytes) => bytes,
        other => {
            let mut text = Vec::new();
            write_text(&other, &mut text);
            Cow::Owned(text)
        }
    }
}

/// An integer of the configuration: a number, or a variable that holds one.
#[derive(Clone, Copy, Debug)]
pub(super) enum Operand {
    Number(i64),
    Variable(VarId),
}

impl Operand {
    /// The operand that an argument is; none when it is absent.
    pub(super) fn from_arg(args: &Args<'_>, index: usize) -> Result<Option<Operand>, BadArg> {
        let Some(text) = args.text(index) else { return Ok(None) };
        if let Ok(number) = text.parse() {
            return Ok(Some(Operand::Number(number)));
        }
        match VarId::parse(text) {
            Ok(id) => Ok(Some(Operand::Variable(id))),
            Err(_) => Err(BadArg::at(index, format!("'{text}' is neither an integer nor a variable"))),
        }
    }

    /// The operand that an argument must be.
    pub(super) fn required(args: &Args<'_>, index: usize) -> Result<Operand, BadArg> {
        args.required(index, "an integer or a variable")?;
        Operand::from_arg(args, index)?
            .ok_or_else(|| BadArg::at(index, "an integer or a variable is missing"))
    }

    /// Its value; none for a variable that is not set or no number.
    pub(super) fn value(self, exchange: &Exchange) -> Option<i64> {
        match self {
            Operand::Number(number) => Some(number),
            Operand::Variable(id) => to_int(&read_variable(exchange, id)?),
        }
    }
}

/// The bytes of a variable.
pub(super) fn variable_bytes(exchange: &Exchange, id: VarId) -> Option<Vec<u8>> {
    read_variable(exchange, id).map(|sample| bytes(sample).into_owned())
}

/// A variable that may be absent from the arguments.
pub(super) fn optional_variable(args: &Args<'_>, index: usize) -> Result<Option<VarId>, BadArg> {
    args.text(index).map(|_| args.var(index)).transpose()
}
