//! Foreign functions: what the ABI reaches by name (`proxy_call_foreign_function`), the door for all that it has no word for.
//!
//! A function takes bytes and answers with bytes. Each file below has a table of rows, listed in [`TABLES`].

mod envoy;
mod expressions;
mod portero;
mod protobuf;
mod signatures;
mod tables;
#[cfg(test)]
mod tests;

use wasmtime::Linker;

pub(crate) use self::expressions::Programs;

use super::{Status, host};
use crate::guest::Guest;
use crate::memory::{self, Calling, give, read};

/// A foreign function: its name, and what it answers to its argument.
pub(super) struct Row {
    name: &'static str,
    call: fn(&mut Calling<'_>, &[u8]) -> Result<Vec<u8>, Status>,
}

/// All tables.
const TABLES: &[&[Row]] = &[envoy::ROWS, expressions::ROWS, signatures::ROWS, portero::ROWS, tables::ROWS];

pub(super) fn link(linker: &mut Linker<Guest>) -> wasmtime::Result<()> {
    host!(linker, "proxy_call_foreign_function", |caller,
                                                  name,
                                                  name_len,
                                                  argument,
                                                  argument_len,
                                                  at,
                                                  len| {
        let row = find(read(&caller, name, name_len)?).ok_or(Status::NotFound)?;
        let argument = memory::copy(&caller, argument, argument_len)?;
        let answer = (row.call)(&mut caller, &argument)?;
        match (at, len) {
            // the guest does not want the answer
            (_, 0) => Ok(()),
            (0, len) => memory::write_u32(&mut caller, len, answer.len() as u32),
            (at, len) => give(&mut caller, &answer, at, len),
        }
    });
    Ok(())
}

fn find(name: &[u8]) -> Option<&'static Row> {
    TABLES.iter().copied().flatten().find(|row| row.name.as_bytes() == name)
}
