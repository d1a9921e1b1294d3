//! The classes `Fetches` and `Converters`: every word of the rule language as a function.
//!
//! An object knows all names from the beginning and makes the function of one when it is first asked for. What such a
//! function compiles is kept by the thread, for expressions belong to the thread that runs them.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use mlua::{Either, Function, Lua, Table, Value, Variadic};
use portero_api::{Compile, Convert, Expression, Sample};

use crate::class::{Class, Classes, Ignored};
use crate::scene;
use crate::state::inside;
use crate::values::{self, Bytes};

/// The class of `txn.f` and `txn.sf`.
pub(crate) static FETCHES: Class = Class {
    name: "Fetches",
    summary: "every fetch of the rule language as a function; dots and dashes of its name are underscores",
    global: false,
    fields: &[],
    functions: &[],
};

/// The class of `txn.c` and `txn.sc`.
pub(crate) static CONVERTERS: Class = Class {
    name: "Converters",
    summary: "every converter of the rule language as a function; dots and dashes of its name are underscores",
    global: false,
    fields: &[],
    functions: &[],
};

/// What a function has compiled, by its arguments. Few have more than one set of them.
type Compiled<T> = RefCell<BTreeMap<u64, Vec<(Vec<String>, Rc<T>)>>>;

thread_local! {
    static EXPRESSIONS: Compiled<dyn Expression> = RefCell::default();
    static CONVERSIONS: Compiled<dyn Convert> = RefCell::default();
}

/// Sets of arguments that are kept of one function.
const KEPT: usize = 64;

/// Lets both classes make their functions.
pub(crate) fn finish(lua: &Lua, classes: &Classes) -> mlua::Result<()> {
    classes.metatable("Fetches")?.raw_set("__index", lua.create_function(fetch_of)?)?;
    classes.metatable("Converters")?.raw_set("__index", lua.create_function(converter_of)?)
}

/// The name as the rule language has it: of `req_hdr` it is `req.hdr`.
fn real_name(wanted: &str, names: Vec<String>) -> Option<String> {
    let plain = |name: &str| name.replace(['.', '-', '+'], "_");
    names.into_iter().find(|name| name == wanted || plain(name) == wanted)
}

fn safe(object: &Table) -> bool {
    object.raw_get("__safe").unwrap_or(false)
}

fn fetch_of(lua: &Lua, (object, name): (Table, String)) -> mlua::Result<Option<Function>> {
    let Some(real) = real_name(&name, scene::host()?.language().fetches()) else { return Ok(None) };
    let (id, safe) = (next_id(), safe(&object));
    let function = lua.create_function(move |lua, (_, args): (Ignored, Variadic<Value>)| {
        let args = texts(&args)?;
        let compile = |language: &dyn Compile| language.fetch(&real, &args).map(Rc::from);
        let expression = EXPRESSIONS.with(|all| kept(all, id, &args, &real, compile))?;
        scene::see(|exchange| give(lua, expression.value(exchange).ok().flatten().as_ref(), safe))?
    })?;
    object.raw_set(name, &function)?;
    Ok(Some(function))
}

fn converter_of(lua: &Lua, (object, name): (Table, String)) -> mlua::Result<Option<Function>> {
    let Some(real) = real_name(&name, scene::host()?.language().converters()) else { return Ok(None) };
    let (id, safe) = (next_id(), safe(&object));
    let function = lua.create_function(move |lua, (_, input, args): (Ignored, Value, Variadic<Value>)| {
        let args = texts(&args)?;
        let compile = |language: &dyn Compile| language.converter(&real, &args).map(Rc::from);
        let convert = CONVERSIONS.with(|all| kept(all, id, &args, &real, compile))?;
        let Some(sample) = values::from_lua(&input) else { return give(lua, None, safe) };
        scene::see(|exchange| give(lua, convert.convert(sample, exchange).as_ref(), safe))?
    })?;
    object.raw_set(name, &function)?;
    Ok(Some(function))
}

/// A value, or the bytes of a string.
type Given = Either<Value, Bytes>;

fn next_id() -> u64 {
    static NEXT: AtomicU64 = AtomicU64::new(0);
    NEXT.fetch_add(1, Relaxed)
}

/// What was compiled for these arguments, else it is compiled now.
fn kept<T: ?Sized>(
    all: &Compiled<T>,
    id: u64,
    args: &[String],
    name: &str,
    compile: impl FnOnce(&dyn Compile) -> Result<Rc<T>, portero_api::BadArg>,
) -> mlua::Result<Rc<T>> {
    let there = |sets: &Vec<(Vec<String>, Rc<T>)>| {
        sets.iter().find(|(known, _)| known == args).map(|(_, compiled)| compiled.clone())
    };
    if let Some(compiled) = all.borrow().get(&id).and_then(there) {
        return Ok(compiled);
    }
    let language = scene::host()?.language();
    let made = compile(&*language).map_err(|bad| mlua::Error::runtime(format!("{name}: {}", bad.message)))?;
    let mut all = all.borrow_mut();
    let sets = all.entry(id).or_default();
    if sets.len() == KEPT {
        sets.remove(0);
    }
    sets.push((args.to_vec(), made.clone()));
    Ok(made)
}

/// Arguments as the rule language has them.
fn texts(args: &[Value]) -> mlua::Result<Vec<String>> {
    let text = |value: &Value| match value {
        Value::String(text) => Ok(text.to_string_lossy()),
        Value::Integer(number) => Ok(number.to_string()),
        Value::Number(number) => Ok((*number as i64).to_string()),
        other => {
            Err(mlua::Error::runtime(format!("arguments are strings and numbers, not {}", other.type_name())))
        }
    };
    args.iter().map(text).collect()
}

/// What a function gives: in the objects of strings nothing is an empty one.
fn give(lua: &Lua, sample: Option<&Sample<'_>>, safe: bool) -> mlua::Result<Given> {
    Ok(match (safe, sample) {
        (true, None) => Either::Right(Either::Left(String::new())),
        (false, None) => Either::Left(Value::Nil),
        (false, Some(sample @ (Sample::Bool(_) | Sample::Int(_)))) => {
            Either::Left(values::to_lua(lua, sample, inside(lua).settings.bool_conversion)?)
        }
        (_, Some(sample)) => Either::Right(values::hand(values::text(sample).into_owned())),
    })
}
