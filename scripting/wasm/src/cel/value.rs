//! Values, and what they are to each other.

use std::cmp::Ordering;

use crate::pairs;

/// A value of an expression. Times are numbers of nanoseconds.
#[derive(Clone, Debug)]
pub(crate) enum Value {
    Null,
    Bool(bool),
    Int(i64),
    Uint(u64),
    Double(f64),
    Text(String),
    Bytes(Vec<u8>),
    List(Vec<Value>),
    Map(Vec<(Value, Value)>),
}

impl Value {
    /// Text, or bytes where it is none.
    pub(crate) fn text(bytes: Vec<u8>) -> Value {
        match String::from_utf8(bytes) {
            Ok(text) => Value::Text(text),
            Err(error) => Value::Bytes(error.into_bytes()),
        }
    }

    /// As guests get it: as properties are, a list as pairs without values.
    pub(crate) fn into_bytes(self) -> Vec<u8> {
        let pairs = |pairs: Vec<(Vec<u8>, Vec<u8>)>| {
            pairs::write(pairs.iter().map(|(name, value)| (&name[..], &value[..])))
        };
        match self {
            Value::Null => Vec::new(),
            Value::Bool(yes) => vec![u8::from(yes)],
            Value::Int(number) => number.to_le_bytes().to_vec(),
            Value::Uint(number) => number.to_le_bytes().to_vec(),
            Value::Double(number) => number.to_le_bytes().to_vec(),
            Value::Text(text) => text.into_bytes(),
            Value::Bytes(bytes) => bytes,
            Value::List(list) => pairs(list.into_iter().map(|one| (one.into_bytes(), Vec::new())).collect()),
            Value::Map(map) => {
                pairs(map.into_iter().map(|(key, value)| (key.into_bytes(), value.into_bytes())).collect())
            }
        }
    }

    /// The order of two values; none where they have none.
    pub(super) fn compare(&self, other: &Value) -> Option<Ordering> {
        match (self, other) {
            (Value::Bool(one), Value::Bool(other)) => Some(one.cmp(other)),
            (Value::Text(one), Value::Text(other)) => Some(one.cmp(other)),
            (Value::Bytes(one), Value::Bytes(other)) => Some(one.cmp(other)),
            (Value::Double(one), other) => one.partial_cmp(&other.double()?),
            (one, Value::Double(other)) => one.double()?.partial_cmp(other),
            (one, other) => Some(one.whole()?.cmp(&other.whole()?)),
        }
    }

    /// A whole number.
    fn whole(&self) -> Option<i128> {
        match self {
            Value::Int(number) => Some((*number).into()),
            Value::Uint(number) => Some((*number).into()),
            _ => None,
        }
    }

    /// A number.
    pub(super) fn double(&self) -> Option<f64> {
        match self {
            Value::Double(number) => Some(*number),
            number => number.whole().map(|number| number as f64),
        }
    }

    /// The value of a key, or at a place.
    pub(super) fn get(&self, key: &Value) -> Option<&Value> {
        match self {
            Value::Map(pairs) => pairs.iter().find(|(own, _)| own == key).map(|(_, value)| value),
            Value::List(list) => list.get(usize::try_from(key.whole()?).ok()?),
            _ => None,
        }
    }
}

/// Numbers are equal whatever their types; values of other types are not (CEL specification, "Equality").
impl PartialEq for Value {
    fn eq(&self, other: &Value) -> bool {
        match (self, other) {
            (Value::Null, Value::Null) => true,
            (Value::List(one), Value::List(other)) => one == other,
            (Value::Map(one), Value::Map(map)) => {
                one.len() == map.len() && one.iter().all(|(key, value)| other.get(key) == Some(value))
            }
            (one, other) => one.compare(other) == Some(Ordering::Equal),
        }
    }
}
