//! The functions. A method (`text.contains('a')`) is a function whose first argument stands before the dot.

use regex::Regex;

use super::value::Value;

type Found = Result<Value, String>;

/// A function: its name, how many arguments it takes, and what it makes of them; none where they do not fit.
type Row = (&'static str, usize, fn(&[Value]) -> Option<Value>);

const ROWS: [Row; 12] = [
    ("size", 1, size),
    ("contains", 2, |args| texts(args, |text, part| text.contains(part))),
    ("startsWith", 2, |args| texts(args, |text, part| text.starts_with(part))),
    ("endsWith", 2, |args| texts(args, |text, part| text.ends_with(part))),
    ("matches", 2, matches),
    ("int", 1, |args| number(&args[0]).and_then(|number| i64::try_from(number).ok()).map(Value::Int)),
    ("uint", 1, |args| number(&args[0]).and_then(|number| u64::try_from(number).ok()).map(Value::Uint)),
    ("double", 1, double),
    ("string", 1, string),
    ("bytes", 1, bytes),
    ("bool", 1, bool),
    ("duration", 1, duration),
];

/// Bytes that a compiled pattern takes, at most.
const PATTERN: usize = 1 << 20;

/// Calls a function.
pub(super) fn call(name: &str, args: &[Value]) -> Found {
    let row = ROWS.iter().find(|(known, count, _)| *known == name && *count == args.len());
    let (.., call) =
        row.ok_or_else(|| format!("there is no function '{name}' of {} arguments", args.len()))?;
    call(args).ok_or_else(|| format!("'{name}' does not fit its arguments"))
}

fn size(args: &[Value]) -> Option<Value> {
    let size = match &args[0] {
        Value::Text(text) => text.chars().count(),
        Value::Bytes(bytes) => bytes.len(),
        Value::List(list) => list.len(),
        Value::Map(map) => map.len(),
        _ => return None,
    };
    i64::try_from(size).ok().map(Value::Int)
}

fn texts(args: &[Value], test: fn(&str, &str) -> bool) -> Option<Value> {
    match args {
        [Value::Text(text), Value::Text(part)] => Some(Value::Bool(test(text, part))),
        _ => None,
    }
}

/// A pattern that fits anywhere in the text (RE2's syntax).
fn matches(args: &[Value]) -> Option<Value> {
    let [Value::Text(text), Value::Text(pattern)] = args else { return None };
    let pattern = regex::RegexBuilder::new(pattern).size_limit(PATTERN).build();
    pattern.ok().map(|pattern: Regex| Value::Bool(pattern.is_match(text)))
}

fn number(value: &Value) -> Option<i128> {
    match value {
        Value::Int(number) => Some((*number).into()),
        Value::Uint(number) => Some((*number).into()),
        // what is beyond all numbers ends at the largest, which no type of CEL holds
        Value::Double(number) => Some(*number as i128),
        Value::Text(text) => text.parse().ok(),
        _ => None,
    }
}

fn double(args: &[Value]) -> Option<Value> {
    match &args[0] {
        Value::Text(text) => text.parse().ok(),
        number => number.double(),
    }
    .map(Value::Double)
}

fn string(args: &[Value]) -> Option<Value> {
    Some(Value::Text(match &args[0] {
        Value::Text(text) => text.clone(),
        Value::Bytes(bytes) => String::from_utf8(bytes.clone()).ok()?,
        Value::Bool(yes) => yes.to_string(),
        Value::Int(number) => number.to_string(),
        Value::Uint(number) => number.to_string(),
        Value::Double(number) => number.to_string(),
        _ => return None,
    }))
}

fn bytes(args: &[Value]) -> Option<Value> {
    match &args[0] {
        Value::Text(text) => Some(Value::Bytes(text.clone().into_bytes())),
        Value::Bytes(bytes) => Some(Value::Bytes(bytes.clone())),
        _ => None,
    }
}

fn bool(args: &[Value]) -> Option<Value> {
    match &args[0] {
        Value::Bool(yes) => Some(Value::Bool(*yes)),
        Value::Text(text) => text.parse().ok().map(Value::Bool),
        _ => None,
    }
}

/// `duration('1m30.5s')`, as nanoseconds.
fn duration(args: &[Value]) -> Option<Value> {
    const UNITS: [(&str, f64); 6] =
        [("ns", 1.0), ("us", 1e3), ("ms", 1e6), ("s", 1e9), ("m", 6e10), ("h", 3.6e12)];
    let Value::Text(text) = &args[0] else { return None };
    let (negative, mut rest) = text.strip_prefix('-').map_or((false, text.as_str()), |rest| (true, rest));
    let mut nanos = 0.0;
    while !rest.is_empty() {
        let (number, behind) = rest.split_at(rest.find(|c: char| !c.is_ascii_digit() && c != '.')?);
        let (unit, behind) =
            behind.split_at(behind.find(|c: char| c.is_ascii_digit()).unwrap_or(behind.len()));
        let (_, size) = UNITS.iter().find(|(known, _)| *known == unit)?;
        nanos += number.parse::<f64>().ok()? * size;
        rest = behind;
    }
    let nanos = nanos as i64;
    (!text.is_empty()).then_some(Value::Int(if negative { -nanos } else { nanos }))
}
