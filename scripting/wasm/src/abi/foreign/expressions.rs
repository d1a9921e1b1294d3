//! `expr_create`, `expr_evaluate`, `expr_delete`: CEL (`crate::cel`) over the properties of an exchange. An expression is known by
//! a number of 4 bytes, little-endian, to all streams of the instance.

use std::collections::HashMap;
use std::rc::Rc;

use super::Row;
use crate::abi::Status;
use crate::abi::properties::{self, Value as Property};
use crate::cel::{Expression, Value};
use crate::memory::Calling;
use crate::settings::Level;

/// The functions.
pub(super) const ROWS: &[Row] = &[
    Row { name: "expr_create", call: create },
    Row { name: "expr_evaluate", call: evaluate },
    Row { name: "expr_delete", call: delete },
];

/// Expressions of an instance, by their numbers.
#[derive(Default)]
pub(crate) struct Programs {
    all: HashMap<u32, Rc<Expression>>,
    last: u32,
}

/// Expressions of an instance, at most.
const MOST: usize = 1000;

fn create(caller: &mut Calling<'_>, text: &[u8]) -> Result<Vec<u8>, Status> {
    let text = std::str::from_utf8(text).map_err(|_| Status::BadArgument)?;
    let expression = Expression::read(text).map_err(|why| {
        let line = format!("the expression '{text}' cannot be read: {why}");
        caller.data().log(Level::Warn, line.as_bytes());
        Status::BadArgument
    })?;
    let programs = &mut caller.data_mut().programs;
    if programs.all.len() >= MOST {
        return Err(Status::InternalFailure);
    }
    while programs.all.contains_key(&programs.last) {
        programs.last = programs.last.wrapping_add(1);
    }
    programs.all.insert(programs.last, Rc::new(expression));
    Ok(programs.last.to_le_bytes().to_vec())
}

fn evaluate(caller: &mut Calling<'_>, number: &[u8]) -> Result<Vec<u8>, Status> {
    let program = caller.data().programs.all.get(&token(number)?).cloned().ok_or(Status::NotFound)?;
    let value = program.value(&mut |parts| properties::by_parts(caller, parts).map(attribute));
    value.map(Value::into_bytes).map_err(|why| {
        caller.data().log(Level::Debug, format!("an expression has no value: {why}").as_bytes());
        Status::InternalFailure
    })
}

fn delete(caller: &mut Calling<'_>, number: &[u8]) -> Result<Vec<u8>, Status> {
    let token = token(number)?;
    caller.data_mut().programs.all.remove(&token);
    Ok(Vec::new())
}

fn token(number: &[u8]) -> Result<u32, Status> {
    number.try_into().map(u32::from_le_bytes).map_err(|_| Status::BadArgument)
}

/// A property as expressions have it.
fn attribute(property: Property<'_>) -> Value {
    match property {
        Property::Bytes(bytes) => Value::text(bytes.into_owned()),
        Property::Int(number) => Value::Int(number),
        Property::Uint(number) => Value::Uint(number),
        Property::Bool(yes) => Value::Bool(yes),
        Property::Map(map) => {
            let pair = |(name, value): (Vec<u8>, _)| (Value::text(name), attribute(value));
            Value::Map(map.into_iter().map(pair).collect())
        }
    }
}
